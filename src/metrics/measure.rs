//! Measures: each figure that a run gives, defined once, by what is counted.

use super::spread::{AccountFigure, Rank, Spread};
use super::{Flow, Flows, Tally};
use crate::money::{Share, Total};
use crate::request::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the scenario contributes to a figure.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Cost of serving, as a share of the list price.
    pub serving_cost: Share,
    /// Length of [warm-up, horizon) in microseconds; more than zero.
    pub measured_micros: i128,
}

/// The unit of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// US dollars.
    Usd,
    /// Seconds of account time.
    Seconds,
    /// A share in 0..1.
    Share,
}

impl Unit {
    /// The name used in output files.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Usd => "usd",
            Unit::Seconds => "seconds",
            Unit::Share => "share",
        }
    }
}

/// The value of a measure: exact but for shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Quantity {
    /// So many.
    Count(i128),
    /// So much money.
    Usd(Total),
    /// So many microseconds of account time; written in seconds.
    Micros(i128),
    /// A ratio of two sums: (numerator, denominator, what it is where there is nothing to divide).
    Ratio(i128, i128, f64),
}

impl Quantity {
    /// The value as a float, in its unit: for statistics and plots.
    pub fn as_f64(self) -> f64 {
        match self {
            Quantity::Count(count) => count as f64,
            Quantity::Usd(total) => total.as_dollars_f64(),
            Quantity::Micros(micros) => micros as f64 / 1e6,
            Quantity::Ratio(_, 0, otherwise) => otherwise,
            Quantity::Ratio(numerator, denominator, _) => numerator as f64 / denominator as f64,
        }
    }
}

/// Adds two values of one measure: counts, money and time as they are, ratios by their parts.
impl std::ops::Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        match (self, other) {
            (Quantity::Count(a), Quantity::Count(b)) => Quantity::Count(a + b),
            (Quantity::Usd(a), Quantity::Usd(b)) => Quantity::Usd(a + b),
            (Quantity::Micros(a), Quantity::Micros(b)) => Quantity::Micros(a + b),
            (Quantity::Ratio(a, b, otherwise), Quantity::Ratio(c, d, _)) => {
                Quantity::Ratio(a + c, b + d, otherwise)
            }
            _ => unreachable!("a measure has one unit"),
        }
    }
}

/// Writes counts and dollars exactly, seconds with six decimals, shares as the shortest decimal that reads back the
/// same float.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Quantity::Count(count) => count.fmt(f),
            Quantity::Usd(total) => total.fmt(f),
            Quantity::Micros(micros) => f.pad(&format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)),
            Quantity::Ratio(..) => self.as_f64().fmt(f),
        }
    }
}

/// Which way a measure is better, all else being equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// One column of the results.
pub struct Measure {
    /// The name of the column.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Which way it is better for the provider, or for its customers; `None` where that depends.
    pub better: Option<Better>,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    source: Source,
}

/// What a measure follows from.
enum Source {
    /// The sums of a day, or of a run.
    Daily(fn(&Flows, &Context) -> Quantity),
    /// Only what is counted of a whole run.
    Run(fn(&Tally, &Context) -> Quantity),
    /// A share of all accounts: those that something happened to.
    ShareOfAccounts(Flow),
    /// How a figure is spread over the accounts.
    Accounts(AccountFigure, Rank),
}

impl Measure {
    /// Whether a single day has it: whether it is a column of the time series.
    pub fn is_daily(&self) -> bool {
        matches!(self.source, Source::Daily(_))
    }

    /// Whether it is a sum over accounts, or a ratio of such: whether a single account has it.
    pub fn is_sum(&self) -> bool {
        !matches!(self.source, Source::Accounts(..))
    }

    /// The value for a run, or for some of its accounts.
    ///
    /// # Panics
    /// If the measure is no [sum](Measure::is_sum).
    pub fn of_sums(&self, tally: &Tally, context: &Context) -> Quantity {
        match self.source {
            Source::Daily(of) => of(&tally.flows, context),
            Source::Run(of) => of(tally, context),
            Source::ShareOfAccounts(flow) => {
                Quantity::Ratio(tally.flows[flow], tally.flows[Flow::Accounts], 0.0)
            }
            Source::Accounts(..) => panic!("{} is no sum over accounts", self.name),
        }
    }

    /// The value over accounts, for a measure that is no [sum](Measure::is_sum); `None` for one that is.
    pub fn of_spread(&self, spread: &Spread) -> Option<Quantity> {
        match self.source {
            Source::Accounts(figure, rank) => Some(figure.quantity(spread.quantile(figure, rank))),
            _ => None,
        }
    }

    /// The value for a day.
    ///
    /// # Panics
    /// If the measure is not [daily](Measure::is_daily).
    pub fn of_day(&self, flows: &Flows, context: &Context) -> Quantity {
        let Source::Daily(of) = self.source else { panic!("{} has no value for a day", self.name) };
        of(flows, context)
    }

    /// The measure of that name.
    pub fn named(name: &str) -> Option<&'static Measure> {
        MEASURES.iter().find(|measure| measure.name == name)
    }

    /// The measure whose name is most like one that there is not.
    pub fn nearest(name: &str) -> &'static Measure {
        let likeness = |known: &Measure| strsim::jaro_winkler(known.name, name);
        let nearest = MEASURES.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        nearest.expect("there are measures")
    }

    /// Its place in [`MEASURES`].
    ///
    /// # Panics
    /// If there is no measure of that name.
    pub fn index_of(name: &str) -> usize {
        MEASURES.iter().position(|known| known.name == name).expect("only measures that there are are named")
    }

    const fn count(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit: Unit::Count, better, meaning, source: Source::Daily(of) }
    }

    const fn usd(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit: Unit::Usd, better, meaning, source: Source::Daily(of) }
    }

    const fn seconds(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit: Unit::Seconds, better, meaning, source: Source::Daily(of) }
    }

    const fn share(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit: Unit::Share, better, meaning, source: Source::Daily(of) }
    }

    const fn level(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Tally, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit: Unit::Usd, better, meaning, source: Source::Run(of) }
    }

    const fn share_of_accounts(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        flow: Flow,
    ) -> Measure {
        Measure { name, label, unit: Unit::Share, better, meaning, source: Source::ShareOfAccounts(flow) }
    }

    const fn quantile(
        name: &'static str,
        label: &'static str,
        meaning: &'static str,
        figure: AccountFigure,
        rank: Rank,
    ) -> Measure {
        Measure {
            name,
            label,
            unit: figure.unit(),
            better: LOWER,
            meaning,
            source: Source::Accounts(figure, rank),
        }
    }
}

const HIGHER: Option<Better> = Some(Better::Higher);
const LOWER: Option<Better> = Some(Better::Lower);
const NEITHER: Option<Better> = None;

fn count(value: i128) -> Quantity {
    Quantity::Count(value)
}

fn usd(nanos: i128) -> Quantity {
    Quantity::Usd(Total::from_nanos(nanos))
}

fn serving_cost(flows: &Flows, context: &Context) -> Total {
    Total::from_nanos(flows[Flow::Usage]) * context.serving_cost
}

fn mean(area: i128, context: &Context) -> Quantity {
    Quantity::Usd(Total::from_nanos(area).divided_by(context.measured_micros))
}

/// Every measure, in the order of the columns.
pub const MEASURES: &[Measure] = &[
    Measure::count(
        "accounts",
        "accounts",
        NEITHER,
        "accounts that signed up by the horizon, warm-up or not",
        |f, _| count(f[Flow::Accounts]),
    ),
    Measure::count("requests", "requests", NEITHER, "demand: requests that customers sent", |f, _| {
        count(f[Flow::Requests])
    }),
    Measure::count("served", "served requests", HIGHER, "requests served", |f, _| count(f[Flow::Served])),
    Measure::count("lost", "lost requests", LOWER, "requests never served", |f, _| {
        count(f[Flow::Requests] - f[Flow::Served])
    }),
    Measure::count("attempts", "tries", NEITHER, "tries of clients", |f, _| count(f[Flow::Attempts])),
    Measure::count("refusals", "refused tries", LOWER, "tries refused", |f, _| count(f.refusals())),
    Measure::count(
        "refused_closed",
        "refused: account closed",
        LOWER,
        "tries refused: account closed (403)",
        |f, _| count(f.refused(Refusal::Closed)),
    ),
    Measure::count(
        "refused_no_payment_method",
        "refused: no payment method",
        LOWER,
        "tries refused: trial or credit used up, or post-paid, and no payment method on file (402)",
        |f, _| count(f.refused(Refusal::NoPaymentMethod)),
    ),
    Measure::count(
        "refused_past_due",
        "refused: past due",
        LOWER,
        "tries refused: an invoice stayed unpaid (403)",
        |f, _| count(f.refused(Refusal::PastDue)),
    ),
    Measure::count(
        "refused_limit_reached",
        "refused: limit reached",
        LOWER,
        "tries refused: post-paid limit used up (402)",
        |f, _| count(f.refused(Refusal::LimitReached)),
    ),
    Measure::count(
        "refused_budget_reached",
        "refused: budget reached",
        LOWER,
        "tries refused: no credit, and only a monthly budget prevents buying more (402)",
        |f, _| count(f.refused(Refusal::BudgetReached)),
    ),
    Measure::count(
        "refused_no_credit",
        "refused: no credit",
        LOWER,
        "tries refused: prepaid balance used up (402)",
        |f, _| count(f.refused(Refusal::NoCredit)),
    ),
    Measure::count(
        "refused_rate_limited",
        "refused: rate limited",
        LOWER,
        "tries refused: over a rate limit (429)",
        |f, _| count(f.refused(Refusal::RateLimited)),
    ),
    Measure::count(
        "refused_on_hold",
        "refused: on hold",
        LOWER,
        "tries refused: what is left does not cover the assumed cost (402)",
        |f, _| count(f.refused(Refusal::OnHold)),
    ),
    Measure::count(
        "churned_requests",
        "requests missed by churn",
        LOWER,
        "requests that churned customers would have sent (not demand)",
        |f, _| count(f[Flow::ChurnedRequests]),
    ),
    Measure::usd("churned_usage_usd", "usage missed by churn", LOWER, "their list price", |f, _| {
        usd(f[Flow::ChurnedUsage])
    }),
    Measure::usd("usage_usd", "usage", HIGHER, "served usage at list price", |f, _| usd(f[Flow::Usage])),
    Measure::usd(
        "promotional_usd",
        "promotional usage",
        NEITHER,
        "of the usage, what promotional credit paid",
        |f, _| usd(f[Flow::Promotional]),
    ),
    Measure::usd(
        "net_revenue_usd",
        "net revenue",
        HIGHER,
        "usage less what promotional credit paid",
        |f, _| usd(f.net_revenue()),
    ),
    Measure::usd("lost_usage_usd", "lost usage", LOWER, "list price of lost requests", |f, _| {
        usd(f[Flow::LostUsage])
    }),
    Measure::usd("cash_in_usd", "cash in", HIGHER, "successful payments", |f, _| usd(f[Flow::CashIn])),
    Measure::usd("fees_usd", "fees", LOWER, "fees of the processor and for disputes", |f, _| {
        usd(f[Flow::Fees])
    }),
    Measure::usd(
        "disputes_usd",
        "disputes",
        LOWER,
        "money returned in disputes, net of credit taken back",
        |f, _| usd(f[Flow::Disputes]),
    ),
    Measure::usd("bad_debt_usd", "bad debt", LOWER, "receivables written off", |f, _| usd(f[Flow::BadDebt])),
    Measure::usd("breakage_usd", "breakage", NEITHER, "paid credit that lapsed", |f, _| {
        usd(f[Flow::Breakage])
    }),
    Measure::usd(
        "net_cash_usd",
        "net cash",
        HIGHER,
        "cash in, less fees and money returned in disputes",
        |f, _| usd(f.net_cash()),
    ),
    Measure::usd(
        "serving_cost_usd",
        "serving cost",
        NEITHER,
        "usage times the platform's serving cost",
        |f, c| Quantity::Usd(serving_cost(f, c)),
    ),
    Measure::usd(
        "contribution_usd",
        "contribution",
        HIGHER,
        "net revenue and breakage, less serving cost, fees, disputes and bad debt",
        |f, c| {
            let gain = f[Flow::Usage] - f[Flow::Promotional] + f[Flow::Breakage];
            let loss = f[Flow::Fees] + f[Flow::Disputes] + f[Flow::BadDebt];
            Quantity::Usd(Total::from_nanos(gain - loss) - serving_cost(f, c))
        },
    ),
    Measure::level(
        "credit_end_usd",
        "credit at the end",
        NEITHER,
        "paid credit owed to customers at the end of the run-off",
        |t, _| usd(t.balances.credit_end),
    ),
    Measure::level(
        "receivable_end_usd",
        "receivable at the end",
        LOWER,
        "owed by customers at the end of the run-off",
        |t, _| usd(t.balances.receivable_end),
    ),
    Measure::level(
        "overdue_end_usd",
        "overdue at the end",
        LOWER,
        "of the receivable at the end, what is on invoices that had a final decline",
        |t, _| usd(t.balances.overdue_end),
    ),
    Measure::level(
        "credit_mean_usd",
        "float",
        HIGHER,
        "float: paid credit, averaged from warm-up to horizon",
        |t, c| mean(t.balances.credit_area, c),
    ),
    Measure::level(
        "receivable_mean_usd",
        "money lent",
        LOWER,
        "money lent: the receivable, averaged from warm-up to horizon",
        |t, c| mean(t.balances.receivable_area, c),
    ),
    Measure::usd("overshoot_usd", "overshoot", LOWER, "usage that the policy meant to prevent", |f, _| {
        usd(f[Flow::Overshoot])
    }),
    Measure::usd(
        "overshoot_lag_usd",
        "overshoot by lag",
        LOWER,
        "of it, from requests admitted when usage that had ended left nothing, but was not settled or not looked at",
        |f, _| usd(f[Flow::OvershootByLag]),
    ),
    Measure::usd(
        "overshoot_in_flight_usd",
        "overshoot in flight",
        LOWER,
        "of it, from requests admitted when what was left would not have covered those that were running",
        |f, _| usd(f[Flow::OvershootInFlight]),
    ),
    Measure::usd(
        "overshoot_last_request_usd",
        "overshoot of last requests",
        LOWER,
        "of it, from requests admitted when something was left: only their own cost was not known",
        |f, _| usd(f[Flow::Overshoot] - f[Flow::OvershootByLag] - f[Flow::OvershootInFlight]),
    ),
    Measure::count("payments", "payments", NEITHER, "results of payments", |f, _| count(f[Flow::Payments])),
    Measure::count("payments_declined", "declined payments", LOWER, "of them, declined", |f, _| {
        count(f[Flow::PaymentsDeclined])
    }),
    Measure::count("top_ups", "top-ups", NEITHER, "successful purchases by automatic top-up", |f, _| {
        count(f[Flow::TopUps])
    }),
    Measure::count(
        "manual_purchases",
        "manual purchases",
        NEITHER,
        "all other successful purchases",
        |f, _| count(f[Flow::ManualPurchases]),
    ),
    Measure::count("invoices", "invoices", NEITHER, "invoices issued", |f, _| count(f[Flow::Invoices])),
    Measure::count("invoices_paid", "paid invoices", NEITHER, "invoices paid", |f, _| {
        count(f[Flow::InvoicesPaid])
    }),
    Measure::count("invoices_written_off", "invoices written off", LOWER, "invoices written off", |f, _| {
        count(f[Flow::InvoicesWrittenOff])
    }),
    Measure::count("stops", "stops", LOWER, "times that an account was stopped", |f, _| {
        count(f[Flow::Stops])
    }),
    Measure::seconds(
        "stopped_seconds",
        "stopped time",
        LOWER,
        "account time stopped, until churn, closure or the horizon",
        |f, _| Quantity::Micros(f[Flow::StoppedMicros]),
    ),
    Measure::share(
        "active_share",
        "active time",
        HIGHER,
        "share of account time not stopped (1 where there is none)",
        |f, _| Quantity::Ratio(f[Flow::AccountMicros] - f[Flow::StoppedMicros], f[Flow::AccountMicros], 1.0),
    ),
    Measure::count(
        "accounts_activated",
        "activated accounts",
        HIGHER,
        "accounts that had a request served",
        |f, _| count(f[Flow::AccountsActivated]),
    ),
    Measure::count("accounts_stopped", "stopped accounts", LOWER, "accounts ever stopped", |f, _| {
        count(f[Flow::AccountsStopped])
    }),
    Measure::count("accounts_churned", "churned accounts", LOWER, "accounts whose customer left", |f, _| {
        count(f[Flow::AccountsChurned])
    }),
    Measure::count("accounts_closed", "closed accounts", LOWER, "accounts closed", |f, _| {
        count(f[Flow::AccountsClosed])
    }),
    Measure::count(
        "accounts_converted",
        "converted accounts",
        HIGHER,
        "accounts that moved on from a trial",
        |f, _| count(f[Flow::AccountsConverted]),
    ),
    Measure::share(
        "refused_share",
        "refused tries",
        LOWER,
        "share of tries refused (0 where there is none)",
        |f, _| Quantity::Ratio(f.refusals(), f[Flow::Attempts], 0.0),
    ),
    Measure::share(
        "lost_share",
        "lost requests",
        LOWER,
        "share of requests lost (0 where there is none)",
        |f, _| Quantity::Ratio(f[Flow::Requests] - f[Flow::Served], f[Flow::Requests], 0.0),
    ),
    Measure::share_of_accounts(
        "stopped_share",
        "stopped accounts",
        LOWER,
        "share of accounts ever stopped (0 where there is none)",
        Flow::AccountsStopped,
    ),
    Measure::share_of_accounts(
        "churned_share",
        "churned accounts",
        LOWER,
        "share of accounts whose customer left (0 where there is none)",
        Flow::AccountsChurned,
    ),
    Measure::quantile(
        "overshoot_p50_usd",
        "overshoot, median account",
        "overshoot of an account: half of the accounts have at most this",
        AccountFigure::Overshoot,
        Rank::P50,
    ),
    Measure::quantile(
        "overshoot_p90_usd",
        "overshoot, 9 of 10 accounts",
        "overshoot of an account: nine accounts of ten have at most this",
        AccountFigure::Overshoot,
        Rank::P90,
    ),
    Measure::quantile(
        "overshoot_p99_usd",
        "overshoot, 99 of 100 accounts",
        "overshoot of an account: 99 accounts of a hundred have at most this",
        AccountFigure::Overshoot,
        Rank::P99,
    ),
    Measure::quantile(
        "overshoot_max_usd",
        "overshoot, worst account",
        "overshoot of an account: the account that has most has this",
        AccountFigure::Overshoot,
        Rank::Max,
    ),
    Measure::quantile(
        "stopped_p50_seconds",
        "stopped time, median account",
        "stopped time of an account: half of the accounts have at most this",
        AccountFigure::Stopped,
        Rank::P50,
    ),
    Measure::quantile(
        "stopped_p90_seconds",
        "stopped time, 9 of 10 accounts",
        "stopped time of an account: nine accounts of ten have at most this",
        AccountFigure::Stopped,
        Rank::P90,
    ),
    Measure::quantile(
        "stopped_p99_seconds",
        "stopped time, 99 of 100 accounts",
        "stopped time of an account: 99 accounts of a hundred have at most this",
        AccountFigure::Stopped,
        Rank::P99,
    ),
    Measure::quantile(
        "stopped_max_seconds",
        "stopped time, worst account",
        "stopped time of an account: the account that has most has this",
        AccountFigure::Stopped,
        Rank::Max,
    ),
    Measure::quantile(
        "debt_p50_usd",
        "debt, median account",
        "what an account owes at the end, and what of it was written off: half of the accounts have at most this",
        AccountFigure::Debt,
        Rank::P50,
    ),
    Measure::quantile(
        "debt_p90_usd",
        "debt, 9 of 10 accounts",
        "what an account owes at the end, and what of it was written off: nine accounts of ten have at most this",
        AccountFigure::Debt,
        Rank::P90,
    ),
    Measure::quantile(
        "debt_p99_usd",
        "debt, 99 of 100 accounts",
        "what an account owes at the end, and what of it was written off: 99 accounts of a hundred have at most this",
        AccountFigure::Debt,
        Rank::P99,
    ),
    Measure::quantile(
        "debt_max_usd",
        "debt, worst account",
        "what an account owes at the end, and what of it was written off: the account that has most has this",
        AccountFigure::Debt,
        Rank::Max,
    ),
    Measure::quantile(
        "lost_share_p50",
        "lost requests, median account",
        "share of an account's requests lost: half of the accounts have at most this",
        AccountFigure::LostShare,
        Rank::P50,
    ),
    Measure::quantile(
        "lost_share_p90",
        "lost requests, 9 of 10 accounts",
        "share of an account's requests lost: nine accounts of ten have at most this",
        AccountFigure::LostShare,
        Rank::P90,
    ),
    Measure::quantile(
        "lost_share_p99",
        "lost requests, 99 of 100 accounts",
        "share of an account's requests lost: 99 accounts of a hundred have at most this",
        AccountFigure::LostShare,
        Rank::P99,
    ),
    Measure::quantile(
        "lost_share_max",
        "lost requests, worst account",
        "share of an account's requests lost: the account that has most has this",
        AccountFigure::LostShare,
        Rank::Max,
    ),
];

/// The measures that tell policies apart at a glance, in the order in which they are shown.
pub const HEADLINES: [&str; 11] = [
    "contribution_usd",
    "net_revenue_usd",
    "net_cash_usd",
    "bad_debt_usd",
    "credit_mean_usd",
    "receivable_mean_usd",
    "overshoot_usd",
    "fees_usd",
    "lost_share",
    "active_share",
    "churned_share",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_served_or_lost_and_contribution_adds_up() {
        let context = Context { serving_cost: Share::from_billionths(500_000_000), measured_micros: 1 };
        let mut tally = Tally::default();
        for (flow, value) in [
            (Flow::Requests, 10),
            (Flow::Served, 7),
            (Flow::Usage, 1001),
            (Flow::Promotional, 100),
            (Flow::Fees, 7),
            (Flow::BadDebt, 11),
        ] {
            tally.flows[flow] += value;
        }
        let value = |name| Measure::named(name).unwrap().of_sums(&tally, &context);
        assert_eq!(value("lost"), Quantity::Count(3));
        assert_eq!(value("serving_cost_usd"), usd(501)); // 500.5, half up
        assert_eq!(value("contribution_usd"), usd(1001 - 100 - 501 - 7 - 11));
        assert_eq!(value("lost_share").as_f64(), 0.3);
        assert_eq!(value("active_share").as_f64(), 1.0);
    }

    #[test]
    fn measures_have_names_of_their_own() {
        for (index, measure) in MEASURES.iter().enumerate() {
            assert!(MEASURES[..index].iter().all(|other| other.name != measure.name), "{}", measure.name);
        }
    }
}
