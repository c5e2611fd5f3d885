//! The tables `[[policy]]`.

use super::{check_name, check_unique};
use crate::document::{Dollars, Table, quoted};
use crate::money::Money;
use crate::policy::{Grant, Kinds, PolicyPlan, presets};
use crate::time::Span;

/// Reads all policies, in the order of the file.
pub fn read_all(root: &mut Table<'_>, kinds: &Kinds) -> Option<Vec<PolicyPlan>> {
    let kind = kinds.iter().next().map_or("", |kind| kind.name);
    let hint = format!("add a line `[[policy]]` with `kind = \"{kind}\"` under it; see `billsim policies`");
    let mut tables = root.require_children("policy", &hint);
    check_unique(&tables, |_, table| default_name(table).to_owned());
    let plans: Vec<Option<PolicyPlan>> = tables.iter_mut().map(|table| plan(table, kinds)).collect();
    plans.into_iter().collect()
}

/// A policy without a name is called as its preset or kind.
fn default_name<'d>(table: &Table<'d>) -> &'d str {
    table.peek("preset").or_else(|| table.peek("kind")).unwrap_or("policy")
}

fn plan(table: &mut Table<'_>, kinds: &Kinds) -> Option<PolicyPlan> {
    presets::apply(table);
    let name: Option<String> = table.get_or("name", &quoted(default_name(table)));
    if let Some(name) = &name {
        check_name(table, name);
    }
    let free_credit = free_credit(table);
    let (kind, policy) = kinds.read(table)?;
    Some(PolicyPlan { name: name?, kind: kind.name.to_owned(), free_credit, policy: policy.into() })
}

/// The promotional credit at signup, if there is one.
fn free_credit(table: &mut Table<'_>) -> Option<Grant> {
    let mut grant = table.child("free_credit")?;
    let amount: Option<Dollars> = grant.require("amount", "say how much, as in `amount = 5.00`");
    let expires_after: Option<Span> = grant.get("expires_after");
    if amount == Some(Dollars(Money::ZERO)) {
        grant.fault("amount", "the free credit is nothing", "give an amount, or leave `free_credit` out");
    }
    Some(Grant { amount: amount?.0, expires_after })
}
