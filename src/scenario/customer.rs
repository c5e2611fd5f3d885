//! The table `[cohort.customer]`.

use super::{Durations, Numbers};
use crate::document::{Charge, Probability, Table};
use crate::money::Money;
use crate::workload::customer::{Answer, CustomerModel};

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
    table.not_yet("heeds_alert");
    let patience: Option<Durations> = table.get("patience");
    let spend_limit: Option<Numbers> = table.get("spend_limit");
    table.only::<String>("on_refusal", "\"drop\"");
    let (buys_credit, buys_credit_amount) = buys_credit.unzip();
    Some(CustomerModel {
        payment_method: payment_method?.0,
        adds_payment_method,
        replaces_card,
        buys_credit,
        buys_credit_amount: buys_credit_amount.unwrap_or_default(),
        patience: patience.map(|Durations(patience)| patience),
        spend_limit: spend_limit.map(|Numbers(limit)| limit),
    })
}

fn read_answer(table: &mut Table<'_>) -> Option<Answer> {
    let probability: Option<Probability> = table.get_or("probability", "1");
    let delay: Option<Durations> = table.get_or("delay", "\"0s\"");
    Some(Answer { probability: probability?.0, delay: delay?.0 })
}
