//! The table `[cohort.workload]`.

use super::distribution::{Amount, Sigma};
use super::{Cvs, Durations, Numbers, Shares, prices, trace};
use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Key, Keys, Names, OneOf, Probability, Read, Table, TableKey, Value};
use crate::time::Span;
use crate::workload::distribution::Distribution;
use crate::workload::trace::Trace;
use crate::workload::{Arrivals, Burst, Modulation, Phases, Service, Tokens, Workload};
use serde_json::{Map, json};
use std::sync::Arc;

/// The most requests of an account a day, on average.
const MOST_PER_DAY: f64 = 1e9;
/// The most that a rate may grow over a run, and that bursts may multiply it on average.
const MOST_GROWTH: f64 = 1e6;
/// The most bursts of a kind that an account may have a day, on average.
const MOST_BURSTS_PER_DAY: f64 = 86_400.0;
/// The most bursts of a kind that an account may be in at once, on average.
const MOST_BURSTS_AT_ONCE: f64 = 100.0;

/// The table.
pub const WORKLOAD: TableKey = TableKey::required(
    "workload",
    KEYS,
    "say what the accounts send: add a line `[cohort.workload]` with \
     `arrivals = { poisson = { per_day = 100 } }` under it",
    "what the accounts send",
)
.defined_as("workload");

const KEYS: Keys = &[
    &ARRIVALS,
    &SERVICE,
    &DAILY,
    &WEEKLY,
    &GROWTH_PER_MONTH,
    &DAY_LEVEL,
    &BURSTS,
    &HETEROGENEITY,
    &TOKENS,
    &LOYALTY,
    &MODELS,
];

const ARRIVALS: TableKey = TableKey::required(
    "arrivals",
    &[&PROCESS],
    "say when requests come, as in `arrivals = { poisson = { per_day = 100 } }`",
    "when requests come: one process",
);
const PROCESS: OneOf = OneOf(&[&[&POISSON], &[&GAMMA], &[&ON_OFF], &[&TRACE]]);
const POISSON: TableKey =
    TableKey::alternative("poisson", &[&PER_DAY], "requests that come independently of each other");
const GAMMA: TableKey = TableKey::alternative(
    "gamma",
    &[&PER_DAY, &CV],
    "requests with gamma distributed gaps, in flurries or regularly",
);
const ON_OFF: TableKey = TableKey::alternative(
    "on_off",
    &[&PER_DAY, &CV_WHILE_ON, &ACTIVE_SHARE, &ON],
    "phases with requests, and phases without",
);
const TRACE: TableKey = TableKey::alternative("trace", trace::KEYS, "recorded requests");
const PER_DAY: Key<Rate> = Key::required(
    "per_day",
    "say how many requests an account sends, as in `per_day = 100`",
    "requests of an account a day, on average",
);
const CV: Key<Cvs> = Key::required(
    "cv",
    "say how irregular the gaps are, as in `cv = 2.0`",
    "the coefficient of variation of an account's gaps: 0 for regular ones, 1 as `poisson`, more for flurries; \
     a distribution is over accounts",
);
const CV_WHILE_ON: Key<Cvs> = Key::with_default(
    "cv",
    "1",
    "the coefficient of variation of an account's gaps while it is on; a distribution is over accounts",
);
const ACTIVE_SHARE: Key<Shares> = Key::required(
    "active_share",
    "say which share of the time an account is on, as in `active_share = 0.3`",
    "share of the time that an account is on, above 0; a distribution is over accounts",
);
const ON: Key<Durations> = Key::required(
    "on",
    "say how long it is on at a time, as in `on = \"30m\"`",
    "how long a phase with requests lasts",
);

const SERVICE: TableKey =
    TableKey::or_empty("service", &[&FIRST_TOKEN, &PER_OUTPUT_TOKEN], "how long an admitted request runs");
const FIRST_TOKEN: Key<Span> = Key::with_default("first_token", "\"0s\"", "until its first output token");
const PER_OUTPUT_TOKEN: Key<Span> =
    Key::with_default("per_output_token", "\"0s\"", "for each output token, beside that");

const DAILY: Key<Weights<24>> = Key::with_default(
    "daily",
    "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
    "how much comes in each hour of the UTC day, relative to the others",
);
const WEEKLY: Key<Weights<7>> = Key::with_default(
    "weekly",
    "[1, 1, 1, 1, 1, 1, 1]",
    "how much comes on each day of the week from Monday on, relative to the others",
);
const GROWTH_PER_MONTH: Key<Growth> = Key::with_default(
    "growth_per_month",
    "0",
    "by which share the rate grows in 30 days: 0.1 for a tenth more, -0.1 for a tenth less",
);
const DAY_LEVEL: Key<Sigma> = Key::with_default(
    "day_level",
    "0",
    "how much days differ: the standard deviation of the logarithm of an account's factor on a day",
);
const BURSTS: Key<Vec<Burst>> =
    Key::with_default("bursts", "[]", "what multiplies an account's rate for a while, now and then");
const STARTS: Key<Starts> = Key::required(
    "per_day",
    "say how often one starts, as in `per_day = 0.1`",
    "how many start in a day, on average",
);
const FACTOR: Key<Numbers> = Key::required(
    "factor",
    "say what the rate is multiplied by, as in `factor = 30`",
    "what the rate is multiplied by",
);
const DURATION: Key<Durations> =
    Key::required("duration", "say how long one lasts, as in `duration = \"20m\"`", "how long one lasts");
const HETEROGENEITY: Key<Numbers> = Key::optional(
    "heterogeneity",
    "none",
    "how much accounts differ: a distribution of factors on their rates, which is scaled to mean 1",
);

const TOKENS: TableKey = TableKey::optional(
    "tokens",
    &[&PROMPT, &OUTPUT, &CACHED_SHARE, &ACCOUNT_SPREAD],
    "required, unless they are recorded",
    "how long requests are",
);
const PROMPT: Key<Numbers> =
    Key::optional("prompt", "required, unless they are recorded", "tokens of a prompt");
const OUTPUT: Key<Numbers> =
    Key::optional("output", "required, unless they are recorded", "tokens of an output");
const CACHED_SHARE: Key<Shares> =
    Key::with_default("cached_share", "0", "share of a prompt that the cache holds, from 0 to 1");
const ACCOUNT_SPREAD: TableKey = TableKey::or_empty(
    "account_spread",
    &[&PROMPT_SPREAD, &OUTPUT_SPREAD, &CORRELATION],
    "how much accounts differ in these lengths; a `min` or `max` of theirs bounds what comes of it",
);
const PROMPT_SPREAD: Key<Sigma> = Key::with_default(
    "prompt",
    "0",
    "the standard deviation of the logarithm of an account's factor on prompts",
);
const OUTPUT_SPREAD: Key<Sigma> = Key::with_default(
    "output",
    "0",
    "the standard deviation of the logarithm of an account's factor on outputs",
);
const CORRELATION: Key<Correlation> =
    Key::with_default("correlation", "0", "how these two are correlated, from -1 to 1");

const LOYALTY: Key<Probability> = Key::with_default(
    "loyalty",
    "0",
    "share of accounts that use a single model, drawn once; the others draw one for each request",
);
const MODELS: TableKey =
    TableKey::optional("models", &[&WEIGHT], "required, unless they are recorded", "which models are used");
const WEIGHT: Names<Amount> =
    Names::new("a model of the price list, with how often it is used, relative to the others");

/// What belongs to random arrivals only.
const RANDOM: [&str; 6] =
    [DAILY.name, WEEKLY.name, GROWTH_PER_MONTH.name, HETEROGENEITY.name, DAY_LEVEL.name, BURSTS.name];

/// Defines the schema of the table, of which a trace says a part.
pub fn define(definitions: &mut Definitions) {
    definitions.define(WORKLOAD.name, |definitions| {
        let mut schema = schema::of_table(KEYS, definitions);
        let random = RANDOM.map(|name| (name.to_owned(), json!(false)));
        schema["if"] = json!({ "properties": { ARRIVALS.name: { "required": [TRACE.name] } } });
        schema["then"] = json!({ "properties": Map::from_iter(random) });
        schema["else"] = json!({
            "required": [TOKENS.name, MODELS.name],
            "properties": { TOKENS.name: { "required": [PROMPT.name, OUTPUT.name] } },
        });
        schema
    });
}

/// A workload as it was read.
pub struct Written {
    /// `None` where something is at fault.
    pub workload: Option<Workload>,
    /// Whether it is a trace that says itself which accounts there are.
    pub by_column: bool,
}

/// Where requests come from.
enum Source {
    Random(Box<Arrivals>),
    /// `None` where the trace is at fault.
    Recorded(Option<Arc<Trace>>),
}

/// Reads what the accounts send. `models` are the names of the price list.
pub fn read(
    table: &mut Table<'_>,
    accounts: Option<u32>,
    models: &[String],
    horizon: Option<Span>,
) -> Written {
    let mut by_column = false;
    let source = table.table(&ARRIVALS).and_then(|mut arrivals| {
        let source = source(&mut arrivals, accounts, models)?;
        by_column = source.1;
        Some(source.0)
    });
    let service = table.table(&SERVICE).and_then(|mut service| read_service(&mut service));
    let workload = match source {
        Some(Source::Recorded(trace)) => recorded(table, trace, models),
        Some(Source::Random(arrivals)) => random(table, Some(*arrivals), models, horizon),
        None => random(table, None, models, horizon),
    };
    let workload = workload.zip(service).map(|(workload, service)| Workload { service, ..workload });
    Written { workload, by_column }
}

/// How long requests run.
fn read_service(table: &mut Table<'_>) -> Option<Service> {
    let (first_token, per_output_token) = (table.read(&FIRST_TOKEN), table.read(&PER_OUTPUT_TOKEN));
    Some(Service { first_token: first_token?, per_output_token: per_output_token? })
}

/// The one process that is given, and whether it says itself which accounts there are.
fn source(table: &mut Table<'_>, accounts: Option<u32>, models: &[String]) -> Option<(Source, bool)> {
    table.one_of(&PROCESS)?;
    let arrivals = if let Some(mut trace) = table.table(&TRACE) {
        let (trace, by_column) = trace::read(&mut trace, accounts, models);
        return Some((Source::Recorded(trace), by_column));
    } else if let Some(mut poisson) = table.table(&POISSON) {
        Arrivals::Poisson { per_day: poisson.read(&PER_DAY)?.0 }
    } else if let Some(mut gamma) = table.table(&GAMMA) {
        let (per_day, cv) = (gamma.read(&PER_DAY), gamma.read(&CV));
        Arrivals::Gamma { per_day: per_day?.0, cv: cv?.0 }
    } else {
        let mut on_off = table.table(&ON_OFF)?;
        let (per_day, cv) = (on_off.read(&PER_DAY), on_off.read(&CV_WHILE_ON));
        let phases = phases(&mut on_off);
        Arrivals::OnOff { per_day: per_day?.0, cv: cv?.0, phases: phases? }
    };
    Some((Source::Random(Box::new(arrivals)), false))
}

fn phases(table: &mut Table<'_>) -> Option<Phases> {
    let active_share = table.read(&ACTIVE_SHARE);
    if active_share.as_ref().is_some_and(|Shares(share)| share.cdf(0.0) > 0.0) {
        let hint = "keep it above 0: choose other values, or add `min = 0.01` to a distribution";
        table.fault(ACTIVE_SHARE.name, "`active_share` can be 0: such an account is never on", hint);
    }
    let on = table.read(&ON);
    let is_possible = |mean: f64| mean.is_finite() && mean >= Span::SECOND.micros() as f64;
    if on.as_ref().is_some_and(|Durations(on)| !is_possible(on.mean())) {
        let hint = "choose a longer one, or bound it with `max = ...` where it has no mean";
        table.fault(ON.name, "`on` must have a mean, of a second at least", hint);
    }
    Some(Phases { active_share: active_share?.0, on: on?.0 })
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

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": MOST_PER_DAY })
    }
}

impl Read for Burst {
    const KEYS: Keys = &[&STARTS, &FACTOR, &DURATION];

    fn read(value: &Value<'_>) -> Option<Burst> {
        let example = "{ per_day = 0.1, factor = 30, duration = \"20m\" }";
        let Some(mut table) = value.table(Self::KEYS) else {
            return value.expected("a table", &format!("write it as in `bursts = [{example}]`"));
        };
        let (starts, factor) = (table.read(&STARTS), table.read(&FACTOR));
        let duration = table.read(&DURATION);
        let Numbers(factor) = factor?;
        if factor.mean().is_infinite() {
            table.fault(FACTOR.name, "`factor` has no mean", "bound it with `max = ...` beside it");
        }
        Some(Burst { per_day: starts?.0, factor, duration: duration?.0 })
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        schema::of_table(Self::KEYS, definitions)
    }
}

/// Bursts a day.
struct Starts(f64);

impl Read for Starts {
    fn read(value: &Value<'_>) -> Option<Starts> {
        let in_range = |starts| (0.0..=MOST_BURSTS_PER_DAY).contains(&starts);
        let what = format!("from 0 to {MOST_BURSTS_PER_DAY}");
        value.number(in_range, &what, "write one in ten days as `0.1`").map(Starts)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": MOST_BURSTS_PER_DAY })
    }
}

/// A growth a month: -0.1 for a tenth less each month.
struct Growth(f64);

impl Read for Growth {
    fn read(value: &Value<'_>) -> Option<Growth> {
        value.number(|growth| growth > -1.0, "above -1", "write 10 percent a month as `0.1`").map(Growth)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "exclusiveMinimum": -1 })
    }
}

struct Correlation(f64);

impl Read for Correlation {
    fn read(value: &Value<'_>) -> Option<Correlation> {
        let in_range = |correlation| (-1.0..=1.0).contains(&correlation);
        value.number(in_range, "from -1 to 1", "write 0 for none").map(Correlation)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": -1, "maximum": 1 })
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
    let heterogeneity = table.read(&HETEROGENEITY);
    if let Some(Numbers(heterogeneity)) = &heterogeneity
        && !(heterogeneity.mean().is_finite() && heterogeneity.mean() > 0.0)
    {
        let wrong =
            format!("`heterogeneity` has the mean {} and cannot be scaled to 1", heterogeneity.mean());
        table.fault(
            HETEROGENEITY.name,
            wrong,
            "choose one with a mean, or bound it with `max = ...` beside it",
        );
    }
    let hint = "say how long requests are, as in `tokens = { prompt = 500, output = 100 }`";
    table.demand(TOKENS.name, hint);
    let tokens = table.table(&TOKENS).and_then(|mut tokens| drawn_tokens(&mut tokens));
    let models = models_used(table, models);
    let (models, loyalty) = models?;
    Some(Workload {
        arrivals: arrivals?,
        modulation: modulation?,
        heterogeneity: heterogeneity.map(|Numbers(heterogeneity)| heterogeneity),
        tokens: tokens?,
        models,
        loyalty,
        service: Service::default(),
    })
}

/// The workload of a trace: what the trace says is refused here.
fn recorded(table: &mut Table<'_>, trace: Option<Arc<Trace>>, models: &[String]) -> Option<Workload> {
    for key in RANDOM {
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
    if trace.cached.is_some() {
        refuse(table, TOKENS.name, "is set, but the trace has all token counts");
    } else if let Some(mut table) = table.table_or_empty(&TOKENS) {
        for key in [PROMPT.name, OUTPUT.name, ACCOUNT_SPREAD.name] {
            refuse(&mut table, key, "is set, but the trace has the lengths of requests");
        }
        tokens.cached_share = table.read(&CACHED_SHARE)?.0;
    }
    let (models, loyalty) = if trace.model.is_some() {
        for key in [MODELS.name, LOYALTY.name] {
            refuse(table, key, "is set, but the trace says which model each request used");
        }
        (Vec::new(), 0.0)
    } else {
        models_used(table, models)?
    };
    Some(Workload {
        arrivals: Arrivals::Trace(trace),
        modulation: Modulation::NONE,
        heterogeneity: None,
        tokens,
        models,
        loyalty,
        service: Service::default(),
    })
}

/// Refuses a key that means nothing for a trace.
fn refuse(table: &mut Table<'_>, key: &str, why: &str) {
    table.ignore(key);
    if table.has(key) {
        table.fault(key, format!("`{key}` {why}"), "leave it out");
    }
}

fn modulation(table: &mut Table<'_>, horizon: Option<Span>) -> Option<Modulation> {
    let (daily, weekly) = (table.read(&DAILY), table.read(&WEEKLY));
    let growth = table.read(&GROWTH_PER_MONTH);
    let day_level = table.read(&DAY_LEVEL);
    let bursts = table.read(&BURSTS);
    let horizon = horizon.unwrap_or_default();
    if let Some(Growth(growth)) = growth {
        let factor = libm::pow(1.0 + growth, horizon.as_days_f64() / 30.0);
        if factor > MOST_GROWTH {
            let wrong = format!("the rate grows {factor:.0} times over the run");
            table.fault(GROWTH_PER_MONTH.name, wrong, "let it grow less, or shorten the horizon");
        }
    }
    let factor: f64 = bursts.iter().flatten().map(|burst| burst.mean_factor(horizon)).product();
    if factor > MOST_GROWTH {
        let wrong = format!("the bursts multiply the rate by {factor:.1e} on average");
        table.fault(BURSTS.name, wrong, "make them rarer, shorter or weaker: those that overlap multiply");
    }
    for burst in bursts.iter().flatten() {
        let at_once = burst.mean_number(horizon);
        if at_once > MOST_BURSTS_AT_ONCE {
            let wrong = format!("an account is in {at_once:.0} bursts at once on average");
            table.fault(BURSTS.name, wrong, "make them rarer or shorter: those that overlap multiply");
        }
    }
    Some(Modulation {
        daily: daily?.0,
        weekly: weekly?.0,
        growth_per_month: growth?.0,
        day_level: day_level?.0,
        bursts: bursts?,
    })
}

/// So many weights, scaled to mean 1.
struct Weights<const N: usize>([f64; N]);

impl<const N: usize> Read for Weights<N> {
    fn read(value: &Value<'_>) -> Option<Weights<N>> {
        let key = value.name();
        let Ok(weights) = <[Amount; N]>::try_from(Vec::read(value)?) else {
            let example = ["1"; N].join(", ");
            value.fault(
                format!("`{key}` needs {N} weights"),
                &format!("write them as in `{key} = [{example}]`"),
            );
            return None;
        };
        let weights = weights.map(|Amount(weight)| weight);
        let mean = weights.iter().sum::<f64>() / N as f64;
        if !(mean > 0.0 && mean.is_finite()) {
            let wrong = format!("the weights of `{key}` sum to {mean}");
            value.fault(wrong, "make at least one of them positive");
            return None;
        }
        Some(Weights(weights.map(|weight| weight / mean)))
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        json!({ "type": "array", "items": Amount::schema(definitions), "minItems": N, "maxItems": N })
    }
}

fn drawn_tokens(table: &mut Table<'_>) -> Option<Tokens> {
    table.demand(PROMPT.name, "say how long prompts are, as in `prompt = 500`");
    table.demand(OUTPUT.name, "say how long outputs are, as in `output = 100`");
    let (prompt, output) = (table.read(&PROMPT), table.read(&OUTPUT));
    let cached_share = table.read(&CACHED_SHARE);
    let mut spread = table.table(&ACCOUNT_SPREAD)?;
    let (prompt_spread, output_spread) = (spread.read(&PROMPT_SPREAD), spread.read(&OUTPUT_SPREAD));
    let correlation = spread.read(&CORRELATION);
    Some(Tokens {
        prompt: prompt?.0,
        output: output?.0,
        cached_share: cached_share?.0,
        prompt_spread: prompt_spread?.0,
        output_spread: output_spread?.0,
        spread_correlation: correlation?.0,
    })
}

/// Which models are used how often, as indexes into the price list with their weights; and the share of
/// accounts that use one only.
fn models_used(table: &mut Table<'_>, models: &[String]) -> Option<(Vec<(u16, f64)>, f64)> {
    let loyalty = table.read(&LOYALTY);
    let example = models.first().map_or("m", String::as_str);
    let hint = format!("say which models are used, as in `models = {{ \"{example}\" = 1 }}`");
    table.demand(MODELS.name, &hint);
    let mut table = table.table(&MODELS)?;
    let weights: Vec<Option<(u16, f64)>> = table
        .keys()
        .into_iter()
        .map(|name| {
            let weight = table.read_named(&WEIGHT, name);
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
    Some((weights, loyalty?.0))
}
