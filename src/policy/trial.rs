//! `trial`: a little credit for nothing, then another policy, or suspension until a payment method is on file.

use super::common::FREE_CREDIT;
use super::{Alarm, Command, Gate, Grant, Kind, Plan, Policy, PolicyEvent, successor};
use crate::account::AccountView;
use crate::document::{Dollars, Key, Table, TableKey};
use crate::money::Money;
use crate::request::Refusal;
use crate::time::Span;

/// The kind, as scenarios name it.
pub const KIND: Kind = Kind {
    name: "trial",
    summary: "a little credit for nothing, then another policy",
    rules: "Promotional credit is granted at signup. When it is used up or has expired, an account with a payment \
            method on file moves to the policy in `then`; one without is suspended (402) until it adds one, and then \
            moves.",
    keys: &[&CREDIT, &EXPIRES_AFTER, &THEN],
    read,
};

const CREDIT: Key<Dollars> =
    Key::with_default("credit", "1.00", "promotional credit granted at signup, in dollars, above 0");
const EXPIRES_AFTER: Key<Span> =
    Key::optional("expires_after", "never", "how long that credit and the trial last at most");
const THEN: TableKey = successor(
    "then",
    "say what follows, as in `then = { kind = \"prepaid_pause\" }`",
    "the policy that follows: a table with its `kind` and parameters; no trial",
);

/// The trial's own expiry.
const EXPIRY: Alarm = Alarm(0);
/// The trial's credit is used up. It ends once all usage of that instant has settled.
const USED_UP: Alarm = Alarm(1);

fn read(table: &mut Table<'_>, kinds: &super::Kinds) -> Option<Box<dyn Policy>> {
    let credit = table.read(&CREDIT);
    let expires_after = table.read(&EXPIRES_AFTER);
    let mut then = table.table(&THEN)?;
    then.hide(FREE_CREDIT.name); // of a preset
    let then = kinds.read_successor(&mut then)?;
    if then.terms.free_credit.is_some() {
        let wrong = "free credit is granted at signup only, and nobody signs up under `then`".to_owned();
        table.fault(THEN.name, wrong, "give `free_credit` to the trial itself, or raise its `credit`");
    }
    let Dollars(credit) = credit?;
    if !credit.is_positive() {
        table.fault(CREDIT.name, "a trial without credit".to_owned(), "give some, as in `credit = 1.00`");
    }
    Some(Box::new(Trial { credit, expires_after, then, has_ended: false }))
}

/// The rules for one account.
#[derive(Clone)]
struct Trial {
    credit: Money,
    expires_after: Option<Span>,
    then: Plan,
    /// Whether the account waits for a payment method.
    has_ended: bool,
}

impl Trial {
    fn end(&mut self, account: &AccountView) -> Vec<Command> {
        self.has_ended = true;
        if account.has_payment_method {
            vec![Command::BecomePolicy { plan: self.then.clone(), converts: true }]
        } else {
            vec![]
        }
    }
}

impl Policy for Trial {
    fn gate(&self, account: &AccountView) -> Gate {
        if !self.has_ended && account.balance.is_positive() {
            Gate::Open
        } else {
            Gate::Closed(Refusal::NoPaymentMethod)
        }
    }

    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::Opened => {
                let grant = Grant { amount: self.credit, expires_after: self.expires_after };
                let expiry = self.expires_after.map(|after| Command::WakeAt(account.now + after, EXPIRY));
                [Command::GrantCredit(grant)].into_iter().chain(expiry).collect()
            }
            PolicyEvent::HeadroomUsed | PolicyEvent::CreditExpired if !account.balance.is_positive() => {
                vec![Command::WakeAt(account.now, USED_UP)]
            }
            PolicyEvent::RanShort => vec![Command::WakeAt(account.now, USED_UP)],
            PolicyEvent::AlarmRang(_) => self.end(account),
            PolicyEvent::PaymentMethodAdded if self.has_ended => self.end(account),
            PolicyEvent::HeadroomUsed
            | PolicyEvent::CreditExpired
            | PolicyEvent::PaymentSucceeded
            | PolicyEvent::CreditPosted
            | PolicyEvent::TopUpDeclined { .. }
            | PolicyEvent::PurchaseFailed
            | PolicyEvent::PaymentMethodAdded
            | PolicyEvent::CardReplaced
            | PolicyEvent::DayBegan
            | PolicyEvent::PeriodBegan => vec![],
        }
    }

    /// Where the account moves on at once, nothing is to be prevented.
    fn allowance(&self, account: &AccountView) -> Money {
        if account.has_payment_method { Money::MAX } else { account.balance }
    }

    fn successor(&self) -> Option<&Plan> {
        Some(&self.then)
    }

    fn terms(&self) -> Vec<String> {
        let (credit, kind) = (self.credit, self.then.kind);
        let granted = match self.expires_after {
            Some(after) => format!("{credit:#} of free credit is granted at signup, for {after:#}"),
            None => format!("{credit:#} of free credit is granted at signup"),
        };
        let moves = format!(
            "when it is gone, an account with a payment method is billed by {kind}; one without is refused until \
             it adds one"
        );
        let then = self.then.clauses().into_iter().map(|clause| format!("after the trial, {clause}"));
        [granted, moves].into_iter().chain(then).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::common::CommonTerms;
    use crate::time::Time;
    use std::sync::Arc;

    /// What stands for the policy that follows.
    #[derive(Clone)]
    struct Next;

    impl Policy for Next {
        fn gate(&self, _: &AccountView) -> Gate {
            Gate::Open
        }
        fn handle(&mut self, _: &AccountView, _: PolicyEvent) -> Vec<Command> {
            vec![]
        }
    }

    fn trial(expires_after: Option<Span>) -> Trial {
        let terms = Arc::new(CommonTerms::default());
        let then = Plan { kind: "next", policy: Arc::new(Next), terms };
        Trial { credit: Money::dollars(1), expires_after, then, has_ended: false }
    }

    fn holding(balance: Money, has_payment_method: bool) -> AccountView {
        AccountView { balance, credit: balance.or_zero(), has_payment_method, ..AccountView::default() }
    }

    #[test]
    fn grants_its_credit_and_wakes_when_that_expires() {
        let account = AccountView { now: Time::START + Span::days(2), ..AccountView::default() };
        let commands = trial(Some(Span::days(30))).handle(&account, PolicyEvent::Opened);
        let [Command::GrantCredit(grant), Command::WakeAt(at, EXPIRY)] = commands[..] else {
            panic!("a grant and an alarm are expected")
        };
        assert_eq!(grant, Grant { amount: Money::dollars(1), expires_after: Some(Span::days(30)) });
        assert_eq!(at, Time::START + Span::days(32));
        assert_eq!(trial(None).handle(&account, PolicyEvent::Opened).len(), 1);
    }

    #[test]
    fn moves_on_at_once_with_a_payment_method_and_not_before_its_credit_is_used() {
        let mut policy = trial(None);
        assert!(policy.handle(&holding(Money::CENT, true), PolicyEvent::HeadroomUsed).is_empty());
        for (event, balance) in
            [(PolicyEvent::HeadroomUsed, Money::ZERO), (PolicyEvent::RanShort, Money::CENT)]
        {
            let account = holding(balance, true);
            let commands = policy.handle(&account, event);
            assert!(matches!(commands[..], [Command::WakeAt(at, USED_UP)] if at == account.now));
            let commands = policy.handle(&account, PolicyEvent::AlarmRang(USED_UP));
            assert!(matches!(commands[..], [Command::BecomePolicy { converts: true, .. }]));
        }
    }

    #[test]
    fn without_a_payment_method_it_is_suspended_until_one_is_added() {
        let mut policy = trial(None);
        let account = holding(Money::cents(-1), false);
        assert!(policy.handle(&account, PolicyEvent::AlarmRang(USED_UP)).is_empty());
        assert_eq!(policy.gate(&account), Gate::Closed(Refusal::NoPaymentMethod));
        let commands = policy.handle(&holding(Money::cents(-1), true), PolicyEvent::PaymentMethodAdded);
        assert!(matches!(commands[..], [Command::BecomePolicy { converts: true, .. }]));
    }

    #[test]
    fn ends_when_its_own_credit_expires_also_if_other_credit_is_left() {
        let mut policy = trial(Some(Span::days(30)));
        let account = holding(Money::dollars(3), false);
        assert!(policy.handle(&account, PolicyEvent::AlarmRang(EXPIRY)).is_empty());
        assert_eq!(policy.gate(&account), Gate::Closed(Refusal::NoPaymentMethod));
    }

    #[test]
    fn overruns_count_only_where_the_account_does_not_move_on() {
        assert_eq!(trial(None).allowance(&holding(Money::CENT, true)), Money::MAX);
        assert_eq!(trial(None).allowance(&holding(Money::CENT, false)), Money::CENT);
    }
}
