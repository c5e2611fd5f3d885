//! Experiments: replications of a scenario under all its policies, and their outcome.

use crate::metrics::Quantity;
use crate::money::Money;
use crate::statistics::Moments;
use crate::time::Time;

/// What a run gave.
pub struct Outcome {
    /// A row per policy, cohort (in the order of the scenario, then `all`) and replication, in this order.
    pub rows: Vec<Row>,
    /// A row per policy, cohort and day.
    pub days: Vec<DayRow>,
    /// With `--accounts`: a row per policy, cohort and account of replication 0.
    pub accounts: Vec<AccountRow>,
    /// The balance of a few sample accounts of replication 0, over time.
    pub balances: Vec<BalancePoint>,
    /// Records of traces that came before their account's signup, in all replications.
    pub dropped_records: u64,
    /// Requests simulated, each counted once for all policies together.
    pub requests: u64,
}

/// The measures of a policy in a cohort and replication.
#[derive(Clone, Debug)]
pub struct Row {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name, or `all`.
    pub cohort: String,
    /// From 0.
    pub replication: u32,
    /// A value for each of [`crate::metrics::MEASURES`].
    pub values: Vec<Quantity>,
}

/// The daily measures of a policy in a cohort, over replications.
#[derive(Clone, Debug)]
pub struct DayRow {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name, or `all`.
    pub cohort: String,
    /// From 0, the UTC day of the start.
    pub day: usize,
    /// Moments over replications for each daily measure, in the order of [`crate::metrics::MEASURES`].
    pub values: Vec<Moments>,
}

/// The measures of one account of replication 0.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name.
    pub cohort: String,
    /// Its number in the cohort, from 0.
    pub account: u32,
    /// A value for each of [`crate::metrics::MEASURES`].
    pub values: Vec<Quantity>,
}

/// A point of a sample account's balance.
#[derive(Clone, Debug)]
pub struct BalancePoint {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name.
    pub cohort: String,
    /// Its number in the cohort, from 0.
    pub account: u32,
    /// When.
    pub at: Time,
    /// The balance just after.
    pub balance: Money,
    /// What happened: `signup`, `usage`, `top_up`, `purchase`, `stop`, `resume`, `invoice`, `churn`, `close` ...
    pub event: &'static str,
}
