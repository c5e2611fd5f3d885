//! After the horizon.

use super::Case;
use billsim::engine::observation::Happening;

fn last_day_of_january() -> Case {
    Case::hourly(1.00).start("2026-01-31").scenario("runoff = \"4d\"")
}

#[test]
fn invoices_are_issued_and_collected_after_the_horizon() {
    last_day_of_january().policy("postpaid", "").gives(&[
        ("requests", "23"),
        ("invoices", "1"),
        ("invoices_paid", "1"),
        ("cash_in_usd", "23.00"),
        ("receivable_end_usd", "0.00"),
        ("receivable_mean_usd", "11.50"), // 0, 1, ... 23 for an hour each, before the horizon alone
    ]);
    Case::hourly(1.00)
        .start("2026-01-31")
        .policy("postpaid", "")
        .gives(&[("invoices", "0"), ("receivable_end_usd", "23.00")]);
}

#[test]
fn declines_after_the_horizon_stop_nobody() {
    let case = last_day_of_january().payments("decline = 1").policy("postpaid", "retry_after = [\"1d\"]");
    assert_eq!(case.attempts(), ["24h 23.00", "48h 23.00"]);
    case.gives(&[
        ("payments_declined", "2"),
        ("stops", "0"),
        ("stopped_seconds", "0.000000"),
        ("overdue_end_usd", "23.00"),
        ("active_share", "1"),
    ]);
}

#[test]
fn new_cards_pay_invoices_after_the_horizon() {
    let case = last_day_of_january()
        .payments("card_lifetime = \"12h\"")
        .customer("replaces_card = { delay = \"1d\" }")
        .policy("postpaid", "");
    assert_eq!(case.attempts(), ["24h 23.00", "48h 23.00"]);
    case.gives(&[("invoices_paid", "1"), ("cash_in_usd", "23.00"), ("overdue_end_usd", "0.00")]);
}

#[test]
fn invoices_are_written_off_after_the_horizon() {
    last_day_of_january()
        .payments("card_lifetime = \"12h\"")
        .policy("postpaid", "write_off_after = \"2d\"")
        .gives(&[
            ("bad_debt_usd", "23.00"),
            ("invoices_written_off", "1"),
            ("accounts_closed", "1"),
            ("stops", "0"),
        ]);
}

#[test]
fn a_purchase_under_way_at_the_horizon_succeeds_and_is_not_used() {
    Case::hourly(0.25)
        .scenario("runoff = \"1h\"")
        .payments("latency = \"24h\"")
        .policy("prepaid_pause", "initial_purchase = 1.00")
        .gives(&[
            ("cash_in_usd", "1.00"),
            ("credit_end_usd", "1.00"),
            ("credit_mean_usd", "0.00"),
            ("payments", "1"),
            ("served", "0"),
        ]);
}

#[test]
fn nothing_is_bought_after_the_horizon_and_nobody_leaves() {
    // Stopped at 22; the customer would buy, or leave, at 24 or later; top-up would be tried again, and look
    // again at 24.
    let case = Case::hourly(0.50).start("2026-01-31").scenario("runoff = \"4d\"");
    case.clone()
        .customer("buys_credit = { delay = \"3h\", amount = 5.00 }\npatience = \"4h\"")
        .policy("prepaid_pause", "initial_purchase = 11.00")
        .gives(&[
            ("stops", "1"),
            ("stopped_seconds", "7200.000000"),
            ("payments", "1"),
            ("accounts_churned", "0"),
        ]);
    let top_up = "initial_purchase = 11.00\nthreshold = 0\namount = 1.00\nretry_after = [\"3h\"]\n";
    let declined = case.clone().payments("decline = 1\nfirst_decline = 0").policy("auto_topup", top_up);
    assert_eq!(declined.attempts(), ["0h 11.00", "22h 1.00"]);
    let limited = case.policy("auto_topup", &format!("{top_up}monthly_budget = 11.00"));
    assert_eq!(limited.attempts(), ["0h 11.00"]);
}

#[test]
fn a_trial_that_expires_after_the_horizon_does_not_move() {
    Case::hourly(0.01)
        .scenario("runoff = \"4d\"")
        .policy(
            "trial",
            "expires_after = \"30h\"\nthen = { kind = \"prepaid_pause\", initial_purchase = 5.00 }",
        )
        .gives(&[("accounts_converted", "0"), ("payments", "0"), ("promotional_usd", "0.23")]);
}

#[test]
fn a_purchase_declined_for_good_after_the_horizon_asks_nobody() {
    // The limit of 20 is reached at 20; what is bought at 21 on an expired card is declined at 26. So no new card pays
    // the invoice of 24 before it is due at 72; its own decline at 77 brings one.
    let case = last_day_of_january()
        .payments("card_lifetime = \"12h\"\nlatency = \"5h\"")
        .customer("buys_credit = { delay = \"1h\", amount = 20.00 }\nreplaces_card = { delay = \"1s\" }")
        .policy("postpaid", "terms = \"2d\"\ntiers = [{ paid = 0, limit = 20 }, { paid = 20, limit = 100 }]");
    assert_eq!(case.attempts(), ["21h 20.00", "72h 20.00", "77h 1s 20.00"]);
    // Nor does a top-up, attempted at 22.
    let case = Case::hourly(0.50)
        .scenario("runoff = \"4d\"")
        .payments("card_lifetime = \"12h\"\nlatency = \"5h\"")
        .customer("replaces_card = { delay = \"1s\" }")
        .policy("auto_topup", "free_credit = { amount = 11.00 }\nthreshold = 0\namount = 1.00");
    assert_eq!(case.attempts(), ["22h 1.00"]);
    assert!(case.times(|happening| happening == Happening::CardReplaced).is_empty());
}
