//! What is counted, from when, and means by hand.

use super::Case;

#[test]
fn what_lies_before_the_warm_up_is_not_counted() {
    // Stopped at 2; the requests of 6..23 count, and 18 hours of the stop.
    Case::hourly(0.25).scenario("warmup = \"6h\"").policy("prepaid_pause", "initial_purchase = 0.50").gives(
        &[
            ("accounts", "1"),
            ("requests", "18"),
            ("served", "0"),
            ("refused_no_credit", "18"),
            ("stops", "0"),
            ("accounts_stopped", "0"),
            ("accounts_activated", "0"),
            ("stopped_seconds", "64800.000000"),
            ("active_share", "0"),
            ("cash_in_usd", "0.00"),
            ("payments", "0"),
            ("manual_purchases", "0"),
            ("usage_usd", "0.00"),
        ],
    );
    // What happens at its end is counted.
    Case::hourly(0.25).scenario("warmup = \"2h\"").policy("prepaid_pause", "initial_purchase = 0.50").gives(
        &[
            ("requests", "22"),
            ("served", "1"),
            ("stops", "1"),
            ("accounts_activated", "1"),
            ("stopped_seconds", "79200.000000"),
        ],
    );
}

#[test]
fn credit_is_averaged_from_the_warm_up_to_the_horizon() {
    // 1.00, 0.75, 0.50, 0.25 for an hour each.
    let case = Case::hourly(0.25).horizon("4h").policy("prepaid_pause", "initial_purchase = 1.00");
    case.gives(&[("credit_mean_usd", "0.625"), ("receivable_mean_usd", "0.00")]);
    case.scenario("warmup = \"2h\"").gives(&[("credit_mean_usd", "0.375"), ("credit_end_usd", "0.25")]);
}

#[test]
fn promotional_credit_is_not_owed_to_customers() {
    Case::hourly(0.25)
        .horizon("4h")
        .policy("prepaid_pause", "free_credit = { amount = 5.00 }")
        .gives(&[("credit_mean_usd", "0.00"), ("credit_end_usd", "0.00")]);
}

#[test]
fn the_receivable_is_averaged_with_what_is_on_open_invoices() {
    let case = Case::hourly(1.00).start("2026-01-31").horizon("26h");
    // 0, 1, ... 25 for an hour each: 325 / 26.
    case.clone().policy("postpaid", "terms = \"1d\"").gives(&[("receivable_mean_usd", "12.50")]);
    // Paid at 24: 0, 1, ... 23, 1, 2: 279 / 26 = 10.7307692307...
    case.policy("postpaid", "").gives(&[("receivable_mean_usd", "10.730769231")]);
}

#[test]
fn an_account_is_activated_and_stopped_once() {
    Case::hourly(0.25)
        .customer("buys_credit = { delay = \"1h\", amount = 0.50 }")
        .policy("prepaid_pause", "initial_purchase = 0.50")
        .gives(&[("accounts_activated", "1"), ("accounts_stopped", "1"), ("stops", "11")]);
}

#[test]
fn contribution_is_net_revenue_less_all_costs() {
    // 0.60 of usage, 0.10 of it promotional; cost 0.55 x 0.60 = 0.33; fee 0.01 + 0.30 on 0.50.
    Case::hourly(0.30)
        .payments("fee_percent = 2.9\nfee_fixed = 0.30")
        .scenario("[platform]\nserving_cost = 0.55")
        .policy("prepaid_pause", "initial_purchase = 0.50\nfree_credit = { amount = 0.10 }")
        .gives(&[
            ("net_revenue_usd", "0.50"),
            ("serving_cost_usd", "0.33"),
            ("fees_usd", "0.31"),
            ("contribution_usd", "-0.14"),
        ]);
}
