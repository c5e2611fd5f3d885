//! What plots are drawn from: the CSV files of a folder.

use super::super::Error;
use crate::experiment::ALL_COHORTS;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The results over all cohorts.
pub struct Data {
    /// Names of the policies, in the order of the scenario.
    pub policies: Vec<String>,
    /// Independent runs.
    pub replications: u64,
    /// Measures over replications.
    pub estimates: Vec<Estimate>,
    /// Shares day by day.
    pub days: Vec<Day>,
    /// Balances of sample accounts.
    pub balances: Vec<Balance>,
}

/// A line of `summary.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct Estimate {
    policy: String,
    cohort: String,
    measure: String,
    /// The mean over replications.
    pub mean: f64,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    n: u64,
}

impl Estimate {
    /// Both ends of the interval, where there is one.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.ci_low.zip(self.ci_high)
    }

    /// The mean and the ends of the interval.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        [Some(self.mean), self.ci_low, self.ci_high].into_iter().flatten()
    }

    /// The same in another unit: so many of it for one.
    pub fn times(&self, factor: f64) -> Estimate {
        let scaled = |value: f64| value * factor;
        Estimate {
            mean: scaled(self.mean),
            ci_low: self.ci_low.map(scaled),
            ci_high: self.ci_high.map(scaled),
            ..self.clone()
        }
    }
}

/// A line of `timeseries.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct Day {
    /// The policy.
    pub policy: String,
    cohort: String,
    day: String,
    requests: f64,
    churned_requests: f64,
    /// The share of tries refused, in 0..1.
    pub refused_share: f64,
    /// The share of account time that was not stopped, in 0..1.
    pub active_share: f64,
    /// The date in `day`.
    #[serde(skip)]
    pub date: Date,
}

/// A line of `balances.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct Balance {
    /// The policy.
    pub policy: String,
    /// The cohort of the account.
    pub cohort: String,
    /// Its number in the cohort.
    pub account: u32,
    time: String,
    /// The balance just after the event, in dollars.
    pub balance_usd: f64,
    /// What happened.
    pub event: String,
    /// The instant in `time`.
    #[serde(skip)]
    pub at: Timestamp,
}

impl Data {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// If a file is missing, or does not read as it was written.
    pub fn read(folder: &Path) -> Result<Data, Error> {
        let summary = folder.join("summary.csv");
        let mut estimates: Vec<Estimate> = read(&summary, |estimate: &mut Estimate| {
            estimate.values().all(f64::is_finite).then_some(()).ok_or("a figure is not finite")
        })?;
        estimates.retain(|estimate| estimate.cohort == ALL_COHORTS);
        if estimates.is_empty() {
            let fault = format!("there is no line of the cohort `{ALL_COHORTS}`");
            return Err(Error::Malformed { path: summary, fault });
        }
        let mut days: Vec<Day> = read(&folder.join("timeseries.csv"), |day: &mut Day| {
            day.date = day.day.parse().map_err(|_| "the day is not a date such as 2026-01-31")?;
            let shares = [day.refused_share, day.active_share];
            shares.iter().all(|share| share.is_finite()).then_some(()).ok_or("a share is not finite")
        })?;
        days.retain(|day| day.cohort == ALL_COHORTS);
        let balances = read(&folder.join("balances.csv"), |balance: &mut Balance| {
            balance.at = balance.time.parse().map_err(|_| "the time is not in RFC 3339")?;
            balance.balance_usd.is_finite().then_some(()).ok_or("the balance is not finite")
        })?;

        let mut policies: Vec<String> = Vec::new();
        for estimate in &estimates {
            if !policies.contains(&estimate.policy) {
                policies.push(estimate.policy.clone());
            }
        }
        let replications = estimates.first().map_or(0, |estimate| estimate.n);
        Ok(Data { policies, replications, estimates, days: measured(days), balances })
    }

    /// A measure under a policy, if the file has it.
    pub fn estimate(&self, policy: &str, measure: &str) -> Option<&Estimate> {
        self.estimates.iter().find(|estimate| estimate.policy == policy && estimate.measure == measure)
    }

    /// How many replications stand behind the figures, in words.
    pub fn replications_in_words(&self) -> String {
        match self.replications {
            1 => "1 replication".to_owned(),
            n => format!("means over {n} replications"),
        }
    }
}

/// The days between the first and the last with demand: neither warm-up nor run-off.
fn measured(mut days: Vec<Day>) -> Vec<Day> {
    let demand = |day: &&Day| day.requests + day.churned_requests > 0.0;
    let first = days.iter().filter(demand).map(|day| day.date).min();
    let last = days.iter().filter(demand).map(|day| day.date).max();
    if let (Some(first), Some(last)) = (first, last) {
        days.retain(|day| (first..=last).contains(&day.date));
    }
    days
}

fn read<T: DeserializeOwned>(
    path: &Path,
    check: impl Fn(&mut T) -> Result<(), &'static str>,
) -> Result<Vec<T>, Error> {
    let malformed = |fault: String| Error::Malformed { path: path.to_owned(), fault };
    let file = std::fs::File::open(path).map_err(Error::at(path, "read"))?;
    let mut reader = ::csv::Reader::from_reader(file);
    let headers = reader.headers().map_err(|error| malformed(error.to_string()))?.clone();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| malformed(error.to_string()))?;
        let line = record.position().map_or(0, |position| position.line());
        let mut row: T = record.deserialize(Some(&headers)).map_err(|error| malformed(error.to_string()))?;
        check(&mut row).map_err(|fault| malformed(format!("line {line}: {fault}")))?;
        rows.push(row);
    }
    Ok(rows)
}
