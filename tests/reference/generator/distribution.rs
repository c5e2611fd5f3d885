//! Distributions of every family, about a mean.

use super::draft::{Draft, places};
use super::duration::{self, SECOND};
use super::{Put, table};
use toml::{Table, Value};

/// What a distribution is of.
#[derive(Clone, Copy, PartialEq)]
pub enum Quantity {
    /// In microseconds.
    Time,
    Dollars,
    /// On a grid multiples of this.
    Tokens(f64),
    /// A number without a unit.
    Factor,
    /// A number in 0..1.
    Share,
}

impl Draft {
    /// A single value or a distribution.
    pub fn distribution(&mut self, mean: f64, of: Quantity) -> Value {
        if self.chance(0.4) { self.quantity(mean, of) } else { self.family(mean, of) }
    }

    /// A distribution of durations whose mean is such a share of the horizon.
    pub fn durations(&mut self, least: f64, most: f64) -> Value {
        let mean = self.span(least, most);
        self.distribution(mean as f64, Quantity::Time)
    }

    /// A distribution of the time that something takes which may come again and again.
    pub fn cycle(&mut self, least: f64, most: f64) -> Value {
        let mean = (self.span(least, most) as f64).max(self.least_cycle());
        self.distribution(mean, Quantity::Time)
    }

    /// A share or a distribution of shares.
    pub fn shares(&mut self) -> Value {
        let mean = self.share();
        if mean == 0.0 || self.chance(0.3) {
            return mean.into();
        }
        if self.chance(0.3) {
            return self.beta();
        }
        self.family(mean, Quantity::Share)
    }

    pub fn beta(&mut self) -> Value {
        let [a, b] = [(); 2].map(|()| *self.pick(&[0.5, 1.0, 4.0]));
        table([("beta", table([("a", a.into()), ("b", b.into())]).into())]).into()
    }

    /// A value on the grid, if there is one.
    fn quantity(&mut self, value: f64, of: Quantity) -> Value {
        match of {
            Quantity::Time => duration::text(self.snapped(value)).into(),
            Quantity::Dollars => self.whole_cents(value).into(),
            Quantity::Tokens(step) if self.grid.is_some() => {
                ((value / step.max(1.0)).round() as i64 * step as i64).into()
            }
            Quantity::Tokens(_) => (value.round() as i64).into(),
            Quantity::Factor => places(value, 3).max(0.001).into(),
            Quantity::Share => places(value, 3).clamp(0.001, 1.0).into(),
        }
    }

    fn family(&mut self, mean: f64, of: Quantity) -> Value {
        // Parameters must be above zero.
        let mean = if matches!(of, Quantity::Tokens(_)) { mean.max(1.0) } else { mean };
        let cv = *self.pick(&[0.0, 0.5, 1.0, 2.0]);
        let (name, parameters) = match self.between(0, 6) {
            0 => ("constant", self.quantity(mean, of)),
            1 => {
                let width = if self.grid.is_some() { 0.0 } else { *self.pick(&[0.0, 0.5, 1.0]) };
                let (min, max) =
                    (self.quantity(mean * (1.0 - width), of), self.quantity(mean * (1.0 + width), of));
                // Rounded apart from each other, the two need not ascend.
                let min = if width == 0.0 { max.clone() } else { min };
                ("uniform", table([("min", min), ("max", max)]).into())
            }
            2 => ("exponential", table([("mean", self.positive(mean, of))]).into()),
            3 if self.chance(0.5) => {
                let sigma = *self.pick(&[0.0, 0.5, 1.0, 1.5]);
                let median = self.positive(mean / f64::exp(sigma * sigma / 2.0), of);
                ("lognormal", table([("median", median), ("sigma", sigma.into())]).into())
            }
            3 => ("lognormal", table([("mean", self.positive(mean, of)), ("cv", cv.into())]).into()),
            4 => ("gamma", table([("mean", self.positive(mean, of)), ("cv", cv.into())]).into()),
            5 => {
                let alpha = *self.pick(&[1.2, 2.0, 4.0]);
                let min = self.positive(mean * (alpha - 1.0) / alpha, of);
                ("pareto", table([("min", min), ("alpha", alpha.into())]).into())
            }
            _ => ("empirical", self.empirical(mean, of)),
        };
        let is_heavy = ["lognormal", "pareto"].contains(&name);
        let mut family = table([(name, parameters)]);
        if self.grid.is_some() && !["constant", "uniform", "empirical"].contains(&name) && !self.chance(0.1) {
            // Whatever is drawn lies on the grid.
            let value = self.positive(mean, of);
            family.put("min", value.clone());
            family.put("max", value);
        } else if self.grid.is_none() {
            if self.chance(0.2) {
                family.put("min", self.quantity(mean * 0.2, of));
            }
            if is_heavy || self.chance(0.2) {
                family.put("max", self.quantity(mean * 10.0, of));
            }
        }
        if of == Quantity::Share && !family.contains_key("max") {
            family.put("max", 1.0);
        }
        family.into()
    }

    fn positive(&mut self, value: f64, of: Quantity) -> Value {
        match (of, self.grid) {
            (Quantity::Tokens(step), Some(_)) => self.quantity(value.max(step.max(1.0)), of),
            (Quantity::Tokens(_), None) => self.quantity(value.max(1.0), of),
            _ => self.quantity(value, of),
        }
    }

    fn empirical(&mut self, mean: f64, of: Quantity) -> Value {
        let values = [0.2, 0.8, 1.0, 2.0].map(|factor| self.quantity(mean * factor, of)).to_vec();
        let weights: Vec<i64> = values.iter().map(|_| self.between(1, 4)).collect();
        let is_weighted = self.chance(0.5);
        let mut empirical = Table::new();
        if self.chance(0.4) {
            let name = format!("values-{}.csv", self.files.len() + 1);
            let mut rows = if is_weighted { "value,weight\n".to_owned() } else { "value\n".to_owned() };
            for (value, weight) in values.iter().zip(&weights) {
                let value = match value.as_str().and_then(duration::parse) {
                    Some(micros) => (micros as f64 / SECOND as f64).to_string(),
                    None => value.to_string(),
                };
                let weight = if is_weighted { format!(",{weight}") } else { String::new() };
                rows.push_str(&format!("{value}{weight}\n"));
            }
            self.files.insert(name.clone(), rows);
            empirical.put("file", name);
        } else {
            empirical.put("values", values);
            if is_weighted {
                empirical.put("weights", weights);
            }
        }
        empirical.into()
    }
}
