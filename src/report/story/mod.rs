//! The story of one account under one policy: what happened, what it did, and which rule says so.

mod closing;
mod head;
mod page;
mod payments;
mod requests;
mod standing;

use crate::account::AccountView;
use crate::engine::event::Purpose;
use crate::engine::observation::{Fate, Happening, Observer, RequestSpan};
use crate::experiment::{Setup, SimulationError};
use crate::metering::Metering;
use crate::money::Money;
use crate::policy::{Plan, PolicyPlan};
use crate::request::Refusal;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::wallet::Posting;
use crate::workload::Cohort;
use crate::workload::customer::ClientModel;
use closing::Closing;
use page::{Levels, Line, Page};
use requests::{Requests, Run};
use std::fmt;
use std::io;

/// Whose story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// An index into the scenario's policies.
    pub policy: usize,
    /// An index into the scenario's cohorts.
    pub cohort: usize,
    /// The replication, from 0.
    pub replication: u32,
    /// The account's number in its cohort, from 0.
    pub account: u32,
}

/// Why a story was not told to its end.
#[derive(Debug)]
pub enum StoryError {
    /// The cohort has no such account.
    NoSuchAccount {
        /// The account asked for.
        account: u32,
        /// The cohort's name.
        cohort: String,
        /// How many accounts it has.
        accounts: u32,
    },
    /// The account went beyond what can be counted.
    Simulation(SimulationError),
    /// It could not be written.
    Write(io::Error),
}

impl fmt::Display for StoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoryError::NoSuchAccount { account, cohort, accounts } => {
                write!(f, "there is no account {account}: cohort `{cohort}` has 0 to {}", accounts - 1)
            }
            StoryError::Simulation(error) => error.fmt(f),
            StoryError::Write(error) => write!(f, "cannot write the story: {error}"),
        }
    }
}

impl std::error::Error for StoryError {}

/// Tells the story of one account: a line for each thing that happened, with the balance where it changed,
/// and under it, the first time that it applies, the rule that says so; at the end a balance sheet. With
/// `shows_postings` each line is followed by its postings, as `debit amount <- credit`.
///
/// # Errors
/// Where there is no such account, it goes beyond what can be counted, or the story cannot be written.
///
/// # Panics
/// If the scenario has no such policy or cohort.
pub fn tell(
    scenario: &Scenario,
    subject: Subject,
    shows_postings: bool,
    out: &mut dyn io::Write,
) -> Result<(), StoryError> {
    let Subject { policy, cohort, replication, account } = subject;
    let of_cohort = &scenario.cohorts[cohort];
    if account >= of_cohort.accounts {
        let (cohort, accounts) = (of_cohort.name.clone(), of_cohort.accounts);
        return Err(StoryError::NoSuchAccount { account, cohort, accounts });
    }
    let setup = Setup::new(scenario);
    let mut page = Page::new(out, &setup.calendar, shows_postings);
    page.write(format!(
        "Account {account} of cohort `{}` under policy `{}`",
        of_cohort.name, scenario.policies[policy].name
    ));
    page.write(format!("  scenario   {}, replication {replication}, seed {}", scenario.name, scenario.seed));
    let mut narrator = Narrator::new(page, scenario, of_cohort, &scenario.policies[policy]);
    setup.follow(replication, cohort, account, policy, &mut narrator).map_err(StoryError::Simulation)?;
    narrator.finish(setup.calendar.end).map_err(StoryError::Write)
}

/// Listens to an account and tells what it hears.
struct Narrator<'p> {
    page: Page<'p>,
    scenario: &'p Scenario,
    cohort: &'p Cohort,
    policy: &'p PolicyPlan,
    /// What the account is billed by now.
    plan: Option<Plan>,
    came_under_at: Time,
    closing: Closing,
    /// Credit left, when something was last heard.
    credit: Money,
    /// Posted in the course of what is heard next.
    heard: Vec<Posting>,
    /// Requests heard of since the last line.
    run: Option<Run>,
    /// Requests admitted whose usage has not settled.
    in_flight: Requests,
    /// How many requests were refused and are neither lost nor served.
    waiting: u64,
    /// What the last line is about, if it is a payment.
    topic: Option<Purpose>,
    /// When the last period began, if nothing has come of it so far.
    month: Option<(Time, Levels)>,
    period_began: Option<Time>,
    /// A payment for each decline that it has had.
    declined: Vec<Purpose>,
    /// When a payment method or a new card was last put on file.
    new_card_at: Option<Time>,
    /// Open invoices, or ones that were: when each was issued.
    issued: Vec<Time>,
    is_not_open: bool,
    /// The limit as it was when the account was last stopped.
    limit_at_stop: Option<Money>,
    /// Whether top-up is disabled until the card is replaced.
    top_up_is_off: bool,
    disputed_at: Option<Time>,
    has_churned: bool,
}

impl<'p> Narrator<'p> {
    fn new(
        page: Page<'p>,
        scenario: &'p Scenario,
        cohort: &'p Cohort,
        policy: &'p PolicyPlan,
    ) -> Narrator<'p> {
        Narrator {
            page,
            scenario,
            cohort,
            policy,
            plan: None,
            came_under_at: Time::START,
            closing: Closing::default(),
            credit: Money::ZERO,
            heard: Vec::new(),
            run: None,
            in_flight: Requests::default(),
            waiting: 0,
            topic: None,
            month: None,
            period_began: None,
            declined: Vec::new(),
            new_card_at: None,
            issued: Vec::new(),
            is_not_open: false,
            limit_at_stop: None,
            top_up_is_off: false,
            disputed_at: None,
            has_churned: false,
        }
    }

    fn finish(mut self, end: Time) -> io::Result<()> {
        if self.plan.is_none() {
            self.page.write("\nIt signs up at the horizon or later: there is nothing to tell.");
            return self.page.finish();
        }
        self.end_run();
        self.page.flush();
        self.closing.write(&mut self.page, end, self.credit);
        self.page.finish()
    }

    /// The rules in force, in a sentence.
    fn terms(&self) -> String {
        self.plan.as_ref().map_or_else(String::new, |plan| plan.clauses().join("; "))
    }

    /// The metering in force.
    fn metering(&self) -> Metering {
        let scenario = self.scenario.metering;
        self.plan.as_ref().map_or(scenario, |plan| plan.terms.metering.over(scenario))
    }

    fn client(&self) -> &'p ClientModel {
        &self.cohort.customer.client
    }

    fn limit(&self, account: &AccountView) -> Option<Money> {
        self.plan.as_ref().and_then(|plan| plan.policy.limit(account))
    }

    /// A refusal as the client sees it.
    fn named(&self, reason: Refusal) -> String {
        self.plan.as_ref().map_or_else(String::new, |plan| requests::refusal(plan, reason))
    }

    fn levels(&self, account: &AccountView) -> Levels {
        let invoiced = self.closing.receivable() - account.uninvoiced;
        Levels { balance: account.balance, invoiced, to_post: self.closing.to_post }
    }

    /// Tells something on a line of its own.
    fn say(&mut self, account: &AccountView, text: impl Into<String>) {
        self.end_run();
        let at = account.now;
        let levels = self.levels(account);
        if let Some((at, levels)) = self.month.take().filter(|(month, _)| *month == at) {
            let text = "a new month begins".to_owned();
            self.page.add(Line { at, text, rules: vec![], levels, postings: vec![] });
        }
        let postings = std::mem::take(&mut self.heard);
        self.page.add(Line { at, text: text.into(), rules: vec![], levels, postings });
        self.topic = None;
    }

    /// Adds to the last line, if nothing lies between; returns whether it could.
    fn add(&mut self, account: &AccountView, text: &str) -> bool {
        if self.run.is_some() {
            return false;
        }
        let levels = self.levels(account);
        let Some(line) = self.page.last_at(account.now) else { return false };
        line.text += text;
        line.levels = levels;
        line.postings.append(&mut self.heard);
        true
    }

    /// Tells how a payment goes on: on the line that tells of it already, or on one of its own.
    fn say_of_payment(&mut self, account: &AccountView, topic: Purpose, name: &str, what: &str) {
        if self.topic != Some(topic) || !self.add(account, &format!(", {what}")) {
            self.say(account, format!("{name} {what}"));
        }
        self.topic = Some(topic);
    }

    /// The rule that says what was told last.
    fn rule(&mut self, account: &AccountView, rule: impl Into<String>) {
        if let Some(line) = self.page.last_at(account.now) {
            line.rules.push(rule.into());
        }
    }
}

impl Observer for &mut Narrator<'_> {
    fn comes_under(&mut self, plan: &Plan) {
        self.plan = Some(plan.clone());
    }

    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, account: &AccountView) {
        self.requests_attempted(span, refused, account);
    }

    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        self.requests_concluded(span, fate, account);
    }

    fn usage(&mut self, span: &RequestSpan<'_>, posting: Posting) {
        self.posting(span.last_at, posting);
    }

    fn settled(&mut self, span: &RequestSpan<'_>, account: &AccountView) {
        self.requests_settled(span, account);
    }

    fn posting(&mut self, _: Time, posting: Posting) {
        self.closing.post(posting);
        self.heard.push(posting);
    }

    fn happening(&mut self, happening: Happening, account: &AccountView) {
        let now = account.now;
        self.credit = account.credit;
        let stopped_since = self.closing.stopped_since;
        self.closing.happening(happening, now);
        match happening {
            Happening::SignedUp => {
                self.came_under_at = now;
                self.write_head(account);
                self.say(account, "signs up");
            }
            Happening::Granted { amount, expires } => {
                let until = expires.map_or_else(String::new, |at| format!(", until {}", self.page.time(at)));
                self.say(account, format!("{amount} of promotional credit granted{until}"));
            }
            Happening::GrantExpired(amount) => {
                self.say(account, format!("{amount} of promotional credit expires"));
            }
            Happening::CreditLapsed(amount) => self.credit_lapsed(account, amount),
            // Told where something comes of it.
            Happening::PeriodBegan => {
                self.period_began = Some(now);
                self.month = Some((now, self.levels(account)));
            }
            Happening::PaymentAttempted { purpose, kind, amount, result_at } => {
                self.payment_attempted(account, purpose, kind, amount, result_at);
            }
            Happening::PaymentResult { purpose, kind, amount, result } => {
                self.payment_result(account, purpose, kind, amount, result);
            }
            Happening::PaymentReturned { amount, taken_back, fee } => {
                self.disputed_at = Some(now);
                self.payment_returned(account, amount, taken_back, fee);
            }
            Happening::PurchaseForgone(amount) => self.purchase_forgone(account, amount),
            Happening::PurchaseDeferred(amount) => self.purchase_deferred(account, amount),
            Happening::PurchaseFailed(kind) => self.purchase_failed(account, kind),
            Happening::RetryPlanned(at) => self.retry_planned(account, at),
            Happening::CreditPosted(amount) => self.credit_posted(account, amount),
            Happening::TopUpDisabled => {
                self.top_up_is_off = true;
                self.say(account, "top-up is disabled");
                self.rule(
                    account,
                    "after a hard decline, or a soft one that is not retried, top-up is disabled until the \
                     card is replaced",
                );
            }
            Happening::InvoiceIssued { number, amount } => self.invoice_issued(account, number, amount),
            Happening::InvoicePaid { number } => self.invoice_paid(account, number),
            Happening::InvoiceOverdue { number } => {
                self.say(account, format!("invoice {} is overdue", number + 1));
                self.rule(account, "it was declined for good, or softly and is not retried");
            }
            Happening::InvoiceWrittenOff { number } => self.invoice_written_off(account, number),
            Happening::DebtWrittenOff(amount) => self.debt_written_off(account, amount),
            Happening::Overshot { amount, cause } => self.overshot(amount, cause, account),
            Happening::RanShort => {
                self.say(account, "what is left does not cover what a request must hold");
                self.rule(
                    account,
                    "a hold that does not fit, with nothing in flight, stops the account until more is left",
                );
            }
            Happening::Alerted(left) => self.alerted(account, left),
            Happening::CardExpired => self.say(account, "the card on file expires"),
            Happening::CardRenewed => self.say(account, "the card on file expires and is renewed at once"),
            Happening::CardReplaced => {
                self.new_card_at = Some(now);
                self.top_up_is_off = false;
                self.declined.retain(|declined| matches!(declined, Purpose::Purchase(_)));
                self.say(account, "the customer replaces the card");
            }
            Happening::PaymentMethodAdded => {
                self.new_card_at = Some(now);
                self.say(account, "the customer adds a payment method");
            }
            Happening::Asked { question, acts_at } => self.asked(account, question, acts_at),
            Happening::AnswerDropped(question) => self.answer_dropped(account, question),
            Happening::NotOpen => {
                self.is_not_open = true;
                self.say(account, "not open yet");
                self.rule(
                    account,
                    "its first purchase is under way, and there is nothing else to spend: requests are \
                     refused no_credit, but the account is not stopped",
                );
            }
            Happening::Stopped(reason) => self.stopped(account, reason, "stopped"),
            Happening::ReasonChanged(reason) => self.stopped(account, reason, "still stopped, but now"),
            Happening::StopEnded { served } => self.stop_ended(account, served, stopped_since),
            Happening::Moved { converted } => self.moved(account, converted),
            Happening::Churned => {
                self.has_churned = true;
                let after = stopped_since.map_or_else(String::new, |since| (now - since).roughly());
                self.say(account, format!("the customer leaves for good, after a stop of {after}"));
                self.rule(account, "its patience with this stop is over: it sends and answers nothing more");
            }
            Happening::Closed => self.say(account, "the account is closed"),
            Happening::HorizonReached => {
                self.say(account, "the horizon: requests end");
                if self.scenario.runoff > Span::ZERO {
                    self.rule(account, "in the run-off only what is under way and invoices go on");
                }
            }
        }
    }
}
