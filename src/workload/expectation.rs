//! What a workload comes to on average, for a look before a run.

use super::profile::Profile;
use super::trace::Trace;
use super::{Arrivals, Burst, Modulation, Signup, Tokens, Workload};
use crate::tariff::{Price, Tariff};
use crate::time::{Calendar, Span, Time};

impl Workload {
    /// The expected number of requests of one account up to the horizon; for a trace it is the exact average
    /// over its accounts.
    ///
    /// Renewal processes and phases are taken at their long-run rates. Since they start with an ordinary gap
    /// and an ordinary phase, an account soon sends (c^2 - 1) / 2 requests more than that, for gaps of a
    /// coefficient of variation c, and has been on longer by s (1 - s) m (1 - v^2) / 2, for a share of time
    /// on s and on phases of mean m and coefficient of variation v. Both are zero for exponential gaps and
    /// phases. Source: Cox, "Renewal Theory" (1962), chapters 4 and 7.
    pub fn expected_requests(&self, calendar: &Calendar, signup: Signup) -> f64 {
        match &self.arrivals {
            Arrivals::Poisson { per_day }
            | Arrivals::Gamma { per_day, .. }
            | Arrivals::OnOff { per_day, .. } => {
                per_day / 24.0 * expected_worked_hours(&self.modulation, calendar, signup)
            }
            Arrivals::Trace(trace) => {
                let of_account = |account| {
                    let at = &trace.at[trace.requests(account)];
                    let at = &at[..at.partition_point(|at| *at < calendar.horizon)];
                    let (early, sure) =
                        at.split_at(at.partition_point(|at| signup.probability_by(*at) < 1.0));
                    early.iter().map(|at| signup.probability_by(*at)).sum::<f64>() + sure.len() as f64
                };
                let accounts = trace.accounts();
                (0..accounts).map(of_account).sum::<f64>() / f64::from(accounts.max(1))
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
            Arrivals::Poisson { .. } | Arrivals::Gamma { .. } | Arrivals::OnOff { .. } => {
                let Tokens { prompt, output, prompt_spread, output_spread, .. } = &self.tokens;
                let prompt = prompt.mean_with_factor(*prompt_spread).max(1.0);
                let output = output.mean_with_factor(*output_spread).max(0.0);
                drawn.cost(prompt, prompt * cached_share, output)
            }
            Arrivals::Trace(trace) => trace.average_cost(tariff, drawn, cached_share),
        };
        nanos * 1e-9
    }
}

impl Trace {
    fn average_cost(&self, tariff: &Tariff, drawn: Prices, cached_share: f64) -> f64 {
        let costs = (0..self.at.len()).map(|request| {
            let usage = self.usage(request);
            let prices = if self.model.is_some() { Prices::from(tariff.price(usage.model)) } else { drawn };
            let prompt = f64::from(usage.prompt);
            let cached = if self.cached.is_some() { f64::from(usage.cached) } else { prompt * cached_share };
            prices.cost(prompt, cached, f64::from(usage.output))
        });
        costs.sum::<f64>() / self.at.len().max(1) as f64
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

impl Burst {
    /// How many bursts of this kind are under way on average, so long after the signup.
    ///
    /// They are a Poisson number, as in the queue M/G/infinity: with starts at rate r, and d the mean of the lesser of
    /// a length and the age, its mean is r d. Source: Eick, Massey, Whitt, "The physics of the Mt/G/infinity queue",
    /// Operations Research 41 (1993).
    pub fn mean_number(&self, age: Span) -> f64 {
        self.per_day * self.duration.mean_up_to(age.micros() as f64) / Span::DAY.micros() as f64
    }

    /// What the bursts of this kind multiply the rate by on average, so long after the signup.
    ///
    /// The product of the factors of a Poisson number of mean m, independent and of mean f, has the mean
    /// exp(m (f - 1)).
    pub fn mean_factor(&self, age: Span) -> f64 {
        libm::exp(self.mean_number(age) * (self.factor.mean() - 1.0))
    }
}

/// The hours of work from the signup to the horizon, on average.
fn expected_worked_hours(modulation: &Modulation, calendar: &Calendar, signup: Signup) -> f64 {
    let profile = Profile::new(modulation, calendar);
    let aged = AgedHours::new(modulation, calendar.horizon);
    let mut sum = 0.0;
    let mut from = Time::START;
    while from < calendar.horizon {
        let until = calendar.horizon.min(from + Span::HOUR);
        // The mean of the factor of bursts over this hour, zero before the signup.
        let factor = match signup {
            // Within an hour both rate and signups are all but even.
            Signup::Over(window) if window > Span::ZERO => {
                let at = |now: Time| {
                    let oldest = now - Time::START;
                    let youngest = (now - (Time::START + window)).max(Span::ZERO);
                    (aged.until(oldest) - aged.until(youngest)) / hours(window)
                };
                (at(from) + at(until)) / 2.0
            }
            Signup::AtStart | Signup::Over(_) => {
                (aged.until(until - Time::START) - aged.until(from - Time::START)) / hours(until - from)
            }
        };
        sum += (profile.worked(until) - profile.worked(from)) * factor;
        from = until;
    }
    sum
}

/// The hours that an account has worked by an age, on average, where bursts alone change its rate.
struct AgedHours {
    /// By each whole hour.
    by_hour: Vec<f64>,
}

impl AgedHours {
    fn new(modulation: &Modulation, horizon: Time) -> AgedHours {
        let factor = |half_hours: usize| -> f64 {
            let age = Span::from_micros(Span::HOUR.micros() / 2 * half_hours as i64);
            modulation.bursts.iter().map(|burst| burst.mean_factor(age)).product()
        };
        let mut by_hour = vec![0.0];
        for hour in 0..=horizon.hour() {
            // Simpson's rule.
            let mean = (factor(2 * hour) + 4.0 * factor(2 * hour + 1) + factor(2 * hour + 2)) / 6.0;
            by_hour.push(by_hour[hour] + mean);
        }
        AgedHours { by_hour }
    }

    fn until(&self, age: Span) -> f64 {
        let hour = (age.micros() / Span::HOUR.micros()) as usize;
        let rest = hours(age) - hour as f64;
        let (before, after) = (self.by_hour[hour], self.by_hour[hour + 1]);
        before + (after - before) * rest
    }
}

fn hours(span: Span) -> f64 {
    span.micros() as f64 / Span::HOUR.micros() as f64
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
        (workload.tokens.prompt_spread, workload.tokens.output_spread) = (0.3, 1.2);
        workload.tokens.output = workload.tokens.output.clamped(Some(20.0), Some(300.0));
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
