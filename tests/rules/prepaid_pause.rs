//! `prepaid_pause`.

use super::Case;

#[test]
fn an_empty_balance_stops_the_account() {
    // Exactly 0 at 2: stopped for 22 hours.
    Case::hourly(0.25).policy("prepaid_pause", "initial_purchase = 0.50").gives(&[
        ("served", "2"),
        ("refused_no_credit", "21"),
        ("stops", "1"),
        ("stopped_seconds", "79200.000000"),
        ("overshoot_usd", "0.00"),
        ("cash_in_usd", "0.50"),
    ]);
}

#[test]
fn the_last_request_may_take_the_balance_below_zero() {
    Case::hourly(0.30).policy("prepaid_pause", "initial_purchase = 0.50").gives(&[
        ("served", "2"),
        ("usage_usd", "0.60"),
        ("overshoot_usd", "0.10"),
        ("receivable_end_usd", "0.10"),
        ("bad_debt_usd", "0.00"),
    ]);
}

#[test]
fn without_a_payment_method_nothing_is_bought() {
    let case = Case::hourly(0.25).customer("payment_method = 0");
    case.clone().policy("prepaid_pause", "initial_purchase = 0.50").gives(&[
        ("refused_no_payment_method", "23"),
        ("stops", "1"),
        ("stopped_seconds", "86400.000000"),
        ("active_share", "0"),
        ("payments", "0"),
    ]);
    // But free credit is used.
    case.policy("prepaid_pause", "initial_purchase = 0.50\nfree_credit = { amount = 0.50 }")
        .gives(&[("served", "2"), ("refused_no_payment_method", "21")]);
}

#[test]
fn without_an_initial_purchase_the_account_is_stopped_from_the_start() {
    Case::hourly(0.25).policy("prepaid_pause", "").gives(&[
        ("refused_no_credit", "23"),
        ("stops", "1"),
        ("stopped_seconds", "86400.000000"),
    ]);
}

#[test]
fn a_declined_purchase_at_signup_is_judged_at_its_result() {
    // Refused at 1, stopped from 1h 30m on, for 22.5 hours.
    Case::hourly(0.25)
        .payments("latency = \"90m\"\ndecline = 1")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("refused_no_credit", "23"),
            ("stops", "1"),
            ("stopped_seconds", "81000.000000"),
            ("payments", "1"),
        ]);
}

#[test]
fn nobody_is_asked_while_the_account_is_not_open() {
    let case = Case::hourly(0.25)
        .payments("latency = \"3h\"")
        .customer("buys_credit = { delay = \"1h\", amount = 10.00 }")
        .policy("prepaid_pause", "initial_purchase = 10.00");
    assert_eq!(case.attempts(), ["0h 10.00"]);
    case.gives(&[("served", "21"), ("stops", "0")]);
}

#[test]
fn an_account_with_free_credit_is_open_until_that_is_used() {
    let case = |free: &str| {
        Case::hourly(0.25)
            .payments("latency = \"90m\"")
            .policy("prepaid_pause", &format!("initial_purchase = 1.00\nfree_credit = {{ amount = {free} }}"))
    };
    // 1.50 last until 6; stopped for 18 hours.
    case("0.50").gives(&[("served", "6"), ("stops", "1"), ("stopped_seconds", "64800.000000")]);
    // At 1 the balance is 0 while the purchase is under way: not open, and no stop. 1.25 last until 5.
    case("0.25").gives(&[("served", "5"), ("stops", "1"), ("stopped_seconds", "68400.000000")]);
}
