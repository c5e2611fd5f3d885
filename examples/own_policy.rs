//! A policy of one's own, and the whole command line with it: prepaid credit that may be overdrawn a little.
//!
//! ```text
//! cargo run --release --example own_policy -- run examples/own_policy.toml
//! ```

use billsim::account::AccountView;
use billsim::document::{Dollars, Key, Table};
use billsim::money::Money;
use billsim::policy::{
    Command, Gate, INITIAL_PURCHASE, Kind, Kinds, Policy, PolicyEvent, closed_without_credit,
};
use std::process::ExitCode;

fn main() -> ExitCode {
    billsim::cli::main(Kinds::built_in().with(KIND))
}

/// The kind, as scenarios name it.
const KIND: Kind = Kind {
    name: "overdraft",
    summary: "prepaid credit; usage goes on until a small debt is reached",
    rules: "As prepaid_pause, but requests run until the debt is as large as the overdraft; from then on \
            they are refused (402). The next purchase pays the debt first.",
    keys: &[&INITIAL_PURCHASE, &OVERDRAFT],
    read,
};

const OVERDRAFT: Key<Dollars> =
    Key::with_default("overdraft", "5.00", "how far below zero the balance may go, in dollars, more than 0");

fn read(table: &mut Table<'_>, _: &Kinds) -> Option<Box<dyn Policy>> {
    let initial_purchase = table.read(&INITIAL_PURCHASE);
    let overdraft = table.read(&OVERDRAFT);
    if overdraft == Some(Dollars(Money::ZERO)) {
        table.fault(OVERDRAFT.name, "there is no overdraft", "allow some, or use the kind `prepaid_pause`");
    }
    Some(Box::new(Overdraft { initial_purchase: initial_purchase?.0, overdraft: overdraft?.0 }))
}

/// The rules for one account.
#[derive(Clone)]
struct Overdraft {
    initial_purchase: Money,
    overdraft: Money,
}

impl Policy for Overdraft {
    fn gate(&self, account: &AccountView) -> Gate {
        let is_open = self.remaining(account).is_positive() && !account.is_short;
        if is_open { Gate::Open } else { closed_without_credit(account) }
    }

    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::Opened if account.has_payment_method && self.initial_purchase.is_positive() => {
                vec![Command::BuyInitial(self.initial_purchase)]
            }
            _ => vec![], // all else is up to the customer
        }
    }

    fn remaining(&self, account: &AccountView) -> Money {
        account.balance + self.overdraft
    }

    fn initial_purchase(&self) -> Option<Money> {
        Some(self.initial_purchase)
    }

    fn terms(&self) -> Vec<String> {
        vec![format!("requests run until {} is owed", self.overdraft)]
    }
}
