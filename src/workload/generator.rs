//! Requests of one account after another, a block at a time.

use super::clock::{Clock, Clockwork};
use super::column::{Choice, Column};
use super::distribution::{Distribution, standard_normal};
use super::trace::Trace;
use super::vector::{at_least, at_most, round_u32};
use super::{Arrivals, BLOCK, Block, Phases, Tokens, Workload};
use crate::money::Money;
use crate::request::Usage;
use crate::rng::{AccountStreams, GROUP, Purpose};
use crate::tariff::{Price, Tariff};
use crate::time::{Calendar, Span, Time};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Token counts from here on round to more than 32 bits hold.
const TOO_MANY: f64 = u32::MAX as f64 + 0.5;
/// The coefficients of variation of gaps that can be drawn from; smaller ones count as 0.
const CVS: RangeInclusive<f64> = 1e-6..=1e3;

/// Something that a workload asks for and that is more than can be counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Overflow {
    /// The prompt tokens of one request.
    Prompt(f64),
    /// The output tokens of one request.
    Output(f64),
    /// The cost of all requests of one account.
    Usage,
    /// The requests of one account.
    Requests,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = |f: &mut fmt::Formatter<'_>, which: &str, count: f64| {
            write!(
                f,
                "a request drew {count:.3e} {which} tokens, and at most {} can be counted: \
                 set a `max` on `{which}`",
                u32::MAX
            )
        };
        match *self {
            Overflow::Prompt(count) => tokens(f, "prompt", count),
            Overflow::Output(count) => tokens(f, "output", count),
            Overflow::Usage => write!(
                f,
                "the requests of one account cost more than {} dollars in all: \
                 lower its rate, its tokens or the prices",
                Money::LIMIT
            ),
            Overflow::Requests => {
                write!(f, "an account sends more than {} requests: lower its rate or the horizon", u32::MAX)
            }
        }
    }
}

impl std::error::Error for Overflow {}

/// A workload ready to generate: all that its accounts have in common, worked out once and shared by all
/// threads.
#[derive(Clone, Debug)]
pub struct Prepared {
    horizon: Time,
    prices: Vec<Price>,
    cached_share: Column,
    models: Vec<u16>,
    /// How to draw among several models.
    choice: Option<Choice>,
    loyalty: f64,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Random(Box<Random>),
    Recorded(Arc<Trace>),
}

#[derive(Clone, Debug)]
struct Random {
    per_day: f64,
    /// The coefficient of variation of an account's gaps; `None` where they are exponential.
    cv: Option<Distribution>,
    /// An account's share of time on, where there are phases.
    active_share: Option<Distribution>,
    /// Where the rate changes over time.
    clockwork: Option<Clockwork>,
    /// The distribution of the account's factor on its rate, and its mean.
    heterogeneity: Option<(Distribution, f64)>,
    prompt: Column,
    output: Column,
    tokens: Tokens,
}

impl Workload {
    /// Works out what is the same for all accounts.
    pub fn prepare(&self, tariff: &Tariff, calendar: &Calendar) -> Prepared {
        let random = |per_day: f64, cv: Option<&Distribution>, phases: Option<&Phases>| {
            Source::Random(Box::new(Random {
                per_day,
                cv: cv.cloned(),
                active_share: phases.map(|phases| phases.active_share.clone()),
                clockwork: Clockwork::new(&self.modulation, phases, calendar),
                heterogeneity: self.heterogeneity.clone().map(|factor| {
                    let mean = factor.mean();
                    (factor, mean)
                }),
                prompt: Column::new(&self.tokens.prompt),
                output: Column::new(&self.tokens.output),
                tokens: self.tokens.clone(),
            }))
        };
        let (models, weights): (Vec<u16>, Vec<f64>) = self.models.iter().copied().unzip();
        Prepared {
            horizon: calendar.horizon,
            prices: tariff.models.iter().map(|(_, price)| *price).collect(),
            cached_share: Column::new(&self.tokens.cached_share),
            choice: (models.len() > 1).then(|| Choice::new(&weights)),
            models,
            loyalty: self.loyalty,
            source: match &self.arrivals {
                Arrivals::Poisson { per_day } => random(*per_day, None, None),
                Arrivals::Gamma { per_day, cv } => random(*per_day, Some(cv), None),
                Arrivals::OnOff { per_day, cv, phases } => {
                    // Gaps of a cv of 1 are exponential, and drawn faster so.
                    let is_poisson = *cv == Distribution::constant(1.0);
                    random(*per_day, (!is_poisson).then_some(cv), Some(phases))
                }
                Arrivals::Trace(trace) => Source::Recorded(Arc::clone(trace)),
            },
        }
    }
}

impl Prepared {
    /// The requests of one account from its signup to the horizon.
    pub fn requests(&self, streams: AccountStreams, account: u32, signup: Time) -> Requests<'_> {
        // Who signs up after the horizon sends nothing, like one who does at it.
        let signup = signup.min(self.horizon);
        let feed = match &self.source {
            Source::Random(random) => Feed::Random(RandomFeed::new(random, streams, signup)),
            Source::Recorded(trace) => {
                let all = trace.by_account.get(account as usize).map_or(&[][..], Vec::as_slice);
                let at = |record: &u32| trace.records[*record as usize].at;
                let dropped = all.partition_point(|record| at(record) < signup);
                let until = all.partition_point(|record| at(record) < self.horizon);
                Feed::Recorded(RecordedFeed { trace, left: &all[dropped..until], dropped: dropped as u64 })
            }
        };
        let model = self.only_model(streams);
        Requests { prepared: self, streams, feed, model, group: 0, spent: Money::ZERO, is_over: false }
    }

    /// The model that all requests of an account use, where there is one.
    fn only_model(&self, streams: AccountStreams) -> Option<u16> {
        let Some(choice) = &self.choice else { return self.models.first().copied() };
        let mut draws = streams.draws(Purpose::Loyalty, 0);
        let is_loyal = self.loyalty > 0.0 && draws.happens(self.loyalty);
        is_loyal.then(|| self.models[choice.pick(rand::Rng::next_u32(&mut draws))])
    }

    fn cost(&self, usage: Usage) -> Money {
        self.prices[usize::from(usage.model)].cost(usage)
    }
}

/// The requests of one account, in order.
#[derive(Clone, Debug)]
pub struct Requests<'p> {
    prepared: &'p Prepared,
    streams: AccountStreams,
    feed: Feed<'p>,
    /// The account's only model, where it has one.
    model: Option<u16>,
    /// The group of the next request.
    group: u32,
    /// What the requests so far cost.
    spent: Money,
    is_over: bool,
}

#[derive(Clone, Debug)]
enum Feed<'p> {
    Random(RandomFeed<'p>),
    Recorded(RecordedFeed<'p>),
}

impl Requests<'_> {
    /// Fills the block with the next requests: as many as it holds, or all that are left; none when there are
    /// no more.
    ///
    /// # Errors
    /// Where a token count, the account's usage or the number of its requests is more than can be counted.
    pub fn next_block(&mut self, block: &mut Block) -> Result<(), Overflow> {
        block.len = 0;
        block.days.clear();
        if self.is_over {
            return Ok(());
        }
        match &mut self.feed {
            Feed::Random(feed) => {
                feed.fill_times(self.streams, self.group, self.prepared.horizon, block);
                feed.fill_tokens(self.streams, self.group, block)?;
            }
            Feed::Recorded(feed) => feed.fill(block),
        }
        self.is_over = block.len < BLOCK;
        self.fill_models(block);
        self.fill_cached(block);
        self.fill_costs(block)?;
        block.note_days();
        self.group += (BLOCK / GROUP) as u32;
        // Numbers are addressed by the request's 32-bit index: beyond it they would repeat.
        self.group.checked_mul(GROUP as u32).map(|_| ()).ok_or(Overflow::Requests)
    }

    /// How many records of a trace were dropped because they came before the signup.
    pub fn dropped(&self) -> u64 {
        match &self.feed {
            Feed::Random(_) => 0,
            Feed::Recorded(feed) => feed.dropped,
        }
    }

    fn fill_models(&self, block: &mut Block) {
        if matches!(&self.feed, Feed::Recorded(feed) if feed.trace.has_models) {
            return;
        }
        if let Some(model) = self.model {
            block.model = [model; BLOCK];
            return;
        }
        let choice = self.prepared.choice.as_ref().expect("without a choice there is one model only");
        for (models, group) in groups(&mut block.model, block.len).zip(self.group..) {
            let words = self.streams.words(Purpose::Model, group);
            *models = words.map(|word| self.prepared.models[choice.pick(word)]);
        }
    }

    fn fill_cached(&self, block: &mut Block) {
        if matches!(&self.feed, Feed::Recorded(feed) if feed.trace.has_cached) {
            return;
        }
        let share = &self.prepared.cached_share;
        if share.is_zero() {
            block.cached = [0; BLOCK];
            return;
        }
        let prompts = groups(&mut block.prompt, block.len);
        for ((cached, prompts), group) in groups(&mut block.cached, block.len).zip(prompts).zip(self.group..)
        {
            let shares = share.draw(self.streams, Purpose::CachedShare, group);
            for ((cached, share), prompt) in cached.iter_mut().zip(shares).zip(prompts) {
                let prompt = f64::from(*prompt);
                *cached = round_u32(at_most(at_least(prompt * share, 0.0), prompt));
            }
        }
    }

    fn fill_costs(&mut self, block: &mut Block) -> Result<(), Overflow> {
        let (mut cost, mut moment) = (Money::ZERO, 0);
        for request in 0..block.len {
            let own = self.prepared.cost(block.usage(request));
            cost = cost.plus_within_limit(own).ok_or(Overflow::Usage)?;
            moment += i128::from(own.nanos()) * i128::from(block.at[request].micros());
            block.cost_before[request + 1] = cost.nanos();
            block.moment_before[request + 1] = moment;
        }
        self.spent = self.spent.plus_within_limit(cost).ok_or(Overflow::Usage)?;
        Ok(())
    }
}

/// The groups of a column that hold its first `len` places.
fn groups<T>(column: &mut [T; BLOCK], len: usize) -> impl Iterator<Item = &mut [T; GROUP]> {
    column.as_chunks_mut::<GROUP>().0.iter_mut().take(len.div_ceil(GROUP))
}

/// An account of a random process.
#[derive(Clone, Debug)]
struct RandomFeed<'p> {
    random: &'p Random,
    signup: Time,
    /// The account's own long-run rate while on, where nothing modulates it.
    per_day: f64,
    /// Gaps of mean 1: times are in mean gaps until they are scaled to the rate.
    gap: Column,
    prompt_factor: f64,
    output_factor: f64,
    /// Mean gaps from the signup to the last arrival.
    elapsed: f64,
    /// Where the rate changes over time.
    clock: Option<Box<Clock<'p>>>,
}

impl Random {
    /// The distribution of an account's gaps, of mean 1.
    fn own_gap(&self, streams: AccountStreams) -> Distribution {
        let Some(cv) = &self.cv else { return Distribution::exponential(1.0) };
        let cv = cv.sample(&mut streams.draws(Purpose::GapSpread, 0)).min(*CVS.end());
        Distribution::gamma(1.0, if CVS.contains(&cv) { cv } else { 0.0 })
    }
}

impl<'p> RandomFeed<'p> {
    fn new(random: &'p Random, streams: AccountStreams, signup: Time) -> RandomFeed<'p> {
        let factor = random.heterogeneity.as_ref().map_or(1.0, |(factor, mean)| {
            factor.sample(&mut streams.draws(Purpose::Heterogeneity, 0)) / mean
        });
        let active_share = random
            .active_share
            .as_ref()
            .map_or(1.0, |share| share.sample(&mut streams.draws(Purpose::ActiveShare, 0)));
        let (prompt_factor, output_factor) = random.tokens.account_factors(streams);
        RandomFeed {
            random,
            signup,
            per_day: random.per_day * factor / active_share,
            gap: Column::new(&random.own_gap(streams)),
            prompt_factor,
            output_factor,
            elapsed: 0.0,
            clock: random
                .clockwork
                .as_ref()
                .map(|clockwork| Box::new(clockwork.start(streams, signup, active_share))),
        }
    }

    /// Fills in the arrival times before the horizon, and how many they are.
    fn fill_times(&mut self, streams: AccountStreams, group: u32, horizon: Time, block: &mut Block) {
        if self.per_day <= 0.0 || self.signup >= horizon {
            return;
        }
        for (times, group) in groups(&mut block.at, BLOCK).zip(group..) {
            let mut elapsed = self.gap.draw(streams, Purpose::Gap, group);
            for gaps in &mut elapsed {
                self.elapsed += *gaps;
                *gaps = self.elapsed;
            }
            match &mut self.clock {
                None => {
                    for (time, gaps) in times.iter_mut().zip(elapsed) {
                        // The quotient of exact numbers is exact wherever it can be: no drift in a regular
                        // process.
                        let micros = gaps * Span::DAY.micros() as f64 / self.per_day;
                        *time = self.signup + Span::from_micros((micros + 0.5) as i64);
                    }
                }
                Some(clock) => {
                    for (time, gaps) in times.iter_mut().zip(elapsed) {
                        *time = clock.instant(gaps * 24.0 / self.per_day);
                    }
                }
            }
            block.len += times.partition_point(|time| *time < horizon);
            if times[GROUP - 1] >= horizon {
                return;
            }
        }
    }

    fn fill_tokens(&self, streams: AccountStreams, group: u32, block: &mut Block) -> Result<(), Overflow> {
        for (index, (tokens, group)) in groups(&mut block.prompt, block.len).zip(group..).enumerate() {
            let drawn = self.random.prompt.draw(streams, Purpose::Prompt, group);
            let until = block.len - index * GROUP;
            round_tokens(&drawn, self.prompt_factor, 1.0, until, tokens).map_err(Overflow::Prompt)?;
        }
        for (index, (tokens, group)) in groups(&mut block.output, block.len).zip(group..).enumerate() {
            let drawn = self.random.output.draw(streams, Purpose::Output, group);
            let until = block.len - index * GROUP;
            round_tokens(&drawn, self.output_factor, 0.0, until, tokens).map_err(Overflow::Output)?;
        }
        Ok(())
    }
}

/// Token counts from what was drawn: times a factor, at least `least`, rounded half up. The error is the
/// first of the counts before `until` that does not fit.
#[inline(always)]
fn round_tokens(
    drawn: &[f64; GROUP],
    factor: f64,
    least: f64,
    until: usize,
    tokens: &mut [u32; GROUP],
) -> Result<(), f64> {
    let mut too_many = false;
    for (tokens, drawn) in tokens.iter_mut().zip(drawn) {
        let count = at_least(drawn * factor, least);
        too_many |= count >= TOO_MANY;
        *tokens = round_u32(at_most(count, u32::MAX.into()));
    }
    if too_many {
        let mut counts = drawn.iter().take(until).map(|drawn| drawn * factor);
        return counts.find(|count| *count >= TOO_MANY).map_or(Ok(()), Err);
    }
    Ok(())
}

impl Tokens {
    /// An account's own factors on its prompts and outputs.
    fn account_factors(&self, streams: AccountStreams) -> (f64, f64) {
        if self.prompt_spread == 0.0 && self.output_spread == 0.0 {
            return (1.0, 1.0);
        }
        let mut draws = streams.draws(Purpose::TokenSpread, 0);
        let (first, second) = (standard_normal(&mut draws), standard_normal(&mut draws));
        let correlation = self.spread_correlation;
        let correlated = correlation * first + (1.0 - correlation * correlation).max(0.0).sqrt() * second;
        (libm::exp(self.prompt_spread * first), libm::exp(self.output_spread * correlated))
    }
}

/// An account of a trace.
#[derive(Clone, Debug)]
struct RecordedFeed<'p> {
    trace: &'p Trace,
    /// Indexes of the records still to come.
    left: &'p [u32],
    dropped: u64,
}

impl RecordedFeed<'_> {
    fn fill(&mut self, block: &mut Block) {
        let (now, later) = self.left.split_at(self.left.len().min(BLOCK));
        for (place, record) in now.iter().enumerate() {
            let record = &self.trace.records[*record as usize];
            block.at[place] = record.at;
            block.model[place] = record.usage.model;
            block.prompt[place] = record.usage.prompt;
            block.cached[place] = record.usage.cached;
            block.output[place] = record.usage.output;
        }
        (block.len, self.left) = (now.len(), later);
    }
}

#[cfg(test)]
pub(super) mod tests;
