//! The change of a rate over time, and the time change that it asks for.

use super::Modulation;
use crate::time::{Calendar, Span, Time};
use libm::{exp, expm1, log1p};

/// A rate's course over the hours of a run.
///
/// Arrivals of a process of constant rate, read as *worked hours*, become arrivals of the modulated one at
/// the instants by which the integral of the modulation has grown to as many.
///
/// Source: Cinlar, "Introduction to Stochastic Processes" (1975), section 4.7 (time change of a Poisson
/// process).
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
        // Thousands of sums would drift by a microsecond: what each addition loses is carried to the next.
        // Source: Kahan, "Further remarks on reducing truncation errors", CACM 8(1) (1965).
        let (mut worked, mut lost) = (0.0, 0.0);
        for hour in 0..hours {
            let weight = modulation.daily[hour % 24] * modulation.weekly[calendar.weekday(hour / 24)];
            profile.level.push(weight * exp(profile.growth * hour as f64));
            let addend = profile.within(hour, 1.0) + lost;
            let sum = worked + addend;
            lost = addend - (sum - worked);
            worked = sum;
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

    /// The first instant by which so many hours have been worked, or the end of time where that is beyond the
    /// last hour. `hour` is an hour not after it, and is moved on to its own.
    pub(super) fn instant(&self, worked: f64, hour: &mut usize) -> Time {
        while self.before.get(*hour + 1).is_some_and(|before| is_beyond(worked, *before)) {
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

/// Whether so much is worked only after an end by which another sum is. Sums of many stretches err in their
/// last digits: what an end reaches but for those is reached by then, and not only after the stretches without
/// work that may follow.
pub(super) fn is_beyond(worked: f64, by_end: f64) -> bool {
    by_end * (1.0 + 1e-12) < worked
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn calendar() -> Calendar {
        Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(30) + Span::from_micros(1), Span::ZERO)
    }

    /// Works in the afternoon, double so, and on workdays and Saturdays only.
    fn afternoons(growth_per_month: f64) -> Profile {
        let modulation = Modulation {
            daily: std::array::from_fn(|hour| if hour < 12 { 0.0 } else { 2.0 }),
            weekly: [7.0 / 6.0, 7.0 / 6.0, 7.0 / 6.0, 7.0 / 6.0, 7.0 / 6.0, 7.0 / 6.0, 0.0],
            growth_per_month,
            ..Modulation::NONE
        };
        Profile::new(&modulation, &calendar())
    }

    #[test]
    fn instants_are_where_the_work_is_done() {
        for growth in [0.0, 0.8, -0.5] {
            let profile = afternoons(growth);
            let mut hour = 0;
            for step in 1..50_000 {
                let at = Time::from_micros(step * 51_840_000);
                let worked = profile.worked(at);
                if worked > profile.worked(Time::from_micros(step * 51_840_000 - 1)) {
                    let back = profile.instant(worked, &mut hour);
                    assert!((back.micros() - at.micros()).abs() <= 1, "{back:?} for {at:?}");
                    assert!(hour == at.hour() || profile.before[at.hour()] == worked);
                }
            }
        }
    }

    #[test]
    fn no_instant_is_within_an_hour_without_work() {
        let profile = afternoons(0.0);
        let mut hour = 0;
        let day = profile.worked(Time::START + Span::days(1));
        assert_eq!(profile.instant(day, &mut hour), Time::START + Span::days(1));
        let later = profile.instant(day * 1.000_001, &mut hour);
        assert_eq!((later.day(), later.hour()), (1, 36));
    }

    #[test]
    fn work_grows_by_the_month() {
        let mut modulation = Modulation::NONE;
        modulation.growth_per_month = 0.8;
        let profile = Profile::new(&modulation, &calendar());
        let month = profile.worked(Time::START + Span::days(30));
        assert!((month - 720.0 * 0.8 / libm::log(1.8)).abs() < 1e-9, "{month}");
    }

    #[test]
    fn beyond_the_horizon_there_is_no_instant() {
        assert_eq!(afternoons(0.0).instant(1e6, &mut 0), Time::NEVER);
    }
}
