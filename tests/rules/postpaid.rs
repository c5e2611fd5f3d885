//! `postpaid`: limits, invoices, their collection.

use super::Case;
use billsim::engine::observation::Happening;

/// Twenty-three requests of a dollar on January 31st, so an invoice of 23.00 at 24.
fn last_day_of_january() -> Case {
    Case::hourly(1.00).start("2026-01-31")
}

#[test]
fn twenty_dollars_of_credit_and_83_of_usage_bill_63() {
    // The request comes 30 hours after Jan 30 began, the invoice 48 hours after.
    Case::regular(0.8, 83.00)
        .start("2026-01-30")
        .horizon("50h")
        .policy("postpaid", "free_credit = { amount = 20.00 }")
        .gives(&[
            ("usage_usd", "83.00"),
            ("promotional_usd", "20.00"),
            ("invoices_paid", "1"),
            ("cash_in_usd", "63.00"),
            ("receivable_end_usd", "0.00"),
            ("manual_purchases", "0"),
        ]);
}

#[test]
fn a_payment_method_is_needed_whatever_credit_there_is() {
    Case::hourly(0.25)
        .customer("payment_method = 0")
        .policy("postpaid", "free_credit = { amount = 20.00 }")
        .gives(&[("served", "0"), ("refused_no_payment_method", "23"), ("stops", "1")]);
}

#[test]
fn the_limit_of_a_tier_stops_an_account_that_has_credit_left_unless_only_what_is_billed_counts() {
    let case = |credit: &str, counts: &str| {
        let lines = format!("limit_counts = \"{counts}\"\nfree_credit = {{ amount = {credit} }}");
        Case::hourly(1.00).policy("postpaid", &format!("tiers = [{{ paid = 0, limit = 10 }}]\n{lines}"))
    };
    case("100.00", "usage").gives(&[
        ("served", "10"),
        ("refused_limit_reached", "13"),
        ("receivable_end_usd", "0.00"),
        ("overshoot_usd", "0.00"),
    ]);
    case("100.00", "billed").gives(&[("served", "23"), ("stops", "0")]);
    // 5 on credit, then 10 billed.
    case("5.00", "billed").gives(&[("served", "15"), ("receivable_end_usd", "10.00")]);
}

#[test]
fn the_last_request_may_go_beyond_the_limit() {
    // 4 x 0.30 >= 1.00.
    Case::hourly(0.30).policy("postpaid", "tiers = [{ paid = 0, limit = 1.00 }]").gives(&[
        ("served", "4"),
        ("overshoot_usd", "0.20"),
        ("stopped_seconds", "72000.000000"),
    ]);
}

#[test]
fn a_boundary_resets_the_count() {
    // 5 on Jan 31, 5 from the first instant of February.
    last_day_of_january().horizon("2d").policy("postpaid", "tiers = [{ paid = 0, limit = 5 }]").gives(&[
        ("served", "10"),
        ("stops", "2"),
        ("stopped_seconds", "140400.000000"), // 5..24 and 28..48
        ("invoices_paid", "1"),
        ("cash_in_usd", "5.00"),
        ("receivable_end_usd", "5.00"),
    ]);
}

#[test]
fn buying_100_lifts_the_tier_at_the_result_before_it_is_posted() {
    // The limit is reached at 10; the next tier lacks 100, bought at 11 and posted a day later, after the
    // end.
    let case = Case::hourly(1.00)
        .payments("posting_delay = \"1d\"")
        .customer("buys_credit = { delay = \"1h\", amount = 25.00 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 10 }, { paid = 100, limit = 1000 }]");
    assert_eq!(case.attempts(), ["11h 100.00"]);
    case.gives(&[
        ("served", "23"),
        ("stops", "1"),
        ("stopped_seconds", "3600.000000"),
        ("credit_end_usd", "100.00"),
        ("receivable_end_usd", "23.00"),
    ]);
}

#[test]
fn what_the_next_tier_lacks_is_bought_in_whole_cents() {
    let case = Case::hourly(1.00)
        .customer("buys_credit = { delay = \"1h\", amount = 5.00 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 10 }, { paid = 10.005, limit = 1000 }]");
    assert_eq!(case.attempts(), ["11h 10.01"]);
}

#[test]
fn paid_invoices_lift_the_tier() {
    // 23.00 are paid at 24, which lifts the limit of February from 30 to 1000.
    let case = |paid: u32| {
        last_day_of_january().horizon("3d").policy(
            "postpaid",
            &format!("tiers = [{{ paid = 0, limit = 30 }}, {{ paid = {paid}, limit = 1000 }}]"),
        )
    };
    case(23).gives(&[("served", "71"), ("stops", "0")]);
    case(24).gives(&[("served", "53"), ("stops", "1")]); // 23 and 30
}

#[test]
fn credit_that_pays_what_was_billed_makes_room_only_where_billed_usage_counts() {
    let case = |counts: &str| {
        Case::hourly(1.00).customer("buys_credit = { delay = \"1h\", amount = 8.00 }").policy(
            "postpaid",
            &format!(
                "tiers = [{{ paid = 0, limit = 10 }}, {{ paid = 8, limit = 12 }}]\n\
                     limit_counts = \"{counts}\""
            ),
        )
    };
    // 10 counted and 12 allowed: two more. No later tier: nobody is asked again.
    case("usage").gives(&[("served", "12"), ("receivable_end_usd", "4.00"), ("manual_purchases", "1")]);
    // 10 - 8 counted and 12 allowed: ten more.
    case("billed").gives(&[("served", "20"), ("receivable_end_usd", "12.00"), ("manual_purchases", "1")]);
}

#[test]
fn nobody_is_asked_to_buy_where_that_does_not_help_and_once_for_one_limit() {
    let asked = |case: Case| case.times(|happening| matches!(happening, Happening::Asked { .. }));
    let buys = "buys_credit = { probability = 0, delay = \"1h\", amount = 8.00 }";
    let tiers = "tiers = [{ paid = 0, limit = 5 }, { paid = 8, limit = 10 }]";
    // No later tier.
    let one = last_day_of_january().horizon("2d").customer(buys);
    assert!(asked(one.clone().policy("postpaid", "tiers = [{ paid = 0, limit = 5 }]")).is_empty());
    // The customer's own limit binds.
    let own = one.clone().customer("spend_limit = 3.00").policy("postpaid", tiers);
    own.gives(&[("served", "6"), ("refused_limit_reached", "41")]);
    assert!(asked(own).is_empty());
    // Asked at the stop of January, not again at that of February.
    let case = one.policy("postpaid", tiers);
    case.gives(&[("stops", "2")]);
    assert_eq!(asked(case), ["5h"]);
}

#[test]
fn the_spend_limit_is_a_limit_where_there_are_no_tiers() {
    Case::hourly(1.00)
        .customer("spend_limit = 5.00")
        .policy("postpaid", "")
        .gives(&[("served", "5"), ("refused_limit_reached", "18")]);
}

#[test]
fn an_invoice_is_for_whole_cents_and_the_rest_is_carried_over() {
    // 23 x 0.0011 = 0.0253 by 24: 0.02 are invoiced. 0.0053 + 0.0011 are left at 25.
    let case = Case::hourly(0.0011).start("2026-01-31");
    case.clone().horizon("25h").policy("postpaid", "").gives(&[
        ("invoices", "1"),
        ("cash_in_usd", "0.02"),
        ("receivable_end_usd", "0.0064"),
    ]);
    // Less than the minimum: with the 672 of February 0.0253 + 0.7392 = 0.7645, and one more request.
    case.horizon("697h").policy("postpaid", "minimum_charge = 0.05").gives(&[
        ("invoices", "1"),
        ("cash_in_usd", "0.76"),
        ("receivable_end_usd", "0.0056"),
    ]);
}

#[test]
fn terms_put_off_the_first_attempt() {
    let case = last_day_of_january().horizon("4d").policy("postpaid", "terms = \"2d\"");
    assert_eq!(case.attempts(), ["72h 23.00"]);
    assert_eq!(case.times(|happening| matches!(happening, Happening::InvoiceIssued { .. })), ["24h"]);
}

#[test]
fn the_last_soft_decline_makes_the_account_past_due() {
    let case = last_day_of_january()
        .horizon("6d")
        .payments("decline = 1")
        .policy("postpaid", "retry_after = [\"1d\", \"2d\"]");
    assert_eq!(case.attempts(), ["24h 23.00", "48h 23.00", "96h 23.00"]);
    case.gives(&[
        ("served", "95"),
        ("refused_past_due", "48"),
        ("stops", "1"),
        ("stopped_seconds", "172800.000000"),
        ("payments_declined", "3"),
        ("overdue_end_usd", "23.00"),
        ("receivable_end_usd", "95.00"),
    ]);
}

#[test]
fn a_hard_decline_makes_it_past_due_at_once_and_a_new_card_pays() {
    let case = last_day_of_january()
        .horizon("2d")
        .payments("card_lifetime = \"12h\"")
        .customer("replaces_card = { delay = \"6h\" }")
        .policy("postpaid", "retry_after = [\"1h\"]");
    assert_eq!(case.attempts(), ["24h 23.00", "30h 23.00"]);
    // Refused at 24..29; the new card pays before the request at 30.
    case.gives(&[
        ("served", "41"),
        ("refused_past_due", "6"),
        ("stops", "1"),
        ("stopped_seconds", "21600.000000"),
        ("cash_in_usd", "23.00"),
        ("invoices_paid", "1"),
        ("overdue_end_usd", "0.00"),
    ]);
}

#[test]
fn a_new_card_pays_all_open_invoices_also_those_not_due_yet_oldest_first() {
    // A request a day from day 1 (Jan 31). Invoices: day 2 (1.00), day 30 (March 1, 28.00), each due after 30
    // days. The first is declined at day 32; the new card of day 33 pays both.
    let case = Case::regular(1.0, 1.00)
        .start("2026-01-30")
        .horizon("61d")
        .payments("card_lifetime = \"25h\"")
        .customer("replaces_card = { delay = \"1d\" }")
        .policy("postpaid", "terms = \"30d\"");
    assert_eq!(case.attempts(), ["768h 1.00", "792h 1.00", "792h 28.00"]);
    case.gives(&[
        ("requests", "60"),
        ("refused_past_due", "1"),
        ("stopped_seconds", "86400.000000"),
        ("invoices", "2"),
        ("invoices_paid", "2"),
        ("cash_in_usd", "29.00"),
        ("receivable_end_usd", "30.00"), // of days 30..60 without 32
    ]);
}

#[test]
fn a_new_card_leaves_an_invoice_alone_whose_attempt_is_under_way() {
    // Each attempt takes three days and is declined softly; one retry 24 days later. Invoices: 1.00 on day 2,
    // retried on day 29, past due on day 32, a new card an hour later; 28.00 on day 30, under way until day
    // 33. So the card pays only the first (and retries it on day 35 + 24), while the second goes on: retried
    // on day 57, past due on day 60, and then it is the first that is under way when the next card comes.
    let case = Case::regular(1.0, 1.00)
        .start("2026-01-30")
        .horizon("61d")
        .payments("decline = 1\nlatency = \"3d\"")
        .customer("replaces_card = { delay = \"1h\" }")
        .policy("postpaid", "retry_after = [\"24d\"]");
    assert_eq!(
        case.attempts(),
        ["48h 1.00", "696h 1.00", "720h 28.00", "769h 1.00", "1368h 28.00", "1417h 1.00", "1441h 28.00"]
    );
    case.gives(&[("stops", "1"), ("served", "31"), ("refused_past_due", "29")]);
}

#[test]
fn each_new_card_starts_the_retries_anew() {
    // Past due at day 3 after two soft declines; every second day a new card, with an attempt and a retry.
    let case = Case::regular(1.0, 1.00)
        .start("2026-01-30")
        .horizon("8d")
        .payments("decline = 1")
        .customer("replaces_card = { delay = \"1d\" }")
        .policy("postpaid", "retry_after = [\"1d\"]");
    assert_eq!(case.attempts(), ["48h 1.00", "72h 1.00", "96h 1.00", "120h 1.00", "144h 1.00", "168h 1.00"]);
    case.gives(&[("stops", "1"), ("stopped_seconds", "432000.000000")]); // days 3..8
}

#[test]
fn past_due_is_told_before_the_limit_and_changes_the_reason_of_the_same_stop() {
    // February: the limit of 30 is reached at 53; the invoice's decline comes at 72.
    last_day_of_january()
        .horizon("4d")
        .payments("card_lifetime = \"12h\"\nlatency = \"2d\"")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 30 }]")
        .gives(&[
            ("served", "53"),
            ("refused_limit_reached", "18"),
            ("refused_past_due", "24"),
            ("stops", "1"),
            ("stopped_seconds", "154800.000000"),
        ]);
}

/// The limit of 10 is reached at 10 on Jan 30; 30 of credit are bought at 36 and come at 60. Meanwhile
/// February begins at 48, with an invoice of 10 whose attempt has its result at 72, and reaches the limit of
/// 10 at 57.
fn invoice_that_credit_pays_while_its_attempt_is_under_way() -> Case {
    Case::hourly(1.00)
        .start("2026-01-30")
        .horizon("80h")
        .payments("latency = \"1d\"")
        .customer("buys_credit = { delay = \"26h\", amount = 30.00 }\nreplaces_card = { delay = \"1s\" }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 10 }, { paid = 5, limit = 1000 }]")
}

#[test]
fn the_money_of_an_attempt_for_an_invoice_that_credit_has_paid_becomes_credit() {
    // At 60: 10 of February, 10 of the invoice, 10 left, used by 69. At 72 another 10 pay the 2 of 70 and 71.
    let case = invoice_that_credit_pays_while_its_attempt_is_under_way();
    assert_eq!(case.attempts(), ["36h 30.00", "48h 10.00"]);
    let run = case.run();
    run.gives(&[
        ("served", "40"), // 1..10, 48..57, 60..79
        ("refused_limit_reached", "39"),
        ("stops", "2"),
        ("stopped_seconds", "147600.000000"), // 10..48 and 57..60
        ("cash_in_usd", "40.00"),
        ("invoices_paid", "1"),
        ("manual_purchases", "1"),
        ("credit_end_usd", "0.00"),
        ("receivable_end_usd", "0.00"),
    ]);
    let at_72: Vec<&String> = run.ledger.iter().filter(|row| row.starts_with("72h")).collect();
    assert_eq!(at_72, ["72h purchase 10.00", "72h debt_paid_by_credit 2.00", "72h usage_on_credit 1.00"]);
}

#[test]
fn the_final_decline_of_an_attempt_for_an_invoice_that_credit_has_paid_asks_nobody() {
    // The card expires at 40: bought before, attempted after.
    let case = invoice_that_credit_pays_while_its_attempt_is_under_way().payments("card_lifetime = \"40h\"");
    case.gives(&[
        ("served", "40"),
        ("refused_past_due", "0"),
        ("payments", "2"),
        ("payments_declined", "1"),
        ("cash_in_usd", "30.00"),
        ("receivable_end_usd", "10.00"),
    ]);
    assert!(case.times(|happening| happening == Happening::CardReplaced).is_empty());
}

#[test]
fn a_payment_method_that_is_added_is_all_that_is_needed() {
    let case = Case::hourly(0.25)
        .customer("payment_method = 0\nadds_payment_method = { delay = \"90m\" }")
        .customer("buys_credit = { delay = \"1h\", amount = 5.00 }")
        .policy("postpaid", "");
    assert!(case.attempts().is_empty());
    case.gives(&[
        ("served", "22"),
        ("refused_no_payment_method", "1"),
        ("stops", "1"),
        ("stopped_seconds", "5400.000000"),
    ]);
}

/// The limit of 5 rises to 50 once 5.00 have been paid, as they are an hour after it was reached at 5.
const RAISED: &str = "tiers = [{ paid = 0, limit = 5 }, { paid = 5, limit = 50 }";

fn buys_five() -> Case {
    Case::hourly(1.00).customer("buys_credit = { delay = \"1h\", amount = 5.00 }")
}

fn asked_to_buy(case: &Case) -> Vec<String> {
    case.times(|happening| matches!(happening, Happening::Asked { .. }))
}

#[test]
fn who_was_asked_under_a_limit_is_asked_again_once_it_has_been_another_in_between() {
    // From 24 on the limit is 5 again, reached at 28, and 50 once 20.00 have been paid: 15.00 lack, of which 5.00 pay
    // what is owed, and 10.00 the requests of 29..38. 9 of 38..46 are owed at the end.
    let to = "{ kind = \"postpaid\", tiers = [{ paid = 0, limit = 5 }, { paid = 20, limit = 50 }] }";
    let case = buys_five()
        .horizon("2d")
        .policy("postpaid", &format!("{RAISED}]\nswitch = {{ at = 2026-01-02, to = {to} }}"));
    assert_eq!(asked_to_buy(&case), ["5h", "28h"]);
    assert_eq!(case.attempts(), ["6h 5.00", "29h 15.00"]);
    case.gives(&[
        ("served", "47"),
        ("manual_purchases", "2"),
        ("stops", "2"),
        ("stopped_seconds", "7200.000000"),
    ]);
    // Also where it has been another for no more than an instant: 5.00 are bought at 6 and paid at 24.
    let case = case.payments("latency = \"18h\"");
    assert_eq!(asked_to_buy(&case), ["5h", "28h"]);
}

#[test]
fn a_limit_that_time_raises_and_lowers_is_another_in_between_too() {
    // Ten hours after the first payment the limit is 5 again, until 20.00 have been paid: at 16, with 15 counted, the
    // customer is asked again.
    let case = buys_five().policy(
        "postpaid",
        &format!("{RAISED}, {{ paid = 5, after = \"10h\", limit = 5 }}, {{ paid = 20, limit = 50 }}]"),
    );
    assert_eq!(asked_to_buy(&case), ["5h", "16h"]);
    assert_eq!(case.attempts(), ["6h 5.00", "17h 15.00"]);
    case.gives(&[
        ("served", "22"), // all but 16
        ("stops", "2"),
        ("stopped_seconds", "7200.000000"),
        ("receivable_end_usd", "2.00"), // 22 - 20
    ]);
}

#[test]
fn a_limit_that_stays_the_same_across_a_move_has_not_changed() {
    let tiers = "tiers = [{ paid = 0, limit = 5 }, { paid = 5, limit = 50 }]";
    let case =
        Case::hourly(1.00).horizon("2d").customer("buys_credit = { probability = 0, amount = 5.00 }").policy(
            "postpaid",
            &format!("{tiers}\nswitch = {{ at = 2026-01-02, to = {{ kind = \"postpaid\", {tiers} }} }}"),
        );
    case.gives(&[("stops", "2")]);
    assert_eq!(asked_to_buy(&case), ["5h"]);
}
