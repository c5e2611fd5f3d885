//! `progressive`: invoices within a period.

use super::Case;

#[test]
fn an_invoice_is_issued_when_what_was_ever_owed_reaches_an_amount() {
    let case = Case::hourly(1.00).policy("postpaid", "progressive = [2, 5, 10]");
    assert_eq!(case.attempts(), ["2h 2.00", "5h 3.00", "10h 5.00"]);
    case.gives(&[
        ("invoices", "3"),
        ("invoices_paid", "3"),
        ("cash_in_usd", "10.00"),
        ("receivable_end_usd", "13.00"),
        ("served", "23"),
    ]);
}

#[test]
fn amounts_reached_by_one_request_make_one_invoice() {
    let case = Case::hourly(3.00).horizon("4h").policy("postpaid", "progressive = [1, 2.50, 5]");
    assert_eq!(case.attempts(), ["1h 3.00", "2h 3.00"]);
}

#[test]
fn usage_that_credit_covers_is_not_owed_and_what_credit_pays_later_was() {
    // 3 on free credit, so 2 are owed at 5.
    let case = Case::hourly(1.00)
        .horizon("9h")
        .policy("postpaid", "progressive = [2, 5]\nfree_credit = { amount = 3.00 }");
    assert_eq!(case.attempts(), ["5h 2.00", "8h 3.00"]);
    // Alerted at 3, the customer pays 2 of 3. At 5 the fifth dollar is added, and 3 are owed.
    let case = Case::hourly(1.00)
        .horizon("9h")
        .customer("heeds_alert = { delay = \"30m\" }\nbuys_credit = { amount = 2.00 }")
        .policy("postpaid", "progressive = [5]\ntiers = [{ paid = 0, limit = 100 }]\nalert_at = 97.00");
    assert_eq!(case.attempts(), ["3h 30m 2.00", "5h 3.00"]);
}

#[test]
fn amounts_are_counted_through_the_periods_and_reached_once() {
    // 23 by the boundary at 24, 30 at 30; none at 28 and 53, when February's usage is 5 and 30.
    let case =
        Case::hourly(1.00).start("2026-01-31").horizon("54h").policy("postpaid", "progressive = [5, 30]");
    assert_eq!(case.attempts(), ["5h 5.00", "24h 18.00", "30h 7.00"]);
}

#[test]
fn what_is_less_than_the_minimum_charge_waits_for_the_next_amount() {
    let case = Case::hourly(0.25).policy("postpaid", "progressive = [0.50, 5]\nminimum_charge = 2.00");
    assert_eq!(case.attempts(), ["20h 5.00"]);
    // Or for the boundary.
    let case = Case::hourly(0.25)
        .start("2026-01-31")
        .horizon("25h")
        .policy("postpaid", "progressive = [0.50]\nminimum_charge = 2.00");
    assert_eq!(case.attempts(), ["24h 5.75"]);
}

#[test]
fn invoices_within_a_period_have_the_usual_terms() {
    let case = Case::hourly(1.00)
        .horizon("6h")
        .payments("decline = 1")
        .policy("postpaid", "progressive = [2]\nterms = \"1h\"\nretry_after = [\"2h\"]");
    assert_eq!(case.attempts(), ["3h 2.00", "5h 2.00"]);
    case.gives(&[("refused_past_due", "1"), ("overdue_end_usd", "2.00")]);
}

#[test]
fn usage_in_flight_is_invoiced_also_while_an_invoice_is_past_due() {
    // Settled two and a half hours after each request: 2 at 4h 30m, whose invoice is declined. The requests
    // of 3 and 4 are in flight: another 2 at 6h 30m.
    let case = Case::hourly(1.00)
        .metering("delay = \"2h 30m\"")
        .payments("decline = 1")
        .policy("postpaid", "progressive = [2, 4]");
    assert_eq!(case.attempts(), ["4h 30m 2.00", "6h 30m 2.00"]);
    case.gives(&[
        ("served", "4"),
        ("refused_past_due", "19"),
        ("stops", "1"),
        ("invoices", "2"),
        ("overdue_end_usd", "4.00"),
    ]);
}

#[test]
fn usage_settled_at_the_horizon_is_not_invoiced() {
    let case = |delay: &str| {
        let metering = format!("delay = \"{delay}\"");
        Case::hourly(1.00)
            .scenario("runoff = \"1d\"")
            .metering(&metering)
            .policy("postpaid", "progressive = [23]")
    };
    case("0s").gives(&[("invoices", "1")]);
    case("2h").gives(&[("invoices", "0"), ("receivable_end_usd", "23.00")]);
}

#[test]
fn amounts_reached_before_a_move_are_not_reached_again() {
    // 23 by the move at 24, 30 at 30.
    let case = Case::hourly(1.00).horizon("2d").policy(
        "postpaid",
        "switch = { at = 2026-01-02, to = { kind = \"postpaid\", progressive = [10, 30] } }",
    );
    assert_eq!(case.attempts(), ["30h 30.00"]);
}
