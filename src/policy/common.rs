//! The terms that every kind of policy may have beside its own rules.

use super::{Grant, Parameter};
use crate::document::{Dollars, Read, Table, Value};
use crate::money::{Money, Share};
use crate::request::Refusal;
use crate::time::Span;

/// The parameters that every kind has.
pub const COMMON_PARAMETERS: &[Parameter] = &[
    Parameter { key: "name", default: "its kind", meaning: "what the policy is called in the results" },
    Parameter {
        key: "free_credit",
        default: "none",
        meaning: "{ amount, expires_after }: promotional credit granted at signup, in dollars",
    },
    Parameter {
        key: "credit_expires_after",
        default: "never",
        meaning: "how long after its posting paid credit lapses",
    },
    Parameter {
        key: "switch",
        default: "none",
        meaning: "{ at, to, grandfather }: from the date `at` accounts are billed by the policy in the table `to`; \
                  where `grandfather` is true, only those that sign up from then on",
    },
    Parameter {
        key: "rate_limit",
        default: "none",
        meaning: "{ requests_per_minute, tokens_per_minute, adaptive, without_payment_method }: limits in windows of \
                  a minute; `adaptive` { start, floor, ceiling, grow, shrink, busy } moves the tokens a minute with \
                  their use, `without_payment_method` holds while nothing is on file",
    },
    Parameter {
        key: "alert_at",
        default: "none",
        meaning: "the customer is alerted when what is left of the money falls to this, in dollars",
    },
    Parameter {
        key: "metering",
        default: "that of the scenario",
        meaning: "{ delay, refresh }: from a request's end to its settlement; at which multiples accounts are judged",
    },
    Parameter {
        key: "http_status",
        default: "{}",
        meaning: "the HTTP status code of refusals by reason, as in { no_credit = 429 }, where it is not the usual one",
    },
];

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
    /// From the end of a request to its settlement; `None`: as in the scenario.
    pub metering_delay: Option<Span>,
    /// At which multiples standing is judged; `None`: as in the scenario.
    pub metering_refresh: Option<Span>,
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
    pub fn read(table: &mut Table<'_>) -> Option<CommonTerms> {
        let free_credit = table.child("free_credit").map(|mut grant| read_grant(&mut grant));
        let credit_expires_after = table.get::<Span>("credit_expires_after");
        let rate_limit = table.child("rate_limit").map(|mut limit| read_rate_limit(&mut limit));
        let alert_at = table.get::<Dollars>("alert_at");
        let (metering_delay, metering_refresh) =
            table.child("metering").map_or((None, None), |mut metering| {
                (metering.get::<Span>("delay"), metering.get::<Span>("refresh"))
            });
        let http_status =
            table.child("http_status").map_or(Some(Vec::new()), |mut codes| read_codes(&mut codes));
        if credit_expires_after == Some(Span::ZERO) {
            let hint = "give it some time, as in `credit_expires_after = \"365d\"`";
            table.fault("credit_expires_after", "paid credit would lapse at once", hint);
        }
        Some(CommonTerms {
            free_credit: transposed(free_credit)?,
            credit_expires_after,
            rate_limit: transposed(rate_limit)?,
            alert_at: alert_at.map(|Dollars(amount)| amount),
            metering_delay,
            metering_refresh,
            http_status: http_status?,
        })
    }

    /// The HTTP status code with which requests are refused for a reason.
    pub fn http_status(&self, reason: Refusal) -> u16 {
        let own = self.http_status.iter().find(|(of, _)| *of == reason);
        own.map_or(reason.http_status(), |(_, status)| *status)
    }
}

/// What is absent is no fault; what could not be read is.
fn transposed<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    read.map_or(Some(None), |read| read.map(Some))
}

fn read_grant(table: &mut Table<'_>) -> Option<Grant> {
    let amount: Option<Dollars> = table.require("amount", "say how much, as in `amount = 5.00`");
    let expires_after: Option<Span> = table.get("expires_after");
    if amount == Some(Dollars(Money::ZERO)) {
        table.fault("amount", "the free credit is nothing", "give an amount, or leave `free_credit` out");
    }
    Some(Grant { amount: amount?.0, expires_after })
}

fn read_rate_limit(table: &mut Table<'_>) -> Option<RateLimit> {
    let rates = read_rates(table);
    let adaptive = transposed(table.child("adaptive").map(|mut adaptive| read_adaptive(&mut adaptive)));
    let without_payment_method =
        table.child("without_payment_method").map(|mut rates| read_rates(&mut rates));
    if table.has("adaptive") && rates.tokens.is_some() && without_payment_method.is_none() {
        let hint = "leave it out: `adaptive` has a `start` of its own";
        table.fault("tokens_per_minute", "`adaptive` leaves nothing for `tokens_per_minute` to limit", hint);
    }
    if table.keys().is_empty() {
        table.fault_here("the rate limit limits nothing", "give one, as in `requests_per_minute = 60`");
    }
    Some(RateLimit { rates, adaptive: adaptive?, without_payment_method })
}

fn read_rates(table: &mut Table<'_>) -> Rates {
    Rates { requests: table.get("requests_per_minute"), tokens: table.get("tokens_per_minute") }
}

fn read_adaptive(table: &mut Table<'_>) -> Option<Adaptive> {
    let tokens = |table: &mut Table<'_>, key: &str| {
        table.require::<u64>(key, &format!("say how many tokens a minute, as in `{key} = 10000`"))
    };
    let (start, floor, ceiling) = (tokens(table, "start"), tokens(table, "floor"), tokens(table, "ceiling"));
    let grow: Option<Growth> =
        table.require("grow", "give the factor after a busy minute, as in `grow = 1.2`");
    let shrink: Option<Share> =
        table.require("shrink", "give the factor after any other, as in `shrink = 0.9`");
    let busy: Option<Share> =
        table.require("busy", "say from which share on a minute is busy, as in `busy = 0.8`");
    let (start, floor, ceiling) = (start?, floor?, ceiling?);
    if !(floor <= start && start <= ceiling) {
        let wrong = format!("the start, {start}, is not within {floor} and {ceiling}");
        table.fault("start", wrong, "let `floor`, `start` and `ceiling` ascend");
    }
    Some(Adaptive { start, floor, ceiling, grow: grow?.0, shrink: shrink?, busy: busy? })
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
}

fn read_codes(table: &mut Table<'_>) -> Option<Vec<(Refusal, u16)>> {
    let codes = Refusal::ALL.into_iter().filter(|reason| table.has(reason.name())).collect::<Vec<_>>();
    let codes: Vec<Option<(Refusal, u16)>> =
        codes.into_iter().map(|reason| Some((reason, table.get::<HttpStatus>(reason.name())?.0))).collect();
    Refusal::ALL.iter().for_each(|reason| table.know(reason.name()));
    codes.into_iter().collect()
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
}
