//! `switch`: accounts that move to another policy at a date.

use super::Case;
use billsim::account::AccountView;
use billsim::engine::observation::Happening;
use billsim::policy::{Alarm, Command, Gate, Kind, Kinds, Policy, PolicyEvent, prepaid_pause};
use billsim::time::Span;

/// Two days under a policy with `terms`, the second of them under another one if it moves.
fn moves(dollars: f64, kind: &str, terms: &str, to: &str) -> Case {
    let switch = format!("switch = {{ at = 2026-01-02, to = {{ {to} }} }}");
    Case::hourly(dollars).horizon("2d").policy(kind, &format!("{terms}\n{switch}"))
}

fn moved(case: &Case) -> Vec<String> {
    case.times(|happening| matches!(happening, Happening::Moved { .. }))
}

#[test]
fn accounts_move_at_the_date_and_take_their_wallet_along() {
    // 4.25 of 10.00 are left at 24, and last until 40; 1.75 are owed then.
    let case = moves(0.25, "prepaid_pause", "initial_purchase = 10.00", "kind = \"postpaid\"");
    assert_eq!(moved(&case), ["24h"]);
    case.gives(&[
        ("served", "47"),
        ("stops", "0"),
        ("receivable_end_usd", "1.75"),
        ("credit_end_usd", "0.00"),
        ("accounts_converted", "0"),
    ]);
    // What is owed goes along too: 5.75 of usage, paid by the first purchase.
    let case = moves(0.25, "postpaid", "", "kind = \"prepaid_pause\", initial_purchase = 6.00");
    assert_eq!(case.attempts(), ["24h 6.00"]);
    case.gives(&[
        ("served", "24"),
        ("receivable_end_usd", "0.00"),
        ("refused_no_credit", "23"),
        ("invoices", "0"),
    ]);
}

#[test]
fn who_signed_up_before_keeps_the_policy_where_accounts_are_grandfathered() {
    let switch = |at: &str| {
        let to = "{ kind = \"postpaid\" }";
        let switch = format!("switch = {{ at = {at}, grandfather = true, to = {to} }}");
        Case::hourly(0.25)
            .horizon("2d")
            .policy("prepaid_pause", &format!("initial_purchase = 10.00\n{switch}"))
    };
    // 10.00 last until 40.
    assert!(moved(&switch("2026-01-02")).is_empty());
    switch("2026-01-02").gives(&[("served", "40"), ("stops", "1"), ("receivable_end_usd", "0.00")]);
    // Who signs up at the date is not one of them.
    switch("2026-01-01").gives(&[("served", "47"), ("payments", "0"), ("receivable_end_usd", "11.75")]);
}

#[test]
fn who_signs_up_at_the_date_or_later_starts_under_the_new_policy() {
    let case = |at: &str| {
        let to = "{ kind = \"prepaid_pause\", initial_purchase = 2.00, free_credit = { amount = 3.00 } }";
        Case::hourly(1.00).horizon("2d").policy(
            "prepaid_pause",
            &format!(
                "initial_purchase = 4.00\nfree_credit = {{ amount = 5.00 }}\n\
                 switch = {{ at = {at}, to = {to} }}"
            ),
        )
    };
    for at in ["2026-01-01", "2025-06-01"] {
        assert!(moved(&case(at)).is_empty());
        assert_eq!(case(at).attempts(), ["0h 2.00"]);
        case(at).gives(&[("promotional_usd", "3.00"), ("served", "5")]);
    }
    // Who moves is not granted the new policy's free credit.
    assert_eq!(case("2026-01-02").attempts(), ["0h 4.00", "24h 2.00"]);
    case("2026-01-02").gives(&[("promotional_usd", "5.00"), ("served", "11")]);
}

#[test]
fn nobody_moves_at_the_horizon_or_later() {
    let case = moves(0.25, "prepaid_pause", "initial_purchase = 1.00", "kind = \"postpaid\"");
    let case = |horizon: &str| {
        let scenario = format!("horizon = \"{horizon}\"\nrunoff = \"3d\"");
        Case { scenario, ..case.clone() }
    };
    assert!(moved(&case("24h")).is_empty());
    assert_eq!(moved(&case("24h 1s")), ["24h"]);
}

#[test]
fn the_count_of_the_limit_starts_at_zero() {
    // 5 of January by 5, and 8 more from 24 to 31.
    let tiers = |limit: u32| format!("tiers = [{{ paid = 0, limit = {limit} }}]");
    moves(1.00, "postpaid", &tiers(5), &format!("kind = \"postpaid\", {}", tiers(8))).gives(&[
        ("served", "13"),
        ("stops", "2"),
        ("stopped_seconds", "129600.000000"), // 5..24 and 31..48
        ("receivable_end_usd", "13.00"),
        ("overshoot_usd", "0.00"),
    ]);
}

#[test]
fn the_new_policy_s_initial_purchase_opens_the_account() {
    // 0.50 from 1h 30m on, used by 3. Bought at 24 and there at 25h 30m: until then refused, but not stopped.
    let case = moves(
        0.25,
        "prepaid_pause",
        "initial_purchase = 0.50",
        "kind = \"prepaid_pause\", initial_purchase = 1.00",
    )
    .payments("latency = \"90m\"");
    assert_eq!(case.attempts(), ["0h 0.50", "24h 1.00"]);
    case.gives(&[
        ("served", "6"),             // 2, 3, 26..29
        ("refused_no_credit", "41"), // 1, 4..25, 30..47
        ("stops", "2"),
        ("stopped_seconds", "144000.000000"), // 3..24 and 29..48
    ]);
}

#[test]
fn an_answer_belongs_to_the_stop_that_the_move_has_ended() {
    // Stopped from the start; the customer would buy at 30. At 24 the account waits for its purchase, which
    // is declined at 25: another stop, and asked again.
    let case = moves(0.25, "prepaid_pause", "", "kind = \"prepaid_pause\", initial_purchase = 1.00")
        .payments("latency = \"1h\"\ndecline = 1")
        .customer("buys_credit = { delay = \"30h\", amount = 5.00 }");
    let case = Case { scenario: "horizon = \"3d\"\n".to_owned(), ..case };
    assert_eq!(case.attempts(), ["24h 1.00", "55h 5.00"]);
    assert_eq!(case.times(|happening| matches!(happening, Happening::Asked { .. })), ["0h", "25h"]);
    case.gives(&[("stops", "2"), ("stopped_seconds", "255600.000000")]); // but for 24..25
}

#[test]
fn an_account_opens_at_once_also_where_standing_is_judged_now_and_then() {
    // 0.50 are used by 2, which is judged at 10: 9 requests, and 1.75 owed. Bought at 24 and there at 25h
    // 30m: 2.25 until 34, judged at 40.
    moves(
        0.25,
        "prepaid_pause",
        "free_credit = { amount = 0.50 }\nmetering = { refresh = \"10h\" }",
        "kind = \"prepaid_pause\", initial_purchase = 4.00, metering = { refresh = \"10h\" }",
    )
    .payments("latency = \"90m\"")
    .gives(&[
        ("served", "23"), // 1..9, 26..39
        ("stops", "2"),
        ("stopped_seconds", "79200.000000"), // 10..24 and 40..48
    ]);
}

/// Closes the account thirty hours after it has come under this policy; whatever rings.
#[derive(Clone)]
struct Fuse;

impl Policy for Fuse {
    fn gate(&self, _: &AccountView) -> Gate {
        Gate::Open
    }

    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::Opened => vec![Command::WakeAt(account.now + Span::hours(30), Alarm(0))],
            PolicyEvent::AlarmRang(_) => vec![Command::Close],
            _ => vec![],
        }
    }
}

#[test]
fn what_the_old_policy_waits_for_does_not_come() {
    let fuse = Kind { name: "fuse", keys: &[], read: |_, _| Some(Box::new(Fuse)), ..prepaid_pause::KIND };
    let kinds = Kinds::built_in().with(fuse);
    let case = |terms: &str| Case::hourly(0.25).horizon("2d").policy("fuse", terms);
    let served = |case: Case, served: &str| case.run_with(&kinds).gives(&[("served", served)]);
    served(case(""), "29");
    served(case("switch = { at = 2026-01-02, to = { kind = \"fuse\" } }"), "47");
}

#[test]
fn topping_up_begins_anew() {
    let before = "initial_purchase = 1.00\nthreshold = 0\namount = 1.00";
    let case = |retries: &str, to: &str| {
        moves(0.50, "auto_topup", &format!("{before}\nretry_after = [{retries}]"), to)
            .payments("decline = 1\nfirst_decline = 0")
            .customer("replaces_card = { delay = \"30h\" }")
    };
    let to_top_up = "kind = \"auto_topup\", threshold = 0, amount = 2.00";
    // What was declined at 2 is not tried again at 32.
    assert_eq!(case("\"30h\"", "kind = \"prepaid_pause\"").attempts(), ["0h 1.00", "2h 1.00"]);
    // The new policy tops up at once: what waited for a retry is not under way any more ...
    assert_eq!(case("\"30h\"", to_top_up).attempts(), ["0h 1.00", "2h 1.00", "24h 2.00"]);
    // ... and what was disabled is enabled. The new card of 32 is for the top-up of 24.
    let disabled = case("", to_top_up);
    assert_eq!(disabled.attempts(), ["0h 1.00", "2h 1.00", "24h 2.00", "32h 2.00"]);
    // Without topping up nothing that failed is left, and no card is replaced.
    let replaced = |case: Case| case.times(|happening| happening == Happening::CardReplaced);
    assert_eq!(replaced(disabled), ["32h"]);
    assert!(replaced(case("", "kind = \"prepaid_pause\"")).is_empty());
}

#[test]
fn a_top_up_under_way_goes_on() {
    // Attempted at 2, paid at 32 under the new policy.
    let case = moves(
        0.50,
        "auto_topup",
        "free_credit = { amount = 1.00 }\nthreshold = 0\namount = 1.00",
        "kind = \"auto_topup\", threshold = 0, amount = 2.00",
    )
    .payments("latency = \"30h\"");
    // At 32 and 33 it is used, and the next is under way at the end.
    assert_eq!(case.attempts(), ["2h 1.00", "33h 2.00"]);
    case.gives(&[("served", "4"), ("top_ups", "1"), ("cash_in_usd", "1.00")]);
}

#[test]
fn invoices_go_on_under_the_terms_they_were_issued_with() {
    // 23.00 are invoiced at 24, due at 72. From 48 on prepaid, with 24.00 owed and not invoiced.
    let case = |payments: &str| {
        Case::hourly(1.00).start("2026-01-31").horizon("5d").payments(payments).policy(
            "postpaid",
            "terms = \"2d\"\nretry_after = [\"1d\"]\n\
             switch = { at = 2026-02-02, to = { kind = \"prepaid_pause\" } }",
        )
    };
    assert_eq!(case("").attempts(), ["72h 23.00"]);
    case("").gives(&[("invoices_paid", "1"), ("receivable_end_usd", "24.00"), ("refused_no_credit", "72")]);
    // Past due at 96, which comes before the lack of credit.
    assert_eq!(case("decline = 1").attempts(), ["72h 23.00", "96h 23.00"]);
    case("decline = 1").gives(&[
        ("refused_no_credit", "48"),
        ("refused_past_due", "24"),
        ("stops", "1"),
        ("overdue_end_usd", "23.00"),
    ]);
}

#[test]
fn a_period_ends_under_the_old_policy_where_both_fall_together() {
    let case = Case::hourly(1.00).start("2026-01-31").horizon("2d").policy(
        "postpaid",
        "switch = { at = 2026-02-01, to = { kind = \"prepaid_pause\", initial_purchase = 2.00 } }",
    );
    // The purchase follows from the move and is made at once. Its credit, which is posted before the invoice
    // is attempted, pays a part of that.
    assert_eq!(case.attempts(), ["24h 2.00", "24h 21.00"]);
    case.gives(&[("invoices_paid", "1"), ("served", "23"), ("receivable_end_usd", "0.00")]);
}

#[test]
fn purchases_of_the_period_count_across_a_move() {
    let case = |dollars: f64| {
        let to = "kind = \"prepaid_pause\", initial_purchase = 1.00";
        let case = moves(dollars, "prepaid_pause", "initial_purchase = 2.00", to);
        Case { policies: case.policies.replace("2026-01-02", "2026-01-31"), ..case }
            .start("2026-01-30")
            .scenario("runoff = \"1d\"")
            .customer("spend_limit = 2.50")
    };
    let forgone = |case: &Case| case.times(|happening| matches!(happening, Happening::PurchaseForgone(_)));
    // With credit left, a purchase beyond what the customer is willing to pay is not made.
    assert_eq!(case(0.04).attempts(), ["0h 2.00"]);
    assert_eq!(forgone(&case(0.04)), ["24h"]);
    // In a stop it waits for a day that allows it.
    let case = Case { scenario: "horizon = \"3d\"\nstart = 2026-01-30\n".to_owned(), ..case(0.25) };
    assert_eq!(case.attempts(), ["0h 2.00", "48h 1.00"]);
    assert!(forgone(&case).is_empty());
}

#[test]
fn who_has_left_moves_without_buying() {
    // Stopped at 2, gone at 3.
    let case = moves(
        0.25,
        "prepaid_pause",
        "initial_purchase = 0.50",
        "kind = \"prepaid_pause\", initial_purchase = 1.00",
    )
    .customer("patience = \"1h\"");
    assert_eq!(case.attempts(), ["0h 0.50"]);
    case.gives(&[("accounts_churned", "1"), ("served", "2")]);
}

#[test]
fn a_move_writes_nothing_off_of_what_a_customer_owes_who_has_left() {
    // The limit of 5 is reached at 5, gone at 6; post-paid then, it is not written off.
    let case = |to: &str| {
        moves(1.00, "postpaid", "tiers = [{ paid = 0, limit = 5 }]", to).customer("patience = \"1h\"")
    };
    case("kind = \"prepaid_pause\"").gives(&[("bad_debt_usd", "0.00"), ("receivable_end_usd", "5.00")]);
    case("kind = \"postpaid\"").gives(&[("bad_debt_usd", "0.00"), ("receivable_end_usd", "5.00")]);
}

#[test]
fn a_top_up_declined_after_a_move_is_given_up_and_the_new_policy_looks_at_the_balance() {
    // Attempted at 0, declined at 25 under the new policy, which attempts its own at once: declined at 50.
    let run = Case::hourly(1.00).horizon("3d").payments("latency = \"25h\"\ndecline = 1").policy(
        "auto_topup",
        "threshold = 0\namount = 3.00\nretry_after = [\"1h\", \"1h\"]\n\
             switch = { at = 2026-01-02, to = { kind = \"auto_topup\", threshold = 0, amount = 2.00 } }",
    );
    run.gives(&[("payments", "2"), ("payments_declined", "2"), ("served", "0")]);
}

#[test]
fn a_closed_account_does_not_move() {
    let case = moves(
        0.25,
        "prepaid_pause",
        "initial_purchase = 5.00",
        "kind = \"prepaid_pause\", initial_purchase = 1.00",
    )
    .payments("dispute = { probability = 1, delay = \"10h\" }");
    assert!(moved(&case).is_empty());
    assert_eq!(case.attempts(), ["0h 5.00"]);
}

#[test]
fn the_other_terms_of_the_new_policy_hold_from_the_move_on() {
    // Three requests within a minute on each day: with one a minute, two of the second day are refused.
    let folder = tempfile::tempdir().unwrap();
    let day = 86_400;
    let records = [0, 1, 2, day, day + 1, day + 2].map(|at| (at, 0.10));
    let case = |before: &str, to: &str| {
        let switch = format!("switch = {{ at = 2026-01-02, to = {{ kind = \"postpaid\", {to} }} }}");
        Case::trace(&folder, &records).horizon("2d").policy("postpaid", &format!("{before}\n{switch}"))
    };
    let limit = "rate_limit = { requests_per_minute = 1 }";
    case("", limit).gives(&[("served", "4"), ("refused_rate_limited", "2")]);
    case(limit, "minimum_charge = 1.00").gives(&[("served", "4"), ("refused_rate_limited", "2")]);
    case(limit, limit).gives(&[("served", "2"), ("refused_rate_limited", "4")]);
}

#[test]
fn windows_of_a_rate_limit_begin_with_the_move() {
    // The trial is used up at 1m 30s. One request a minute from there: 1m 31s, 2m 30s and 3m 30s.
    let folder = tempfile::tempdir().unwrap();
    let records = [0, 90, 91, 149, 150, 209, 210].map(|at| (at, 0.10));
    let case = Case::trace(&folder, &records).policy(
        "trial",
        "credit = 0.20\nthen = { kind = \"postpaid\", rate_limit = { requests_per_minute = 1 } }",
    );
    case.gives(&[("served", "5"), ("refused_rate_limited", "2"), ("accounts_converted", "1")]);
}

#[test]
fn post_paid_does_not_wait_for_credit_that_was_bought_before_the_move() {
    // 10.00 are bought at signup and there after three days; post-paid from 24 on. 2.00 are owed by then, which they
    // pay.
    let folder = tempfile::tempdir().unwrap();
    let bought_before = |records: &[(u32, f64)], terms: &str, to: &str| {
        let switch = format!("switch = {{ at = 2026-01-02, to = {{ kind = \"postpaid\"{to} }} }}");
        Case::trace(&folder, records)
            .horizon("5d")
            .payments("latency = \"3d\"")
            .policy("auto_topup", &format!("threshold = 0\namount = 10.00\n{terms}\n{switch}"))
    };
    let requests = [(0, 0.0), (108_000, 1.0), (151_200, 1.0), (302_400, 1.0)];
    let columns = [
        ("served", "3"),
        ("refused_no_credit", "1"),
        ("refusals", "1"),
        ("stops", "0"),
        ("usage_usd", "3.00"),
        ("credit_end_usd", "7.00"),
        ("receivable_end_usd", "0.00"),
        ("receivable_mean_usd", "0.60"), // (1 x 0.5 + 2 x 1.25) / 5
        ("credit_mean_usd", "2.90"),     // (8 x 0.5 + 7 x 1.5) / 5
    ];
    // Whether as the initial purchase or as the first top-up.
    bought_before(&requests, "initial_purchase = 10.00", "").gives(&columns);
    bought_before(&requests, "", "").gives(&columns);
    // Also where standing is judged now and then, and under a limit that is not reached.
    bought_before(&requests, "", ", metering = { refresh = \"7d\" }").gives(&columns);
    bought_before(&requests, "", ", tiers = [{ paid = 0, limit = 50 }]").gives(&columns);
    // That it opens is that service resumes.
    let case = bought_before(&requests[..1], "", "").customer("on_refusal = { queue = {} }");
    assert_eq!(case.tries(), ["0h no_credit", "24h ok"]);
    // A limit that is reached stops the account like any other.
    bought_before(&requests, "", ", tiers = [{ paid = 0, limit = 2 }]").gives(&[
        ("served", "2"),
        ("refused_limit_reached", "1"),
        ("stops", "1"),
        ("stopped_seconds", "280800.000000"), // 42..120
    ]);
}

#[test]
fn post_paid_goes_on_below_zero_from_the_payment_to_its_posting_too() {
    // A dollar of free credit opens the account at signup, and is used at 28. 10.00 are paid at 72 and posted at 78,
    // when 3.00 are owed.
    let folder = tempfile::tempdir().unwrap();
    let requests = [(0, 0.0), (100_800, 2.0), (108_000, 1.0), (266_400, 1.0), (302_400, 1.0)];
    Case::trace(&folder, &requests)
        .horizon("5d")
        .payments("latency = \"3d\"\nposting_delay = \"6h\"")
        .policy(
            "prepaid_pause",
            "initial_purchase = 10.00\nfree_credit = { amount = 1.00 }\n\
             switch = { at = 2026-01-02, to = { kind = \"postpaid\" } }",
        )
        .gives(&[
            ("served", "5"),
            ("lost", "0"),
            ("stops", "0"),
            ("usage_usd", "5.00"),
            ("promotional_usd", "1.00"),
            ("credit_end_usd", "6.00"),
            ("receivable_mean_usd", "0.85"), // (1 x 1/12 + 2 x 11/6 + 3 x 1/6) / 5
            ("credit_mean_usd", "2.65"),     // (10 x 0.25 + 7 x 0.25 + 6 x 1.5) / 5
        ]);
}

#[test]
fn another_prepaid_policy_still_waits_for_credit_that_was_bought_at_signup() {
    // Bought at 0 and there at 30; the move at 24 buys nothing, and nobody is stopped.
    let case = moves(0.25, "prepaid_pause", "initial_purchase = 5.00", "kind = \"prepaid_pause\"");
    case.payments("latency = \"30h\"").gives(&[
        ("served", "18"), // 30..47
        ("refused_no_credit", "29"),
        ("stops", "0"),
    ]);
}
