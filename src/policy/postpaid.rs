//! `postpaid`: usage is billed at the end of the month, up to a limit that grows with what has been paid.

use super::{Command, Gate, InvoiceTerms, Kind, Parameter, Policy, PolicyEvent, retry_terms};
use crate::account::AccountView;
use crate::document::{Charge, Dollars, Table};
use crate::money::Money;
use crate::request::Refusal;
use crate::time::Span;
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
    parameters: &[
        Parameter {
            key: "tiers",
            default: "none: no limit",
            meaning: "list of { paid, limit }: from `paid` dollars ever paid, the limit of a period's usage, in dollars",
        },
        Parameter {
            key: "limit_counts",
            default: "\"usage\"",
            meaning: "what the limit counts: all \"usage\", or only what is \"billed\" because credit did not cover it",
        },
        Parameter {
            key: "minimum_charge",
            default: "0.01",
            meaning: "the least that is invoiced, in dollars, whole cents; what is below is carried over",
        },
        Parameter {
            key: "terms",
            default: "\"0d\"",
            meaning: "from an invoice's issue to the first attempt at payment",
        },
        Parameter {
            key: "retry_after",
            default: "[]",
            meaning: "waits after each soft decline of an invoice before it is tried again",
        },
        Parameter {
            key: "write_off_after",
            default: "never",
            meaning: "from an invoice's issue until it closes the account if unpaid",
        },
    ],
    read,
};

fn read(table: &mut Table<'_>, _: &super::Kinds) -> Option<Box<dyn Policy>> {
    let tiers = read_tiers(table);
    let counts = table.get_or::<String>("limit_counts", "\"usage\"");
    let minimum = table.get_or::<Charge>("minimum_charge", "0.01");
    let due_after = table.get_or::<Span>("terms", "\"0d\"");
    let retry_after = table.get_or::<Vec<Span>>("retry_after", "[]");
    let write_off_after = table.get::<Span>("write_off_after");
    table.not_yet("progressive");
    let counts = match counts?.as_str() {
        "usage" => LimitCounts::Usage,
        "billed" => LimitCounts::Billed,
        other => {
            let wrong = format!("a limit cannot count \"{other}\"");
            table.fault(
                "limit_counts",
                wrong,
                "write `limit_counts = \"usage\"` or `limit_counts = \"billed\"`",
            );
            return None;
        }
    };
    let terms = InvoiceTerms {
        minimum: minimum?.0,
        due_after: due_after?,
        retry_after: retry_after?.into(),
        write_off_after,
    };
    Some(Box::new(Postpaid { tiers: tiers?, counts, terms }))
}

fn read_tiers(table: &mut Table<'_>) -> Option<Arc<[Tier]>> {
    let mut tiers: Vec<Tier> = Vec::new();
    for mut row in table.children("tiers") {
        let paid =
            row.require::<Dollars>("paid", "give what must have been paid, as in `{ paid = 0, limit = 50 }`");
        let limit =
            row.require::<Dollars>("limit", "give the limit of a period, as in `{ paid = 0, limit = 50 }`");
        row.only::<Span>("after", "\"0d\"");
        let (Dollars(paid), Dollars(limit)) = (paid?, limit?);
        match tiers.last() {
            None if paid != Money::ZERO => {
                row.fault(
                    "paid",
                    format!("the first tier asks for {paid}"),
                    "let the first tier have `paid = 0`",
                );
            }
            Some(last) if paid < last.paid => {
                let wrong = format!("a tier asks for {paid}, less than {} of the one before", last.paid);
                row.fault("paid", wrong, "list the tiers by what they ask for, the least first");
            }
            _ => {}
        }
        tiers.push(Tier { paid, limit });
    }
    Some(tiers.into())
}

/// The rules for one account.
#[derive(Clone, Debug)]
struct Postpaid {
    tiers: Arc<[Tier]>,
    counts: LimitCounts,
    terms: InvoiceTerms,
}

/// From how much ever paid, what limit.
#[derive(Clone, Copy, Debug)]
struct Tier {
    paid: Money,
    limit: Money,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LimitCounts {
    /// All usage of the period, also what credit covers.
    Usage,
    /// Only what credit did not cover.
    Billed,
}

impl Postpaid {
    /// The tiers from the present one on, if there are any.
    fn tiers_from_now(&self, account: &AccountView) -> &[Tier] {
        let present = self.tiers.iter().rposition(|tier| tier.paid <= account.paid);
        present.map_or(&[], |present| &self.tiers[present..])
    }

    fn tier_limit(&self, account: &AccountView) -> Money {
        self.tiers_from_now(account).first().map_or(Money::MAX, |tier| tier.limit)
    }

    /// The limit in force.
    fn limit_now(&self, account: &AccountView) -> Money {
        account.spend_limit.unwrap_or(Money::MAX).min(self.tier_limit(account))
    }
}

impl Policy for Postpaid {
    fn gate(&self, account: &AccountView) -> Gate {
        let headroom = self.allowance(account);
        if !account.has_payment_method {
            Gate::Closed(Refusal::NoPaymentMethod)
        } else if headroom.is_positive() {
            Gate::Open { headroom }
        } else {
            Gate::Closed(Refusal::LimitReached)
        }
    }

    fn handle(&mut self, _: &AccountView, event: PolicyEvent) -> Vec<Command> {
        match event {
            PolicyEvent::PeriodBegan => vec![Command::Invoice(self.terms.clone())],
            // The limit follows from what has been paid and used; invoices are collected under their own terms.
            PolicyEvent::Opened
            | PolicyEvent::HeadroomUsed
            | PolicyEvent::PaymentSucceeded
            | PolicyEvent::CreditPosted
            | PolicyEvent::CreditExpired
            | PolicyEvent::TopUpDeclined { .. }
            | PolicyEvent::PurchaseFailed
            | PolicyEvent::PaymentMethodAdded
            | PolicyEvent::CardReplaced
            | PolicyEvent::DayBegan
            | PolicyEvent::AlarmRang(_) => vec![],
        }
    }

    /// What is left of the limit; where only billed usage counts, after what credit covers.
    fn allowance(&self, account: &AccountView) -> Money {
        let limit = self.limit_now(account);
        match self.counts {
            _ if limit == Money::MAX => Money::MAX,
            LimitCounts::Usage => limit - account.used_in_period,
            LimitCounts::Billed => (limit - account.billed_in_period).or_zero() + account.credit,
        }
    }

    fn lacks_to_next_limit(&self, account: &AccountView) -> Option<Money> {
        let [present, later @ ..] = self.tiers_from_now(account) else { return None };
        let customer_binds = account.spend_limit.is_some_and(|limit| limit <= present.limit);
        let rises = later.iter().any(|tier| tier.limit > present.limit);
        (!customer_binds && rises).then(|| later[0].paid - account.paid)
    }

    fn limit(&self, account: &AccountView) -> Option<Money> {
        Some(self.limit_now(account)).filter(|limit| *limit < Money::MAX)
    }

    fn is_postpaid(&self) -> bool {
        true
    }

    fn terms(&self) -> Vec<String> {
        let limits = self.tiers.iter().map(|tier| match tier.paid {
            Money::ZERO => format!("a limit of {} a month", tier.limit),
            paid => format!("of {} from {paid} paid", tier.limit),
        });
        let counts = (self.counts == LimitCounts::Billed && !self.tiers.is_empty())
            .then(|| "which counts only what credit does not cover".to_owned());
        let InvoiceTerms { minimum, due_after, retry_after, write_off_after } = &self.terms;
        ["usage beyond credit is invoiced on the first of the month".to_owned()]
            .into_iter()
            .chain(limits)
            .chain(counts)
            .chain((*minimum > Money::CENT).then(|| format!("invoices of at least {minimum}")))
            .chain((*due_after > Span::ZERO).then(|| format!("due {due_after} after their issue")))
            .chain(retry_terms(retry_after))
            .chain(write_off_after.map(|after| format!("written off {after} after the issue")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(counts: LimitCounts) -> Postpaid {
        let tiers = [(0, 50), (50, 500), (500, 5000)]
            .map(|(paid, limit)| Tier { paid: Money::dollars(paid), limit: Money::dollars(limit) });
        let terms = InvoiceTerms {
            minimum: Money::CENT,
            due_after: Span::ZERO,
            retry_after: [].into(),
            write_off_after: None,
        };
        Postpaid { tiers: tiers.into(), counts, terms }
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
            let gate = policy(LimitCounts::Usage).gate(&account);
            assert_eq!(gate, Gate::Open { headroom: Money::dollars(limit) }, "paid {paid}");
        }
    }

    #[test]
    fn a_limit_on_usage_stops_an_account_that_has_credit_left() {
        let credit = Money::dollars(20);
        let account =
            AccountView { used_in_period: Money::dollars(50), credit, balance: credit, ..account() };
        assert_eq!(policy(LimitCounts::Usage).gate(&account), Gate::Closed(Refusal::LimitReached));
        assert_eq!(policy(LimitCounts::Billed).gate(&account), Gate::Open { headroom: Money::dollars(70) });
    }

    #[test]
    fn a_limit_on_what_is_billed_lets_credit_be_used_beyond_it() {
        let account = AccountView { billed_in_period: Money::dollars(51), ..account() };
        assert_eq!(policy(LimitCounts::Billed).gate(&account), Gate::Closed(Refusal::LimitReached));
        let account = AccountView { credit: Money::dollars(2), balance: Money::dollars(2), ..account };
        assert_eq!(policy(LimitCounts::Billed).gate(&account), Gate::Open { headroom: Money::dollars(2) });
    }

    #[test]
    fn the_customers_own_limit_binds_where_it_is_lower() {
        let account = |limit| AccountView { spend_limit: Some(Money::dollars(limit)), ..account() };
        assert_eq!(
            policy(LimitCounts::Usage).gate(&account(30)),
            Gate::Open { headroom: Money::dollars(30) }
        );
        assert_eq!(
            policy(LimitCounts::Usage).gate(&account(80)),
            Gate::Open { headroom: Money::dollars(50) }
        );
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
        assert_eq!(policy.gate(&account()), Gate::Open { headroom: Money::MAX });
        let limited = AccountView { spend_limit: Some(Money::dollars(1)), ..account() };
        assert_eq!(policy.gate(&limited), Gate::Open { headroom: Money::dollars(1) });
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
