//! What usage is taken from, what posted credit pays, and the books.

use super::Case;

#[test]
fn usage_takes_promotional_then_paid_credit_then_the_receivable() {
    // 0.60 + 1.00 of credit: the second request takes the last 0.20 of the grant, the fourth leaves nothing;
    // then stopped.
    let run = Case::hourly(0.40)
        .horizon("6h")
        .policy("prepaid_pause", "initial_purchase = 1.00\nfree_credit = { amount = 0.60 }")
        .run();
    run.gives(&[("served", "4"), ("promotional_usd", "0.60"), ("net_revenue_usd", "1.00")]);
    assert_eq!(
        run.ledger,
        [
            "0h purchase 1.00",
            "1h usage_on_promotion 0.40",
            "2h usage_on_promotion 0.20",
            "2h usage_on_credit 0.20",
            "3h usage_on_credit 0.40",
            "4h usage_on_credit 0.40",
        ]
    );
}

#[test]
fn the_grant_that_expires_soonest_is_used_first() {
    // Of the free credit (until 3) the requests at 1 and 2 use 0.50, the rest expires. The trial's 1.00 lasts
    // for 3..6, which ends the trial. Were the trial's grant used first, there would be 0.50 of it left at 3,
    // which ends at 4.
    Case::hourly(0.25)
        .policy(
            "trial",
            "expires_after = \"20h\"\nfree_credit = { amount = 1.00, expires_after = \"3h\" }\n\
             then = { kind = \"prepaid_pause\" }",
        )
        .gives(&[("served", "6"), ("promotional_usd", "1.50"), ("accounts_converted", "1")]);
}

#[test]
fn adding_500_when_750_are_owed_leaves_250_owed_and_no_credit() {
    let case = Case::regular(1.0, 800.0)
        .customer("buys_credit = { delay = \"10h\", amount = 500.00 }")
        .policy("prepaid_pause", "initial_purchase = 50.00");
    // 800 of usage at 24 on 50 of credit; 500 are bought at 34.
    let run = case.clone().horizon("40h").run();
    run.gives(&[
        ("receivable_end_usd", "250.00"),
        ("credit_end_usd", "0.00"),
        ("overshoot_usd", "750.00"),
        ("stopped_seconds", "57600.000000"), // from 24 on
    ]);
    assert_eq!(
        run.ledger,
        [
            "0h purchase 50.00",
            "24h usage_on_credit 50.00",
            "24h usage_on_receivable 750.00",
            "34h purchase 500.00",
            "34h debt_paid_by_credit 500.00",
        ]
    );
    // Still stopped, the customer is asked again, and buys 500 more at 44: 250 of credit, in time for the
    // request at 48.
    assert_eq!(case.clone().horizon("47h").attempts(), ["0h 50.00", "34h 500.00", "44h 500.00"]);
    case.horizon("47h").gives(&[
        ("receivable_end_usd", "0.00"),
        ("credit_end_usd", "250.00"),
        ("stopped_seconds", "72000.000000"), // 24..44
        ("stops", "1"),
    ]);
}

/// 4 requests in January (days 0..3), 4 in February (31..34), invoiced on days 31 and 59 and due 60 days
/// later, and 5 in March (59..63), which reach the limit of 5. Two days later, on day 65, the customer buys
/// credit.
fn two_open_invoices(folder: &tempfile::TempDir, dollars: f64, bought: &str) -> Case {
    let days = (0..4).chain(31..35).chain(59..64);
    let records: Vec<(u32, f64)> = days.map(|day| (day * 86_400, dollars)).collect();
    Case::trace(folder, &records)
        .horizon("90d")
        .customer(&format!("buys_credit = {{ delay = \"2d\", amount = {bought} }}"))
        .policy("postpaid", "tiers = [{ paid = 0, limit = 5 }, { paid = 8, limit = 100 }]\nterms = \"60d\"")
}

#[test]
fn posted_credit_pays_what_is_not_invoiced_first_and_then_the_oldest_invoice() {
    // The next tier lacks 8: 5 of March, then 3 of January's 4, whose rest is attempted on day 91; February's
    // 4 stay.
    let folder = tempfile::tempdir().unwrap();
    let case = two_open_invoices(&folder, 1.00, "7.00").scenario("runoff = \"2d\"");
    assert_eq!(case.attempts(), ["1560h 8.00", "2184h 1.00"]);
    case.gives(&[
        ("served", "13"),
        ("invoices", "2"),
        ("invoices_paid", "1"),
        ("cash_in_usd", "9.00"),
        ("receivable_end_usd", "4.00"),
        ("credit_end_usd", "0.00"),
    ]);
}

#[test]
fn the_rest_of_an_invoice_is_charged_in_whole_cents_and_the_surplus_is_credit() {
    // Invoices of 4.00 (of 4.004) and 4.00 (of 4.008); 5.005 + 0.008 = 5.013 are not invoiced. 10 - 5.013 =
    // 4.987 pay these and the first invoice, and 0.987 of the second, whose other 3.013 are attempted on day
    // 119 as 3.02.
    let folder = tempfile::tempdir().unwrap();
    let case = |bought: &str| two_open_invoices(&folder, 1.001, bought).scenario("runoff = \"30d\"");
    assert_eq!(case("10.00").attempts(), ["1560h 10.00", "2856h 3.02"]);
    case("10.00").gives(&[
        ("cash_in_usd", "13.02"),
        ("receivable_end_usd", "0.00"),
        ("credit_end_usd", "0.007"),
        ("invoices_paid", "2"),
    ]);
    // 8 - 5.013 = 2.987: the first invoice's other 1.013 are attempted as 1.02. The surplus pays 0.007 of the
    // second, as any credit would; its other 3.993 are attempted as 4.00.
    assert_eq!(case("7.00").attempts(), ["1560h 8.00", "2184h 1.02", "2856h 4.00"]);
    case("7.00").gives(&[("cash_in_usd", "13.02"), ("credit_end_usd", "0.007"), ("invoices_paid", "2")]);
}

#[test]
fn credit_pays_whole_invoices_which_are_not_attempted_then() {
    // 5 of March, 4 and 4 of the invoices, 7 left.
    let folder = tempfile::tempdir().unwrap();
    let case = two_open_invoices(&folder, 1.00, "20.00").scenario("runoff = \"30d\"");
    assert_eq!(case.attempts(), ["1560h 20.00"]);
    case.gives(&[("invoices_paid", "2"), ("receivable_end_usd", "0.00"), ("credit_end_usd", "7.00")]);
}

#[test]
fn free_credit_expires() {
    // 0.25 of the grant are used at 1; what is left expires at 1h 30m, with a stop then.
    Case::hourly(0.25)
        .policy("prepaid_pause", "free_credit = { amount = 5.00, expires_after = \"1h 30m\" }")
        .gives(&[
            ("served", "1"),
            ("promotional_usd", "0.25"),
            ("net_revenue_usd", "0.00"),
            ("stopped_seconds", "81000.000000"),
            ("credit_end_usd", "0.00"),
        ]);
}

#[test]
fn cost_counts_cached_prompt_and_output_tokens_at_their_prices() {
    // 5 x 1000 + 5 x 100 + 3 x 2000 = 11500 nano-dollars.
    let scenario = super::parse(
        std::path::Path::new(""),
        r#"
        [scenario]
        horizon = "2h"
        [prices]
        "m" = { input = 1.00, cached_input = 0.10, output = 2.00 }
        [[cohort]]
        accounts = 1
        [cohort.workload]
        arrivals = { gamma = { per_day = 24, cv = 0 } }
        models = { "m" = 1 }
        tokens = { prompt = 10, output = 3, cached_share = 0.5 }
        [[policy]]
        kind = "postpaid"
        "#,
    );
    super::run(&scenario).gives(&[("usage_usd", "0.0000115")]);
}
