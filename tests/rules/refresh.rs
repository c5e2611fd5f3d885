//! `metering.refresh`: standing is judged at multiples of it only; all else sees the present.

use super::Case;
use billsim::engine::observation::Happening;

fn every_five_hours(dollars: f64) -> Case {
    Case::hourly(dollars).metering("refresh = \"5h\"")
}

#[test]
fn a_stop_takes_hold_at_a_multiple() {
    // Empty at 2; stopped at 5, before the request of 5, for 19 hours.
    let case = every_five_hours(0.25).policy("prepaid_pause", "initial_purchase = 0.50");
    case.gives(&[
        ("served", "4"),
        ("refused_no_credit", "19"),
        ("stops", "1"),
        ("stopped_seconds", "68400.000000"),
        ("overshoot_usd", "0.50"),
        ("overshoot_lag_usd", "0.50"),
    ]);
}

#[test]
fn standing_is_judged_after_each_event_at_a_multiple() {
    // The request of 2 empties the balance at a multiple.
    Case::hourly(0.25)
        .metering("refresh = \"2h\"")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[("served", "2"), ("stops", "1"), ("stopped_seconds", "79200.000000")]);
}

#[test]
fn questions_are_asked_and_service_resumes_at_multiples() {
    // Stopped at 5; bought at 6, which leaves 0.55; served from 10 on, below zero at 12, stopped at 15; bought at 16,
    // which leaves 0.35; served from 20 on, below zero at 21.
    let case = every_five_hours(0.25)
        .customer("buys_credit = { delay = \"1h\", amount = 1.05 }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.times(|happening| matches!(happening, Happening::Asked { .. })), ["5h", "15h"]);
    assert_eq!(case.attempts(), ["0h 0.50", "6h 1.05", "16h 1.05"]);
    case.gives(&[
        ("served", "13"), // 1..4, 10..14, 20..23
        ("refused_no_credit", "10"),
        ("stops", "2"),
        ("stopped_seconds", "36000.000000"),
        ("overshoot_usd", "1.85"), // 0.50, 0.70, 0.65
    ]);
}

#[test]
fn a_purchase_that_does_not_end_the_stop_is_followed_by_another_question_at_a_multiple() {
    // 0.50 below zero at 5. After 0.30 at 6 still 0.20 below, so asked again at 10; after 0.30 at 11 served from 15 on.
    let case = every_five_hours(0.25)
        .horizon("16h")
        .customer("buys_credit = { delay = \"1h\", amount = 0.30 }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.times(|happening| matches!(happening, Happening::Asked { .. })), ["5h", "10h", "15h"]);
    assert_eq!(case.attempts(), ["0h 0.50", "6h 0.30", "11h 0.30"]);
    case.gives(&[("served", "5"), ("stops", "2"), ("stopped_seconds", "39600.000000")]); // 5..15, 15..16
}

#[test]
fn a_stop_that_is_cured_before_a_multiple_is_none() {
    // Empty at 2, 6, ... 22, and topped up an hour later: never empty at a multiple of 4.
    let case = Case::hourly(0.25)
        .payments("latency = \"1h\"")
        .metering("refresh = \"4h\"")
        .policy("auto_topup", "threshold = 0\namount = 1.00\nfree_credit = { amount = 0.50 }");
    assert_eq!(case.attempts(), ["2h 1.00", "6h 1.00", "10h 1.00", "14h 1.00", "18h 1.00", "22h 1.00"]);
    case.gives(&[("served", "23"), ("stops", "0"), ("overshoot_usd", "0.00")]);
}

#[test]
fn multiples_count_from_the_start_of_the_run_not_from_the_signup() {
    let case = every_five_hours(0.25)
        .cohort("signup = { over = \"3h\" }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    let story = case.story();
    let at = |what: fn(Happening) -> bool| story.iter().find(|(_, found)| what(*found)).unwrap().0.micros();
    assert_ne!(at(|happening| happening == Happening::SignedUp), 0);
    assert_eq!(at(|happening| matches!(happening, Happening::Stopped(_))), 5 * 3_600_000_000);
}

#[test]
fn a_trial_ends_at_present() {
    // 0.50 by 2, where 0.50 are bought: used by 4, stopped at 5.
    let case = every_five_hours(0.25)
        .policy("trial", "credit = 0.50\nthen = { kind = \"prepaid_pause\", initial_purchase = 0.50 }");
    assert_eq!(case.times(|happening| matches!(happening, Happening::Moved { .. })), ["2h"]);
    assert_eq!(case.attempts(), ["2h 0.50"]);
    case.gives(&[("served", "4"), ("stops", "1"), ("overshoot_usd", "0.00")]);
}

#[test]
fn an_account_is_closed_at_present() {
    let case = every_five_hours(0.25)
        .payments("dispute = { probability = 1, delay = \"150m\" }")
        .policy("prepaid_pause", "initial_purchase = 5.00");
    assert_eq!(case.times(|happening| happening == Happening::Closed), ["2h 30m"]);
    case.gives(&[("served", "2"), ("refused_closed", "21")]);
}

#[test]
fn an_alert_comes_at_present() {
    let case = every_five_hours(0.25)
        .horizon("5h")
        .customer("heeds_alert = { delay = \"30m\" }\nbuys_credit = { amount = 1.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.50\nalert_at = 0.25");
    assert_eq!(case.times(|happening| matches!(happening, Happening::Alerted(_))), ["1h"]);
    assert_eq!(case.attempts(), ["0h 0.50", "1h 30m 1.00"]);
}

#[test]
fn holds_see_the_present() {
    // Empty at 2: no hold fits at 3 and 4, and from 5 on the account is stopped.
    every_five_hours(0.25)
        .metering("authorization = { hold = { output_tokens = 0 } }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("served", "2"),
            ("refused_on_hold", "2"),
            ("refused_no_credit", "19"),
            ("overshoot_usd", "0.00"),
            ("stops", "1"),
        ]);
}

#[test]
fn an_account_opens_at_once() {
    // Bought at signup, posted at 1h 30m; 2, 3 and 4 use it up; stopped at 5.
    every_five_hours(0.25)
        .payments("latency = \"90m\"")
        .policy("prepaid_pause", "initial_purchase = 0.75")
        .gives(&[
            ("served", "3"),
            ("refused_no_credit", "20"),
            ("stops", "1"),
            ("stopped_seconds", "68400.000000"),
            ("overshoot_usd", "0.00"),
        ]);
}

#[test]
fn a_purchase_at_signup_that_is_declined_stops_at_once() {
    every_five_hours(0.25)
        .payments("latency = \"90m\"\ndecline = 1")
        .policy("prepaid_pause", "initial_purchase = 0.75")
        .gives(&[("stops", "1"), ("stopped_seconds", "81000.000000")]);
}

#[test]
fn a_stop_ends_at_once_where_the_account_becomes_not_open() {
    // The trial is used up at 2, and 3 and 4 overrun it; stopped at 5; a card at 6h 30m, and 1.00 at 7h 30m, of
    // which 0.50 are left for 8 and 9; stopped at 10.
    every_five_hours(0.25)
        .payments("latency = \"1h\"")
        .customer("payment_method = 0\nadds_payment_method = { delay = \"90m\" }")
        .policy("trial", "credit = 0.50\nthen = { kind = \"prepaid_pause\", initial_purchase = 1.00 }")
        .gives(&[
            ("served", "6"),
            ("refused_no_payment_method", "2"), // 5, 6
            ("refused_no_credit", "15"),        // 7, 10..23
            ("stops", "2"),
            ("stopped_seconds", "55800.000000"), // 5..6h 30m, 10..24
        ]);
}

#[test]
fn a_policy_s_own_refresh_takes_the_place_of_the_scenario_s() {
    every_five_hours(0.25)
        .policy("prepaid_pause", "initial_purchase = 0.50\nmetering = { refresh = \"3h\" }")
        .gives(&[("served", "2"), ("stopped_seconds", "75600.000000")]); // 3..24, before the request of 3
    // Zero is at once.
    every_five_hours(0.25)
        .policy("prepaid_pause", "initial_purchase = 0.50\nmetering = { refresh = \"0s\" }")
        .gives(&[("served", "2"), ("stopped_seconds", "79200.000000")]);
}

#[test]
fn a_policy_that_is_refreshed_sooner_is_so_from_the_move_on() {
    // Empty at 20, to be judged at 36; from 24 on at multiples of 5.
    Case::hourly(0.25)
        .horizon("2d")
        .policy(
            "prepaid_pause",
            "initial_purchase = 5.00\nmetering = { refresh = \"36h\" }\n\
             switch = { at = 2026-01-02, to = { kind = \"prepaid_pause\", metering = { refresh = \"5h\" } } }",
        )
        .gives(&[("served", "24"), ("stops", "1"), ("stopped_seconds", "82800.000000")]);
}
