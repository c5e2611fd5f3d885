//! `rate_limit`.

use super::Case;
use tempfile::TempDir;

/// Requests of so many dollars at these seconds.
fn at(folder: &TempDir, seconds: &[u32], dollars: f64) -> Case {
    let records: Vec<_> = seconds.iter().map(|at| (*at, dollars)).collect();
    Case::trace(folder, &records)
}

/// Which of the requests were admitted.
fn admitted(case: &Case) -> Vec<bool> {
    case.results().iter().map(|result| *result == "ok").collect()
}

/// As [`admitted`], in words.
fn said(words: &str) -> Vec<bool> {
    words.split_whitespace().map(|word| word == "ok").collect()
}

#[test]
fn so_many_requests_are_admitted_in_each_minute() {
    let folder = tempfile::tempdir().unwrap();
    let case = at(&folder, &[0, 10, 20, 59, 60, 119, 119, 120], 0.25)
        .policy("postpaid", "rate_limit = { requests_per_minute = 2 }");
    assert_eq!(admitted(&case), [true, true, false, false, true, true, false, true]);
    case.gives(&[("refused_rate_limited", "3"), ("refusals", "3"), ("served", "5")]);
}

#[test]
fn windows_begin_with_the_signup() {
    // Every ten seconds from the signup on: 10, 20 and 30 seconds after it, then 60, 70 and 80, and so on.
    let case = Case::regular(8640.0, 0.01)
        .horizon("1h")
        .cohort("signup = { over = \"30m\" }")
        .policy("postpaid", "rate_limit = { requests_per_minute = 3 }");
    assert_ne!(case.story()[0].0.micros() % 60_000_000, 0, "the signup is within a minute of the run");
    let expected = "ok ok ok no no  ok ok ok no no no  ok ok ok no no no";
    assert_eq!(admitted(&case)[..17], said(expected));
}

#[test]
fn a_window_admits_until_its_prompt_and_output_tokens_have_reached_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let records = [0, 10, 20, 60].map(|at| (at, 0.20, 0.10));
    let case = |limit: u32| {
        // Tokens count at admission, however long the requests run.
        Case::trace_with_output(&folder, &records)
            .workload("service = { first_token = \"5m\" }")
            .policy("postpaid", &format!("rate_limit = {{ tokens_per_minute = {limit} }}"))
    };
    assert_eq!(admitted(&case(300_000)), [true, false, false, true]);
    assert_eq!(admitted(&case(300_001)), [true, true, false, true]);
    assert_eq!(admitted(&case(600_000)), [true, true, false, true]);
    assert_eq!(admitted(&case(600_001)), [true, true, true, true]);
}

#[test]
fn either_limit_may_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    let case = |limits: &str| {
        at(&folder, &[0, 10, 20], 0.10).policy("postpaid", &format!("rate_limit = {{ {limits} }}"))
    };
    assert_eq!(admitted(&case("requests_per_minute = 1, tokens_per_minute = 1000000")), [true, false, false]);
    assert_eq!(admitted(&case("requests_per_minute = 9, tokens_per_minute = 150000")), [true, true, false]);
}

#[test]
fn a_refused_request_uses_nothing_of_a_window() {
    let folder = tempfile::tempdir().unwrap();
    // The second is refused `on_hold`, and so leaves room for the third, whose hold fits: 1.00 less 0.40 do not cover
    // 0.70, but cover 0.20.
    let case = Case::trace(&folder, &[(0, 0.40), (10, 0.70), (20, 0.20), (30, 0.10)])
        .workload("service = { first_token = \"15s\" }")
        .metering("authorization = { hold = { output_tokens = 0 } }")
        .policy("prepaid_pause", "initial_purchase = 1.00\nrate_limit = { requests_per_minute = 2 }");
    assert_eq!(case.tries(), ["0h ok", "0h 10s on_hold", "0h 20s ok", "0h 30s rate_limited"]);
}

#[test]
fn a_stop_comes_before_the_rate_and_the_rate_before_holds() {
    let folder = tempfile::tempdir().unwrap();
    // Empty at 0.
    let case = at(&folder, &[0, 10], 0.25)
        .policy("prepaid_pause", "initial_purchase = 0.25\nrate_limit = { requests_per_minute = 1 }");
    assert_eq!(case.tries(), ["0h ok", "0h 10s no_credit"]);
    // From 10 on, 0.20 do not cover a hold of 0.30; but at 20 the rate is tested first.
    let case = at(&folder, &[0, 10, 20, 60, 70], 0.30)
        .metering("authorization = { hold = { output_tokens = 0 } }")
        .policy("prepaid_pause", "initial_purchase = 0.80\nrate_limit = { requests_per_minute = 2 }");
    assert_eq!(
        case.tries(),
        ["0h ok", "0h 10s ok", "0h 20s rate_limited", "0h 1m on_hold", "0h 1m 10s no_credit"]
    );
    case.gives(&[("stops", "1"), ("stopped_seconds", "86340.000000")]);
}

#[test]
fn a_rate_limit_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    at(&folder, &[0, 10, 20], 0.25)
        .customer("buys_credit = { amount = 1.00 }\npatience = \"1s\"")
        .policy("prepaid_pause", "initial_purchase = 5.00\nrate_limit = { requests_per_minute = 1 }")
        .gives(&[
            ("stops", "0"),
            ("manual_purchases", "0"),
            ("refused_rate_limited", "2"),
            ("active_share", "1"),
        ]);
}

#[test]
fn an_adaptive_limit_grows_after_busy_minutes_and_shrinks_after_others() {
    let folder = tempfile::tempdir().unwrap();
    let seconds = [0, 10, 20, 60, 70, 80, 90, 100, 180, 190, 200, 210, 220];
    let case = |bounds: &str| {
        at(&folder, &seconds, 0.10).policy(
            "postpaid",
            &format!("rate_limit = {{ adaptive = {{ {bounds}, busy = 0.5, grow = 2, shrink = 0.5 }} }}"),
        )
    };
    // Requests of 100000 tokens. Minutes 0 and 1 use all of 200000 and of 400000; minute 2 is idle, so that 800000
    // become 400000.
    let wide = case("start = 200000, floor = 50000, ceiling = 1000000");
    assert_eq!(admitted(&wide), said("ok ok no  ok ok ok ok no  ok ok ok ok no"));
    // 210000, then no more than 250000, then no less than 210000: three requests begin below any of them.
    let narrow = case("start = 210000, floor = 210000, ceiling = 250000");
    assert_eq!(admitted(&narrow), said("ok ok ok  ok ok ok no no  ok ok ok no no"));
}

#[test]
fn while_nothing_is_on_file_a_limit_of_its_own_holds_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    // 0.20 of free credit. One request a minute at first; empty at 60, and a card at 90, from when on the window of 60
    // has room for two more of its three.
    let case = at(&folder, &[0, 10, 60, 100, 110, 115], 0.10)
        .customer("payment_method = 0\nadds_payment_method = { delay = \"30s\" }")
        .policy(
            "prepaid_pause",
            "initial_purchase = 5.00\nfree_credit = { amount = 0.20 }\n\
             rate_limit = { requests_per_minute = 3, tokens_per_minute = 1000000, \
             without_payment_method = { requests_per_minute = 1 } }",
        );
    assert_eq!(admitted(&case), [true, false, true, true, true, false]);
    // The limit on tokens holds all the time.
    let case = at(&folder, &[0, 10], 0.10).customer("payment_method = 0").policy(
        "prepaid_pause",
        "free_credit = { amount = 1.00 }\n\
         rate_limit = { tokens_per_minute = 100000, without_payment_method = { requests_per_minute = 5 } }",
    );
    assert_eq!(admitted(&case), [true, false]);
}

#[test]
fn the_adaptive_limit_neither_applies_nor_moves_where_there_is_one_without_payment_method() {
    let folder = tempfile::tempdir().unwrap();
    let case = |without: &str| {
        at(&folder, &[0, 10, 20, 120, 130, 140], 0.10)
            .customer("payment_method = 0\nadds_payment_method = { delay = \"60s\" }")
            .policy(
                "prepaid_pause",
                &format!(
                    "initial_purchase = 5.00\nfree_credit = {{ amount = 0.30 }}\nrate_limit = {{ {without} adaptive = \
                     {{ start = 200000, floor = 0, ceiling = 800000, grow = 2, shrink = 0.5, busy = 1 }} }}"
                ),
            )
    };
    // Three requests without a limit on tokens use up the free credit. A card at 80: minute 0 has moved nothing, minute
    // 1 is idle and leaves 100000 of 200000.
    let own = "without_payment_method = { requests_per_minute = 3 },";
    assert_eq!(admitted(&case(own)), said("ok ok ok  ok no no"));
    // Without limits of their own, accounts without a payment method have the adaptive one. The fourth request uses up
    // the free credit.
    assert_eq!(
        case("").results(),
        ["ok", "ok", "rate_limited", "ok", "no_payment_method", "no_payment_method"]
    );
}

#[test]
fn windows_start_anew_at_a_move() {
    let folder = tempfile::tempdir().unwrap();
    // The trial is used up at 10; from there on a window lasts until 70.
    let rate = "rate_limit = { requests_per_minute = 2 }";
    let case = at(&folder, &[0, 10, 20, 30, 40, 60, 70], 0.10).policy(
        "trial",
        &format!(
            "credit = 0.20\n{rate}\nthen = {{ kind = \"prepaid_pause\", initial_purchase = 5.00, {rate} }}"
        ),
    );
    assert_eq!(admitted(&case), [true, true, true, true, false, false, true]);
    // A limit of the trial does not hold after it.
    let case = at(&folder, &[0, 10, 20, 30, 40, 60, 70], 0.10)
        .policy("trial", &format!("credit = 0.20\n{rate}\nthen = {{ kind = \"postpaid\" }}"));
    assert_eq!(admitted(&case), [true; 7]);
}
