//! The change of a rate over time, and the time change that it asks for.

use super::Modulation;
use super::column::Values;
use super::vector::round;
use crate::rng::GROUP;
use crate::time::{Calendar, Span, Time};
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, i64x8, u64x8};
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
    /// Each hour of the run, and one after it.
    hours: Vec<Hour>,
    /// The logarithm of the growth in an hour.
    growth: f64,
    /// For equal steps of worked hours, an hour that is not after any in which so many are worked.
    guide: Vec<u32>,
    steps_per_worked: f64,
}

#[derive(Clone, Copy, Debug)]
struct Hour {
    /// When it begins; the end of time for the one after the run.
    start: Time,
    /// Worked hours before it.
    before: f64,
    /// The factor on the rate at its beginning.
    level: f64,
    /// The inverse of that, in microseconds; 0 where nothing is worked.
    micros_per_worked: f64,
}

impl Profile {
    /// How many steps the guide has for each hour.
    const STEPS: usize = 2;

    /// The course until the horizon.
    pub(super) fn new(modulation: &Modulation, calendar: &Calendar) -> Profile {
        let last = calendar.horizon + Span::from_micros(Span::HOUR.micros() - 1);
        let growth = log1p(modulation.growth_per_month) / (30.0 * 24.0);
        let mut hours = Vec::with_capacity(last.hour() + 1);
        // Thousands of sums would drift by a microsecond: what each addition loses is carried to the next.
        // Source: Kahan, "Further remarks on reducing truncation errors", CACM 8(1) (1965).
        let (mut before, mut lost) = (0.0, 0.0);
        for hour in 0..last.hour() {
            let weight = modulation.daily[hour % 24] * modulation.weekly[calendar.weekday(hour / 24)];
            let level = weight * exp(growth * hour as f64);
            let micros_per_worked = if level > 0.0 { Span::HOUR.micros() as f64 / level } else { 0.0 };
            let start = Time::START + Span::hours(hour as i64);
            hours.push(Hour { start, before, level, micros_per_worked });
            let addend = level * growth_within(growth) + lost;
            let sum = before + addend;
            lost = addend - (sum - before);
            before = sum;
        }
        let steps = hours.len() * Profile::STEPS;
        let steps_per_worked = if before > 0.0 { steps as f64 / before } else { 0.0 };
        hours.push(Hour { start: Time::NEVER, before, level: 0.0, micros_per_worked: 0.0 });
        let mut guide = Vec::with_capacity(steps + 1);
        for (hour, next) in (0..).zip(&hours[1..]) {
            // Not less than what rounding to a step gives.
            let until = (next.before * TOLERANCE * steps_per_worked + 0.5) as usize;
            guide.resize(guide.len().max(until + 1), hour);
        }
        Profile { hours, growth, guide, steps_per_worked }
    }

    /// Worked hours from the start of the run until an instant not after the horizon.
    pub(super) fn worked(&self, until: Time) -> f64 {
        let since = (until - Time::START).micros();
        let Hour { before, level, .. } = self.hours[(since / Span::HOUR.micros()) as usize];
        let part = (since % Span::HOUR.micros()) as f64 * (1.0 / Span::HOUR.micros() as f64);
        before + level * part * growth_within(self.growth * part)
    }

    /// The first instants by which so many hours have been worked; the end of time where that is beyond the
    /// last hour.
    #[inline(always)]
    pub(super) fn instants<S: Simd>(&self, simd: S, worked: &[Values], times: &mut [[Time; GROUP]]) {
        const MICROS: f64 = Span::HOUR.micros() as f64;
        let (mut start, mut before, mut micros_per_worked) = ([0; 8], [0.0; 8], [0.0; 8]);
        let times = times.as_flattened_mut().as_chunks_mut().0;
        for (times, worked) in times.iter_mut().zip(worked.as_flattened()) {
            let worked_by = f64x8::simd_from(simd, *worked);
            let steps = self.steps(worked_by).to_array();
            for lane in 0..8 {
                let mut hour = self.guide[steps[lane] as usize] as usize;
                while self.hours.get(hour + 1).is_some_and(|next| is_beyond(worked[lane], next.before)) {
                    hour += 1;
                }
                let hour = self.hours[hour];
                (start[lane], before[lane]) = (hour.start.micros(), hour.before);
                micros_per_worked[lane] = hour.micros_per_worked;
            }
            let mut micros =
                (worked_by - f64x8::simd_from(simd, before)) * f64x8::simd_from(simd, micros_per_worked);
            if self.growth != 0.0 {
                let x = micros * (self.growth / MICROS);
                let exactly = |x: f64| if x == 0.0 { 1.0 } else { log1p(x) / x };
                micros *= match self.growth.abs() <= SMALL {
                    true => time_within(x),
                    false => f64x8::simd_from(simd, x.to_array().map(exactly)),
                };
            }
            let since = round(micros.min(MICROS)).bitcast::<i64x8<S>>();
            *times = (since + i64x8::simd_from(simd, start)).to_array().map(Time::from_micros);
        }
    }

    /// The steps of the guide that so many worked hours fall in.
    #[inline(always)]
    fn steps<S: Simd>(&self, worked: f64x8<S>) -> u64x8<S> {
        round((worked * self.steps_per_worked).min((self.guide.len() - 1) as f64))
    }
}

/// What an end of work must be multiplied by not to be missed for the last digits of a sum.
const TOLERANCE: f64 = 1.0 + 1e-12;

/// Whether so much is worked only after an end by which another sum is. Sums of many stretches err in their
/// last digits: what an end reaches but for those is reached by then, and not only after the stretches
/// without work that may follow.
pub(super) fn is_beyond(worked: f64, by_end: f64) -> bool {
    by_end * TOLERANCE < worked
}

/// Up to such logarithms of growth in an hour, a few terms of a series are exact to 12 digits.
const SMALL: f64 = 0.005;

/// The mean of a growing factor over some time, of its value at the beginning: (e^x - 1) / x, for the
/// logarithm x of the growth.
fn growth_within(x: f64) -> f64 {
    if x.abs() > SMALL {
        return expm1(x) / x;
    }
    1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0))))
}

/// The time in which so much is worked, of that without growth: ln(1 + x) / x for x up to [`SMALL`].
#[inline(always)]
fn time_within<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    let mut series = x * (-1.0 / 6.0) + 1.0 / 5.0;
    for coefficient in [-1.0 / 4.0, 1.0 / 3.0, -1.0 / 2.0, 1.0] {
        series = series * x + coefficient;
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;
    use fearless_simd::{Level, dispatch};
    use jiff::civil::date;

    /// The instant by which so many hours have been worked.
    fn instant(profile: &Profile, worked: f64) -> Time {
        let mut times = [[Time::START; GROUP]];
        dispatch!(Level::new(), simd => profile.instants(simd, &[[[worked; 8]; 2]], &mut times));
        assert_eq!(times, [[times[0][0]; GROUP]]);
        times[0][0]
    }

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
        for growth in [0.0, 0.8, -0.5, 1e6] {
            let profile = afternoons(growth);
            for step in 1..50_000 {
                let at = Time::from_micros(step * 51_840_000);
                let worked = profile.worked(at);
                if worked > profile.worked(Time::from_micros(step * 51_840_000 - 1)) {
                    let back = instant(&profile, worked);
                    assert!((back.micros() - at.micros()).abs() <= 1, "{back:?} for {at:?}");
                }
            }
        }
    }

    #[test]
    fn no_instant_is_within_an_hour_without_work() {
        let profile = afternoons(0.0);
        let day = profile.worked(Time::START + Span::days(1));
        assert_eq!(instant(&profile, day), Time::START + Span::days(1));
        let later = instant(&profile, day * 1.000_001);
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
        assert_eq!(instant(&afternoons(0.0), 1e6), Time::NEVER);
    }

    #[test]
    fn the_series_of_growth_are_as_exact_as_the_functions() {
        for step in -1000..=1000 {
            let x = f64::from(step) * 5e-6 + 1e-12;
            let time = dispatch!(Level::new(), simd => time_within(f64x8::splat(simd, x)).to_array()[0]);
            for (value, exact) in [(growth_within(x), expm1(x) / x), (time, log1p(x) / x)] {
                assert!((value - exact).abs() < 1e-12, "{x}: {value} for {exact}");
            }
        }
        assert_eq!(growth_within(0.0), 1.0);
    }

    #[test]
    fn the_guide_leads_to_the_first_hour_by_which_so_much_is_worked() {
        let mut modulation = Modulation::NONE;
        modulation.daily = std::array::from_fn(|hour| [0.0, 0.001, 7.0, 0.3][hour % 4]);
        let profile = Profile::new(&modulation, &calendar());
        let boundaries = profile.hours.iter().map(|hour| hour.before);
        for worked in boundaries.flat_map(|worked| [worked, worked * 1.000_000_1, worked + 0.0005]) {
            let first = profile.hours[1..].iter().position(|next| !is_beyond(worked, next.before));
            let at = instant(&profile, worked);
            match first {
                None => assert_eq!(at, Time::NEVER),
                Some(hour) => {
                    let hours =
                        Time::START + Span::hours(hour as i64)..=Time::START + Span::hours(hour as i64 + 1);
                    assert!(hours.contains(&at), "{worked}: {at:?} for {hour}");
                }
            }
        }
    }
}
