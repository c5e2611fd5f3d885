//! What customers are asked, and what they do.

use super::Case;
use billsim::engine::observation::Happening;

#[test]
fn a_customer_without_credit_buys_some_after_a_delay() {
    // Stopped at 2, 5, 8 ... 23, each time for an hour and a half in which a request is refused; the last for
    // an hour.
    Case::hourly(0.25)
        .customer("buys_credit = { delay = \"90m\", amount = 0.50 }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("served", "16"),
            ("refused_no_credit", "7"),
            ("stops", "8"),
            ("stopped_seconds", "41400.000000"),
            ("manual_purchases", "7"), // that at signup is none of them
            ("accounts_stopped", "1"),
        ]);
}

#[test]
fn an_answer_takes_at_least_a_second() {
    // Stopped for a second at 2, 4 ... 22.
    Case::hourly(0.25)
        .customer("buys_credit = { delay = \"0s\", amount = 0.50 }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[("served", "23"), ("stops", "11"), ("stopped_seconds", "11.000000")]);
}

#[test]
fn a_no_is_final_for_the_stop() {
    let case = Case::hourly(0.25)
        .customer("buys_credit = { probability = 0, delay = \"1h\", amount = 0.50 }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.attempts(), ["0h 0.50"]);
    assert_eq!(case.times(|happening| matches!(happening, Happening::Asked { .. })), ["2h"]);
}

#[test]
fn a_softly_declined_purchase_is_tried_again_after_another_delay() {
    let case = Case::hourly(0.25)
        .horizon("4h 30m")
        .payments("decline = 1")
        .customer("buys_credit = { delay = \"1h\", amount = 0.50 }")
        .policy("prepaid_pause", "");
    assert_eq!(case.attempts(), ["1h 0.50", "2h 0.50", "3h 0.50", "4h 0.50"]);
    case.gives(&[("payments_declined", "4"), ("stops", "1")]);
}

#[test]
fn a_purchase_on_an_expired_card_waits_for_a_new_one() {
    // Stopped at 2; bought at 3, declined for good; a card at 5 that lives an hour, and the purchase again.
    // Stopped at 6, bought at 7, declined.
    let case = Case::hourly(0.25)
        .horizon("8h")
        .payments("card_lifetime = \"1h\"")
        .customer("buys_credit = { delay = \"1h\", amount = 0.50 }\nreplaces_card = { delay = \"2h\" }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.attempts(), ["0h 0.50", "3h 0.50", "5h 0.50", "7h 0.50"]);
    assert_eq!(case.times(|happening| happening == Happening::CardReplaced), ["5h"]);
    case.gives(&[("served", "4"), ("stops", "2"), ("payments_declined", "2")]);
}

#[test]
fn who_does_not_replace_the_card_stays_stopped() {
    let case = Case::hourly(0.25)
        .payments("card_lifetime = \"1h\"")
        .customer("buys_credit = { delay = \"1h\", amount = 0.50 }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.attempts(), ["0h 0.50", "3h 0.50"]);
    case.gives(&[("stops", "1"), ("stopped_seconds", "79200.000000")]);
}

#[test]
fn who_adds_a_payment_method_in_a_stop_buys_at_once() {
    let customer = "payment_method = 0\nadds_payment_method = { delay = \"90m\" }\n";
    // The initial purchase at 1h 30m lasts for 2 and 3.
    let case = Case::hourly(0.25).customer(customer).policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.attempts(), ["1h 30m 0.50"]);
    case.gives(&[
        ("served", "2"),
        ("refused_no_payment_method", "1"),
        ("refused_no_credit", "20"),
        ("stops", "2"),
        ("stopped_seconds", "81000.000000"), // 0..1h 30m and 3..24
    ]);
    // Where there is none, what the customer buys otherwise.
    let case = Case::hourly(0.25)
        .horizon("5h")
        .customer(customer)
        .customer("buys_credit = { delay = \"9h\", amount = 5.00 }")
        .policy("prepaid_pause", "");
    assert_eq!(case.attempts(), ["1h 30m 5.00"]);
}

#[test]
fn the_purchase_with_a_payment_method_is_tried_once_and_then_the_question_takes_over() {
    // Declined at 1h 30m; the customer is asked to buy and does, an hour later and every hour.
    let case = Case::hourly(0.25)
        .horizon("4h")
        .payments("decline = 1")
        .customer("payment_method = 0\nadds_payment_method = { delay = \"90m\" }")
        .customer("buys_credit = { delay = \"1h\", amount = 5.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    assert_eq!(case.attempts(), ["1h 30m 0.50", "2h 30m 5.00", "3h 30m 5.00"]);
    case.gives(&[("stops", "1")]);
}

#[test]
fn a_declined_purchase_at_signup_is_tried_once_and_then_the_question_takes_over() {
    let case = Case::hourly(0.25)
        .horizon("3h")
        .payments("latency = \"30m\"\ndecline = 1")
        .customer("buys_credit = { delay = \"1h\", amount = 5.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.50");
    // Asked at 30m; bought at 1h 30m; declined at 2; again an hour later, which is the horizon.
    assert_eq!(case.attempts(), ["0h 0.50", "1h 30m 5.00"]);
    case.gives(&[("stops", "1"), ("stopped_seconds", "9000.000000")]);
}

#[test]
fn a_purchase_beyond_the_spend_limit_waits_for_the_next_period() {
    // 0.60 at signup on Jan 31, empty at 2. At 3 0.50 more would be 1.10: bought at 24. Below zero at 25; at
    // 26 1.00 is not beyond; below zero at 27; at 28 1.50 would be.
    let case = Case::hourly(0.30)
        .start("2026-01-31")
        .horizon("30h")
        .customer("buys_credit = { delay = \"1h\", amount = 0.50 }\nspend_limit = 1.00")
        .policy("prepaid_pause", "initial_purchase = 0.60");
    assert_eq!(case.attempts(), ["0h 0.60", "24h 0.50", "26h 0.50"]);
    case.gives(&[
        ("served", "6"),
        ("refused_no_credit", "23"), // 3..23, 28, 29
        ("stops", "3"),
        ("stopped_seconds", "93600.000000"), // 2..24, 25..26, 27..30
    ]);
}

#[test]
fn a_purchase_at_signup_beyond_the_spend_limit_is_not_made() {
    let case = Case::hourly(0.30)
        .horizon("2h")
        .customer("buys_credit = { delay = \"1h\", amount = 0.50 }\nspend_limit = 1.00")
        .policy("prepaid_pause", "initial_purchase = 2.00");
    // Stopped from the start, and asked.
    assert_eq!(case.attempts(), ["1h 0.50"]);
    case.gives(&[("stops", "1"), ("stopped_seconds", "3600.000000"), ("served", "1")]);
}

#[test]
fn an_answer_is_dropped_when_service_has_resumed_by_other_means() {
    // The limit is reached at 5 on Jan 31; the answer would come at 25, a boundary resumes service at 24. The
    // limit has not changed, so nobody is asked at the stop of 28.
    let case = Case::hourly(1.00)
        .start("2026-01-31")
        .horizon("3d")
        .customer("buys_credit = { delay = \"20h\", amount = 50.00 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 5 }, { paid = 50, limit = 100 }]");
    assert_eq!(case.attempts(), ["24h 5.00"]);
    case.gives(&[("manual_purchases", "0"), ("stops", "2"), ("served", "10")]);
}

#[test]
fn one_question_to_replace_the_card_is_pending_at_most() {
    // Top-up is declined for good at 1, and the account stops at 2: one new card, at 11. Its 5.00 are at the
    // threshold again after the 9 requests of 11..19.
    let case = Case::hourly(0.50)
        .payments("card_lifetime = \"1h\"")
        .customer("replaces_card = { delay = \"10h\" }")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0.50\namount = 5.00");
    assert_eq!(case.times(|happening| happening == Happening::CardReplaced), ["11h"]);
    assert_eq!(case.attempts(), ["0h 1.00", "1h 5.00", "11h 5.00", "19h 5.00"]);
}

#[test]
fn a_purchase_that_was_put_off_is_for_what_is_due_when_it_is_made() {
    // The limit is reached at 5. 10.00 lack to the next tier, which are more than the customer is willing to pay. From
    // 24 on the policy is prepaid, the purchase still put off, and 8.00 are enough: 5.00 pay what is owed, 3.00 are used
    // by 26. Then 8.00 more would be too much in January.
    let case = Case::hourly(1.00)
        .horizon("30h")
        .customer("buys_credit = { delay = \"1h\", amount = 8.00 }\nspend_limit = 9.00")
        .policy(
            "postpaid",
            "tiers = [{ paid = 0, limit = 5 }, { paid = 10, limit = 50 }]\n\
             switch = { at = 2026-01-02, to = { kind = \"prepaid_pause\" } }",
        );
    assert_eq!(case.times(|happening| matches!(happening, Happening::Asked { .. })), ["5h", "26h"]);
    assert_eq!(case.times(|happening| matches!(happening, Happening::PurchaseDeferred(_))), ["6h", "27h"]);
    assert_eq!(case.attempts(), ["24h 8.00"]);
    case.gives(&[("served", "8"), ("manual_purchases", "1"), ("stops", "2")]);
}
