//! `trial`: how it ends, and what follows.

use super::Case;
use billsim::engine::observation::Happening;

const THEN_PREPAID: &str = "then = { kind = \"prepaid_pause\", initial_purchase = 0.50 }";

#[test]
fn a_trial_that_is_used_up_moves_on_at_once() {
    // 1.00 by 4; 0.50 are bought then, and used by 6.
    let case = Case::hourly(0.25).policy("trial", THEN_PREPAID);
    assert_eq!(case.attempts(), ["4h 0.50"]);
    case.gives(&[
        ("served", "6"),
        ("promotional_usd", "1.00"),
        ("accounts_converted", "1"),
        ("stops", "1"),
        ("stopped_seconds", "64800.000000"),
        ("payments", "1"),
    ]);
    case.horizon("4h").gives(&[("accounts_converted", "0"), ("promotional_usd", "0.75")]);
}

#[test]
fn usage_beyond_the_trial_overshoots_only_where_it_stops() {
    // 4 x 0.30: 0.20 beyond. The purchase pays them, and the other 0.30 last for one request.
    let case = Case::hourly(0.30).policy("trial", THEN_PREPAID);
    case.gives(&[("served", "5"), ("overshoot_usd", "0.00"), ("receivable_end_usd", "0.00")]);
    case.customer("payment_method = 0").gives(&[
        ("served", "4"),
        ("overshoot_usd", "0.20"),
        ("receivable_end_usd", "0.20"),
        ("refused_no_payment_method", "19"),
        ("accounts_converted", "0"),
    ]);
}

#[test]
fn a_trial_ends_when_its_grant_expires() {
    // At 2, before the request: post-paid from there. 22 x 0.25.
    let case = Case::hourly(0.25).policy("trial", "expires_after = \"2h\"\nthen = { kind = \"postpaid\" }");
    case.gives(&[
        ("served", "23"),
        ("promotional_usd", "0.25"),
        ("receivable_end_usd", "5.50"),
        ("accounts_converted", "1"),
        ("overshoot_usd", "0.00"),
    ]);
    assert_eq!(case.times(|happening| matches!(happening, Happening::Moved { .. })), ["2h"]);
}

#[test]
fn a_trial_ends_when_its_grant_expires_whatever_other_credit_is_left() {
    // 0.25 of the trial's grant; the free credit of 1.00 goes along and lasts from 2 to 5.
    let case = Case::hourly(0.25).policy(
        "trial",
        "expires_after = \"2h\"\nfree_credit = { amount = 1.00 }\nthen = { kind = \"prepaid_pause\" }",
    );
    assert_eq!(case.times(|happening| happening == Happening::Moved { converted: true }), ["2h"]);
    case.gives(&[("served", "5"), ("promotional_usd", "1.25"), ("stops", "1")]);
}

#[test]
fn an_account_without_a_payment_method_moves_when_one_is_added() {
    // Stopped at 4; a card at 6, and a purchase that takes until 7h 30m: not open, which ends the stop. 8 and
    // 9 are served, then it is stopped for 15 hours.
    Case::hourly(0.25)
        .payments("latency = \"90m\"")
        .customer("payment_method = 0\nadds_payment_method = { delay = \"2h\" }")
        .policy("trial", THEN_PREPAID)
        .gives(&[
            ("served", "6"),
            ("refused_no_payment_method", "1"), // 5
            ("refused_no_credit", "16"),        // 6, 7, 10..23
            ("stops", "2"),
            ("stopped_seconds", "61200.000000"), // 4..6 and 9..24
            ("accounts_converted", "1"),
            ("payments", "1"),
        ]);
}

#[test]
fn usage_of_the_trial_does_not_count_towards_a_limit() {
    // 1.00 of the trial, 1.00 of the limit.
    Case::hourly(0.25)
        .policy("trial", "then = { kind = \"postpaid\", tiers = [{ paid = 0, limit = 1.00 }] }")
        .gives(&[("served", "8"), ("refused_limit_reached", "15"), ("receivable_end_usd", "1.00")]);
}

#[test]
fn an_account_that_moves_to_top_up_is_topped_up() {
    // At 4: the balance is 0; 0.50 are bought at the move, and 0.50 when it is at the threshold again, at 6,
    // 8 ... 22.
    Case::hourly(0.25)
        .policy(
            "trial",
            "then = { kind = \"auto_topup\", initial_purchase = 0.50, threshold = 0, amount = 0.50 }",
        )
        .gives(&[("served", "23"), ("stops", "0"), ("payments", "10"), ("top_ups", "9")]);
}
