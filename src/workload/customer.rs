//! Who the customers are: what they answer when asked, how long they wait, what they are willing to pay.

use super::distribution::Distribution;
use crate::money::Money;

/// The customers of a cohort: the same under every policy.
#[derive(Clone, Debug)]
pub struct CustomerModel {
    /// The probability that a payment method is on file at signup.
    pub payment_method: f64,
    /// The answer to: add a payment method? `None`: always no.
    pub adds_payment_method: Option<Answer>,
    /// The answer to: replace the card?
    pub replaces_card: Option<Answer>,
    /// The answer to: buy credit?
    pub buys_credit: Option<Answer>,
    /// How much credit is bought then; whole cents.
    pub buys_credit_amount: Money,
    /// How long a stop is borne before the customer leaves, in microseconds; `None`: for ever.
    pub patience: Option<Distribution>,
    /// What the customer is willing to pay in a period, in dollars; `None`: anything.
    pub spend_limit: Option<Distribution>,
}

/// An answer to a question that a customer is asked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The probability of a yes.
    pub probability: f64,
    /// From the question to the deed, in microseconds; at least a second is taken.
    pub delay: Distribution,
}
