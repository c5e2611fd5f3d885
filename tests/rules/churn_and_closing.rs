//! Customers who leave, and accounts that are closed.

use super::Case;

fn last_day_of_january() -> Case {
    Case::hourly(1.00).start("2026-01-31")
}

#[test]
fn a_stop_that_outlasts_the_customer_s_patience_ends_in_churn() {
    // Stopped at 2, gone at 5: 2 of 5 hours active.
    Case::hourly(0.25)
        .customer("patience = \"3h\"\nbuys_credit = { delay = \"4h\", amount = 5.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("requests", "4"),
            ("served", "2"),
            ("refused_no_credit", "2"),
            ("churned_requests", "19"),
            ("churned_usage_usd", "4.75"),
            ("lost_usage_usd", "0.50"),
            ("stopped_seconds", "10800.000000"),
            ("active_share", "0.4"),
            ("accounts_churned", "1"),
            ("manual_purchases", "0"),
        ]);
}

#[test]
fn patience_starts_anew_with_each_stop() {
    // Eight stops of an hour and a half.
    Case::hourly(0.25)
        .customer("patience = \"2h\"\nbuys_credit = { delay = \"90m\", amount = 0.50 }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[("stops", "8"), ("accounts_churned", "0")]);
}

#[test]
fn invoices_of_a_customer_who_left_are_issued_and_collected() {
    // The limit is reached at 5, gone at 8; 5.00 are invoiced at 24, declined, and declined again at 30.
    let case = last_day_of_january()
        .horizon("2d")
        .customer("patience = \"3h\"")
        .policy("postpaid", "tiers = [{ paid = 0, limit = 5 }]\nretry_after = [\"6h\"]");
    case.gives(&[
        ("accounts_churned", "1"),
        ("invoices_paid", "1"),
        ("cash_in_usd", "5.00"),
        ("stops", "1"),
        ("stopped_seconds", "10800.000000"),
        ("bad_debt_usd", "0.00"),
    ]);
    let declined = case.payments("decline = 1").customer("replaces_card = { delay = \"1h\" }");
    assert_eq!(declined.attempts(), ["24h 5.00", "30h 5.00"]);
    declined.gives(&[
        ("stops", "1"),
        ("refused_past_due", "0"),
        ("overdue_end_usd", "5.00"),
        ("churned_requests", "40"), // 8..47
    ]);
}

#[test]
fn no_top_up_is_made_for_a_customer_who_left() {
    // The budget stops the account at 2; February begins at 24.
    let case = Case::hourly(0.50)
        .start("2026-01-31")
        .horizon("2d")
        .customer("patience = \"1h\"")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nmonthly_budget = 1.00");
    assert_eq!(case.attempts(), ["0h 1.00"]);
    case.gives(&[("accounts_churned", "1"), ("refused_budget_reached", "0"), ("churned_requests", "45")]);
}

#[test]
fn what_a_prepaid_customer_who_left_owes_is_written_off() {
    // 2 x 0.30 on 0.50.
    let case =
        Case::hourly(0.30).customer("patience = \"3h\"").policy("prepaid_pause", "initial_purchase = 0.50");
    case.gives(&[
        ("bad_debt_usd", "0.10"),
        ("receivable_end_usd", "0.00"),
        ("contribution_usd", "0.50"),
        ("accounts_closed", "0"),
    ]);
}

#[test]
fn a_purchase_that_succeeds_after_its_customer_left_becomes_credit() {
    // Open at 3. Below zero at 4 (0.50 - 2 x 0.30), bought at 5, gone at 7, result at 8.
    Case::hourly(0.30)
        .payments("latency = \"3h\"")
        .customer("patience = \"3h\"\nbuys_credit = { delay = \"1h\", amount = 1.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("served", "2"),
            ("accounts_churned", "1"),
            ("bad_debt_usd", "0.10"),
            ("credit_end_usd", "1.00"),
            ("cash_in_usd", "1.50"),
        ]);
}

#[test]
fn an_invoice_unpaid_for_too_long_closes_the_account() {
    // 23.00 invoiced at 24 and declined for good; closed at 72. 24 of 72 hours active.
    let case = last_day_of_january().horizon("6d").payments("card_lifetime = \"12h\"");
    case.clone().policy("postpaid", "write_off_after = \"2d\"").gives(&[
        ("served", "23"),
        ("refused_past_due", "48"),
        ("refused_closed", "72"),
        ("stops", "1"),
        ("stopped_seconds", "172800.000000"),
        ("active_share", "0.3333333333333333"),
        ("bad_debt_usd", "23.00"),
        ("invoices_written_off", "1"),
        ("accounts_closed", "1"),
        ("accounts_churned", "0"),
        ("receivable_end_usd", "0.00"),
        ("overdue_end_usd", "0.00"),
    ]);
    // Declined only at 48: what was used since 24 is written off too.
    case.policy("postpaid", "write_off_after = \"2d\"\nterms = \"1d\"").gives(&[
        ("served", "47"),
        ("bad_debt_usd", "47.00"),
        ("invoices", "1"),
        ("receivable_end_usd", "0.00"),
    ]);
}

#[test]
fn what_was_attempted_before_an_account_was_closed_becomes_credit() {
    // The attempt of 24 has its result at 96, the account is closed at 72, with 23 invoiced and 48 used
    // since.
    last_day_of_january()
        .horizon("6d")
        .payments("latency = \"3d\"")
        .policy("postpaid", "write_off_after = \"2d\"")
        .gives(&[
            ("served", "71"),
            ("refused_closed", "72"),
            ("bad_debt_usd", "71.00"),
            ("cash_in_usd", "23.00"),
            ("credit_end_usd", "23.00"),
            ("receivable_end_usd", "0.00"),
            ("invoices_paid", "0"),
            ("stops", "0"),
            ("active_share", "1"),
        ]);
}

#[test]
fn a_closed_account_does_not_churn_or_collect() {
    // Closed at 72. The retry of 24 + 4 days does not come.
    let case = |payments: &str| {
        last_day_of_january()
            .horizon("8d")
            .payments(payments)
            .customer("patience = \"4d\"")
            .policy("postpaid", "write_off_after = \"2d\"\nretry_after = [\"4d\"]")
    };
    assert_eq!(case("decline = 1").attempts(), ["24h 23.00"]);
    case("decline = 1").gives(&[("stops", "0"), ("accounts_closed", "1"), ("refused_closed", "120")]);
    // Stopped at 24, with patience until 120.
    case("card_lifetime = \"12h\"").gives(&[
        ("stops", "1"),
        ("accounts_closed", "1"),
        ("accounts_churned", "0"),
        ("churned_requests", "0"),
    ]);
}

#[test]
fn a_top_up_is_not_tried_again_for_a_customer_who_left() {
    // Declined at 2, gone at 3; the retry of 7 does not come.
    let case =
        Case::hourly(0.50).payments("decline = 1\nfirst_decline = 0").customer("patience = \"1h\"").policy(
            "auto_topup",
            "initial_purchase = 1.00\nthreshold = 0\namount = 1.00\nretry_after = [\"5h\"]",
        );
    assert_eq!(case.attempts(), ["0h 1.00", "2h 1.00"]);
    case.gives(&[("accounts_churned", "1")]);
}
