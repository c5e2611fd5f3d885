//! The section `[payments]`.

use super::Durations;
use crate::document::schema::{Definitions, Schema};
use crate::document::{Dollars, Key, Keys, Probability, Read, ReadTable, Table, TableKey, TablesKey, Value};
use crate::money::Share;
use crate::time::{Span, Time};
use crate::workload::payments::{DisputeModel, PaymentModel};
use serde_json::json;

/// The section.
pub const PAYMENTS: TableKey = TableKey::or_empty("payments", KEYS, "how payments fare");

const KEYS: Keys = &[
    &LATENCY,
    &POSTING_DELAY,
    &DECLINE,
    &FIRST_DECLINE,
    &DECLINE_LASTS,
    &CARD_UPDATER,
    &FEE_PERCENT,
    &FEE_FIXED,
    &CARD_LIFETIME,
    &OUTAGES,
    &DISPUTE,
];

const LATENCY: Key<Durations> = Key::with_default("latency", "\"0s\"", "from an attempt to its result");
const POSTING_DELAY: Key<Span> =
    Key::with_default("posting_delay", "\"0s\"", "from a payment to the credit that can be used");
const DECLINE: Key<Probability> =
    Key::with_default("decline", "0", "share of attempts that are declined this once, from 0 to 1");
const FIRST_DECLINE: Key<Probability> = Key::optional(
    "first_decline",
    "as `decline`",
    "share of attempts that are declined this once until an account has paid, from 0 to 1",
);
const DECLINE_LASTS: Key<Span> = Key::with_default(
    "decline_lasts",
    "\"0s\"",
    "how long a card is without funds, on average, a second at least (zero: each attempt is declined by itself)",
);
const CARD_UPDATER: Key<Probability> =
    Key::with_default("card_updater", "0", "share of expired cards that are renewed at once, from 0 to 1");
const FEE_PERCENT: Key<Percent> =
    Key::with_default("fee_percent", "0", "fee of a payment, in percent of its amount");
const FEE_FIXED: Key<Dollars> =
    Key::with_default("fee_fixed", "0.00", "fee of a payment beside the percentage, in dollars");
const CARD_LIFETIME: Key<Durations> =
    Key::optional("card_lifetime", "endless", "how long a card lasts until it expires");
const OUTAGES: TablesKey =
    TablesKey::optional("outages", &[&FROM, &FOR], "none", "windows in which no payment is processed");
const FROM: Key<Span> =
    Key::required("from", "say when it begins, as in `from = \"10d\"`", "when it begins, since the start");
const FOR: Key<Span> =
    Key::required("for", "say how long it lasts, as in `for = \"3h\"`", "how long it lasts");

const DISPUTE: Key<DisputeModel> =
    Key::optional("dispute", "none", "what becomes of payments that cardholders dispute");
const PROBABILITY: Key<Probability> = Key::required(
    "probability",
    "say what share of payments is disputed, as in `probability = 0.003`",
    "share of payments that are disputed, from 0 to 1",
);
const DELAY: Key<Durations> = Key::with_default("delay", "\"0s\"", "from a payment to its dispute");
const FEE: Key<Dollars> = Key::with_default("fee", "0.00", "fee of a dispute, in dollars");

/// A share written in percent.
struct Percent(Share);

impl Read for Percent {
    fn read(value: &Value<'_>) -> Option<Percent> {
        // A percent is 10^7 billionths.
        let most = i128::from(Share::ONE.billionths());
        let billionths = value.exact(7, 0, most, "from 0 to 100 percent", "write 2.9 percent as `2.9`")?;
        i64::try_from(billionths).ok().map(Share::from_billionths).map(Percent)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 100 })
    }
}

/// Reads how payments fare.
pub fn read(root: &mut Table<'_>) -> Option<PaymentModel> {
    let mut table = root.table(&PAYMENTS)?;
    let latency = table.read(&LATENCY);
    let posting_delay = table.read(&POSTING_DELAY);
    let decline = table.read(&DECLINE);
    let default = decline.map_or(0.0, |Probability(decline)| decline).to_string();
    let first_decline = table.read_or(&FIRST_DECLINE, &default);
    let decline_lasts = table.read(&DECLINE_LASTS);
    let card_updater = table.read(&CARD_UPDATER);
    let fee_percent = table.read(&FEE_PERCENT);
    let fee_fixed = table.read(&FEE_FIXED);
    let card_lifetime = table.read(&CARD_LIFETIME);
    let outages = outages(&mut table);
    let dispute = table.read(&DISPUTE);
    // Both recur all through the run.
    if decline_lasts.is_some_and(|lasts| lasts > Span::ZERO && lasts < Span::SECOND) {
        let hint = "write a second or more, or `\"0s\"` for declines that are independent of each other";
        table.fault(DECLINE_LASTS.name, "a card would be without funds for less than a second", hint);
    }
    let is_renewed = card_updater.as_ref().is_some_and(|Probability(share)| *share > 0.0);
    let minute = Span::MINUTE.micros() as f64;
    if is_renewed && card_lifetime.as_ref().is_some_and(|Durations(lifetime)| lifetime.mean() < minute) {
        let hint = "let it last longer, as in `card_lifetime = \"1350d\"`, or leave `card_updater` out";
        table.fault(CARD_LIFETIME.name, "a card would be renewed more than once a minute, on average", hint);
    }
    Some(PaymentModel {
        latency: latency?.0,
        posting_delay: posting_delay?,
        decline: decline?.0,
        first_decline: first_decline?.0,
        decline_lasts: decline_lasts?,
        card_updater: card_updater?.0,
        fee_share: fee_percent?.0,
        fee_fixed: fee_fixed?.0,
        card_lifetime: card_lifetime.map(|Durations(lifetime)| lifetime),
        outages: outages?,
        dispute,
    })
}

/// The windows without processing, in the order of their start; those that touch are one.
fn outages(table: &mut Table<'_>) -> Option<Vec<(Time, Time)>> {
    let windows: Vec<Option<(Time, Time)>> = table
        .tables(&OUTAGES)
        .into_iter()
        .map(|mut window| {
            let (from, length) = (window.read(&FROM), window.read(&FOR));
            let from = Time::START + from?;
            Some((from, from + length?))
        })
        .collect();
    let mut windows: Vec<(Time, Time)> = windows.into_iter().collect::<Option<_>>()?;
    windows.sort();
    let mut merged: Vec<(Time, Time)> = Vec::new();
    for (from, until) in windows {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    Some(merged)
}

impl ReadTable for DisputeModel {
    const KEYS: Keys = &[&PROBABILITY, &DELAY, &FEE];

    fn read(table: &mut Table<'_>) -> Option<DisputeModel> {
        let (probability, delay, fee) = (table.read(&PROBABILITY), table.read(&DELAY), table.read(&FEE));
        Some(DisputeModel { probability: probability?.0, delay: delay?.0, fee: fee?.0 })
    }
}
