//! What chance decides for one account, from the same streams that the product draws from (MODEL 2): the k-th payment
//! attempt, the k-th time that a question is asked, the n-th life of a card.

use super::terms::Micros;
use billsim::rng::{AccountStreams, Draws, Purpose};
use billsim::time::Span;
use billsim::workload::customer::Answer;
use billsim::workload::distribution::Distribution;
use billsim::workload::payments::PaymentModel;

/// A drawn duration: half up to a microsecond, as long as time can be counted.
fn micros(drawn: f64) -> Micros {
    ((drawn + 0.5).max(0.0) as i64).min(Span::MAX.micros())
}

/// Delays of answers, of client retries and of payment retries are at least one second (MODEL 7).
pub fn at_least_a_second(delay: Micros) -> Micros {
    delay.max(1_000_000)
}

#[derive(Debug)]
pub struct Luck<'w> {
    streams: AccountStreams,
    payments: &'w PaymentModel,
    attempts: u32,
    lives: u32,
    expiries: u32,
    tries_awaited: u32,
    spell: Spell,
}

/// A spell with or without funds: they take turns, from the start of the run on.
#[derive(Debug, Default)]
struct Spell {
    lacks_funds: bool,
    until: Micros,
    number: u32,
}

/// What becomes of an attempt to pay, but for an expired card.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    pub number: u32,
    pub is_declined: bool,
    pub latency: Micros,
}

impl<'w> Luck<'w> {
    pub fn new(streams: AccountStreams, payments: &'w PaymentModel) -> Luck<'w> {
        Luck {
            streams,
            payments,
            attempts: 0,
            lives: 0,
            expiries: 0,
            tries_awaited: 0,
            spell: Spell::default(),
        }
    }

    fn draws(&self, purpose: Purpose, occasion: u32) -> Draws {
        self.streams.draws(purpose, occasion)
    }

    pub fn has_payment_method(&self, probability: f64) -> bool {
        self.draws(Purpose::PaymentMethod, 0).happens(probability)
    }

    /// In nano-dollars, half up.
    pub fn spend_limit(&self, dollars: &Distribution) -> i128 {
        let drawn = dollars.sample(&mut self.draws(Purpose::SpendLimit, 0));
        ((drawn * 1e9 + 0.5).floor() as i128).min(2_000_000_000 * 1_000_000_000)
    }

    /// How long the next card lives.
    pub fn life(&mut self, lifetime: &Distribution) -> Micros {
        let mut draws = self.draws(Purpose::CardLife, self.lives);
        self.lives += 1;
        micros(lifetime.sample(&mut draws))
    }

    /// Whether a card that expires is renewed at once.
    pub fn is_renewed(&mut self) -> bool {
        let mut draws = self.draws(Purpose::CardUpdate, self.expiries);
        self.expiries += 1;
        draws.happens(self.payments.card_updater)
    }

    pub fn attempt(&mut self, now: Micros, has_paid: bool) -> Attempt {
        let number = self.attempts;
        let mut draws = self.draws(Purpose::Attempt, number);
        self.attempts += 1;
        let luck = draws.unit();
        let latency = micros(self.payments.latency.sample(&mut draws));
        let is_declined = if !has_paid {
            luck < self.payments.first_decline
        } else if self.payments.decline_lasts > Span::ZERO {
            self.lacks_funds(now)
        } else {
            luck < self.payments.decline
        };
        Attempt { number, is_declined, latency }
    }

    /// Whether the card is without funds: in spells of exponential length, so that the share of time is `decline` from
    /// the start on. Asked in order of time.
    fn lacks_funds(&mut self, now: Micros) -> bool {
        let decline = self.payments.decline;
        if decline <= 0.0 || decline >= 1.0 {
            return decline >= 1.0;
        }
        while self.spell.until <= now {
            let mut draws = self.draws(Purpose::Spell, self.spell.number);
            self.spell.lacks_funds =
                if self.spell.number == 0 { draws.happens(decline) } else { !self.spell.lacks_funds };
            let without = self.payments.decline_lasts.micros() as f64;
            let mean = if self.spell.lacks_funds { without } else { without * (1.0 - decline) / decline };
            self.spell.until += micros(-libm::log(draws.unit()) * mean).max(1);
            self.spell.number += 1;
        }
        self.spell.lacks_funds
    }

    /// After how long a payment that succeeded is disputed, if it is.
    pub fn dispute(&self, attempt: u32) -> Option<Micros> {
        let model = self.payments.dispute.as_ref()?;
        let mut draws = self.draws(Purpose::Dispute, attempt);
        draws.happens(model.probability).then(|| micros(model.delay.sample(&mut draws)))
    }

    /// The n-th answer to a question: after how long it is acted on, where it is yes.
    pub fn answer(&self, purpose: Purpose, occasion: u32, answer: Option<&Answer>) -> Option<Micros> {
        let answer = answer?;
        let mut draws = self.draws(purpose, occasion);
        draws.happens(answer.probability).then(|| at_least_a_second(micros(answer.delay.sample(&mut draws))))
    }

    /// How long until a purchase that was declined softly is tried again.
    pub fn until_another_try(&mut self, answer: &Answer) -> Micros {
        let mut draws = self.draws(Purpose::BuysCreditAgain, self.tries_awaited);
        self.tries_awaited += 1;
        at_least_a_second(micros(answer.delay.sample(&mut draws)))
    }

    /// How long the n-th stop is borne.
    pub fn patience(&self, stop: u32, patience: &Distribution) -> Micros {
        micros(patience.sample(&mut self.draws(Purpose::Patience, stop)))
    }
}
