//! Billing policies: the trait, what it is told, what it may command, and one file for each policy.
//!
//! A policy is a state machine for one account. It is told what happened and answers with small data; it sees neither
//! the engine nor the books, neither random numbers nor another account. Between two things worth telling it is not
//! asked at all: it states its [`Gate`] and how much usage it leaves room for, and the engine runs through all requests
//! of that span in one go.

pub mod auto_topup;
pub mod common;
pub mod postpaid;
pub mod prepaid_pause;
pub mod presets;
pub mod trial;

use crate::account::AccountView;
use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Charge, Key, Keys, Table, TableKey, did_you_mean};
use crate::money::Money;
use crate::request::Refusal;
use crate::time::{Span, Time};
use common::CommonTerms;
use jiff::civil::Date;
use std::sync::Arc;

/// The rules for one account. `account` is what is known of it now: a policy keeps no balance of its own.
///
/// Only [`gate`](Policy::gate) and [`handle`](Policy::handle) have to be written, the rest is for policies with more
/// to say: on limits, purchases and debt. A policy is `Clone`, as each account has its own.
///
/// What it states holds until it is told something, but for the usage that settles meanwhile:
/// [`remaining`](Policy::remaining), [`headroom`](Policy::headroom) and [`allowance`](Policy::allowance) are taken to
/// fall by its cost, and no faster.
///
/// ```
/// use billsim::account::AccountView;
/// use billsim::money::Money;
/// use billsim::policy::{Command, Gate, Grant, Policy, PolicyEvent};
/// use billsim::request::Refusal;
///
/// /// A dollar's worth of usage each month for nothing, and no more.
/// #[derive(Clone)]
/// struct FreeTier;
///
/// impl Policy for FreeTier {
///     fn gate(&self, account: &AccountView) -> Gate {
///         match self.remaining(account) {
///             left if left.is_positive() => Gate::Open,
///             _ => Gate::Closed(Refusal::LimitReached),
///         }
///     }
///
///     fn remaining(&self, account: &AccountView) -> Money {
///         Money::dollars(1) - account.used_in_period
///     }
///
///     fn handle(&mut self, _: &AccountView, event: PolicyEvent) -> Vec<Command> {
///         match event {
///             PolicyEvent::Opened | PolicyEvent::PeriodBegan => {
///                 vec![Command::GrantCredit(Grant { amount: Money::dollars(1), expires_after: None })]
///             }
///             _ => vec![],
///         }
///     }
/// }
///
/// let account = AccountView { used_in_period: Money::cents(99), ..AccountView::default() };
/// assert_eq!(FreeTier.gate(&account), Gate::Open);
/// assert_eq!(FreeTier.headroom(&account), Money::CENT);
/// ```
///
/// The example `own_policy` registers one under a name for scenarios, with parameters.
pub trait Policy: ForNewAccount + Send + Sync {
    /// What the gate does from now until the policy is told something.
    fn gate(&self, account: &AccountView) -> Gate;

    /// Something happened to the account; the answers are carried out in order.
    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command>;

    /// The money that usage may still take: by default the balance. Alerts and holds look at it.
    fn remaining(&self, account: &AccountView) -> Money {
        account.balance
    }

    /// How much usage the policy lets settle before it wants to be told [`PolicyEvent::HeadroomUsed`], whether its
    /// gate is open or not: more than zero, [`Money::MAX`] for never. At the latest where the gate would close. By
    /// default what remains.
    fn headroom(&self, account: &AccountView) -> Money {
        positive_or_never(self.remaining(account))
    }

    /// How much usage may still settle before it is usage that the policy meant to prevent; zero or less where all
    /// of it is. By default what remains.
    fn allowance(&self, account: &AccountView) -> Money {
        self.remaining(account)
    }

    /// What is bought when an account comes under the policy, and when a payment method is added in a stop: `None`
    /// where the policy is not a prepaid one, zero where it is left to the customer.
    fn initial_purchase(&self) -> Option<Money> {
        None
    }

    /// Under a limit that is reached: what lacks to a higher one, or `None` where paying does not raise it.
    fn lacks_to_next_limit(&self, _account: &AccountView) -> Option<Money> {
        None
    }

    /// The limit of usage in a period, where there is one.
    fn limit(&self, _account: &AccountView) -> Option<Money> {
        None
    }

    /// Whether usage beyond credit is invoiced rather than a debt by accident.
    fn is_postpaid(&self) -> bool {
        false
    }

    /// The balance at or below which credit is bought automatically, where it is.
    fn threshold(&self) -> Option<Money> {
        None
    }

    /// What it moves accounts to when it ends, where it does.
    fn successor(&self) -> Option<&Plan> {
        None
    }

    /// The rules with their figures, as a customer would be told: clauses, each of which can stand alone.
    fn terms(&self) -> Vec<String> {
        vec![]
    }
}

/// Gives each account a policy of its own. Every policy that is [`Clone`] has it.
pub trait ForNewAccount {
    /// The same rules for another account that begins.
    fn for_new_account(&self) -> Box<dyn Policy>;
}

impl<P: Policy + Clone + 'static> ForNewAccount for P {
    fn for_new_account(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

/// What a policy does with arriving requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Requests run.
    Open,
    /// Every request is refused.
    Closed(Refusal),
}

/// The gate of a prepaid policy whose credit is used up.
pub fn closed_without_credit(account: &AccountView) -> Gate {
    Gate::Closed(if account.has_payment_method { Refusal::NoCredit } else { Refusal::NoPaymentMethod })
}

/// A headroom of an amount; never to be told where it is used up already.
pub fn positive_or_never(amount: Money) -> Money {
    if amount.is_positive() { amount } else { Money::MAX }
}

/// What a prepaid policy sells at first.
pub const INITIAL_PURCHASE: Key<Charge> = Key::with_default(
    "initial_purchase",
    "0.00",
    "credit bought at signup by an account with a payment method, in dollars, whole cents (0: none)",
);

/// When a payment that was declined softly is tried again.
pub const RETRY_AFTER: Key<Vec<Span>> = Key::with_default(
    "retry_after",
    "[]",
    "waits after each soft decline before the payment is tried again; after the last one it has failed",
);

/// The clause on what is bought at signup or at a move, where something is.
fn initial_purchase_terms(amount: Money) -> Option<String> {
    let clause = || format!("an account with a payment method begins by buying {amount:#} of credit");
    amount.is_positive().then(clause)
}

/// Waits after each other, where there are any: `1 hour, then 3 hours`.
fn waits(waits: &[Span]) -> Option<String> {
    let runs = waits.chunk_by(|wait, next| wait == next).map(|run| match run {
        [wait] => format!("{wait:#}"),
        _ => format!("{:#} ({} times)", run[0], run.len()),
    });
    let runs: Vec<String> = runs.collect();
    (!runs.is_empty()).then(|| runs.join(", then "))
}

/// What a policy is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyEvent {
    /// The account came under this policy: at signup, or by a move.
    Opened,
    /// Usage of the stated headroom has settled.
    HeadroomUsed,
    /// A payment of any kind succeeded.
    PaymentSucceeded,
    /// Bought credit became balance.
    CreditPosted,
    /// Credit expired or lapsed.
    CreditExpired,
    /// A request's hold was more than what is left, with no other in the way: the money is as good as used up
    /// ([`AccountView::is_short`]).
    RanShort,
    /// A top-up was declined, the n-th time in a row for the same one (n from 1).
    TopUpDeclined {
        /// Whether for good.
        hard: bool,
        /// How often the same top-up has been declined by now.
        times: usize,
    },
    /// A purchase other than a top-up was declined and will not be tried again, or was not made at all.
    PurchaseFailed,
    /// A payment method was put on file.
    PaymentMethodAdded,
    /// The card on file was replaced.
    CardReplaced,
    /// A new UTC day began; only told after [`Command::LookAgainNextDay`].
    DayBegan,
    /// A new period began.
    PeriodBegan,
    /// A time asked for with [`Command::WakeAt`] has come.
    AlarmRang(Alarm),
}

/// A policy's own name for a time that it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm(pub u32);

/// What a policy may have done.
pub enum Command {
    /// Buy credit at signup or at a move. While it is under way and nothing else is left, an account that would be
    /// refused as out of credit is not open, rather than stopped.
    BuyInitial(Money),
    /// Buy credit by automatic top-up.
    TopUp(Money),
    /// Try the top-up that was just declined again, after this time.
    RetryTopUp(Span),
    /// Give the declined top-up up, and ask the customer to replace the card.
    AskForNewCard,
    /// Make the uninvoiced receivable an invoice, and collect it under these terms.
    Invoice(InvoiceTerms),
    /// Grant promotional credit.
    GrantCredit(Grant),
    /// Tell [`PolicyEvent::AlarmRang`] at a time.
    WakeAt(Time, Alarm),
    /// Tell [`PolicyEvent::DayBegan`] when the next UTC day begins.
    LookAgainNextDay,
    /// Move the account to another policy.
    BecomePolicy {
        /// What it is billed by from now on.
        plan: Plan,
        /// Whether the account counts as converted: whether a trial ends.
        converts: bool,
    },
    /// Close the account: write off what it owes.
    Close,
}

/// Promotional credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How much.
    pub amount: Money,
    /// How long it lasts; `None`: for ever.
    pub expires_after: Option<Span>,
}

/// How invoices are issued and collected. An invoice keeps the terms it was issued with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceTerms {
    /// The least that is invoiced; what is below is carried over.
    pub minimum: Money,
    /// From its issue to the first attempt at payment.
    pub due_after: Span,
    /// From each soft decline to the next attempt.
    pub retry_after: Arc<[Span]>,
    /// From its issue until an unpaid invoice closes the account; `None`: never.
    pub write_off_after: Option<Span>,
}

/// What an account is billed by: the rules of a kind of policy, and the terms that every kind may have.
#[derive(Clone)]
pub struct Plan {
    /// The name of its kind.
    pub kind: &'static str,
    /// The rules.
    pub policy: Arc<dyn Policy>,
    /// The terms beside them.
    pub terms: Arc<CommonTerms>,
}

impl Plan {
    /// The rules and the terms with their figures, as clauses, each of which can stand alone.
    pub fn clauses(&self) -> Vec<String> {
        self.policy.terms().into_iter().chain(self.terms.clauses()).collect()
    }
}

/// A policy of a scenario, under a name.
#[derive(Clone)]
pub struct PolicyPlan {
    /// Its name in the scenario.
    pub name: String,
    /// What accounts are billed by.
    pub plan: Plan,
    /// What they are billed by from a date on, where that is to change.
    pub switch: Option<Switch>,
}

impl PolicyPlan {
    /// All that its accounts may come to be billed by.
    pub fn all_plans(&self) -> impl Iterator<Item = &Plan> {
        let first = [Some(&self.plan), self.switch.as_ref().map(|switch| &switch.to)];
        first.into_iter().flatten().flat_map(|plan| [Some(plan), plan.policy.successor()]).flatten()
    }
}

/// A change of policy at a date.
#[derive(Clone)]
pub struct Switch {
    /// The civil date (UTC) on which it happens, at 00:00.
    pub at: Date,
    /// What follows; who signs up at that date or later starts under it.
    pub to: Plan,
    /// Whether those who signed up before keep what they have.
    pub grandfather: bool,
}

/// A kind of policy that a scenario can name; [`Kinds::with`] registers it.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The name in scenarios.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Its rules, as a customer would be told.
    pub rules: &'static str,
    /// Its parameters: what a policy of this kind may hold beside [`common::KEYS`].
    pub keys: Keys,
    /// Reads them, each one; `None` where one is at fault (the table has noted it).
    pub read: fn(&mut Table<'_>, &Kinds) -> Option<Box<dyn Policy>>,
}

/// The kinds of policy that scenarios may name.
#[derive(Clone)]
pub struct Kinds(Vec<Kind>);

impl Kinds {
    /// The kinds that this crate brings. This list is where a name in a scenario meets a file.
    pub fn built_in() -> Kinds {
        Kinds(vec![prepaid_pause::KIND, auto_topup::KIND, postpaid::KIND, trial::KIND])
    }

    /// These kinds and one more.
    ///
    /// # Panics
    /// If a kind of that name is there already.
    #[must_use]
    pub fn with(mut self, kind: Kind) -> Kinds {
        assert!(self.named(kind.name).is_none(), "a policy kind `{}` is registered already", kind.name);
        self.0.push(kind);
        self
    }

    /// The kind of that name.
    pub fn named(&self, name: &str) -> Option<&Kind> {
        self.0.iter().find(|kind| kind.name == name)
    }

    /// All kinds, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }

    /// Reads what accounts are billed by, from a `[[policy]]` of a scenario: the `kind`, its parameters, and the common
    /// terms, or a preset for all that it does not give itself.
    pub fn read(&self, table: &mut Table<'_>) -> Option<Plan> {
        table.extend(common::KEYS);
        if presets::apply(table).is_none() {
            table.leave_rest();
            return None;
        }
        let names: Vec<&str> = self.iter().map(|kind| kind.name).collect();
        let name = table.read(&common::KIND);
        let Some(kind) = name.as_deref().and_then(|name| self.named(name)) else {
            if let Some(name) = name {
                let wrong = format!("there is no policy kind \"{name}\"");
                table.fault(common::KIND.name, wrong, &format!("use one of {}", names.join(", ")));
            } else if let Some((key, meant)) = table.keys().into_iter().find_map(meant_for_kind) {
                table.fault(key, format!("unknown key `{key}`"), &format!("did you mean `{meant}`?"));
            }
            table.leave_rest();
            return None;
        };
        table.extend(kind.keys);
        let terms = CommonTerms::read(table);
        let policy = (kind.read)(table, self)?;
        if policy.threshold().is_some() {
            terms.check_lapse_before_top_up(table);
        }
        Some(Plan { kind: kind.name, policy: policy.into(), terms: terms.into() })
    }

    /// Reads the policy that another one moves accounts to: no trial, as an account begins with one or not at all.
    pub fn read_successor(&self, successor: &mut Table<'_>) -> Option<Plan> {
        if successor.has(common::SWITCH.name) {
            successor.ignore(common::SWITCH.name);
            let wrong = "a policy that follows another one cannot switch to a third";
            successor.fault(common::SWITCH.name, wrong, "leave `switch` out");
        }
        let plan = self.read(successor)?;
        if plan.kind == trial::KIND.name {
            let wrong = "a trial cannot follow another policy".to_owned();
            successor.fault(common::KIND.name, wrong, "let another kind of policy follow");
        }
        Some(plan)
    }

    /// The schema of policies of these kinds, which may hold these keys as well. That of policies which follow another
    /// one is defined with it.
    pub fn schema(&self, also: Keys, definitions: &mut Definitions) -> Schema {
        definitions.define(SUCCESSOR, |definitions| {
            let kinds = self.iter().filter(|kind| kind.name != trial::KIND.name);
            of_kinds(&[], kinds, definitions)
        });
        of_kinds(also, self.iter(), definitions)
    }
}

/// The name that the schema of a successor is defined under.
const SUCCESSOR: &str = "successor";

/// A key with a table that is the policy which another one moves accounts to.
pub(crate) const fn successor(name: &'static str, hint: &'static str, meaning: &'static str) -> TableKey {
    TableKey::required(name, &[], hint, meaning).defined_as(SUCCESSOR)
}

fn of_kinds<'k>(also: Keys, kinds: impl Iterator<Item = &'k Kind>, definitions: &mut Definitions) -> Schema {
    let kinds = kinds.map(|kind| (kind.name, kind.keys, presets::of_kind(kind.name)));
    let (tells, stands_on) = (common::KIND.name, presets::PRESET.name);
    schema::OfKinds { common: &[also, common::KEYS], tells, stands_on, kinds: kinds.collect() }
        .schema(definitions)
}

/// A key that may be a misspelt one of those that say the kind, and that one.
fn meant_for_kind(key: &str) -> Option<(&str, &'static str)> {
    let says_kind = [common::KIND.name, presets::PRESET.name];
    let meant = did_you_mean(key, says_kind.into_iter()).filter(|_| !says_kind.contains(&key))?;
    Some((key, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_waits_in_a_row_are_counted() {
        let after = |hours: &[i64]| waits(&hours.iter().copied().map(Span::hours).collect::<Vec<Span>>());
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[1; 168]).as_deref(), Some("1 hour (168 times)"));
        assert_eq!(
            after(&[24, 72, 24, 24, 24, 1]).as_deref(),
            Some("1 day, then 3 days, then 1 day (3 times), then 1 hour")
        );
    }
}
