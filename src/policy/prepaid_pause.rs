//! `prepaid_pause`: credit is bought in advance, and usage pauses when it is used up.

use super::{
    Command, Gate, INITIAL_PURCHASE, Kind, Policy, PolicyEvent, closed_without_credit, initial_purchase_terms,
};
use crate::account::AccountView;
use crate::document::Charge;
use crate::money::Money;

/// The kind, as scenarios name it.
pub const KIND: Kind = Kind {
    name: "prepaid_pause",
    summary: "prepaid credit; usage pauses at zero",
    rules: "Credit is bought in advance: the initial purchase at signup, more whenever the customer decides to. \
            Requests run while the balance is above zero; the last one may take it below, and the next purchase pays \
            that first. At zero every request is refused (402) until credit is bought.",
    keys: &[&INITIAL_PURCHASE],
    read: |table, _| {
        let Charge(initial_purchase) = table.read(&INITIAL_PURCHASE)?;
        Some(Box::new(PrepaidPause { initial_purchase }))
    },
};

/// The rules for one account.
#[derive(Clone, Debug)]
struct PrepaidPause {
    initial_purchase: Money,
}

impl Policy for PrepaidPause {
    fn gate(&self, account: &AccountView) -> Gate {
        if account.has_money() { Gate::Open } else { closed_without_credit(account) }
    }

    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::Opened if account.has_payment_method && self.initial_purchase.is_positive() => {
                vec![Command::BuyInitial(self.initial_purchase)]
            }
            // All else is up to the customer.
            PolicyEvent::Opened
            | PolicyEvent::HeadroomUsed
            | PolicyEvent::PaymentSucceeded
            | PolicyEvent::CreditPosted
            | PolicyEvent::CreditExpired
            | PolicyEvent::RanShort
            | PolicyEvent::TopUpDeclined { .. }
            | PolicyEvent::PurchaseFailed
            | PolicyEvent::PaymentMethodAdded
            | PolicyEvent::CardReplaced
            | PolicyEvent::DayBegan
            | PolicyEvent::PeriodBegan
            | PolicyEvent::AlarmRang(_) => vec![],
        }
    }

    fn initial_purchase(&self) -> Option<Money> {
        Some(self.initial_purchase)
    }

    fn terms(&self) -> Vec<String> {
        let served = "requests run while the balance is above zero; at zero they are refused until the customer \
                      buys more";
        initial_purchase_terms(self.initial_purchase).into_iter().chain([served.to_owned()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Refusal;

    fn policy() -> PrepaidPause {
        PrepaidPause { initial_purchase: Money::dollars(10) }
    }

    fn holding(balance: Money) -> AccountView {
        AccountView { balance, credit: balance.or_zero(), has_payment_method: true, ..AccountView::default() }
    }

    #[test]
    fn is_open_for_what_the_balance_covers_and_refuses_at_zero() {
        let gate = |account: AccountView| policy().gate(&account);
        assert_eq!(gate(holding(Money::CENT)), Gate::Open);
        assert_eq!(policy().headroom(&holding(Money::CENT)), Money::CENT);
        assert_eq!(gate(holding(Money::ZERO)), Gate::Closed(Refusal::NoCredit));
        assert_eq!(gate(holding(Money::cents(-1))), Gate::Closed(Refusal::NoCredit));
        let nothing_on_file = AccountView { has_payment_method: false, ..holding(Money::ZERO) };
        assert_eq!(gate(nothing_on_file), Gate::Closed(Refusal::NoPaymentMethod));
    }

    #[test]
    fn buys_the_initial_credit_at_signup_if_there_is_something_to_pay_with() {
        let opened = |account: AccountView| policy().handle(&account, PolicyEvent::Opened);
        assert!(
            matches!(opened(holding(Money::ZERO))[..], [Command::BuyInitial(amount)] if amount == Money::dollars(10))
        );
        assert!(opened(AccountView { has_payment_method: false, ..holding(Money::ZERO) }).is_empty());
        let mut none = PrepaidPause { initial_purchase: Money::ZERO };
        assert!(none.handle(&holding(Money::ZERO), PolicyEvent::Opened).is_empty());
    }
}
