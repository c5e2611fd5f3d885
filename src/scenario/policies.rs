//! The tables `[[policy]]`.

use super::{check_name, check_unique};
use crate::document::schema::Definitions;
use crate::document::{Table, TablesKey, quoted};
use crate::policy::common::{self, AT, GRANDFATHER, KIND, NAME, SWITCH, TO};
use crate::policy::presets::PRESET;
use crate::policy::{Kinds, PolicyPlan, Switch, trial};

/// The tables.
pub const POLICY: TablesKey = TablesKey::required(
    "policy",
    common::SCENARIO_KEYS,
    "add a line `[[policy]]` with `kind = \"prepaid_pause\"` under it; see `billsim policies`",
    "the policies to compare",
)
.defined_as("policy");

/// Defines the schema of a policy of these kinds.
pub fn define(kinds: &Kinds, definitions: &mut Definitions) {
    definitions.define(POLICY.name, |definitions| kinds.schema(common::SCENARIO_KEYS, definitions));
}

/// Reads all policies, in the order of the file.
pub fn read_all(root: &mut Table<'_>, kinds: &Kinds) -> Option<Vec<PolicyPlan>> {
    let mut tables = root.tables(&POLICY);
    check_unique(&tables, |_, table| default_name(table).to_owned());
    let plans: Vec<Option<PolicyPlan>> = tables.iter_mut().map(|table| plan(table, kinds)).collect();
    plans.into_iter().collect()
}

/// A policy without a name is called as its preset or kind.
fn default_name<'d>(table: &Table<'d>) -> &'d str {
    table.peek(PRESET.name).or_else(|| table.peek(KIND.name)).unwrap_or("policy")
}

fn plan(table: &mut Table<'_>, kinds: &Kinds) -> Option<PolicyPlan> {
    let name = table.read_or(&NAME, &quoted(default_name(table)));
    if let Some(name) = &name {
        check_name(table, name);
    }
    let switch = table.table(&SWITCH).map(|mut switch| read_switch(&mut switch, kinds));
    let plan = kinds.read(table)?;
    if switch.is_some() && plan.kind == trial::KIND.name {
        table.fault(SWITCH.name, "a trial ends by itself, not at a date", "leave `switch` out");
    }
    let switch = switch.map_or(Some(None), |switch| switch.map(Some))?;
    Some(PolicyPlan { name: name?, plan, switch })
}

fn read_switch(table: &mut Table<'_>, kinds: &Kinds) -> Option<Switch> {
    let (at, grandfather) = (table.read(&AT), table.read(&GRANDFATHER));
    let to = table.table(&TO).and_then(|mut to| kinds.read_successor(&mut to));
    Some(Switch { at: at?, to: to?, grandfather: grandfather? })
}
