//! `auto_topup`: prepaid credit that is bought anew whenever the balance reaches a threshold.

use super::{
    Command, Gate, INITIAL_PURCHASE, Kind, Policy, PolicyEvent, RETRY_AFTER, closed_without_credit,
    initial_purchase_terms, positive_or_never, waits,
};
use crate::account::AccountView;
use crate::document::{Charge, Dollars, Key, OneOf, Table};
use crate::money::Money;
use crate::request::Refusal;
use crate::time::Span;
use std::sync::Arc;

/// The kind, as scenarios name it.
pub const KIND: Kind = Kind {
    name: "auto_topup",
    summary: "prepaid credit, bought anew when the balance reaches a threshold",
    rules: "As prepaid_pause, and: whenever the balance is at the threshold or below, and no purchase is under way, a \
            top-up is charged to the card, within the monthly budget and the number of purchases a day. A top-up that \
            is declined is tried again on a schedule; after its last try, or where the card is declined for good, \
            topping up is off until the card is replaced. Where only a budget prevents a top-up, requests at zero are \
            refused for that reason (402).",
    keys: &[&INITIAL_PURCHASE, &THRESHOLD, &REFILL, &MONTHLY_BUDGET, &MAX_PER_DAY, &RETRY_AFTER],
    read,
};

const THRESHOLD: Key<Dollars> = Key::required(
    "threshold",
    "give the balance to top up at, as in `threshold = 5.00`",
    "the balance, in dollars, at or below which a top-up is attempted",
);
/// How many top-ups it may take to get from nothing above the threshold.
const MOST_TOP_UPS: i64 = 1_000_000;
const REFILL: OneOf = OneOf(&[&[&AMOUNT], &[&TARGET]]);
const AMOUNT: Key<Charge> =
    Key::alternative("amount", "what a top-up buys, in dollars, whole cents, more than 0");
const TARGET: Key<Dollars> =
    Key::alternative("target", "the balance that a top-up restores, in dollars, above the threshold");
const MONTHLY_BUDGET: Key<Dollars> = Key::optional(
    "monthly_budget",
    "none",
    "the most that is bought in a period, in dollars; a top-up beyond it waits for the next",
);
const MAX_PER_DAY: Key<u32> = Key::optional(
    "max_per_day",
    "without limit",
    "how many purchases a UTC day may have before top-ups wait for the next",
);

fn read(table: &mut Table<'_>, _: &super::Kinds) -> Option<Box<dyn Policy>> {
    let initial_purchase = table.read(&INITIAL_PURCHASE);
    let threshold = table.read(&THRESHOLD);
    table.exclude(&REFILL);
    let amount = table.read(&AMOUNT);
    let target = table.read(&TARGET);
    let monthly_budget = table.read(&MONTHLY_BUDGET);
    let max_per_day = table.read(&MAX_PER_DAY);
    let retry_after = table.read(&RETRY_AFTER);
    let Dollars(threshold) = threshold?;
    let refill = match (amount, target) {
        (Some(Charge(amount)), None) if amount.is_positive() => {
            let top_ups = threshold.nanos() / amount.nanos();
            if top_ups > MOST_TOP_UPS {
                let wrong =
                    format!("it takes {top_ups} top-ups of {amount} to get above the threshold, {threshold}");
                table.fault(AMOUNT.name, wrong, "raise the amount, or lower the threshold");
            }
            Refill::Amount(amount)
        }
        (Some(_), None) => {
            table.fault(
                AMOUNT.name,
                "a top-up of nothing".to_owned(),
                "give an amount above zero, as in `amount = 25.00`",
            );
            return None;
        }
        (None, Some(Dollars(target))) if target > threshold => Refill::Target(target),
        (None, Some(Dollars(target))) => {
            let wrong = format!("the target, {target}, is not above the threshold, {threshold}");
            table.fault(TARGET.name, wrong, "raise the target, or lower the threshold");
            return None;
        }
        (Some(_), Some(_)) => {
            table.fault(
                TARGET.name,
                "both an amount and a target are given".to_owned(),
                "leave one of them out",
            );
            return None;
        }
        (None, None) => {
            if !table.has(AMOUNT.name) && !table.has(TARGET.name) {
                let hint = "give what is bought, as in `amount = 25.00`, or what is restored, as in `target = 30.00`";
                table.fault(AMOUNT.name, "a top-up has neither an amount nor a target".to_owned(), hint);
            }
            return None;
        }
    };
    if max_per_day == Some(0) {
        let hint = "allow at least one, or use the kind `prepaid_pause`";
        table.fault(MAX_PER_DAY.name, "no purchase a day is allowed".to_owned(), hint);
    }
    Some(Box::new(AutoTopup {
        initial_purchase: initial_purchase?.0,
        threshold,
        refill,
        monthly_budget: monthly_budget.map(|Dollars(budget)| budget),
        max_per_day,
        retry_after: retry_after?.into(),
        disabled: false,
    }))
}

/// The rules for one account.
#[derive(Clone, Debug)]
struct AutoTopup {
    initial_purchase: Money,
    threshold: Money,
    refill: Refill,
    monthly_budget: Option<Money>,
    max_per_day: Option<u32>,
    retry_after: Arc<[Span]>,
    /// Whether topping up is off until the card is replaced.
    disabled: bool,
}

/// What a top-up buys.
#[derive(Clone, Copy, Debug)]
enum Refill {
    Amount(Money),
    Target(Money),
}

/// What keeps a top-up from being attempted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prevention {
    /// The monthly budget, or what the customer is willing to pay in a period.
    Budget,
    /// The number of purchases a day.
    Daily,
}

impl AutoTopup {
    fn size(&self, account: &AccountView) -> Money {
        match self.refill {
            Refill::Amount(amount) => amount,
            Refill::Target(target) => (target - account.balance).ceil_to_cents(),
        }
    }

    fn prevention(&self, account: &AccountView) -> Option<Prevention> {
        let budget = self.monthly_budget.into_iter().chain(account.spend_limit).min();
        if self.max_per_day.is_some_and(|most| account.purchases_today >= most) {
            Some(Prevention::Daily)
        } else if budget.is_some_and(|budget| account.purchased_in_period + self.size(account) > budget) {
            Some(Prevention::Budget)
        } else {
            None
        }
    }

    /// Whether nothing but the balance, a budget or the day's count stands in the way of a top-up.
    fn is_armed(&self, account: &AccountView) -> bool {
        account.has_payment_method && !self.disabled && !account.purchase_under_way
    }

    /// The highest balance at which a top-up is due: the threshold, or as long as the account is short of what a
    /// request may cost, any that a top-up would raise.
    fn highest(&self, account: &AccountView) -> Money {
        match self.refill {
            _ if !account.is_short => self.threshold,
            Refill::Amount(_) => Money::MAX,
            Refill::Target(target) => target - Money::from_nanos(1),
        }
    }

    fn is_low(&self, account: &AccountView) -> bool {
        account.balance <= self.highest(account)
    }

    fn top_up_if_due(&self, account: &AccountView) -> Vec<Command> {
        if !self.is_low(account) || !self.is_armed(account) {
            return vec![];
        }
        match self.prevention(account) {
            None => vec![Command::TopUp(self.size(account))],
            Some(Prevention::Daily) => vec![Command::LookAgainNextDay],
            Some(Prevention::Budget) => vec![], // the next period begins by itself
        }
    }
}

impl Policy for AutoTopup {
    fn gate(&self, account: &AccountView) -> Gate {
        let would_top_up = self.is_low(account) && self.is_armed(account);
        if account.has_money() {
            Gate::Open
        } else if would_top_up && self.prevention(account) == Some(Prevention::Budget) {
            Gate::Closed(Refusal::BudgetReached)
        } else {
            closed_without_credit(account)
        }
    }

    /// Up to a top-up, and below that up to zero.
    fn headroom(&self, account: &AccountView) -> Money {
        let waits_for_top_up = self.is_armed(account) && !self.is_low(account);
        positive_or_never(
            account.balance - if waits_for_top_up { self.highest(account) } else { Money::ZERO },
        )
    }

    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::Opened if account.has_payment_method && self.initial_purchase.is_positive() => {
                vec![Command::BuyInitial(self.initial_purchase)]
            }
            PolicyEvent::TopUpDeclined { hard: false, times } if times <= self.retry_after.len() => {
                vec![Command::RetryTopUp(self.retry_after[times - 1])]
            }
            PolicyEvent::TopUpDeclined { .. } => {
                self.disabled = true;
                vec![Command::AskForNewCard]
            }
            PolicyEvent::CardReplaced => {
                self.disabled = false;
                self.top_up_if_due(account)
            }
            PolicyEvent::Opened
            | PolicyEvent::HeadroomUsed
            | PolicyEvent::PaymentSucceeded
            | PolicyEvent::CreditPosted
            | PolicyEvent::CreditExpired
            | PolicyEvent::RanShort
            | PolicyEvent::PurchaseFailed
            | PolicyEvent::PaymentMethodAdded
            | PolicyEvent::DayBegan
            | PolicyEvent::PeriodBegan
            | PolicyEvent::AlarmRang(_) => self.top_up_if_due(account),
        }
    }

    fn initial_purchase(&self) -> Option<Money> {
        Some(self.initial_purchase)
    }

    fn threshold(&self) -> Option<Money> {
        Some(self.threshold)
    }

    fn terms(&self) -> Vec<String> {
        let buys = match self.refill {
            Refill::Amount(amount) => format!("{amount:#} of credit is bought automatically"),
            Refill::Target(target) => format!("credit is bought automatically up to {target:#}"),
        };
        let top_up = format!("whenever the balance is at {:#} or below, {buys}", self.threshold);
        let budget = |budget| {
            format!("a top-up that would take a month's purchases above {budget:#} waits for the next month")
        };
        let daily = |most| {
            let purchases = if most == 1 { "purchase" } else { "purchases" };
            format!("after {most} {purchases} in a day, top-ups wait for the next day")
        };
        let served =
            "requests run while the balance is above zero; at zero they are refused until credit is bought";
        let stays_off = "stays off until the card is replaced";
        let declined = match waits(&self.retry_after) {
            None => format!("after a declined top-up, topping up {stays_off}"),
            Some(waits) => {
                format!(
                    "a declined top-up is tried again after {waits}; after the last try, topping up {stays_off}"
                )
            }
        };
        initial_purchase_terms(self.initial_purchase)
            .into_iter()
            .chain([served.to_owned(), top_up])
            .chain(self.monthly_budget.map(budget))
            .chain(self.max_per_day.map(daily))
            .chain([declined])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> AutoTopup {
        AutoTopup {
            initial_purchase: Money::ZERO,
            threshold: Money::dollars(5),
            refill: Refill::Amount(Money::dollars(25)),
            monthly_budget: None,
            max_per_day: None,
            retry_after: [Span::hours(1), Span::hours(3)].into(),
            disabled: false,
        }
    }

    fn holding(balance: Money) -> AccountView {
        AccountView { balance, credit: balance.or_zero(), has_payment_method: true, ..AccountView::default() }
    }

    fn topped_up(policy: &mut AutoTopup, account: AccountView, event: PolicyEvent) -> Option<Money> {
        match policy.handle(&account, event)[..] {
            [Command::TopUp(amount)] => Some(amount),
            [] | [Command::LookAgainNextDay] => None,
            _ => panic!("only a top-up is expected"),
        }
    }

    #[test]
    fn tops_up_at_the_threshold_and_not_above_it() {
        let at = |balance| topped_up(&mut policy(), holding(balance), PolicyEvent::HeadroomUsed);
        assert_eq!(at(Money::dollars(5)), Some(Money::dollars(25)));
        assert_eq!(at(Money::dollars(-5)), Some(Money::dollars(25)));
        assert_eq!(at(Money::dollars(5) + Money::from_nanos(1)), None);
    }

    #[test]
    fn never_has_two_purchases_under_way() {
        let account = AccountView { purchase_under_way: true, ..holding(Money::ZERO) };
        assert_eq!(topped_up(&mut policy(), account, PolicyEvent::HeadroomUsed), None);
    }

    #[test]
    fn a_target_is_restored_in_whole_cents_rounded_up() {
        let mut policy = AutoTopup { refill: Refill::Target(Money::dollars(30)), ..policy() };
        let account = holding(Money::from_nanos(1_000_000_001));
        assert_eq!(topped_up(&mut policy, account, PolicyEvent::HeadroomUsed), Some(Money::dollars(29)));
        let account = holding(Money::from_nanos(999_999_999));
        assert_eq!(topped_up(&mut policy, account, PolicyEvent::HeadroomUsed), Some(Money::cents(2901)));
    }

    #[test]
    fn a_budget_prevents_only_what_would_exceed_it_and_is_named_at_zero() {
        for (monthly_budget, spend_limit) in [(Some(100), None), (None, Some(100)), (Some(100), Some(500))] {
            let mut policy = AutoTopup { monthly_budget: monthly_budget.map(Money::dollars), ..policy() };
            let account = |bought| AccountView {
                purchased_in_period: Money::dollars(bought),
                spend_limit: spend_limit.map(Money::dollars),
                ..holding(Money::ZERO)
            };
            assert_eq!(
                topped_up(&mut policy, account(75), PolicyEvent::CreditPosted),
                Some(Money::dollars(25))
            );
            assert_eq!(topped_up(&mut policy, account(76), PolicyEvent::CreditPosted), None);
            assert_eq!(policy.gate(&account(76)), Gate::Closed(Refusal::BudgetReached));
            assert_eq!(policy.gate(&account(75)), Gate::Closed(Refusal::NoCredit));
        }
    }

    #[test]
    fn the_budget_is_not_to_blame_where_something_else_prevents_a_top_up_too() {
        let policy = AutoTopup { monthly_budget: Some(Money::ZERO), max_per_day: Some(1), ..policy() };
        let account = holding(Money::ZERO);
        assert_eq!(policy.gate(&account), Gate::Closed(Refusal::BudgetReached));
        for other in [
            AccountView { purchases_today: 1, ..account },
            AccountView { purchase_under_way: true, ..account },
        ] {
            assert_eq!(policy.gate(&other), Gate::Closed(Refusal::NoCredit));
        }
        let disabled = AutoTopup { disabled: true, ..policy };
        assert_eq!(disabled.gate(&account), Gate::Closed(Refusal::NoCredit));
        let nothing_on_file = AccountView { has_payment_method: false, ..account };
        assert_eq!(disabled.gate(&nothing_on_file), Gate::Closed(Refusal::NoPaymentMethod));
    }

    #[test]
    fn waits_for_the_next_day_when_the_day_has_had_its_purchases() {
        let mut policy = AutoTopup { max_per_day: Some(2), ..policy() };
        let account = AccountView { purchases_today: 2, ..holding(Money::ZERO) };
        assert!(matches!(
            policy.handle(&account, PolicyEvent::CreditPosted)[..],
            [Command::LookAgainNextDay]
        ));
        let account = AccountView { purchases_today: 1, ..account };
        assert!(matches!(policy.handle(&account, PolicyEvent::DayBegan)[..], [Command::TopUp(_)]));
    }

    #[test]
    fn retries_soft_declines_on_schedule_then_stays_off_until_the_card_is_replaced() {
        let mut policy = policy();
        let account = AccountView { purchase_under_way: true, ..holding(Money::ZERO) };
        for (times, hours) in [(1, 1), (2, 3)] {
            let commands = policy.handle(&account, PolicyEvent::TopUpDeclined { hard: false, times });
            assert!(matches!(commands[..], [Command::RetryTopUp(wait)] if wait == Span::hours(hours)));
        }
        let commands = policy.handle(&account, PolicyEvent::TopUpDeclined { hard: false, times: 3 });
        assert!(matches!(commands[..], [Command::AskForNewCard]));
        let account = holding(Money::ZERO);
        assert_eq!(topped_up(&mut policy, account, PolicyEvent::PeriodBegan), None);
        assert_eq!(topped_up(&mut policy, account, PolicyEvent::CardReplaced), Some(Money::dollars(25)));
    }

    #[test]
    fn a_hard_decline_is_not_retried() {
        let commands =
            policy().handle(&holding(Money::ZERO), PolicyEvent::TopUpDeclined { hard: true, times: 1 });
        assert!(matches!(commands[..], [Command::AskForNewCard]));
    }

    #[test]
    fn is_told_at_the_threshold_and_otherwise_at_zero() {
        let account = holding(Money::dollars(12));
        assert_eq!(policy().headroom(&account), Money::dollars(7));
        let under_way = AccountView { purchase_under_way: true, ..account };
        assert_eq!(policy().headroom(&under_way), Money::dollars(12));
        assert_eq!(policy().headroom(&holding(Money::dollars(5))), Money::dollars(5));
        assert_eq!(policy().headroom(&holding(Money::dollars(-1))), Money::MAX);
    }

    #[test]
    fn a_hold_that_does_not_fit_tops_up_as_the_threshold_does_but_not_beyond_a_target() {
        let short = AccountView { is_short: true, ..holding(Money::dollars(12)) };
        assert_eq!(topped_up(&mut policy(), short, PolicyEvent::RanShort), Some(Money::dollars(25)));
        assert_eq!(policy().gate(&short), Gate::Closed(Refusal::NoCredit));
        let mut targeted = AutoTopup { refill: Refill::Target(Money::dollars(12)), ..policy() };
        assert_eq!(topped_up(&mut targeted, short, PolicyEvent::RanShort), None);
        let lower = AccountView { balance: Money::dollars(11), ..short };
        assert_eq!(topped_up(&mut targeted, lower, PolicyEvent::RanShort), Some(Money::dollars(1)));
    }
}
