//! The results of a run as its folder holds them: what plots and the page are made from.

use super::Error;
use crate::experiment::ALL_COHORTS;
use crate::statistics::{Interval, SIGNIFICANCE};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;

/// The CSV files of a folder.
pub struct Results {
    /// Names of the policies, in the order of the scenario.
    pub policies: Vec<String>,
    /// Names of the cohorts, in the order of the scenario, without `all`.
    pub cohorts: Vec<String>,
    /// Independent runs.
    pub replications: u64,
    /// Measures over replications.
    pub estimates: Vec<Estimate>,
    /// Policies compared with each other.
    pub differences: Vec<Difference>,
    /// Measures day by day.
    pub days: Vec<Day>,
    /// How figures are spread over accounts.
    pub bins: Vec<Bin>,
    /// Measures by the size of accounts.
    pub sizes: Vec<SizeEstimate>,
    /// Balances of sample accounts.
    pub balances: Vec<Balance>,
}

/// A line of `summary.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct Estimate {
    /// The policy.
    pub policy: String,
    /// The cohort, or `all`.
    pub cohort: String,
    /// The measure.
    pub measure: String,
    /// The mean over replications; of a share, the ratio of the sums.
    pub mean: f64,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    /// How many replications.
    pub n: u64,
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

/// A line of `comparison.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct Difference {
    /// The cohort, or `all`.
    pub cohort: String,
    /// The measure.
    pub measure: String,
    /// The policy that is compared with another.
    pub policy: String,
    /// The other, which comes earlier in the scenario.
    pub baseline: String,
    /// The mean of the policy less that of the other.
    pub difference: f64,
    ci_low: Option<f64>,
    ci_high: Option<f64>,
    /// The p-value of the difference, adjusted for all pairs of policies.
    pub p_adjusted: Option<f64>,
    /// The ratio of the means less 1, where that means anything.
    pub relative: Option<f64>,
    relative_low: Option<f64>,
    relative_high: Option<f64>,
    /// How many times wider the interval would be with independent seeds.
    pub pairing: Option<f64>,
}

impl Difference {
    /// The interval of the difference, where there is one.
    pub fn interval(&self) -> Option<Interval> {
        self.ci_low.zip(self.ci_high).map(|(low, high)| Interval { low, high })
    }

    /// The difference and the ends of its interval.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        [Some(self.difference), self.ci_low, self.ci_high].into_iter().flatten()
    }

    /// The interval of the relative difference, where there is one.
    pub fn relative_interval(&self) -> Option<Interval> {
        self.relative_low.zip(self.relative_high).map(|(low, high)| Interval { low, high })
    }

    /// Whether the difference is called real.
    pub fn is_real(&self) -> bool {
        self.p_adjusted.is_some_and(|p| p < SIGNIFICANCE)
    }

    /// The same difference seen from the other policy; the relative one is then not known.
    pub fn reversed(&self) -> Difference {
        Difference {
            policy: self.baseline.clone(),
            baseline: self.policy.clone(),
            difference: -self.difference,
            ci_low: self.ci_high.map(|high| -high),
            ci_high: self.ci_low.map(|low| -low),
            relative: None,
            relative_low: None,
            relative_high: None,
            ..self.clone()
        }
    }
}

/// A line of `timeseries.csv`.
#[derive(Clone, Debug)]
pub struct Day {
    /// The policy.
    pub policy: String,
    /// The cohort, or `all`.
    pub cohort: String,
    /// The UTC day.
    pub date: Date,
    /// Each column, by its name.
    pub values: BTreeMap<String, f64>,
}

impl Day {
    /// The mean of a daily measure or level; 0 where the file has no such column.
    pub fn mean(&self, name: &str) -> f64 {
        self.values.get(name).copied().unwrap_or(0.0)
    }

    /// Its interval, where there is one.
    pub fn interval(&self, name: &str) -> Option<Interval> {
        let end = |which| self.values.get(&format!("{name}_{which}")).copied();
        end("low").zip(end("high")).map(|(low, high)| Interval { low, high })
    }
}

/// A line of `distribution.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct Bin {
    /// The policy.
    pub policy: String,
    /// The cohort.
    pub cohort: String,
    /// What accounts have.
    pub measure: String,
    /// The least value in the bin.
    pub at_least: f64,
    /// The least value above it that is not.
    pub below: f64,
    /// How many accounts are, in all replications together.
    pub count: u64,
}

/// How large accounts are.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Size {
    /// The least size, in dollars of list price per 30 days.
    #[serde(rename = "size_at_least_usd")]
    pub at_least: f64,
    /// The size that they are below; `None` for the largest.
    #[serde(rename = "size_below_usd")]
    pub below: Option<f64>,
}

/// A line of `sizes.csv`.
#[derive(Clone, Debug)]
pub struct SizeEstimate {
    /// How large the accounts are.
    pub size: Size,
    /// A measure of them.
    pub estimate: Estimate,
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

impl Results {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// If a file is missing, or does not read as it was written.
    pub fn read(folder: &Path) -> Result<Results, Error> {
        let summary = folder.join("summary.csv");
        let estimates: Vec<Estimate> = read(&summary, |estimate: &mut Estimate| {
            all_finite(estimate.values(), "a figure is not finite")
        })?;
        let names = |name: fn(&Estimate) -> &String| {
            let mut names: Vec<String> = Vec::new();
            for estimate in &estimates {
                if !names.contains(name(estimate)) {
                    names.push(name(estimate).clone());
                }
            }
            names
        };
        let policies = names(|estimate| &estimate.policy);
        let mut cohorts = names(|estimate| &estimate.cohort);
        if !cohorts.iter().any(|cohort| cohort == ALL_COHORTS) {
            let fault = format!("there is no line of the cohort `{ALL_COHORTS}`");
            return Err(Error::Malformed { path: summary, fault });
        }
        cohorts.retain(|cohort| cohort != ALL_COHORTS);
        let differences = read(&folder.join("comparison.csv"), |difference: &mut Difference| {
            let values = [Some(difference.difference), difference.ci_low, difference.ci_high];
            all_finite(values.into_iter().flatten(), "a figure is not finite")
        })?;
        let bins = read(&folder.join("distribution.csv"), |bin: &mut Bin| {
            all_finite([bin.at_least, bin.below].into_iter(), "the end of a bin is not finite")
        })?;
        let sizes = read_rows(&folder.join("sizes.csv"), |headers, record| {
            let size = record.deserialize(Some(headers)).map_err(|error| error.to_string())?;
            let estimate = record.deserialize(Some(headers)).map_err(|error| error.to_string())?;
            Ok(SizeEstimate { size, estimate })
        })?;
        let balances = read(&folder.join("balances.csv"), |balance: &mut Balance| {
            balance.at = balance.time.parse().map_err(|_| "the time is not in RFC 3339")?;
            all_finite([balance.balance_usd].into_iter(), "the balance is not finite")
        })?;
        let days = read_days(&folder.join("timeseries.csv"))?;
        let replications = estimates.first().map_or(0, |estimate| estimate.n);
        Ok(Results { policies, cohorts, replications, estimates, differences, days, bins, sizes, balances })
    }

    /// A measure under a policy over all cohorts, if the file has it.
    pub fn estimate(&self, policy: &str, measure: &str) -> Option<&Estimate> {
        self.estimate_of(policy, ALL_COHORTS, measure)
    }

    /// A measure under a policy in a cohort, if the file has it.
    pub fn estimate_of(&self, policy: &str, cohort: &str, measure: &str) -> Option<&Estimate> {
        (self.estimates.iter()).find(|estimate| {
            estimate.policy == policy && estimate.cohort == cohort && estimate.measure == measure
        })
    }

    /// How a policy differs from another over all cohorts in a measure, in whichever order the file has them.
    pub fn difference(&self, policy: &str, baseline: &str, measure: &str) -> Option<Difference> {
        self.difference_of(policy, baseline, ALL_COHORTS, measure)
    }

    /// The same in a cohort.
    pub fn difference_of(
        &self,
        policy: &str,
        baseline: &str,
        cohort: &str,
        measure: &str,
    ) -> Option<Difference> {
        let of = |policy: &str, baseline: &str| {
            self.differences.iter().find(|line| {
                line.policy == policy
                    && line.baseline == baseline
                    && line.cohort == cohort
                    && line.measure == measure
            })
        };
        of(policy, baseline).cloned().or_else(|| of(baseline, policy).map(Difference::reversed))
    }

    /// The days over all cohorts from the first to the last with demand: neither warm-up nor run-off.
    pub fn measured_days(&self) -> Vec<&Day> {
        let all = || self.days.iter().filter(|day| day.cohort == ALL_COHORTS);
        let demand = |day: &&Day| day.mean("requests") + day.mean("churned_requests") > 0.0;
        let first = all().filter(demand).map(|day| day.date).min();
        let last = all().filter(demand).map(|day| day.date).max();
        let is_measured =
            |date: Date| first.is_none_or(|first| first <= date) && last.is_none_or(|last| date <= last);
        all().filter(|day| is_measured(day.date)).collect()
    }

    /// How many replications stand behind the figures, in words.
    pub fn replications_in_words(&self) -> String {
        match self.replications {
            1 => "1 replication".to_owned(),
            n => format!("means over {n} replications"),
        }
    }
}

fn all_finite(mut values: impl Iterator<Item = f64>, fault: &'static str) -> Result<(), &'static str> {
    if values.all(f64::is_finite) { Ok(()) } else { Err(fault) }
}

fn read<T: DeserializeOwned>(
    path: &Path,
    check: impl Fn(&mut T) -> Result<(), &'static str>,
) -> Result<Vec<T>, Error> {
    read_rows(path, |headers, record| {
        let mut row: T = record.deserialize(Some(headers)).map_err(|error| error.to_string())?;
        check(&mut row).map_err(|fault| format!("line {}: {fault}", line(record)))?;
        Ok(row)
    })
}

fn read_days(path: &Path) -> Result<Vec<Day>, Error> {
    read_rows(path, |headers, record| {
        let (mut policy, mut cohort, mut date) = (String::new(), String::new(), None);
        let mut values = BTreeMap::new();
        for (name, cell) in headers.iter().zip(record) {
            match name {
                "policy" => cell.clone_into(&mut policy),
                "cohort" => cell.clone_into(&mut cohort),
                "day" => date = cell.parse().ok(),
                _ if cell.is_empty() => {}
                _ => {
                    let value = cell.parse().ok().filter(|value: &f64| value.is_finite());
                    let fault = || format!("line {}: `{name}` is not a finite number", line(record));
                    values.insert(name.to_owned(), value.ok_or_else(fault)?);
                }
            }
        }
        let fault = || format!("line {}: the day is not a date such as 2026-01-31", line(record));
        Ok(Day { policy, cohort, date: date.ok_or_else(fault)?, values })
    })
}

fn line(record: &::csv::StringRecord) -> u64 {
    record.position().map_or(0, |position| position.line())
}

pub(super) fn read_rows<T>(
    path: &Path,
    parse: impl Fn(&::csv::StringRecord, &::csv::StringRecord) -> Result<T, String>,
) -> Result<Vec<T>, Error> {
    let malformed = |fault: String| Error::Malformed { path: path.to_owned(), fault };
    let file = std::fs::File::open(path).map_err(Error::at(path, "read"))?;
    let mut reader = ::csv::Reader::from_reader(file);
    let headers = reader.headers().map_err(|error| malformed(error.to_string()))?.clone();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| malformed(error.to_string()))?;
        rows.push(parse(&headers, &record).map_err(malformed)?);
    }
    Ok(rows)
}
