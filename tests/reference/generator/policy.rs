//! The tables `[[policy]]`.

use super::draft::{self, Draft, places};
use super::duration::{self, DAY, MINUTE, SECOND};
use super::{Put, table};
use toml::{Table, Value};

/// The kinds that may follow another policy.
const KINDS: [&str; 3] = ["prepaid_pause", "auto_topup", "postpaid"];
const TRIAL: &str = "trial";

const REASONS: [&str; 8] = [
    "closed",
    "no_payment_method",
    "past_due",
    "limit_reached",
    "budget_reached",
    "no_credit",
    "rate_limited",
    "on_hold",
];

impl Draft {
    pub fn policies(&mut self) -> Vec<Table> {
        let count = self.between(1, 4);
        (1..=count).map(|number| self.named_policy(number)).collect()
    }

    fn named_policy(&mut self, number: i64) -> Table {
        let kind = if self.chance(0.3) { TRIAL } else { *self.pick(&KINDS) };
        let mut policy = self.policy(kind);
        policy.put("name", format!("p{number}"));
        if kind == TRIAL {
            let mut then = self.successor();
            // Nobody signs up under it.
            then.remove("free_credit");
            policy.put("then", then);
        } else if self.chance(0.45) {
            policy.put("switch", self.switch());
        }
        policy
    }

    fn successor(&mut self) -> Table {
        let kind = *self.pick(&KINDS);
        self.policy(kind)
    }

    fn switch(&mut self) -> Table {
        let day = self.between(-1, self.horizon / DAY + 1);
        let at = self.start.checked_add(jiff::Span::new().days(day)).expect("a date before the year 9999");
        let mut switch = table([("at", draft::date(at)), ("to", self.successor().into())]);
        if self.chance(0.6) {
            switch.put("grandfather", self.chance(0.7));
        }
        switch
    }

    fn policy(&mut self, kind: &str) -> Table {
        let mut policy = table([("kind", kind.into())]);
        self.common_terms(&mut policy);
        match kind {
            "prepaid_pause" => self.initial_purchase(&mut policy),
            "auto_topup" => {
                self.initial_purchase(&mut policy);
                self.auto_topup(&mut policy);
            }
            "postpaid" => self.postpaid(&mut policy),
            _ => self.trial(&mut policy),
        }
        policy
    }

    fn initial_purchase(&mut self, policy: &mut Table) {
        if self.chance(0.7) {
            let is_nothing = self.chance(0.1);
            policy.put("initial_purchase", if is_nothing { 0.0 } else { self.charge(0.05, 1.2) });
        }
    }

    fn auto_topup(&mut self, policy: &mut Table) {
        let threshold = match self.between(0, 3) {
            0 => 0.0,
            _ => self.amount(0.01, 0.2),
        };
        // Small top-ups below a high threshold, or for high costs, would never end.
        let least = (threshold / 20.0).max(self.most_spent() / 100.0).max(0.01);
        let bought = self.charge(0.03, 0.4).max(least);
        if self.chance(0.5) {
            let amount = self.whole_cents(bought).max(places(least, 2));
            policy.put("amount", amount);
        } else {
            let target = self.fine(threshold + bought);
            policy.put("target", if target > threshold { target } else { 2.0 * threshold + 1.0 });
        }
        policy.put("threshold", threshold);
        if self.chance(0.5) {
            policy.put("monthly_budget", self.limit(0.2, 3.0));
        }
        if self.chance(0.4) {
            policy.put("max_per_day", self.between(1, 3));
        }
        if self.chance(0.6) {
            policy.put("retry_after", self.waits());
        }
    }

    fn postpaid(&mut self, policy: &mut Table) {
        if self.chance(0.7) {
            policy.put("tiers", self.tiers());
        }
        if self.chance(0.6) {
            policy.put("limit_counts", *self.pick(&["usage", "billed", "billed"]));
        }
        if self.chance(0.35) {
            policy.put("minimum_charge", self.charge(0.02, 0.5));
        }
        if self.chance(0.5) {
            let terms = if self.chance(0.3) { 0 } else { self.span(0.01, 0.5) };
            policy.put("terms", duration::text(terms));
        }
        if self.chance(0.5) {
            let steps = self.between(1, 4);
            let mut amounts: Vec<f64> = (0..steps).map(|_| self.amount(0.02, 1.0)).collect();
            amounts.sort_by(f64::total_cmp);
            amounts.dedup();
            policy.put("progressive", amounts);
        }
        if self.chance(0.6) {
            policy.put("retry_after", self.waits());
        }
        if self.chance(0.5) {
            let after = if self.is_odd(0.2) { 0 } else { self.span(0.03, 1.0) };
            policy.put("write_off_after", duration::text(after));
        }
    }

    fn tiers(&mut self) -> Vec<Table> {
        let count = self.between(1, 4);
        let (mut paid, mut limit) = (0.0, self.limit(0.15, 1.2));
        let mut tiers = Vec::new();
        for tier in 0..count {
            let mut row = table([("paid", paid.into()), ("limit", limit.into())]);
            if tier > 0 && self.chance(0.35) {
                row.put("after", duration::text(self.span(0.02, 0.5)));
            }
            tiers.push(row);
            if !self.chance(0.25) {
                let more = self.amount(0.03, 0.4);
                paid = self.fine(paid + more).max(paid);
            }
            // Mostly higher, but nothing demands it.
            limit = if self.chance(0.1) { self.limit(0.1, 1.0) } else { self.fine((limit * 2.0).min(1e8)) };
        }
        tiers
    }

    fn trial(&mut self, policy: &mut Table) {
        if self.chance(0.8) {
            let credit = if self.is_odd(0.2) { 1e-9 } else { self.amount(0.03, 0.6) };
            policy.put("credit", credit);
        }
        if self.chance(0.5) {
            let after = if self.is_odd(0.2) { 0 } else { self.span(0.03, 0.9) };
            policy.put("expires_after", duration::text(after));
        }
    }

    fn waits(&mut self) -> Vec<Value> {
        let count = self.between(0, 4);
        (0..count)
            .map(|_| {
                let wait = if self.chance(0.1) { self.short() } else { self.span(0.003, 0.15) };
                duration::text(wait).into()
            })
            .collect()
    }

    fn common_terms(&mut self, policy: &mut Table) {
        if self.chance(0.25) {
            let mut credit = table([("amount", self.amount(0.02, 0.4).into())]);
            if self.chance(0.6) {
                let after = if self.is_odd(0.2) { 0 } else { self.span(0.02, 0.8) };
                credit.put("expires_after", duration::text(after));
            }
            policy.put("free_credit", credit);
        }
        if self.chance(0.25) {
            // What lapses at once would be bought again at once.
            let after = (self.span(0.03, 0.8) as f64).max(self.least_cycle());
            let is_topped_up = policy.get("kind").and_then(Value::as_str) == Some("auto_topup");
            let least = if is_topped_up { MINUTE } else { SECOND };
            let after = self.snapped(after).max(least);
            policy.put("credit_expires_after", duration::text(after));
        }
        if self.chance(0.35) {
            policy.put("rate_limit", self.rate_limit());
        }
        if self.chance(0.35) {
            policy.put("alert_at", self.limit(0.02, 0.4));
        }
        if self.chance(0.25) {
            policy.put("metering", self.metering());
        }
        if self.chance(0.3) {
            let mut codes = Table::new();
            for reason in REASONS {
                if self.chance(0.3) {
                    codes.put(reason, *self.pick(&[402, 403, 418, 429, 599]));
                }
            }
            if !codes.is_empty() {
                policy.put("http_status", codes);
            }
        }
    }

    fn rate_limit(&mut self) -> Table {
        let mut limit = self.rates();
        let without = self.chance(0.5).then(|| self.rates());
        // Each minute of each account is a window.
        if self.account_time() < 2_000.0 * DAY as f64 && self.chance(0.6) {
            limit.put("adaptive", self.adaptive());
            if without.is_none() {
                limit.remove("tokens_per_minute");
            }
        }
        without.into_iter().for_each(|rates| limit.put("without_payment_method", rates));
        limit
    }

    /// One limit at least.
    fn rates(&mut self) -> Table {
        let which = self.between(0, 2);
        let mut rates = Table::new();
        if which != 0 {
            rates.put("requests_per_minute", if self.is_odd(0.2) { 0 } else { self.between(1, 4) });
        }
        if which != 1 {
            rates.put("tokens_per_minute", if self.is_odd(0.2) { 0 } else { self.some_tokens() });
        }
        rates
    }

    /// About as many as a few requests have.
    fn some_tokens(&mut self) -> i64 {
        ((self.prompt + self.output) * self.log(0.3, 4.0)).round() as i64
    }

    fn adaptive(&mut self) -> Table {
        let start = self.some_tokens();
        let floor = (start as f64 * *self.pick(&[0.0, 0.1, 0.5, 1.0])) as i64;
        let ceiling = (start as f64 * *self.pick(&[1.0, 1.5, 4.0])) as i64;
        table([
            ("start", start.into()),
            ("floor", floor.into()),
            ("ceiling", ceiling.into()),
            ("grow", (*self.pick(&[1.0, 1.1, 2.0])).into()),
            ("shrink", (*self.pick(&[0.0, 0.5, 0.9, 0.999, 1.0])).into()),
            ("busy", self.share().into()),
        ])
    }
}
