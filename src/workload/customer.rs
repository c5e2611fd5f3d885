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
    /// What it does, as a clause of a sentence; `None` where refused requests are lost.
    pub fn clause(&self) -> Option<String> {
        let codes: Vec<String> = self.http_status.iter().flatten().map(u16::to_string).collect();
        let refused = match codes.is_empty() {
            true => "a refused request".to_owned(),
            false => format!("a request refused with {}", codes.join(" or ")),
        };
        match self.on_refusal {
            OnRefusal::Drop => None,
            OnRefusal::Retry { attempts: 1, backoff, .. } => {
                Some(format!("{refused} is tried again once, after {backoff:#}"))
            }
            OnRefusal::Retry { attempts, backoff, factor } => {
                let growth = if factor == 1.0 {
                    " each".to_owned()
                } else {
                    format!(", then {factor} times as long each")
                };
                Some(format!("{refused} is tried again up to {attempts} times, after {backoff:#}{growth}"))
            }
            OnRefusal::Queue { capacity, max_wait } => {
                let most = max_wait.map_or_else(String::new, |most| format!(", for {most:#} at most"));
                let places = capacity.map_or_else(String::new, |most| format!(", {most} at a time"));
                Some(format!("{refused} waits until service resumes{most}{places}"))
            }
        }
    }

    /// What is done with a request refused with a status code.
    pub fn reaction(&self, http_status: u16) -> OnRefusal {
        let reacts = self.http_status.as_ref().is_none_or(|codes| codes.contains(&http_status));
        if reacts { self.on_refusal } else { OnRefusal::Drop }
    }
}
