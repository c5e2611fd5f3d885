//! `auto_topup`.

use super::Case;
use billsim::engine::observation::Happening;

#[test]
fn a_balance_at_the_threshold_is_topped_up_and_only_once_at_a_time() {
    // At the threshold at 2, 6, 10, ... 22; each is posted an hour and a half later, while the balance goes
    // on falling. 1 + 6 - 23 x 0.25 = 1.25.
    let case = Case::hourly(0.25)
        .payments("latency = \"90m\"")
        .policy("auto_topup", "threshold = 0.50\namount = 1.00\nfree_credit = { amount = 1.00 }");
    assert_eq!(case.attempts(), ["2h 1.00", "6h 1.00", "10h 1.00", "14h 1.00", "18h 1.00", "22h 1.00"]);
    case.gives(&[("served", "23"), ("stops", "0"), ("top_ups", "6"), ("credit_end_usd", "1.25")]);
}

#[test]
fn a_target_is_reached_in_whole_cents_rounded_up() {
    // 1 - 5 x 0.1234 = 0.383 <= 0.50: 1.617 are 1.62, giving 2.003. 13 requests later 0.3988: 1.6012 are
    // 1.61.
    let case =
        Case::hourly(0.1234).policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0.50\ntarget = 2.00");
    assert_eq!(case.attempts(), ["0h 1.00", "5h 1.62", "18h 1.61"]);
}

#[test]
fn a_retry_is_for_the_same_amount() {
    // 2 - 4 x 0.25 = 1.00 at 4: 1.00 to the target. At 5 and 6, 1.25 and 1.50 would be missing.
    let case = Case::hourly(0.25).payments("decline = 1\nfirst_decline = 0").policy(
        "auto_topup",
        "initial_purchase = 2.00\nthreshold = 1.00\ntarget = 2.00\nretry_after = [\"1h\", \"1h\"]",
    );
    assert_eq!(case.attempts(), ["0h 2.00", "4h 1.00", "5h 1.00", "6h 1.00"]);
}

#[test]
fn a_monthly_budget_holds_for_purchases_of_every_kind_until_the_next_period() {
    // On Jan 31: 1.00 at signup, at 2 and at 4 are the budget. Stopped at 6 until February begins at 24,
    // where top-up looks again: 24, 25 and 27. Empty at 29. Nobody is asked.
    let case = Case::hourly(0.50)
        .start("2026-01-31")
        .horizon("30h")
        .customer("buys_credit = { delay = \"1h\", amount = 5.00 }");
    let policy = "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\n";
    let columns = [
        ("served", "12"),
        ("refused_budget_reached", "17"),
        ("refusals", "17"),
        ("top_ups", "5"),
        ("cash_in_usd", "6.00"),
        ("stops", "2"),
        ("stopped_seconds", "68400.000000"), // 6..24 and 29..30
    ];
    case.clone().policy("auto_topup", &format!("{policy}monthly_budget = 3.00")).gives(&columns);
    // What the customer is willing to pay in a period does the same.
    case.customer("spend_limit = 3.00").policy("auto_topup", policy).gives(&columns);
}

#[test]
fn a_declined_purchase_does_not_use_the_budget() {
    // 1.00 at signup; at 2 the card has expired (1h 30m); a new one at 3: 1 + 1 is within the budget. Empty
    // at 4: over.
    let case = Case::hourly(0.50)
        .horizon("6h")
        .payments("card_lifetime = \"90m\"")
        .customer("replaces_card = { delay = \"1h\" }")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nmonthly_budget = 2.00");
    assert_eq!(case.attempts(), ["0h 1.00", "2h 1.00", "3h 1.00"]);
    case.gives(&[
        ("served", "4"),
        ("refused_budget_reached", "1"),
        ("stops", "2"),
        ("stopped_seconds", "10800.000000"), // 2..3 and 4..6
    ]);
}

#[test]
fn so_many_purchases_a_day_and_the_next_day_more() {
    // At signup and at 2; stopped at 4 until 24; at 24 and 25; stopped at 27 until 48.
    let case = Case::hourly(0.50)
        .horizon("2d")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nmax_per_day = 2");
    assert_eq!(case.attempts(), ["0h 1.00", "2h 1.00", "24h 1.00", "25h 1.00"]);
    case.gives(&[
        ("served", "8"),
        ("refused_no_credit", "39"),
        ("stops", "2"),
        ("stopped_seconds", "147600.000000"),
        ("top_ups", "3"),
    ]);
}

#[test]
fn only_a_budget_that_alone_prevents_a_top_up_is_the_reason() {
    // At 4 both the budget and the number of the day prevent more; from 24 on only the budget. One stop.
    Case::hourly(0.50)
        .horizon("2d")
        .policy(
            "auto_topup",
            "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nmax_per_day = 2\nmonthly_budget = 2.00",
        )
        .gives(&[
            ("served", "4"),
            ("refused_no_credit", "19"),
            ("refused_budget_reached", "24"),
            ("stops", "1"),
        ]);
}

#[test]
fn a_new_card_enables_top_up_again() {
    // A card lives 1h 30m. Declined at 2; replaced at 3, when top-up succeeds at once, and again at 4;
    // declined at 6, and so on every four hours: 6 stops of an hour, none of which meets a request.
    let case = Case::hourly(0.25)
        .payments("card_lifetime = \"90m\"")
        .customer("replaces_card = { delay = \"1h\" }")
        .policy(
            "auto_topup",
            "initial_purchase = 0.50\nthreshold = 0\namount = 0.50\nretry_after = [\"1m\"]",
        );
    assert_eq!(
        case.times(|happening| happening == Happening::CardReplaced),
        ["3h", "7h", "11h", "15h", "19h", "23h"]
    );
    case.gives(&[
        ("served", "23"),
        ("stops", "6"),
        ("stopped_seconds", "21600.000000"),
        ("payments", "18"), // 1 at signup, 6 declined, 11 others
        ("payments_declined", "6"),
        ("top_ups", "11"),
        ("credit_end_usd", "0.25"), // 0.50 + 11 x 0.50 - 5.75
    ]);
}

#[test]
fn an_account_without_a_payment_method_is_not_topped_up() {
    Case::hourly(0.25)
        .customer("payment_method = 0")
        .policy("auto_topup", "threshold = 0.25\namount = 1.00\nfree_credit = { amount = 0.50 }")
        .gives(&[("served", "2"), ("payments", "0"), ("refused_no_payment_method", "21")]);
}

#[test]
fn the_customer_s_own_purchases_use_the_budget_too() {
    // One purchase a day, that at signup: empty at 2, and the customer buys at 3, 5, ... 23. By 24 these have
    // used up the budget of 3, where the purchase at signup alone would leave room: stopped for that, and
    // nobody is asked.
    let case =
        Case::hourly(0.50).horizon("30h").customer("buys_credit = { delay = \"1h\", amount = 1.00 }").policy(
            "auto_topup",
            "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nmax_per_day = 1\nmonthly_budget = 3.00",
        );
    case.gives(&[
        ("served", "24"),
        ("top_ups", "0"),
        ("manual_purchases", "11"),
        ("refused_no_credit", "0"), // each stop of an hour ends just before a request
        ("refused_budget_reached", "5"),
    ]);
}

#[test]
fn a_purchase_belongs_to_the_period_of_its_attempt() {
    // 1.00 attempted on Jan 31 comes on Feb 1, at 30; empty at 31, 1.00 is within the budget of February; at
    // 33 it is not.
    let case = Case::hourly(0.50)
        .start("2026-01-31")
        .horizon("100h")
        .payments("latency = \"30h\"")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nmonthly_budget = 1.00");
    assert_eq!(case.attempts(), ["0h 1.00", "31h 1.00"]);
    case.gives(&[("served", "4"), ("refused_budget_reached", "37")]); // 63..99, for the second pays 61 and 62
}

#[test]
fn an_account_is_topped_up_when_a_payment_method_is_added() {
    let case = |initial: &str| {
        Case::hourly(0.50)
            .horizon("4h")
            .customer("payment_method = 0\nadds_payment_method = { delay = \"90m\" }")
            .policy("auto_topup", &format!("{initial}threshold = 0\namount = 1.00"))
    };
    // The requests at 2 and 3 empty it again.
    assert_eq!(case("").attempts(), ["1h 30m 1.00", "3h 1.00"]);
    // What is bought on adding it is under way, so there is no top-up beside it; the request at 2 empties it.
    assert_eq!(case("initial_purchase = 0.50\n").attempts(), ["1h 30m 0.50", "2h 1.00"]);
}
