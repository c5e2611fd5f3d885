//! `authorization`: what the gate does about cost that it does not know yet.

use super::Case;
use billsim::engine::observation::Happening;

/// Requests of 0.25 every hour, each holding 0.75.
fn holding() -> Case {
    Case::hourly(0.25).metering("authorization = { hold = { output_tokens = 500000 } }")
}

/// 1.00 that fit two requests of [`holding`]; 0.50 do not fit the third.
const INITIAL: &str = "initial_purchase = 1.00\n";

#[test]
fn a_hold_that_does_not_fit_with_nothing_unsettled_stops_the_account() {
    // 1.00 and 0.75 cover 0.75; at 3 0.50 do not.
    let case = holding().policy("prepaid_pause", INITIAL);
    case.gives(&[
        ("served", "2"),
        ("refused_on_hold", "1"),
        ("refused_no_credit", "20"),
        ("stops", "1"),
        ("stopped_seconds", "75600.000000"),
        ("credit_end_usd", "0.50"),
        ("overshoot_usd", "0.00"),
    ]);
    assert_eq!(case.times(|happening| happening == Happening::RanShort), ["3h"]);
}

#[test]
fn the_factor_scales_the_hold() {
    // 0.375: at 3 0.50 cover it, at 4 0.25 do not.
    Case::hourly(0.25)
        .metering("authorization = { hold = { output_tokens = 500000, factor = 0.5 } }")
        .policy("prepaid_pause", INITIAL)
        .gives(&[("served", "3"), ("refused_on_hold", "1"), ("refused_no_credit", "19")]);
}

#[test]
fn a_hold_assumes_an_output_in_place_of_the_request_s_own() {
    let folder = tempfile::tempdir().unwrap();
    // 0.75 each, of which 0.25 are held: the second overruns, as its output is not known.
    Case::trace_with_output(&folder, &[(0, 0.25, 0.50), (60, 0.25, 0.50), (120, 0.25, 0.50)])
        .metering("authorization = { hold = { output_tokens = 0 } }")
        .policy("prepaid_pause", INITIAL)
        .gives(&[
            ("served", "2"),
            ("refused_no_credit", "1"),
            ("overshoot_usd", "0.50"),
            ("overshoot_last_request_usd", "0.50"),
        ]);
}

#[test]
fn holds_add_up_and_stop_nobody_while_something_is_unsettled() {
    // Each runs for an hour and a half. At 3, 0.25 are left and held. At 3h 30m nothing is left.
    Case::hourly(0.25)
        .workload("service = { first_token = \"90m\" }")
        .metering("authorization = { hold = { output_tokens = 0 } }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("served", "2"),
            ("refused_on_hold", "1"),
            ("refused_no_credit", "20"),
            ("stops", "1"),
            ("stopped_seconds", "73800.000000"),
            ("overshoot_usd", "0.00"),
        ]);
}

#[test]
fn a_hold_is_released_when_its_request_settles() {
    // Each costs 0.25, holds 0.50, and settles an hour and a half later. 1 and 2 hold all of 1.00. At 3, 0.75 are
    // left, 0.50 of it held; at 4, 0.50 and nothing held; at 5, 0.50 are held; at 6, 0.25 do not cover a hold.
    let case = Case::hourly(0.25)
        .metering("delay = \"90m\"\nauthorization = { hold = { output_tokens = 250000 } }")
        .policy("prepaid_pause", INITIAL);
    assert_eq!(
        case.tries()[..7],
        ["1h ok", "2h ok", "3h on_hold", "4h ok", "5h on_hold", "6h on_hold", "7h no_credit"]
    );
    case.gives(&[("stops", "1"), ("stopped_seconds", "64800.000000"), ("credit_end_usd", "0.25")]);
}

#[test]
fn a_stop_for_a_hold_lasts_until_more_is_left_than_the_least_since() {
    // Stopped at 3 with 0.50; at 5 they expire. 0.25 are bought at 6: less than 0.50, but more than nothing, so
    // service resumes until the hold of 6 does not fit. Likewise at 9; at 12 it fits, and at 13 it does not.
    let case = holding()
        .horizon("15h")
        .customer("buys_credit = { delay = \"3h\", amount = 0.25 }")
        .policy("prepaid_pause", "free_credit = { amount = 1.00, expires_after = \"5h\" }");
    assert_eq!(case.times(|happening| happening == Happening::RanShort), ["3h", "6h", "9h", "13h"]);
    case.gives(&[
        ("served", "3"),
        ("refused_on_hold", "4"),
        ("refused_no_credit", "7"), // 4, 5, 7, 8, 10, 11, 14
        ("stops", "4"),
        ("stopped_seconds", "39600.000000"), // 3..12, 13..15
    ]);
}

#[test]
fn the_reason_of_such_a_stop_is_that_of_used_up_money() {
    let case = |kind, lines: &str| holding().policy(kind, lines);
    let free = "free_credit = { amount = 1.00 }\n";
    let trial = "then = { kind = \"prepaid_pause\" }";
    let nobody = "payment_method = 0";
    let limit = "tiers = [{ paid = 0, limit = 1.00 }]";
    let budget = "threshold = 0\namount = 1.00\nmonthly_budget = 1.00\ninitial_purchase = 1.00";
    let daily = "threshold = 0\namount = 1.00\nmax_per_day = 1\ninitial_purchase = 1.00";
    for (case, reason) in [
        (case("prepaid_pause", INITIAL), "refused_no_credit"),
        (case("prepaid_pause", free).customer(nobody), "refused_no_payment_method"),
        (case("auto_topup", budget), "refused_budget_reached"),
        (case("auto_topup", daily), "refused_no_credit"),
        (case("postpaid", limit), "refused_limit_reached"),
        (case("trial", trial).customer(nobody), "refused_no_payment_method"),
    ] {
        case.gives(&[("served", "2"), ("refused_on_hold", "1"), (reason, "20"), ("stops", "1")]);
    }
}

#[test]
fn the_question_of_such_a_stop_is_that_of_used_up_money() {
    let case = holding()
        .horizon("5h")
        .customer("buys_credit = { delay = \"90m\", amount = 5.00 }")
        .policy("prepaid_pause", INITIAL);
    assert_eq!(case.attempts(), ["0h 1.00", "4h 30m 5.00"]);
}

#[test]
fn auto_topup_tops_up_as_at_its_threshold() {
    // 0.50 do not cover the hold of 3: topped up at once, so that there is no stop, though that request is lost. Then
    // 1.50 cover 4 to 7, and so on every five hours.
    let case = holding().policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00");
    assert_eq!(case.attempts(), ["0h 1.00", "3h 1.00", "8h 1.00", "13h 1.00", "18h 1.00", "23h 1.00"]);
    case.gives(&[("served", "18"), ("refused_on_hold", "5"), ("refusals", "5"), ("stops", "0")]);
    // Where the payment takes a second, the stop does.
    case.payments("latency = \"1s\"").gives(&[("stops", "5"), ("stopped_seconds", "5.000000")]);
}

#[test]
fn auto_topup_with_a_target_tops_up_only_from_below_it() {
    let case = |target: &str| {
        holding()
            .horizon("7h")
            .policy("auto_topup", &format!("initial_purchase = 1.00\nthreshold = 0\ntarget = {target}"))
    };
    assert_eq!(case("1.00").attempts(), ["0h 1.00", "3h 0.50", "6h 0.50"]);
    // 0.50 is not below 0.50.
    assert_eq!(case("0.50").attempts(), ["0h 1.00"]);
    case("0.50").gives(&[("stops", "1"), ("refused_no_credit", "3")]);
}

#[test]
fn a_trial_ends_with_a_hold_that_does_not_fit() {
    // At 3, with 0.50 left; 1.00 are bought then: 1.50 cover 4 to 7.
    let case = holding().policy("trial", "then = { kind = \"prepaid_pause\", initial_purchase = 1.00 }");
    assert_eq!(case.attempts(), ["3h 1.00"]);
    case.gives(&[
        ("accounts_converted", "1"),
        ("served", "6"),
        ("refused_on_hold", "2"),
        ("refused_no_credit", "15"),
        ("stops", "1"),
    ]);
}

#[test]
fn a_target_tops_up_as_long_as_the_account_is_short() {
    let folder = tempfile::tempdir().unwrap();
    // 1.00 are the target and do not cover 2.00: short, but there is nothing to buy. The account is judged each day, so
    // 0.25 are served; they take the balance below the target, and 0.25 are bought.
    let case = Case::trace(&folder, &[(0, 0.00), (60, 2.00), (120, 0.25)])
        .metering("refresh = \"1d\"\nauthorization = { hold = { output_tokens = 0 } }")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\ntarget = 1.00");
    assert_eq!(case.attempts(), ["0h 1.00", "0h 2m 0.25"]);
    case.gives(&[("served", "2"), ("refused_on_hold", "1"), ("top_ups", "1"), ("credit_end_usd", "1.00")]);
}

#[test]
fn being_short_lasts_across_a_move() {
    // The trial's 0.50 go along, and are as short as before.
    holding().policy("trial", "then = { kind = \"prepaid_pause\" }").gives(&[
        ("accounts_converted", "1"),
        ("refused_on_hold", "1"),
        ("refused_no_credit", "20"),
        ("stops", "1"),
    ]);
    // `auto_topup` tops up on coming into force.
    let case = holding()
        .horizon("5h")
        .policy("trial", "then = { kind = \"auto_topup\", threshold = 0, amount = 1.00 }");
    assert_eq!(case.attempts(), ["3h 1.00"]);
    case.gives(&[("stops", "0"), ("served", "3")]);
    // A limit of 5.00 is more than 0.50: 18 requests leave 0.50 of it, which do not cover the hold of 22.
    holding().policy("trial", "then = { kind = \"postpaid\", tiers = [{ paid = 0, limit = 5 }] }").gives(&[
        ("served", "20"),
        ("refused_on_hold", "2"),
        ("refused_limit_reached", "1"),
    ]);
}

#[test]
fn under_a_limit_what_remains_of_it_covers_holds() {
    let case = |limit: &str, lines: &str| {
        holding().policy(
            "postpaid",
            &format!("tiers = [{{ paid = 0, limit = {limit} }}]\nfree_credit = {{ amount = 0.50 }}\n{lines}"),
        )
    };
    // 1.00 less all usage; credit is no part of it.
    case("1.00", "").gives(&[("served", "2"), ("refused_on_hold", "1"), ("refused_limit_reached", "20")]);
    // 0.50 less what is billed, and 0.50 of credit.
    case("0.50", "limit_counts = \"billed\"").gives(&[
        ("served", "2"),
        ("refused_on_hold", "1"),
        ("refused_limit_reached", "20"),
    ]);
    // Without a limit every hold fits.
    holding().policy("postpaid", "").gives(&[("served", "23"), ("refusals", "0")]);
}

#[test]
fn a_new_period_ends_a_stop_for_a_hold() {
    // Stopped at 3; February begins at 24; stopped at 26.
    holding()
        .start("2026-01-31")
        .horizon("30h")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 1.00 }]")
        .gives(&[
            ("served", "4"),
            ("refused_on_hold", "2"),
            ("stops", "2"),
            ("stopped_seconds", "90000.000000"), // 3..24, 26..30
        ]);
}

/// Requests of 0.25 every hour that run for three and a half.
fn in_flight(amount: &str) -> Case {
    Case::hourly(0.25)
        .workload("service = { first_token = \"210m\" }")
        .metering(&format!("authorization = {{ in_flight = {{ {amount} }} }}"))
}

#[test]
fn requests_are_admitted_while_the_holds_in_flight_are_below_the_amount() {
    // Two at a time: 1 and 2, 5 and 6, ... 21 and 22. Nobody is stopped.
    let columns = [
        ("served", "12"),
        ("refused_on_hold", "11"),
        ("refusals", "11"),
        ("stops", "0"),
        ("overshoot_usd", "0.00"),
    ];
    for amount in ["amount = 0.50", "amount = 0.30", "amount = 0.50, output_tokens = 250000, factor = 0.5"] {
        let case = in_flight(amount).policy("postpaid", "");
        assert_eq!(case.tries()[..5], ["1h ok", "2h ok", "3h on_hold", "4h on_hold", "5h ok"], "{amount}");
        case.gives(&columns);
    }
    // One at a time: 1, 5, ... 21.
    in_flight("amount = 0.25").policy("postpaid", "").gives(&[("served", "6"), ("refused_on_hold", "17")]);
}

#[test]
fn what_may_be_in_flight_does_not_depend_on_the_balance() {
    // 0.10 admit two; the first settles at 4h 30m and stops the account, the second at 5h 30m.
    in_flight("amount = 0.50").policy("prepaid_pause", "initial_purchase = 0.10").gives(&[
        ("served", "2"),
        ("refused_on_hold", "2"),
        ("refused_no_credit", "19"),
        ("overshoot_usd", "0.40"),
        ("overshoot_last_request_usd", "0.15"),
        ("overshoot_in_flight_usd", "0.25"),
        ("stops", "1"),
    ]);
}

#[test]
fn less_than_nothing_does_not_cover_a_hold_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Holds of nothing, but for that of the third, which does not fit what the second has left: -1.
    let records = [(0, 0.0, 0.0), (1, 0.0, 6.0), (2, 1.0, 0.0), (3, 0.0, 0.0)];
    let case = |records: &[(u32, f64, f64)], kind: &str, lines: &str| {
        Case::trace_with_output(&folder, records)
            .horizon("5m")
            .metering("refresh = \"10m\"\nauthorization = { hold = { output_tokens = 0 } }")
            .policy(kind, lines)
    };
    for (kind, lines) in
        [("postpaid", "tiers = [{ paid = 0, limit = 5 }]"), ("prepaid_pause", "initial_purchase = 5.00")]
    {
        let case = case(&records, kind, lines);
        assert_eq!(case.results(), ["ok", "ok", "on_hold", "on_hold"], "{kind}");
        case.gives(&[("served", "2"), ("usage_usd", "6.00"), ("overshoot_usd", "1.00"), ("stops", "0")]);
    }
    // Nothing covers it, and so does what is left where another hold did not fit.
    let exact = [
        (0, 0.0, 0.0),
        (1, 0.0, 5.0),
        (2, 0.0, 0.0),
        (3, 1.0, 0.0),
        (4, 0.0, 0.0),
        (5, 0.0, 1.0),
        (6, 0.0, 0.0),
    ];
    let case = case(&exact, "prepaid_pause", "initial_purchase = 5.00");
    assert_eq!(case.results(), ["ok", "ok", "ok", "on_hold", "ok", "ok", "on_hold"]);
}
