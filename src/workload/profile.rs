//! The change of a rate over time, and the time change that it asks for.

use super::Modulation;
use crate::time::{Calendar, Span, Time};
use libm::{exp, expm1, log1p};

/// A rate's course over the hours of a run.
///
/// Arrivals of a process of constant rate, read as *worked hours*, become arrivals of the modulated one at the instants
/// by which the integral of the modulation has grown to as many.
///
/// Source: Cinlar, "Introduction to Stochastic Processes" (1975), section 4.7 (time change of a Poisson process).
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Worked hours before each hour of the run, and before its end.
    before: Vec<f64>,
    /// The factor on the rate at the beginning of each hour.
    level: Vec<f64>,
    /// The logarithm of the growth in an hour.
    growth: f64,
}

impl Profile {
    /// The course until the horizon.
    pub(super) fn new(modulation: &Modulation, calendar: &Calendar) -> Profile {
        let last = calendar.horizon + Span::from_micros(Span::HOUR.micros() - 1);
        let hours = last.hour();
        let mut profile = Profile {
            before: vec![0.0],
            level: Vec::with_capacity(hours),
            growth: log1p(modulation.growth_per_month) / (30.0 * 24.0),
        };
        let mut worked = 0.0;
        for hour in 0..hours {
            let weight = modulation.daily[hour % 24] * modulation.weekly[calendar.weekday(hour / 24)];
            profile.level.push(weight * exp(profile.growth * hour as f64));
            worked += profile.within(hour, 1.0);
            profile.before.push(worked);
        }
        profile
    }

    /// Worked hours from the start of the run until an instant not after the horizon.
    pub(super) fn worked(&self, until: Time) -> f64 {
        let since = (until - Time::START).micros();
        let hour = (since / Span::HOUR.micros()) as usize;
        let rest = (since % Span::HOUR.micros()) as f64 / Span::HOUR.micros() as f64;
        self.before[hour] + if rest > 0.0 { self.within(hour, rest) } else { 0.0 }
    }

    /// The first instant by which so many hours have been worked, or the end of time where that is beyond the last hour.
    /// `hour` is an hour not after it, and is moved on to its own.
    pub(super) fn instant(&self, worked: f64, hour: &mut usize) -> Time {
        while self.before.get(*hour + 1).is_some_and(|before| *before < worked) {
            *hour += 1;
        }
        let Some(level) = self.level.get(*hour) else { return Time::NEVER };
        let share = (worked - self.before[*hour]) / level;
        let elapsed = if self.growth == 0.0 { share } else { log1p(self.growth * share) / self.growth };
        let micros = Span::HOUR.micros() as f64 * elapsed.clamp(0.0, 1.0);
        Time::START + Span::hours(*hour as i64) + Span::from_micros_f64(micros)
    }

    /// Worked hours within the first part of an hour, in 0..1 of it.
    fn within(&self, hour: usize, part: f64) -> f64 {
        let elapsed = if self.growth == 0.0 { part } else { expm1(self.growth * part) / self.growth };
        self.level[hour] * elapsed
    }
}
