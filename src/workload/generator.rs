//! Requests of one account after another, a block at a time.

use super::choice::Choice;
use super::clock::{Clock, Clockwork};
use super::column::{Column, GROUPS, Values};
use super::distribution::{Distribution, standard_normal};
use super::trace::Trace;
use super::vector::{float, round};
use super::{Arrivals, BLOCK, Block, Phases, Tokens, Workload};
use crate::money::Money;
use crate::rng::{AccountStreams, GROUP, Purpose};
use crate::tariff::{Price, Tariff};
use crate::time::{Calendar, Span, Time};
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f64x8, i64x8, u32x16, u64x8};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Range, RangeInclusive};
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
    level: Level,
    horizon: Time,
    prices: Vec<Price>,
    cached_share: Column,
    /// How to draw the model of a request.
    models: Choice<u16>,
    /// The model, where there is only one.
    only_model: Option<u16>,
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
    gaps: Gaps,
    /// An account's share of time on, where there are phases.
    active_share: Option<Distribution>,
    /// Where the rate changes over time.
    clockwork: Option<Clockwork>,
    /// The distribution of the account's factor on its rate, and its mean.
    heterogeneity: Option<(Distribution, f64)>,
    prompt: TokenCounts,
    output: TokenCounts,
    tokens: Tokens,
}

/// Gaps of mean 1: times are in mean gaps until they are scaled to the rate.
#[derive(Clone, Debug)]
enum Gaps {
    /// All accounts have the same.
    Alike(Column),
    /// Each account draws the coefficient of variation of its own.
    Unlike { cv: Distribution },
}

impl Gaps {
    fn new(cv: &Distribution) -> Gaps {
        match Column::new(cv).constant() {
            Some(cv) => Gaps::Alike(Gaps::of_cv(cv)),
            None => Gaps::Unlike { cv: cv.clone() },
        }
    }

    fn of_cv(cv: f64) -> Column {
        let cv = cv.min(*CVS.end());
        Column::new(&Distribution::gamma(1.0, if CVS.contains(&cv) { cv } else { 0.0 }))
    }

    fn of(&self, streams: AccountStreams) -> Cow<'_, Column> {
        match self {
            Gaps::Alike(gap) => Cow::Borrowed(gap),
            Gaps::Unlike { cv } => {
                Cow::Owned(Gaps::of_cv(cv.sample(&mut streams.draws(Purpose::GapSpread, 0))))
            }
        }
    }
}

impl Workload {
    /// Works out what is the same for all accounts.
    pub fn prepare(&self, tariff: &Tariff, calendar: &Calendar) -> Prepared {
        let exponential = || Gaps::Alike(Column::new(&Distribution::exponential(1.0)));
        let random = |per_day: f64, gaps: Gaps, phases: Option<&Phases>| {
            Source::Random(Box::new(Random {
                per_day,
                gaps,
                active_share: phases.map(|phases| phases.active_share.clone()),
                clockwork: Clockwork::new(&self.modulation, phases, calendar),
                heterogeneity: self.heterogeneity.clone().map(|factor| {
                    let mean = factor.mean();
                    (factor, mean)
                }),
                prompt: TokenCounts::new(&self.tokens.prompt, 1.0),
                output: TokenCounts::new(&self.tokens.output, 0.0),
                tokens: self.tokens.clone(),
            }))
        };
        let (models, weights): (Vec<u16>, Vec<f64>) = self.models.iter().copied().unzip();
        Prepared {
            level: Level::new(),
            horizon: calendar.horizon,
            prices: tariff.models.iter().map(|(_, price)| *price).collect(),
            cached_share: Column::new(&self.tokens.cached_share),
            models: Choice::new(&models, &weights),
            only_model: (models.len() == 1).then(|| models[0]),
            loyalty: self.loyalty,
            source: match &self.arrivals {
                Arrivals::Poisson { per_day } => random(*per_day, exponential(), None),
                Arrivals::Gamma { per_day, cv } => random(*per_day, Gaps::new(cv), None),
                Arrivals::OnOff { per_day, cv, phases } => {
                    // Gaps of a cv of 1 are exponential, and drawn faster so.
                    let is_poisson = *cv == Distribution::constant(1.0);
                    let gaps = if is_poisson { exponential() } else { Gaps::new(cv) };
                    random(*per_day, gaps, Some(phases))
                }
                Arrivals::Trace(trace) => Source::Recorded(Arc::clone(trace)),
            },
        }
    }
}

impl Prepared {
    /// The same, generated with the instructions of another level. The requests do not depend on it.
    #[must_use]
    pub fn on(self, level: Level) -> Prepared {
        Prepared { level, ..self }
    }

    /// The requests of one account from its signup to the horizon.
    pub fn requests(&self, streams: AccountStreams, account: u32, signup: Time) -> Requests<'_> {
        // Who signs up after the horizon sends nothing, like one who does at it.
        let signup = signup.min(self.horizon);
        let feed = match &self.source {
            Source::Random(random) => Feed::Random(RandomFeed::new(random, streams, signup, self.horizon)),
            Source::Recorded(trace) => {
                let all = trace.requests(account);
                let before = |instant| trace.at[all.clone()].partition_point(|at| *at < instant);
                let dropped = before(signup);
                let left = all.start + dropped..all.start + before(self.horizon);
                Feed::Recorded(RecordedFeed { trace, left, dropped: dropped as u64 })
            }
        };
        let model = match &feed {
            Feed::Recorded(feed) if feed.trace.model.is_some() => None,
            _ => self.only_model(streams),
        };
        Requests { prepared: self, streams, feed, model, group: 0, spent: Money::ZERO, is_over: false }
    }

    /// The model that all requests of an account use, where it is not drawn for each.
    fn only_model(&self, streams: AccountStreams) -> Option<u16> {
        self.only_model.or_else(|| {
            let mut draws = streams.draws(Purpose::Loyalty, 0);
            let is_loyal = self.loyalty > 0.0 && draws.happens(self.loyalty);
            is_loyal.then(|| self.models.pick(rand::Rng::next_u32(&mut draws)))
        })
    }
}

/// The requests of one account, in order.
#[derive(Clone, Debug)]
pub struct Requests<'p> {
    prepared: &'p Prepared,
    streams: AccountStreams,
    feed: Feed<'p>,
    /// The model of all requests, where it is not drawn or recorded for each.
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
        if self.is_over {
            return Ok(());
        }
        dispatch!(self.prepared.level, simd => self.fill(simd, block))
    }

    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, block: &mut Block) -> Result<(), Overflow> {
        match &mut self.feed {
            Feed::Random(feed) => {
                feed.fill_times(simd, self.streams, self.group, self.prepared.horizon, block);
                feed.fill_tokens(simd, self.streams, self.group, block)?;
            }
            Feed::Recorded(feed) => feed.fill(block),
        }
        self.is_over = block.len < BLOCK;
        self.fill_models(block);
        self.fill_cached(simd, block);
        self.fill_costs(block)?;
        block.note_days();
        self.group += GROUPS as u32;
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

    #[inline(always)]
    fn fill_models(&self, block: &mut Block) {
        if matches!(&self.feed, Feed::Recorded(feed) if feed.trace.model.is_some()) {
            return;
        }
        let models = groups(&mut block.model, block.len);
        if let Some(model) = self.model {
            models.fill([model; GROUP]);
            return;
        }
        let words = &mut block.room.words[..models.len()];
        self.streams.stream(Purpose::Model).words(0, self.group, words);
        for (model, word) in models.as_flattened_mut().iter_mut().zip(words.as_flattened()) {
            *model = self.prepared.models.pick(*word);
        }
    }

    #[inline(always)]
    fn fill_cached<S: Simd>(&self, simd: S, block: &mut Block) {
        if matches!(&self.feed, Feed::Recorded(feed) if feed.trace.cached.is_some()) {
            return;
        }
        let share = &self.prepared.cached_share;
        let cached = groups(&mut block.cached, block.len);
        if share.constant() == Some(0.0) {
            cached.fill([0; GROUP]);
            return;
        }
        let (words, shares) = block.room.first(cached.len());
        share.draw(simd, self.streams.stream(Purpose::CachedShare), self.group, words, shares);
        let prompts = block.prompt.as_chunks::<GROUP>().0;
        for ((cached, shares), prompts) in cached.iter_mut().zip(shares).zip(prompts) {
            let prompts = u32x16::simd_from(simd, *prompts).widen();
            let first = cached_of(float(prompts.0), f64x8::simd_from(simd, shares[0]));
            let second = cached_of(float(prompts.1), f64x8::simd_from(simd, shares[1]));
            *cached = first.narrow(second).to_array();
        }
    }

    #[inline(always)]
    fn fill_costs(&mut self, block: &mut Block) -> Result<(), Overflow> {
        let mut costs = [0; BLOCK];
        let prices = &self.prepared.prices;
        match self.model {
            Some(model) => {
                let price = prices[usize::from(model)];
                for (request, cost) in costs[..block.len].iter_mut().enumerate() {
                    *cost = price.cost(block.usage(request)).nanos();
                }
            }
            None => {
                for (request, cost) in costs[..block.len].iter_mut().enumerate() {
                    let usage = block.usage(request);
                    *cost = prices[usize::from(usage.model)].cost(usage).nanos();
                }
            }
        }
        // Where none has bits that high, a block of them stays below the limit.
        let bits = costs.iter().fold(0, |bits, cost| bits | cost);
        if bits > Money::LIMIT.nanos() / BLOCK as i64 {
            let mut all = costs.iter().map(|cost| Money::from_nanos(*cost));
            all.try_fold(Money::ZERO, Money::plus_within_limit).ok_or(Overflow::Usage)?;
        }
        let (mut cost, mut moment) = (0, 0);
        let costs = costs.as_chunks::<GROUP>().0.iter().zip(block.at.as_chunks::<GROUP>().0);
        let cost_before = block.cost_before[1..].as_chunks_mut::<GROUP>().0;
        let before = cost_before.iter_mut().zip(block.moment_before[1..].as_chunks_mut::<GROUP>().0);
        for ((costs, at), (cost_before, moment_before)) in costs.zip(before).take(block.len.div_ceil(GROUP)) {
            // Beyond the last request nothing is added.
            for place in 0..GROUP {
                cost += costs[place];
                moment += i128::from(costs[place]) * i128::from(at[place].micros());
                (cost_before[place], moment_before[place]) = (cost, moment);
            }
        }
        self.spent = self.spent.plus_within_limit(Money::from_nanos(cost)).ok_or(Overflow::Usage)?;
        Ok(())
    }
}

/// The groups of a column that hold its first `len` places.
#[inline(always)]
fn groups<T>(column: &mut [T; BLOCK], len: usize) -> &mut [[T; GROUP]] {
    &mut column.as_chunks_mut().0[..len.div_ceil(GROUP)]
}

/// An account of a random process.
#[derive(Clone, Debug)]
struct RandomFeed<'p> {
    random: &'p Random,
    signup: Time,
    /// The account's own long-run rate while on, where nothing modulates it.
    per_day: f64,
    gap: Cow<'p, Column>,
    prompt_factor: f64,
    output_factor: f64,
    /// Mean gaps from the signup to the last arrival.
    elapsed: f64,
    /// Mean gaps from the signup to the horizon, on average where the account's own rate changes.
    in_all: f64,
    /// Where the rate changes over time.
    clock: Option<Box<Clock<'p>>>,
}

impl<'p> RandomFeed<'p> {
    fn new(random: &'p Random, streams: AccountStreams, signup: Time, horizon: Time) -> RandomFeed<'p> {
        let factor = random.heterogeneity.as_ref().map_or(1.0, |(factor, mean)| {
            factor.sample(&mut streams.draws(Purpose::Heterogeneity, 0)) / mean
        });
        let active_share = random
            .active_share
            .as_ref()
            .map_or(1.0, |share| share.sample(&mut streams.draws(Purpose::ActiveShare, 0)));
        let (prompt_factor, output_factor) = random.tokens.account_factors(streams);
        let days = match &random.clockwork {
            None => (horizon - signup).as_days_f64(),
            Some(clockwork) => clockwork.hours_from(signup) / 24.0 * active_share,
        };
        let per_day = random.per_day * factor / active_share;
        RandomFeed {
            random,
            signup,
            per_day,
            gap: random.gaps.of(streams),
            prompt_factor,
            output_factor,
            elapsed: 0.0,
            in_all: per_day * days,
            clock: random
                .clockwork
                .as_ref()
                .map(|clockwork| Box::new(clockwork.start(streams, signup, active_share))),
        }
    }

    /// Fills in the arrival times before the horizon, and how many they are.
    #[inline(always)]
    fn fill_times<S: Simd>(
        &mut self,
        simd: S,
        streams: AccountStreams,
        first: u32,
        horizon: Time,
        block: &mut Block,
    ) {
        if self.per_day <= 0.0 || self.signup >= horizon {
            return;
        }
        let stream = streams.stream(Purpose::Gap);
        while block.len < BLOCK {
            // As many at once as are likely to be all, and a few more.
            let likely = (1.2 / GROUP as f64 * (self.in_all - self.elapsed)) as u32 as usize + 1;
            let done = block.len / GROUP;
            let times = &mut block.at.as_chunks_mut().0[done..];
            let count = times.len().min(likely);
            let times = &mut times[..count];
            let (words, elapsed) = block.room.first(count);
            self.gap.draw(simd, stream, first + done as u32, words, elapsed);
            self.accumulate(elapsed);
            self.place(simd, elapsed, times);
            let times = times.as_flattened();
            if times[times.len() - 1] >= horizon {
                block.len += times.partition_point(|time| *time < horizon);
                return;
            }
            block.len += times.len();
        }
    }

    /// Turns gaps into mean gaps since the signup.
    #[inline(always)]
    fn accumulate(&mut self, gaps: &mut [Values]) {
        // The sums within the groups need not wait for each other, only what came before each group.
        let mut before = [0.0; GROUPS];
        for (gaps, before) in gaps.iter_mut().zip(&mut before) {
            let mut sum = 0.0;
            for gap in gaps.as_flattened_mut() {
                sum += *gap;
                *gap = sum;
            }
            *before = self.elapsed;
            self.elapsed += sum;
        }
        for (gaps, before) in gaps.iter_mut().zip(before) {
            for gap in gaps.as_flattened_mut() {
                *gap += before;
            }
        }
    }

    /// The instants of arrivals so many mean gaps after the signup.
    #[inline(always)]
    fn place<S: Simd>(&mut self, simd: S, elapsed: &mut [Values], times: &mut [[Time; GROUP]]) {
        /// From here on there are no microseconds, or not for long.
        const COARSE: f64 = (1u64 << 51) as f64;
        if let Some(clock) = &mut self.clock {
            for gaps in elapsed.as_flattened_mut() {
                *gaps = (f64x8::simd_from(simd, *gaps) * 24.0 / self.per_day).to_array();
            }
            clock.instants(simd, elapsed, times);
            return;
        }
        // The quotient of exact numbers is exact wherever it can be: no drift in a regular process.
        let (day, per_day) = (Span::DAY.micros() as f64, self.per_day);
        if self.elapsed * day / per_day >= COARSE {
            for (time, gaps) in times.as_flattened_mut().iter_mut().zip(elapsed.as_flattened().as_flattened())
            {
                *time = self.signup + Span::from_micros((gaps * day / per_day + 0.5) as i64);
            }
            return;
        }
        let mean_gap = self.gap.constant().is_none().then_some(day / per_day);
        let times = times.as_flattened_mut().as_chunks_mut().0;
        for (times, gaps) in times.iter_mut().zip(elapsed.as_flattened()) {
            let gaps = f64x8::simd_from(simd, *gaps);
            let micros = match mean_gap {
                Some(mean_gap) => gaps * mean_gap,
                None => gaps * day / per_day,
            };
            let at = round(micros).bitcast::<i64x8<S>>() + self.signup.micros();
            *times = at.to_array().map(Time::from_micros);
        }
    }

    #[inline(always)]
    fn fill_tokens<S: Simd>(
        &self,
        simd: S,
        streams: AccountStreams,
        first: u32,
        block: &mut Block,
    ) -> Result<(), Overflow> {
        let Random { prompt, output, .. } = self.random;
        let tokens = groups(&mut block.prompt, block.len);
        let (words, drawn) = block.room.first(tokens.len());
        prompt.drawn.draw(simd, streams.stream(Purpose::Prompt), first, words, drawn);
        prompt.round(simd, drawn, self.prompt_factor, block.len, tokens).map_err(Overflow::Prompt)?;
        output.drawn.draw(simd, streams.stream(Purpose::Output), first, words, drawn);
        let tokens = groups(&mut block.output, block.len);
        output.round(simd, drawn, self.output_factor, block.len, tokens).map_err(Overflow::Output)
    }
}

/// Counts within bounds, the upper at most 32 bits, rounded half up.
#[inline(always)]
fn count<S: Simd>(counts: f64x8<S>, (low, high): (f64, f64)) -> u64x8<S> {
    round(counts.max(low).min(high))
}

/// Token counts of one kind: what is drawn, times an account's own factor, and only then kept within bounds.
#[derive(Clone, Debug)]
struct TokenCounts {
    drawn: Column,
    low: f64,
    high: f64,
}

/// The cached tokens of prompts: a share of them, rounded half up.
#[inline(always)]
fn cached_of<S: Simd>(prompts: f64x8<S>, shares: f64x8<S>) -> u64x8<S> {
    round((prompts * shares).max(0.0).min(prompts))
}

impl TokenCounts {
    /// Counts of a distribution, at least `least`.
    fn new(distribution: &Distribution, least: f64) -> TokenCounts {
        let (low, high) = distribution.bounds();
        let drawn = Column::new(&distribution.clone().clamped(None, None));
        TokenCounts { drawn, low: low.max(least), high: high.max(least) }
    }

    /// Counts from what was drawn, rounded half up. The error is the first of the `len` counts that does not fit into 32
    /// bits.
    #[inline(always)]
    fn round<S: Simd>(
        &self,
        simd: S,
        drawn: &[Values],
        factor: f64,
        len: usize,
        tokens: &mut [[u32; GROUP]],
    ) -> Result<(), f64> {
        let bounds = (self.low, self.high.min(f64::from(u32::MAX)));
        let mut most = u32x16::splat(simd, 0);
        for (tokens, [first, second]) in tokens.iter_mut().zip(drawn) {
            let first = count(f64x8::simd_from(simd, *first) * factor, bounds);
            let second = count(f64x8::simd_from(simd, *second) * factor, bounds);
            let counts = first.narrow(second);
            most = most.max(counts);
            *tokens = counts.to_array();
        }
        if most.simd_eq(u32::MAX).any_true() {
            let counts = drawn.as_flattened().as_flattened()[..len].iter();
            let mut counts = counts.map(|drawn| (drawn * factor).max(self.low).min(self.high));
            return counts.find(|count| *count >= TOO_MANY).map_or(Ok(()), Err);
        }
        Ok(())
    }
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
    /// The requests still to come.
    left: Range<usize>,
    dropped: u64,
}

impl RecordedFeed<'_> {
    fn fill(&mut self, block: &mut Block) {
        let now = self.left.start..self.left.end.min(self.left.start + BLOCK);
        self.left.start = now.end;
        let len = now.len();
        let Trace { at, model, prompt, cached, output, .. } = self.trace;
        block.len = len;
        block.at[..len].copy_from_slice(&at[now.clone()]);
        block.prompt[..len].copy_from_slice(&prompt[now.clone()]);
        block.output[..len].copy_from_slice(&output[now.clone()]);
        if let Some(model) = model {
            block.model[..len].copy_from_slice(&model[now.clone()]);
        }
        if let Some(cached) = cached {
            block.cached[..len].copy_from_slice(&cached[now]);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
