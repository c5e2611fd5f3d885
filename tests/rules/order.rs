//! What happens first at one instant, and when standing is judged.

use super::Case;
use billsim::engine::observation::Happening;

#[test]
fn a_top_up_that_is_posted_at_the_instant_that_empties_the_balance_leaves_no_stop() {
    // Every second request empties the balance: at 2, 4, ... 22, which makes 11 top-ups. 1 + 11 - 23 x 0.50 =
    // 0.50.
    let case =
        Case::hourly(0.50).policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00");
    case.gives(&[
        ("served", "23"),
        ("stops", "0"),
        ("stopped_seconds", "0.000000"),
        ("top_ups", "11"),
        ("manual_purchases", "0"),
        ("credit_end_usd", "0.50"),
    ]);
    // A second of latency: a second's stop each time; the initial purchase opens the account a second late.
    case.payments("latency = \"1s\"").gives(&[
        ("served", "23"),
        ("stops", "11"),
        ("accounts_stopped", "1"),
        ("stopped_seconds", "11.000000"),
    ]);
}

#[test]
fn a_grant_expires_before_a_request_of_the_same_instant() {
    // At 2 half of the grant is left unused; the request then finds nothing. Stopped for 22 hours.
    Case::hourly(0.25)
        .policy("prepaid_pause", "free_credit = { amount = 0.50, expires_after = \"2h\" }")
        .gives(&[
            ("served", "1"),
            ("promotional_usd", "0.25"),
            ("stops", "1"),
            ("stopped_seconds", "79200.000000"),
            ("refused_no_credit", "22"),
        ]);
}

#[test]
fn a_top_up_cures_what_an_expired_grant_has_emptied_before_it_is_judged() {
    // Expiry at 2 (class 5) makes the balance 0; the top-up's result and posting (2, 3) follow at once, then
    // the request.
    Case::hourly(0.25)
        .horizon("3h")
        .policy(
            "auto_topup",
            "threshold = 0\namount = 1.00\nfree_credit = { amount = 0.50, expires_after = \"2h\" }",
        )
        .gives(&[("served", "2"), ("stops", "0"), ("top_ups", "1"), ("credit_end_usd", "0.75")]);
}

#[test]
fn a_boundary_comes_before_results_and_postings_and_these_before_the_first_attempt_of_an_invoice() {
    // 10 of usage on Jan 1 reach the limit at 10; credit is bought at 24 and comes at 744, the start of
    // February. There: boundary (invoice of 10, count 0), result, posting (pays the invoice, 10 are left),
    // and no attempt for the invoice. Served: 1..10 and 744..767; the last 24 use 10 of credit, then 14 of
    // receivable.
    Case::hourly(1.00)
        .horizon("32d")
        .payments("latency = \"30d\"")
        .customer("buys_credit = { delay = \"14h\", amount = 20.00 }")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 10 }, { paid = 10, limit = 100 }]")
        .gives(&[
            ("served", "34"),
            ("refused_limit_reached", "733"),
            ("stops", "1"),
            ("stopped_seconds", "2642400.000000"), // 734 hours
            ("payments", "1"),
            ("cash_in_usd", "20.00"),
            ("invoices", "1"),
            ("invoices_paid", "1"),
            ("credit_end_usd", "0.00"),
            ("receivable_end_usd", "14.00"),
        ]);
}

#[test]
fn a_request_is_settled_before_the_next_of_the_same_instant_is_admitted() {
    let folder = tempfile::tempdir().unwrap();
    let trace = || Case::trace(&folder, &[(0, 0.50), (60, 0.50), (60, 0.50), (60, 0.50)]);
    // The first at 60 empties the balance; the others find it empty.
    trace().policy("prepaid_pause", "initial_purchase = 1.00").gives(&[
        ("served", "2"),
        ("refused_no_credit", "2"),
        ("overshoot_usd", "0.00"),
    ]);
    // A top-up within the instant comes between them: all are served.
    trace().policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 0.50").gives(&[
        ("served", "4"),
        ("refusals", "0"),
        ("stops", "0"),
        ("top_ups", "3"),
    ]);
}

#[test]
fn a_card_that_expires_at_the_instant_of_an_attempt_declines_it() {
    let case = |lifetime: &str| {
        Case::hourly(0.50)
            .horizon("3h")
            .payments(&format!("card_lifetime = \"{lifetime}\""))
            .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00")
    };
    case("2h").gives(&[("payments", "2"), ("payments_declined", "1"), ("top_ups", "0"), ("stops", "1")]);
    case("2h 1s").gives(&[("payments", "2"), ("payments_declined", "0"), ("top_ups", "1"), ("stops", "0")]);
}

#[test]
fn credit_posted_at_the_instant_at_which_patience_ends_keeps_the_customer() {
    let case = |patience: &str| {
        Case::hourly(0.50)
            .horizon("4h")
            .payments("latency = \"1h\"")
            .customer(&format!("patience = \"{patience}\""))
            .policy("auto_topup", "threshold = 0\namount = 1.00\nfree_credit = { amount = 1.00 }")
    };
    // Stopped at 2; the top-up is posted at 3 and the request at 3 served.
    case("1h").gives(&[("accounts_churned", "0"), ("served", "3"), ("stopped_seconds", "3600.000000")]);
    case("59m").gives(&[
        ("accounts_churned", "1"),
        ("served", "2"),
        ("churned_requests", "1"),
        ("stopped_seconds", "3540.000000"),
    ]);
}

#[test]
fn a_customer_whose_patience_ends_does_not_send_the_request_of_that_instant() {
    let case =
        Case::hourly(0.50).customer("patience = \"3h\"").policy("prepaid_pause", "initial_purchase = 1.00");
    // Stopped at 2, gone at 5: 3 and 4 are refused, 5..23 never sent.
    case.gives(&[("requests", "4"), ("refusals", "2"), ("churned_requests", "19")]);
    assert_eq!(case.times(|happening| happening == Happening::Churned), ["5h"]);
}

#[test]
fn what_falls_at_the_horizon_does_not_happen() {
    let case = |horizon: &str| {
        Case::hourly(0.25)
            .horizon(horizon)
            .payments("latency = \"6h\"")
            .policy("prepaid_pause", "initial_purchase = 1.00")
    };
    case("6h").gives(&[("requests", "5"), ("payments", "0"), ("cash_in_usd", "0.00")]);
    case("6h 1s").gives(&[("requests", "6"), ("served", "1"), ("payments", "1"), ("cash_in_usd", "1.00")]);
}
