//! Metering: when usage becomes known, and what the gate does about cost that it does not know yet.

use crate::money::{Money, Share};
use crate::request::Usage;
use crate::tariff::Price;
use crate::time::Span;
use std::fmt;

/// How usage is metered, and how requests are authorized before their cost is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metering {
    /// From the end of a request to the settlement of its usage.
    pub delay: Span,
    /// Accounts' standing is judged at multiples of this since the start; zero: at once.
    pub refresh: Span,
    /// What the gate does about cost that it does not know.
    pub authorization: Authorization,
}

/// What the gate does about cost that it does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authorization {
    /// Nothing: an account that is not stopped is served, whatever is in flight.
    #[default]
    Balance,
    /// What a request may cost is held from its admission to its settlement; it is admitted if what is left of the
    /// money, less all holds, covers its own.
    Hold(Hold),
    /// Requests are admitted while the sum of their holds is below an amount.
    InFlight {
        /// That amount, above zero.
        amount: Money,
        /// What each holds.
        hold: Hold,
    },
}

impl Metering {
    /// What is out of the ordinary, as clauses of a sentence; none where usage is known and looked at at once.
    pub fn clauses(&self) -> Vec<String> {
        let delay = (self.delay > Span::ZERO).then(|| delay_clause(self.delay));
        let refresh = (self.refresh > Span::ZERO).then(|| refresh_clause(self.refresh));
        let authorization =
            (self.authorization != Authorization::Balance).then(|| self.authorization.clause());
        delay.into_iter().chain(refresh).chain(authorization).collect()
    }
}

/// The clause on when usage settles.
pub fn delay_clause(delay: Span) -> String {
    format!("usage settles {delay} after a request's end")
}

/// The clause on when standing is judged.
pub fn refresh_clause(refresh: Span) -> String {
    if refresh > Span::ZERO {
        format!("accounts are judged every {refresh}")
    } else {
        "accounts are judged at once".to_owned()
    }
}

impl Authorization {
    /// What it says, as a clause of a sentence.
    pub fn clause(&self) -> String {
        match self {
            Authorization::Balance => "requests are admitted whatever is in flight".to_owned(),
            Authorization::Hold(hold) => {
                format!("a request holds {hold} until it settles, and is refused where that does not fit")
            }
            Authorization::InFlight { amount, hold } => {
                format!("requests are refused while those in flight hold {amount} or more, each {hold}")
            }
        }
    }
}

/// What a request is assumed to cost while its output is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Output tokens assumed in place of its own.
    pub output_tokens: u32,
    /// The factor on the cost with those.
    pub factor: Share,
}

impl Hold {
    /// What a request holds, rounded half up to a nano-dollar; at most [`Money::LIMIT`].
    pub fn of(&self, usage: Usage, price: &Price) -> Money {
        price.cost(Usage { output: self.output_tokens, ..usage }).times(self.factor)
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.factor != Share::ONE {
            write!(f, "{} times ", self.factor)?;
        }
        write!(f, "its cost with {} output tokens", self.output_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_the_cost_with_assumed_output_times_the_factor_rounded_half_up() {
        let price = Price { input: 1, cached_input: 1, output: 3 };
        let usage = Usage { model: 0, prompt: 4, cached: 0, output: 1_000_000 };
        let hold = |factor| Hold { output_tokens: 1, factor: Share::from_billionths(factor) };
        assert_eq!(hold(1_000_000_000).of(usage, &price), Money::from_nanos(7));
        assert_eq!(hold(1_500_000_000).of(usage, &price), Money::from_nanos(11)); // 10.5
        assert_eq!(hold(0).of(usage, &price), Money::ZERO);
    }
}
