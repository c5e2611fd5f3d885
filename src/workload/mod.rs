//! The workload: who sends which requests when, how payments fare, and what customers do. It knows no policy.

mod choice;
mod clock;
mod column;
pub mod customer;
pub mod distribution;
mod expectation;
mod gamma;
pub mod generator;
pub mod payments;
mod profile;
mod special;
pub mod trace;
mod vector;

use crate::money::Money;
use crate::request::{Request, Usage};
use crate::rng::{AccountStreams, Purpose};
use crate::time::{Span, Time};
use column::Room;
use distribution::Distribution;
use std::ops::Range;
use std::sync::Arc;
use trace::Trace;

/// A group of accounts alike in their workload and their customers.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// Its name; the random numbers of its accounts depend on it.
    pub name: String,
    /// How many accounts it has.
    pub accounts: u32,
    /// When they sign up.
    pub signup: Signup,
    /// What they send.
    pub workload: Workload,
    /// Who they are.
    pub customer: customer::CustomerModel,
}

/// When the accounts of a cohort sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signup {
    /// All at the start of the run.
    AtStart,
    /// Evenly at random over a window from the start of the run.
    Over(Span),
}

impl Signup {
    /// When an account signs up.
    pub fn time(self, streams: AccountStreams) -> Time {
        match self {
            Signup::AtStart => Time::START,
            Signup::Over(window) => {
                let draw = rand::Rng::next_u64(&mut streams.draws(Purpose::Signup, 0));
                let micros = (i128::from(draw) * i128::from(window.micros())) >> 64;
                Time::START + Span::from_micros(micros as i64)
            }
        }
    }
}

/// What the accounts of a cohort send.
#[derive(Clone, Debug)]
pub struct Workload {
    /// When requests come.
    pub arrivals: Arrivals,
    /// How the rate of a random process changes over time.
    pub modulation: Modulation,
    /// Each account's own factor on its rate, before scaling to mean 1.
    pub heterogeneity: Option<Distribution>,
    /// Token counts. A recorded trace has its own prompt and output, and uses `cached_share` only.
    pub tokens: Tokens,
    /// Indexes into the price list with their weights (not all zero, not scaled).
    pub models: Vec<(u16, f64)>,
    /// The probability that an account uses a single model, drawn once by these weights; else each request
    /// draws its own.
    pub loyalty: f64,
    /// How long requests run.
    pub service: Service,
}

/// How long requests run once they are admitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Until the first token.
    pub first_token: Span,
    /// For each output token.
    pub per_output_token: Span,
}

impl Service {
    /// How long requests run, as a clause of a sentence; `None` where they take no time.
    pub fn clause(&self) -> Option<String> {
        let Service { first_token, per_output_token } = self;
        let each = format!("{per_output_token:#} for each output token");
        match (*first_token > Span::ZERO, *per_output_token > Span::ZERO) {
            (false, false) => None,
            (true, false) => Some(format!("a request runs for {first_token:#}")),
            (false, true) => Some(format!("a request runs for {each}")),
            (true, true) => Some(format!("a request runs for {first_token:#}, and {each}")),
        }
    }

    /// How long a request runs; at most [`Span::MAX`].
    pub fn time(&self, usage: Usage) -> Span {
        let micros = i128::from(self.first_token.micros())
            + i128::from(usage.output) * i128::from(self.per_output_token.micros());
        i64::try_from(micros).map_or(Span::MAX, |micros| Span::from_micros(micros).min(Span::MAX))
    }
}

/// The process of arrivals.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Independent of the past.
    Poisson {
        /// Requests of an account a day, on average.
        per_day: f64,
    },
    /// A renewal process with gamma gaps, the first of them at signup; regular where `cv` is 0.
    Gamma {
        /// Requests of an account a day, on average in the long run.
        per_day: f64,
        /// Coefficient of variation of an account's gaps, a distribution over accounts: from 0 to 1000 (what
        /// is drawn above that counts as 1000, what is drawn below 1e-6 as 0).
        cv: Distribution,
    },
    /// Phases with requests and phases without, by turns: an interrupted process.
    ///
    /// Phases pass in real time: a factor on the rate makes none of them longer. The gaps are those of a
    /// renewal process in the time spent on, which begins with an ordinary gap at signup: what is left of a
    /// gap when a phase ends passes in the next one. So the long-run rate while on is `per_day` over the
    /// share of time on, whatever the gaps.
    OnOff {
        /// Requests of an account a day, on average in the long run, off phases included.
        per_day: f64,
        /// Coefficient of variation of an account's gaps in its time on, as for gamma gaps; 1 is Poisson.
        cv: Distribution,
        /// When it is on.
        phases: Phases,
    },
    /// Recorded requests.
    Trace(Arc<Trace>),
}

impl Arrivals {
    /// Requests of an account a day in the long run, where nothing modulates them; `None` for a trace.
    pub fn per_day(&self) -> Option<f64> {
        match *self {
            Arrivals::Poisson { per_day }
            | Arrivals::Gamma { per_day, .. }
            | Arrivals::OnOff { per_day, .. } => Some(per_day),
            Arrivals::Trace(_) => None,
        }
    }
}

/// On and off phases by turns, independent of each other. The first is on with the probability that is the
/// account's share of time on, and like any other of its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// An account's long-run share of time on, in (0, 1]: a distribution over accounts. Off phases are
    /// exponential with the mean that gives it.
    pub active_share: Distribution,
    /// The length of an on phase, in microseconds, of a positive and finite mean.
    pub on: Distribution,
}

/// How the rate of a random process changes over time: the product of all these.
#[derive(Clone, Debug, PartialEq)]
pub struct Modulation {
    /// A weight for each hour of the UTC day, of mean 1.
    pub daily: [f64; 24],
    /// A weight for each weekday, Monday first, of mean 1.
    pub weekly: [f64; 7],
    /// g in the factor (1 + g)^(days since the start / 30); above -1.
    pub growth_per_month: f64,
    /// The sigma of a lognormal factor of mean 1, drawn for each account and UTC day.
    pub day_level: f64,
    /// Kinds of bursts, each independent of the others.
    pub bursts: Vec<Burst>,
}

/// A kind of burst: times in which an account's rate is multiplied. They start from the signup on, as a
/// Poisson process in real time, whatever else the account does; those that overlap multiply.
#[derive(Clone, Debug, PartialEq)]
pub struct Burst {
    /// Starts of an account a day, on average.
    pub per_day: f64,
    /// The factor on the rate, drawn for each burst; below 1 for a lull. Its mean is finite.
    pub factor: Distribution,
    /// How long a burst lasts, in microseconds.
    pub duration: Distribution,
}

impl Modulation {
    /// A rate that does not change.
    pub const NONE: Modulation = Modulation {
        daily: [1.0; 24],
        weekly: [1.0; 7],
        growth_per_month: 0.0,
        day_level: 0.0,
        bursts: Vec::new(),
    };
}

/// Token counts of a request.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Prompt tokens, at least 1; its clamps bound each request, after its account's own factor.
    pub prompt: Distribution,
    /// Output tokens, at least 0; clamped likewise.
    pub output: Distribution,
    /// The share of the prompt that is cached.
    pub cached_share: Distribution,
    /// Each account's own lognormal factors of median 1: the sigma of the one on the prompt.
    pub prompt_spread: f64,
    /// The sigma of the one on the output.
    pub output_spread: f64,
    /// The correlation of the logarithms of the two.
    pub spread_correlation: f64,
}

/// How many requests a [`Block`] holds at most.
pub const BLOCK: usize = 128;

/// A run of consecutive requests of one account, as columns.
///
/// Two running sums over the block let the engine charge a whole span of requests at the price of looking at
/// its ends: `cost_before[b] - cost_before[a]` is what requests `a..b` cost, and the moment likewise is the
/// sum of each cost times its arrival.
#[derive(Clone, Debug)]
pub struct Block {
    /// How many requests there are: the first `len` places of each column.
    pub len: usize,
    /// Arrival times, ascending.
    pub at: [Time; BLOCK],
    /// Model of each, an index into the price list.
    pub model: [u16; BLOCK],
    /// Prompt tokens, cached ones included.
    pub prompt: [u32; BLOCK],
    /// Of the prompt, the cached tokens.
    pub cached: [u32; BLOCK],
    /// Output tokens.
    pub output: [u32; BLOCK],
    /// `cost_before[i]`: what the first `i` requests of the block cost, in nano-dollars.
    pub cost_before: [i64; BLOCK + 1],
    /// `moment_before[i]`: the sum of cost times arrival over the first `i`, in nano-dollars times
    /// microseconds.
    pub moment_before: [i128; BLOCK + 1],
    /// The days on which there are requests, ascending, each with the index after its last request: the first
    /// `day_count` places.
    days: [(u32, u32); BLOCK],
    day_count: usize,
    room: Room,
}

impl Block {
    /// A block without requests.
    pub fn empty() -> Block {
        Block {
            len: 0,
            at: [Time::START; BLOCK],
            model: [0; BLOCK],
            prompt: [0; BLOCK],
            cached: [0; BLOCK],
            output: [0; BLOCK],
            cost_before: [0; BLOCK + 1],
            moment_before: [0; BLOCK + 1],
            days: [(0, 0); BLOCK],
            day_count: 0,
            room: Room::EMPTY,
        }
    }

    /// Notes the days of the requests, with few branches that depend on when they come.
    #[inline(always)]
    fn note_days(&mut self) {
        /// For 71 years floats hold microseconds with room to spare.
        const EARLY: Time = Time::from_micros(1 << 51);
        /// How many requests are looked at together, whether they come on one day.
        const STEP: usize = 8;
        let mut days = [0; BLOCK + 1];
        if self.at[..self.len].last().is_none_or(|last| *last < EARLY) {
            days_of(&self.at[..self.len.next_multiple_of(16)], &mut days);
        } else {
            days.iter_mut().zip(&self.at).for_each(|(day, at)| *day = at.day() as u32);
        }
        days[self.len] = u32::MAX;
        let mut count = 0;
        for first in (0..self.len).step_by(STEP) {
            let end = self.len.min(first + STEP);
            if days[first] == days[end] {
                continue; // so are all between
            }
            for index in first..end {
                self.days[count] = (days[index], index as u32 + 1);
                count += usize::from(days[index] != days[index + 1]);
            }
        }
        self.day_count = count;
    }

    /// The parts of a range that fall on one day each, in order: the day and the requests.
    pub fn by_day(&self, range: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
        let days = &self.days[..self.day_count];
        let first = days.partition_point(|(_, end)| *end as usize <= range.start);
        let mut next = range.start;
        days[first..].iter().map_while(move |(day, end)| {
            let part = next..range.end.min(*end as usize);
            next = part.end;
            (!part.is_empty()).then_some((*day as usize, part))
        })
    }

    /// One request.
    pub fn request(&self, index: usize) -> Request {
        Request { arrived: self.at[index], usage: self.usage(index), cost: self.cost(index) }
    }

    /// What one request uses.
    pub fn usage(&self, index: usize) -> Usage {
        Usage {
            model: self.model[index],
            prompt: self.prompt[index],
            cached: self.cached[index],
            output: self.output[index],
        }
    }

    /// What one request costs.
    pub fn cost(&self, index: usize) -> Money {
        Money::from_nanos(self.cost_before[index + 1] - self.cost_before[index])
    }

    /// The first request of a range that arrives at an instant or later; the range's end where there is none.
    pub fn first_at_or_after(&self, range: Range<usize>, instant: Time) -> usize {
        let arrivals = &self.at[range.clone()];
        match arrivals.last() {
            Some(last) if *last >= instant => range.start + arrivals.partition_point(|at| *at < instant),
            _ => range.end,
        }
    }

    /// The request of a range with which the cost of the range, counted from its start, reaches an amount
    /// above zero; the range's end where it never does.
    pub fn first_to_reach(&self, range: Range<usize>, amount: Money) -> usize {
        let reached = self.cost_before[range.start].saturating_add(amount.nanos());
        if self.cost_before[range.end] < reached {
            return range.end;
        }
        let after = &self.cost_before[range.start + 1..=range.end];
        range.start + after.partition_point(|cost| *cost < reached)
    }
}

/// The days that instants below 2^51 microseconds fall on; of others, anything.
#[inline(always)]
fn days_of(instants: &[Time], days: &mut [u32]) {
    /// Its lowest bits are an integer that is added to it, if that is not negative and less than it.
    const BIG: f64 = (1u64 << 52) as f64;
    const DAY: f64 = Span::DAY.micros() as f64;
    for (day, at) in days.iter_mut().zip(instants) {
        let micros = f64::from_bits(at.micros() as u64 | BIG.to_bits()) - BIG;
        let nearest = (micros * (1.0 / DAY) + BIG) - BIG;
        let whole = if nearest * DAY > micros { nearest - 1.0 } else { nearest };
        *day = (whole + BIG).to_bits() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of requests at these hours, each of which costs a nano-dollar more than the one before.
    fn block(hours: &[i64]) -> Block {
        let mut block = Block::empty();
        block.len = hours.len();
        for (index, hour) in hours.iter().enumerate() {
            block.at[index] = Time::START + Span::hours(*hour);
            block.cost_before[index + 1] = block.cost_before[index] + 1 + index as i64;
        }
        block.note_days();
        block
    }

    #[test]
    fn the_days_of_a_block_are_noted_whether_they_have_few_requests_or_many() {
        let many: Vec<i64> = (0..BLOCK as i64).collect();
        let ages = 24 * 365 * 10_000;
        for hours in [
            &[][..],
            &[0, 1, ages - 1, ages],
            &[23, 24, 71, 72],
            &[5, 5, 5, 47],
            &[0, 24, 48, 240, 241, 263],
            &many,
        ] {
            let block = block(hours);
            let noted: Vec<usize> =
                block.by_day(0..block.len).flat_map(|(day, part)| part.map(move |_| day)).collect();
            assert_eq!(noted, hours.iter().map(|hour| (hour / 24) as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_range_falls_into_parts_by_day() {
        let block = block(&[1, 2, 30, 31, 32, 50]);
        let parts: Vec<_> = block.by_day(1..5).collect();
        assert_eq!(parts, [(0, 1..2), (1, 2..5)]);
        assert_eq!(block.by_day(3..3).count(), 0);
        assert_eq!(block.by_day(3..4).collect::<Vec<_>>(), [(1, 3..4)]);
    }

    #[test]
    fn requests_are_found_by_instant_and_by_cost() {
        let block = block(&[1, 2, 2, 3]);
        let hour = |hour| Time::START + Span::hours(hour);
        assert_eq!([1, 2, 3, 4].map(|at| block.first_at_or_after(0..4, hour(at))), [0, 1, 3, 4]);
        assert_eq!(block.first_at_or_after(0..2, hour(9)), 2);
        let nanos = Money::from_nanos;
        assert_eq!(
            [1, 2, 3, 6, 7, 10, 11].map(|cost| block.first_to_reach(0..4, nanos(cost))),
            [0, 1, 1, 2, 3, 3, 4]
        );
        assert_eq!(block.first_to_reach(1..2, nanos(3)), 2);
        assert_eq!(block.first_to_reach(1..4, Money::MAX), 4);
    }
}
