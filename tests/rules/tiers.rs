//! A tier's `after`: limits that need time.

use super::Case;

const LAST_DAY_OF_JANUARY: &str = "2026-01-31";

#[test]
fn a_limit_rises_when_the_time_since_the_first_payment_has_passed() {
    // The limit of 5 is reached at 5. 3.00 are bought and paid at 6: enough for the next tier, which holds
    // from 16 on, before the request of that instant. Until then nobody is asked again.
    let case = Case::hourly(1.00)
        .customer("buys_credit = { delay = \"1h\", amount = 3.00 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 5 }, { paid = 2, after = \"10h\", limit = 100 }]");
    assert_eq!(case.attempts(), ["6h 3.00"]);
    case.gives(&[
        ("served", "13"), // 1..5, 16..23
        ("refused_limit_reached", "10"),
        ("stops", "1"),
        ("stopped_seconds", "39600.000000"), // 5..16
        ("receivable_end_usd", "10.00"),
    ]);
}

#[test]
fn time_is_not_enough_where_a_tier_asks_for_payments_too() {
    // 23.00 are paid at 24, the day after which ends at 48. The limit of 30 is reached at 53; 17.00, which
    // lack to 40, are bought at 54 and lift it at once.
    let case = Case::hourly(1.00)
        .start(LAST_DAY_OF_JANUARY)
        .horizon("3d")
        .customer("buys_credit = { delay = \"1h\", amount = 5.00 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 30 }, { paid = 40, after = \"1d\", limit = 100 }]");
    assert_eq!(case.attempts(), ["24h 23.00", "54h 17.00"]);
    case.gives(&[("served", "71"), ("stops", "1"), ("stopped_seconds", "3600.000000")]);
}

#[test]
fn the_time_counts_from_the_first_success_and_not_from_the_signup() {
    // The invoice of 24 is the first payment. The limit of 30, reached at 53, is raised at 54.
    let case = |payments: &str| {
        Case::hourly(1.00).start(LAST_DAY_OF_JANUARY).horizon("3d").payments(payments).policy(
            "postpaid",
            "tiers = [{ paid = 0, limit = 30 }, { paid = 0, after = \"30h\", limit = 100 }]\n\
             retry_after = [\"10h\"]",
        )
    };
    case("").gives(&[("served", "71"), ("stops", "1"), ("stopped_seconds", "3600.000000")]);
    // An attempt whose result comes an hour later puts it off as much.
    case("latency = \"1h\"").gives(&[("served", "70"), ("stopped_seconds", "7200.000000")]);
    // What is declined is no success.
    case("decline = 1").gives(&[("served", "33"), ("refused_past_due", "38")]); // from 34 on
}

#[test]
fn the_last_tier_whose_conditions_hold_counts_whatever_lies_between() {
    // Alerted at 1, the customer pays a second later; twelve hours after that the second tier holds, and the
    // limit of 20 falls to 10, of which 13 are used. The third tier asks for more than is ever paid.
    Case::hourly(1.00)
        .customer("heeds_alert = { delay = \"1s\" }\nbuys_credit = { probability = 0, amount = 1.00 }")
        .policy(
            "postpaid",
            "tiers = [{ paid = 0, limit = 20 }, { paid = 0, after = \"12h\", limit = 10 }, \
             { paid = 90, limit = 1000 }]\nalert_at = 19.00",
        )
        .gives(&[("served", "13"), ("refused_limit_reached", "10")]); // 14..23
}

#[test]
fn a_first_payment_under_another_policy_counts() {
    // 30.00 are paid at 0. Post-paid from 24 on: the limit of 2 is reached at 25 and raised at 26.
    Case::hourly(1.00)
        .horizon("2d")
        .policy(
            "prepaid_pause",
            "initial_purchase = 30.00\nswitch = { at = 2026-01-02, to = { kind = \"postpaid\", \
             tiers = [{ paid = 0, limit = 2 }, { paid = 0, after = \"26h\", limit = 100 }] } }",
        )
        .gives(&[("served", "47"), ("stops", "1"), ("stopped_seconds", "3600.000000")]);
}

#[test]
fn what_settles_as_a_tier_comes_is_within_the_limit_before() {
    // A request runs for two seconds. Alerted at 2 s, the customer pays at 3 s; a day after that the limit falls from 100
    // to 10, of which 21 are used. What was served a second before it arrives settles first, and overshoots nothing.
    let folder = tempfile::tempdir().unwrap();
    let overshoot_of_request_at = |second: u32, overshoot: &str| {
        Case::trace(&folder, &[(0, 1.00), (60, 20.00), (second, 5.00)])
            .horizon("2d")
            .workload("service = { first_token = \"2s\" }")
            .customer("heeds_alert = { delay = \"1s\" }\nbuys_credit = { probability = 0, amount = 1.00 }")
            .policy(
                "postpaid",
                "tiers = [{ paid = 0, limit = 100 }, { paid = 0, after = \"1d\", limit = 10 }]\nalert_at = 99.00",
            )
            .gives(&[("served", "3"), ("overshoot_usd", overshoot)]);
    };
    overshoot_of_request_at(86_401, "0.00");
    overshoot_of_request_at(86_402, "5.00");
}
