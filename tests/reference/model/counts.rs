//! What is counted (MODEL 9), and the columns that follow from it.

use super::terms::{Micros, Nanos};
use super::wallet::Posting;
use std::collections::BTreeMap;

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    Count(i128),
    Usd(Nanos),
    Micros(i128),
    /// Numerator, denominator, and what it is where that is zero.
    Ratio(i128, i128, f64),
}

impl Figure {
    /// The sum of two of one column; ratios are of sums.
    pub fn plus(self, other: Figure) -> Figure {
        match (self, other) {
            (Figure::Count(a), Figure::Count(b)) => Figure::Count(a + b),
            (Figure::Usd(a), Figure::Usd(b)) => Figure::Usd(a + b),
            (Figure::Micros(a), Figure::Micros(b)) => Figure::Micros(a + b),
            (Figure::Ratio(a, b, otherwise), Figure::Ratio(c, d, _)) => {
                Figure::Ratio(a + c, b + d, otherwise)
            }
            _ => unreachable!("a column has one unit"),
        }
    }
}

/// What one account, or several, have come to.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub now: Micros,
    warmup: Micros,
    /// Numbers, nano-dollars and microseconds, under the names of their columns or of what these are made of.
    sums: BTreeMap<&'static str, i128>,
    pub credit_area: i128,
    pub receivable_area: i128,
    pub credit_end: Nanos,
    pub receivable_end: Nanos,
    pub overdue_end: Nanos,
    pub postings: Vec<Posting>,
    /// How often each rule fired.
    pub rules: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub fn new(warmup: Micros) -> Counts {
        Counts { warmup, ..Counts::default() }
    }

    pub fn rule(&mut self, rule: &'static str) {
        *self.rules.entry(rule).or_default() += 1;
    }

    /// Counts something by the instant at which it happens: what lies before the warm-up is not counted.
    pub fn add(&mut self, name: &'static str, amount: i128) {
        self.add_by(self.now, name, amount);
    }

    /// Counts something by another instant: a request by its arrival.
    pub fn add_by(&mut self, instant: Micros, name: &'static str, amount: i128) {
        if instant >= self.warmup {
            *self.sums.entry(name).or_default() += amount;
        }
    }

    /// Counts time, of which what lies before the warm-up has been left out.
    pub fn add_micros(&mut self, name: &'static str, micros: Micros) {
        *self.sums.entry(name).or_default() += i128::from(micros);
    }

    /// Counts something whatever the warm-up.
    pub fn add_always(&mut self, name: &'static str, amount: i128) {
        *self.sums.entry(name).or_default() += amount;
    }

    /// Counts an account to which something happens, once.
    pub fn happened_to_account(&mut self, name: &'static str) {
        if self.now >= self.warmup {
            self.sums.insert(name, 1);
        }
    }

    /// An account is activated by its first counted request that is served.
    pub fn account_was_served(&mut self, arrived: Micros) {
        if arrived >= self.warmup {
            self.sums.insert("accounts_activated", 1);
        }
    }

    pub fn add_postings(&mut self, postings: &mut Vec<Posting>) {
        self.postings.append(postings);
    }

    /// Adds what others have come to.
    pub fn merge(&mut self, other: &Counts) {
        for (name, amount) in &other.sums {
            *self.sums.entry(name).or_default() += amount;
        }
        for (rule, times) in &other.rules {
            *self.rules.entry(rule).or_default() += times;
        }
        self.credit_area += other.credit_area;
        self.receivable_area += other.receivable_area;
        self.credit_end += other.credit_end;
        self.receivable_end += other.receivable_end;
        self.overdue_end += other.overdue_end;
    }

    fn sum(&self, name: &str) -> i128 {
        self.sums.get(name).copied().unwrap_or(0)
    }

    /// Every column of MODEL 9, with the shares and the causes of overshoot that stand beside them. `serving_cost` is a
    /// share in billionths, `measured` the length of [warm-up, horizon).
    pub fn columns(&self, serving_cost: i128, measured: Micros) -> Vec<(&'static str, Figure)> {
        let count = |name: &'static str| (name, Figure::Count(self.sum(name)));
        let usd = |name: &'static str| (name, Figure::Usd(self.sum(name)));
        let mean = |area| Figure::Usd(half_up(area, measured.into()));
        let [usage, promotional] = ["usage_usd", "promotional_usd"].map(|name| self.sum(name));
        let [fees, disputes, bad_debt] =
            ["fees_usd", "disputes_usd", "bad_debt_usd"].map(|name| self.sum(name));
        let serving_cost = half_up(usage * serving_cost, 1_000_000_000);
        let (requests, served) = (self.sum("requests"), self.sum("served"));
        let (stopped, account) = (self.sum("stopped_micros"), self.sum("account_micros"));
        let accounts = self.sum("accounts");
        let refusals: i128 = REFUSALS.iter().map(|name| self.sum(name)).sum();
        let mut columns = vec![
            count("accounts"),
            count("requests"),
            count("served"),
            ("lost", Figure::Count(requests - served)),
            count("attempts"),
            ("refusals", Figure::Count(refusals)),
            count("churned_requests"),
            usd("churned_usage_usd"),
            usd("usage_usd"),
            usd("promotional_usd"),
            ("net_revenue_usd", Figure::Usd(usage - promotional)),
            ("lost_usage_usd", Figure::Usd(self.sum("asked_usage_usd") - usage)),
            usd("cash_in_usd"),
            usd("fees_usd"),
            usd("disputes_usd"),
            usd("bad_debt_usd"),
            usd("breakage_usd"),
            ("net_cash_usd", Figure::Usd(self.sum("cash_in_usd") - fees - self.sum("returned_usd"))),
            ("serving_cost_usd", Figure::Usd(serving_cost)),
            (
                "contribution_usd",
                Figure::Usd(
                    usage - promotional + self.sum("breakage_usd")
                        - serving_cost
                        - fees
                        - disputes
                        - bad_debt,
                ),
            ),
            ("credit_end_usd", Figure::Usd(self.credit_end)),
            ("receivable_end_usd", Figure::Usd(self.receivable_end)),
            ("overdue_end_usd", Figure::Usd(self.overdue_end)),
            ("credit_mean_usd", mean(self.credit_area)),
            ("receivable_mean_usd", mean(self.receivable_area)),
            usd("overshoot_usd"),
            usd("overshoot_lag_usd"),
            usd("overshoot_in_flight_usd"),
            usd("overshoot_last_request_usd"),
            count("payments"),
            count("payments_declined"),
            count("top_ups"),
            count("manual_purchases"),
            count("invoices"),
            count("invoices_paid"),
            count("invoices_written_off"),
            count("stops"),
            ("stopped_seconds", Figure::Micros(stopped)),
            ("active_share", Figure::Ratio(account - stopped, account, 1.0)),
            count("accounts_activated"),
            count("accounts_stopped"),
            count("accounts_churned"),
            count("accounts_closed"),
            count("accounts_converted"),
            ("refused_share", Figure::Ratio(refusals, self.sum("attempts"), 0.0)),
            ("lost_share", Figure::Ratio(requests - served, requests, 0.0)),
            ("stopped_share", Figure::Ratio(self.sum("accounts_stopped"), accounts, 0.0)),
            ("churned_share", Figure::Ratio(self.sum("accounts_churned"), accounts, 0.0)),
        ];
        columns.extend(REFUSALS.map(count));
        columns
    }
}

const REFUSALS: [&str; 8] = [
    "refused_closed",
    "refused_no_payment_method",
    "refused_past_due",
    "refused_limit_reached",
    "refused_budget_reached",
    "refused_no_credit",
    "refused_rate_limited",
    "refused_on_hold",
];

/// A quotient, rounded half up.
pub fn half_up(value: i128, divisor: i128) -> i128 {
    (2 * value + divisor).div_euclid(2 * divisor)
}
