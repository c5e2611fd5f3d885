//! The table `[cohort.customer]`.

use super::{Durations, Numbers};
use crate::document::{Charge, Probability, Read, Table, Value};
use crate::money::Money;
use crate::policy::common::HttpStatus;
use crate::time::Span;
use crate::workload::customer::{Answer, ClientModel, CustomerModel, OnRefusal};

/// Reads who the customers are.
pub fn read(table: &mut Table<'_>) -> Option<CustomerModel> {
    let payment_method: Option<Probability> = table.get_or("payment_method", "1");
    let adds_payment_method =
        table.child("adds_payment_method").and_then(|mut answer| read_answer(&mut answer));
    let replaces_card = table.child("replaces_card").and_then(|mut answer| read_answer(&mut answer));
    let buys_credit = table.child("buys_credit").and_then(|mut answer| {
        let amount: Option<Charge> = answer.require("amount", "say for how much, as in `amount = 25.00`");
        if amount == Some(Charge(Money::ZERO)) {
            answer.fault(
                "amount",
                "the credit bought is nothing",
                "write an amount, or leave `buys_credit` out",
            );
        }
        Some((read_answer(&mut answer)?, amount?.0))
    });
    let heeds_alert = table.child("heeds_alert").and_then(|mut answer| read_answer(&mut answer));
    if heeds_alert.is_some() && !table.has("buys_credit") {
        let hint = "add `buys_credit = { amount = 25.00 }`, with `probability = 0` if nobody buys in a stop";
        table.fault(
            "heeds_alert",
            "who heeds an alert buys the amount of `buys_credit`, which is missing",
            hint,
        );
    }
    let patience: Option<Durations> = table.get("patience");
    let spend_limit: Option<Numbers> = table.get("spend_limit");
    let client: Option<Client> = table.get_or("on_refusal", "\"drop\"");
    let (buys_credit, buys_credit_amount) = buys_credit.unzip();
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

fn read_answer(table: &mut Table<'_>) -> Option<Answer> {
    let probability: Option<Probability> = table.get_or("probability", "1");
    let delay: Option<Durations> = table.get_or("delay", "\"0s\"");
    Some(Answer { probability: probability?.0, delay: delay?.0 })
}

/// What a client does with refused requests.
struct Client(ClientModel);

impl Read for Client {
    fn read(value: &Value<'_>) -> Option<Client> {
        let forms = "write `\"drop\"`, `{ retry = { attempts = 3, backoff = \"1s\" } }` or `{ queue = {} }`";
        let Some(mut table) = value.table() else {
            return match value.as_str() {
                Some("drop") => Some(Client(ClientModel::default())),
                _ => value.expected("`\"drop\"`, or a table with `retry` or `queue`", forms),
            };
        };
        let reaction = table.one_of(&["retry", "queue"])?;
        let mut parameters = table.child(reaction)?;
        let on_refusal = if reaction == "retry" { retry(&mut parameters) } else { queue(&mut parameters) };
        let http_status: Option<Vec<HttpStatus>> = parameters.get("http_status");
        if http_status.as_ref().is_some_and(Vec::is_empty) {
            let hint = "list codes, as in `http_status = [429]`, or leave it out for all of them";
            parameters.fault("http_status", "the client reacts to no status code at all", hint);
        }
        let http_status = http_status.map(|codes| codes.into_iter().map(|HttpStatus(code)| code).collect());
        Some(Client(ClientModel { on_refusal: on_refusal?, http_status }))
    }
}

fn retry(table: &mut Table<'_>) -> Option<OnRefusal> {
    let attempts: Option<u32> = table.require("attempts", "say how often at most, as in `attempts = 3`");
    let backoff: Option<Span> =
        table.require("backoff", "say how long it waits first, as in `backoff = \"1s\"`");
    let factor: Option<BackoffFactor> = table.get_or("factor", "1");
    Some(OnRefusal::Retry { attempts: attempts?, backoff: backoff?, factor: factor?.0 })
}

fn queue(table: &mut Table<'_>) -> Option<OnRefusal> {
    Some(OnRefusal::Queue { capacity: table.get("capacity"), max_wait: table.get("max_wait") })
}

/// The factor from one backoff to the next.
struct BackoffFactor(f64);

impl Read for BackoffFactor {
    fn read(value: &Value<'_>) -> Option<BackoffFactor> {
        let in_range = |factor| (0.0..=1e6).contains(&factor);
        let hint = "write 2 for waits that double";
        value.number(in_range, "a factor from 0 to 1000000", hint).map(BackoffFactor)
    }
}
