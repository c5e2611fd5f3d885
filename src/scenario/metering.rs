//! The section `[metering]`.

use crate::document::{Key, Table, TableKey};
use crate::metering::{Authorization, Metering, meaning};
use crate::time::Span;

/// The section.
pub const METERING: TableKey = TableKey::or_empty(
    "metering",
    &[&DELAY, &REFRESH, &AUTHORIZATION],
    "when usage is known, and what the gate does until then",
);

const DELAY: Key<Span> = Key::with_default("delay", "\"0s\"", meaning::DELAY);
const REFRESH: Key<Span> = Key::with_default("refresh", "\"0s\"", meaning::REFRESH);
const AUTHORIZATION: Key<Authorization> =
    Key::with_default("authorization", "\"balance\"", meaning::AUTHORIZATION);

/// Reads when usage is known, and what the gate does until then.
pub fn read(root: &mut Table<'_>) -> Option<Metering> {
    let mut table = root.table(&METERING)?;
    let (delay, refresh) = (table.read(&DELAY), table.read(&REFRESH));
    let authorization = table.read(&AUTHORIZATION);
    Some(Metering { delay: delay?, refresh: refresh?, authorization: authorization? })
}
