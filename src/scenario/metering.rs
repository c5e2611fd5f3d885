//! The section `[metering]`.

use crate::document::{Key, Table, TableKey};
use crate::metering::{Authorization, Metering};
use crate::time::Span;

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
