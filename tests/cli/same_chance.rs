//! Common random numbers: what one policy or account does shifts no draw of another.

use crate::place::{MIXED, Place};
use std::collections::BTreeMap;

/// Rows by cohort and account.
type ByAccount = BTreeMap<(String, u32), BTreeMap<String, String>>;

fn accounts(place: &Place, folder: &str, policy: &str) -> ByAccount {
    let rows = place.table(&format!("{folder}/accounts.csv")).into_iter();
    rows.filter(|row| row["policy"] == policy)
        .map(|row| ((row["cohort"].clone(), row["account"].parse().expect("a number")), row))
        .collect()
}

#[test]
fn more_accounts_in_a_cohort_change_no_row_of_the_others() {
    let place = Place::with_mixed();
    place.write("more.toml", MIXED.replace("accounts = 20", "accounts = 27"));
    place.succeeds("run mixed.toml more.toml --accounts --quiet --no-plots");
    for policy in ["prepaid", "top-up", "postpaid", "trial"] {
        let few = accounts(&place, "output/mixed", policy);
        let mut many = accounts(&place, "output/more", policy);
        assert_eq!(many.len(), few.len() + 7);
        many.retain(|account, _| few.contains_key(account));
        assert!(few == many, "{policy}");
    }
}

#[test]
fn every_policy_meets_the_same_demand() {
    let place = Place::with_mixed();
    place.succeeds("run mixed.toml --accounts --quiet --no-plots");
    let demand = |policy| {
        let sum = |row: &BTreeMap<String, String>, columns: &[&str]| -> f64 {
            columns.iter().map(|column| row[*column].parse::<f64>().expect("a number")).sum()
        };
        let of_account = |row: &BTreeMap<String, String>| {
            let requests = sum(row, &["requests", "churned_requests"]);
            let dollars = sum(row, &["usage_usd", "lost_usage_usd", "churned_usage_usd"]);
            (requests as u64, (dollars * 1e6).round() as i64)
        };
        let rows = accounts(&place, "output/mixed", policy);
        rows.iter().map(|(account, row)| (account.clone(), of_account(row))).collect::<Vec<_>>()
    };
    let prepaid = demand("prepaid");
    assert!(prepaid.iter().all(|(_, (requests, micros))| *requests > 0 && *micros > 0));
    for policy in ["top-up", "postpaid", "trial"] {
        assert_eq!(demand(policy), prepaid, "{policy}");
    }
    let requests = |policy: &str| -> Vec<String> {
        accounts(&place, "output/mixed", policy).values().map(|row| row["requests"].clone()).collect()
    };
    assert_ne!(requests("prepaid"), requests("top-up"), "those who leave send less");
}

#[test]
fn the_nth_attempt_to_pay_meets_the_same_luck_under_every_policy() {
    let place = Place::new();
    let policy = |name: &str, amount: u32, retry: &str| {
        format!(
            "[[policy]]\nname = \"{name}\"\nkind = \"auto_topup\"\ninitial_purchase = 5.00\nthreshold = 1.00\n\
             amount = {amount}.00\nretry_after = {retry}\n"
        )
    };
    let scenario = r#"
[scenario]
horizon = "60d"
[prices]
"m" = { input = 10.00, output = 20.00 }
[payments]
latency = "2s"
decline = 0.4
[[cohort]]
accounts = 3
workload.arrivals.poisson.per_day = 200
workload.tokens = { prompt = 500, output = 100 }
workload.models.m = 1
customer = { replaces_card = { delay = "5h" }, buys_credit = { delay = "7h", amount = 2.00 } }
"#;
    let policies = policy("small", 2, "[\"1h\", \"1h\"]") + &policy("large", 9, "[\"5h\"]");
    let postpaid =
        "[[policy]]\nname = \"postpaid\"\nkind = \"postpaid\"\nretry_after = [\"1d\", \"1d\", \"1d\"]\n";
    place.write("luck.toml", format!("{scenario}{policies}{postpaid}"));
    place.succeeds("run luck.toml --quiet --no-plots");
    let mut luck: BTreeMap<(String, String), Vec<bool>> = BTreeMap::new();
    for point in place.table("output/luck/balances.csv") {
        let succeeded = match point["event"].as_str() {
            "top_up" | "purchase" | "invoice_payment" => true,
            "decline" => false,
            _ => continue,
        };
        luck.entry((point["policy"].clone(), point["account"].clone())).or_default().push(succeeded);
    }
    for account in ["0", "1", "2"] {
        let of = |policy: &str| &luck[&(policy.to_owned(), account.to_owned())];
        let small = of("small");
        assert!(small.len() > 30 && small.contains(&true) && small.contains(&false), "{small:?}");
        assert!(of("large").len() > 8, "{:?}", of("large"));
        for policy in ["large", "postpaid"] {
            let (few, many) = (of(policy), &small[..of(policy).len()]);
            assert_eq!(few, many, "account {account} under {policy}");
        }
    }
}
