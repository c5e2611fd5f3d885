//! Scenarios: a TOML file, read, checked and filled in with every default.

use crate::money::Share;
use crate::policy::PolicyPlan;
use crate::tariff::Tariff;
use crate::time::{Calendar, Span};
use crate::workload::Cohort;
use crate::workload::payments::PaymentModel;
use jiff::civil::Date;

/// A checked scenario.
#[derive(Clone)]
pub struct Scenario {
    /// Its name: that of the output folder.
    pub name: String,
    /// The civil date (UTC) on which the run starts, at 00:00.
    pub start: Date,
    /// How long requests come.
    pub horizon: Span,
    /// What is left out of the measures at the start.
    pub warmup: Span,
    /// How long invoices are still collected after the horizon.
    pub runoff: Span,
    /// Independent runs; at least 1.
    pub replications: u32,
    /// The seed of every random number.
    pub seed: u64,
    /// Cost of serving, as a share of the list price.
    pub serving_cost: Share,
    /// The price list.
    pub tariff: Tariff,
    /// How payments fare.
    pub payments: PaymentModel,
    /// The accounts, in the order of the file.
    pub cohorts: Vec<Cohort>,
    /// The policies to compare, in the order of the file.
    pub policies: Vec<PolicyPlan>,
}

impl Scenario {
    /// The calendar of a run.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.start, self.warmup, self.horizon, self.runoff)
    }
}
