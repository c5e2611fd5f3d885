//! The section `[metering]`.

use crate::document::{Dollars, Read, Table, Value};
use crate::metering::{Authorization, Hold, Metering};
use crate::money::{Money, Share};
use crate::time::Span;

/// Reads when usage is known, and what the gate does until then.
pub fn read(root: &mut Table<'_>) -> Option<Metering> {
    let mut table = root.child_or_empty("metering")?;
    let delay: Option<Span> = table.get_or("delay", "\"0s\"");
    let refresh: Option<Span> = table.get_or("refresh", "\"0s\"");
    let authorization: Option<Authorization> = table.get_or("authorization", "\"balance\"");
    Some(Metering { delay: delay?, refresh: refresh?, authorization: authorization? })
}

impl Read for Authorization {
    fn read(value: &Value<'_>) -> Option<Authorization> {
        let Some(mut table) = value.table() else {
            let forms = "write `\"balance\"`, `{ hold = { output_tokens = 4096 } }` or `{ in_flight = { amount = 5.00 } }`";
            return match value.as_str() {
                Some("balance") => Some(Authorization::Balance),
                _ => value.expected("`\"balance\"`, or a table with `hold` or `in_flight`", forms),
            };
        };
        let way = table.one_of(&["hold", "in_flight"])?;
        let mut parameters = table.child(way)?;
        if way == "hold" {
            let hint = "say how long an answer is assumed to be, as in `output_tokens = 4096`";
            let output_tokens = parameters.require::<u32>("output_tokens", hint);
            return Some(Authorization::Hold(hold(&mut parameters, output_tokens)?));
        }
        let hint = "say how much may be in flight, as in `amount = 5.00`";
        let amount: Option<Dollars> = parameters.require("amount", hint);
        if amount == Some(Dollars(Money::ZERO)) {
            parameters.fault("amount", "nothing may be in flight, so nothing would be admitted", hint);
        }
        let output_tokens = parameters.get_or("output_tokens", "0");
        let hold = hold(&mut parameters, output_tokens);
        Some(Authorization::InFlight { amount: amount?.0, hold: hold? })
    }
}

fn hold(table: &mut Table<'_>, output_tokens: Option<u32>) -> Option<Hold> {
    let factor: Option<Factor> = table.get_or("factor", "1");
    Some(Hold { output_tokens: output_tokens?, factor: factor?.0 })
}

/// A factor on a cost, exact to nine decimals.
struct Factor(Share);

impl Read for Factor {
    fn read(value: &Value<'_>) -> Option<Factor> {
        let most = 1_000 * i128::from(Share::ONE.billionths());
        let billionths = value.exact(9, 0, most, "a factor from 0 to 1000", "write it as in `1.5`")?;
        i64::try_from(billionths).ok().map(Share::from_billionths).map(Factor)
    }
}
