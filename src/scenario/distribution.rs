//! Distributions as they are written: a number or a duration, or a table with one family.
//!
//! An `empirical` one may name a CSV file with a column `value` and, where wanted, a column `weight` (else
//! all values weigh the same). Durations in such a file are in seconds.

use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Key, Keys, OneOf, Read, Table, TableKey, Value};
use crate::time::Span;
use crate::workload::distribution::Distribution;
use serde::Deserialize;
use serde_json::json;
use std::marker::PhantomData;
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

    fn schema(definitions: &mut Definitions) -> Schema {
        schema_of::<Amount>(Amount::schema(definitions), definitions)
    }
}

impl Read for Durations {
    fn read(value: &Value<'_>) -> Option<Durations> {
        distribution::<Micros>(value).map(Durations)
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        schema_of::<Micros>(Micros::schema(definitions), definitions)
    }
}

impl Read for Cvs {
    fn read(value: &Value<'_>) -> Option<Cvs> {
        distribution::<Cv>(value).map(Cvs)
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        schema_of::<Cv>(Cv::schema(definitions), definitions)
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

    fn schema(definitions: &mut Definitions) -> Schema {
        schema_of::<Amount>(json!({ "type": "number", "minimum": 0, "maximum": 1 }), definitions)
    }
}

/// What a distribution is of.
trait Quantity: Read + 'static {
    /// What the schema of such distributions is called.
    const DEFINITION: &'static str;
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

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": MOST })
    }
}

/// The standard deviation of a logarithm.
pub(super) struct Sigma(pub f64);

impl Read for Sigma {
    fn read(value: &Value<'_>) -> Option<Sigma> {
        let in_range = |sigma| (0.0..=20.0).contains(&sigma);
        value.number(in_range, "from 0 to 20", "write 1 for a spread by a factor of 2.7").map(Sigma)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 20 })
    }
}

/// A coefficient of variation: standard deviation over mean.
pub(super) struct Cv(pub f64);

impl Read for Cv {
    fn read(value: &Value<'_>) -> Option<Cv> {
        let in_range = |cv| cv == 0.0 || (1e-6..=1e3).contains(&cv);
        value.number(in_range, "0, or from 1e-6 to 1000", "write 1 for a spread as large as the mean").map(Cv)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 1000 })
    }
}

/// A parameter of a beta or Pareto distribution.
struct Exponent(f64);

impl Read for Exponent {
    fn read(value: &Value<'_>) -> Option<Exponent> {
        let in_range = |exponent| (1e-3..=1e6).contains(&exponent);
        value.number(in_range, "from 0.001 to 1000000", "write it as in `1.5`").map(Exponent)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0.001, "maximum": 1_000_000 })
    }
}

impl Quantity for Amount {
    const DEFINITION: &'static str = "distribution_of_numbers";
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
    const DEFINITION: &'static str = "distribution_of_cvs";
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

    fn schema(definitions: &mut Definitions) -> Schema {
        Span::schema(definitions)
    }
}

impl Quantity for Micros {
    const DEFINITION: &'static str = "distribution_of_durations";
    const EXAMPLE: &'static str = "a duration, or a distribution as in `{ exponential = { mean = \"8h\" } }`";
    const CAN_BE_SHARE: bool = false;

    fn amount(self) -> f64 {
        self.0.micros() as f64
    }

    fn from_file(value: f64) -> f64 {
        value * 1e6
    }
}

/// The keys of a distribution that is a table.
struct Of<Q>(PhantomData<Q>);

impl<Q: Quantity> Of<Q> {
    const KEYS: Keys = &[&Self::FAMILY, &Self::LEAST, &Self::MOST];
    const LEAST: Key<Q> = Key::optional("min", "none", "what would be less becomes this");
    const MOST: Key<Q> = Key::optional("max", "none", "what would be more becomes this");

    const FAMILY: OneOf = OneOf(&[
        &[&Self::CONSTANT],
        &[&Self::UNIFORM],
        &[&Self::EXPONENTIAL],
        &[&Self::LOGNORMAL],
        &[&Self::GAMMA],
        &[&Self::BETA],
        &[&Self::PARETO],
        &[&Self::EMPIRICAL],
    ]);
    const CONSTANT: Key<Q> = Key::alternative("constant", "always this value");
    const UNIFORM: TableKey =
        TableKey::alternative("uniform", &[&Self::FROM, &Self::TO], "evenly between two values");
    const EXPONENTIAL: TableKey =
        TableKey::alternative("exponential", &[&Self::MEAN], "an exponential distribution");
    const LOGNORMAL: TableKey =
        TableKey::alternative("lognormal", &[&Self::LOGNORMAL_BY], "a lognormal distribution");
    const GAMMA: TableKey = TableKey::alternative("gamma", &[&Self::MEAN, &CV], "a gamma distribution");
    const BETA: TableKey = TableKey::alternative("beta", &[&A, &B], "a beta distribution, between 0 and 1");
    const PARETO: TableKey =
        TableKey::alternative("pareto", &[&Self::SCALE, &ALPHA], "a Pareto distribution");
    const EMPIRICAL: TableKey =
        TableKey::alternative("empirical", &[&Self::EMPIRICAL_BY], "values that were seen, as they are");

    const FROM: Key<Q> = Key::required("min", "add `min = ...`", "the least value");
    const TO: Key<Q> = Key::required("max", "add `max = ...`", "the greatest value");
    const MEAN: Key<Q> = Key::required("mean", "add `mean = ...`", "the mean, above 0");
    const LOGNORMAL_BY: OneOf = OneOf(&[&[&Self::LOGNORMAL_MEDIAN, &SIGMA], &[&Self::LOGNORMAL_MEAN, &CV]]);
    const LOGNORMAL_MEDIAN: Key<Q> = Key::alternative("median", "the median, above 0");
    const LOGNORMAL_MEAN: Key<Q> = Key::alternative("mean", "the mean, above 0");
    const SCALE: Key<Q> = Key::required("min", "add `min = ...`", "the least value, above 0");
    const EMPIRICAL_BY: OneOf = OneOf(&[&[&Self::VALUES, &WEIGHTS], &[&FILE]]);
    const VALUES: Key<Vec<Q>> = Key::alternative("values", "the values");
}

const SIGMA: Key<Sigma> =
    Key::required("sigma", "add `sigma = ...`", "the standard deviation of the logarithm");
const CV: Key<Cv> =
    Key::required("cv", "add `cv = ...`", "the coefficient of variation: standard deviation over mean");
const A: Key<Exponent> = Key::required("a", "add `a = ...`", "the first shape parameter");
const B: Key<Exponent> = Key::required("b", "add `b = ...`", "the second shape parameter");
const ALPHA: Key<Exponent> =
    Key::required("alpha", "add `alpha = ...`", "the exponent: the smaller, the heavier the tail");
const WEIGHTS: Key<Vec<Amount>> =
    Key::optional("weights", "all the same", "how often each value comes, relative to the others");
const FILE: Key<PathBuf> = Key::alternative(
    "file",
    "a CSV file with a column `value` (durations in seconds) and, where wanted, a column `weight`",
);

fn distribution<Q: Quantity>(value: &Value<'_>) -> Option<Distribution> {
    if value.is_array() {
        return value.expected("a single value or a distribution", &format!("write {}", Q::EXAMPLE));
    }
    let Some(mut table) = value.table(Of::<Q>::KEYS) else {
        return Q::read(value).map(|quantity| Distribution::constant(quantity.amount()));
    };
    let shape = shape::<Q>(&mut table);
    let min = table.read(&Of::<Q>::LEAST).map(Q::amount);
    let max = table.read(&Of::<Q>::MOST).map(Q::amount);
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        table.fault(Of::<Q>::LEAST.name, "`min` is above `max`", "exchange the two");
        return None;
    }
    Some(shape?.clamped(min, max))
}

/// The schema of a distribution that may also be written as a single value.
fn schema_of<Q: Quantity>(single: Schema, definitions: &mut Definitions) -> Schema {
    let distribution = definitions.define(Q::DEFINITION, |definitions| {
        let mut table = schema::of_table(Of::<Q>::KEYS, definitions);
        if !Q::CAN_BE_SHARE {
            table["properties"][Of::<Q>::BETA.name] = json!(false);
        }
        table
    });
    json!({ "anyOf": [single, distribution] })
}

/// Reads the parameters of a family.
type ReadFamily = fn(&mut Table<'_>) -> Option<Distribution>;

/// The one family that is given.
fn shape<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    table.one_of(&Of::<Q>::FAMILY)?;
    if table.has(Of::<Q>::BETA.name) && !Q::CAN_BE_SHARE {
        let wrong = "`beta` lies between 0 and 1 and is no duration";
        table.fault(Of::<Q>::BETA.name, wrong, "use another family");
        return None;
    }
    let families: [(&TableKey, ReadFamily); 7] = [
        (&Of::<Q>::UNIFORM, uniform::<Q>),
        (&Of::<Q>::EXPONENTIAL, exponential::<Q>),
        (&Of::<Q>::LOGNORMAL, lognormal::<Q>),
        (&Of::<Q>::GAMMA, gamma::<Q>),
        (&Of::<Q>::BETA, beta),
        (&Of::<Q>::PARETO, pareto::<Q>),
        (&Of::<Q>::EMPIRICAL, empirical::<Q>),
    ];
    let constant = table.read(&Of::<Q>::CONSTANT).map(|quantity| Distribution::constant(quantity.amount()));
    let family =
        || families.iter().find_map(|(key, read)| table.table(key).and_then(|mut table| read(&mut table)));
    constant.or_else(family)
}

fn uniform<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    let (min, max) = (table.read(&Of::<Q>::FROM), table.read(&Of::<Q>::TO));
    let (min, max) = (min?.amount(), max?.amount());
    if min > max {
        table.fault(Of::<Q>::FROM.name, "`min` is above `max`", "exchange the two");
        return None;
    }
    Some(Distribution::uniform(min, max))
}

fn exponential<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    positive(table, &Of::<Q>::MEAN).map(Distribution::exponential)
}

fn lognormal<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    if table.one_of(&Of::<Q>::LOGNORMAL_BY)? == Of::<Q>::LOGNORMAL_MEDIAN.name {
        let (median, sigma) = (positive(table, &Of::<Q>::LOGNORMAL_MEDIAN), table.read(&SIGMA));
        Some(Distribution::lognormal_median(median?, sigma?.0))
    } else {
        let (mean, cv) = (positive(table, &Of::<Q>::LOGNORMAL_MEAN), table.read(&CV));
        Some(Distribution::lognormal_mean(mean?, cv?.0))
    }
}

fn gamma<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    let (mean, cv) = (positive(table, &Of::<Q>::MEAN), table.read(&CV));
    Some(Distribution::gamma(mean?, cv?.0))
}

fn beta(table: &mut Table<'_>) -> Option<Distribution> {
    let (a, b) = (table.read(&A), table.read(&B));
    Some(Distribution::beta(a?.0, b?.0))
}

fn pareto<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    let (min, alpha) = (positive(table, &Of::<Q>::SCALE), table.read(&ALPHA));
    Some(Distribution::pareto(min?, alpha?.0))
}

/// A parameter that must be above zero.
fn positive<Q: Quantity>(table: &mut Table<'_>, key: &Key<Q>) -> Option<f64> {
    let quantity = table.read(key)?.amount();
    if quantity > 0.0 {
        return Some(quantity);
    }
    table.fault(key.name, format!("`{}` must be above zero", key.name), "write a positive value");
    None
}

fn empirical<Q: Quantity>(table: &mut Table<'_>) -> Option<Distribution> {
    let key = table.one_of(&Of::<Q>::EMPIRICAL_BY)?;
    let weighted: Vec<(f64, f64)> = if key == FILE.name {
        let file = table.read(&FILE)?;
        let rows = match table.read_named_file(&file, &"values", || read_csv(&file)) {
            Ok(rows) => rows,
            Err(wrong) => {
                let hint = "give a CSV file with a column `value` and, where wanted, a column `weight`; \
                            paths are relative to the scenario file";
                table.fault(FILE.name, wrong, hint);
                return None;
            }
        };
        rows.into_iter().map(|row| (Q::from_file(row.value), row.weight)).collect()
    } else {
        let (values, weights) = (table.read(&Of::<Q>::VALUES), table.read(&WEIGHTS));
        let values: Vec<f64> = values?.into_iter().map(Q::amount).collect();
        let equal = || vec![1.0; values.len()];
        let weights = weights.map_or_else(equal, |weights| weights.into_iter().map(Amount::amount).collect());
        if weights.len() != values.len() {
            let wrong = format!("there are {} values, but {} weights", values.len(), weights.len());
            table.fault(WEIGHTS.name, wrong, "give each value its weight");
            return None;
        }
        values.into_iter().zip(weights).collect()
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
#[derive(Clone, Deserialize)]
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
