//! The measures: what is counted of one policy in one cohort and replication, and every figure named from it.
//!
//! A [`Tally`] holds sums only, in whole units, so tallies of accounts and days add up exactly in any order. Each
//! [`Measure`] is defined once, in [`MEASURES`]; every file, plot and table takes its name, unit and value from there.

mod demand;
mod measure;
mod measures;
mod recorder;
mod size;
mod spread;

pub use demand::{AccountDemand, Demand};
pub use measure::{Better, Context, Measure, Quantity, Unit};
pub use measures::{HEADLINES, MEASURES};
pub use recorder::{DailyTally, Recorder};
pub use size::SizeClass;
pub use spread::{AccountFigure, AccountFigures, Bin, Rank, Spread, figures_of};

use crate::request::Refusal;
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

    /// Payments less fees and what disputes returned, in nano-dollars.
    fn net_cash(&self) -> i128 {
        self[Flow::CashIn] - self[Flow::Fees] - self[Flow::Returned]
    }

    /// Usage less what promotional credit paid, in nano-dollars.
    fn net_revenue(&self) -> i128 {
        self[Flow::Usage] - self[Flow::Promotional]
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
    /// Adds what the recorder of an account has left out: what it demanded.
    pub fn add_demand(&mut self, demand: &AccountDemand) {
        demand.add_to(&mut self.flows);
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Tally) {
        self.flows.merge(&other.flows);
        self.balances.merge(&other.balances);
    }
}

/// What customers are owed and what they owe: at a day's end, or by how much it changed on that day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Paid credit, in nano-dollars, with what awaits posting.
    pub credit: i128,
    /// The receivable, in nano-dollars.
    pub receivable: i128,
}

impl Owed {
    /// Adds other amounts to these.
    pub fn merge(&mut self, other: Owed) {
        self.credit += other.credit;
        self.receivable += other.receivable;
    }
}

/// What is owed at a day's end, and what the run has given so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// What is owed.
    pub owed: Owed,
    /// Net cash since the end of the warm-up, in nano-dollars.
    pub net_cash: i128,
    /// Net revenue since the end of the warm-up, in nano-dollars.
    pub net_revenue: i128,
}

impl Levels {
    /// What is called how in output files: name, label and meaning of each level.
    pub const COLUMNS: [(&str, &str, &str); 4] = [
        ("credit_usd", "float", "paid credit at the end of the day, with what awaits posting"),
        ("receivable_usd", "money lent", "owed by customers at the end of the day"),
        (
            "net_cash_to_date_usd",
            "net cash so far",
            "net cash from the end of the warm-up to that of the day",
        ),
        (
            "net_revenue_to_date_usd",
            "net revenue so far",
            "net revenue from the end of the warm-up to that of the day",
        ),
    ];

    /// The levels, in the order of [`Levels::COLUMNS`].
    pub fn quantities(self) -> [Quantity; 4] {
        [self.owed.credit, self.owed.receivable, self.net_cash, self.net_revenue]
            .map(|nanos| Quantity::Usd(crate::money::Total::from_nanos(nanos)))
    }
}
