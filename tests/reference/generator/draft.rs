//! What a scenario is about as a whole, and the luck that its parts are drawn with.

use super::duration::{self, DAY, HOUR, MINUTE, SECOND};
use super::{Put, table};
use billsim::rng::{CohortStreams, Draws, Purpose};
use jiff::civil::{self, Date};
use rand::RngExt;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// A scenario to be: the shape that all its parts share.
pub struct Draft {
    draws: Draws,
    /// All times are multiples of this, and all amounts of [`Draft::request_usd`], so that much happens at one
    /// instant and amounts meet exactly.
    pub grid: Option<i64>,
    /// Some values are the smallest or the largest that make sense.
    is_extreme: bool,
    pub start: Date,
    pub horizon: i64,
    pub runoff: i64,
    /// The cohorts to be.
    pub groups: Vec<Group>,
    /// About what a request costs; whole cents on a grid.
    pub request_usd: f64,
    /// Tokens of a prompt and of an output, on average.
    pub prompt: f64,
    pub output: f64,
    /// How many models the price list has: `m1`, `m2`, ...
    pub models: usize,
    pub files: BTreeMap<String, String>,
}

/// A cohort to be.
#[derive(Clone, Copy)]
pub struct Group {
    pub accounts: i64,
    /// Of an account, on average.
    pub requests: f64,
}

/// The most money that is ever moved at once: so no account has as much as two billion.
const MOST_CHARGED: f64 = 3e8;
/// The highest price of a token, in dollars.
const MOST_PER_TOKEN: f64 = 0.2;

impl Draft {
    pub fn new(seed: u64) -> Draft {
        let draws = CohortStreams::new(seed, 0, "reference").account(0).draws(Purpose::Gap, 0);
        let mut draft = Draft {
            draws,
            grid: None,
            is_extreme: false,
            start: civil::date(2026, 1, 1),
            horizon: DAY,
            runoff: 0,
            groups: Vec::new(),
            request_usd: 0.0,
            prompt: 0.0,
            output: 0.0,
            models: 0,
            files: BTreeMap::new(),
        };
        draft.settle_time();
        draft.settle_size();
        draft.settle_cost();
        draft
    }

    fn settle_time(&mut self) {
        self.is_extreme = self.chance(0.2);
        let days = match self.between(1, 50) {
            1 => 400.0,
            2..=10 => self.log(0.04, 0.6),
            11..=20 => self.log(0.6, 6.0),
            _ => self.log(8.0, 70.0),
        };
        self.horizon = (days * DAY as f64) as i64 / MINUTE * MINUTE;
        if self.is_odd(0.1) {
            self.horizon = *self.pick(&[1, 1_000, SECOND, MINUTE]);
        } else if self.chance(0.25) {
            let grids: Vec<i64> =
                [HOUR, 6 * HOUR, 12 * HOUR, DAY].into_iter().filter(|grid| 4 * grid < self.horizon).collect();
            if !grids.is_empty() {
                let grid = *self.pick(&grids);
                self.horizon -= self.horizon % grid;
                self.grid = Some(grid);
            }
        }
        self.start = self.date_of_start();
        if self.chance(0.65) {
            let days = if self.chance(0.2) { self.log(0.01, 1.0) } else { self.log(1.0, 100.0).round() };
            self.runoff = self.snapped(days * DAY as f64);
        }
    }

    /// Mostly such that a month ends in the run.
    fn date_of_start(&mut self) -> Date {
        if self.is_odd(0.15) {
            return *self.pick(&[
                civil::date(1970, 1, 1),
                civil::date(2000, 2, 28),
                civil::date(9000, 12, 31),
            ]);
        }
        let first = civil::date(2024 + self.between(0, 3) as i16, self.between(1, 12) as i8, 1);
        let offset = match self.horizon < 28 * DAY && self.chance(0.75) {
            true => -1 - self.between(0, self.horizon / DAY),
            false => self.between(0, 27),
        };
        first.checked_add(jiff::Span::new().days(offset)).expect("a date of this century")
    }

    fn settle_size(&mut self) {
        let groups = *self.pick(&[1, 1, 1, 2, 2, 2, 3]);
        for _ in 0..groups {
            let (accounts, requests) = match self.between(1, 20) {
                1..=3 => (self.between(100, 400), self.log(1.0, 4.0)),
                4..=8 => (self.between(1, 3), self.log(200.0, 1_500.0)),
                9..=14 => (self.between(1, 12), self.log(1.0, 8.0)),
                _ => (self.between(2, 10), self.log(15.0, 80.0)),
            };
            self.groups.push(Group { accounts, requests });
        }
    }

    fn settle_cost(&mut self) {
        self.request_usd = match self.is_odd(0.1) {
            true => self.log(1e6, 2e7) / self.most_requests(),
            false => self.log(1.0, 500.0) / self.groups[0].requests,
        };
        self.output = self.log(1.0, 2_000.0);
        self.prompt = self.log(100.0, 50_000.0);
        if self.grid.is_some() {
            // A prompt of this length costs this exactly; the output is free, or short.
            self.request_usd = *self.pick(&[0.01, 0.05, 0.25, 1.0, 2.5]);
            self.prompt = *self.pick(&[100.0, 1_000.0, 5_000.0]);
            self.output = self.between(0, 3) as f64;
        } else if self.chance(0.08) {
            // A nano-dollar a token: what is rounded to one matters.
            self.prompt = self.log(1.0, 40.0);
            self.output = self.prompt;
            self.request_usd = self.prompt * 1e-9;
        }
        self.prompt = self.prompt.max(self.request_usd / MOST_PER_TOKEN).round().max(1.0);
        self.output = self.output.round();
        self.models = self.between(1, 4) as usize;
    }

    /// The price list: at each price a request costs about what it should.
    pub fn prices(&mut self) -> Table {
        let free = self.chance(0.25).then(|| self.between(1, self.models as i64) as usize);
        // Where all is free, nothing happens.
        let free = free.filter(|_| self.models > 1 || self.is_odd(0.3));
        let mut prices = Table::new();
        for model in 1..=self.models {
            let input = match (self.grid, free == Some(model)) {
                (_, true) => 0.0,
                (Some(_), false) => {
                    let times = *self.pick(&[1.0, 1.0, 2.0, 4.0]);
                    times * self.request_usd / self.prompt * 1e6
                }
                (None, false) => self.request_usd / (self.prompt + self.output) * 1e6 * self.log(0.5, 1.5),
            };
            // Down to a nano-dollar a token.
            let input = if input > 0.0 { places(input, 3).max(0.001) } else { 0.0 };
            let output = match self.grid {
                Some(_) => *self.pick(&[0.0, input]),
                None => places(input * self.log(0.1, 2.0), 3),
            };
            let mut price = table([("input", input.into()), ("output", output.into())]);
            if self.chance(0.4) {
                let share = *self.pick(&[0.0, 0.1, 0.5]);
                price.put("cached_input", places(input * share, 3));
            }
            prices.put(&format!("m{model}"), price);
        }
        prices
    }

    /// When usage is known, of a scenario or of a policy.
    pub fn metering(&mut self) -> Table {
        let mut metering = Table::new();
        if self.chance(0.6) {
            let delay = if self.chance(0.3) { self.short() } else { self.span(0.001, 0.08) };
            metering.put("delay", duration::text(delay));
        }
        if self.chance(0.4) {
            // Not so often that a run has more instants of judgement than anything else.
            let refresh = if self.chance(0.1) { 0 } else { self.span(0.001, 0.1).max(self.horizon / 5_000) };
            metering.put("refresh", duration::text(refresh));
        }
        if self.chance(0.6) {
            metering.put("authorization", self.authorization());
        }
        metering
    }

    fn authorization(&mut self) -> Value {
        let way = self.between(0, 4);
        if way == 0 {
            return "balance".into();
        }
        let tokens = (self.output * self.log(0.2, 5.0)).round() as i64;
        let mut hold = Table::new();
        if way <= 2 || self.chance(0.7) {
            hold.put("output_tokens", if self.is_odd(0.2) { 0 } else { tokens });
        }
        if self.chance(0.6) {
            let factor = *self.pick(&[0.5, 1.0, 1.15, 3.0]);
            hold.put("factor", if self.is_odd(0.3) { 0.0 } else { factor });
        }
        if way <= 2 {
            return table([("hold", hold.into())]).into();
        }
        let amount = self.request_usd * self.log(0.3, 6.0);
        hold.put("amount", self.fine(amount.max(1e-9)));
        table([("in_flight", hold.into())]).into()
    }
}

/// Luck.
impl Draft {
    pub fn chance(&mut self, probability: f64) -> bool {
        self.draws.happens(probability)
    }

    /// Whether a value is to be an extreme one.
    pub fn is_odd(&mut self, probability: f64) -> bool {
        self.chance(probability) && self.is_extreme
    }

    pub fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.draws.random_range(0..values.len())]
    }

    /// Both bounds included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        self.draws.random_range(least..=most)
    }

    /// Evenly on a logarithmic scale.
    pub fn log(&mut self, least: f64, most: f64) -> f64 {
        least * (most / least).powf(self.draws.unit())
    }

    /// A share or probability.
    pub fn share(&mut self) -> f64 {
        match self.is_odd(0.4) {
            true => self.between(0, 1) as f64,
            false => self.between(1, 19) as f64 / 20.0,
        }
    }
}

/// Times.
impl Draft {
    /// A share of the horizon within these bounds.
    pub fn span(&mut self, least: f64, most: f64) -> i64 {
        if self.is_odd(0.08) {
            return self.snapped(0.0);
        }
        let micros = self.horizon as f64 * self.log(least, most);
        self.snapped(micros)
    }

    /// On the grid, else mostly a round length; never zero.
    pub fn snapped(&mut self, micros: f64) -> i64 {
        if let Some(grid) = self.grid {
            return (micros / grid as f64).round().max(1.0) as i64 * grid;
        }
        let micros = micros as i64;
        let unit = match self.chance(0.15) {
            true => 1,
            false => {
                let units = [DAY, HOUR, MINUTE, SECOND, 1_000];
                units.into_iter().find(|unit| micros >= 4 * unit).unwrap_or(1)
            }
        };
        (micros / unit * unit).max(1)
    }

    /// Some seconds or less; on a grid none, or a step.
    pub fn short(&mut self) -> i64 {
        match self.grid {
            Some(grid) => *self.pick(&[0, grid]),
            None => *self.pick(&[0, 1, 250_000, SECOND, 2 * SECOND, MINUTE]),
        }
    }

    /// The shortest mean of what may come again and again, such as purchases that are always declined.
    pub fn least_cycle(&self) -> f64 {
        self.account_time() / 5_000.0
    }

    /// The time that all accounts are watched, together.
    pub fn account_time(&self) -> f64 {
        let accounts: i64 = self.groups.iter().map(|group| group.accounts).sum();
        (self.horizon + self.runoff) as f64 * accounts as f64
    }
}

/// Amounts.
impl Draft {
    /// What an account of some cohort spends, one of those that spend more by preference.
    pub fn spend(&mut self) -> f64 {
        let last = self.groups.len() as i64 - 1;
        let groups = [(); 2].map(|()| self.between(0, last) as usize);
        groups.map(|group| self.groups[group].requests).into_iter().fold(0.0, f64::max) * self.request_usd
    }

    /// The most that an account of any cohort spends on average.
    pub fn most_spent(&self) -> f64 {
        self.most_requests() * self.request_usd
    }

    fn most_requests(&self) -> f64 {
        self.groups.iter().map(|group| group.requests).fold(0.0, f64::max)
    }

    /// What may be charged to a card: a share of what is spent, in whole cents.
    pub fn charge(&mut self, least: f64, most: f64) -> f64 {
        if self.is_odd(0.1) {
            return 0.01;
        }
        let usd = self.spend() * self.log(least, most);
        self.whole_cents(usd)
    }

    pub fn whole_cents(&mut self, usd: f64) -> f64 {
        let usd = usd.min(MOST_CHARGED);
        if self.grid.is_some() {
            let ticks = (usd / self.request_usd).round().max(1.0);
            return places(ticks * self.request_usd, 2);
        }
        if usd >= 4.0 && self.chance(0.5) { usd.round() } else { places(usd, 2).max(0.01) }
    }

    /// An amount that need not be whole cents: a share of what is spent.
    pub fn amount(&mut self, least: f64, most: f64) -> f64 {
        let usd = self.spend() * self.log(least, most);
        self.fine(usd)
    }

    /// An amount that only bounds others, and may be far beyond them.
    pub fn limit(&mut self, least: f64, most: f64) -> f64 {
        match self.is_odd(0.15) {
            true => *self.pick(&[0.0, 1e-9, 0.01, 2e9]),
            false => self.amount(least, most),
        }
    }

    /// Sometimes to the nano-dollar.
    pub fn fine(&mut self, usd: f64) -> f64 {
        if self.grid.is_some() || usd >= 0.05 && self.chance(0.7) {
            return self.whole_cents(usd);
        }
        // Fifteen digits are all that the number keeps.
        if usd < 1e5 { places(usd, 9).max(1e-9) } else { places(usd.min(MOST_CHARGED), 2) }
    }
}

/// Rounded to a number of decimals.
pub fn places(number: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (number * scale).round() / scale
}

/// A date as TOML writes one.
pub fn date(date: Date) -> Value {
    Value::Datetime(date.to_string().parse().expect("a date"))
}
