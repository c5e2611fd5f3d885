//! Requests of one account after another, a block at a time.

use super::column::{Choice, Column};
use super::distribution::{Distribution, standard_normal};
use super::profile::Profile;
use super::trace::Trace;
use super::vector::{at_least, at_most, round_u32};
use super::{Arrivals, BLOCK, Block, Modulation, Tokens, Workload};
use crate::money::Money;
use crate::request::Usage;
use crate::rng::{AccountStreams, GROUP, Purpose};
use crate::tariff::{Price, Tariff};
use crate::time::{Calendar, Span, Time};
use std::fmt;
use std::sync::Arc;

/// Token counts from here on round to more than 32 bits hold.
const TOO_MANY: f64 = u32::MAX as f64 + 0.5;

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
    /// Gaps of mean 1: times are in mean gaps until they are scaled to the rate.
    gap: Column,
    /// Where the rate changes over time.
    profile: Option<Profile>,
    /// The distribution of the account's factor on its rate, and its mean.
    heterogeneity: Option<(Distribution, f64)>,
    prompt: Column,
    output: Column,
    tokens: Tokens,
}

impl Workload {
    /// Works out what is the same for all accounts.
    pub fn prepare(&self, tariff: &Tariff, calendar: &Calendar) -> Prepared {
        let random = |per_day: f64, gap: Distribution| {
            Source::Random(Box::new(Random {
                per_day,
                gap: Column::new(&gap),
                profile: (self.modulation != Modulation::NONE)
                    .then(|| Profile::new(&self.modulation, calendar)),
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
            source: match &self.arrivals {
                &Arrivals::Poisson { per_day } => random(per_day, Distribution::exponential(1.0)),
                &Arrivals::Gamma { per_day, cv } => random(per_day, Distribution::gamma(1.0, cv)),
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
        Requests { prepared: self, streams, feed, group: 0, spent: Money::ZERO, is_over: false }
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
        let Some(choice) = &self.prepared.choice else {
            block.model = [self.prepared.models[0]; BLOCK];
            return;
        };
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
    /// The account's own long-run rate, where nothing modulates it.
    per_day: f64,
    prompt_factor: f64,
    output_factor: f64,
    /// Mean gaps from the signup to the last arrival.
    elapsed: f64,
    /// Worked hours of the profile before the signup.
    worked: f64,
    /// The hour of the profile that the last arrival fell in.
    hour: usize,
}

impl<'p> RandomFeed<'p> {
    fn new(random: &'p Random, streams: AccountStreams, signup: Time) -> RandomFeed<'p> {
        let factor = random.heterogeneity.as_ref().map_or(1.0, |(factor, mean)| {
            factor.sample(&mut streams.draws(Purpose::Heterogeneity, 0)) / mean
        });
        let (prompt_factor, output_factor) = random.tokens.account_factors(streams);
        RandomFeed {
            random,
            signup,
            per_day: random.per_day * factor,
            prompt_factor,
            output_factor,
            elapsed: 0.0,
            worked: random.profile.as_ref().map_or(0.0, |profile| profile.worked(signup)),
            hour: signup.hour(),
        }
    }

    /// Fills in the arrival times before the horizon, and how many they are.
    fn fill_times(&mut self, streams: AccountStreams, group: u32, horizon: Time, block: &mut Block) {
        if self.per_day <= 0.0 || self.signup >= horizon {
            return;
        }
        for (times, group) in groups(&mut block.at, BLOCK).zip(group..) {
            let mut elapsed = self.random.gap.draw(streams, Purpose::Gap, group);
            for gaps in &mut elapsed {
                self.elapsed += *gaps;
                *gaps = self.elapsed;
            }
            match &self.random.profile {
                None => {
                    for (time, gaps) in times.iter_mut().zip(elapsed) {
                        // The quotient of exact numbers is exact wherever it can be: no drift in a regular
                        // process.
                        let micros = gaps * Span::DAY.micros() as f64 / self.per_day;
                        *time = self.signup + Span::from_micros((micros + 0.5) as i64);
                    }
                }
                Some(profile) => {
                    for (time, gaps) in times.iter_mut().zip(elapsed) {
                        *time = profile.instant(self.worked + gaps * 24.0 / self.per_day, &mut self.hour);
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
pub(super) mod tests {
    use super::super::Signup;
    use super::super::distribution::tests::kolmogorov;
    use super::super::trace::Record;
    use super::*;
    use crate::rng::CohortStreams;
    use jiff::civil::date;

    const DAYS: i64 = 30;

    pub(in crate::workload) fn calendar() -> Calendar {
        Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(DAYS), Span::ZERO)
    }

    pub(in crate::workload) fn tariff() -> Tariff {
        let price = |input, cached_input, output| Price { input, cached_input, output };
        Tariff {
            models: vec![
                ("large".to_owned(), price(15_000, 1_500, 75_000)),
                ("small".to_owned(), price(150, 15, 600)),
            ],
        }
    }

    fn constant_workload(arrivals: Arrivals) -> Workload {
        Workload {
            arrivals,
            modulation: Modulation::NONE,
            heterogeneity: None,
            tokens: Tokens {
                prompt: Distribution::constant(500.0),
                output: Distribution::constant(100.0),
                cached_share: Distribution::constant(0.0),
                prompt_spread: 0.0,
                output_spread: 0.0,
                spread_correlation: 0.0,
            },
            models: vec![(0, 1.0)],
        }
    }

    pub(in crate::workload) fn lognormal_workload() -> Workload {
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 10.0 });
        workload.tokens.prompt = Distribution::lognormal_median(600.0, 0.8);
        workload.tokens.output = Distribution::lognormal_median(150.0, 0.9).clamped(None, Some(8192.0));
        workload
    }

    fn streams(account: u32) -> AccountStreams {
        CohortStreams::new(42, 0, "hobbyist").account(account)
    }

    /// One request, with its cost.
    type Request = (Time, Usage, Money);

    fn all(
        prepared: &Prepared,
        account: u32,
        signup: Time,
        block: &mut Block,
    ) -> Result<Vec<Request>, Overflow> {
        let mut requests = prepared.requests(streams(account), account, signup);
        let mut all = Vec::new();
        loop {
            requests.next_block(block)?;
            if block.len == 0 {
                return Ok(all);
            }
            all.extend((0..block.len).map(|index| (block.at[index], block.usage(index), block.cost(index))));
        }
    }

    /// The requests of an account from the start.
    fn requests(workload: &Workload, account: u32) -> Vec<Request> {
        let prepared = workload.prepare(&tariff(), &calendar());
        all(&prepared, account, Time::START, &mut Block::empty()).expect("the counts fit")
    }

    fn times(workload: &Workload, account: u32) -> Vec<i64> {
        requests(workload, account).iter().map(|(at, ..)| at.micros()).collect()
    }

    /// Requests and dollars of so many accounts.
    pub(in crate::workload) fn totals(workload: &Workload, signup: Signup, accounts: u32) -> (f64, f64) {
        let prepared = workload.prepare(&tariff(), &calendar());
        let mut block = Block::empty();
        let (mut count, mut dollars) = (0, 0.0);
        for account in 0..accounts {
            let from = signup.time(streams(account));
            let requests = all(&prepared, account, from, &mut block).expect("the counts fit");
            assert!(requests.iter().all(|(at, ..)| (from..calendar().horizon).contains(at)));
            count += requests.len();
            dollars += requests.iter().map(|(.., cost)| cost.as_dollars_f64()).sum::<f64>();
        }
        (count as f64, dollars)
    }

    fn mean_and_variance(values: &[f64]) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64)
    }

    /// Gaps between the arrivals of an account, in mean gaps.
    fn gaps(workload: &Workload, per_day: f64) -> Vec<f64> {
        let times = times(workload, 0);
        let from_signup = std::iter::once(0).chain(times.iter().copied());
        let scale = per_day / Span::DAY.micros() as f64;
        times.iter().zip(from_signup).map(|(later, earlier)| (later - earlier) as f64 * scale).collect()
    }

    #[test]
    fn poisson_gaps_are_exponential() {
        let per_day = 7_000.0;
        let gaps = gaps(&constant_workload(Arrivals::Poisson { per_day }), per_day);
        assert!((gaps.len() as f64 - 210_000.0).abs() < 4.0 * 210_000f64.sqrt());
        let distance = kolmogorov(gaps, |gap| Distribution::exponential(1.0).cdf(gap));
        assert!(distance < 2.3, "{distance}");
    }

    #[test]
    fn renewal_gaps_are_gamma_of_the_stated_dispersion() {
        for cv in [0.3, 1.5] {
            let per_day = 4_000.0;
            let gaps = gaps(&constant_workload(Arrivals::Gamma { per_day, cv }), per_day);
            let distance = kolmogorov(gaps, |gap| Distribution::gamma(1.0, cv).cdf(gap));
            assert!(distance < 2.3, "{cv}: {distance}");
        }
    }

    #[test]
    fn counts_of_accounts_are_poisson() {
        let workload = constant_workload(Arrivals::Poisson { per_day: 3.0 });
        let counts: Vec<f64> = (0..4_000).map(|account| requests(&workload, account).len() as f64).collect();
        let (mean, variance) = mean_and_variance(&counts);
        assert!((mean - 90.0).abs() < 4.0 * (90.0f64 / 4_000.0).sqrt(), "{mean}");
        assert!((variance / 90.0 - 1.0).abs() < 4.0 * (2.0f64 / 4_000.0).sqrt(), "{variance}");
    }

    #[test]
    fn regular_arrivals_are_exact_and_do_not_drift() {
        let seventh = times(&constant_workload(Arrivals::Gamma { per_day: 7.0, cv: 0.0 }), 0);
        assert_eq!(seventh.len(), 209); // the last of 210 would fall on the horizon
        for (index, at) in seventh.iter().enumerate() {
            let exact = (2 * (index as i64 + 1) * Span::DAY.micros() + 7) / 14; // half up
            assert_eq!(*at, exact);
        }
        let hourly = constant_workload(Arrivals::Gamma { per_day: 24.0, cv: 0.0 });
        let prepared = hourly.prepare(&tariff(), &calendar());
        let late = all(&prepared, 0, Time::from_micros(5), &mut Block::empty()).expect("the counts fit");
        assert!(late.iter().zip(1..).all(|((at, ..), n)| at.micros() == 5 + n * Span::HOUR.micros()));
        assert_eq!(late.len(), 719);
    }

    #[test]
    fn regular_arrivals_follow_a_profile_too() {
        let mut workload = constant_workload(Arrivals::Gamma { per_day: 24.0, cv: 0.0 });
        workload.modulation.daily = std::array::from_fn(|hour| if hour % 2 == 0 { 0.0 } else { 2.0 });
        let half = Span::HOUR.micros() / 2;
        // Two in each odd hour: in its middle, and at its end.
        let expected: Vec<i64> = (0..719).map(|n| (n / 2 * 4 + n % 2 + 3) * half).collect();
        assert_eq!(times(&workload, 0), expected);
    }

    #[test]
    fn hours_and_weekdays_have_the_rate_of_their_profile() {
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 2_000.0 });
        let daily: [f64; 24] = std::array::from_fn(|hour| hour as f64 / 11.5);
        let weekly = [1.4, 1.2, 1.0, 1.0, 0.8, 0.6, 1.0];
        (workload.modulation.daily, workload.modulation.weekly) = (daily, weekly);
        let mut counts = [[0u32; 24]; 7];
        for (at, ..) in (0..20).flat_map(|account| requests(&workload, account)) {
            counts[calendar().weekday(at.day())][at.hour() % 24] += 1;
        }
        let mut chi_square = 0.0;
        for (weekday, weight) in weekly.iter().enumerate() {
            assert_eq!(counts[weekday][0], 0);
            let days = (0..DAYS as usize).filter(|day| calendar().weekday(*day) == weekday).count() as f64;
            for hour in 1..24 {
                let expected = 20.0 * 2_000.0 / 24.0 * days * weight * daily[hour];
                chi_square += (f64::from(counts[weekday][hour]) - expected).powi(2) / expected;
            }
        }
        // 161 degrees of freedom: mean 161, variance 322.
        assert!((chi_square - 161.0).abs() < 4.0 * 322f64.sqrt(), "{chi_square}");
    }

    #[test]
    fn the_rate_grows_within_the_month() {
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 5_000.0 });
        workload.modulation.growth_per_month = 2.0;
        let day = |at: i64| at as f64 / Span::DAY.micros() as f64;
        let days: Vec<f64> = times(&workload, 0).into_iter().map(day).collect();
        let expected = 5_000.0 * 30.0 * 2.0 / libm::log(3.0);
        assert!((days.len() as f64 - expected).abs() < 4.0 * expected.sqrt(), "{}", days.len());
        let distance = kolmogorov(days, |day| (libm::pow(3.0, day / 30.0) - 1.0) / 2.0);
        assert!(distance < 2.3, "{distance}");
    }

    #[test]
    fn tokens_follow_their_distributions_and_rounding() {
        let mut workload = lognormal_workload();
        workload.arrivals = Arrivals::Poisson { per_day: 5_000.0 };
        workload.tokens.cached_share = Distribution::uniform(0.0, 0.5);
        let requests = requests(&workload, 0);
        let prompts = requests.iter().map(|(_, usage, _)| f64::from(usage.prompt)).collect();
        let distance = kolmogorov(prompts, |tokens| workload.tokens.prompt.cdf(tokens + 0.5));
        assert!(distance < 2.3, "prompt: {distance}");
        let outputs = requests.iter().map(|(_, usage, _)| f64::from(usage.output)).collect();
        let distance = kolmogorov(outputs, |tokens| workload.tokens.output.cdf(tokens + 0.5));
        assert!(distance < 2.3, "output: {distance}");
        let shares = requests.iter().filter(|(_, usage, _)| usage.prompt > 300);
        let shares: Vec<f64> =
            shares.map(|(_, usage, _)| f64::from(usage.cached) / f64::from(usage.prompt)).collect();
        let (mean, variance) = mean_and_variance(&shares);
        assert!((mean - 0.25).abs() < 0.003 && (variance * 48.0 - 1.0).abs() < 0.02, "{mean}, {variance}");
    }

    #[test]
    fn counts_round_half_up_and_prompts_are_at_least_one() {
        let mut workload = constant_workload(Arrivals::Gamma { per_day: 1.0, cv: 0.0 });
        for (prompt, output, share, expected) in [
            (0.2, 0.4, 0.0, (1, 0, 0)),
            (2.5, 0.5, 0.5, (3, 2, 1)), // 1.5 cached
            (10.0, 1.5, 3.0, (10, 10, 2)),
            (10.0, -7.0, -3.0, (10, 0, 0)),
            (f64::from(u32::MAX), f64::from(u32::MAX) + 0.4, 1.0, (u32::MAX, u32::MAX, u32::MAX)),
        ] {
            workload.tokens.prompt = Distribution::constant(prompt);
            workload.tokens.output = Distribution::constant(output);
            workload.tokens.cached_share = Distribution::constant(share);
            let (_, usage, cost) = requests(&workload, 0)[0];
            assert_eq!((usage.prompt, usage.cached, usage.output), expected);
            assert_eq!(cost, tariff().price(0).cost(usage));
        }
    }

    #[test]
    fn models_are_drawn_by_their_weights() {
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 5_000.0 });
        workload.models = vec![(1, 1.0), (0, 3.0)];
        let requests = requests(&workload, 0);
        let larges = requests.iter().filter(|(_, usage, _)| usage.model == 0).count() as f64;
        let size = requests.len() as f64;
        assert!((larges - 0.75 * size).abs() < 4.0 * (size * 0.75 * 0.25).sqrt());
        assert!(requests.iter().all(|(_, usage, cost)| *cost == tariff().price(usage.model).cost(*usage)));
    }

    #[test]
    fn accounts_differ_in_rate_by_a_factor_of_mean_one() {
        let mut workload = constant_workload(Arrivals::Gamma { per_day: 1_000.0, cv: 0.0 });
        workload.heterogeneity = Some(Distribution::gamma(17.0, 0.5));
        let factors: Vec<f64> =
            (0..3_000).map(|account| requests(&workload, account).len() as f64 / 30_000.0).collect();
        let (mean, variance) = mean_and_variance(&factors);
        assert!((mean - 1.0).abs() < 4.0 * 0.5 / 3_000f64.sqrt(), "{mean}");
        assert!((variance / 0.25 - 1.0).abs() < 0.2, "{variance}");
    }

    #[test]
    fn an_account_that_drew_no_rate_sends_nothing() {
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 1_000.0 });
        workload.heterogeneity = Some(Distribution::empirical(vec![(0.0, 1.0), (1.0, 1.0)]));
        let silent = (0..1_000).filter(|account| requests(&workload, *account).is_empty()).count();
        assert!((437..=563).contains(&silent), "{silent}");
    }

    #[test]
    fn accounts_have_correlated_token_factors() {
        let mut workload = constant_workload(Arrivals::Gamma { per_day: 1.0, cv: 0.0 });
        workload.tokens.prompt = Distribution::constant(1e6);
        workload.tokens.output = Distribution::constant(1e6);
        (workload.tokens.prompt_spread, workload.tokens.output_spread) = (0.5, 1.0);
        workload.tokens.spread_correlation = -0.6;
        let logs: Vec<[f64; 2]> = (0..20_000)
            .map(|account| {
                let all = requests(&workload, account);
                assert!(all.iter().all(|(_, usage, _)| *usage == all[0].1));
                [all[0].1.prompt, all[0].1.output].map(|tokens| libm::log(f64::from(tokens) / 1e6))
            })
            .collect();
        for (which, sigma) in [(0, 0.5), (1, 1.0)] {
            let normal = Distribution::lognormal_median(1.0, sigma);
            let values = logs.iter().map(|both| libm::exp(both[which])).collect();
            let distance = kolmogorov(values, |factor| normal.cdf(factor));
            assert!(distance < 2.3, "{distance}");
        }
        let correlation = logs.iter().map(|both| both[0] * both[1]).sum::<f64>() / 20_000.0 / 0.5;
        assert!((correlation + 0.6).abs() < 0.03, "{correlation}");
    }

    #[test]
    fn signups_are_even_over_their_window() {
        let window = Span::days(20);
        let signups = (0..100_000).map(|account| Signup::Over(window).time(streams(account)).micros() as f64);
        let distance = kolmogorov(signups.collect(), |at| at / window.micros() as f64);
        assert!(distance < 2.3, "{distance}");
        assert_eq!(Signup::AtStart.time(streams(1)), Time::START);
    }

    #[test]
    fn an_account_is_the_same_whatever_was_generated_before() {
        let mut workload = lognormal_workload();
        workload.models = vec![(0, 1.0), (1, 1.0)];
        let prepared = workload.prepare(&tariff(), &calendar());
        let alone = all(&prepared, 9, Time::START, &mut Block::empty());
        let mut block = Block::empty();
        for account in 0..9 {
            all(&prepared, account, Time::START, &mut block).expect("the counts fit");
        }
        assert_eq!(all(&prepared, 9, Time::START, &mut block), alone);
    }

    #[test]
    fn an_attribute_does_not_shift_another() {
        let plain = requests(&lognormal_workload(), 3);
        let mut other = lognormal_workload();
        other.models = vec![(0, 1.0), (1, 1.0)];
        other.tokens.cached_share = Distribution::beta(1.0, 3.0);
        other.tokens.output = Distribution::gamma(50.0, 1.0);
        let changed = requests(&other, 3);
        assert!(plain.iter().zip(&changed).all(|(a, b)| a.0 == b.0 && a.1.prompt == b.1.prompt));
        assert!(plain.iter().zip(&changed).any(|(a, b)| a.1.output != b.1.output));
    }

    #[test]
    fn sums_over_a_block_are_those_of_its_requests() {
        let mut workload = lognormal_workload();
        workload.arrivals = Arrivals::Poisson { per_day: 20.0 };
        let prepared = workload.prepare(&tariff(), &calendar());
        let mut requests = prepared.requests(streams(0), 0, Time::START);
        let (mut block, mut blocks) = (Block::empty(), 0);
        loop {
            requests.next_block(&mut block).expect("the counts fit");
            let (mut cost, mut moment) = (0, 0);
            for index in 0..block.len {
                assert_eq!((block.cost_before[index], block.moment_before[index]), (cost, moment));
                let own = tariff().price(block.model[index]).cost(block.usage(index)).nanos();
                cost += own;
                moment += i128::from(own) * i128::from(block.at[index].micros());
            }
            assert_eq!((block.cost_before[block.len], block.moment_before[block.len]), (cost, moment));
            assert!(block.at[..block.len].is_sorted());
            blocks += 1;
            if block.len == 0 {
                break;
            }
        }
        assert!(blocks > 4);
    }

    #[test]
    fn a_trace_is_played_from_the_signup_to_the_horizon() {
        let record = |day: i64, account: i64| Record {
            at: Time::START + Span::days(day) + Span::from_micros(account),
            usage: Usage { model: 1, prompt: 100, cached: 40, output: day as u32 },
        };
        let records: Vec<Record> = (0..40).flat_map(|day| [record(day, 0), record(day, 1)]).collect();
        let by_account = vec![(0..80).step_by(2).collect(), (1..80).step_by(2).collect()];
        let mut trace =
            Trace { records, by_account, account_names: Vec::new(), has_models: true, has_cached: true };
        let mut workload = constant_workload(Arrivals::Trace(Arc::new(trace.clone())));
        workload.heterogeneity = Some(Distribution::constant(5.0));
        workload.tokens.cached_share = Distribution::constant(0.25);
        workload.tokens.prompt_spread = 1.0;
        let prepared = workload.prepare(&tariff(), &calendar());
        let signup = Time::START + Span::days(3) + Span::from_micros(1);
        for (account, dropped) in [(0, 4), (1, 3), (2, 0)] {
            let played = all(&prepared, account, signup, &mut Block::empty()).expect("the counts fit");
            let expected = (dropped..30).map(|day| record(day, account.into())).filter(|_| account < 2);
            assert!(played.iter().map(|(at, usage, _)| (*at, *usage)).eq(expected.map(|r| (r.at, r.usage))));
            assert_eq!(prepared.requests(streams(account), account, signup).dropped(), dropped as u64);
        }
        assert_eq!(workload.expected_requests(&calendar(), Signup::AtStart), 30.0);
        (trace.has_models, trace.has_cached) = (false, false);
        workload.arrivals = Arrivals::Trace(Arc::new(trace));
        let drawn = requests(&workload, 0);
        assert!(drawn.iter().all(|(_, usage, _)| (usage.model, usage.cached) == (0, 25)));
    }

    #[test]
    fn what_cannot_be_counted_is_an_error_that_says_what() {
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 10.0 });
        let failure = |workload: &Workload| {
            all(&workload.prepare(&tariff(), &calendar()), 0, Time::START, &mut Block::empty()).err()
        };
        workload.tokens.prompt = Distribution::constant(f64::from(u32::MAX) + 0.5);
        assert_eq!(failure(&workload), Some(Overflow::Prompt(4_294_967_295.5)));
        workload.tokens.prompt = Distribution::constant(1.0);
        workload.tokens.output = Distribution::constant(1e300);
        let overflow = failure(&workload).expect("the output is too long");
        assert_eq!(
            overflow.to_string(),
            "a request drew 1.000e300 output tokens, and at most 4294967295 can be counted: \
             set a `max` on `output`"
        );
        // 4.3e9 tokens at 75,000 nano-dollars cost 322,000 dollars: the 6,209th is too much.
        workload.tokens.output = Distribution::constant(f64::from(u32::MAX));
        assert_eq!(failure(&workload), None);
        workload.arrivals = Arrivals::Gamma { per_day: 207.0, cv: 0.0 };
        assert_eq!(failure(&workload), Some(Overflow::Usage));
        workload.arrivals = Arrivals::Gamma { per_day: 206.0, cv: 0.0 };
        assert_eq!(failure(&workload), None);
    }

    #[test]
    fn a_count_after_the_horizon_cannot_overflow() {
        let mut workload = constant_workload(Arrivals::Gamma { per_day: 1.0, cv: 0.0 });
        workload.tokens.prompt = Distribution::exponential(2e8);
        // 29 requests of about 2e8 tokens fit; of a thousand more, some would not.
        let prompts: Vec<f64> = (0..40).map(|account| requests(&workload, account).len() as f64).collect();
        assert_eq!(prompts, [29.0; 40]);
    }

    /// Whoever changes these numbers changes every result for the same seed.
    #[test]
    fn the_same_seed_gives_the_same_requests_for_ever() {
        let mut workload = lognormal_workload();
        workload.models = vec![(0, 0.4), (1, 0.6)];
        workload.tokens.cached_share = Distribution::beta(2.0, 3.0);
        workload.modulation.growth_per_month = 0.1;
        let first: Vec<_> = requests(&workload, 7)
            .into_iter()
            .step_by(60)
            .map(|(at, usage, _)| (at.micros(), usage.model, usage.prompt, usage.cached, usage.output))
            .collect();
        assert_eq!(
            first,
            [
                (1_545_553_189, 1, 1016, 275, 621),
                (571_122_534_564, 1, 139, 82, 55),
                (1_124_361_630_791, 0, 1618, 705, 99),
                (1_673_209_018_769, 0, 678, 480, 157),
                (2_129_567_661_903, 1, 479, 77, 48),
            ]
        );
    }
}
