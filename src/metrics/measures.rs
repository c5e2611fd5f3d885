//! Every measure: its name, what people call it, which way it is better, what it means, and how it follows from what is
//! counted.

use super::measure::{Better, Context, Measure, Quantity, Unit};
use super::spread::{AccountFigure, Rank};
use super::{Flow, Flows};
use crate::money::Total;
use crate::request::Refusal;

const HIGHER: Option<Better> = Some(Better::Higher);
const LOWER: Option<Better> = Some(Better::Lower);
const NEITHER: Option<Better> = None;

fn count(value: i128) -> Quantity {
    Quantity::Count(value)
}

fn usd(nanos: i128) -> Quantity {
    Quantity::Usd(Total::from_nanos(nanos))
}

fn serving_cost(flows: &Flows, context: &Context) -> Total {
    Total::from_nanos(flows[Flow::Usage]) * context.serving_cost
}

fn mean(area: i128, context: &Context) -> Quantity {
    Quantity::Usd(Total::from_nanos(area).divided_by(context.measured_micros))
}

/// Every measure, in the order of the columns.
pub const MEASURES: &[Measure] = &[
    Measure::daily(
        Unit::Count,
        "accounts",
        "accounts",
        NEITHER,
        "accounts that signed up by the horizon, warm-up or not",
        |f, _| count(f[Flow::Accounts]),
    ),
    Measure::daily(
        Unit::Count,
        "requests",
        "requests",
        NEITHER,
        "demand: requests that customers sent",
        |f, _| count(f[Flow::Requests]),
    ),
    Measure::daily(Unit::Count, "served", "served requests", HIGHER, "requests served", |f, _| {
        count(f[Flow::Served])
    }),
    Measure::daily(Unit::Count, "lost", "lost requests", LOWER, "requests never served", |f, _| {
        count(f[Flow::Requests] - f[Flow::Served])
    }),
    Measure::daily(Unit::Count, "attempts", "tries", NEITHER, "tries of clients", |f, _| {
        count(f[Flow::Attempts])
    }),
    Measure::daily(Unit::Count, "refusals", "refused tries", LOWER, "tries refused", |f, _| {
        count(f.refusals())
    }),
    Measure::daily(
        Unit::Count,
        "refused_closed",
        "refused: account closed",
        LOWER,
        "tries refused: account closed (403)",
        |f, _| count(f.refused(Refusal::Closed)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_no_payment_method",
        "refused: no payment method",
        LOWER,
        "tries refused: trial or credit used up, or post-paid, and no payment method on file (402)",
        |f, _| count(f.refused(Refusal::NoPaymentMethod)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_past_due",
        "refused: past due",
        LOWER,
        "tries refused: an invoice stayed unpaid (403)",
        |f, _| count(f.refused(Refusal::PastDue)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_limit_reached",
        "refused: limit reached",
        LOWER,
        "tries refused: post-paid limit used up (402)",
        |f, _| count(f.refused(Refusal::LimitReached)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_budget_reached",
        "refused: budget reached",
        LOWER,
        "tries refused: no credit, and only a monthly budget prevents buying more (402)",
        |f, _| count(f.refused(Refusal::BudgetReached)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_no_credit",
        "refused: no credit",
        LOWER,
        "tries refused: prepaid balance used up (402)",
        |f, _| count(f.refused(Refusal::NoCredit)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_rate_limited",
        "refused: rate limited",
        LOWER,
        "tries refused: over a rate limit (429)",
        |f, _| count(f.refused(Refusal::RateLimited)),
    ),
    Measure::daily(
        Unit::Count,
        "refused_on_hold",
        "refused: on hold",
        LOWER,
        "tries refused: what is left does not cover the assumed cost (402)",
        |f, _| count(f.refused(Refusal::OnHold)),
    ),
    Measure::daily(
        Unit::Count,
        "churned_requests",
        "requests missed by churn",
        LOWER,
        "requests that churned customers would have sent (not demand)",
        |f, _| count(f[Flow::ChurnedRequests]),
    ),
    Measure::daily(
        Unit::Usd,
        "churned_usage_usd",
        "usage missed by churn",
        LOWER,
        "their list price",
        |f, _| usd(f[Flow::ChurnedUsage]),
    ),
    Measure::daily(Unit::Usd, "usage_usd", "usage", HIGHER, "served usage at list price", |f, _| {
        usd(f[Flow::Usage])
    }),
    Measure::daily(
        Unit::Usd,
        "promotional_usd",
        "promotional usage",
        NEITHER,
        "of the usage, what promotional credit paid",
        |f, _| usd(f[Flow::Promotional]),
    ),
    Measure::daily(
        Unit::Usd,
        "net_revenue_usd",
        "net revenue",
        HIGHER,
        "usage less what promotional credit paid",
        |f, _| usd(f.net_revenue()),
    ),
    Measure::daily(
        Unit::Usd,
        "lost_usage_usd",
        "lost usage",
        LOWER,
        "list price of lost requests",
        |f, _| usd(f[Flow::LostUsage]),
    ),
    Measure::daily(Unit::Usd, "cash_in_usd", "cash in", HIGHER, "successful payments", |f, _| {
        usd(f[Flow::CashIn])
    }),
    Measure::daily(Unit::Usd, "fees_usd", "fees", LOWER, "fees of the processor and for disputes", |f, _| {
        usd(f[Flow::Fees])
    }),
    Measure::daily(
        Unit::Usd,
        "disputes_usd",
        "disputes",
        LOWER,
        "money returned in disputes, net of credit taken back",
        |f, _| usd(f[Flow::Disputes]),
    ),
    Measure::daily(Unit::Usd, "bad_debt_usd", "bad debt", LOWER, "receivables written off", |f, _| {
        usd(f[Flow::BadDebt])
    }),
    Measure::daily(Unit::Usd, "breakage_usd", "breakage", NEITHER, "paid credit that lapsed", |f, _| {
        usd(f[Flow::Breakage])
    }),
    Measure::daily(
        Unit::Usd,
        "net_cash_usd",
        "net cash",
        HIGHER,
        "cash in, less fees and money returned in disputes",
        |f, _| usd(f.net_cash()),
    ),
    Measure::daily(
        Unit::Usd,
        "serving_cost_usd",
        "serving cost",
        NEITHER,
        "usage times the platform's serving cost",
        |f, c| Quantity::Usd(serving_cost(f, c)),
    ),
    Measure::daily(
        Unit::Usd,
        "contribution_usd",
        "contribution",
        HIGHER,
        "net revenue and breakage, less serving cost, fees, disputes and bad debt",
        |f, c| {
            let gain = f[Flow::Usage] - f[Flow::Promotional] + f[Flow::Breakage];
            let loss = f[Flow::Fees] + f[Flow::Disputes] + f[Flow::BadDebt];
            Quantity::Usd(Total::from_nanos(gain - loss) - serving_cost(f, c))
        },
    ),
    Measure::level(
        "credit_end_usd",
        "credit at the end",
        NEITHER,
        "paid credit owed to customers at the end of the run-off",
        |t, _| usd(t.balances.credit_end),
    ),
    Measure::level(
        "receivable_end_usd",
        "receivable at the end",
        LOWER,
        "owed by customers at the end of the run-off",
        |t, _| usd(t.balances.receivable_end),
    ),
    Measure::level(
        "overdue_end_usd",
        "overdue at the end",
        LOWER,
        "of the receivable at the end, what is on invoices that had a final decline",
        |t, _| usd(t.balances.overdue_end),
    ),
    Measure::level(
        "credit_mean_usd",
        "float",
        HIGHER,
        "float: paid credit, averaged from warm-up to horizon",
        |t, c| mean(t.balances.credit_area, c),
    ),
    Measure::level(
        "receivable_mean_usd",
        "money lent",
        LOWER,
        "money lent: the receivable, averaged from warm-up to horizon",
        |t, c| mean(t.balances.receivable_area, c),
    ),
    Measure::daily(
        Unit::Usd,
        "overshoot_usd",
        "overshoot",
        LOWER,
        "usage that the policy meant to prevent",
        |f, _| usd(f[Flow::Overshoot]),
    ),
    Measure::daily(
        Unit::Usd,
        "overshoot_lag_usd",
        "overshoot by lag",
        LOWER,
        "of it, from requests admitted when usage that had ended left nothing, but was not settled or not looked at",
        |f, _| usd(f[Flow::OvershootByLag]),
    ),
    Measure::daily(
        Unit::Usd,
        "overshoot_in_flight_usd",
        "overshoot in flight",
        LOWER,
        "of it, from requests admitted when what was left would not have covered those that were running",
        |f, _| usd(f[Flow::OvershootInFlight]),
    ),
    Measure::daily(
        Unit::Usd,
        "overshoot_last_request_usd",
        "overshoot of last requests",
        LOWER,
        "of it, from requests admitted when something was left: only their own cost was not known",
        |f, _| usd(f[Flow::Overshoot] - f[Flow::OvershootByLag] - f[Flow::OvershootInFlight]),
    ),
    Measure::daily(Unit::Count, "payments", "payments", NEITHER, "results of payments", |f, _| {
        count(f[Flow::Payments])
    }),
    Measure::daily(
        Unit::Count,
        "payments_declined",
        "declined payments",
        LOWER,
        "of them, declined",
        |f, _| count(f[Flow::PaymentsDeclined]),
    ),
    Measure::daily(
        Unit::Count,
        "top_ups",
        "top-ups",
        NEITHER,
        "successful purchases by automatic top-up",
        |f, _| count(f[Flow::TopUps]),
    ),
    Measure::daily(
        Unit::Count,
        "manual_purchases",
        "manual purchases",
        NEITHER,
        "all other successful purchases",
        |f, _| count(f[Flow::ManualPurchases]),
    ),
    Measure::daily(Unit::Count, "invoices", "invoices", NEITHER, "invoices issued", |f, _| {
        count(f[Flow::Invoices])
    }),
    Measure::daily(Unit::Count, "invoices_paid", "paid invoices", NEITHER, "invoices paid", |f, _| {
        count(f[Flow::InvoicesPaid])
    }),
    Measure::daily(
        Unit::Count,
        "invoices_written_off",
        "invoices written off",
        LOWER,
        "invoices written off",
        |f, _| count(f[Flow::InvoicesWrittenOff]),
    ),
    Measure::daily(Unit::Count, "stops", "stops", LOWER, "times that an account was stopped", |f, _| {
        count(f[Flow::Stops])
    }),
    Measure::daily(
        Unit::Seconds,
        "stopped_seconds",
        "stopped time",
        LOWER,
        "account time stopped, until churn, closure or the horizon",
        |f, _| Quantity::Micros(f[Flow::StoppedMicros]),
    ),
    Measure::daily(
        Unit::Share,
        "active_share",
        "active time",
        HIGHER,
        "share of account time not stopped (1 where there is none)",
        |f, _| Quantity::Ratio(f[Flow::AccountMicros] - f[Flow::StoppedMicros], f[Flow::AccountMicros], 1.0),
    ),
    Measure::daily(
        Unit::Count,
        "accounts_activated",
        "activated accounts",
        HIGHER,
        "accounts that had a request served",
        |f, _| count(f[Flow::AccountsActivated]),
    ),
    Measure::daily(
        Unit::Count,
        "accounts_stopped",
        "stopped accounts",
        LOWER,
        "accounts ever stopped",
        |f, _| count(f[Flow::AccountsStopped]),
    ),
    Measure::daily(
        Unit::Count,
        "accounts_churned",
        "churned accounts",
        LOWER,
        "accounts whose customer left",
        |f, _| count(f[Flow::AccountsChurned]),
    ),
    Measure::daily(Unit::Count, "accounts_closed", "closed accounts", LOWER, "accounts closed", |f, _| {
        count(f[Flow::AccountsClosed])
    }),
    Measure::daily(
        Unit::Count,
        "accounts_converted",
        "converted accounts",
        HIGHER,
        "accounts that moved on from a trial",
        |f, _| count(f[Flow::AccountsConverted]),
    ),
    Measure::daily(
        Unit::Share,
        "refused_share",
        "refused tries",
        LOWER,
        "share of tries refused (0 where there is none)",
        |f, _| Quantity::Ratio(f.refusals(), f[Flow::Attempts], 0.0),
    ),
    Measure::daily(
        Unit::Share,
        "lost_share",
        "lost requests",
        LOWER,
        "share of requests lost (0 where there is none)",
        |f, _| Quantity::Ratio(f[Flow::Requests] - f[Flow::Served], f[Flow::Requests], 0.0),
    ),
    Measure::share_of_accounts(
        "stopped_share",
        "stopped accounts",
        LOWER,
        "share of accounts ever stopped (0 where there is none)",
        Flow::AccountsStopped,
    ),
    Measure::share_of_accounts(
        "churned_share",
        "churned accounts",
        LOWER,
        "share of accounts whose customer left (0 where there is none)",
        Flow::AccountsChurned,
    ),
    Measure::quantile(
        "overshoot_p50_usd",
        "overshoot, median account",
        "overshoot of an account: half of the accounts have at most this",
        AccountFigure::Overshoot,
        Rank::P50,
    ),
    Measure::quantile(
        "overshoot_p90_usd",
        "overshoot, 9 of 10 accounts",
        "overshoot of an account: nine accounts of ten have at most this",
        AccountFigure::Overshoot,
        Rank::P90,
    ),
    Measure::quantile(
        "overshoot_p99_usd",
        "overshoot, 99 of 100 accounts",
        "overshoot of an account: 99 accounts of a hundred have at most this",
        AccountFigure::Overshoot,
        Rank::P99,
    ),
    Measure::quantile(
        "overshoot_max_usd",
        "overshoot, worst account",
        "overshoot of an account: the account that has most has this",
        AccountFigure::Overshoot,
        Rank::Max,
    ),
    Measure::quantile(
        "stopped_p50_seconds",
        "stopped time, median account",
        "stopped time of an account: half of the accounts have at most this",
        AccountFigure::Stopped,
        Rank::P50,
    ),
    Measure::quantile(
        "stopped_p90_seconds",
        "stopped time, 9 of 10 accounts",
        "stopped time of an account: nine accounts of ten have at most this",
        AccountFigure::Stopped,
        Rank::P90,
    ),
    Measure::quantile(
        "stopped_p99_seconds",
        "stopped time, 99 of 100 accounts",
        "stopped time of an account: 99 accounts of a hundred have at most this",
        AccountFigure::Stopped,
        Rank::P99,
    ),
    Measure::quantile(
        "stopped_max_seconds",
        "stopped time, worst account",
        "stopped time of an account: the account that has most has this",
        AccountFigure::Stopped,
        Rank::Max,
    ),
    Measure::quantile(
        "debt_p50_usd",
        "debt, median account",
        "what an account owes at the end, and what of it was written off: half of the accounts have at most this",
        AccountFigure::Debt,
        Rank::P50,
    ),
    Measure::quantile(
        "debt_p90_usd",
        "debt, 9 of 10 accounts",
        "what an account owes at the end, and what of it was written off: nine accounts of ten have at most this",
        AccountFigure::Debt,
        Rank::P90,
    ),
    Measure::quantile(
        "debt_p99_usd",
        "debt, 99 of 100 accounts",
        "what an account owes at the end, and what of it was written off: 99 accounts of a hundred have at most this",
        AccountFigure::Debt,
        Rank::P99,
    ),
    Measure::quantile(
        "debt_max_usd",
        "debt, worst account",
        "what an account owes at the end, and what of it was written off: the account that has most has this",
        AccountFigure::Debt,
        Rank::Max,
    ),
    Measure::quantile(
        "lost_share_p50",
        "lost requests, median account",
        "share of an account's requests lost: half of the accounts have at most this",
        AccountFigure::LostShare,
        Rank::P50,
    ),
    Measure::quantile(
        "lost_share_p90",
        "lost requests, 9 of 10 accounts",
        "share of an account's requests lost: nine accounts of ten have at most this",
        AccountFigure::LostShare,
        Rank::P90,
    ),
    Measure::quantile(
        "lost_share_p99",
        "lost requests, 99 of 100 accounts",
        "share of an account's requests lost: 99 accounts of a hundred have at most this",
        AccountFigure::LostShare,
        Rank::P99,
    ),
    Measure::quantile(
        "lost_share_max",
        "lost requests, worst account",
        "share of an account's requests lost: the account that has most has this",
        AccountFigure::LostShare,
        Rank::Max,
    ),
];

/// The measures that tell policies apart at a glance, in the order in which they are shown.
pub const HEADLINES: [&str; 11] = [
    "contribution_usd",
    "net_revenue_usd",
    "net_cash_usd",
    "bad_debt_usd",
    "credit_mean_usd",
    "receivable_mean_usd",
    "overshoot_usd",
    "fees_usd",
    "lost_share",
    "active_share",
    "churned_share",
];
