//! What a workload comes to on average, for a look before a run.

use super::profile::Profile;
use super::trace::Trace;
use super::{Arrivals, Signup, Workload};
use crate::tariff::{Price, Tariff};
use crate::time::{Calendar, Span, Time};

impl Workload {
    /// The expected number of requests of one account up to the horizon. A renewal process is taken at its
    /// long-run rate; for a trace it is the exact average over its accounts.
    pub fn expected_requests(&self, calendar: &Calendar, signup: Signup) -> f64 {
        match &self.arrivals {
            Arrivals::Poisson { per_day } | Arrivals::Gamma { per_day, .. } => {
                let profile = Profile::new(&self.modulation, calendar);
                per_day / 24.0 * expected_worked_hours(&profile, calendar.horizon, signup)
            }
            Arrivals::Trace(trace) => {
                let before = trace.records.iter().filter(|record| record.at < calendar.horizon);
                before.map(|record| signup.probability_by(record.at)).sum::<f64>()
                    / trace.by_account.len().max(1) as f64
            }
        }
    }

    /// The expected cost of a request in dollars, rounding to whole tokens left aside. For a trace it is the
    /// average over its records.
    pub fn expected_cost_per_request(&self, tariff: &Tariff) -> f64 {
        let weights: f64 = self.models.iter().map(|(_, weight)| weight).sum();
        let average = |of: fn(&Price) -> u32| {
            let prices =
                self.models.iter().map(|(model, weight)| weight * f64::from(of(tariff.price(*model))));
            prices.sum::<f64>() / weights
        };
        let drawn = Prices {
            input: average(|price| price.input),
            cached_input: average(|price| price.cached_input),
            output: average(|price| price.output),
        };
        let cached_share = self.tokens.cached_share.mean().clamp(0.0, 1.0);
        let nanos = match &self.arrivals {
            Arrivals::Poisson { .. } | Arrivals::Gamma { .. } => {
                // The mean of a lognormal factor of median 1.
                let spread = |sigma: f64| libm::exp(sigma * sigma / 2.0);
                let prompt = self.tokens.prompt.mean().max(1.0) * spread(self.tokens.prompt_spread);
                let output = self.tokens.output.mean().max(0.0) * spread(self.tokens.output_spread);
                drawn.cost(prompt, prompt * cached_share, output)
            }
            Arrivals::Trace(trace) => trace.average_cost(tariff, drawn, cached_share),
        };
        nanos * 1e-9
    }
}

impl Trace {
    fn average_cost(&self, tariff: &Tariff, drawn: Prices, cached_share: f64) -> f64 {
        let costs = self.records.iter().map(|record| {
            let usage = record.usage;
            let prices = if self.has_models { Prices::from(tariff.price(usage.model)) } else { drawn };
            let prompt = f64::from(usage.prompt);
            let cached = if self.has_cached { f64::from(usage.cached) } else { prompt * cached_share };
            prices.cost(prompt, cached, f64::from(usage.output))
        });
        costs.sum::<f64>() / self.records.len().max(1) as f64
    }
}

/// Prices on average, in nano-dollars a token.
#[derive(Clone, Copy)]
struct Prices {
    input: f64,
    cached_input: f64,
    output: f64,
}

impl From<&Price> for Prices {
    fn from(price: &Price) -> Prices {
        Prices {
            input: price.input.into(),
            cached_input: price.cached_input.into(),
            output: price.output.into(),
        }
    }
}

impl Prices {
    fn cost(self, prompt: f64, cached: f64, output: f64) -> f64 {
        (prompt - cached) * self.input + cached * self.cached_input + output * self.output
    }
}

impl Signup {
    /// The probability that an account has signed up by an instant.
    fn probability_by(self, at: Time) -> f64 {
        match self {
            Signup::Over(window) if at < Time::START + window => at.micros() as f64 / window.micros() as f64,
            Signup::AtStart | Signup::Over(_) => 1.0,
        }
    }
}

/// The hours worked from the signup to the horizon, on average over signups.
fn expected_worked_hours(profile: &Profile, horizon: Time, signup: Signup) -> f64 {
    let mut sum = 0.0;
    let mut from = Time::START;
    while from < horizon {
        let until = horizon.min(from + Span::HOUR);
        // Within an hour both rate and signups are all but even.
        let signed_up = (signup.probability_by(from) + signup.probability_by(until)) / 2.0;
        sum += (profile.worked(until) - profile.worked(from)) * signed_up;
        from = until;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::generator::tests::{calendar, lognormal_workload, tariff, totals};
    use super::*;
    use crate::workload::distribution::Distribution;

    #[test]
    fn what_is_expected_comes_to_pass() {
        let mut workload = lognormal_workload();
        workload.arrivals = Arrivals::Poisson { per_day: 4.0 };
        workload.modulation.daily = std::array::from_fn(|hour| if hour < 8 { 0.0 } else { 1.5 });
        workload.modulation.growth_per_month = 0.5;
        workload.tokens.cached_share = Distribution::uniform(0.1, 0.7);
        workload.tokens.prompt_spread = 0.3;
        workload.models = vec![(0, 1.0), (1, 3.0)];
        for signup in [Signup::AtStart, Signup::Over(Span::days(20)), Signup::Over(Span::days(60))] {
            let (requests, dollars) = totals(&workload, signup, 20_000);
            let expected = workload.expected_requests(&calendar(), signup) * 20_000.0;
            assert!((requests / expected - 1.0).abs() < 0.03, "{requests} of {expected}");
            let cost = workload.expected_cost_per_request(&tariff());
            assert!((dollars / requests / cost - 1.0).abs() < 0.03, "{} of {cost}", dollars / requests);
        }
    }
}
