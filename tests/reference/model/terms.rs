//! What a policy says (MODEL 6), read from the scenario with every default written out.

use billsim::document::duration;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Nano-dollars.
pub type Nanos = i128;
/// Microseconds, since the start of the run where they are an instant.
pub type Micros = i64;
/// An instant after everything.
pub const NEVER: Micros = Micros::MAX;

/// An amount of money in a scenario: a decimal number of dollars.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "toml::Value")]
pub struct Dollars(pub Nanos);

impl TryFrom<toml::Value> for Dollars {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Dollars, String> {
        decimal(&value, 9).map(Dollars)
    }
}

/// A share or a factor, in billionths.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub struct Billionths(pub i128);

impl TryFrom<toml::Value> for Billionths {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Billionths, String> {
        decimal(&value, 9).map(Billionths)
    }
}

/// A number times ten to the `places`, exactly. A float is taken as the shortest decimal that means it, which is the
/// one that was written, as long as it had at most 15 digits.
fn decimal(value: &toml::Value, places: usize) -> Result<i128, String> {
    let text = match value {
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        other => return Err(format!("{other} is no number")),
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    assert!(decimals.len() <= places, "{text} has too many decimals");
    format!("{whole}{decimals:0<places$}").parse().map_err(|error| format!("{text}: {error}"))
}

/// A duration.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub struct Duration(pub Micros);

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Duration, String> {
        duration(&text).map(|span| Duration(span.micros())).ok_or(format!("{text} is no duration"))
    }
}

/// A whole scenario, of which only the policies are read.
#[derive(Debug, Deserialize)]
struct Policies {
    policy: Vec<Terms>,
}

/// The policies of a scenario in which every default is written out.
pub fn policies(resolved: &str) -> Vec<Terms> {
    toml::from_str::<Policies>(resolved).expect("a resolved scenario can be read").policy
}

/// The kinds of policy.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    PrepaidPause,
    AutoTopup,
    Postpaid,
    Trial,
}

/// What a policy of any kind says. What its kind does not have stays as [`Default`] gives it; a key that is not listed
/// here is an error, so that no new one is overlooked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    #[serde(rename = "name")]
    _name: Option<String>,
    pub kind: Kind,
    pub switch: Option<Box<Switch>>,

    // All kinds: 6.5.
    pub free_credit: Option<Grant>,
    pub credit_expires_after: Option<Duration>,
    pub rate_limit: Option<RateLimit>,
    pub alert_at: Option<Dollars>,
    #[serde(default)]
    pub metering: Metering,
    #[serde(default)]
    pub http_status: BTreeMap<String, u16>,

    // Prepaid: 6.1 and 6.2.
    #[serde(default)]
    pub initial_purchase: Dollars,
    #[serde(default)]
    pub threshold: Dollars,
    pub amount: Option<Dollars>,
    pub target: Option<Dollars>,
    pub monthly_budget: Option<Dollars>,
    pub max_per_day: Option<usize>,
    #[serde(default)]
    pub retry_after: Vec<Duration>,

    // Post-paid: 6.3.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    #[serde(default)]
    pub limit_counts: LimitCounts,
    #[serde(default)]
    pub minimum_charge: Dollars,
    #[serde(default)]
    pub terms: Duration,
    pub write_off_after: Option<Duration>,
    #[serde(default)]
    pub progressive: Vec<Dollars>,

    // Trials: 6.4.
    pub credit: Option<Dollars>,
    pub expires_after: Option<Duration>,
    pub then: Option<Box<Terms>>,
}

impl Terms {
    pub fn is_prepaid(&self) -> bool {
        matches!(self.kind, Kind::PrepaidPause | Kind::AutoTopup)
    }

    pub fn is_postpaid(&self) -> bool {
        self.kind == Kind::Postpaid
    }

    pub fn is_trial(&self) -> bool {
        self.kind == Kind::Trial
    }

    pub fn counts_only_billed(&self) -> bool {
        self.limit_counts == LimitCounts::Billed
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    pub at: toml::value::Datetime,
    pub grandfather: bool,
    pub to: Terms,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub amount: Dollars,
    pub expires_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LimitCounts {
    #[default]
    Usage,
    Billed,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub paid: Dollars,
    pub after: Duration,
    pub limit: Dollars,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    pub requests_per_minute: Option<u64>,
    pub tokens_per_minute: Option<u64>,
    pub adaptive: Option<Adaptive>,
    pub without_payment_method: Option<Rates>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    pub requests_per_minute: Option<u64>,
    pub tokens_per_minute: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adaptive {
    pub start: u64,
    pub floor: u64,
    pub ceiling: u64,
    pub grow: Billionths,
    pub shrink: Billionths,
    pub busy: Billionths,
}

/// When usage is known, and what the gate does until then: what is not given is as in the scenario.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metering {
    pub delay: Option<Duration>,
    pub refresh: Option<Duration>,
    pub authorization: Option<Authorization>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Authorization {
    Balance,
    Hold(Hold),
    InFlight(InFlight),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub output_tokens: u32,
    pub factor: Billionths,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    pub amount: Dollars,
    pub output_tokens: u32,
    pub factor: Billionths,
}

/// The metering of the scenario itself, all of it given.
pub fn metering(resolved: &str) -> Metering {
    #[derive(Deserialize)]
    struct Scenario {
        metering: Metering,
    }
    toml::from_str::<Scenario>(resolved).expect("a resolved scenario can be read").metering
}
