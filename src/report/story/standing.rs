//! What is told of standing, and of what customers are asked and do about it.

use super::Narrator;
use crate::account::AccountView;
use crate::engine::observation::Question;
use crate::money::Money;
use crate::request::Refusal;
use crate::time::{Span, Time};

impl Narrator<'_> {
    pub(super) fn stopped(&mut self, account: &AccountView, reason: Refusal, what: &str) {
        self.is_not_open = false;
        self.limit_at_stop = self.limit(account);
        self.say(account, format!("{what}: {}", self.named(reason)));
        self.rule(account, self.stop_rule(account, reason));
        let refresh = self.metering().refresh;
        if refresh > Span::ZERO {
            self.rule(
                account,
                format!("accounts are judged every {refresh}; until then all goes on as before"),
            );
        }
    }

    pub(super) fn stop_ended(&mut self, account: &AccountView, served: bool, since: Option<Time>) {
        let after = since.map_or_else(String::new, |since| (account.now - since).roughly());
        let mut text = format!("{} after {after}", if served { "served again" } else { "the stop ends" });
        // A payment that raised the limit has been told: else it was time.
        let limit = self.limit(account).filter(|limit| Some(*limit) > self.limit_at_stop);
        let is_alone = self.page.last_at(account.now).is_none() && self.period_began != Some(account.now);
        let risen = limit.filter(|_| served && is_alone && self.limit_at_stop.is_some());
        if let Some(limit) = risen {
            text += &format!("; the limit is {limit} now");
        }
        self.say(account, text);
        if risen.is_some() {
            self.rule(account, "a tier asks for what was ever paid, and for time since the first payment");
        }
    }

    fn stop_rule(&self, account: &AccountView, reason: Refusal) -> String {
        let purchased = account.purchased_in_period;
        match reason {
            Refusal::NoCredit if self.top_up_is_off => {
                "the balance is used up, and the card fails: a new card is asked for, not a purchase"
                    .to_owned()
            }
            Refusal::NoCredit | Refusal::LimitReached if account.is_short => {
                "what is left is less than a request must hold: as good as used up".to_owned()
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

    pub(super) fn alerted(&mut self, account: &AccountView, left: Money) {
        self.say(account, format!("the customer is alerted: {left} is left"));
        let alert_at = self.plan.as_ref().and_then(|plan| plan.terms.alert_at);
        if let Some(alert_at) = alert_at {
            self.rule(
                account,
                format!("alerted when what is left falls to {alert_at}, and not again before it rises"),
            );
        }
    }

    pub(super) fn asked(&mut self, account: &AccountView, question: Question, acts_at: Option<Time>) {
        let wait = acts_at.map(|at| (at - account.now).roughly());
        if question == Question::HeedAlert {
            // On the line of the alert.
            let heeds =
                wait.map_or_else(|| "does nothing".to_owned(), |wait| format!("buys credit in {wait}"));
            self.add(account, &format!("; {heeds}"));
            return;
        }
        let answer = wait.map_or_else(|| "no".to_owned(), |wait| format!("yes, in {wait}"));
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

    pub(super) fn answer_dropped(&mut self, account: &AccountView, question: Question) {
        self.say(account, format!("the customer's yes to {} is void", deed(question)));
        let rule = match question {
            Question::HeedAlert => "an alert is forgotten when a stop comes before it is heeded",
            _ => {
                "a yes counts while its stop lasts, one to replace the card while something that failed is left"
            }
        };
        self.rule(account, rule);
    }

    pub(super) fn moved(&mut self, account: &AccountView, converted: bool) {
        self.top_up_is_off = false;
        self.came_under_at = account.now;
        let terms = self.terms();
        if converted {
            self.say(account, format!("the trial ends; from now on: {terms}"));
            self.rule(
                account,
                "a trial whose credit is used up or has expired moves on once a payment method is on file",
            );
        } else {
            let kind = self.plan.as_ref().map_or("", |plan| plan.kind);
            self.say(account, format!("the policy changes to {kind}; from now on: {terms}"));
            self.rule(
                account,
                "at the date of a `switch` the wallet goes along, and invoices keep their terms; counts of a \
                 limit, rate windows and alerts begin anew",
            );
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
