//! The story of one account under one policy: what happened, what it did, and which rule says so.

mod closing;
mod page;

use crate::account::AccountView;
use crate::engine::event::{PaymentResult, PurchaseKind, Purpose};
use crate::engine::observation::{Fate, Happening, Observer, Question, RequestSpan};
use crate::experiment::{Setup, SimulationError};
use crate::money::Money;
use crate::policy::Plan;
use crate::request::Refusal;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::wallet::{Entry, Posting};
use closing::Closing;
use page::{Levels, Line, Page, counted, roughly};
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
    let mut narrator = Narrator::new(page, scenario, scenario.policies[policy].plan.kind);
    setup.follow(replication, cohort, account, policy, &mut narrator).map_err(StoryError::Simulation)?;
    narrator.finish(setup.calendar.end).map_err(StoryError::Write)
}

/// What is told of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tale {
    Served,
    Refused(Refusal),
    NeverSent,
    /// Their usage settled, after they were admitted.
    Settled,
}

/// Requests in a row of which the same is told, with nothing worth telling between them.
#[derive(Debug)]
struct Run {
    tale: Tale,
    first_at: Time,
    last_at: Time,
    count: u64,
    cost: Money,
    overshoot: Money,
    levels: Levels,
    postings: Vec<Posting>,
}

/// Listens to an account and tells what it hears.
struct Narrator<'p> {
    page: Page<'p>,
    scenario: &'p Scenario,
    /// The kind of the policy that it begins under.
    kind: &'p str,
    plan: Option<Plan>,
    closing: Closing,
    /// Credit left, when something was last heard.
    credit: Money,
    /// Posted in the course of what is heard next.
    heard: Vec<Posting>,
    /// Overshoot of the requests that are heard next.
    overshoot: Money,
    run: Option<Run>,
    /// What the last line is about, if it is a payment.
    topic: Option<Purpose>,
    /// When the last period began, if nothing has come of it so far.
    month: Option<(Time, Levels)>,
    /// A payment for each decline that it has had.
    declined: Vec<Purpose>,
    /// When a payment method or a new card was last put on file.
    new_card_at: Option<Time>,
    /// Open invoices, or ones that were: when each was issued.
    issued: Vec<Time>,
    /// The purchase that waits for a period that allows it.
    deferred: Option<Money>,
    is_not_open: bool,
    /// Whether top-up is disabled until the card is replaced.
    top_up_is_off: bool,
    has_churned: bool,
}

impl<'p> Narrator<'p> {
    fn new(page: Page<'p>, scenario: &'p Scenario, kind: &'p str) -> Narrator<'p> {
        Narrator {
            page,
            scenario,
            kind,
            plan: None,
            closing: Closing::default(),
            credit: Money::ZERO,
            heard: Vec::new(),
            overshoot: Money::ZERO,
            run: None,
            topic: None,
            month: None,
            declined: Vec::new(),
            new_card_at: None,
            issued: Vec::new(),
            deferred: None,
            is_not_open: false,
            top_up_is_off: false,
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

    /// The policy's rules, in a sentence.
    fn terms(&self) -> String {
        self.plan.as_ref().map_or_else(String::new, |plan| plan.policy.terms().join("; "))
    }

    fn limit(&self, account: &AccountView) -> Option<Money> {
        self.plan.as_ref().and_then(|plan| plan.policy.limit(account))
    }

    fn write_head(&mut self, account: &AccountView) {
        let on_file = if account.has_payment_method { "a payment method" } else { "nothing" };
        self.page.write(format!("  on file    {on_file}"));
        if let Some(limit) = account.spend_limit {
            self.page.write(format!("  willing    to pay {limit} a month at most"));
        }
        let terms = self.terms();
        self.page.write_indented(2, &format!("policy     {}: {terms}", self.kind));
        if self.scenario.warmup > Span::ZERO {
            let warmup = self.scenario.warmup;
            self.page.write(format!("  warm-up    {warmup}: told here, but left out of the measures"));
        }
        self.page.write("\nTimes are UTC, amounts US dollars. A rule is told where it first applies.\n");
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

    /// Tells of the requests since the last line.
    fn end_run(&mut self) {
        let Some(run) = self.run.take() else { return };
        let Run { tale, first_at, last_at, count, cost, overshoot, levels, postings } = run;
        let mut text = counted(count, "request");
        text += &match tale {
            Tale::Served => format!(" served for {cost}"),
            Tale::Refused(reason) => format!(" refused ({}), worth {cost}", self.named(reason)),
            Tale::NeverSent => format!(" never sent, worth {cost}"),
            Tale::Settled => format!(" settled for {cost}"),
        };
        if count > 1 {
            text += &format!(", since {}", self.page.time_beside(first_at, last_at));
        }
        let mut rules = Vec::new();
        if overshoot.is_positive() {
            text += &format!("; overshoot {overshoot}");
            rules.push("what a request costs is not known at the gate: the last one may overrun".to_owned());
        }
        if tale == Tale::Refused(Refusal::Closed) {
            rules.push("arrivals go on, and are refused".to_owned());
        }
        self.page.add(Line { at: last_at, text, rules, levels, postings });
        self.topic = None;
    }

    /// A refusal as the client sees it.
    fn named(&self, reason: Refusal) -> String {
        let status = self.plan.as_ref().map_or(reason.http_status(), |plan| plan.terms.http_status(reason));
        format!("{status} {}", reason.name())
    }

    /// Adds requests to those of which the same is told, or begins with them.
    fn tell_of_requests(&mut self, tale: Tale, span: &RequestSpan<'_>, account: &AccountView) {
        self.credit = account.credit;
        if self.run.as_ref().is_some_and(|run| run.tale != tale) {
            self.end_run();
        }
        let levels = self.levels(account);
        let run = self.run.get_or_insert_with(|| Run {
            tale,
            first_at: span.first_at,
            last_at: span.last_at,
            count: 0,
            cost: Money::ZERO,
            overshoot: Money::ZERO,
            levels,
            postings: Vec::new(),
        });
        run.last_at = span.last_at;
        run.count += span.count;
        run.cost += span.cost;
        run.levels = levels;
    }

    fn payment_attempted(
        &mut self,
        account: &AccountView,
        purpose: Purpose,
        kind: Option<PurchaseKind>,
        amount: Money,
        result_at: Time,
    ) {
        let name = payment(purpose, kind, amount);
        let is_retry = self.declined.contains(&purpose);
        let has_new_card = self.new_card_at == Some(account.now);
        self.say_of_payment(account, purpose, &name, if is_retry { "tried again" } else { "attempted" });
        let wait = result_at - account.now;
        if wait >= Span::HOUR {
            self.add(account, &format!("; the processor answers in {}", roughly(wait)));
        }
        self.deferred = None;
        match (kind, purpose) {
            (Some(PurchaseKind::TopUp), _) if !is_retry => {
                let threshold = self.plan.as_ref().and_then(|plan| plan.policy.threshold());
                if let Some(threshold) = threshold {
                    self.rule(
                        account,
                        format!(
                            "balance at or below the threshold of {threshold}, no purchase under way: a \
                             top-up is attempted"
                        ),
                    );
                }
            }
            (Some(PurchaseKind::WithPaymentMethod), _) => self.rule(
                account,
                "who adds a payment method while stopped under a prepaid policy buys the initial purchase \
                 at once, or the amount of `buys_credit` where there is none",
            ),
            (None, Purpose::Invoice(_)) if has_new_card => {
                self.rule(account, "what is newly on file pays all open invoices at once, oldest first");
            }
            _ => {}
        }
    }

    fn payment_result(
        &mut self,
        account: &AccountView,
        purpose: Purpose,
        kind: Option<PurchaseKind>,
        amount: Money,
        result: PaymentResult,
    ) {
        let name = payment(purpose, kind, amount);
        let fee = self.heard.iter().find(|posting| posting.entry == Entry::Fee);
        let fee = fee.map_or_else(String::new, |fee| format!(" (fee {})", fee.amount));
        let what = match result {
            PaymentResult::Success => format!("paid{fee}"),
            PaymentResult::SoftDecline => "declined softly".to_owned(),
            PaymentResult::HardDecline => "declined for good".to_owned(),
        };
        self.say_of_payment(account, purpose, &name, &what);
        match result {
            PaymentResult::Success => {
                self.declined.retain(|declined| *declined != purpose);
                let delay = self.scenario.payments.posting_delay;
                if kind.is_some() && delay > Span::ZERO {
                    self.rule(account, format!("bought credit becomes balance {delay} after its payment"));
                }
            }
            PaymentResult::SoftDecline => self.declined.push(purpose),
            PaymentResult::HardDecline => {
                self.declined.push(purpose);
                self.rule(account, "the card had expired when the payment was attempted");
            }
        }
    }

    fn retry_planned(&mut self, account: &AccountView, at: Time) {
        let wait = roughly(at - account.now);
        let number = self.declined.iter().filter(|declined| Some(**declined) == self.topic).count();
        self.add(account, &format!("; retry {number} in {wait}"));
    }

    fn purchase_failed(&mut self, account: &AccountView, kind: PurchaseKind) {
        let was_declined =
            matches!(self.topic, Some(Purpose::Purchase(_))) && self.add(account, "; not tried again");
        if !was_declined {
            self.say(account, format!("the {} that waited to be tried again is given up", purchase(kind)));
        }
        match kind {
            PurchaseKind::Initial | PurchaseKind::WithPaymentMethod | PurchaseKind::Alert => {
                self.rule(account, "it is tried once; if declined, the stop's question takes over");
            }
            PurchaseKind::Answer if !was_declined => {
                self.rule(
                    account,
                    "what the customer meant to do in a stop is dropped when the stop is over",
                );
            }
            PurchaseKind::TopUp | PurchaseKind::Answer => {}
        }
    }

    fn stop_rule(&self, account: &AccountView, reason: Refusal) -> String {
        let purchased = account.purchased_in_period;
        match reason {
            Refusal::NoCredit if self.top_up_is_off => {
                "the balance is used up, and the card fails: a new card is asked for, not a purchase"
                    .to_owned()
            }
            Refusal::NoCredit => "the balance is used up".to_owned(),
            Refusal::NoPaymentMethod => "nothing is on file that could pay".to_owned(),
            Refusal::PastDue => {
                "an invoice is open that had its final decline: all is refused until it is paid".to_owned()
            }
            Refusal::LimitReached => {
                let limit = self.limit(account).map_or_else(String::new, |limit| format!(" of {limit}"));
                let helps =
                    self.plan.as_ref().is_some_and(|plan| plan.policy.lacks_to_next_limit(account).is_some());
                let asked = if helps { "" } else { "; paying would not raise it, so nobody is asked" };
                format!("what counts in this month has reached its limit{limit}{asked}")
            }
            Refusal::BudgetReached => format!(
                "with {purchased} bought this month, only a budget prevents a top-up: nobody is asked, the \
                 next month looks again"
            ),
            Refusal::Closed | Refusal::RateLimited | Refusal::OnHold => {
                unreachable!("these reasons stop no account")
            }
        }
    }

    fn asked(&mut self, account: &AccountView, question: Question, acts_at: Option<Time>) {
        let answer =
            acts_at.map_or_else(|| "no".to_owned(), |at| format!("yes, in {}", roughly(at - account.now)));
        self.say(account, format!("the customer is asked to {}: {answer}", deed(question)));
        match question {
            Question::ReplaceCard => {
                self.rule(account, "asked at each final decline of a payment; one answer pending at most");
            }
            Question::AddPaymentMethod | Question::BuyCredit if acts_at.is_none() => {
                self.rule(account, "a no is final for this stop and this reason");
            }
            Question::AddPaymentMethod | Question::BuyCredit | Question::HeedAlert => {}
        }
    }

    /// Tells that an invoice was written off; each has a posting of its own among those of the closing.
    fn invoice_written_off(&mut self, account: &AccountView, number: u32) {
        let rest = self.heard.split_off(1.min(self.heard.len()));
        let amount: Money = self.heard.iter().map(|posting| posting.amount).sum();
        let age = roughly(account.now - self.issued[number as usize]);
        self.say(account, format!("invoice {} written off with {amount} open, {age} old", number + 1));
        self.heard = rest;
        self.rule(
            account,
            "an invoice unpaid for too long closes the account: open invoices and what is not invoiced are \
             written off",
        );
    }
}

impl Observer for &mut Narrator<'_> {
    fn comes_under(&mut self, plan: &Plan) {
        self.plan = Some(plan.clone());
    }

    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, account: &AccountView) {
        self.tell_of_requests(refused.map_or(Tale::Served, Tale::Refused), span, account);
    }

    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        self.closing.requests(fate, span.count, span.cost);
        if fate == Fate::Churned {
            self.tell_of_requests(Tale::NeverSent, span, account);
        }
    }

    fn usage(&mut self, span: &RequestSpan<'_>, posting: Posting) {
        self.posting(span.last_at, posting);
    }

    fn settled(&mut self, span: &RequestSpan<'_>, account: &AccountView) {
        let settles_at_once =
            self.run.as_ref().is_some_and(|run| run.tale == Tale::Served && run.last_at == span.last_at);
        if !settles_at_once {
            self.tell_of_requests(Tale::Settled, span, account);
        }
        let levels = self.levels(account);
        let Some(run) = &mut self.run else { return };
        run.overshoot += std::mem::take(&mut self.overshoot);
        run.levels = levels;
        for posting in self.heard.drain(..) {
            match run.postings.iter_mut().find(|sum| sum.entry == posting.entry) {
                Some(sum) => sum.amount += posting.amount,
                None => run.postings.push(posting),
            }
        }
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
            // Told where something comes of it.
            Happening::PeriodBegan => self.month = Some((now, self.levels(account))),
            Happening::PaymentAttempted { purpose, kind, amount, result_at } => {
                self.payment_attempted(account, purpose, kind, amount, result_at);
            }
            Happening::PaymentResult { purpose, kind, amount, result } => {
                self.payment_result(account, purpose, kind, amount, result);
            }
            Happening::PurchaseForgone(amount) => {
                self.say(account, format!("the initial purchase of {amount} is not made"));
                self.rule(account, "it is beyond what the customer is willing to pay in a month");
            }
            Happening::PurchaseDeferred(amount) => {
                // It is looked at anew each day; once is enough to tell.
                if self.deferred.replace(amount) != Some(amount) {
                    self.say(account, format!("the purchase of {amount} waits"));
                    self.rule(
                        account,
                        "beyond what the customer is willing to pay in a month: it is made at the first \
                         day that allows it, if the stop still lasts",
                    );
                }
            }
            Happening::PurchaseFailed(kind) => self.purchase_failed(account, kind),
            Happening::RetryPlanned(at) => self.retry_planned(account, at),
            Happening::CreditPosted(amount) => {
                let debt = self.heard.iter().find(|posting| posting.entry == Entry::DebtPaidByCredit);
                let debt = debt
                    .map_or_else(String::new, |debt| format!("; {} of it pays what was owed", debt.amount));
                if self.topic.is_none() || !self.add(account, &format!(", posted{debt}")) {
                    self.say(account, format!("credit of {amount} posted{debt}"));
                }
                if self.is_not_open && account.balance.is_positive() {
                    self.is_not_open = false;
                    self.add(account, "; open now");
                }
                if !debt.is_empty() {
                    self.rule(account, "posted credit first pays usage beyond credit, then open invoices");
                }
            }
            Happening::TopUpDisabled => {
                self.top_up_is_off = true;
                self.say(account, "top-up is disabled");
                self.rule(
                    account,
                    "after a hard decline, or a soft one that is not retried, top-up is disabled until the \
                     card is replaced",
                );
            }
            Happening::InvoiceIssued { number, amount } => {
                self.issued.push(now);
                self.say(account, format!("invoice {} issued: {amount}", number + 1));
                self.rule(
                    account,
                    "when a month begins, the whole cents of what is owed and not invoiced become an invoice",
                );
            }
            Happening::InvoicePaid { number } => {
                self.declined.retain(|declined| *declined != Purpose::Invoice(number));
                // Its payment has told it.
                if self.topic != Some(Purpose::Invoice(number)) || self.page.last_at(now).is_none() {
                    self.say(account, format!("invoice {} is paid by credit", number + 1));
                }
            }
            Happening::InvoiceOverdue { number } => {
                self.say(account, format!("invoice {} is overdue", number + 1));
                self.rule(account, "it was declined for good, or softly and is not retried");
            }
            Happening::InvoiceWrittenOff { number } => self.invoice_written_off(account, number),
            Happening::DebtWrittenOff(amount) => {
                self.say(account, format!("{amount} of usage beyond credit written off"));
                if self.has_churned {
                    self.rule(
                        account,
                        "what an account owes that is not post-paid is written off when its customer leaves",
                    );
                }
            }
            Happening::Overshot { amount, .. } => self.overshoot += amount,
            Happening::CreditLapsed(amount) => self.say(account, format!("{amount} of paid credit lapses")),
            Happening::PaymentReturned { amount, taken_back, fee } => {
                self.say(
                    account,
                    format!("a payment of {amount} is disputed and goes back; {taken_back} of unused credit is taken back, the fee is {fee}"),
                );
                self.rule(account, "a disputed payment closes the account");
            }
            Happening::RanShort => {
                self.say(account, "what is left does not cover what a request must hold");
                self.rule(
                    account,
                    "a hold that does not fit, with nothing in flight, stops the account until more is left",
                );
            }
            Happening::Alerted(left) => self.say(account, format!("the customer is alerted: {left} is left")),
            Happening::CardExpired => {
                self.say(account, "the card on file expires");
            }
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
            Happening::AnswerDropped(question) => {
                self.say(account, format!("the customer's yes to {} is void", deed(question)));
                self.rule(
                    account,
                    "a yes counts while its stop lasts, one to replace the card while something that failed \
                     is left",
                );
            }
            Happening::NotOpen => {
                self.is_not_open = true;
                self.say(account, "not open yet");
                self.rule(
                    account,
                    "its first purchase is under way, and there is nothing else to spend: requests are \
                     refused no_credit, but the account is not stopped",
                );
            }
            Happening::Stopped(reason) => {
                self.is_not_open = false;
                self.deferred = None;
                self.say(account, format!("stopped: {}", self.named(reason)));
                self.rule(account, self.stop_rule(account, reason));
            }
            Happening::ReasonChanged(reason) => {
                self.say(account, format!("still stopped, but now: {}", self.named(reason)));
                self.rule(account, self.stop_rule(account, reason));
            }
            Happening::StopEnded { served } => {
                let after = stopped_since.map_or_else(String::new, |since| roughly(now - since));
                let text = if served { "served again" } else { "the stop ends" };
                self.say(account, format!("{text} after {after}"));
            }
            Happening::Moved { converted } => {
                self.top_up_is_off = false;
                let why = if converted { "the trial ends" } else { "the policy changes" };
                let terms = self.terms();
                self.say(account, format!("{why}; from now on: {terms}"));
                if converted {
                    self.rule(
                        account,
                        "a trial whose credit is used up or has expired moves on once a payment method is \
                         on file",
                    );
                }
            }
            Happening::Churned => {
                self.has_churned = true;
                let after = stopped_since.map_or_else(String::new, |since| roughly(now - since));
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

fn deed(question: Question) -> &'static str {
    match question {
        Question::AddPaymentMethod => "add a payment method",
        Question::ReplaceCard => "replace the card",
        Question::BuyCredit => "buy credit",
        Question::HeedAlert => "buy credit in time",
    }
}

fn purchase(kind: PurchaseKind) -> &'static str {
    match kind {
        PurchaseKind::Initial => "initial purchase",
        PurchaseKind::TopUp => "top-up",
        PurchaseKind::WithPaymentMethod | PurchaseKind::Answer | PurchaseKind::Alert => "purchase",
    }
}

/// What a payment is called.
fn payment(purpose: Purpose, kind: Option<PurchaseKind>, amount: Money) -> String {
    match (purpose, kind) {
        (Purpose::Invoice(number), _) => format!("payment of {amount} for invoice {}", number + 1),
        (Purpose::Purchase(_), Some(kind)) => format!("{} of {amount}", purchase(kind)),
        (Purpose::Purchase(_), None) => format!("purchase of {amount}"),
    }
}
