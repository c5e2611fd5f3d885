//! Latency, posting, outages, declines, retries, cards, fees.

use super::Case;
use billsim::engine::observation::Happening;

#[test]
fn an_account_whose_purchase_at_signup_is_under_way_is_not_open_and_not_stopped() {
    // Refused at 1, credit at 1h 30m, served at 2..5, then stopped for 19 hours.
    let case =
        Case::hourly(0.25).payments("latency = \"90m\"").policy("prepaid_pause", "initial_purchase = 1.00");
    case.gives(&[
        ("served", "4"),
        ("refused_no_credit", "19"),
        ("stops", "1"),
        ("stopped_seconds", "68400.000000"),
    ]);
    assert_eq!(case.times(|happening| matches!(happening, Happening::Stopped(_))), ["5h"]);
}

#[test]
fn bought_credit_is_a_liability_from_the_result_and_balance_from_its_posting() {
    let case = Case::hourly(0.25)
        .payments("latency = \"30m\"\nposting_delay = \"1h\"")
        .policy("prepaid_pause", "initial_purchase = 5.00");
    // 5.00 for the second of two half hours.
    case.clone().horizon("1h").gives(&[
        ("cash_in_usd", "5.00"),
        ("credit_end_usd", "5.00"),
        ("credit_mean_usd", "2.50"),
    ]);
    // Posted at 1h 30m: the request at 1 is refused.
    case.horizon("4h").gives(&[("served", "2"), ("refused_no_credit", "1"), ("stops", "0")]);
}

#[test]
fn an_attempt_in_an_outage_waits_for_its_end_and_its_latency_starts_there() {
    // Empty at 2; the outage 2..5 and an hour of latency make the result come at 6. Empty at 7: result at 8.
    let case = Case::hourly(0.25)
        .horizon("9h")
        .payments("latency = \"1h\"\noutages = [{ from = \"2h\", for = \"3h\" }]")
        .policy("auto_topup", "threshold = 0\namount = 0.50\nfree_credit = { amount = 0.50 }");
    case.gives(&[
        ("served", "5"),
        ("refused_no_credit", "3"),
        ("payments", "2"),
        ("stops", "2"),
        ("stopped_seconds", "18000.000000"),
        ("credit_end_usd", "0.25"),
    ]);
    // A card that expires at 3 was good when the first attempt was made.
    case.payments("card_lifetime = \"3h\"").gives(&[
        ("payments", "2"),
        ("payments_declined", "1"),
        ("top_ups", "1"),
    ]);
}

#[test]
fn an_attempt_at_the_end_of_an_outage_does_not_wait() {
    // Empty at 2, when the outage ends: result at 3, in time for the request at 3.
    Case::hourly(0.25)
        .horizon("4h")
        .payments("latency = \"1h\"\noutages = [{ from = \"0h\", for = \"2h\" }]")
        .policy("auto_topup", "threshold = 0\namount = 0.50\nfree_credit = { amount = 0.50 }")
        .gives(&[("served", "3"), ("stops", "1"), ("stopped_seconds", "3600.000000")]);
}

#[test]
fn a_percentage_fee_is_rounded_half_up_to_a_cent() {
    let case = |amount: &str| {
        Case::hourly(0.01)
            .payments("fee_percent = 2.9\nfee_fixed = 0.30")
            .policy("prepaid_pause", &format!("initial_purchase = {amount}"))
    };
    // 14.5 cents are 15, and 30.
    case("5.00").gives(&[("fees_usd", "0.45"), ("net_cash_usd", "4.55")]);
    // 1.45 cents are 1, and 30.
    case("0.50").gives(&[("fees_usd", "0.31"), ("net_cash_usd", "0.19")]);
    // What is declined costs nothing.
    case("5.00").payments("decline = 1").gives(&[
        ("payments", "1"),
        ("payments_declined", "1"),
        ("fees_usd", "0.00"),
        ("cash_in_usd", "0.00"),
    ]);
}

#[test]
fn retries_follow_their_schedule_from_each_result() {
    // The purchase at signup succeeds at 10m. Empty at 2: attempts at 2, then an hour after its result, then
    // two hours.
    let case = Case::hourly(0.25).payments("latency = \"10m\"\ndecline = 1\nfirst_decline = 0").policy(
        "auto_topup",
        "initial_purchase = 0.50\nthreshold = 0\namount = 0.50\nretry_after = [\"1h\", \"2h\"]",
    );
    assert_eq!(case.attempts(), ["0h 0.50", "2h 0.50", "3h 10m 0.50", "5h 20m 0.50"]);
    assert_eq!(case.times(|happening| happening == Happening::TopUpDisabled), ["5h 30m"]);
    case.gives(&[("payments", "4"), ("payments_declined", "3"), ("stops", "1"), ("top_ups", "0")]);
}

#[test]
fn a_retry_comes_after_at_least_a_second() {
    let case = Case::hourly(0.25).payments("decline = 1\nfirst_decline = 0").policy(
        "auto_topup",
        "initial_purchase = 0.50\nthreshold = 0\namount = 0.50\nretry_after = [\"0s\", \"300ms\"]",
    );
    assert_eq!(case.attempts(), ["0h 0.50", "2h 0.50", "2h 1s 0.50", "2h 2s 0.50"]);
}

#[test]
fn the_probability_of_first_declines_holds_until_a_success() {
    let policy = "initial_purchase = 0.50\nthreshold = 0\namount = 0.50\nretry_after = [\"1h\"]";
    let case = |payments: &str| Case::hourly(0.25).payments(payments).policy("auto_topup", policy);
    // Nothing ever succeeds: the purchase at signup, a top-up at once (the balance is 0) and its retry.
    case("first_decline = 1").gives(&[("payments", "3"), ("payments_declined", "3")]);
    // Without funds for ever, but for the first success: the purchase, the top-up at 2 and its retry.
    case("decline = 1\nfirst_decline = 0\ndecline_lasts = \"1d\"")
        .gives(&[("payments", "3"), ("payments_declined", "2")]);
    // Never without funds: a top-up at 2, 4, ... 22.
    case("decline = 0\ndecline_lasts = \"1d\"").gives(&[("payments", "12"), ("payments_declined", "0")]);
}

#[test]
fn an_updated_card_goes_on_with_a_new_life() {
    let case = Case::hourly(0.25)
        .payments("card_lifetime = \"2h\"\ncard_updater = 1")
        .policy("auto_topup", "initial_purchase = 0.50\nthreshold = 0\namount = 0.50");
    case.gives(&[("payments", "12"), ("payments_declined", "0"), ("stops", "0")]);
    let renewals = case.times(|happening| happening == Happening::CardRenewed);
    assert_eq!(renewals.len(), 11);
    assert_eq!((&*renewals[0], &*renewals[10]), ("2h", "22h"));
}

#[test]
fn a_card_that_is_renewed_lives_for_a_second_at_least() {
    // One card in ten thousand million lives for longer than a microsecond.
    let lifetime = "{ empirical = { values = [\"1us\", \"10000000d\"], weights = [1e10, 1] } }";
    let case = Case::hourly(0.50)
        .horizon("1m")
        .payments(&format!("card_lifetime = {lifetime}\ncard_updater = 1"))
        .policy("prepaid_pause", "");
    let story = case.story();
    let renewals = story.iter().filter(|(_, happening)| *happening == Happening::CardRenewed);
    assert_eq!(renewals.count(), 60); // after a microsecond, and each second from then on
}

#[test]
fn a_card_that_is_not_renewed_may_expire_at_once() {
    // The purchase at signup is attempted before; that of the second hour is declined for good.
    Case::hourly(0.50)
        .horizon("3h")
        .payments("card_lifetime = \"0s\"")
        .policy("auto_topup", "initial_purchase = 0.50\nthreshold = 0\namount = 0.50")
        .gives(&[("payments", "2"), ("payments_declined", "1"), ("served", "1")]);
}
