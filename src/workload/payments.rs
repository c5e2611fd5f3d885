//! How payments fare: latency, declines, spells without funds, outages, cards that expire, fees.

use super::distribution::Distribution;
use crate::money::{Money, Share};
use crate::time::{Span, Time};

/// The processor and the cards.
#[derive(Clone, Debug)]
pub struct PaymentModel {
    /// From an attempt (or the end of an outage) to its result, in microseconds.
    pub latency: Distribution,
    /// From the success of a purchase until its credit can be used.
    pub posting_delay: Span,
    /// The probability that an attempt is declined this once; with spells, their long-run share of time.
    pub decline: f64,
    /// The same until the account has had a success.
    pub first_decline: f64,
    /// The mean length of a spell without funds, a second at least; zero: declines are independent.
    pub decline_lasts: Span,
    /// The probability that an expired card is renewed at once.
    pub card_updater: f64,
    /// The share of a payment taken as a fee, rounded half up to a cent.
    pub fee_share: Share,
    /// The fixed part of the fee.
    pub fee_fixed: Money,
    /// How long a card lives, in microseconds (a second at least is taken where it is renewed); `None`: for ever.
    pub card_lifetime: Option<Distribution>,
    /// Windows in which the processor does nothing: [from, until), in the order of their start.
    pub outages: Vec<(Time, Time)>,
    /// What becomes of payments that cardholders dispute; `None`: nobody does.
    pub dispute: Option<DisputeModel>,
}

/// Disputed payments.
#[derive(Clone, Debug)]
pub struct DisputeModel {
    /// The probability that a payment that succeeded is disputed.
    pub probability: f64,
    /// From its success to the dispute, in microseconds.
    pub delay: Distribution,
    /// What the processor charges for each.
    pub fee: Money,
}
