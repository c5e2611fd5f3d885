//! The terms that every kind of policy may have beside its own rules.

use super::presets::PRESET;
use super::{Grant, successor};
use crate::document::schema::{Definitions, Schema};
use crate::document::{Dollars, Key, Keys, Read, ReadTable, Table, TableKey, Value};
use crate::metering::{Authorization, Metering, delay_clause, meaning, refresh_clause};
use crate::money::{Money, Share, grouped};
use crate::request::Refusal;
use crate::time::Span;
use jiff::civil::Date;
use serde_json::json;

/// What a policy of any kind may hold.
pub const KEYS: Keys =
    &[&PRESET, &KIND, &FREE_CREDIT, &CREDIT_EXPIRES_AFTER, &RATE_LIMIT, &ALERT_AT, &METERING, &HTTP_STATUS];

/// The kind of a policy.
pub const KIND: Key<String> = Key::required(
    "kind",
    "name one, as in `kind = \"prepaid_pause\"`",
    "which rules hold; `billsim policies` tells them all",
);
pub(super) const FREE_CREDIT: Key<Grant> =
    Key::optional("free_credit", "none", "promotional credit that is granted at signup");
const CREDIT_EXPIRES_AFTER: Key<Span> = Key::optional(
    "credit_expires_after",
    "never",
    "how long after its posting paid credit lapses; a minute at least where top-ups are automatic",
);
const RATE_LIMIT: Key<RateLimit> = Key::optional(
    "rate_limit",
    "none",
    "how many requests, or their tokens, are admitted in each window of a minute since signup",
);
const ALERT_AT: Key<Dollars> = Key::optional(
    "alert_at",
    "never",
    "the customer is alerted when what is left of the money falls to this, in dollars",
);
const METERING: Key<OwnMetering> = Key::optional(
    "metering",
    "that of the scenario",
    "when usage is known under this policy, and what the gate does until then",
);
const HTTP_STATUS: Key<Codes> = Key::optional(
    "http_status",
    "the usual codes",
    "with which HTTP status code requests are refused, by reason",
);

/// What a policy of a scenario may hold beside, but not one that follows another.
pub const SCENARIO_KEYS: Keys = &[&NAME, &SWITCH];

pub(crate) const NAME: Key<String> =
    Key::optional("name", "its preset or kind", "what the policy is called in the results");
pub(crate) const SWITCH: TableKey = TableKey::optional(
    "switch",
    &[&AT, &GRANDFATHER, &TO],
    "none",
    "a change of policy at a date; not for trials",
);
pub(crate) const AT: Key<Date> = Key::required(
    "at",
    "say on which date, as in `at = 2026-03-01`",
    "the civil date (UTC) on which accounts move, at 00:00",
);
pub(crate) const GRANDFATHER: Key<bool> = Key::with_default(
    "grandfather",
    "false",
    "whether those who signed up before that date keep what they have",
);
pub(crate) const TO: TableKey = successor(
    "to",
    "say what follows, as in `to = { kind = \"prepaid_pause\" }`",
    "the policy that follows: a table with its `kind` and parameters; no trial",
);

/// The terms that every kind of policy may have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommonTerms {
    /// Promotional credit at signup.
    pub free_credit: Option<Grant>,
    /// How long after its posting paid credit lapses; `None`: never.
    pub credit_expires_after: Option<Span>,
    /// How many requests and tokens a minute are admitted.
    pub rate_limit: Option<RateLimit>,
    /// What must be left of the money before the customer is alerted; `None`: no alerts.
    pub alert_at: Option<Money>,
    /// Its own metering, in place of the scenario's key by key.
    pub metering: OwnMetering,
    /// The reasons whose refusals have a status code of the policy's own.
    http_status: Vec<(Refusal, u16)>,
}

/// How many requests and tokens are admitted in each window of a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// What holds, but for what follows.
    pub rates: Rates,
    /// Tokens a minute that move with their use.
    pub adaptive: Option<Adaptive>,
    /// What holds instead, key by key, while no payment method is on file.
    pub without_payment_method: Option<Rates>,
}

/// Limits of a minute; `None`: without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Requests.
    pub requests: Option<u64>,
    /// Prompt and output tokens.
    pub tokens: Option<u64>,
}

/// A limit on tokens a minute that grows where it is used and shrinks where it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adaptive {
    /// Tokens a minute at first.
    pub start: u64,
    /// The least.
    pub floor: u64,
    /// The most.
    pub ceiling: u64,
    /// The factor after a busy minute, at least 1.
    pub grow: Share,
    /// The factor after any other, in 0..1.
    pub shrink: Share,
    /// The share of the limit whose use makes a minute a busy one.
    pub busy: Share,
}

impl CommonTerms {
    /// Reads the terms from the table of a policy.
    pub fn read(table: &mut Table<'_>) -> CommonTerms {
        let free_credit = table.read(&FREE_CREDIT);
        let credit_expires_after = table.read(&CREDIT_EXPIRES_AFTER);
        let rate_limit = table.read(&RATE_LIMIT);
        let alert_at = table.read(&ALERT_AT);
        let metering = table.read(&METERING).unwrap_or_default();
        let http_status = table.read(&HTTP_STATUS).unwrap_or_default();
        if credit_expires_after == Some(Span::ZERO) {
            let hint = "give it some time, as in `credit_expires_after = \"365d\"`";
            table.fault(CREDIT_EXPIRES_AFTER.name, "paid credit would lapse at once", hint);
        }
        CommonTerms {
            free_credit,
            credit_expires_after,
            rate_limit,
            alert_at: alert_at.map(|Dollars(amount)| amount),
            metering,
            http_status: http_status.0,
        }
    }

    /// Notes a fault where credit that lapses would be bought anew, automatically, so often that a run never ends.
    pub(super) fn check_lapse_before_top_up(&self, table: &Table<'_>) {
        let is_too_soon = |after: Span| Span::ZERO < after && after < Span::MINUTE;
        if self.credit_expires_after.is_some_and(is_too_soon) {
            let wrong = "paid credit would lapse, and be bought anew, more than once a minute";
            let hint = "give it a minute at least, as in `credit_expires_after = \"365d\"`";
            table.fault(CREDIT_EXPIRES_AFTER.name, wrong, hint);
        }
    }

    /// The terms with their figures, as clauses, each of which can stand alone.
    pub fn clauses(&self) -> Vec<String> {
        let grant = self.free_credit.map(|Grant { amount, expires_after }| {
            let lasts = expires_after.map_or_else(String::new, |after| format!(", for {after:#}"));
            format!("{amount:#} of free credit is granted at signup{lasts}")
        });
        let codes = self.http_status.iter();
        let codes = codes.map(|(reason, status)| {
            format!("a request refused as {} gets HTTP status {status}", reason.name())
        });
        grant
            .into_iter()
            .chain(self.rate_limit.iter().flat_map(RateLimit::clauses))
            .chain(self.alert_at.map(|left| format!("the customer is alerted when {left:#} is left")))
            .chain(self.credit_expires_after.map(|after| format!("paid credit lapses after {after:#}")))
            .chain(self.metering.delay.map(delay_clause))
            .chain(self.metering.refresh.map(refresh_clause))
            .chain(self.metering.authorization.map(|authorization| authorization.clause()))
            .chain(codes)
            .collect()
    }

    /// The HTTP status code with which requests are refused for a reason.
    pub fn http_status(&self, reason: Refusal) -> u16 {
        let own = self.http_status.iter().find(|(of, _)| *of == reason);
        own.map_or(reason.http_status(), |(_, status)| *status)
    }
}

impl RateLimit {
    /// The limits with their figures, as clauses, each of which can stand alone.
    pub fn clauses(&self) -> Vec<String> {
        let usual = Rates { tokens: self.rates.tokens.filter(|_| self.adaptive.is_none()), ..self.rates };
        let unpaid = self.without_payment_method.and_then(|rates| rates.clause());
        let unpaid = unpaid.map(|limit| format!("{limit} while no payment method is on file"));
        usual
            .clause()
            .into_iter()
            .chain(self.adaptive.map(|adaptive| adaptive.clause()))
            .chain(unpaid)
            .collect()
    }
}

impl Rates {
    fn clause(&self) -> Option<String> {
        let requests = self.requests.map(|most| format!("{} requests", thousands(most)));
        let tokens = self.tokens.map(|most| format!("{} tokens", thousands(most)));
        let limits: Vec<String> = requests.into_iter().chain(tokens).collect();
        (!limits.is_empty()).then(|| format!("at most {} a minute are admitted", limits.join(" and ")))
    }
}

impl Adaptive {
    fn clause(&self) -> String {
        let Adaptive { start, floor, ceiling, grow, shrink, busy } = self;
        let [start, floor, ceiling] = [start, floor, ceiling].map(|tokens| thousands(*tokens));
        format!(
            "at most {start} tokens a minute are admitted at first; a minute that uses {busy:#} of them or more \
             multiplies the limit by {grow}, up to {ceiling}, any other by {shrink}, down to {floor}"
        )
    }
}

fn thousands(number: u64) -> String {
    grouped(&number.to_string())
}

const AMOUNT: Key<Dollars> =
    Key::required("amount", "say how much, as in `amount = 5.00`", "how much, in dollars");
const EXPIRES_AFTER: Key<Span> = Key::optional("expires_after", "never", "how long it can be used");

impl ReadTable for Grant {
    const KEYS: Keys = &[&AMOUNT, &EXPIRES_AFTER];

    fn read(table: &mut Table<'_>) -> Option<Grant> {
        let (amount, expires_after) = (table.read(&AMOUNT), table.read(&EXPIRES_AFTER));
        if amount == Some(Dollars(Money::ZERO)) {
            let hint = "give an amount, or leave `free_credit` out";
            table.fault(AMOUNT.name, "the free credit is nothing", hint);
        }
        Some(Grant { amount: amount?.0, expires_after })
    }
}

const REQUESTS: Key<u64> = Key::optional("requests_per_minute", "without limit", "requests of a minute");
const TOKENS: Key<u64> =
    Key::optional("tokens_per_minute", "without limit", "prompt and output tokens of a minute");
const ADAPTIVE: Key<Adaptive> =
    Key::optional("adaptive", "none", "a limit on tokens a minute that moves with their use");
const WITHOUT_PAYMENT_METHOD: Key<Rates> = Key::optional(
    "without_payment_method",
    "the same",
    "what replaces these limits, key by key, while no payment method is on file",
);

impl ReadTable for RateLimit {
    const KEYS: Keys = &[&REQUESTS, &TOKENS, &ADAPTIVE, &WITHOUT_PAYMENT_METHOD];

    fn read(table: &mut Table<'_>) -> Option<RateLimit> {
        let rates = <Rates as ReadTable>::read(table)?;
        let adaptive = table.read(&ADAPTIVE);
        let without_payment_method = table.read(&WITHOUT_PAYMENT_METHOD);
        if table.has(ADAPTIVE.name) && rates.tokens.is_some() && without_payment_method.is_none() {
            let wrong = "`adaptive` leaves nothing for `tokens_per_minute` to limit";
            table.fault(TOKENS.name, wrong, "leave it out: `adaptive` has a `start` of its own");
        }
        let own_are_none = without_payment_method.is_none_or(|own| own == Rates::default());
        if own_are_none && table.keys().iter().all(|key| *key == WITHOUT_PAYMENT_METHOD.name) {
            table.fault_here("the rate limit limits nothing", "give one, as in `requests_per_minute = 60`");
        }
        Some(RateLimit { rates, adaptive, without_payment_method })
    }
}

impl ReadTable for Rates {
    const KEYS: Keys = &[&REQUESTS, &TOKENS];

    fn read(table: &mut Table<'_>) -> Option<Rates> {
        Some(Rates { requests: table.read(&REQUESTS), tokens: table.read(&TOKENS) })
    }
}

const START: Key<u64> =
    Key::required("start", "say how many tokens a minute, as in `start = 10000`", "tokens a minute at first");
const FLOOR: Key<u64> =
    Key::required("floor", "say how many tokens a minute, as in `floor = 10000`", "tokens a minute at least");
const CEILING: Key<u64> = Key::required(
    "ceiling",
    "say how many tokens a minute, as in `ceiling = 10000`",
    "tokens a minute at most",
);
const GROW: Key<Growth> = Key::required(
    "grow",
    "give the factor after a busy minute, as in `grow = 1.2`",
    "the factor after a busy minute, 1 or more",
);
const SHRINK: Key<Share> = Key::required(
    "shrink",
    "give the factor after any other, as in `shrink = 0.9`",
    "the factor after any other minute, from 0 to 1",
);
const BUSY: Key<Share> = Key::required(
    "busy",
    "say from which share on a minute is busy, as in `busy = 0.8`",
    "the share of the limit whose use makes a minute a busy one, from 0 to 1",
);

impl ReadTable for Adaptive {
    const KEYS: Keys = &[&START, &FLOOR, &CEILING, &GROW, &SHRINK, &BUSY];

    fn read(table: &mut Table<'_>) -> Option<Adaptive> {
        let (start, floor, ceiling) = (table.read(&START), table.read(&FLOOR), table.read(&CEILING));
        let (grow, shrink, busy) = (table.read(&GROW), table.read(&SHRINK), table.read(&BUSY));
        let (start, floor, ceiling) = (start?, floor?, ceiling?);
        if !(floor <= start && start <= ceiling) {
            let wrong = format!("the start, {start}, is not within {floor} and {ceiling}");
            table.fault(START.name, wrong, "let `floor`, `start` and `ceiling` ascend");
        }
        Some(Adaptive { start, floor, ceiling, grow: grow?.0, shrink: shrink?, busy: busy? })
    }
}

/// A factor from 1 on, exact to nine decimals.
struct Growth(Share);

impl Read for Growth {
    fn read(value: &Value<'_>) -> Option<Growth> {
        let one = i128::from(Share::ONE.billionths());
        let billionths =
            value.exact(9, one, 1_000 * one, "a factor from 1 to 1000", "write it as in `1.2`")?;
        i64::try_from(billionths).ok().map(Share::from_billionths).map(Growth)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 1, "maximum": 1000 })
    }
}

/// A policy's own metering; what is `None` is as in the scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnMetering {
    /// From the end of a request to its settlement.
    pub delay: Option<Span>,
    /// At which multiples standing is judged.
    pub refresh: Option<Span>,
    /// What the gate does about cost that it does not know.
    pub authorization: Option<Authorization>,
}

impl OwnMetering {
    /// The metering in force, where the scenario has another.
    pub fn over(self, scenario: Metering) -> Metering {
        Metering {
            delay: self.delay.unwrap_or(scenario.delay),
            refresh: self.refresh.unwrap_or(scenario.refresh),
            authorization: self.authorization.unwrap_or(scenario.authorization),
        }
    }
}

const DELAY: Key<Span> = Key::optional("delay", "that of the scenario", meaning::DELAY);
const REFRESH: Key<Span> = Key::optional("refresh", "that of the scenario", meaning::REFRESH);

const AUTHORIZATION: Key<Authorization> =
    Key::optional("authorization", "that of the scenario", meaning::AUTHORIZATION);

impl ReadTable for OwnMetering {
    const KEYS: Keys = &[&DELAY, &REFRESH, &AUTHORIZATION];

    fn read(table: &mut Table<'_>) -> Option<OwnMetering> {
        let (delay, refresh) = (table.read(&DELAY), table.read(&REFRESH));
        Some(OwnMetering { delay, refresh, authorization: table.read(&AUTHORIZATION) })
    }
}

/// Reasons whose refusals have a status code of their own.
#[derive(Default)]
struct Codes(Vec<(Refusal, u16)>);

const fn code(reason: Refusal) -> Key<HttpStatus> {
    let usual = match reason.http_status() {
        402 => "402",
        403 => "403",
        429 => "429",
        _ => "the usual one",
    };
    Key::optional(reason.name(), usual, "the code of refusals for this reason")
}

impl ReadTable for Codes {
    const KEYS: Keys = &[
        &code(Refusal::Closed),
        &code(Refusal::NoPaymentMethod),
        &code(Refusal::PastDue),
        &code(Refusal::LimitReached),
        &code(Refusal::BudgetReached),
        &code(Refusal::NoCredit),
        &code(Refusal::RateLimited),
        &code(Refusal::OnHold),
    ];

    fn read(table: &mut Table<'_>) -> Option<Codes> {
        let code = |reason| table.read(&code(reason)).map(|HttpStatus(code)| (reason, code));
        Some(Codes(Refusal::ALL.into_iter().filter_map(code).collect()))
    }
}

/// An HTTP status code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpStatus(pub u16);

impl Read for HttpStatus {
    fn read(value: &Value<'_>) -> Option<HttpStatus> {
        let what = "the status code of an error, from 400 to 599";
        let code = value.exact(0, 400, 599, what, "write it as in `429`")?;
        u16::try_from(code).ok().map(HttpStatus)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "integer", "minimum": 400, "maximum": 599 })
    }
}
