//! The tables `[[cohort]]` and `[cohort.workload]`.

use super::distribution::Quantity;
use super::draft::{Draft, Group, places};
use super::duration::{self, DAY, HOUR, SECOND};
use super::trace::Recorded;
use super::{Put, table};
use toml::{Table, Value};

impl Draft {
    pub fn cohort(&mut self, index: usize) -> Table {
        let group = self.groups[index];
        let mut cohort = Table::new();
        if self.chance(0.3) {
            cohort.put("name", format!("people-{}", index + 1));
        }
        let mut counted = 1.0;
        if self.chance(0.4) {
            // Now and then some would sign up after the horizon, and do not.
            let most = if self.chance(0.2) { 2 * self.horizon } else { self.horizon };
            let over = self.span(0.02, 2.0).min(most);
            cohort.put("signup", table([("over", duration::text(over).into())]));
            let (over, horizon) = (over as f64, self.horizon as f64);
            counted = if over <= horizon { 1.0 - over / horizon / 2.0 } else { horizon / over / 2.0 };
        } else if self.chance(0.2) {
            cohort.put("signup", "start");
        }
        let mut workload = Table::new();
        let mut says_accounts = false;
        if self.chance(0.3) {
            let recorded =
                Recorded { models: self.chance(0.7), cached: self.chance(0.7), accounts: self.chance(0.5) };
            says_accounts = recorded.accounts;
            self.recorded(group, recorded, &mut workload);
        } else {
            self.random(Group { requests: group.requests / counted, ..group }, &mut workload);
        }
        if !says_accounts {
            cohort.put("accounts", group.accounts);
        }
        if self.chance(0.4) {
            workload.put("service", self.service());
        }
        cohort.put("workload", workload);
        let customer = self.customer();
        if !customer.is_empty() {
            cohort.put("customer", customer);
        }
        cohort
    }

    fn recorded(&mut self, group: Group, recorded: Recorded, workload: &mut Table) {
        let trace = self.trace(group, recorded);
        workload.put("arrivals", table([("trace", trace.into())]));
        if !recorded.models {
            self.models_used(workload);
        }
        if !recorded.cached && self.chance(0.6) {
            workload.put("tokens", table([("cached_share", self.shares())]));
        }
    }

    fn random(&mut self, group: Group, workload: &mut Table) {
        let days = (self.horizon as f64 / DAY as f64).max(1e-9);
        let is_regular = self.grid.is_some() && self.chance(0.6);
        let multiplied = if is_regular { 1.0 } else { self.modulation(days, workload) };
        let per_day = (group.requests / days / multiplied).clamp(1e-6, 1e9);
        let per_day = if per_day < 1.0 { places(per_day, 6) } else { places(per_day, 2) };
        let (process, parameters) = match self.between(0, 3) {
            _ if is_regular => ("gamma", self.on_grid(per_day)),
            0 => ("poisson", table([("per_day", per_day.into())])),
            1 => ("gamma", table([("per_day", per_day.into()), ("cv", self.cv())])),
            _ => ("on_off", self.on_off(per_day)),
        };
        workload.put("arrivals", table([(process, parameters.into())]));
        self.models_used(workload);
        workload.put("tokens", self.tokens());
    }

    /// Requests that come on the grid, at about that rate.
    fn on_grid(&mut self, per_day: f64) -> Table {
        let hours = self.grid.unwrap_or(HOUR) / HOUR;
        let most = 24 / hours;
        let per_day = (1..=most).rev().filter(|rate| most % rate == 0).find(|rate| *rate as f64 <= per_day);
        table([("per_day", per_day.unwrap_or(1).into()), ("cv", 0.into())])
    }

    fn cv(&mut self) -> Value {
        match self.between(0, 3) {
            0 => 0.into(),
            1 | 2 => (*self.pick(&[0.5, 1.0, 3.0, 6.0])).into(),
            _ => self.distribution(2.0, Quantity::Factor),
        }
    }

    fn on_off(&mut self, per_day: f64) -> Table {
        let on = (self.span(0.02, 0.3).max(self.horizon / 100) as f64).max(SECOND as f64);
        // What is drawn may be rounded down.
        let on = if on < 2.0 * SECOND as f64 { 2.0 * SECOND as f64 } else { on };
        let mut active = self.shares();
        if active.as_float() == Some(0.0) {
            active = 0.01.into();
        }
        let mut process = table([
            ("per_day", per_day.into()),
            ("active_share", active),
            ("on", self.distribution(on, Quantity::Time)),
        ]);
        if self.chance(0.7) {
            process.put("cv", self.cv());
        }
        process
    }

    /// Varies the rate; tells about by how much it is multiplied on average.
    fn modulation(&mut self, days: f64, workload: &mut Table) -> f64 {
        let mut multiplied = 1.0;
        if self.chance(0.35) {
            workload.put("daily", self.weights(24));
        }
        if self.chance(0.35) {
            workload.put("weekly", self.weights(7));
        }
        if self.chance(0.35) {
            // How many times as much comes at the end as at the start.
            let growth = self.log(0.2, 4.0);
            let per_month = (growth.powf(30.0 / days) - 1.0).clamp(-0.99, 3.0);
            workload.put("growth_per_month", places(per_month, 3));
            multiplied *= (1.0 + growth) / 2.0;
        }
        if self.chance(0.35) {
            let sigma = *self.pick(&[0.0, 0.4, 1.0]);
            workload.put("day_level", sigma);
        }
        if self.chance(0.35) {
            let kinds = self.between(1, 2);
            let (bursts, factors): (Vec<Table>, Vec<f64>) = (0..kinds).map(|_| self.burst(days)).unzip();
            workload.put("bursts", bursts);
            multiplied *= factors.iter().product::<f64>();
        }
        if self.chance(0.4) {
            let factors = match self.chance(0.1) {
                true => self.beta(),
                false => self.distribution(1.0, Quantity::Factor),
            };
            workload.put("heterogeneity", factors);
        }
        multiplied
    }

    /// A kind of burst, and about by how much it multiplies the rate on average.
    fn burst(&mut self, days: f64) -> (Table, f64) {
        let per_day = places((self.log(0.3, 4.0) / days).min(1_000.0), 4);
        let duration = self.span(0.002, 0.03);
        // Those that overlap multiply.
        let share = per_day * duration as f64 / DAY as f64;
        let factor = if self.chance(0.15) { 0.0 } else { self.log(2.0, 20.0).min(1.0 + 1.5 / share) };
        let burst = table([
            ("per_day", per_day.into()),
            ("factor", if factor > 0.0 { self.distribution(factor, Quantity::Factor) } else { 0.0.into() }),
            ("duration", self.distribution(duration as f64, Quantity::Time)),
        ]);
        (burst, f64::exp(share * (factor - 1.0)))
    }

    fn weights(&mut self, count: usize) -> Vec<i64> {
        let mut weights: Vec<i64> = (0..count).map(|_| self.between(0, 5)).collect();
        weights[count / 2] += 1;
        weights
    }

    fn tokens(&mut self) -> Table {
        let prompt = self.distribution(self.prompt, Quantity::Tokens(self.prompt));
        let output = self.distribution(self.output, Quantity::Tokens(1.0));
        let mut tokens = table([("prompt", prompt), ("output", output)]);
        if self.chance(0.4) {
            tokens.put("cached_share", self.shares());
        }
        if self.chance(0.35) {
            tokens.put("account_spread", self.account_spread());
        }
        tokens
    }

    fn account_spread(&mut self) -> Table {
        let mut spread = Table::new();
        if self.chance(0.8) {
            spread.put("prompt", *self.pick(&[0.0, 0.3, 0.8]));
        }
        if self.chance(0.8) {
            spread.put("output", *self.pick(&[0.0, 0.3, 0.8]));
        }
        if self.chance(0.7) {
            spread.put("correlation", *self.pick(&[-1.0, -0.4, 0.0, 0.7, 1.0]));
        }
        spread
    }

    fn models_used(&mut self, workload: &mut Table) {
        let mut models = Table::new();
        for model in 1..=self.models {
            if model == 1 || self.chance(0.8) {
                let weight = if model == 1 { 1 } else { self.between(0, 3) };
                models.put(&format!("m{model}"), weight);
            }
        }
        workload.put("models", models);
        if self.chance(0.5) {
            workload.put("loyalty", self.share());
        }
    }

    fn service(&mut self) -> Table {
        let mut service = Table::new();
        if self.chance(0.8) {
            service.put("first_token", duration::text(self.span(0.0003, 0.03)));
        }
        if self.chance(0.7) {
            let per_token = self.span(0.0003, 0.03);
            let per_token = match self.grid {
                Some(_) => per_token,
                None => (per_token as f64 / self.output.max(1.0)) as i64,
            };
            service.put("per_output_token", duration::text(per_token));
        }
        service
    }
}
