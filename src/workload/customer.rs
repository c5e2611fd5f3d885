//! Who the customers are: what they answer when asked, how long they wait, what they are willing to pay.

use super::distribution::Distribution;
use crate::money::Money;
use crate::time::Span;

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
    /// The answer to an alert: buy as much credit as when asked to? Needs `buys_credit_amount`.
    pub heeds_alert: Option<Answer>,
    /// What the customer's client does with refused requests.
    pub client: ClientModel,
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

/// What a client does with requests that are refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientModel {
    /// What it does.
    pub on_refusal: OnRefusal,
    /// The HTTP status codes that it does so with, dropping requests refused with any other; `None`: with all.
    pub http_status: Option<Vec<u16>>,
}

/// What a client does with a refused request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum OnRefusal {
    /// It is lost.
    #[default]
    Drop,
    /// It is tried again.
    Retry {
        /// How often at most.
        attempts: u32,
        /// From the first refusal to the next try; at least a second is taken.
        backoff: Span,
        /// The factor on the backoff from each try to the next.
        factor: f64,
    },
    /// It waits until service resumes.
    Queue {
        /// How many wait at most; `None`: any number.
        capacity: Option<u64>,
        /// How long one is worth trying; `None`: for ever.
        max_wait: Option<Span>,
    },
}

impl ClientModel {
    /// What is done with a request refused with a status code.
    pub fn reaction(&self, http_status: u16) -> OnRefusal {
        let reacts = self.http_status.as_ref().is_none_or(|codes| codes.contains(&http_status));
        if reacts { self.on_refusal } else { OnRefusal::Drop }
    }
}
