//! Metering: when usage becomes known, and what the gate does about cost that it does not know yet.

use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Dollars, Key, Keys, OneOf, Read, ReadTable, Table, Value};
use crate::money::{Money, Share, grouped};
use crate::request::Usage;
use crate::tariff::Price;
use crate::time::Span;
use serde_json::json;
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
    if delay > Span::ZERO {
        format!("usage is known {delay:#} after a request's end")
    } else {
        "usage is known at a request's end".to_owned()
    }
}

/// The clause on when standing is judged.
pub fn refresh_clause(refresh: Span) -> String {
    if refresh > Span::ZERO {
        format!("whether an account is stopped is judged every {refresh:#}")
    } else {
        "whether an account is stopped is judged at once".to_owned()
    }
}

impl Authorization {
    /// What it says, as a clause of a sentence.
    pub fn clause(&self) -> String {
        match self {
            Authorization::Balance => "requests are admitted whatever is in flight".to_owned(),
            Authorization::Hold(hold) => {
                format!(
                    "a request holds {hold} until its usage is known, and is refused where what is left does not \
                     cover that"
                )
            }
            Authorization::InFlight { amount, hold } => {
                format!("requests are refused while those in flight hold {amount:#} or more, each {hold}")
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
        write!(f, "its cost with {} output tokens", grouped(&self.output_tokens.to_string()))
    }
}

/// What the keys of a scenario's metering and of a policy's own mean.
pub mod meaning {
    /// Of `delay`.
    pub const DELAY: &str = "from the end of a request to its settlement";
    /// Of `refresh`.
    pub const REFRESH: &str = "at which multiples since the start accounts are judged (zero: at once)";
    /// Of `authorization`.
    pub const AUTHORIZATION: &str = "what the gate does about cost that it does not know yet: \"balance\" (nothing), \
                                     or a table with `hold` or `in_flight`";
}

const HOLD: Key<Hold> = Key::alternative(
    "hold",
    "an admitted request holds what it may cost until its settlement; one whose hold does not fit is refused",
);
const IN_FLIGHT: Key<InFlight> = Key::alternative(
    "in_flight",
    "requests are admitted while what those in flight may cost is below an amount",
);

const WAYS: OneOf = OneOf(&[&[&HOLD], &[&IN_FLIGHT]]);

impl Read for Authorization {
    const KEYS: Keys = &[&WAYS];

    fn read(value: &Value<'_>) -> Option<Authorization> {
        let Some(mut table) = value.table(Self::KEYS) else {
            let forms = "write `\"balance\"`, `{ hold = { output_tokens = 4096 } }` or `{ in_flight = { amount = 5.00 } }`";
            return match value.as_str() {
                Some("balance") => Some(Authorization::Balance),
                _ => value.expected("`\"balance\"`, or a table with `hold` or `in_flight`", forms),
            };
        };
        table.one_of(&WAYS)?;
        let hold = table.read(&HOLD).map(Authorization::Hold);
        let in_flight = table.read(&IN_FLIGHT);
        hold.or(in_flight.map(|InFlight { amount, hold }| Authorization::InFlight { amount, hold }))
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        json!({ "anyOf": [{ "const": "balance" }, schema::of_table(Self::KEYS, definitions)] })
    }
}

const OUTPUT_TOKENS: Key<u32> = Key::required(
    "output_tokens",
    "say how long an answer is assumed to be, as in `output_tokens = 4096`",
    "how many output tokens a request is assumed to use",
);
const FACTOR: Key<Factor> =
    Key::with_default("factor", "1", "what the cost is multiplied by that it then has");

impl ReadTable for Hold {
    const KEYS: Keys = &[&OUTPUT_TOKENS, &FACTOR];

    fn read(table: &mut Table<'_>) -> Option<Hold> {
        let (output_tokens, factor) = (table.read(&OUTPUT_TOKENS), table.read(&FACTOR));
        Some(Hold { output_tokens: output_tokens?, factor: factor?.0 })
    }
}

/// How much may be in flight.
struct InFlight {
    amount: Money,
    hold: Hold,
}

const AMOUNT: Key<Dollars> = Key::required(
    "amount",
    "say how much may be in flight, as in `amount = 5.00`",
    "from which sum on requests are refused, in dollars, above 0",
);
const OUTPUT_TOKENS_IN_FLIGHT: Key<u32> =
    Key::with_default("output_tokens", "0", "how many output tokens a request is assumed to use");

impl ReadTable for InFlight {
    const KEYS: Keys = &[&AMOUNT, &OUTPUT_TOKENS_IN_FLIGHT, &FACTOR];

    fn read(table: &mut Table<'_>) -> Option<InFlight> {
        let amount = table.read(&AMOUNT);
        if amount == Some(Dollars(Money::ZERO)) {
            let hint = "say how much may be in flight, as in `amount = 5.00`";
            table.fault(AMOUNT.name, "nothing may be in flight, so nothing would be admitted", hint);
        }
        let (output_tokens, factor) = (table.read(&OUTPUT_TOKENS_IN_FLIGHT), table.read(&FACTOR));
        Some(InFlight { amount: amount?.0, hold: Hold { output_tokens: output_tokens?, factor: factor?.0 } })
    }
}

/// A factor on a cost, exact to nine decimals.
struct Factor(Share);

impl Read for Factor {
    fn read(value: &Value<'_>) -> Option<Factor> {
        let most = 1_000 * i128::from(Share::ONE.billionths());
        let billionths = value.exact(9, 0, most, "a factor from 0 to 1000", "write it as in `1.5`")?;
        i64::try_from(billionths).ok().map(Share::from_billionths).map(Factor)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 1000 })
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
