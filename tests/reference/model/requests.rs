//! Requests, the gate, clients and settlement (MODEL 3), and rate limits (MODEL 6.5).

use super::account::{Account, Event, Standing};
use super::counts::half_up;
use super::luck::at_least_a_second;
use super::policies::Reason;
use super::terms::{Authorization, Micros, Nanos, Rates, Terms};
use billsim::request::Usage;
use billsim::workload::customer::OnRefusal;

const MINUTE: Micros = 60 * 1_000_000;

/// A request that was admitted.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    request: usize,
    /// What is set aside for it until its settlement.
    hold: Nanos,
    ends: Micros,
    settles: Micros,
    /// What its overshoot is due to, should it have any: the name of a column.
    cause: &'static str,
}

impl Account<'_> {
    /// What a request costs: (p-c)*input + c*cached_input + o*output.
    fn cost(&self, usage: Usage) -> Nanos {
        let price = self.world.scenario.tariff.price(usage.model);
        let [prompt, cached, output] = [usage.prompt, usage.cached, usage.output].map(Nanos::from);
        let [input, cached_input, output_price] =
            [price.input, price.cached_input, price.output].map(Nanos::from);
        (prompt - cached) * input + cached * cached_input + output * output_price
    }

    fn hold(&self, usage: Usage, output_tokens: u32, factor: i128) -> Nanos {
        half_up(self.cost(Usage { output: output_tokens, ..usage }) * factor, 1_000_000_000)
    }

    pub fn arrive(&mut self, request: usize) {
        let cost = self.cost(self.requests[request].usage);
        if self.has_churned {
            self.counts.add("churned_requests", 1);
            self.counts.add("churned_usage_usd", cost);
            return;
        }
        self.counts.add("requests", 1);
        self.counts.add("asked_usage_usd", cost);
        self.attempt_request(request, 0);
    }

    /// The client makes an attempt, after as many others; the gate admits or refuses it.
    pub fn attempt_request(&mut self, request: usize, tries: u32) {
        if self.has_churned {
            return; // lost
        }
        self.counts.add("attempts", 1);
        match self.admission(request) {
            Ok(hold) => self.admit(request, hold),
            Err(reason) => self.refuse(request, tries, reason),
        }
    }

    /// What an admitted request holds, or why it is refused: the reasons are tested in this order.
    fn admission(&mut self, request: usize) -> Result<Nanos, Reason> {
        let usage = self.requests[request].usage;
        if self.is_closed {
            return Err(Reason::Closed);
        }
        match (self.standing, &self.stop) {
            (Standing::Stopped, Some(stop)) => return Err(stop.reason),
            (Standing::NotOpen, _) => return Err(Reason::NoCredit),
            _ => {}
        }
        let has_payment_method = self.has_payment_method();
        self.rate.pass_to(self.now, self.terms, has_payment_method);
        if self.rate.is_exhausted(self.terms, has_payment_method) {
            self.rule("6.5 a rate limit refuses");
            return Err(Reason::RateLimited);
        }
        let held: Nanos = self.flights.values().map(|flight| flight.hold).sum();
        let own_or_scenario = self.terms.metering.authorization.or(self.world.metering.authorization);
        match own_or_scenario.unwrap_or(Authorization::Balance) {
            Authorization::Balance => Ok(0),
            Authorization::Hold(hold) => {
                let own = self.hold(usage, hold.output_tokens, hold.factor.0);
                let remaining = self.remaining();
                if remaining.is_none_or(|remaining| remaining - held >= own) {
                    return Ok(own);
                }
                self.rule("3 a hold does not fit");
                if self.flights.is_empty() && self.short.is_none() {
                    self.rule("3 a hold does not fit while nothing is unsettled");
                    self.short = remaining;
                }
                Err(Reason::OnHold)
            }
            Authorization::InFlight(bound) if held < bound.amount.0 => {
                Ok(self.hold(usage, bound.output_tokens, bound.factor.0))
            }
            Authorization::InFlight(_) => {
                self.rule("3 too much is in flight");
                Err(Reason::OnHold)
            }
        }
    }

    fn admit(&mut self, request: usize, hold: Nanos) {
        let arrived = self.requests[request].arrived.micros();
        let usage = self.requests[request].usage;
        self.counts.add_by(arrived, "served", 1);
        self.counts.add_by(arrived, "usage_usd", self.cost(usage));
        self.counts.account_was_served(arrived);
        self.rate.admit(u64::from(usage.prompt) + u64::from(usage.output));
        let service = self.world.cohort.workload.service;
        let runs = i128::from(service.first_token.micros())
            + i128::from(usage.output) * i128::from(service.per_output_token.micros());
        let ends = self.now.saturating_add(runs.min(Micros::MAX.into()) as Micros);
        let delay = self.terms.metering.delay.or(self.world.metering.delay).map_or(0, |delay| delay.0);
        let settles = ends.saturating_add(delay);
        let cause = self.cause_of_overshoot();
        self.admitted += 1;
        self.flights.insert(self.admitted, Flight { request, hold, ends, settles, cause });
        self.schedule(settles, Event::Settlement { admission: self.admitted });
    }

    /// What the overshoot of a request that is admitted now would be due to (not in MODEL.md: columns of the product): usage
    /// that had ended left nothing, but was not settled or not looked at; or what was left did not cover those that were
    /// running; or neither.
    fn cause_of_overshoot(&self) -> &'static str {
        // A trial with a payment method moves on: it is not meant to prevent any.
        let moves_on = self.terms.is_trial() && self.has_payment_method();
        // Where only what is billed counts, credit can be used whatever was billed.
        let credit = if self.terms.counts_only_billed() { self.wallet.credit() } else { 0 };
        let left = self.allowance().map(|left| left.max(0) + credit);
        let Some(left) = left.filter(|_| !moves_on) else { return "overshoot_last_request_usd" };
        let of = |flight: &Flight| self.cost(self.requests[flight.request].usage);
        let (ended, running): (Vec<&Flight>, Vec<&Flight>) =
            self.flights.values().partition(|flight| flight.ends <= self.now);
        let ended: Nanos = ended.into_iter().map(of).sum();
        let running: Nanos = running.into_iter().map(of).sum();
        if left - ended <= 0 {
            "overshoot_lag_usd"
        } else if left - ended - running <= 0 {
            "overshoot_in_flight_usd"
        } else {
            "overshoot_last_request_usd"
        }
    }

    fn refuse(&mut self, request: usize, tries: u32, reason: Reason) {
        self.counts.add(reason.column(), 1);
        let client = &self.world.cohort.customer.client;
        let status = self.terms.http_status.get(reason.name()).copied().unwrap_or(reason.http_status());
        if client.http_status.as_ref().is_some_and(|codes| !codes.contains(&status)) {
            self.rule("3 the client does not react to this status code");
            return;
        }
        match client.on_refusal {
            OnRefusal::Drop => {}
            OnRefusal::Retry { attempts, .. } if tries >= attempts => {}
            OnRefusal::Retry { backoff, factor, .. } => {
                self.rule("3 the client tries again");
                let wait = (0..tries).fold(backoff.micros() as f64, |wait, _| wait * factor);
                let wait = at_least_a_second((wait + 0.5).min(Micros::MAX as f64) as Micros);
                self.schedule(self.now.saturating_add(wait), Event::Retry { request, tries: tries + 1 });
            }
            OnRefusal::Queue { .. } if matches!(reason, Reason::RateLimited | Reason::OnHold) => {}
            OnRefusal::Queue { capacity, .. } => self.keep_waiting(request, capacity),
        }
    }

    fn keep_waiting(&mut self, request: usize, capacity: Option<u64>) {
        if capacity.is_some_and(|capacity| self.waiting.len() as u64 >= capacity) {
            self.rule("3 the client's queue is full");
        } else {
            self.rule("3 the client queues a request");
            let place = self.waiting.partition_point(|earlier| *earlier < request);
            self.waiting.insert(place, request);
        }
    }

    /// A new attempt with one that waited; refused again, it queues again in its place.
    pub fn release(&mut self, request: usize) {
        self.attempt_request(request, 0);
        if self.waiting.contains(&request) {
            self.rule("3 a released request is refused and queues again in its place");
        }
    }

    /// The instant service resumes, the client makes a new attempt with each that waits, in order of arrival.
    pub fn release_waiting(&mut self) {
        let OnRefusal::Queue { max_wait, .. } = self.world.cohort.customer.client.on_refusal else { return };
        for request in std::mem::take(&mut self.waiting) {
            let waited = self.now - self.requests[request].arrived.micros();
            if max_wait.is_some_and(|longest| waited > longest.micros()) {
                self.rule("3 a request waited too long");
            } else {
                self.rule("3 a waiting request is released");
                self.schedule(self.now, Event::Release { request });
            }
        }
    }

    pub fn settle(&mut self, admission: usize) {
        if let Some(flight) = self.flights.remove(&admission) {
            let beyond_credit = self.settle_usage(flight);
            self.invoice_progressively(beyond_credit);
        }
    }

    /// When the account closes, and at the horizon: in the order in which it would have settled.
    pub fn settle_all_in_flight(&mut self) {
        let mut flights: Vec<Flight> = std::mem::take(&mut self.flights).into_values().collect();
        flights.sort_by_key(|flight| flight.settles);
        for flight in flights {
            self.settle_usage(flight);
        }
    }

    /// Gives what credit did not cover.
    fn settle_usage(&mut self, flight: Flight) -> Nanos {
        let Flight { request, cause, .. } = flight;
        let cost = self.cost(self.requests[request].usage);
        let beyond = |left: Option<Nanos>| left.map_or(0, |left| (-left).max(0));
        let before = beyond(self.allowance());
        let paid = self.wallet.settle(cost);
        self.used += cost;
        self.billed += paid.beyond_credit;
        self.ever_billed += paid.beyond_credit;
        let overshoot = beyond(self.allowance()) - before;
        if overshoot > 0 {
            self.rule("6.5 overshoot");
            self.counts.add("overshoot_usd", overshoot);
            self.counts.add(cause, overshoot);
        }
        let arrived = self.requests[request].arrived.micros();
        self.counts.add_by(arrived, "promotional_usd", paid.by_promotion);
        if self.has_churned {
            self.write_off_after_churn();
        }
        paid.beyond_credit
    }
}

/// The windows of a rate limit: each of a minute, from signup or the move.
#[derive(Debug)]
pub struct Rate {
    began: Micros,
    window: i64,
    requests: u64,
    tokens: u64,
    /// The tokens a minute that move with their use.
    adaptive: u64,
}

impl Rate {
    pub fn new(terms: &Terms, now: Micros) -> Rate {
        let adaptive = terms.rate_limit.and_then(|limit| limit.adaptive).map_or(0, |adaptive| adaptive.start);
        Rate { began: now, window: 0, requests: 0, tokens: 0, adaptive }
    }

    /// Ends the windows that have ended by now, idle ones too, while a payment method was on file, or not.
    pub fn pass_to(&mut self, now: Micros, terms: &Terms, has_payment_method: bool) {
        let Some(limit) = terms.rate_limit else { return };
        let window = (now - self.began) / MINUTE;
        while self.window < window {
            let before = self.adaptive;
            // Where `without_payment_method` is given, it does not move while nothing is on file.
            let moves = has_payment_method || limit.without_payment_method.is_none();
            if let Some(adaptive) = limit.adaptive.filter(|_| moves) {
                let share = |factor: i128| i128::from(before) * factor;
                let is_busy = i128::from(self.tokens) * 1_000_000_000 >= share(adaptive.busy.0);
                let factor = if is_busy { adaptive.grow.0 } else { adaptive.shrink.0 };
                let next = (share(factor) / 1_000_000_000) as u64;
                self.adaptive = next.clamp(adaptive.floor, adaptive.ceiling);
            }
            let was_idle = self.tokens == 0;
            // Once it no longer moves in an idle window, it does not in later ones.
            self.window = if was_idle && self.adaptive == before { window } else { self.window + 1 };
            (self.requests, self.tokens) = (0, 0);
        }
    }

    /// Whether the admitted requests of this window, or their tokens, have reached the limit.
    fn is_exhausted(&self, terms: &Terms, has_payment_method: bool) -> bool {
        let Some(limit) = terms.rate_limit else { return false };
        let own = limit.without_payment_method.filter(|_| !has_payment_method);
        let adaptive = limit.adaptive.filter(|_| own.is_none()).map(|_| self.adaptive);
        let Rates { requests_per_minute, tokens_per_minute } =
            own.unwrap_or(Rates { requests_per_minute: None, tokens_per_minute: None });
        let requests = requests_per_minute.or(limit.requests_per_minute);
        let tokens = adaptive.or(tokens_per_minute).or(limit.tokens_per_minute);
        requests.is_some_and(|most| self.requests >= most) || tokens.is_some_and(|most| self.tokens >= most)
    }

    fn admit(&mut self, tokens: u64) {
        self.requests += 1;
        self.tokens += tokens;
    }
}
