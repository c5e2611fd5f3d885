//! The measures: what is counted of one policy in one cohort and replication, and every figure named from it.
//!
//! A [`Tally`] holds sums only, in whole units, so tallies of accounts and days add up exactly in any order. Each
//! [`Measure`] is defined once, in [`MEASURES`]; every file, plot and table takes its name, unit and value from there.

mod demand;
mod recorder;

pub use demand::Demand;
pub use recorder::{DailyTally, Recorder};

use crate::money::{Share, Total};
use crate::request::Refusal;
use std::fmt;
use std::ops::{Index, IndexMut};

/// What is summed day by day. Nothing before the warm-up is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Flow {
    /// Accounts that signed up (also before the warm-up).
    Accounts,
    /// Requests that customers sent.
    Requests,
    /// Of them, those served.
    Served,
    /// Tries of clients.
    Attempts,
    /// Requests that churned customers would have sent.
    ChurnedRequests,
    /// Their list price, in nano-dollars.
    ChurnedUsage,
    /// List price of served requests, in nano-dollars (as all money here).
    Usage,
    /// Of it, what promotional credit paid.
    Promotional,
    /// List price of lost requests.
    LostUsage,
    /// Successful payments.
    CashIn,
    /// Fees of the processor and for disputes.
    Fees,
    /// Disputes, net of paid credit taken back.
    Disputes,
    /// Money returned in disputes.
    Returned,
    /// Receivables written off.
    BadDebt,
    /// Paid credit that lapsed.
    Breakage,
    /// Usage that the policy meant to prevent.
    Overshoot,
    /// Of it, what was not prevented because of lag.
    OvershootByLag,
    /// Of it, what was not prevented because of requests in flight.
    OvershootInFlight,
    /// Results of payments.
    Payments,
    /// Of them, declined.
    PaymentsDeclined,
    /// Successful purchases by automatic top-up.
    TopUps,
    /// Successful purchases that customers made themselves after signup.
    ManualPurchases,
    /// Invoices issued.
    Invoices,
    /// Invoices paid.
    InvoicesPaid,
    /// Invoices written off.
    InvoicesWrittenOff,
    /// Times that an account was stopped.
    Stops,
    /// Account time stopped, in microseconds.
    StoppedMicros,
    /// Account time from signup until churn, closure or the horizon, in microseconds.
    AccountMicros,
    /// Accounts that had a request served for the first time.
    AccountsActivated,
    /// Accounts stopped for the first time.
    AccountsStopped,
    /// Accounts whose customer left.
    AccountsChurned,
    /// Accounts closed.
    AccountsClosed,
    /// Accounts that moved on from a trial.
    AccountsConverted,
    /// Attempts refused, by reason: this is the first of one flow for each [`Refusal`].
    Refused,
}

const FLOWS: usize = Flow::Refused as usize + Refusal::ALL.len();

/// Sums of every [`Flow`]: of a day, or of a whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows([i128; FLOWS]);

impl Default for Flows {
    fn default() -> Flows {
        Flows([0; FLOWS])
    }
}

impl Flows {
    /// The sum of attempts refused for a reason.
    pub fn refused(&self, reason: Refusal) -> i128 {
        self.0[Flow::Refused as usize + reason as usize]
    }

    /// Adds attempts refused for a reason.
    pub fn add_refused(&mut self, reason: Refusal, attempts: i128) {
        self.0[Flow::Refused as usize + reason as usize] += attempts;
    }

    /// Adds other sums to these.
    pub fn merge(&mut self, other: &Flows) {
        for (sum, addend) in self.0.iter_mut().zip(other.0) {
            *sum += addend;
        }
    }

    fn refusals(&self) -> i128 {
        self.0[Flow::Refused as usize..].iter().sum()
    }
}

impl Index<Flow> for Flows {
    type Output = i128;
    fn index(&self, flow: Flow) -> &i128 {
        &self.0[flow as usize]
    }
}

impl IndexMut<Flow> for Flows {
    fn index_mut(&mut self, flow: Flow) -> &mut i128 {
        &mut self.0[flow as usize]
    }
}

/// What is owed at the end of a run and on average over it; it does not add up over days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Paid credit at the end of the run-off, in nano-dollars, with what awaits posting.
    pub credit_end: i128,
    /// The receivable at the end of the run-off, in nano-dollars.
    pub receivable_end: i128,
    /// Of it, what is on open invoices that have had a final decline.
    pub overdue_end: i128,
    /// Paid credit integrated over [warm-up, horizon), in nano-dollars times microseconds.
    pub credit_area: i128,
    /// The receivable, integrated likewise.
    pub receivable_area: i128,
}

impl Balances {
    /// Adds other balances to these.
    pub fn merge(&mut self, other: &Balances) {
        self.credit_end += other.credit_end;
        self.receivable_end += other.receivable_end;
        self.overdue_end += other.overdue_end;
        self.credit_area += other.credit_area;
        self.receivable_area += other.receivable_area;
    }
}

/// All that is counted of one policy in one cohort and replication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sums of the run.
    pub flows: Flows,
    /// Levels of the run.
    pub balances: Balances,
}

impl Tally {
    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Tally) {
        self.flows.merge(&other.flows);
        self.balances.merge(&other.balances);
    }
}

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
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// One column of the results.
pub struct Measure {
    /// The name of the column.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// How it follows from the sums of a day or of a run; `None` where only a whole run has it.
    of_flows: Option<fn(&Flows, &Context) -> Quantity>,
    /// How it follows from the balances; only where `of_flows` is `None`.
    of_balances: fn(&Balances, &Context) -> Quantity,
}

impl Measure {
    /// Whether a single day has it: whether it is a column of the time series.
    pub fn is_daily(&self) -> bool {
        self.of_flows.is_some()
    }

    /// The value for a run.
    pub fn of_run(&self, tally: &Tally, context: &Context) -> Quantity {
        match self.of_flows {
            Some(of_flows) => of_flows(&tally.flows, context),
            None => (self.of_balances)(&tally.balances, context),
        }
    }

    /// The value for a day.
    ///
    /// # Panics
    /// If the measure is not daily.
    pub fn of_day(&self, flows: &Flows, context: &Context) -> Quantity {
        self.of_flows.expect("only daily measures have a value for a day")(flows, context)
    }

    /// The measure of that name.
    pub fn named(name: &str) -> Option<&'static Measure> {
        MEASURES.iter().find(|measure| measure.name == name)
    }

    const fn count(
        name: &'static str,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure::flow(name, Unit::Count, meaning, of)
    }

    const fn usd(name: &'static str, meaning: &'static str, of: fn(&Flows, &Context) -> Quantity) -> Measure {
        Measure::flow(name, Unit::Usd, meaning, of)
    }

    const fn share(
        name: &'static str,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure::flow(name, Unit::Share, meaning, of)
    }

    const fn flow(
        name: &'static str,
        unit: Unit,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure {
            name,
            unit,
            meaning,
            of_flows: Some(of),
            of_balances: |_, _| unreachable!("daily measures use flows"),
        }
    }

    const fn level(
        name: &'static str,
        meaning: &'static str,
        of_balances: fn(&Balances, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, unit: Unit::Usd, meaning, of_flows: None, of_balances }
    }
}

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
    Measure::count("accounts", "accounts that signed up by the horizon, warm-up or not", |f, _| {
        count(f[Flow::Accounts])
    }),
    Measure::count("requests", "demand: requests that customers sent", |f, _| count(f[Flow::Requests])),
    Measure::count("served", "requests served", |f, _| count(f[Flow::Served])),
    Measure::count("lost", "requests never served", |f, _| count(f[Flow::Requests] - f[Flow::Served])),
    Measure::count("attempts", "tries of clients", |f, _| count(f[Flow::Attempts])),
    Measure::count("refusals", "tries refused", |f, _| count(f.refusals())),
    Measure::count("refused_closed", "tries refused: account closed (403)", |f, _| {
        count(f.refused(Refusal::Closed))
    }),
    Measure::count(
        "refused_no_payment_method",
        "tries refused: trial or credit used up, or post-paid, and no payment method on file (402)",
        |f, _| count(f.refused(Refusal::NoPaymentMethod)),
    ),
    Measure::count("refused_past_due", "tries refused: an invoice stayed unpaid (403)", |f, _| {
        count(f.refused(Refusal::PastDue))
    }),
    Measure::count("refused_limit_reached", "tries refused: post-paid limit used up (402)", |f, _| {
        count(f.refused(Refusal::LimitReached))
    }),
    Measure::count(
        "refused_budget_reached",
        "tries refused: no credit, and only a monthly budget prevents buying more (402)",
        |f, _| count(f.refused(Refusal::BudgetReached)),
    ),
    Measure::count("refused_no_credit", "tries refused: prepaid balance used up (402)", |f, _| {
        count(f.refused(Refusal::NoCredit))
    }),
    Measure::count("refused_rate_limited", "tries refused: over a rate limit (429)", |f, _| {
        count(f.refused(Refusal::RateLimited))
    }),
    Measure::count(
        "refused_on_hold",
        "tries refused: what is left does not cover the assumed cost (402)",
        |f, _| count(f.refused(Refusal::OnHold)),
    ),
    Measure::count(
        "churned_requests",
        "requests that churned customers would have sent (not demand)",
        |f, _| count(f[Flow::ChurnedRequests]),
    ),
    Measure::usd("churned_usage_usd", "their list price", |f, _| usd(f[Flow::ChurnedUsage])),
    Measure::usd("usage_usd", "served usage at list price", |f, _| usd(f[Flow::Usage])),
    Measure::usd("promotional_usd", "of the usage, what promotional credit paid", |f, _| {
        usd(f[Flow::Promotional])
    }),
    Measure::usd("net_revenue_usd", "usage less what promotional credit paid", |f, _| {
        usd(f[Flow::Usage] - f[Flow::Promotional])
    }),
    Measure::usd("lost_usage_usd", "list price of lost requests", |f, _| usd(f[Flow::LostUsage])),
    Measure::usd("cash_in_usd", "successful payments", |f, _| usd(f[Flow::CashIn])),
    Measure::usd("fees_usd", "fees of the processor and for disputes", |f, _| usd(f[Flow::Fees])),
    Measure::usd("disputes_usd", "money returned in disputes, net of credit taken back", |f, _| {
        usd(f[Flow::Disputes])
    }),
    Measure::usd("bad_debt_usd", "receivables written off", |f, _| usd(f[Flow::BadDebt])),
    Measure::usd("breakage_usd", "paid credit that lapsed", |f, _| usd(f[Flow::Breakage])),
    Measure::usd("net_cash_usd", "cash in, less fees and money returned in disputes", |f, _| {
        usd(f[Flow::CashIn] - f[Flow::Fees] - f[Flow::Returned])
    }),
    Measure::usd("serving_cost_usd", "usage times the platform's serving cost", |f, c| {
        Quantity::Usd(serving_cost(f, c))
    }),
    Measure::usd(
        "contribution_usd",
        "net revenue and breakage, less serving cost, fees, disputes and bad debt",
        |f, c| {
            let gain = f[Flow::Usage] - f[Flow::Promotional] + f[Flow::Breakage];
            let loss = f[Flow::Fees] + f[Flow::Disputes] + f[Flow::BadDebt];
            Quantity::Usd(Total::from_nanos(gain - loss) - serving_cost(f, c))
        },
    ),
    Measure::level("credit_end_usd", "paid credit owed to customers at the end of the run-off", |b, _| {
        usd(b.credit_end)
    }),
    Measure::level("receivable_end_usd", "owed by customers at the end of the run-off", |b, _| {
        usd(b.receivable_end)
    }),
    Measure::level(
        "overdue_end_usd",
        "of the receivable at the end, what is on invoices that had a final decline",
        |b, _| usd(b.overdue_end),
    ),
    Measure::level("credit_mean_usd", "float: paid credit, averaged from warm-up to horizon", |b, c| {
        mean(b.credit_area, c)
    }),
    Measure::level(
        "receivable_mean_usd",
        "money lent: the receivable, averaged from warm-up to horizon",
        |b, c| mean(b.receivable_area, c),
    ),
    Measure::usd("overshoot_usd", "usage that the policy meant to prevent", |f, _| usd(f[Flow::Overshoot])),
    Measure::usd(
        "overshoot_lag_usd",
        "of it, from requests admitted when usage that had ended left nothing, but was not settled or not looked at",
        |f, _| usd(f[Flow::OvershootByLag]),
    ),
    Measure::usd(
        "overshoot_in_flight_usd",
        "of it, from requests admitted when what was left would not have covered those that were running",
        |f, _| usd(f[Flow::OvershootInFlight]),
    ),
    Measure::usd(
        "overshoot_last_request_usd",
        "of it, from requests admitted when something was left: only their own cost was not known",
        |f, _| usd(f[Flow::Overshoot] - f[Flow::OvershootByLag] - f[Flow::OvershootInFlight]),
    ),
    Measure::count("payments", "results of payments", |f, _| count(f[Flow::Payments])),
    Measure::count("payments_declined", "of them, declined", |f, _| count(f[Flow::PaymentsDeclined])),
    Measure::count("top_ups", "successful purchases by automatic top-up", |f, _| count(f[Flow::TopUps])),
    Measure::count("manual_purchases", "all other successful purchases", |f, _| {
        count(f[Flow::ManualPurchases])
    }),
    Measure::count("invoices", "invoices issued", |f, _| count(f[Flow::Invoices])),
    Measure::count("invoices_paid", "invoices paid", |f, _| count(f[Flow::InvoicesPaid])),
    Measure::count("invoices_written_off", "invoices written off", |f, _| count(f[Flow::InvoicesWrittenOff])),
    Measure::count("stops", "times that an account was stopped", |f, _| count(f[Flow::Stops])),
    Measure::flow(
        "stopped_seconds",
        Unit::Seconds,
        "account time stopped, until churn, closure or the horizon",
        |f, _| Quantity::Micros(f[Flow::StoppedMicros]),
    ),
    Measure::share("active_share", "share of account time not stopped (1 where there is none)", |f, _| {
        Quantity::Ratio(f[Flow::AccountMicros] - f[Flow::StoppedMicros], f[Flow::AccountMicros], 1.0)
    }),
    Measure::count("accounts_activated", "accounts that had a request served", |f, _| {
        count(f[Flow::AccountsActivated])
    }),
    Measure::count("accounts_stopped", "accounts ever stopped", |f, _| count(f[Flow::AccountsStopped])),
    Measure::count("accounts_churned", "accounts whose customer left", |f, _| {
        count(f[Flow::AccountsChurned])
    }),
    Measure::count("accounts_closed", "accounts closed", |f, _| count(f[Flow::AccountsClosed])),
    Measure::count("accounts_converted", "accounts that moved on from a trial", |f, _| {
        count(f[Flow::AccountsConverted])
    }),
    Measure::share("refused_share", "share of tries refused (0 where there is none)", |f, _| {
        Quantity::Ratio(f.refusals(), f[Flow::Attempts], 0.0)
    }),
    Measure::share("lost_share", "share of requests lost (0 where there is none)", |f, _| {
        Quantity::Ratio(f[Flow::Requests] - f[Flow::Served], f[Flow::Requests], 0.0)
    }),
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
        let value = |name| Measure::named(name).unwrap().of_run(&tally, &context);
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
