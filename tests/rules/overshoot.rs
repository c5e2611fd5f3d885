//! Overshoot, and why it was not prevented.

use super::Case;

/// Requests of 0.25 every twenty minutes, running for half an hour, known half an hour later.
fn known_late() -> Case {
    Case::regular(72.0, 0.25).workload("service = { first_token = \"30m\" }").metering("delay = \"30m\"")
}

#[test]
fn overshoot_is_split_by_what_was_left_at_admission() {
    // Of 0.40, in minutes: the request of 20 settles at 80, that of 40 at 100, which stops the account before the
    // request of 100.
    // 40: 0.40 are left and 0.25 are running: only its own cost takes 0.10 too much.
    // 60: 0.40 are left, 0.25 have ended, and 0.50 with what is running: in flight, 0.25 too much.
    // 80: 0.15 are left, and 0.25 have ended: lag, 0.25 too much.
    let columns = [
        ("served", "4"),
        ("overshoot_usd", "0.60"),
        ("overshoot_last_request_usd", "0.10"),
        ("overshoot_in_flight_usd", "0.25"),
        ("overshoot_lag_usd", "0.25"),
        ("stopped_seconds", "80400.000000"),
    ];
    let prepaid = ("prepaid_pause", "initial_purchase = 0.40");
    let postpaid = ("postpaid", "tiers = [{ paid = 0, limit = 0.40 }]");
    for (kind, lines) in [prepaid, postpaid] {
        known_late().policy(kind, lines).gives(&columns);
    }
    // What settles at the horizon, at 110, overshoots too.
    known_late().horizon("110m").policy(prepaid.0, prepaid.1).gives(&columns[..5]);
}

#[test]
fn usage_at_exactly_what_is_left_is_no_overshoot() {
    // 40: 0.50 are left and 0.25 are running, which leaves room. 60: 0.25 have ended, and 0.50 with what is running.
    // 80: 0.25 are left, and 0.25 have ended.
    known_late().policy("prepaid_pause", "initial_purchase = 0.50").gives(&[
        ("overshoot_usd", "0.50"),
        ("overshoot_last_request_usd", "0.00"),
        ("overshoot_in_flight_usd", "0.25"),
        ("overshoot_lag_usd", "0.25"),
    ]);
}

#[test]
fn usage_while_an_account_is_not_looked_at_is_lag() {
    // Of 0.40, 0.10 too much at 2; 3 and 4 before the account is judged at 5.
    Case::hourly(0.25).metering("refresh = \"5h\"").policy("prepaid_pause", "initial_purchase = 0.40").gives(
        &[
            ("served", "4"),
            ("overshoot_usd", "0.60"),
            ("overshoot_lag_usd", "0.50"),
            ("overshoot_in_flight_usd", "0.00"),
            ("overshoot_last_request_usd", "0.10"),
        ],
    );
}

#[test]
fn the_limit_in_force_at_the_settlement_counts() {
    // Stopped at 100 minutes; 0.50 are bought at 110, which raises the limit: what settles at the horizon, at 120, is
    // within it.
    known_late()
        .horizon("2h")
        .customer("buys_credit = { delay = \"10m\", amount = 0.50 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 0.40 }, { paid = 0.50, limit = 1.00 }]")
        .gives(&[("served", "4"), ("manual_purchases", "1"), ("overshoot_usd", "0.10")]);
}

#[test]
fn usage_of_a_trial_that_settles_after_the_move_overshoots_what_follows() {
    // Used up at 3h 30m, by 1 and 2; that of 3 settles under a policy with nothing to spend.
    Case::hourly(0.25)
        .metering("delay = \"90m\"")
        .policy("trial", "credit = 0.50\nthen = { kind = \"prepaid_pause\" }")
        .gives(&[("served", "3"), ("accounts_converted", "1"), ("overshoot_usd", "0.25")]);
}

#[test]
fn unbilled_usage_on_credit_beyond_a_limit_on_what_is_billed_is_no_overshoot() {
    // A limit of 0.30 after 0.50 of credit: 0.80, of which 4 x 0.25 are 0.20 too much.
    Case::hourly(0.25)
        .policy(
            "postpaid",
            "tiers = [{ paid = 0, limit = 0.30 }]\nlimit_counts = \"billed\"\nfree_credit = { amount = 0.50 }",
        )
        .gives(&[("served", "4"), ("overshoot_usd", "0.20"), ("overshoot_last_request_usd", "0.20")]);
}
