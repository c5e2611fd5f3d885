//! Usage that settles late: service times and `metering.delay`.

use super::Case;
use billsim::engine::observation::Happening;

#[test]
fn usage_changes_the_balance_only_when_it_settles() {
    // The requests of 1 and 2 settle at 2h 30m and 3h 30m, which empties the balance: stopped for 20.5 hours. That of
    // 3 was admitted, and settles at 4h 30m.
    let run = Case::hourly(0.25)
        .metering("delay = \"90m\"")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .run();
    run.gives(&[
        ("served", "3"),
        ("refused_no_credit", "20"),
        ("stops", "1"),
        ("stopped_seconds", "73800.000000"),
        ("overshoot_usd", "0.25"),
        ("receivable_end_usd", "0.25"),
    ]);
    assert_eq!(
        run.ledger,
        [
            "0h purchase 0.50",
            "2h 30m usage_on_credit 0.25",
            "3h 30m usage_on_credit 0.25",
            "4h 30m usage_on_receivable 0.25"
        ]
    );
}

#[test]
fn a_request_runs_for_its_first_token_and_each_of_its_output_and_settles_the_delay_after() {
    let folder = tempfile::tempdir().unwrap();
    // 10 s + 250000 x 1 ms + 60 s; the prompt takes no time.
    let run = Case::trace_with_output(&folder, &[(0, 0.25, 0.25), (600, 0.25, 0.0)])
        .workload("service = { first_token = \"10s\", per_output_token = \"1ms\" }")
        .metering("delay = \"60s\"")
        .policy("prepaid_pause", "initial_purchase = 1.00")
        .run();
    assert_eq!(
        run.ledger,
        ["0h purchase 1.00", "0h 5m 20s usage_on_credit 0.50", "0h 11m 10s usage_on_credit 0.25"]
    );
}

#[test]
fn a_request_finds_what_the_usage_settled_at_its_instant_has_left() {
    // 0.25 of 1 settle at 2, and nothing is left for the request of 2.
    Case::hourly(0.25)
        .metering("delay = \"1h\"")
        .policy("prepaid_pause", "initial_purchase = 0.25")
        .gives(&[("served", "1"), ("overshoot_usd", "0.00"), ("stopped_seconds", "79200.000000")]);
}

#[test]
fn what_settles_at_one_instant_does_so_in_the_order_of_admission() {
    let folder = tempfile::tempdir().unwrap();
    // 0.10 + 0.30, running 300 s from 0, and 0.06 + 0.24, running 240 s from 60.
    let run = Case::trace_with_output(&folder, &[(0, 0.10, 0.30), (60, 0.06, 0.24)])
        .workload("service = { per_output_token = \"1ms\" }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .run();
    assert_eq!(
        run.ledger,
        [
            "0h purchase 0.50",
            "0h 5m usage_on_credit 0.40",
            "0h 5m usage_on_credit 0.10",
            "0h 5m usage_on_receivable 0.20"
        ]
    );
}

#[test]
fn credit_posted_at_the_instant_of_a_settlement_comes_first() {
    // 0.30 of 1 on 0.25 of free credit, and on 0.50 that are posted at 2. The horizon settles the request of 2.
    let run = Case::hourly(0.30)
        .horizon("2h 30m")
        .payments("latency = \"2h\"")
        .metering("delay = \"1h\"")
        .policy("prepaid_pause", "initial_purchase = 0.50\nfree_credit = { amount = 0.25 }")
        .run();
    assert_eq!(
        run.ledger,
        [
            "2h purchase 0.50",
            "2h usage_on_promotion 0.25",
            "2h usage_on_credit 0.05",
            "2h 30m usage_on_credit 0.30"
        ]
    );
}

#[test]
fn usage_settled_at_a_boundary_belongs_to_the_new_period() {
    // The request of 23 settles at 24, after the invoice.
    let case = Case::hourly(1.00)
        .start("2026-01-31")
        .horizon("26h")
        .metering("delay = \"1h\"")
        .policy("postpaid", "");
    assert_eq!(case.attempts(), ["24h 22.00"]);
}

#[test]
fn usage_settled_as_a_trial_s_grant_expires_still_uses_it() {
    // 1 and 2 settle at 2 and 3, the end of the trial; that of 3 comes after it.
    Case::hourly(0.25)
        .horizon("5h")
        .metering("delay = \"1h\"")
        .policy("trial", "expires_after = \"3h\"\nthen = { kind = \"postpaid\" }")
        .gives(&[("promotional_usd", "0.50"), ("receivable_end_usd", "0.50"), ("accounts_converted", "1")]);
}

#[test]
fn a_top_up_posted_at_the_instant_of_a_settlement_leaves_no_stop() {
    // Empty at 2h 30m, 4h 30m, ... 22h 30m.
    let case = Case::hourly(0.50)
        .metering("delay = \"30m\"")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00");
    case.gives(&[("served", "23"), ("stops", "0"), ("top_ups", "11"), ("overshoot_usd", "0.00")]);
    assert_eq!(case.attempts()[..3], ["0h 1.00", "2h 30m 1.00", "4h 30m 1.00"]);
}

#[test]
fn usage_settles_under_the_policy_that_the_account_has_by_then() {
    // The trial ends at 3h 30m with the second settlement. That of 3 counts towards the limit at 4h 30m, that of 4
    // reaches it at 5h 30m, and that of 5 settles an hour later.
    Case::hourly(0.25)
        .metering("delay = \"90m\"")
        .policy(
            "trial",
            "credit = 0.50\nthen = { kind = \"postpaid\", tiers = [{ paid = 0, limit = 0.50 }] }",
        )
        .gives(&[
            ("served", "5"),
            ("refused_limit_reached", "18"),
            ("promotional_usd", "0.50"),
            ("receivable_end_usd", "0.75"),
            ("overshoot_usd", "0.25"),
            ("accounts_converted", "1"),
            ("stopped_seconds", "66600.000000"), // 5h 30m..24
        ]);
}

#[test]
fn usage_settles_after_the_delay_of_the_policy_that_admitted_it() {
    // 90 minutes under the trial, which ends at 3h 30m; 30 minutes under what follows.
    let run = Case::hourly(0.25)
        .horizon("6h")
        .metering("delay = \"5h\"")
        .policy(
            "trial",
            "credit = 0.50\nmetering = { delay = \"90m\" }\n\
             then = { kind = \"postpaid\", metering = { delay = \"30m\" } }",
        )
        .run();
    assert_eq!(
        run.ledger,
        [
            "2h 30m usage_on_promotion 0.25",
            "3h 30m usage_on_promotion 0.25",
            "4h 30m usage_on_receivable 0.25", // of 3
            "4h 30m usage_on_receivable 0.25", // of 4
            "5h 30m usage_on_receivable 0.25"
        ]
    );
}

#[test]
fn usage_in_flight_at_the_horizon_settles_there_and_triggers_nothing_else() {
    // Three requests in flight, and 0.50.
    let case = |kind, lines: &str| {
        Case::hourly(0.25)
            .scenario("runoff = \"5d\"")
            .horizon("4h")
            .metering("delay = \"5h\"")
            .customer("buys_credit = { amount = 5.00 }\nheeds_alert = {}\npatience = \"1h\"")
            .policy(kind, lines)
    };
    let prepaid = case("prepaid_pause", "initial_purchase = 0.50\nalert_at = 0.25");
    prepaid.gives(&[
        ("served", "3"),
        ("usage_usd", "0.75"),
        ("overshoot_usd", "0.25"),
        ("receivable_end_usd", "0.25"),
        ("stops", "0"),
        ("payments", "1"),
        ("bad_debt_usd", "0.00"),
    ]);
    assert_eq!(prepaid.run().ledger.last().unwrap(), "4h usage_on_receivable 0.25");
    assert!(prepaid.times(|happening| matches!(happening, Happening::Alerted(_))).is_empty());
    case("auto_topup", "initial_purchase = 0.50\nthreshold = 0.25\namount = 1.00")
        .gives(&[("payments", "1"), ("receivable_end_usd", "0.25")]);
    case("trial", "credit = 0.50\nthen = { kind = \"postpaid\" }")
        .gives(&[("accounts_converted", "0"), ("promotional_usd", "0.50")]);
}

#[test]
fn usage_in_flight_at_the_horizon_is_on_the_invoice_of_that_instant() {
    // Of 23.00, 22.00 have settled by 24, the horizon and the start of February.
    Case::hourly(1.00)
        .start("2026-01-31")
        .scenario("runoff = \"1d\"")
        .metering("delay = \"90m\"")
        .policy("postpaid", "")
        .gives(&[("invoices", "1"), ("cash_in_usd", "23.00"), ("receivable_end_usd", "0.00")]);
}

#[test]
fn closing_an_account_settles_and_writes_off_what_is_in_flight() {
    // Of Jan 30 and 31, 1..17 have settled before 48 and are invoiced, declined for good, and written off at 72, where
    // 18..42 have settled, and 43..47 do.
    Case::hourly(1.00)
        .start("2026-01-30")
        .horizon("4d")
        .payments("card_lifetime = \"12h\"")
        .metering("delay = \"30h\"")
        .policy("postpaid", "write_off_after = \"1d\"")
        .gives(&[
            ("served", "47"),
            ("refused_past_due", "24"),
            ("refused_closed", "24"),
            ("bad_debt_usd", "47.00"),
            ("receivable_end_usd", "0.00"),
            ("invoices", "1"),
        ]);
}

#[test]
fn usage_in_flight_settles_only_after_a_disputed_payment_has_taken_its_credit_back() {
    // 0.50 go back at 2h 30m, unused as they are; 1 and 2 settle then, and are written off.
    Case::hourly(0.25)
        .payments("dispute = { probability = 1, delay = \"150m\" }")
        .metering("delay = \"5h\"")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("served", "2"),
            ("refused_closed", "21"),
            ("disputes_usd", "0.00"),
            ("bad_debt_usd", "0.50"),
            ("overshoot_usd", "0.50"),
            ("stops", "0"),
            ("credit_end_usd", "0.00"),
        ]);
}

#[test]
fn what_a_prepaid_customer_who_left_has_in_flight_is_written_off_as_it_settles() {
    // Stopped at 3h 30m, gone at 4, and the request of 3 settles at 4h 30m.
    let run = Case::hourly(0.25)
        .metering("delay = \"90m\"")
        .customer("patience = \"30m\"")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .run();
    run.gives(&[("served", "3"), ("bad_debt_usd", "0.25"), ("receivable_end_usd", "0.00")]);
    assert_eq!(run.ledger[3..], ["4h 30m usage_on_receivable 0.25", "4h 30m write_off 0.25"]);
}

#[test]
fn a_request_is_counted_when_it_arrives_and_its_settlement_when_it_happens() {
    // Of 1 and 2 nothing but their settlements, at 2h 30m and 3h 30m, lies after the warm-up's end.
    let case = Case::hourly(0.25)
        .horizon("4h")
        .scenario("warmup = \"2h 15m\"")
        .metering("delay = \"90m\"")
        .policy("prepaid_pause", "initial_purchase = 0.25");
    case.gives(&[
        ("requests", "1"), // of 3, refused
        ("served", "0"),
        ("usage_usd", "0.00"),
        ("overshoot_usd", "0.25"),
        ("stops", "1"),
        ("accounts_activated", "0"),
    ]);
    assert_eq!(case.run().ledger[1], "2h 30m usage_on_credit 0.25");
}
