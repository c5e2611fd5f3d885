//! The section `[metering]`.

use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Dollars, Key, Keys, OneOf, Read, ReadTable, Table, TableKey, Value};
use crate::metering::{Authorization, Hold, Metering};
use crate::money::{Money, Share};
use crate::time::Span;
use serde_json::json;

/// The section.
pub const METERING: TableKey = TableKey::or_empty(
    "metering",
    &[&DELAY, &REFRESH, &AUTHORIZATION],
    "when usage is known, and what the gate does until then",
);

const DELAY: Key<Span> = Key::with_default("delay", "\"0s\"", "from the end of a request to its settlement");
const REFRESH: Key<Span> = Key::with_default(
    "refresh",
    "\"0s\"",
    "at which multiples since the start accounts are judged (zero: at once)",
);
const AUTHORIZATION: Key<Authorization> = Key::with_default(
    "authorization",
    "\"balance\"",
    "what the gate does about cost that it does not know yet: \"balance\" (nothing), or a table with `hold` or \
     `in_flight`",
);

/// Reads when usage is known, and what the gate does until then.
pub fn read(root: &mut Table<'_>) -> Option<Metering> {
    let mut table = root.table(&METERING)?;
    let (delay, refresh) = (table.read(&DELAY), table.read(&REFRESH));
    let authorization = table.read(&AUTHORIZATION);
    Some(Metering { delay: delay?, refresh: refresh?, authorization: authorization? })
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
