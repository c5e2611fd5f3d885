//! The section `[payments]`.

use super::Durations;
use crate::document::{Dollars, Probability, Read, Table, Value};
use crate::money::Share;
use crate::time::{Span, Time};
use crate::workload::payments::{DisputeModel, PaymentModel};

/// A share written in percent.
struct Percent(Share);

impl Read for Percent {
    fn read(value: &Value<'_>) -> Option<Percent> {
        // A percent is 10^7 billionths.
        let most = i128::from(Share::ONE.billionths());
        let billionths = value.exact(7, 0, most, "from 0 to 100 percent", "write 2.9 percent as `2.9`")?;
        i64::try_from(billionths).ok().map(Share::from_billionths).map(Percent)
    }
}

/// Reads how payments fare.
pub fn read(root: &mut Table<'_>) -> Option<PaymentModel> {
    let mut table = root.child_or_empty("payments")?;
    let latency: Option<Durations> = table.get_or("latency", "\"0s\"");
    let posting_delay: Option<Span> = table.get_or("posting_delay", "\"0s\"");
    let decline: Option<Probability> = table.get_or("decline", "0");
    let default = decline.map_or(0.0, |Probability(decline)| decline).to_string();
    let first_decline: Option<Probability> = table.get_or("first_decline", &default);
    let decline_lasts: Option<Span> = table.get_or("decline_lasts", "\"0s\"");
    let card_updater: Option<Probability> = table.get_or("card_updater", "0");
    let fee_percent: Option<Percent> = table.get_or("fee_percent", "0");
    let fee_fixed: Option<Dollars> = table.get_or("fee_fixed", "0.00");
    let card_lifetime: Option<Durations> = table.get("card_lifetime");
    let outages = outages(&mut table);
    let dispute = table.child("dispute").map(|mut table| dispute(&mut table));
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
        dispute: dispute.map_or(Some(None), |dispute| dispute.map(Some))?,
    })
}

/// The windows without processing, in the order of their start; those that touch are one.
fn outages(table: &mut Table<'_>) -> Option<Vec<(Time, Time)>> {
    let windows: Vec<Option<(Time, Time)>> = table
        .children("outages")
        .into_iter()
        .map(|mut window| {
            let from: Option<Span> = window.require("from", "say when it begins, as in `from = \"10d\"`");
            let length: Option<Span> = window.require("for", "say how long it lasts, as in `for = \"3h\"`");
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

/// What becomes of payments that cardholders dispute.
fn dispute(table: &mut Table<'_>) -> Option<DisputeModel> {
    let hint = "say what share of payments is disputed, as in `probability = 0.003`";
    let probability: Option<Probability> = table.require("probability", hint);
    let delay: Option<Durations> = table.get_or("delay", "\"0s\"");
    let fee: Option<Dollars> = table.get_or("fee", "0.00");
    Some(DisputeModel { probability: probability?.0, delay: delay?.0, fee: fee?.0 })
}
