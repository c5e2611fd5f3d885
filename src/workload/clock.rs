//! The time change of each account: its own factors on the rate, on top of the profile of all.

use super::column::{Column, Series, Values};
use super::distribution::{Distribution, Shape};
use super::profile::{Profile, is_beyond};
use super::{BLOCK, Burst, Modulation, Phases};
use crate::rng::{AccountStreams, Draws, GROUP, Purpose};
use crate::time::{Calendar, Span, Time};
use fearless_simd::{Level, Simd};

/// What makes the rates of a workload's accounts change, as far as they have it in common.
#[derive(Clone, Debug)]
pub(super) struct Clockwork {
    profile: Profile,
    horizon: Time,
    /// The factor of a day, where days differ.
    day_level: Option<Column>,
    bursts: Vec<Burst>,
    phases: Option<PhaseLengths>,
}

/// How long phases are.
#[derive(Clone, Debug)]
struct PhaseLengths {
    on: Column,
    mean_on: f64,
    /// Relative to their mean.
    off: Column,
}

impl Clockwork {
    /// The clockwork of a modulation and of phases; `None` where no rate ever changes.
    pub(super) fn new(
        modulation: &Modulation,
        phases: Option<&Phases>,
        calendar: &Calendar,
    ) -> Option<Clockwork> {
        if *modulation == Modulation::NONE && phases.is_none() {
            return None;
        }
        let sigma = modulation.day_level;
        Some(Clockwork {
            profile: Profile::new(modulation, calendar),
            horizon: calendar.horizon,
            day_level: (sigma > 0.0)
                .then(|| Column::new(&Shape::Lognormal { mu: -sigma * sigma / 2.0, sigma }.into())),
            bursts: modulation.bursts.clone(),
            phases: phases.map(|phases| PhaseLengths {
                on: Column::new(&phases.on),
                mean_on: phases.on.mean(),
                off: Column::new(&Distribution::exponential(1.0)),
            }),
        })
    }

    /// The hours that the profile works from an instant not after the horizon until the horizon.
    pub(super) fn hours_from(&self, from: Time) -> f64 {
        self.profile.worked(self.horizon) - self.profile.worked(from)
    }

    /// The clock of an account that signs up not after the horizon, with its own share of time on.
    pub(super) fn start(&self, streams: AccountStreams, signup: Time, active_share: f64) -> Clock<'_> {
        let days = self.day_level.iter().map(|level| {
            let levels = Series::new(level, streams.stream(Purpose::DayLevel));
            Cause::Days { levels }
        });
        let bursts = self.bursts.iter().zip(0..).map(|(burst, kind)| {
            let mut draws = streams.draws(Purpose::Burst, kind);
            Cause::Bursts { burst, next: signup + burst.wait(&mut draws), under_way: Vec::new(), draws }
        });
        let phases = self.phases.iter().filter(|_| active_share < 1.0).map(|lengths| Cause::Phases {
            on: Series::new(&lengths.on, streams.stream(Purpose::OnPhase)),
            off: Series::new(&lengths.off, streams.stream(Purpose::OffPhase)),
            mean_off: lengths.mean_on * (1.0 - active_share) / active_share,
            is_on: !streams.draws(Purpose::FirstPhase, 0).happens(active_share), // turns at the signup
            turns: 0,
        });
        let factor = |cause| Factor { value: 1.0, until: signup, cause };
        Clock {
            clockwork: self,
            factors: days.chain(bursts).chain(phases).map(factor).collect(),
            from: signup,
            until: signup,
            rate: 0.0,
            hours_per_work: 0.0,
            profile_before: 0.0,
            profile_after: self.profile.worked(signup),
            before: 0.0,
            after: 0.0,
        }
    }
}

/// The time change of one account, walked forward.
///
/// The account's *work* is the integral of all factors on its rate since its signup, in hours. Arrivals of a
/// process of constant rate, read as work, become arrivals of the account at the instants by which so much
/// has been done (as in [`Profile`], which does the same for the factors that all accounts share).
#[derive(Clone, Debug)]
pub(super) struct Clock<'p> {
    clockwork: &'p Clockwork,
    factors: Vec<Factor<'p>>,
    /// The current stretch of time, in which no factor of the account's own changes.
    from: Time,
    until: Time,
    /// The product of the factors, and its inverse: for each of many arrivals a multiplication, no division.
    rate: f64,
    hours_per_work: f64,
    /// Worked hours of the profile before the stretch, and by its end.
    profile_before: f64,
    profile_after: f64,
    /// Work done before the stretch, and by its end.
    before: f64,
    after: f64,
}

impl Clock<'_> {
    /// The instants by which so much work has been done, at most a block of them: ascending, none less than
    /// any before; the end of time where that is beyond the horizon.
    #[inline(always)]
    pub(super) fn instants<S: Simd>(&mut self, simd: S, work: &mut [Values], times: &mut [[Time; GROUP]]) {
        let mut stretches = [(Time::START, Time::NEVER); BLOCK];
        for (work, stretch) in work.as_flattened_mut().as_flattened_mut().iter_mut().zip(&mut stretches) {
            while self.rate == 0.0 || is_beyond(*work, self.after) {
                self.advance(simd.level());
            }
            *work = self.profile_before + (*work - self.before) * self.hours_per_work;
            *stretch = (self.from, self.until);
        }
        self.clockwork.profile.instants(simd, work, times);
        for (time, (from, until)) in times.as_flattened_mut().iter_mut().zip(stretches) {
            *time = (*time).clamp(from, until);
        }
    }

    /// Goes on to the next stretch; to the end of time from the horizon on.
    #[inline(never)]
    fn advance(&mut self, level: Level) {
        let Clockwork { profile, horizon, .. } = self.clockwork;
        (self.from, self.before, self.profile_before) = (self.until, self.after, self.profile_after);
        if self.from >= *horizon {
            (self.from, self.until, self.after) = (Time::NEVER, Time::NEVER, f64::INFINITY);
            (self.rate, self.hours_per_work) = (1.0, 0.0);
            return;
        }
        (self.until, self.rate) = (*horizon, 1.0);
        for factor in &mut self.factors {
            while factor.until <= self.from {
                factor.change(level);
            }
            self.until = self.until.min(factor.until);
            self.rate *= factor.value;
        }
        self.profile_after = profile.worked(self.until);
        self.after = self.before + self.rate * (self.profile_after - self.profile_before);
        self.hours_per_work = 1.0 / self.rate;
    }
}

/// A factor on the rate that stays the same until an instant.
#[derive(Clone, Debug)]
struct Factor<'p> {
    value: f64,
    until: Time,
    cause: Cause<'p>,
}

/// Why a factor changes.
#[derive(Clone, Debug)]
enum Cause<'p> {
    /// Each UTC day has a level of its own.
    Days { levels: Series<'p> },
    /// Bursts of a kind begin and end; those under way with their ends and factors.
    Bursts { burst: &'p Burst, next: Time, under_way: Vec<(Time, f64)>, draws: Draws },
    /// On and off take turns.
    Phases { on: Series<'p>, off: Series<'p>, mean_off: f64, is_on: bool, turns: u32 },
}

impl Factor<'_> {
    /// What happens at the end of its time.
    fn change(&mut self, level: Level) {
        let now = self.until;
        match &mut self.cause {
            Cause::Days { levels } => {
                let day = u32::try_from(now.day()).expect("a run has fewer days than there are occasions");
                self.value = levels.get(level, day);
                self.until = now.next_midnight();
            }
            Cause::Bursts { burst, next, under_way, draws } => {
                if *next <= now {
                    let end = now + Span::from_micros_f64(burst.duration.sample(draws));
                    under_way.push((end, burst.factor.sample(draws)));
                    *next = now + burst.wait(draws);
                }
                under_way.retain(|(end, _)| *end > now);
                self.value = under_way.iter().map(|(_, factor)| factor).product();
                self.until = under_way.iter().fold(*next, |until, (end, _)| until.min(*end));
            }
            Cause::Phases { on, off, mean_off, is_on, turns } => {
                *is_on = !*is_on;
                self.value = f64::from(u8::from(*is_on));
                let phase = *turns / 2;
                let length = if *is_on { on.get(level, phase) } else { off.get(level, phase) * *mean_off };
                self.until = now + Span::from_micros_f64(length);
                *turns += 1;
            }
        }
    }
}

impl Burst {
    /// From one start to the next, or from the signup to the first.
    fn wait(&self, draws: &mut Draws) -> Span {
        let mean = Span::DAY.micros() as f64 / self.per_day;
        Span::from_micros_f64(Distribution::exponential(mean).sample(draws))
    }
}

#[cfg(test)]
mod tests;
