//! Payments that are disputed.

use super::Case;

const DISPUTED_AFTER_10_HOURS: &str = "dispute = { probability = 1, delay = \"10h\", fee = 15.00 }";

#[test]
fn a_disputed_payment_goes_back_with_what_is_unused_of_it_a_fee_and_the_account() {
    // 9 x 0.25 are used by 10; the request of that instant is refused.
    let run = Case::hourly(0.25)
        .payments(DISPUTED_AFTER_10_HOURS)
        .payments("fee_percent = 10")
        .policy("prepaid_pause", "initial_purchase = 5.00")
        .run();
    run.gives(&[
        ("served", "9"),
        ("refused_closed", "14"),
        ("accounts_closed", "1"),
        ("stops", "0"),
        ("active_share", "1"),
        ("cash_in_usd", "5.00"),
        ("disputes_usd", "2.25"),
        ("fees_usd", "15.50"),
        ("net_cash_usd", "-15.50"), // 5.00 - 15.50 - 5.00
        ("contribution_usd", "-15.50"),
        ("credit_end_usd", "0.00"),
        ("bad_debt_usd", "0.00"),
    ]);
    let at_10: Vec<&String> = run.ledger.iter().filter(|row| row.starts_with("10h")).collect();
    assert_eq!(at_10, ["10h disputed_payment 5.00", "10h disputed_credit 2.75", "10h fee 15.00"]);
}

#[test]
fn what_is_not_disputed_stays() {
    Case::hourly(0.25)
        .payments("dispute = { probability = 0, delay = \"10h\", fee = 15.00 }")
        .policy("prepaid_pause", "initial_purchase = 5.00")
        .gives(&[("disputes_usd", "0.00"), ("fees_usd", "0.00"), ("accounts_closed", "0")]);
    // Nor is what was declined.
    Case::hourly(0.25)
        .payments("decline = 1")
        .payments(DISPUTED_AFTER_10_HOURS)
        .policy("prepaid_pause", "initial_purchase = 5.00")
        .gives(&[("disputes_usd", "0.00"), ("fees_usd", "0.00"), ("accounts_closed", "0")]);
}

#[test]
fn credit_is_taken_back_only_up_to_the_payment_the_soonest_to_lapse_first() {
    // 1.00 at 0, and 3.00 at 2, when 0.50 are left. At 40 the 1.00 is disputed: the 0.50 that would lapse at
    // 41 are taken, and 0.50 of what lapses at 43. All ends before the 3.00 are disputed, at 42.
    let folder = tempfile::tempdir().unwrap();
    Case::trace(&folder, &[(0, 0.25), (7200, 0.25)])
        .horizon("40h 30m")
        .scenario("runoff = \"30m 1s\"")
        .payments("dispute = { probability = 1, delay = \"40h\" }")
        .policy(
            "auto_topup",
            "initial_purchase = 1.00\nthreshold = 0.50\namount = 3.00\ncredit_expires_after = \"41h\"",
        )
        .gives(&[
            ("top_ups", "1"),
            ("disputes_usd", "0.00"),
            ("accounts_closed", "1"),
            ("breakage_usd", "0.00"),
            ("credit_end_usd", "2.50"),
        ]);
}

#[test]
fn credit_that_is_not_posted_yet_is_not_taken_back() {
    // Paid at 0, disputed at 10, posted at 12.
    Case::hourly(0.25)
        .payments("posting_delay = \"12h\"")
        .payments(DISPUTED_AFTER_10_HOURS)
        .policy("prepaid_pause", "initial_purchase = 5.00")
        .gives(&[("disputes_usd", "5.00"), ("credit_end_usd", "5.00"), ("served", "0")]);
}

#[test]
fn promotional_credit_is_not_taken_back() {
    // 2.25 of free credit are used, and 5.00 of paid credit unused.
    Case::hourly(0.25)
        .payments(DISPUTED_AFTER_10_HOURS)
        .policy("prepaid_pause", "initial_purchase = 5.00\nfree_credit = { amount = 3.00 }")
        .gives(&[("disputes_usd", "0.00"), ("promotional_usd", "2.25"), ("net_cash_usd", "-15.00")]);
}

#[test]
fn what_is_in_flight_settles_when_credit_has_been_taken_back_and_is_a_bad_debt() {
    // Settled five hours later: 1..4 by 9, which takes 1.00 of the 5.00; 5..9 as the account closes.
    let case = Case::hourly(0.25)
        .metering("delay = \"5h\"")
        .payments(DISPUTED_AFTER_10_HOURS)
        .policy("prepaid_pause", "initial_purchase = 5.00");
    case.gives(&[
        ("served", "9"),
        ("usage_usd", "2.25"),
        ("disputes_usd", "1.00"),
        ("bad_debt_usd", "1.25"),
        ("receivable_end_usd", "0.00"),
    ]);
}

#[test]
fn the_payment_of_an_invoice_may_be_disputed() {
    // 23.00 are paid at 24 and go back at 34. The 10.00 used since are written off.
    Case::hourly(1.00)
        .start("2026-01-31")
        .horizon("2d")
        .payments(DISPUTED_AFTER_10_HOURS)
        .policy("postpaid", "")
        .gives(&[
            ("served", "33"),
            ("refused_closed", "14"),
            ("invoices_paid", "1"),
            ("invoices_written_off", "0"),
            ("cash_in_usd", "23.00"),
            ("disputes_usd", "23.00"),
            ("bad_debt_usd", "10.00"),
            ("net_cash_usd", "-15.00"),
            ("contribution_usd", "-15.00"), // 33 - 15 - 23 - 10
        ]);
}

#[test]
fn open_invoices_are_written_off_when_a_payment_is_disputed() {
    // Invoices at 5, 8 and 16, attempted two hours later. The first is disputed at 17, when the last is open;
    // the second, after the closing, at 20.
    let case = Case::hourly(1.00)
        .payments(DISPUTED_AFTER_10_HOURS)
        .policy("postpaid", "progressive = [5, 8, 16]\nterms = \"2h\"");
    assert_eq!(case.attempts(), ["7h 5.00", "10h 3.00"]);
    case.gives(&[
        ("invoices_written_off", "1"),
        ("bad_debt_usd", "8.00"),
        ("served", "16"),
        ("disputes_usd", "8.00"),
    ]);
}

#[test]
fn disputes_go_on_after_an_account_was_closed() {
    // 1.00 at 0 and 3.00 at 2, disputed at 3 and 5. At 3 1.00 of 3.50 is taken back, at 5 the other 2.50.
    Case::hourly(0.25)
        .payments("dispute = { probability = 1, delay = \"3h\", fee = 15.00 }")
        .policy("auto_topup", "initial_purchase = 1.00\nthreshold = 0.50\namount = 3.00")
        .gives(&[
            ("served", "2"),
            ("refused_closed", "21"),
            ("cash_in_usd", "4.00"),
            ("disputes_usd", "0.50"),
            ("fees_usd", "30.00"),
            ("net_cash_usd", "-30.00"),
            ("credit_end_usd", "0.00"),
            ("accounts_closed", "1"),
            ("top_ups", "1"),
        ]);
}

#[test]
fn disputes_go_on_after_the_horizon() {
    // 5.75 of 10.00 are used; the rest is taken back at 30.
    let case = Case::hourly(0.25)
        .payments("dispute = { probability = 1, delay = \"30h\", fee = 15.00 }")
        .policy("prepaid_pause", "initial_purchase = 10.00");
    case.gives(&[("disputes_usd", "0.00"), ("credit_end_usd", "4.25"), ("accounts_closed", "0")]);
    case.scenario("runoff = \"6h 1s\"").gives(&[
        ("disputes_usd", "5.75"),
        ("fees_usd", "15.00"),
        ("credit_end_usd", "0.00"),
        ("accounts_closed", "1"),
        ("active_share", "1"),
    ]);
}

#[test]
fn a_dispute_ends_a_stop_and_a_closed_account_does_not_churn() {
    // Stopped at 2, closed at 10.
    Case::hourly(0.25)
        .payments(DISPUTED_AFTER_10_HOURS)
        .customer("patience = \"9h\"")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[
            ("refused_no_credit", "7"), // 3..9
            ("refused_closed", "14"),
            ("stopped_seconds", "28800.000000"),
            ("active_share", "0.2"),
            ("accounts_churned", "0"),
        ]);
}
