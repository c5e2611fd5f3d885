//! `alert_at`, and customers who heed an alert.

use super::Case;
use billsim::engine::observation::{Happening, Question};

/// 2.00 of credit, used by 0.25 an hour: 0.50 are left at 6, nothing at 8.
fn two_dollars(alert_at: &str) -> Case {
    Case::hourly(0.25).policy("prepaid_pause", &format!("initial_purchase = 2.00\nalert_at = {alert_at}"))
}

fn alerts(case: &Case) -> Vec<String> {
    case.times(|happening| matches!(happening, Happening::Alerted(_)))
}

#[test]
fn the_customer_is_alerted_when_what_is_left_falls_to_the_amount_or_below_it() {
    assert_eq!(alerts(&two_dollars("0.75")), ["5h"]);
    assert_eq!(alerts(&two_dollars("0.74")), ["6h"]);
    assert_eq!(alerts(&two_dollars("0.51")), ["6h"]);
    // Nothing falls from above: all that there ever is lies at the amount or below it.
    assert!(alerts(&two_dollars("2.00")).is_empty());
}

#[test]
fn the_customer_is_not_alerted_again_before_more_has_been_left() {
    // Stopped at 8, 10, 12 ... 22, and 0.50 are bought an hour later: never above 0.50 again.
    let buys = |amount: &str| {
        two_dollars("0.50").customer(&format!("buys_credit = {{ delay = \"1h\", amount = {amount} }}"))
    };
    assert_eq!(alerts(&buys("0.50")), ["6h"]);
    // With 0.75 bought at 9, 12, 15 ... the request of that instant leaves 0.50.
    assert_eq!(alerts(&buys("0.75")), ["6h", "9h", "12h", "15h", "18h", "21h"]);
}

#[test]
fn who_heeds_an_alert_buys_credit_before_it_is_used_up() {
    // 1.00 an hour and a half after each alert: alerted again after four requests.
    let case = two_dollars("0.50")
        .customer("heeds_alert = { delay = \"90m\" }\nbuys_credit = { delay = \"1h\", amount = 1.00 }");
    assert_eq!(alerts(&case), ["6h", "10h", "14h", "18h", "22h"]);
    assert_eq!(
        case.attempts(),
        ["0h 2.00", "7h 30m 1.00", "11h 30m 1.00", "15h 30m 1.00", "19h 30m 1.00", "23h 30m 1.00"]
    );
    case.gives(&[
        ("served", "23"),
        ("stops", "0"),
        ("manual_purchases", "5"),
        ("cash_in_usd", "7.00"),
        ("credit_end_usd", "1.25"),
    ]);
}

#[test]
fn an_alert_is_heeded_after_a_second_at_least() {
    let case = two_dollars("0.50")
        .horizon("7h")
        .customer("heeds_alert = { delay = \"0s\" }\nbuys_credit = { amount = 1.00 }");
    assert_eq!(case.attempts(), ["0h 2.00", "6h 1s 1.00"]);
}

#[test]
fn an_alert_is_no_longer_heeded_when_the_account_has_been_stopped_since() {
    let heeds = |alert_at: &str, delay: &str, buys: &str| {
        two_dollars(alert_at).customer(&format!(
            "heeds_alert = {{ delay = \"{delay}\" }}\nbuys_credit = {{ {buys}, amount = 1.00 }}"
        ))
    };
    // Alerted at 6, stopped at 8, and still so at 9.
    let case = heeds("0.50", "3h", "probability = 0");
    assert_eq!(case.attempts(), ["0h 2.00"]);
    assert_eq!(case.times(|what| what == Happening::AnswerDropped(Question::HeedAlert)), ["9h"]);
    // Also where that stop is over: credit is bought half an hour after each stop, at 8, 12, 16 and 20, and
    // what the alerts at 6, 10, 14 and 18 would buy three hours later is not.
    let case = heeds("0.50", "3h", "delay = \"30m\"");
    assert_eq!(case.attempts(), ["0h 2.00", "8h 30m 1.00", "12h 30m 1.00", "16h 30m 1.00", "20h 30m 1.00"]);
    case.gives(&[("stops", "4"), ("stopped_seconds", "7200.000000")]);
    // And where the event that alerts stops the account too.
    let case = heeds("0.00", "1h", "probability = 0");
    assert_eq!(alerts(&case), ["8h"]);
    assert_eq!(case.attempts(), ["0h 2.00"]);
}

#[test]
fn what_is_bought_on_an_alert_comes_before_the_question_of_a_stop() {
    // Alerted at 6, bought at 7 with a result at 11. Stopped at 8.
    let case = |payments: &str| {
        Case::hourly(0.25)
            .horizon("13h")
            .payments("latency = \"4h\"")
            .payments(payments)
            .customer("heeds_alert = { delay = \"1h\" }\nbuys_credit = { delay = \"1h\", amount = 5.00 }")
            .policy("prepaid_pause", "free_credit = { amount = 2.00 }\nalert_at = 0.50")
    };
    let asked = |case: &Case| {
        case.times(|what| matches!(what, Happening::Asked { question: Question::BuyCredit, .. }))
    };
    assert!(asked(&case("")).is_empty());
    assert_eq!(case("").attempts(), ["7h 5.00"]);
    case("").gives(&[("stops", "1"), ("stopped_seconds", "10800.000000")]);
    // Only when it has been declined is the customer asked.
    assert_eq!(asked(&case("decline = 1")), ["11h"]);
    assert_eq!(case("decline = 1").attempts(), ["7h 5.00", "12h 5.00"]);
}

#[test]
fn the_request_that_ends_a_trial_may_alert_too() {
    let case = Case::hourly(0.25)
        .horizon("6h")
        .customer("heeds_alert = { delay = \"1h\" }\nbuys_credit = { amount = 5.00 }")
        .policy("trial", "alert_at = 0.00\nthen = { kind = \"prepaid_pause\", initial_purchase = 0.50 }");
    assert_eq!(alerts(&case), ["4h"]);
    assert_eq!(case.attempts(), ["4h 0.50", "5h 5.00"]);
}

#[test]
fn an_alert_asks_by_itself_who_would_not_buy_in_a_stop() {
    let case = two_dollars("0.50")
        .horizon("9h")
        .customer("heeds_alert = { delay = \"90m\" }\nbuys_credit = { probability = 0, amount = 1.00 }");
    assert_eq!(case.attempts(), ["0h 2.00", "7h 30m 1.00"]);
}

#[test]
fn without_a_payment_method_nothing_is_bought_on_an_alert() {
    // 2.00 of free credit, used by 8.
    let case = Case::hourly(0.25)
        .customer("payment_method = 0")
        .customer("heeds_alert = { delay = \"1h\" }\nbuys_credit = { amount = 1.00 }")
        .policy("prepaid_pause", "free_credit = { amount = 2.00 }\nalert_at = 0.50");
    assert_eq!(alerts(&case), ["6h"]);
    assert!(case.attempts().is_empty());
    case.gives(&[("served", "8"), ("stops", "1")]);
}

#[test]
fn a_purchase_on_an_alert_beyond_the_spend_limit_is_not_made() {
    let case = |limit: &str| {
        two_dollars("0.50")
            .start("2026-01-31")
            .horizon("2d")
            .customer("heeds_alert = { delay = \"1h\" }\nbuys_credit = { probability = 0, amount = 1.00 }")
            .customer(&format!("spend_limit = {limit}"))
    };
    let forgone = |case: &Case| case.times(|happening| matches!(happening, Happening::PurchaseForgone(_)));
    // Nor is it put off until February.
    assert_eq!(case("2.99").attempts(), ["0h 2.00"]);
    assert_eq!(forgone(&case("2.99")), ["7h"]);
    // One more is within 3.00; alerted again at 10, the next is not.
    assert_eq!(case("3.00").attempts(), ["0h 2.00", "7h 1.00"]);
    assert_eq!(forgone(&case("3.00")), ["11h"]);
}

#[test]
fn a_declined_purchase_on_an_alert_is_not_tried_again_and_a_stop_asks_as_usual() {
    // Declined at 7. Stopped at 8, asked, and bought at 11; declined again, and tried every three hours.
    let case = two_dollars("0.50")
        .horizon("18h")
        .payments("decline = 1\nfirst_decline = 0")
        .customer("heeds_alert = { delay = \"1h\" }\nbuys_credit = { delay = \"3h\", amount = 1.00 }");
    assert_eq!(case.attempts(), ["0h 2.00", "7h 1.00", "11h 1.00", "14h 1.00", "17h 1.00"]);
    case.gives(&[("stops", "1"), ("stopped_seconds", "36000.000000")]);
}

#[test]
fn under_post_paid_what_is_left_of_the_limit_alerts_and_a_boundary_makes_it_more() {
    // 3 of 5 are used at 3, in January and, from the boundary at 24 on, at 26 in February.
    let case = |policy: &str| {
        Case::hourly(1.00)
            .start("2026-01-31")
            .horizon("2d")
            .policy("postpaid", &format!("tiers = [{{ paid = 0, limit = 5 }}]\nalert_at = 2.00\n{policy}"))
    };
    assert_eq!(alerts(&case("")), ["3h", "26h"]);
    // What the customer is willing to spend, where it is less.
    assert_eq!(alerts(&case("").customer("spend_limit = 4.00")), ["2h", "25h"]);
    // Credit comes first, and is left too where only what is billed counts: 3 + 5 - 2 are used at 6.
    assert_eq!(alerts(&case("free_credit = { amount = 3.00 }")), ["3h", "26h"]);
    assert_eq!(alerts(&case("free_credit = { amount = 3.00 }\nlimit_counts = \"billed\"")), ["6h", "26h"]);
    // Without a limit there is nothing to fall.
    assert!(alerts(&Case::hourly(1.00).policy("postpaid", "alert_at = 2.00")).is_empty());
}

#[test]
fn alerts_start_anew_at_a_move() {
    // 0.10 an hour of 10.00: 7.70 are left at the move.
    let case = |before: &str, after: &str| {
        Case::hourly(0.10).horizon("2d").policy(
            "prepaid_pause",
            &format!(
                "initial_purchase = 10.00\nalert_at = {before}\n\
                 switch = {{ at = 2026-01-02, to = {{ kind = \"prepaid_pause\", alert_at = {after} }} }}"
            ),
        )
    };
    // Less than 9.00, and it has not fallen to that under the new policy.
    assert!(alerts(&case("1.00", "9.00")).is_empty());
    // Alerted under the old policy, and for another amount under the new one.
    assert_eq!(alerts(&case("9.00", "7.00")), ["10h", "30h"]);
}

#[test]
fn alerts_see_the_present_where_standing_is_judged_now_and_then() {
    let case = two_dollars("0.75").metering("refresh = \"12h\"");
    assert_eq!(alerts(&case), ["5h"]);
    // Until 12 nobody is stopped: a purchase at 9 finds that no stop has come in between.
    let case = case.customer("heeds_alert = { delay = \"4h\" }\nbuys_credit = { amount = 5.00 }");
    assert_eq!(case.attempts(), ["0h 2.00", "9h 5.00"]);
    case.gives(&[("stops", "0"), ("served", "23")]);
}
