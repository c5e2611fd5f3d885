//! `credit_expires_after`: paid credit that lapses.

use super::Case;

#[test]
fn paid_credit_lapses_so_long_after_its_posting() {
    // Bought at 0, paid at 1, posted at 3: of 2.00 the requests of 3..6 use half, the rest lapses at 7,
    // before the request of that instant.
    let run = Case::hourly(0.25)
        .payments("latency = \"1h\"\nposting_delay = \"2h\"")
        .scenario("[platform]\nserving_cost = 0.5")
        .policy("prepaid_pause", "initial_purchase = 2.00\ncredit_expires_after = \"4h\"")
        .run();
    run.gives(&[
        ("served", "4"),
        ("refused_no_credit", "19"), // 1, 2, 7..23
        ("stops", "1"),
        ("stopped_seconds", "61200.000000"),
        ("breakage_usd", "1.00"),
        ("net_revenue_usd", "1.00"),
        ("contribution_usd", "1.50"),
        ("net_cash_usd", "2.00"),
        ("credit_end_usd", "0.00"),
    ]);
    assert_eq!(run.ledger.last().map(String::as_str), Some("7h lapse 1.00"));
}

#[test]
fn the_soonest_to_lapse_is_used_first_and_later_purchases_prolong_nothing() {
    // Bought at 0, then whenever 0.50 are left: at 2, 6, 9, 13, 16, 20 and 23. The lots of 2, 9 and 16 have
    // 0.25 left when they lapse at 8, 15 and 22; that of 0 is used by 4, those of 6 and 13 by 11 and 18.
    Case::hourly(0.25)
        .policy(
            "auto_topup",
            "initial_purchase = 1.00\nthreshold = 0.50\namount = 1.00\ncredit_expires_after = \"6h\"",
        )
        .gives(&[
            ("served", "23"),
            ("top_ups", "7"),
            ("breakage_usd", "0.75"),
            ("credit_end_usd", "1.50"), // 8.00 - 5.75 - 0.75
        ]);
}

#[test]
fn a_lapse_may_call_for_a_top_up_which_comes_before_standing_is_judged() {
    // Of 2.00, 1.50 lapse at 3, and 1.25 of each 2.00 bought then, at 6, 9 ... 21.
    let case = Case::hourly(0.25).policy(
        "auto_topup",
        "initial_purchase = 2.00\nthreshold = 0\namount = 2.00\ncredit_expires_after = \"3h\"",
    );
    case.gives(&[
        ("served", "23"),
        ("stops", "0"),
        ("top_ups", "7"),
        ("breakage_usd", "9.00"),
        ("credit_end_usd", "1.25"),
    ]);
}

#[test]
fn promotional_credit_does_not_lapse() {
    // 2.00 of it first; by then the 1.00 that were bought have lapsed, at 5.
    Case::hourly(0.25)
        .policy(
            "prepaid_pause",
            "initial_purchase = 1.00\nfree_credit = { amount = 2.00 }\ncredit_expires_after = \"5h\"",
        )
        .gives(&[("served", "8"), ("promotional_usd", "2.00"), ("breakage_usd", "1.00")]);
}

#[test]
fn a_lot_keeps_its_expiry_across_a_move() {
    // Of 5.00 posted at 0, 23 and 6 requests of 0.10 use 2.90 by 29; the other 2.10 lapse at 30, under
    // post-paid, where nothing lapses by itself. From 30 on 1.00 is billed, and the limit reached at 39.
    let to = "{ kind = \"postpaid\", limit_counts = \"billed\", tiers = [{ paid = 0, limit = 1.00 }] }";
    let case = Case::hourly(0.10).horizon("2d").policy(
        "prepaid_pause",
        &format!(
            "initial_purchase = 5.00\ncredit_expires_after = \"30h\"\n\
             switch = {{ at = 2026-01-02, to = {to} }}"
        ),
    );
    case.gives(&[
        ("breakage_usd", "2.10"),
        ("served", "39"),
        ("refused_limit_reached", "8"),
        ("receivable_end_usd", "1.00"),
    ]);
}

#[test]
fn a_move_gives_no_expiry_to_what_was_bought_before() {
    // 5.00 - 2.30 by 24, without end. 1.00 is bought there, used first by the request of 24, and lapses at
    // 25.
    Case::hourly(0.10)
        .horizon("2d")
        .policy(
            "prepaid_pause",
            "initial_purchase = 5.00\nswitch = { at = 2026-01-02, to = { kind = \"prepaid_pause\", \
             initial_purchase = 1.00, credit_expires_after = \"1h\" } }",
        )
        .gives(&[
            ("breakage_usd", "0.90"),
            ("served", "47"),
            ("credit_end_usd", "0.40"), // 6.00 - 4.70 - 0.90
        ]);
}

#[test]
fn credit_lapses_after_its_account_was_closed() {
    // The attempt of 24 has its result at 96, the account is closed at 72: 23.00 of credit, until 120.
    let case = Case::hourly(1.00)
        .start("2026-01-31")
        .payments("latency = \"3d\"")
        .policy("postpaid", "write_off_after = \"2d\"\ncredit_expires_after = \"1d\"");
    case.clone().horizon("120h").gives(&[("breakage_usd", "0.00"), ("credit_end_usd", "23.00")]);
    case.horizon("121h").gives(&[
        ("breakage_usd", "23.00"),
        ("credit_end_usd", "0.00"),
        ("bad_debt_usd", "71.00"),
        ("contribution_usd", "23.00"), // 71 + 23 - 71
    ]);
}

#[test]
fn credit_lapses_after_the_horizon_and_calls_for_nothing() {
    // Of 10.00, 4.25 lapse at 30.
    let case = Case::hourly(0.25).policy(
        "auto_topup",
        "initial_purchase = 10.00\nthreshold = 0\namount = 5.00\ncredit_expires_after = \"30h\"",
    );
    case.gives(&[("breakage_usd", "0.00"), ("credit_end_usd", "4.25")]);
    let case = case.scenario("runoff = \"1d\"");
    assert_eq!(case.attempts(), ["0h 10.00"]);
    case.gives(&[("breakage_usd", "4.25"), ("credit_end_usd", "0.00"), ("stops", "0")]);
}

#[test]
fn what_an_invoice_no_longer_needs_lapses_like_any_credit() {
    // 23.02 of 23.023 are invoiced at 24. Alerted at 2, the customer buys 10.00 at 31h 30m: 8.011 of them pay
    // what is not invoiced, 1.989 the invoice, whose other 21.031 are attempted at 48 as 21.04.
    Case::hourly(1.001)
        .start("2026-01-31")
        .horizon("32h")
        .scenario("runoff = \"22h\"")
        .customer("heeds_alert = { delay = \"29h 30m\" }\nbuys_credit = { amount = 10.00 }")
        .policy(
            "postpaid",
            "tiers = [{ paid = 0, limit = 100 }]\nalert_at = 98.00\nterms = \"1d\"\n\
             credit_expires_after = \"5h\"",
        )
        .gives(&[
            ("cash_in_usd", "31.04"),
            ("invoices_paid", "1"),
            ("breakage_usd", "0.009"),
            ("credit_end_usd", "0.00"),
            ("receivable_end_usd", "0.00"),
        ]);
}
