//! The table `[cohort.workload]`.

use super::distribution::{Amount, Cv, Sigma};
use super::{Numbers, Shares, prices, trace};
use crate::document::{Read, Table, TableKey, Value};
use crate::time::Span;
use crate::workload::distribution::Distribution;
use crate::workload::trace::Trace;
use crate::workload::{Arrivals, Modulation, Service, Tokens, Workload};
use std::sync::Arc;

/// The most requests of an account a day, on average.
const MOST_PER_DAY: f64 = 1e9;
/// The most that a rate may grow over a run.
const MOST_GROWTH: f64 = 1e6;

/// The table.
pub const WORKLOAD: TableKey = TableKey::required(
    "workload",
    &[],
    "say what the accounts send: add a line `[cohort.workload]` with \
     `arrivals = { poisson = { per_day = 100 } }` under it",
    "what the accounts send",
);

/// A workload as it was read.
pub struct Written {
    /// `None` where something is at fault.
    pub workload: Option<Workload>,
    /// Whether it is a trace that says itself which accounts there are.
    pub by_column: bool,
}

/// Where requests come from.
enum Source {
    Random(Arrivals),
    /// `None` where the trace is at fault.
    Recorded(Option<Trace>),
}

/// Reads what the accounts send. `models` are the names of the price list.
pub fn read(
    table: &mut Table<'_>,
    accounts: Option<u32>,
    models: &[String],
    horizon: Option<Span>,
) -> Written {
    let hint = "say when requests come, as in `arrivals = { poisson = { per_day = 100 } }`";
    let mut by_column = false;
    let source = table.require_child("arrivals", hint).and_then(|mut arrivals| {
        let source = source(&mut arrivals, accounts, models)?;
        by_column = source.1;
        Some(source.0)
    });
    let service = table.child_or_empty("service").and_then(|mut service| read_service(&mut service));
    let workload = match source {
        Some(Source::Recorded(trace)) => recorded(table, trace, models),
        Some(Source::Random(arrivals)) => random(table, Some(arrivals), models, horizon),
        None => random(table, None, models, horizon),
    };
    let workload = workload.zip(service).map(|(workload, service)| Workload { service, ..workload });
    Written { workload, by_column }
}

/// How long requests run.
fn read_service(table: &mut Table<'_>) -> Option<Service> {
    let first_token: Option<Span> = table.get_or("first_token", "\"0s\"");
    let per_output_token: Option<Span> = table.get_or("per_output_token", "\"0s\"");
    Some(Service { first_token: first_token?, per_output_token: per_output_token? })
}

/// The one process that is given, and whether it says itself which accounts there are.
fn source(table: &mut Table<'_>, accounts: Option<u32>, models: &[String]) -> Option<(Source, bool)> {
    if table.has("on_off") {
        table.not_yet("on_off");
        table.leave_rest();
        return None;
    }
    let process = table.one_of(&["poisson", "gamma", "trace"])?;
    let mut parameters = table.child(process)?;
    let arrivals = match process {
        "poisson" => Arrivals::Poisson { per_day: per_day(&mut parameters)? },
        "gamma" => {
            let per_day = per_day(&mut parameters);
            let cv: Option<CvOfGaps> =
                parameters.require("cv", "say how irregular the gaps are, as in `cv = 2.0`");
            Arrivals::Gamma { per_day: per_day?, cv: cv?.0.0 }
        }
        _ => {
            let (trace, by_column) = trace::read(&mut parameters, accounts, models);
            return Some((Source::Recorded(trace), by_column));
        }
    };
    Some((Source::Random(arrivals), false))
}

fn per_day(table: &mut Table<'_>) -> Option<f64> {
    table
        .require::<Rate>("per_day", "say how many requests an account sends, as in `per_day = 100`")
        .map(|rate| rate.0)
}

/// Requests a day.
struct Rate(f64);

impl Read for Rate {
    fn read(value: &Value<'_>) -> Option<Rate> {
        let what = format!("above 0 and at most {MOST_PER_DAY:e}");
        let rate = value.number(
            |rate| rate > 0.0 && rate <= MOST_PER_DAY,
            &what,
            "write requests a day, as in `100`",
        );
        rate.map(Rate)
    }
}

/// A coefficient of variation of gaps: the same for all accounts.
struct CvOfGaps(Cv);

impl Read for CvOfGaps {
    fn read(value: &Value<'_>) -> Option<CvOfGaps> {
        if let Some(mut table) = value.table() {
            table.leave_rest();
            value.fault("a distribution of `cv` over accounts is not supported yet", "write a single number");
            return None;
        }
        Cv::read(value).map(CvOfGaps)
    }
}

/// A growth a month: -0.1 for a tenth less each month.
struct Growth(f64);

impl Read for Growth {
    fn read(value: &Value<'_>) -> Option<Growth> {
        value.number(|growth| growth > -1.0, "above -1", "write 10 percent a month as `0.1`").map(Growth)
    }
}

struct Correlation(f64);

impl Read for Correlation {
    fn read(value: &Value<'_>) -> Option<Correlation> {
        let in_range = |correlation| (-1.0..=1.0).contains(&correlation);
        value.number(in_range, "from -1 to 1", "write 0 for none").map(Correlation)
    }
}

/// The workload of a random process.
fn random(
    table: &mut Table<'_>,
    arrivals: Option<Arrivals>,
    models: &[String],
    horizon: Option<Span>,
) -> Option<Workload> {
    let modulation = modulation(table, horizon);
    let heterogeneity: Option<Numbers> = table.get("heterogeneity");
    if let Some(Numbers(heterogeneity)) = &heterogeneity
        && !(heterogeneity.mean().is_finite() && heterogeneity.mean() > 0.0)
    {
        let wrong =
            format!("`heterogeneity` has the mean {} and cannot be scaled to 1", heterogeneity.mean());
        table.fault("heterogeneity", wrong, "choose one with a mean, or bound it with `max = ...` beside it");
    }
    let hint = "say how long requests are, as in `tokens = { prompt = 500, output = 100 }`";
    let tokens = table.require_child("tokens", hint).and_then(|mut tokens| drawn_tokens(&mut tokens));
    let models = weights_of_models(table, models);
    Some(Workload {
        arrivals: arrivals?,
        modulation: modulation?,
        heterogeneity: heterogeneity.map(|Numbers(heterogeneity)| heterogeneity),
        tokens: tokens?,
        models: models?,
        service: Service::default(),
    })
}

/// The workload of a trace: what the trace says is refused here.
fn recorded(table: &mut Table<'_>, trace: Option<Trace>, models: &[String]) -> Option<Workload> {
    for key in ["daily", "weekly", "growth_per_month", "heterogeneity", "day_level", "bursts"] {
        refuse(table, key, "belongs to random arrivals, and these are recorded");
    }
    let Some(trace) = trace else {
        table.leave_rest();
        return None;
    };
    let mut tokens = Tokens {
        prompt: Distribution::constant(1.0),
        output: Distribution::constant(0.0),
        cached_share: Distribution::constant(0.0),
        prompt_spread: 0.0,
        output_spread: 0.0,
        spread_correlation: 0.0,
    };
    if trace.has_cached {
        refuse(table, "tokens", "is set, but the trace has all token counts");
    } else if let Some(mut table) = table.child_or_empty("tokens") {
        for key in ["prompt", "output", "account_spread"] {
            refuse(&mut table, key, "is set, but the trace has the lengths of requests");
        }
        tokens.cached_share = table.get_or::<Shares>("cached_share", "0")?.0;
    }
    let models = if trace.has_models {
        refuse(table, "models", "is set, but the trace says which model each request used");
        Vec::new()
    } else {
        weights_of_models(table, models)?
    };
    Some(Workload {
        arrivals: Arrivals::Trace(Arc::new(trace)),
        modulation: Modulation::NONE,
        heterogeneity: None,
        tokens,
        models,
        service: Service::default(),
    })
}

/// Refuses a key that means nothing for a trace.
fn refuse(table: &mut Table<'_>, key: &str, why: &str) {
    if table.has(key) {
        table.ignore(key);
        table.fault(key, format!("`{key}` {why}"), "leave it out");
    }
}

fn modulation(table: &mut Table<'_>, horizon: Option<Span>) -> Option<Modulation> {
    let daily = weights_of_mean_one(table, "daily");
    let weekly = weights_of_mean_one(table, "weekly");
    let growth: Option<Growth> = table.get_or("growth_per_month", "0");
    table.only::<f64>("day_level", "0");
    table.only::<Vec<f64>>("bursts", "[]");
    let Growth(growth) = growth?;
    let factor = libm::pow(1.0 + growth, horizon.unwrap_or_default().as_days_f64() / 30.0);
    if factor > MOST_GROWTH {
        let wrong = format!("the rate grows {factor:.0} times over the run");
        table.fault("growth_per_month", wrong, "let it grow less, or shorten the horizon");
    }
    Some(Modulation { daily: daily?, weekly: weekly?, growth_per_month: growth })
}

/// So many weights, all 1 by default, scaled to mean 1.
fn weights_of_mean_one<const N: usize>(table: &mut Table<'_>, key: &str) -> Option<[f64; N]> {
    let default = format!("[{}]", ["1"; N].join(", "));
    let weights: Vec<Amount> = table.get_or(key, &default)?;
    let Ok(weights) = <[Amount; N]>::try_from(weights) else {
        table.fault(
            key,
            format!("`{key}` needs {N} weights"),
            &format!("write them as in `{key} = {default}`"),
        );
        return None;
    };
    let weights = weights.map(|Amount(weight)| weight);
    let mean = weights.iter().sum::<f64>() / N as f64;
    if !(mean > 0.0 && mean.is_finite()) {
        table.fault(
            key,
            format!("the weights of `{key}` sum to {mean}"),
            "make at least one of them positive",
        );
        return None;
    }
    Some(weights.map(|weight| weight / mean))
}

fn drawn_tokens(table: &mut Table<'_>) -> Option<Tokens> {
    let prompt: Option<Numbers> = table.require("prompt", "say how long prompts are, as in `prompt = 500`");
    let output: Option<Numbers> = table.require("output", "say how long outputs are, as in `output = 100`");
    let cached_share: Option<Shares> = table.get_or("cached_share", "0");
    let mut spread = table.child_or_empty("account_spread")?;
    let prompt_spread: Option<Sigma> = spread.get_or("prompt", "0");
    let output_spread: Option<Sigma> = spread.get_or("output", "0");
    let correlation: Option<Correlation> = spread.get_or("correlation", "0");
    Some(Tokens {
        prompt: prompt?.0,
        output: output?.0,
        cached_share: cached_share?.0,
        prompt_spread: prompt_spread?.0,
        output_spread: output_spread?.0,
        spread_correlation: correlation?.0,
    })
}

/// Which models are used how often, as indexes into the price list with their weights.
fn weights_of_models(table: &mut Table<'_>, models: &[String]) -> Option<Vec<(u16, f64)>> {
    table.only::<f64>("loyalty", "0");
    let example = models.first().map_or("m", String::as_str);
    let hint = format!("say which models are used, as in `models = {{ \"{example}\" = 1 }}`");
    let mut table = table.require_child("models", &hint)?;
    let weights: Vec<Option<(u16, f64)>> = table
        .keys()
        .into_iter()
        .map(|name| {
            let weight = table.get::<Amount>(name);
            Some((prices::index(&table, name, name, models)?, weight?.0))
        })
        .collect();
    let weights: Vec<(u16, f64)> = weights.into_iter().collect::<Option<_>>()?;
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    if !(sum > 0.0 && sum.is_finite()) {
        table.fault_here(
            format!("the weights of the models sum to {sum}"),
            "make at least one of them positive",
        );
    }
    Some(weights)
}
