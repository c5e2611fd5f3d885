//! Distributions as they are written: a number or a duration, or a table with one family.
//!
//! An `empirical` one may name a CSV file with a column `value` and, where wanted, a column `weight` (else
//! all values weigh the same). Durations in such a file are in seconds.

use crate::document::{Read, Table, Value};
use crate::time::Span;
use crate::workload::distribution::Distribution;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A distribution of numbers that are zero or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers(pub Distribution);

/// A distribution of durations, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Durations(pub Distribution);

/// A distribution of shares, in 0..1.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares(pub Distribution);

/// A distribution of coefficients of variation.
#[derive(Clone, Debug, PartialEq)]
pub struct Cvs(pub Distribution);

impl Read for Numbers {
    fn read(value: &Value<'_>) -> Option<Numbers> {
        distribution::<Amount>(value).map(Numbers)
    }
}

impl Read for Durations {
    fn read(value: &Value<'_>) -> Option<Durations> {
        distribution::<Micros>(value).map(Durations)
    }
}

impl Read for Cvs {
    fn read(value: &Value<'_>) -> Option<Cvs> {
        distribution::<Cv>(value).map(Cvs)
    }
}

impl Read for Shares {
    fn read(value: &Value<'_>) -> Option<Shares> {
        let distribution = distribution::<Amount>(value)?;
        if distribution.cdf(1.0) < 1.0 {
            value.fault(
                format!("`{}` can be above 1, but is a share", value.name()),
                "keep it from 0 to 1: choose other values, or add `max = 1`",
            );
            return None;
        }
        Some(Shares(distribution))
    }
}

/// What a distribution is of.
trait Quantity: Read {
    /// How one is written.
    const EXAMPLE: &'static str;
    /// One in the unit of the distribution.
    fn amount(self) -> f64;
    /// One of a CSV file in the unit of the distribution.
    fn from_file(value: f64) -> f64;
    /// Whether it can lie between 0 and 1, as beta distributions do.
    const CAN_BE_SHARE: bool;
}

/// The largest number that a distribution is made of; with it and the bounds below, every mean that exists is
/// finite.
const MOST: f64 = 1e15;

/// A number from 0 on.
pub(super) struct Amount(pub f64);

impl Read for Amount {
    fn read(value: &Value<'_>) -> Option<Amount> {
        let hint = format!("write it as in `{} = 1.5`", value.name());
        let in_range = |number| (0.0..=MOST).contains(&number);
        value.number(in_range, &format!("a number from 0 to {MOST:e}"), &hint).map(Amount)
    }
}

/// The standard deviation of a logarithm.
pub(super) struct Sigma(pub f64);

impl Read for Sigma {
    fn read(value: &Value<'_>) -> Option<Sigma> {
        let in_range = |sigma| (0.0..=20.0).contains(&sigma);
        value.number(in_range, "from 0 to 20", "write 1 for a spread by a factor of 2.7").map(Sigma)
    }
}

/// A coefficient of variation: standard deviation over mean.
pub(super) struct Cv(pub f64);

impl Read for Cv {
    fn read(value: &Value<'_>) -> Option<Cv> {
        let in_range = |cv| cv == 0.0 || (1e-6..=1e3).contains(&cv);
        value.number(in_range, "0, or from 1e-6 to 1000", "write 1 for a spread as large as the mean").map(Cv)
    }
}

/// A parameter of a beta or Pareto distribution.
struct Exponent(f64);

impl Read for Exponent {
    fn read(value: &Value<'_>) -> Option<Exponent> {
        let in_range = |exponent| (1e-3..=1e6).contains(&exponent);
        value.number(in_range, "from 0.001 to 1000000", "write it as in `1.5`").map(Exponent)
    }
}

impl Quantity for Amount {
    const EXAMPLE: &'static str = "a number, or a distribution as in `{ exponential = { mean = 2.5 } }`";
    const CAN_BE_SHARE: bool = true;

    fn amount(self) -> f64 {
        self.0
    }

    fn from_file(value: f64) -> f64 {
        value
    }
}

impl Quantity for Cv {
    const EXAMPLE: &'static str =
        "a number, or a distribution as in `{ lognormal = { median = 1.2, sigma = 0.8 } }`";
    const CAN_BE_SHARE: bool = true;

    fn amount(self) -> f64 {
        self.0
    }

    fn from_file(value: f64) -> f64 {
        value
    }
}

/// A duration.
struct Micros(Span);

impl Read for Micros {
    fn read(value: &Value<'_>) -> Option<Micros> {
        Span::read(value).map(Micros)
    }
}

impl Quantity for Micros {
    const EXAMPLE: &'static str = "a duration, or a distribution as in `{ exponential = { mean = \"8h\" } }`";
    const CAN_BE_SHARE: bool = false;

    fn amount(self) -> f64 {
        self.0.micros() as f64
    }

    fn from_file(value: f64) -> f64 {
        value * 1e6
    }
}

/// The families.
const FAMILIES: [&str; 8] =
    ["constant", "uniform", "exponential", "lognormal", "gamma", "beta", "pareto", "empirical"];

fn distribution<Q: Quantity>(value: &Value<'_>) -> Option<Distribution> {
    if value.is_array() {
        return value.expected("a single value or a distribution", &format!("write {}", Q::EXAMPLE));
    }
    let Some(mut table) = value.table() else {
        return Q::read(value).map(|quantity| Distribution::constant(quantity.amount()));
    };
    let family = table.one_of(&FAMILIES);
    let shape = family.and_then(|family| match family {
        "constant" => table.get::<Q>(family).map(|quantity| Distribution::constant(quantity.amount())),
        "beta" if !Q::CAN_BE_SHARE => {
            table.fault(family, "`beta` lies between 0 and 1 and is no duration", "use another family");
            None
        }
        _ => parameters::<Q>(&mut table.child(family)?, family),
    });
    let min = table.get::<Q>("min").map(Q::amount);
    let max = table.get::<Q>("max").map(Q::amount);
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        table.fault("min", "`min` is above `max`", "exchange the two");
        return None;
    }
    Some(shape?.clamped(min, max))
}

/// A family by its parameters.
fn parameters<Q: Quantity>(table: &mut Table<'_>, family: &str) -> Option<Distribution> {
    match family {
        "uniform" => {
            let (min, max) = (parameter::<Q>(table, "min"), parameter::<Q>(table, "max"));
            let (min, max) = (min?.amount(), max?.amount());
            if min > max {
                table.fault("min", "`min` is above `max`", "exchange the two");
                return None;
            }
            Some(Distribution::uniform(min, max))
        }
        "exponential" => Some(Distribution::exponential(positive::<Q>(table, "mean")?)),
        "lognormal" => match table.one_of(&["median", "mean"])? {
            "median" => {
                let (median, sigma) = (positive::<Q>(table, "median"), parameter(table, "sigma"));
                let Sigma(sigma) = sigma?;
                Some(Distribution::lognormal_median(median?, sigma))
            }
            _ => {
                let (mean, cv) = (positive::<Q>(table, "mean"), parameter(table, "cv"));
                let Cv(cv) = cv?;
                Some(Distribution::lognormal_mean(mean?, cv))
            }
        },
        "gamma" => {
            let (mean, cv) = (positive::<Q>(table, "mean"), parameter(table, "cv"));
            let Cv(cv) = cv?;
            Some(Distribution::gamma(mean?, cv))
        }
        "beta" => {
            let (a, b) = (parameter(table, "a"), parameter(table, "b"));
            let (Exponent(a), Exponent(b)) = (a?, b?);
            Some(Distribution::beta(a, b))
        }
        "pareto" => {
            let (min, alpha) = (positive::<Q>(table, "min"), parameter(table, "alpha"));
            let Exponent(alpha) = alpha?;
            Some(Distribution::pareto(min?, alpha))
        }
        _ => empirical::<Q>(table),
    }
}

/// A parameter that must be there.
fn parameter<T: Read>(table: &mut Table<'_>, key: &str) -> Option<T> {
    table.require(key, &format!("add `{key} = ...`"))
}

/// A parameter that must be there and above zero.
fn positive<Q: Quantity>(table: &mut Table<'_>, key: &str) -> Option<f64> {
    let quantity = parameter::<Q>(table, key)?.amount();
    if quantity > 0.0 {
        return Some(quantity);
    }
    table.fault(key, format!("`{key}` must be above zero"), "write a positive value");
    None
}

fn empirical<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    let (key, weighted) = match table.one_of(&["values", "file"])? {
        "file" => {
            let file: PathBuf = table.get("file")?;
            match read_csv(&file) {
                Ok(rows) => {
                    ("file", rows.into_iter().map(|row| (Q::from_file(row.value), row.weight)).collect())
                }
                Err(wrong) => {
                    let hint = "give a CSV file with a column `value` and, where wanted, a column `weight`; \
                                paths are relative to the scenario file";
                    table.fault("file", wrong, hint);
                    return None;
                }
            }
        }
        _ => {
            let values: Option<Vec<Q>> = table.get("values");
            let weights: Option<Vec<Amount>> = table.get("weights");
            let values: Vec<f64> = values?.into_iter().map(Q::amount).collect();
            let equal = || vec![1.0; values.len()];
            let weights =
                weights.map_or_else(equal, |weights| weights.into_iter().map(Amount::amount).collect());
            if weights.len() != values.len() {
                let wrong = format!("there are {} values, but {} weights", values.len(), weights.len());
                table.fault("weights", wrong, "give each value its weight");
                return None;
            }
            ("values", values.into_iter().zip(weights).collect::<Vec<_>>())
        }
    };
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let is_sound = |(value, weight): &(f64, f64)| value.is_finite() && *value >= 0.0 && *weight >= 0.0;
    if !weighted.iter().all(is_sound) || !total.is_finite() {
        table.fault(
            key,
            "a value or a weight is negative or not finite",
            "give values and weights from 0 on",
        );
        return None;
    }
    if total <= 0.0 {
        table.fault(key, "no value has a weight above zero", "give at least one value a positive weight");
        return None;
    }
    Some(Distribution::empirical(weighted))
}

/// A row of the file of an empirical distribution.
#[derive(Deserialize)]
struct Row {
    value: f64,
    #[serde(default = "one")]
    weight: f64,
}

fn one() -> f64 {
    1.0
}

fn read_csv(file: &Path) -> Result<Vec<Row>, String> {
    if !file.exists() {
        return Err(format!("there is no file {}", file.display()));
    }
    let wrong = |error: csv::Error| match error.kind() {
        csv::ErrorKind::Deserialize { pos: Some(place), err } => {
            format!("{}:{}: {}", file.display(), place.line(), err.kind())
        }
        _ => format!("{}: {error}", file.display()),
    };
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_path(file).map_err(wrong)?;
    reader.deserialize().collect::<Result<_, _>>().map_err(wrong)
}
