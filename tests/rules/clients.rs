//! What clients do with refused requests: retry and queue.

use super::Case;
use tempfile::TempDir;

/// A single request, refused for ever.
fn refused(folder: &TempDir, on_refusal: &str) -> Case {
    Case::trace(folder, &[(0, 0.25)])
        .customer(&format!("on_refusal = {on_refusal}"))
        .policy("prepaid_pause", "")
}

#[test]
fn a_refused_request_is_tried_again_after_waits_that_grow_by_their_factor() {
    let folder = tempfile::tempdir().unwrap();
    let tries = |on_refusal: &str| {
        let tries = refused(&folder, on_refusal).tries();
        tries.iter().map(|try_| try_.strip_suffix(" no_credit").unwrap().to_owned()).collect::<Vec<_>>()
    };
    // 10, 20, 40 seconds.
    assert_eq!(
        tries("{ retry = { attempts = 3, backoff = \"10s\", factor = 2 } }"),
        ["0h", "0h 10s", "0h 30s", "0h 1m 10s"]
    );
    assert_eq!(tries("{ retry = { attempts = 2, backoff = \"10s\" } }"), ["0h", "0h 10s", "0h 20s"]);
    assert_eq!(
        tries("{ retry = { attempts = 3, backoff = \"8s\", factor = 0.5 } }"),
        ["0h", "0h 8s", "0h 12s", "0h 14s"]
    );
    // 0.1, 1, 10 seconds: at least a second is waited, and the wait that grows is the one said.
    assert_eq!(
        tries("{ retry = { attempts = 3, backoff = \"100ms\", factor = 10 } }"),
        ["0h", "0h 1s", "0h 2s", "0h 12s"]
    );
    assert_eq!(tries("{ retry = { attempts = 0, backoff = \"1s\" } }"), ["0h"]);
}

#[test]
fn each_try_is_an_attempt_and_each_refusal_of_one_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    refused(&folder, "{ retry = { attempts = 3, backoff = \"10s\" } }").gives(&[
        ("requests", "1"),
        ("attempts", "4"),
        ("refusals", "4"),
        ("refused_no_credit", "4"),
        ("lost", "1"),
        ("lost_usage_usd", "0.25"),
    ]);
}

#[test]
fn a_request_that_is_served_at_last_is_not_lost() {
    // Empty at 1; 1.00 at 2h 30m; the request of 2 is tried again at 2h 45m.
    let case = Case::hourly(0.25)
        .horizon("4h")
        .customer("buys_credit = { delay = \"90m\", amount = 1.00 }")
        .customer("on_refusal = { retry = { attempts = 1, backoff = \"45m\" } }")
        .policy("prepaid_pause", "initial_purchase = 0.25");
    assert_eq!(case.tries(), ["1h ok", "2h no_credit", "2h 45m ok", "3h ok"]);
    case.gives(&[("requests", "3"), ("served", "3"), ("lost", "0"), ("attempts", "4"), ("refusals", "1")]);
}

#[test]
fn requests_tried_again_come_before_arrivals() {
    // 0.25 at 2h 30m are enough for one of two at 3.
    let case = Case::hourly(0.25)
        .horizon("4h")
        .customer("buys_credit = { delay = \"90m\", amount = 0.25 }")
        .customer("on_refusal = { retry = { attempts = 1, backoff = \"1h\" } }")
        .policy("prepaid_pause", "initial_purchase = 0.25");
    assert_eq!(case.tries(), ["1h ok", "2h no_credit", "3h ok", "3h no_credit"]);
    assert_eq!(case.served(), ["1h", "2h"]);
    assert_eq!(case.lost(), ["3h"]); // it waits at the horizon
}

#[test]
fn a_request_is_tried_again_whatever_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let case = || {
        Case::trace(&folder, &[(0, 0.25), (10, 0.25)])
            .customer("on_refusal = { retry = { attempts = 1, backoff = \"60s\" } }")
    };
    let limited = case().policy("postpaid", "rate_limit = { requests_per_minute = 1 }");
    assert_eq!(limited.tries(), ["0h ok", "0h 10s rate_limited", "0h 1m 10s ok"]);
    let held = case()
        .workload("service = { first_token = \"30s\" }")
        .metering("authorization = { in_flight = { amount = 0.20 } }")
        .policy("postpaid", "");
    assert_eq!(held.tries(), ["0h ok", "0h 10s on_hold", "0h 1m 10s ok"]);
    let closed = case()
        .payments("dispute = { probability = 1, delay = \"5s\" }")
        .policy("prepaid_pause", "initial_purchase = 5.00");
    assert_eq!(closed.tries(), ["0h ok", "0h 10s closed", "0h 1m 10s closed"]);
    let none = case().customer("payment_method = 0").policy("postpaid", "");
    assert_eq!(none.tries().len(), 4);
}

#[test]
fn a_request_that_waits_at_the_horizon_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    for client in ["{ retry = { attempts = 1, backoff = \"5h\" } }", "{ queue = {} }"] {
        refused(&folder, client).scenario("runoff = \"5d\"").horizon("5h").gives(&[
            ("requests", "1"),
            ("lost", "1"),
            ("attempts", "1"),
        ]);
    }
}

#[test]
fn what_waits_when_its_customer_leaves_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    for client in ["{ retry = { attempts = 1, backoff = \"2h\" } }", "{ queue = {} }"] {
        // Gone at 1h, before the second request, and before the first is tried again.
        Case::trace(&folder, &[(0, 0.25), (5400, 0.25)])
            .customer(&format!("patience = \"1h\"\non_refusal = {client}"))
            .policy("prepaid_pause", "")
            .gives(&[("requests", "1"), ("lost", "1"), ("attempts", "1"), ("churned_requests", "1")]);
    }
}

#[test]
fn a_request_is_counted_when_it_arrives_and_its_tries_when_they_are_made() {
    // The request of 2 is before the warm-up's end, and served after it.
    Case::hourly(0.25)
        .horizon("4h")
        .scenario("warmup = \"2h 30m\"")
        .customer("buys_credit = { delay = \"90m\", amount = 1.00 }")
        .customer("on_refusal = { retry = { attempts = 1, backoff = \"45m\" } }")
        .policy("prepaid_pause", "initial_purchase = 0.25")
        .gives(&[
            ("requests", "1"), // of 3
            ("served", "1"),
            ("usage_usd", "0.25"),
            ("attempts", "2"),
            ("refusals", "0"),
        ]);
}

/// Requests of 0.25 every hour, and so much to start with; what else is bought in a stop, and when.
fn queueing(queue: &str, buys_credit: &str, initial: &str) -> Case {
    Case::hourly(0.25)
        .customer(&format!("on_refusal = {{ queue = {{ {queue} }} }}\nbuys_credit = {{ {buys_credit} }}"))
        .policy("prepaid_pause", &format!("initial_purchase = {initial}"))
}

#[test]
fn a_queue_is_tried_in_order_of_arrival_the_instant_service_resumes() {
    // Empty at 1; 1.00 at 3h 30m.
    let case = queueing("", "delay = \"150m\", amount = 1.00", "0.25").horizon("5h");
    assert_eq!(case.tries(), ["1h ok", "2h no_credit", "3h no_credit", "3h 30m ok", "3h 30m ok", "4h ok"]);
    assert_eq!(case.served(), ["1h", "2h", "3h", "4h"]);
    case.gives(&[("requests", "4"), ("attempts", "6"), ("refusals", "2"), ("lost", "0")]);
}

#[test]
fn a_queued_request_that_is_refused_again_keeps_its_place() {
    // Each 0.25 last for one request: at 4h 30m that of 2, at 8 that of 3. All others are tried then, before the request
    // of 8 arrives, and refused.
    let until = |horizon| queueing("", "delay = \"210m\", amount = 0.25", "0.25").horizon(horizon);
    assert_eq!(until("12h").served(), ["1h", "2h", "3h", "4h"]); // the last at 11h 30m
    assert_eq!(until("12h").lost(), ["5h", "6h", "7h", "8h", "9h", "10h", "11h"]);
    let case = until("9h");
    assert_eq!(
        case.tries()[4..],
        [
            "4h 30m ok",
            "4h 30m no_credit",
            "4h 30m no_credit",
            "5h no_credit",
            "6h no_credit",
            "7h no_credit",
            "8h ok",
            "8h no_credit",
            "8h no_credit",
            "8h no_credit",
            "8h no_credit",
            "8h no_credit"
        ]
    );
    case.gives(&[("requests", "8"), ("served", "3"), ("lost", "5"), ("attempts", "16"), ("refusals", "13")]);
}

#[test]
fn what_finds_the_queue_full_is_lost() {
    // 2 and 3 wait until 4h 30m; that of 4 finds no place.
    let case = queueing("capacity = 2", "delay = \"210m\", amount = 5.00", "0.25").horizon("6h");
    assert_eq!(case.lost(), ["4h"]);
    assert_eq!(case.served(), ["1h", "2h", "3h", "5h"]);
    // Nothing fits into a queue of none.
    let none = queueing("capacity = 0", "delay = \"210m\", amount = 5.00", "0.25").horizon("6h");
    assert_eq!(none.lost(), ["2h", "3h", "4h"]);
}

#[test]
fn a_queued_request_that_has_become_too_old_keeps_its_place_and_is_lost_without_a_try() {
    let case = |delay: &str| {
        queueing("capacity = 1, max_wait = \"1h\"", &format!("delay = \"{delay}\", amount = 5.00"), "0.25")
            .horizon("5h")
    };
    // Resumed at 4h 30m: that of 2 was too old from 3 on, but 3 and 4 found no place.
    assert_eq!(case("210m").lost(), ["3h", "4h", "2h"]);
    case("210m").gives(&[("attempts", "4"), ("refusals", "3"), ("served", "1")]);
    // Resumed at 3: an hour is not too old.
    assert_eq!(case("2h").served(), ["1h", "2h", "3h", "4h"]);
}

#[test]
fn a_queue_keeps_no_requests_that_are_refused_while_the_service_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let case = || {
        Case::trace(&folder, &[(0, 0.25), (10, 0.25), (120, 0.25)]).customer("on_refusal = { queue = {} }")
    };
    // The third empties the balance; what waited would be tried when 1.00 come ten minutes later.
    let limited = case()
        .customer("buys_credit = { delay = \"10m\", amount = 1.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.50\nrate_limit = { requests_per_minute = 1 }");
    assert_eq!(limited.tries(), ["0h ok", "0h 10s rate_limited", "0h 2m ok"]);
    assert_eq!(limited.lost(), ["0h 10s"]);
    // The hold of the second does not fit, and stops the account; that is lost, and the third waits.
    let held = case()
        .metering("authorization = { hold = { output_tokens = 0 } }")
        .customer("buys_credit = { delay = \"10m\", amount = 1.00 }")
        .policy("prepaid_pause", "initial_purchase = 0.40");
    assert_eq!(held.tries(), ["0h ok", "0h 10s on_hold", "0h 2m no_credit", "0h 10m 10s ok"]);
    assert_eq!(held.lost(), ["0h 10s"]);
}

#[test]
fn a_queue_is_released_when_an_account_opens() {
    // Bought at signup, posted at 1h 30m.
    let case = Case::hourly(0.25)
        .horizon("3h")
        .payments("latency = \"90m\"")
        .customer("on_refusal = { queue = {} }")
        .policy("prepaid_pause", "initial_purchase = 5.00");
    assert_eq!(case.tries(), ["1h no_credit", "1h 30m ok", "2h ok"]);
}

#[test]
fn a_stop_that_ends_as_the_account_becomes_not_open_releases_no_queue() {
    // Used up at 2; a card at 3h 30m, and its purchase posted at 4h 30m.
    let case = Case::hourly(0.25)
        .horizon("6h")
        .payments("latency = \"1h\"")
        .customer(
            "payment_method = 0\nadds_payment_method = { delay = \"90m\" }\non_refusal = { queue = {} }",
        )
        .policy("trial", "credit = 0.50\nthen = { kind = \"prepaid_pause\", initial_purchase = 5.00 }");
    assert_eq!(
        case.tries(),
        ["1h ok", "2h ok", "3h no_payment_method", "4h no_credit", "4h 30m ok", "4h 30m ok", "5h ok"]
    );
}

#[test]
fn a_queue_is_released_at_the_multiple_at_which_service_resumes() {
    // Stopped at 5, bought at 6, resumed at 10, before the request of 10.
    let case =
        queueing("", "delay = \"1h\", amount = 5.00", "1.25").metering("refresh = \"5h\"").horizon("11h");
    assert_eq!(
        case.tries()[5..10],
        ["6h no_credit", "7h no_credit", "8h no_credit", "9h no_credit", "10h ok"]
    );
    assert_eq!(case.served()[5..], ["6h", "7h", "8h", "9h", "10h"]);
}

#[test]
fn a_client_that_heeds_some_status_codes_drops_requests_refused_with_others() {
    let folder = tempfile::tempdir().unwrap();
    let retry = "{ retry = { attempts = 1, backoff = \"10s\", http_status = [429] } }";
    // 402 is none of them.
    assert_eq!(refused(&folder, retry).tries(), ["0h no_credit"]);
    refused(&folder, retry).gives(&[("attempts", "1"), ("lost", "1")]);
    // Rate limits have it.
    let case = Case::trace(&folder, &[(0, 0.25), (55, 0.25)])
        .customer(&format!("on_refusal = {retry}"))
        .policy("postpaid", "rate_limit = { requests_per_minute = 1 }");
    assert_eq!(case.tries(), ["0h ok", "0h 55s rate_limited", "0h 1m 5s ok"]);
}

#[test]
fn a_policy_s_own_status_codes_are_what_clients_react_to() {
    let folder = tempfile::tempdir().unwrap();
    let case = |on_refusal: &str, http_status: &str| {
        Case::trace(&folder, &[(0, 0.25)])
            .customer(&format!("on_refusal = {on_refusal}"))
            .policy("prepaid_pause", &format!("http_status = {{ {http_status} }}"))
    };
    let heeds_429 = "{ retry = { attempts = 1, backoff = \"10s\", http_status = [429] } }";
    assert_eq!(case(heeds_429, "no_credit = 429").tries().len(), 2);
    assert_eq!(case(heeds_429, "no_payment_method = 429").tries().len(), 1);
    let heeds_402_or_503 = "{ retry = { attempts = 1, backoff = \"10s\", http_status = [402, 503] } }";
    assert_eq!(case(heeds_402_or_503, "").tries().len(), 2);
    assert_eq!(case(heeds_402_or_503, "no_credit = 429").tries().len(), 1);
    assert_eq!(case(heeds_402_or_503, "no_credit = 503").tries().len(), 2);
}

#[test]
fn a_queue_may_heed_some_status_codes_only() {
    let queue = "http_status = [402]";
    // 2 and 3 wait until 3h 30m.
    let case = queueing(queue, "delay = \"150m\", amount = 5.00", "0.25").horizon("5h");
    assert_eq!(case.served(), ["1h", "2h", "3h", "4h"]);
    // Past due is 403: of the last day of January, refused from 24 on, nothing waits.
    let past_due = Case::hourly(1.00)
        .start("2026-01-31")
        .horizon("30h")
        .payments("card_lifetime = \"12h\"")
        .customer(&format!("on_refusal = {{ queue = {{ {queue} }} }}\nreplaces_card = {{ delay = \"4h\" }}"))
        .policy("postpaid", "");
    assert_eq!(past_due.lost(), ["24h", "25h", "26h", "27h"]);
    past_due.gives(&[("refused_past_due", "4"), ("attempts", "29")]);
}
