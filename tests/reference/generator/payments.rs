//! The section `[payments]`.

use super::distribution::Quantity;
use super::draft::{Draft, places};
use super::duration::{self, DAY, MINUTE, SECOND};
use super::{Put, table};
use toml::Table;

impl Draft {
    pub fn payments(&mut self) -> Table {
        let mut payments = Table::new();
        if self.chance(0.6) {
            let latency = if self.is_odd(0.2) {
                let days = *self.pick(&[0, 40]);
                duration::text(days * DAY).into()
            } else if self.chance(0.3) {
                duration::text(self.short()).into()
            } else {
                self.durations(0.001, 0.1)
            };
            payments.put("latency", latency);
        }
        if self.chance(0.45) {
            let delay = if self.chance(0.4) { self.short() } else { self.span(0.001, 0.1) };
            payments.put("posting_delay", duration::text(delay));
        }
        if self.chance(0.65) {
            let decline = match self.between(0, 7) {
                0 => 0.0,
                1 => 1.0,
                _ => places(self.log(0.03, 0.7), 2),
            };
            payments.put("decline", decline);
        }
        if self.chance(0.35) {
            payments.put("first_decline", self.share());
        }
        let run = (self.horizon + self.runoff) as f64;
        if self.chance(0.4) {
            let spell = self.span(0.01, 0.3) as f64;
            let spell = self.snapped(spell.max(run / 1_000.0)).max(SECOND);
            payments.put("decline_lasts", duration::text(spell));
        }
        let is_renewed = self.chance(0.4);
        if is_renewed {
            payments.put("card_updater", self.share());
        }
        if self.chance(0.45) {
            // Renewed cards begin anew, so a short life is lived often.
            let life = self.span(0.02, 1.5) as f64;
            let life = match !is_renewed && self.is_odd(0.3) {
                true => *self.pick(&[0.0, 1.0, SECOND as f64]),
                false => life.max(run / 300.0).max(2.0 * MINUTE as f64),
            };
            payments.put("card_lifetime", self.distribution(life, Quantity::Time));
        }
        if self.chance(0.35) {
            let percent = *self.pick(&[0.0000001, 2.9, 10.0, 50.0]);
            payments.put("fee_percent", if self.is_odd(0.3) { 100.0 } else { percent });
        }
        if self.chance(0.35) {
            let fee = *self.pick(&[0.3, 0.000000001, 1.0]);
            payments.put("fee_fixed", fee);
        }
        if self.chance(0.35) {
            let outages: Vec<Table> = (0..self.between(1, 3)).map(|_| self.outage()).collect();
            payments.put("outages", outages);
        }
        if self.chance(0.4) {
            payments.put("dispute", self.dispute());
        }
        payments
    }

    fn outage(&mut self) -> Table {
        let from = match self.chance(0.1) {
            true => 0,
            false => self.span(0.02, 1.2),
        };
        let length = if self.is_odd(0.2) { 0 } else { self.span(0.005, 0.2) };
        table([("from", duration::text(from).into()), ("for", duration::text(length).into())])
    }

    fn dispute(&mut self) -> Table {
        let probability = if self.is_odd(0.3) { self.share() } else { places(self.log(0.005, 0.3), 3) };
        let mut dispute = table([("probability", probability.into())]);
        if self.chance(0.75) {
            dispute.put("delay", self.durations(0.01, 0.6));
        }
        if self.chance(0.6) {
            dispute.put("fee", *self.pick(&[0.000000001, 1.5, 15.0]));
        }
        dispute
    }
}
