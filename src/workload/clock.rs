//! The time change of each account: its own factors on the rate, on top of the profile of all.

use super::distribution::{Distribution, Shape};
use super::profile::{Profile, is_beyond};
use super::{Burst, Modulation, Phases};
use crate::rng::{AccountStreams, Draws, Purpose};
use crate::time::{Calendar, Span, Time};

/// What makes the rates of a workload's accounts change, as far as they have it in common.
#[derive(Clone, Debug)]
pub(super) struct Clockwork {
    profile: Profile,
    horizon: Time,
    /// The factor of a day, where days differ.
    day_level: Option<Distribution>,
    bursts: Vec<Burst>,
    /// The length of an on phase and its mean, where there are off phases.
    on: Option<(Distribution, f64)>,
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
            day_level: (sigma > 0.0).then(|| Shape::Lognormal { mu: -sigma * sigma / 2.0, sigma }.into()),
            bursts: modulation.bursts.clone(),
            on: phases.map(|phases| (phases.on.clone(), phases.on.mean())),
        })
    }

    /// The hours that the profile works from an instant not after the horizon until the horizon.
    pub(super) fn hours_from(&self, from: Time) -> f64 {
        self.profile.worked(self.horizon) - self.profile.worked(from)
    }

    /// The clock of an account that signs up not after the horizon, with its own share of time on.
    pub(super) fn start(&self, streams: AccountStreams, signup: Time, active_share: f64) -> Clock<'_> {
        let days = self.day_level.iter().map(|level| Cause::Days { level, streams });
        let bursts = self.bursts.iter().zip(0..).map(|(burst, kind)| {
            let mut draws = streams.draws(Purpose::Burst, kind);
            Cause::Bursts { burst, next: signup + burst.wait(&mut draws), under_way: Vec::new(), draws }
        });
        let phases = self.on.iter().filter(|_| active_share < 1.0).map(|(on, mean)| {
            let off = Distribution::exponential(mean * (1.0 - active_share) / active_share);
            let mut draws = streams.draws(Purpose::Phase, 0);
            let is_on = !draws.happens(active_share); // turns at the signup
            Cause::Phases { on, off, is_on, draws }
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
            before: 0.0,
            after: 0.0,
            hour: 0,
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
    /// Worked hours of the profile before the stretch.
    profile_before: f64,
    /// Work done before the stretch, and by its end.
    before: f64,
    after: f64,
    /// The hour that the last instant fell in.
    hour: usize,
}

impl Clock<'_> {
    /// The instant by which so much work has been done, never less than the last time; the end of time where
    /// that is beyond the horizon.
    #[inline]
    pub(super) fn instant(&mut self, work: f64) -> Time {
        while self.rate == 0.0 || is_beyond(work, self.after) {
            if !self.advance() {
                return Time::NEVER;
            }
        }
        let worked = self.profile_before + (work - self.before) * self.hours_per_work;
        self.clockwork.profile.instant(worked, &mut self.hour).clamp(self.from, self.until)
    }

    /// Goes on to the next stretch; not beyond the horizon.
    #[cold]
    fn advance(&mut self) -> bool {
        let Clockwork { profile, horizon, .. } = self.clockwork;
        (self.from, self.before) = (self.until, self.after);
        if self.from >= *horizon {
            return false;
        }
        (self.until, self.rate) = (*horizon, 1.0);
        for factor in &mut self.factors {
            while factor.until <= self.from {
                factor.change();
            }
            self.until = self.until.min(factor.until);
            self.rate *= factor.value;
        }
        self.hours_per_work = 1.0 / self.rate;
        self.hour = self.from.hour();
        self.profile_before = profile.worked(self.from);
        self.after = self.before + self.rate * (profile.worked(self.until) - self.profile_before);
        true
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
    Days { level: &'p Distribution, streams: AccountStreams },
    /// Bursts of a kind begin and end; those under way with their ends and factors.
    Bursts { burst: &'p Burst, next: Time, under_way: Vec<(Time, f64)>, draws: Draws },
    /// On and off take turns.
    Phases { on: &'p Distribution, off: Distribution, is_on: bool, draws: Draws },
}

impl Factor<'_> {
    /// What happens at the end of its time.
    fn change(&mut self) {
        let now = self.until;
        match &mut self.cause {
            Cause::Days { level, streams } => {
                let day = u32::try_from(now.day()).expect("a run has fewer days than there are occasions");
                self.value = level.sample(&mut streams.draws(Purpose::DayLevel, day));
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
            Cause::Phases { on, off, is_on, draws } => {
                *is_on = !*is_on;
                self.value = f64::from(u8::from(*is_on));
                let length = if *is_on { on.sample(draws) } else { off.sample(draws) };
                self.until = now + Span::from_micros_f64(length);
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
