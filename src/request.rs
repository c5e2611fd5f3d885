//! Requests: what a client asks for, and what a gate that refuses it answers.

use crate::money::Money;
use crate::time::Time;

/// A request, as it is handled one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it arrived.
    pub arrived: Time,
    /// What it uses.
    pub usage: Usage,
    /// What that costs.
    pub cost: Money,
}

/// What one request uses: tokens of one model of the price list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Index into the price list.
    pub model: u16,
    /// Prompt tokens, cached ones included.
    pub prompt: u32,
    /// Of the prompt, the tokens that were cached; at most `prompt`.
    pub cached: u32,
    /// Output tokens.
    pub output: u32,
}

impl Usage {
    /// Prompt and output tokens.
    pub fn tokens(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.output)
    }
}

/// Why a gate refuses a request, in the order in which the reasons are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The account is closed (403).
    Closed,
    /// The trial or the credit is used up, or usage is post-paid, and no payment method is on file (402).
    NoPaymentMethod,
    /// An invoice stayed unpaid (403).
    PastDue,
    /// The post-paid limit of this period is used up (402).
    LimitReached,
    /// No credit, and only a monthly budget prevents buying more (402).
    BudgetReached,
    /// The prepaid balance is used up (402).
    NoCredit,
    /// Over the request or token rate (429).
    RateLimited,
    /// The cost that the gate must assume does not fit what is left (402).
    OnHold,
}

impl Refusal {
    /// Every reason, in the order in which they are tested.
    pub const ALL: [Refusal; 8] = [
        Refusal::Closed,
        Refusal::NoPaymentMethod,
        Refusal::PastDue,
        Refusal::LimitReached,
        Refusal::BudgetReached,
        Refusal::NoCredit,
        Refusal::RateLimited,
        Refusal::OnHold,
    ];

    /// The name used in output files.
    pub const fn name(self) -> &'static str {
        match self {
            Refusal::Closed => "closed",
            Refusal::NoPaymentMethod => "no_payment_method",
            Refusal::PastDue => "past_due",
            Refusal::LimitReached => "limit_reached",
            Refusal::BudgetReached => "budget_reached",
            Refusal::NoCredit => "no_credit",
            Refusal::RateLimited => "rate_limited",
            Refusal::OnHold => "on_hold",
        }
    }

    /// The reason of that name.
    pub fn named(name: &str) -> Option<Refusal> {
        Refusal::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The HTTP status code that the client sees, unless the policy says otherwise.
    pub const fn http_status(self) -> u16 {
        match self {
            Refusal::Closed | Refusal::PastDue => 403,
            Refusal::RateLimited => 429,
            Refusal::NoPaymentMethod
            | Refusal::LimitReached
            | Refusal::BudgetReached
            | Refusal::NoCredit
            | Refusal::OnHold => 402,
        }
    }
}
