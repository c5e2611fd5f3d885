//! The table `[cohort.customer]`.

use super::{Durations, Numbers};
use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Charge, Key, Keys, OneOf, Probability, Read, ReadTable, Table, TableKey, Value};
use crate::money::Money;
use crate::policy::common::HttpStatus;
use crate::time::Span;
use crate::workload::customer::{Answer, ClientModel, CustomerModel, OnRefusal};
use serde_json::json;

/// The table.
pub const CUSTOMER: TableKey = TableKey::or_empty(
    "customer",
    &[
        &PAYMENT_METHOD,
        &ADDS_PAYMENT_METHOD,
        &REPLACES_CARD,
        &BUYS_CREDIT,
        &HEEDS_ALERT,
        &PATIENCE,
        &SPEND_LIMIT,
        &ON_REFUSAL,
    ],
    "what the customers do when the service stops for them",
);

const PAYMENT_METHOD: Key<Probability> = Key::with_default(
    "payment_method",
    "1",
    "share of accounts with a payment method on file at signup, from 0 to 1",
);
const ADDS_PAYMENT_METHOD: Key<Answer> = Key::optional(
    "adds_payment_method",
    "nobody does",
    "who adds a payment method in a stop that lasts until there is one",
);
const REPLACES_CARD: Key<Answer> = Key::optional(
    "replaces_card",
    "nobody does",
    "who replaces a card that was declined for good, or too often",
);
const BUYS_CREDIT: Key<Purchase> = Key::optional(
    "buys_credit",
    "nobody does",
    "who buys credit in a stop for lack of it, or under a limit that paying raises",
);
const HEEDS_ALERT: Key<Answer> =
    Key::optional("heeds_alert", "nobody does", "who buys the amount of `buys_credit` when alerted");
const PATIENCE: Key<Durations> =
    Key::optional("patience", "endless", "how long a stop is borne before the customer leaves for good");
const SPEND_LIMIT: Key<Numbers> = Key::optional(
    "spend_limit",
    "none",
    "the most that a customer is willing to pay in a period, in dollars",
);
const ON_REFUSAL: Key<Client> = Key::with_default(
    "on_refusal",
    "\"drop\"",
    "what the client does with refused requests: \"drop\", or a table with `retry` or `queue`",
);

/// Reads who the customers are.
pub fn read(table: &mut Table<'_>) -> Option<CustomerModel> {
    let payment_method = table.read(&PAYMENT_METHOD);
    let adds_payment_method = table.read(&ADDS_PAYMENT_METHOD);
    let replaces_card = table.read(&REPLACES_CARD);
    let (buys_credit, buys_credit_amount) =
        table.read(&BUYS_CREDIT).map(|Purchase { answer, amount }| (answer, amount)).unzip();
    let heeds_alert = table.read(&HEEDS_ALERT);
    if heeds_alert.is_some() && !table.has(BUYS_CREDIT.name) {
        let wrong = "who heeds an alert buys the amount of `buys_credit`, which is missing";
        let hint = "add `buys_credit = { amount = 25.00 }`, with `probability = 0` if nobody buys in a stop";
        table.fault(HEEDS_ALERT.name, wrong, hint);
    }
    let patience = table.read(&PATIENCE);
    let spend_limit = table.read(&SPEND_LIMIT);
    let client = table.read(&ON_REFUSAL);
    Some(CustomerModel {
        payment_method: payment_method?.0,
        adds_payment_method,
        replaces_card,
        buys_credit,
        buys_credit_amount: buys_credit_amount.unwrap_or_default(),
        heeds_alert,
        client: client?.0,
        patience: patience.map(|Durations(patience)| patience),
        spend_limit: spend_limit.map(|Numbers(limit)| limit),
    })
}

const PROBABILITY: Key<Probability> =
    Key::with_default("probability", "1", "share of those asked who do it, from 0 to 1");
const DELAY: Key<Durations> = Key::with_default("delay", "\"0s\"", "how long it takes them");

impl ReadTable for Answer {
    const KEYS: Keys = &[&PROBABILITY, &DELAY];

    fn read(table: &mut Table<'_>) -> Option<Answer> {
        let (probability, delay) = (table.read(&PROBABILITY), table.read(&DELAY));
        Some(Answer { probability: probability?.0, delay: delay?.0 })
    }
}

/// An answer that is a purchase.
struct Purchase {
    answer: Answer,
    amount: Money,
}

const AMOUNT: Key<Charge> = Key::required(
    "amount",
    "say for how much, as in `amount = 25.00`",
    "for how much, in dollars, whole cents, above 0",
);

impl ReadTable for Purchase {
    const KEYS: Keys = &[&AMOUNT, &PROBABILITY, &DELAY];

    fn read(table: &mut Table<'_>) -> Option<Purchase> {
        let amount = table.read(&AMOUNT);
        if amount == Some(Charge(Money::ZERO)) {
            let hint = "write an amount, or leave `buys_credit` out";
            table.fault(AMOUNT.name, "the credit bought is nothing", hint);
        }
        let answer = <Answer as ReadTable>::read(table);
        Some(Purchase { answer: answer?, amount: amount?.0 })
    }
}

/// What a client does with refused requests.
struct Client(ClientModel);

const RETRY: Key<Retry> =
    Key::alternative("retry", "a refused request is tried again a few times, then it is lost");
const QUEUE: Key<Queue> = Key::alternative("queue", "refused requests wait in order until service resumes");
const REACTIONS: OneOf = OneOf(&[&[&RETRY], &[&QUEUE]]);

impl Read for Client {
    const KEYS: Keys = &[&REACTIONS];

    fn read(value: &Value<'_>) -> Option<Client> {
        let forms = "write `\"drop\"`, `{ retry = { attempts = 3, backoff = \"1s\" } }` or `{ queue = {} }`";
        let Some(mut table) = value.table(Self::KEYS) else {
            return match value.as_str() {
                Some("drop") => Some(Client(ClientModel::default())),
                _ => value.expected("`\"drop\"`, or a table with `retry` or `queue`", forms),
            };
        };
        table.one_of(&REACTIONS)?;
        let retry = table.read(&RETRY).map(|Retry(client)| client);
        let queue = table.read(&QUEUE).map(|Queue(client)| client);
        retry.or(queue).map(Client)
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        json!({ "anyOf": [{ "const": "drop" }, schema::of_table(Self::KEYS, definitions)] })
    }
}

const HTTP_STATUS: Key<Vec<HttpStatus>> =
    Key::optional("http_status", "all of them", "to which HTTP status codes the client reacts so");

fn http_status(table: &mut Table<'_>) -> Option<Vec<u16>> {
    let codes = table.read(&HTTP_STATUS)?;
    if codes.is_empty() {
        let hint = "list codes, as in `http_status = [429]`, or leave it out for all of them";
        table.fault(HTTP_STATUS.name, "the client reacts to no status code at all", hint);
    }
    Some(codes.into_iter().map(|HttpStatus(code)| code).collect())
}

/// A client that tries again.
struct Retry(ClientModel);

const ATTEMPTS: Key<u32> = Key::required(
    "attempts",
    "say how often at most, as in `attempts = 3`",
    "how often it is tried again at most",
);
const BACKOFF: Key<Span> = Key::required(
    "backoff",
    "say how long it waits first, as in `backoff = \"1s\"`",
    "how long it waits before the first further attempt",
);
const FACTOR: Key<BackoffFactor> = Key::with_default("factor", "1", "from one wait to the next");

impl ReadTable for Retry {
    const KEYS: Keys = &[&ATTEMPTS, &BACKOFF, &FACTOR, &HTTP_STATUS];

    fn read(table: &mut Table<'_>) -> Option<Retry> {
        let (attempts, backoff, factor) = (table.read(&ATTEMPTS), table.read(&BACKOFF), table.read(&FACTOR));
        let http_status = http_status(table);
        let on_refusal = OnRefusal::Retry { attempts: attempts?, backoff: backoff?, factor: factor?.0 };
        Some(Retry(ClientModel { on_refusal, http_status }))
    }
}

/// A client that waits.
struct Queue(ClientModel);

const CAPACITY: Key<u64> =
    Key::optional("capacity", "endless", "how many requests wait at most; others are lost");
const MAX_WAIT: Key<Span> = Key::optional("max_wait", "endless", "how long a request waits at most");

impl ReadTable for Queue {
    const KEYS: Keys = &[&CAPACITY, &MAX_WAIT, &HTTP_STATUS];

    fn read(table: &mut Table<'_>) -> Option<Queue> {
        let on_refusal =
            OnRefusal::Queue { capacity: table.read(&CAPACITY), max_wait: table.read(&MAX_WAIT) };
        Some(Queue(ClientModel { on_refusal, http_status: http_status(table) }))
    }
}

/// The factor from one backoff to the next.
struct BackoffFactor(f64);

impl Read for BackoffFactor {
    fn read(value: &Value<'_>) -> Option<BackoffFactor> {
        let in_range = |factor| (0.0..=1e6).contains(&factor);
        let hint = "write 2 for waits that double";
        value.number(in_range, "a factor from 0 to 1000000", hint).map(BackoffFactor)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 1e6 as u32 })
    }
}
