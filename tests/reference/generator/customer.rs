//! The table `[cohort.customer]`.

use super::distribution::Quantity;
use super::draft::Draft;
use super::duration;
use super::{Put, table};
use toml::{Table, Value};

impl Draft {
    pub fn customer(&mut self) -> Table {
        let mut customer = Table::new();
        match self.between(0, 9) {
            0 => customer.put("payment_method", 0.0),
            1 => customer.put("payment_method", 1.0),
            2..=4 => customer.put("payment_method", self.between(1, 9) as f64 / 10.0),
            _ => {}
        }
        if self.chance(0.7) {
            customer.put("adds_payment_method", self.answer());
        }
        if self.chance(0.7) {
            customer.put("replaces_card", self.answer());
        }
        if self.chance(0.8) {
            let mut buys = self.answer();
            buys.put("amount", self.charge(0.03, 1.0));
            customer.put("buys_credit", buys);
            if self.chance(0.5) {
                customer.put("heeds_alert", self.answer());
            }
        }
        if self.chance(0.4) {
            let patience = if self.is_odd(0.15) { "0s".into() } else { self.durations(0.05, 2.0) };
            customer.put("patience", patience);
        }
        if self.chance(0.45) {
            let spend = self.spend() * self.log(0.1, 2.0);
            let limit = match self.is_odd(0.2) {
                true => (*self.pick(&[0.0, 0.01, 2e9])).into(),
                false => self.distribution(spend, Quantity::Dollars),
            };
            customer.put("spend_limit", limit);
        }
        match self.between(0, 9) {
            0 => customer.put("on_refusal", "drop"),
            1..=3 => customer.put("on_refusal", table([("retry", self.retry().into())])),
            4..=6 => customer.put("on_refusal", table([("queue", self.queue().into())])),
            _ => {}
        }
        customer
    }

    fn answer(&mut self) -> Table {
        let mut answer = Table::new();
        if self.chance(0.6) {
            let probability = match self.is_odd(0.3) {
                true => self.share(),
                false => *self.pick(&[0.0, 0.5, 0.9, 1.0, 1.0]),
            };
            answer.put("probability", probability);
        }
        // Without a delay, what fails each time comes back each second.
        if self.least_cycle() > duration::SECOND as f64 || self.chance(0.7) {
            answer.put("delay", self.cycle(0.003, 0.1));
        }
        answer
    }

    fn retry(&mut self) -> Table {
        let backoff = if self.chance(0.4) { self.short() } else { self.span(0.0001, 0.03) };
        let mut retry =
            table([("attempts", self.between(0, 5).into()), ("backoff", duration::text(backoff).into())]);
        if self.chance(0.6) {
            retry.put("factor", *self.pick(&[0.0, 0.5, 1.0, 1.15, 2.0, 3.0, 10.0]));
        }
        self.reacts_to(&mut retry);
        retry
    }

    fn queue(&mut self) -> Table {
        let mut queue = Table::new();
        if self.chance(0.5) {
            queue.put("capacity", if self.is_odd(0.5) { self.between(0, 1) } else { self.between(1, 30) });
        }
        if self.chance(0.5) {
            let wait = if self.is_odd(0.3) { 0 } else { self.span(0.01, 0.4) };
            queue.put("max_wait", duration::text(wait));
        }
        self.reacts_to(&mut queue);
        queue
    }

    /// Not to all refusals, sometimes.
    fn reacts_to(&mut self, client: &mut Table) {
        if self.chance(0.35) {
            let codes: Vec<i64> = [402, 403, 418, 429].into_iter().filter(|_| self.chance(0.6)).collect();
            let codes = if codes.is_empty() { vec![402] } else { codes };
            client.put("http_status", codes.into_iter().map(Value::from).collect::<Vec<Value>>());
        }
    }
}
