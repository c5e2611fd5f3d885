//! An account as its policy sees it.

use crate::money::Money;
use crate::time::Time;

/// What is known of an account now: balances, purchases, whether a payment method is on file. A policy decides from
/// this alone and keeps no balance of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// The present instant.
    pub now: Time,
    /// Promotional and paid credit, less the receivable that is not invoiced.
    pub balance: Money,
    /// Promotional and paid credit.
    pub credit: Money,
    /// Owed for usage beyond credit, not invoiced yet.
    pub uninvoiced: Money,
    /// Whether a payment method is on file (a card that has expired still is).
    pub has_payment_method: bool,
    /// All that the account has ever paid, for credit and invoices.
    pub paid: Money,
    /// When its first payment succeeded.
    pub first_paid_at: Option<Time>,
    /// The last instant at which a timer of its policy has rung, or at which it came under that. At an instant timers come
    /// after what settles at it.
    pub timers_rang_at: Time,
    /// Whether a purchase of any kind is under way: attempted, and neither posted nor finally declined.
    pub purchase_under_way: bool,
    /// Purchases of this period, of every kind, succeeded or under way, by their first attempt.
    pub purchased_in_period: Money,
    /// How many such purchases belong to this day.
    pub purchases_today: u32,
    /// Usage settled in this period, also what credit covered, since the account came under its policy.
    pub used_in_period: Money,
    /// Usage of this period beyond credit, less what posted credit paid of it before it was invoiced.
    pub billed_in_period: Money,
    /// Usage beyond credit since the signup: all that was ever added to the receivable.
    pub billed_ever: Money,
    /// What the customer is willing to pay in a period, for purchases and for usage each.
    pub spend_limit: Option<Money>,
    /// Whether what is left does not cover what a request must hold: as good as used up.
    pub is_short: bool,
}

impl AccountView {
    /// Whether there is a balance that requests can use.
    pub fn has_money(&self) -> bool {
        self.balance.is_positive() && !self.is_short
    }
}
