//! The tables `[[policy]]`.

use super::{check_name, check_unique};
use crate::document::{Table, quoted};
use crate::policy::{Kinds, PolicyPlan, Switch, trial};
use jiff::civil::Date;

/// Reads all policies, in the order of the file.
pub fn read_all(root: &mut Table<'_>, kinds: &Kinds) -> Option<Vec<PolicyPlan>> {
    let kind = kinds.iter().next().map_or("", |kind| kind.name);
    let hint = format!("add a line `[[policy]]` with `kind = \"{kind}\"` under it; see `billsim policies`");
    let mut tables = root.require_children("policy", &hint);
    check_unique(&tables, |_, table| default_name(table).to_owned());
    let plans: Vec<Option<PolicyPlan>> = tables.iter_mut().map(|table| plan(table, kinds)).collect();
    plans.into_iter().collect()
}

/// A policy without a name is called as its kind.
fn default_name<'d>(table: &Table<'d>) -> &'d str {
    table.peek("kind").unwrap_or("policy")
}

fn plan(table: &mut Table<'_>, kinds: &Kinds) -> Option<PolicyPlan> {
    let name: Option<String> = table.get_or("name", &quoted(default_name(table)));
    if let Some(name) = &name {
        check_name(table, name);
    }
    let switch = table.child("switch").map(|mut switch| read_switch(&mut switch, kinds));
    let plan = kinds.read(table)?;
    if switch.is_some() && plan.kind == trial::KIND.name {
        table.fault("switch", "a trial ends by itself, not at a date", "leave `switch` out");
    }
    let switch = switch.map_or(Some(None), |switch| switch.map(Some))?;
    Some(PolicyPlan { name: name?, plan, switch })
}

fn read_switch(table: &mut Table<'_>, kinds: &Kinds) -> Option<Switch> {
    let at: Option<Date> = table.require("at", "say on which date, as in `at = 2026-03-01`");
    let grandfather: Option<bool> = table.get_or("grandfather", "false");
    let to = kinds.read_successor(table, "to", "say what follows, as in `to = { kind = \"prepaid_pause\" }`");
    Some(Switch { at: at?, to: to?, grandfather: grandfather? })
}
