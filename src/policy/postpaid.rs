//! `postpaid`: usage is billed at the end of the month, up to a limit that grows with what has been paid.

use super::{
    Alarm, Command, Gate, InvoiceTerms, Kind, Policy, PolicyEvent, RETRY_AFTER, positive_or_never, waits,
};
use crate::account::AccountView;
use crate::document::schema::{Definitions, Schema};
use crate::document::{Charge, Dollars, Key, Read, Table, TablesKey, Value};
use crate::money::Money;
use crate::request::Refusal;
use crate::time::{Span, Time};
use serde_json::json;
use std::sync::Arc;

/// The kind, as scenarios name it.
pub const KIND: Kind = Kind {
    name: "postpaid",
    summary: "usage billed at the end of the month, up to a limit",
    rules: "A payment method must be on file. Usage takes credit first; what is beyond becomes an invoice on the first \
            of the month. Requests are refused (402) when the period's usage reaches its limit, the customer's own or \
            that of the tier, which rises with all that has ever been paid. An invoice that is declined is tried again \
            on a schedule; after the last try, or where the card is declined for good, the account is past due and \
            refused (403) until a new card has paid. An invoice unpaid for too long closes the account.",
    keys: &[&TIERS, &LIMIT_COUNTS, &MINIMUM_CHARGE, &TERMS, &PROGRESSIVE, &RETRY_AFTER, &WRITE_OFF_AFTER],
    read,
};

const TIERS: TablesKey = TablesKey::optional(
    "tiers",
    &[&PAID, &LIMIT, &AFTER],
    "no limit",
    "limits of a period's usage: that of the last tier holds whose conditions are met",
);
const PAID: Key<Dollars> = Key::required(
    "paid",
    "give what must have been paid, as in `{ paid = 0, limit = 50 }`",
    "what must have been paid, ever, in dollars; 0 in the first tier",
);
const LIMIT: Key<Dollars> = Key::required(
    "limit",
    "give the limit of a period, as in `{ paid = 0, limit = 50 }`",
    "the limit, in dollars",
);
const AFTER: Key<Span> =
    Key::with_default("after", "\"0d\"", "what must have passed since the first payment");
const LIMIT_COUNTS: Key<LimitCounts> = Key::with_default(
    "limit_counts",
    "\"usage\"",
    "what the limit counts: all \"usage\", or only what is \"billed\" because credit did not cover it",
);
const MINIMUM_CHARGE: Key<Charge> = Key::with_default(
    "minimum_charge",
    "0.01",
    "the least that is invoiced, in dollars, whole cents; what is below is carried over",
);
const TERMS: Key<Span> =
    Key::with_default("terms", "\"0d\"", "from an invoice's issue to the first attempt at payment");
const WRITE_OFF_AFTER: Key<Span> = Key::optional(
    "write_off_after",
    "never",
    "from an invoice's issue until it closes the account if unpaid",
);
const PROGRESSIVE: Key<Vec<Dollars>> = Key::with_default(
    "progressive",
    "[]",
    "invoices also whenever usage beyond credit, ever, reaches one of these amounts, in dollars, ascending",
);

/// A tier that needs time comes into force.
const TIER: Alarm = Alarm(0);

fn read(table: &mut Table<'_>, _: &super::Kinds) -> Option<Box<dyn Policy>> {
    let tiers = read_tiers(table);
    let counts = table.read(&LIMIT_COUNTS);
    let minimum = table.read(&MINIMUM_CHARGE);
    let due_after = table.read(&TERMS);
    let retry_after = table.read(&RETRY_AFTER);
    let write_off_after = table.read(&WRITE_OFF_AFTER);
    let progressive = table.read(&PROGRESSIVE);
    let ascends = |amounts: &Vec<Dollars>| amounts.is_sorted_by(|before, after| before.0 < after.0);
    if progressive
        .as_ref()
        .is_some_and(|amounts| !ascends(amounts) || amounts.contains(&Dollars(Money::ZERO)))
    {
        let hint = "list amounts above zero, the least first, as in `progressive = [1, 10, 100]`";
        table.fault(PROGRESSIVE.name, "the amounts do not ascend from above zero", hint);
    }
    let terms = InvoiceTerms {
        minimum: minimum?.0,
        due_after: due_after?,
        retry_after: retry_after?.into(),
        write_off_after,
    };
    let progressive = progressive?.into_iter().map(|Dollars(amount)| amount).collect();
    Some(Box::new(Postpaid { tiers: tiers?, counts: counts?, terms, progressive, steps: 0 }))
}

fn read_tiers(table: &mut Table<'_>) -> Option<Arc<[Tier]>> {
    let mut tiers: Vec<Tier> = Vec::new();
    let mut rows = table.tables(&TIERS);
    let read = rows.iter_mut().map(|row| (row.read(&PAID), row.read(&LIMIT), row.read(&AFTER)));
    let read: Vec<_> = read.collect();
    for (row, (paid, limit, after)) in rows.iter().zip(read) {
        let (Dollars(paid), Dollars(limit), after) = (paid?, limit?, after?);
        match tiers.last() {
            None if paid != Money::ZERO => {
                row.fault(
                    PAID.name,
                    format!("the first tier asks for {paid}"),
                    "let the first tier have `paid = 0`",
                );
            }
            None if after != Span::ZERO => {
                let wrong = "the first tier asks for time, and nothing would hold until then";
                row.fault(AFTER.name, wrong, "leave `after` out of the first tier");
            }
            Some(last) if paid < last.paid => {
                let wrong = format!("a tier asks for {paid}, less than {} of the one before", last.paid);
                row.fault(PAID.name, wrong, "list the tiers by what they ask for, the least first");
            }
            _ => {}
        }
        tiers.push(Tier { paid, after, limit });
    }
    Some(tiers.into())
}

/// The rules for one account.
#[derive(Clone, Debug)]
struct Postpaid {
    tiers: Arc<[Tier]>,
    counts: LimitCounts,
    terms: InvoiceTerms,
    /// At which usage beyond credit since the signup it also invoices, ascending.
    progressive: Arc<[Money]>,
    /// How many of these have been reached.
    steps: usize,
}

/// From how much ever paid, and how long after the first payment, what limit.
#[derive(Clone, Copy, Debug)]
struct Tier {
    paid: Money,
    after: Span,
    limit: Money,
}

impl Tier {
    fn has_passed(&self, account: &AccountView) -> bool {
        let has_waited = |first: Time| first + self.after <= account.timers_rang_at;
        self.paid <= account.paid
            && (self.after == Span::ZERO || account.first_paid_at.is_some_and(has_waited))
    }
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LimitCounts {
    /// All usage of the period, also what credit covers.
    Usage,
    /// Only what credit did not cover.
    Billed,
}

impl Read for LimitCounts {
    fn read(value: &Value<'_>) -> Option<LimitCounts> {
        match String::read(value)?.as_str() {
            "usage" => Some(LimitCounts::Usage),
            "billed" => Some(LimitCounts::Billed),
            other => {
                let hint = "write `limit_counts = \"usage\"` or `limit_counts = \"billed\"`";
                value.fault(format!("a limit cannot count \"{other}\""), hint);
                None
            }
        }
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "enum": ["usage", "billed"] })
    }
}

impl Postpaid {
    /// The tiers from the present one on, if there are any.
    fn tiers_from_now(&self, account: &AccountView) -> &[Tier] {
        let present = self.tiers.iter().rposition(|tier| tier.has_passed(account));
        present.map_or(&[], |present| &self.tiers[present..])
    }

    fn tier_limit(&self, account: &AccountView) -> Money {
        self.tiers_from_now(account).first().map_or(Money::MAX, |tier| tier.limit)
    }

    /// The clause on the limit.
    fn limit_terms(&self) -> String {
        let counted = match self.counts {
            LimitCounts::Usage => "a month's usage",
            LimitCounts::Billed => "a month's usage that credit does not cover",
        };
        let later = |Tier { paid, after, limit }: &Tier| match *after {
            Span::ZERO => format!("{limit:#} once {paid:#} has been paid"),
            after => format!("{limit:#} once {paid:#} has been paid and the first payment was {after:#} ago"),
        };
        match &self.tiers[..] {
            [] => format!("there is no limit on {counted} but the customer's own"),
            [only] => format!("requests are refused once {counted} reaches {:#}", only.limit),
            [first, rest @ ..] => {
                let rest: Vec<String> = rest.iter().map(later).collect();
                let (first, rest) = (first.limit, rest.join(", "));
                format!("requests are refused once {counted} reaches a limit: {first:#} at first, {rest}")
            }
        }
    }

    /// What counts towards the limit.
    fn count(&self, account: &AccountView) -> Money {
        match self.counts {
            LimitCounts::Usage => account.used_in_period,
            LimitCounts::Billed => account.billed_in_period,
        }
    }

    /// Wakes when tiers that need time come into force.
    fn wake_for_tiers(&self, account: &AccountView) -> Vec<Command> {
        let Some(first) = account.first_paid_at else { return vec![] };
        let later = self.tiers.iter().map(|tier| first + tier.after).filter(|at| *at > account.now);
        later.map(|at| Command::WakeAt(at, TIER)).collect()
    }

    /// Invoices when usage beyond credit has reached another of the progressive amounts.
    fn invoice_if_a_step_is_reached(&mut self, account: &AccountView) -> Vec<Command> {
        let reached = self.progressive.partition_point(|step| *step <= account.billed_ever);
        let is_further = reached > std::mem::replace(&mut self.steps, reached);
        if is_further { vec![Command::Invoice(self.terms.clone())] } else { vec![] }
    }

    /// The limit in force.
    fn limit_now(&self, account: &AccountView) -> Money {
        account.spend_limit.unwrap_or(Money::MAX).min(self.tier_limit(account))
    }
}

impl Policy for Postpaid {
    fn gate(&self, account: &AccountView) -> Gate {
        if !account.has_payment_method {
            Gate::Closed(Refusal::NoPaymentMethod)
        } else if self.allowance(account).is_positive() && !account.is_short {
            Gate::Open
        } else {
            Gate::Closed(Refusal::LimitReached)
        }
    }

    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::Opened => {
                self.steps = self.progressive.partition_point(|step| *step <= account.billed_ever);
                self.wake_for_tiers(account)
            }
            PolicyEvent::PeriodBegan => vec![Command::Invoice(self.terms.clone())],
            PolicyEvent::HeadroomUsed => self.invoice_if_a_step_is_reached(account),
            PolicyEvent::PaymentSucceeded if account.first_paid_at == Some(account.now) => {
                self.wake_for_tiers(account)
            }
            // The limit follows from what has been paid and used; invoices are collected under their own terms.
            PolicyEvent::PaymentSucceeded
            | PolicyEvent::CreditPosted
            | PolicyEvent::CreditExpired
            | PolicyEvent::RanShort
            | PolicyEvent::TopUpDeclined { .. }
            | PolicyEvent::PurchaseFailed
            | PolicyEvent::PaymentMethodAdded
            | PolicyEvent::CardReplaced
            | PolicyEvent::DayBegan
            | PolicyEvent::AlarmRang(_) => vec![],
        }
    }

    /// What is left of the limit; where only billed usage counts, with the credit that comes first.
    fn remaining(&self, account: &AccountView) -> Money {
        let limit = self.limit_now(account);
        match self.counts {
            _ if limit == Money::MAX => Money::MAX,
            LimitCounts::Usage => limit - self.count(account),
            LimitCounts::Billed => limit - self.count(account) + account.credit,
        }
    }

    /// Up to the limit, or to the next amount at which it also invoices.
    fn headroom(&self, account: &AccountView) -> Money {
        let step = self.progressive.get(self.steps).map(|step| *step - account.billed_ever + account.credit);
        let to_step = step.map_or(Money::MAX, positive_or_never);
        positive_or_never(self.allowance(account)).min(to_step)
    }

    /// What remains. Credit is used before anything counts as billed, also where the limit has been overrun.
    fn allowance(&self, account: &AccountView) -> Money {
        let limit = self.limit_now(account);
        match self.counts {
            LimitCounts::Billed if limit < Money::MAX => {
                (limit - self.count(account)).or_zero() + account.credit
            }
            _ => self.remaining(account),
        }
    }

    fn lacks_to_next_limit(&self, account: &AccountView) -> Option<Money> {
        let [present, later @ ..] = self.tiers_from_now(account) else { return None };
        let customer_binds = account.spend_limit.is_some_and(|limit| limit <= present.limit);
        let rises = later.iter().any(|tier| tier.limit > present.limit);
        (!customer_binds && rises).then(|| (later[0].paid - account.paid).or_zero())
    }

    fn limit(&self, account: &AccountView) -> Option<Money> {
        Some(self.limit_now(account)).filter(|limit| *limit < Money::MAX)
    }

    fn is_postpaid(&self) -> bool {
        true
    }

    fn terms(&self) -> Vec<String> {
        let InvoiceTerms { minimum, due_after, retry_after, write_off_after } = &self.terms;
        let steps: Vec<String> = self.progressive.iter().map(|amount| format!("{amount:#}")).collect();
        let progressive = match &steps[..] {
            [] => String::new(),
            steps => format!(", and whenever it first reaches {} in all", steps.join(", then ")),
        };
        let invoiced =
            format!("usage that credit does not cover is invoiced on the first of the month{progressive}");
        let carried = |least| format!("less than {least:#} is not invoiced, but carried over");
        let due = match *due_after {
            Span::ZERO => "when it is issued".to_owned(),
            after => format!("{after:#} after its issue"),
        };
        let past_due = "past due, and refused until a new card has paid";
        let declined = match waits(retry_after) {
            None => format!("an account whose invoice is declined is {past_due}"),
            Some(waits) => {
                format!(
                    "a declined invoice is tried again after {waits}; after the last try, the account is {past_due}"
                )
            }
        };
        let written_off = |after| {
            format!("an invoice unpaid {after:#} after its issue is written off, and the account closed")
        };
        ["requests are refused while no payment method is on file".to_owned(), self.limit_terms(), invoiced]
            .into_iter()
            .chain((*minimum > Money::CENT).then(|| carried(*minimum)))
            .chain([format!("an invoice is charged to the payment method {due}"), declined])
            .chain(write_off_after.map(written_off))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(counts: LimitCounts) -> Postpaid {
        let tiers = [(0, 50), (50, 500), (500, 5000)].map(|(paid, limit)| Tier {
            paid: Money::dollars(paid),
            after: Span::ZERO,
            limit: Money::dollars(limit),
        });
        let terms = InvoiceTerms {
            minimum: Money::CENT,
            due_after: Span::ZERO,
            retry_after: [].into(),
            write_off_after: None,
        };
        Postpaid { tiers: tiers.into(), counts, terms, progressive: [].into(), steps: 0 }
    }

    fn account() -> AccountView {
        AccountView { has_payment_method: true, ..AccountView::default() }
    }

    #[test]
    fn needs_a_payment_method() {
        let nothing_on_file = AccountView { has_payment_method: false, ..account() };
        assert_eq!(policy(LimitCounts::Usage).gate(&nothing_on_file), Gate::Closed(Refusal::NoPaymentMethod));
    }

    #[test]
    fn the_limit_rises_with_all_that_was_ever_paid() {
        for (paid, limit) in [(0, 50), (49, 50), (50, 500), (499, 500), (500, 5000), (9999, 5000)] {
            let account = AccountView { paid: Money::dollars(paid), ..account() };
            assert_eq!(policy(LimitCounts::Usage).headroom(&account), Money::dollars(limit), "paid {paid}");
        }
    }

    #[test]
    fn a_limit_on_usage_stops_an_account_that_has_credit_left() {
        let credit = Money::dollars(20);
        let account =
            AccountView { used_in_period: Money::dollars(50), credit, balance: credit, ..account() };
        assert_eq!(policy(LimitCounts::Usage).gate(&account), Gate::Closed(Refusal::LimitReached));
        assert_eq!(policy(LimitCounts::Billed).gate(&account), Gate::Open);
        assert_eq!(policy(LimitCounts::Billed).headroom(&account), Money::dollars(70));
    }

    #[test]
    fn a_limit_on_what_is_billed_lets_credit_be_used_beyond_it() {
        let account = AccountView { billed_in_period: Money::dollars(51), ..account() };
        assert_eq!(policy(LimitCounts::Billed).gate(&account), Gate::Closed(Refusal::LimitReached));
        let account = AccountView { credit: Money::dollars(2), balance: Money::dollars(2), ..account };
        assert_eq!(policy(LimitCounts::Billed).gate(&account), Gate::Open);
        assert_eq!(policy(LimitCounts::Billed).headroom(&account), Money::dollars(2));
    }

    #[test]
    fn the_customers_own_limit_binds_where_it_is_lower() {
        let account = |limit| AccountView { spend_limit: Some(Money::dollars(limit)), ..account() };
        assert_eq!(policy(LimitCounts::Usage).headroom(&account(30)), Money::dollars(30));
        assert_eq!(policy(LimitCounts::Usage).headroom(&account(80)), Money::dollars(50));
    }

    #[test]
    fn paying_raises_a_limit_only_where_a_later_tier_is_higher_and_the_customers_own_does_not_bind() {
        let lacks = |account| policy(LimitCounts::Usage).lacks_to_next_limit(&account);
        let paid = |dollars| AccountView { paid: Money::dollars(dollars), ..account() };
        assert_eq!(lacks(paid(0)), Some(Money::dollars(50)));
        assert_eq!(lacks(paid(20)), Some(Money::dollars(30)));
        assert_eq!(lacks(paid(50)), Some(Money::dollars(450)));
        assert_eq!(lacks(paid(500)), None);
        assert_eq!(lacks(AccountView { spend_limit: Some(Money::dollars(50)), ..paid(0) }), None);
        assert_eq!(
            lacks(AccountView { spend_limit: Some(Money::dollars(51)), ..paid(0) }),
            Some(Money::dollars(50))
        );
    }

    #[test]
    fn without_tiers_there_is_no_limit_but_the_customers() {
        let policy = Postpaid { tiers: [].into(), ..policy(LimitCounts::Usage) };
        assert_eq!(policy.headroom(&account()), Money::MAX);
        let limited = AccountView { spend_limit: Some(Money::dollars(1)), ..account() };
        assert_eq!(policy.headroom(&limited), Money::dollars(1));
        assert_eq!(policy.lacks_to_next_limit(&limited), None);
    }

    #[test]
    fn invoices_at_the_boundary_of_a_period() {
        let mut policy = policy(LimitCounts::Usage);
        let commands = policy.handle(&account(), PolicyEvent::PeriodBegan);
        assert!(matches!(&commands[..], [Command::Invoice(terms)] if *terms == policy.terms));
        assert!(policy.handle(&account(), PolicyEvent::HeadroomUsed).is_empty());
    }
}
