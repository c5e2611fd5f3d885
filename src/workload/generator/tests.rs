use super::super::distribution::Shape;
use super::super::distribution::tests::{families, kolmogorov};
use super::super::vector::tests::levels;
use super::super::{Burst, Modulation, Service, Signup};
use super::*;
use crate::request::Usage;
use crate::rng::CohortStreams;
use jiff::civil::date;
use std::collections::BTreeSet;

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

pub(in crate::workload) fn constant_workload(arrivals: Arrivals) -> Workload {
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
        loyalty: 0.0,
        service: Service::default(),
    }
}

pub(in crate::workload) fn gamma(per_day: f64, cv: f64) -> Arrivals {
    Arrivals::Gamma { per_day, cv: Distribution::constant(cv) }
}

pub(in crate::workload) fn lognormal_workload() -> Workload {
    let mut workload = constant_workload(Arrivals::Poisson { per_day: 10.0 });
    workload.tokens.prompt = Distribution::lognormal_median(600.0, 0.8);
    workload.tokens.output = Distribution::lognormal_median(150.0, 0.9).clamped(None, Some(8192.0));
    workload
}

pub(in crate::workload) fn streams(account: u32) -> AccountStreams {
    CohortStreams::new(42, 0, "hobbyist").account(account)
}

/// One request, with its cost.
pub(in crate::workload) type Request = (Time, Usage, Money);

fn all(prepared: &Prepared, account: u32, signup: Time, block: &mut Block) -> Result<Vec<Request>, Overflow> {
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
pub(in crate::workload) fn requests(workload: &Workload, account: u32) -> Vec<Request> {
    let prepared = workload.prepare(&tariff(), &calendar());
    all(&prepared, account, Time::START, &mut Block::empty()).expect("the counts fit")
}

fn times(workload: &Workload, account: u32) -> Vec<i64> {
    requests(workload, account).iter().map(|(at, ..)| at.micros()).collect()
}

/// The requests of so many accounts, counted.
pub(in crate::workload) fn counts(workload: &Workload, signup: Signup, accounts: u32) -> Vec<f64> {
    let prepared = workload.prepare(&tariff(), &calendar());
    let mut block = Block::empty();
    let count = |account| {
        let from = signup.time(streams(account));
        all(&prepared, account, from, &mut block).expect("the counts fit").len() as f64
    };
    (0..accounts).map(count).collect()
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

/// Gaps between the arrivals of the first account, in mean gaps.
fn gaps(workload: &Workload, per_day: f64) -> Vec<f64> {
    gaps_of(workload, 0, per_day)
}

fn gaps_of(workload: &Workload, account: u32, per_day: f64) -> Vec<f64> {
    let times = times(workload, account);
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
        let gaps = gaps(&constant_workload(gamma(per_day, cv)), per_day);
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
    let seventh = times(&constant_workload(gamma(7.0, 0.0)), 0);
    assert_eq!(seventh.len(), 209); // the last of 210 would fall on the horizon
    for (index, at) in seventh.iter().enumerate() {
        let exact = (2 * (index as i64 + 1) * Span::DAY.micros() + 7) / 14; // half up
        assert_eq!(*at, exact);
    }
    let hourly = constant_workload(gamma(24.0, 0.0));
    let prepared = hourly.prepare(&tariff(), &calendar());
    let late = all(&prepared, 0, Time::from_micros(5), &mut Block::empty()).expect("the counts fit");
    assert!(late.iter().zip(1..).all(|((at, ..), n)| at.micros() == 5 + n * Span::HOUR.micros()));
    assert_eq!(late.len(), 719);
}

#[test]
fn regular_arrivals_follow_a_profile_too() {
    let mut workload = constant_workload(gamma(24.0, 0.0));
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
    let mut workload = constant_workload(gamma(1.0, 0.0));
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
fn loyal_accounts_keep_to_one_model_and_the_others_draw_each() {
    let mut workload = constant_workload(Arrivals::Poisson { per_day: 10.0 });
    (workload.models, workload.loyalty) = (vec![(1, 1.0), (0, 3.0)], 0.6);
    let (accounts, mut loyal, mut loyal_to_large) = (5_000, 0.0, 0.0);
    let (mut others, mut others_large) = (0.0, 0.0);
    for account in 0..accounts {
        let requests = requests(&workload, account);
        let larges = requests.iter().filter(|(_, usage, _)| usage.model == 0).count();
        // An account of hundreds of requests hardly ever draws the same model for all by chance.
        if larges == 0 || larges == requests.len() {
            loyal += 1.0;
            loyal_to_large += f64::from(u8::from(larges > 0));
        } else {
            others += requests.len() as f64;
            others_large += larges as f64;
        }
    }
    for (part, whole, share) in
        [(loyal, f64::from(accounts), 0.6), (loyal_to_large, loyal, 0.75), (others_large, others, 0.75)]
    {
        let z = (part - share * whole) / (whole * share * (1.0 - share)).sqrt();
        assert!(z.abs() <= 4.0, "{part} of {whole} for {share}");
    }
    for (loyalty, distinct) in [(0.0, 2), (1.0, 1)] {
        workload.loyalty = loyalty;
        for account in 0..20 {
            let models: BTreeSet<u16> =
                requests(&workload, account).iter().map(|(_, usage, _)| usage.model).collect();
            assert_eq!(models.len(), distinct);
        }
    }
}

#[test]
fn each_account_draws_the_cv_of_its_gaps() {
    let per_day = 25.0;
    let cv = Distribution::empirical(vec![(0.0, 1.0), (0.5, 2.0), (2.0, 1.0)]);
    let workload = constant_workload(Arrivals::Gamma { per_day, cv });
    let accounts = 3_000;
    let (mut regular, mut gaps_by_cv) = (0.0, [(0.5, Vec::new()), (2.0, Vec::new())]);
    for account in 0..accounts {
        // So many gaps of each account that it has them all whatever its cv.
        let gaps = &gaps_of(&workload, account, per_day)[..400];
        let (mean, variance) = mean_and_variance(gaps);
        let cv = variance.sqrt() / mean;
        if cv < 1e-6 {
            regular += 1.0;
        } else {
            gaps_by_cv[usize::from(cv > 1.0)].1.push(gaps.to_vec());
        }
    }
    let counts = [regular, gaps_by_cv[0].1.len() as f64, gaps_by_cv[1].1.len() as f64];
    for (count, share) in counts.into_iter().zip([0.25, 0.5, 0.25]) {
        let z = (count - share * f64::from(accounts)) / (f64::from(accounts) * share * (1.0 - share)).sqrt();
        assert!(z.abs() <= 4.0, "{count} for {share}");
    }
    for (cv, gaps) in gaps_by_cv {
        let distance = kolmogorov(gaps.concat(), |gap| Distribution::gamma(1.0, cv).cdf(gap));
        assert!(distance < 2.3, "{cv}: {distance}");
    }
}

#[test]
fn accounts_differ_in_rate_by_a_factor_of_mean_one() {
    let mut workload = constant_workload(gamma(1_000.0, 0.0));
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
    let mut workload = constant_workload(gamma(1.0, 0.0));
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
fn bounds_of_tokens_come_after_the_account_s_own_factor() {
    let mut workload = constant_workload(Arrivals::Poisson { per_day: 10.0 });
    (workload.tokens.prompt_spread, workload.tokens.output_spread) = (2.0, 2.0);
    let prompt = Distribution::lognormal_median(600.0, 0.8);
    // With a factor above 4.3, which every fourth account has, it is more than can be counted.
    workload.tokens.output = Distribution::constant(1e9).clamped(None, Some(1e6));
    for account in 0..50 {
        workload.tokens.prompt = prompt.clone();
        let free = requests(&workload, account);
        workload.tokens.prompt = prompt.clone().clamped(Some(400.0), Some(900.0));
        let bounded = requests(&workload, account);
        assert_eq!(free.len(), bounded.len());
        for ((_, free, _), (_, bounded, _)) in free.iter().zip(&bounded) {
            assert_eq!(bounded.prompt, free.prompt.clamp(400, 900));
            assert!(bounded.output <= 1_000_000);
        }
    }
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
    let at =
        |account: u32, day: u32| Time::START + Span::days(day.into()) + Span::from_micros(account.into());
    let usage = |day| Usage { model: 1, prompt: 100, cached: 40, output: day };
    let mut trace = Trace {
        at: (0..2).flat_map(|account| (0..40).map(move |day| at(account, day))).collect(),
        model: Some(vec![1; 80]),
        prompt: vec![100; 80],
        cached: Some(vec![40; 80]),
        output: (0..2).flat_map(|_| 0..40).collect(),
        begins: vec![0, 40, 80],
        account_names: Vec::new(),
    };
    let mut workload = constant_workload(Arrivals::Trace(Arc::new(trace.clone())));
    workload.heterogeneity = Some(Distribution::constant(5.0));
    workload.tokens.cached_share = Distribution::constant(0.25);
    workload.tokens.prompt_spread = 1.0;
    let prepared = workload.prepare(&tariff(), &calendar());
    let signup = Time::START + Span::days(3) + Span::from_micros(1);
    for (account, dropped) in [(0, 4), (1, 3), (2, 0)] {
        let played = all(&prepared, account, signup, &mut Block::empty()).expect("the counts fit");
        let expected = (dropped..30).map(|day| (at(account, day), usage(day))).filter(|_| account < 2);
        assert!(played.iter().map(|(at, usage, _)| (*at, *usage)).eq(expected));
        assert_eq!(prepared.requests(streams(account), account, signup).dropped(), u64::from(dropped));
    }
    assert_eq!(workload.expected_requests(&calendar(), Signup::AtStart), 30.0);
    (trace.model, trace.cached) = (None, None);
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
    workload.arrivals = gamma(207.0, 0.0);
    assert_eq!(failure(&workload), Some(Overflow::Usage));
    workload.arrivals = gamma(206.0, 0.0);
    assert_eq!(failure(&workload), None);
}

#[test]
fn a_count_after_the_horizon_cannot_overflow() {
    let mut workload = constant_workload(gamma(1.0, 0.0));
    workload.tokens.prompt = Distribution::exponential(2e8);
    // 29 requests of about 2e8 tokens fit; of a thousand more, some would not.
    let prompts: Vec<f64> = (0..40).map(|account| requests(&workload, account).len() as f64).collect();
    assert_eq!(prompts, [29.0; 40]);
}

/// All that a block says of its requests.
type Told = (Vec<(Time, Usage)>, Vec<i64>, Vec<i128>);

/// The blocks of an account.
fn blocks(prepared: &Prepared, account: u32) -> Vec<Told> {
    let mut requests = prepared.requests(streams(account), account, Time::from_micros(7));
    let (mut block, mut blocks) = (Block::empty(), Vec::new());
    loop {
        requests.next_block(&mut block).expect("the counts fit");
        if block.len == 0 {
            return blocks;
        }
        let usage = (0..block.len).map(|index| (block.at[index], block.usage(index))).collect();
        let (costs, moments) = (&block.cost_before[..=block.len], &block.moment_before[..=block.len]);
        blocks.push((usage, costs.to_vec(), moments.to_vec()));
    }
}

#[test]
fn requests_are_the_same_with_every_level_of_instructions() {
    let mut workloads = Vec::new();
    for (distribution, mean, _) in families() {
        let tokens = |scale| match distribution.clone().shape {
            Shape::Empirical { .. } => distribution.clone(),
            _ => distribution.clone().clamped(Some(0.01 * mean), Some(scale * mean)),
        };
        let mut workload = constant_workload(Arrivals::Poisson { per_day: 30.0 });
        workload.tokens.prompt = tokens(9.0);
        workload.tokens.output = distribution.clone();
        workload.tokens.cached_share = tokens(3.0);
        (workload.tokens.prompt_spread, workload.tokens.output_spread) = (2.0, 1.5);
        workload.models = vec![(0, 0.4), (1, 0.6)];
        workloads.push(workload);
    }
    for cv in [0.0, 1e-3, 0.4, 1.0, 1.2, 3.0, 100.0] {
        let mut workload = lognormal_workload();
        workload.arrivals = gamma(30.0, cv);
        workloads.push(workload.clone());
        workload.modulation.growth_per_month = 0.1;
        workload.modulation.daily = std::array::from_fn(|hour| if hour < 12 { 0.5 } else { 1.5 });
        workloads.push(workload);
    }
    for workload in workloads {
        let prepared = workload.prepare(&tariff(), &calendar());
        let levels = levels();
        for account in 0..4 {
            let plain = blocks(&prepared.clone().on(levels[0]), account);
            assert!(plain.len() > 3);
            for level in &levels[1..] {
                assert!(blocks(&prepared.clone().on(*level), account) == plain, "{level:?}, {workload:?}");
            }
        }
    }
}

/// How far ahead the horizon is decides how many requests are drawn at once.
#[test]
fn requests_do_not_depend_on_what_comes_after_them() {
    for cv in [0.0, 0.5, 1.0, 3.0] {
        let mut workload = lognormal_workload();
        workload.tokens.output = Distribution::gamma(100.0, 1.5);
        workload.models = vec![(0, 0.4), (1, 0.6)];
        workload.arrivals = gamma(10.0, cv);
        for growth_per_month in [0.0, 0.5] {
            workload.modulation.growth_per_month = growth_per_month;
            let until = |days| {
                let calendar = Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(days), Span::ZERO);
                let prepared = workload.prepare(&tariff(), &calendar);
                all(&prepared, 3, Time::START, &mut Block::empty()).expect("the counts fit")
            };
            let longest = until(40);
            for days in [1, 2, 3, 5, 10, 30] {
                let shorter = until(days);
                assert_eq!(shorter, longest[..shorter.len()], "{cv}, {days} days");
                assert!(longest[shorter.len()].0 >= Time::START + Span::days(days));
            }
        }
    }
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
            (1_545_553_189, 1, 530, 245, 280),
            (571_122_534_564, 1, 86, 19, 41),
            (1_147_829_336_917, 1, 152, 48, 148),
            (1_642_594_646_821, 0, 514, 339, 52),
            (2_141_010_310_105, 0, 304, 33, 129),
        ]
    );
}

/// As above, with all that makes accounts differ.
#[test]
fn the_same_seed_gives_the_same_requests_of_an_uneven_account_for_ever() {
    let mut workload = lognormal_workload();
    workload.arrivals = Arrivals::OnOff {
        per_day: 10.0,
        cv: Distribution::lognormal_median(1.2, 0.8),
        phases: Phases {
            active_share: Distribution::beta(2.0, 3.0),
            on: Distribution::lognormal_median(Span::HOUR.micros() as f64, 1.3),
        },
    };
    let kind = |per_day, factor, hours| Burst {
        per_day,
        factor,
        duration: Distribution::exponential(Span::hours(hours).micros() as f64),
    };
    workload.modulation = Modulation {
        growth_per_month: 0.1,
        day_level: 0.9,
        bursts: vec![
            kind(0.5, Distribution::lognormal_median(5.0, 1.0), 1),
            kind(1.0, Distribution::constant(0.5), 5),
        ],
        ..Modulation::NONE
    };
    (workload.models, workload.loyalty) = (vec![(0, 0.4), (1, 0.6)], 0.5);
    let first: Vec<_> = (0..6)
        .map(|account| {
            let requests = requests(&workload, account);
            let (at, usage, _) = requests[requests.len() / 2];
            (requests.len(), at.micros(), usage.model, usage.prompt)
        })
        .collect();
    assert_eq!(
        first,
        [
            (276, 938_735_019_206, 0, 186),
            (263, 1_669_576_141_941, 0, 762),
            (344, 2_185_835_955_335, 0, 202),
            (404, 1_379_043_735_518, 1, 1302),
            (224, 1_392_813_113_519, 0, 193),
            (206, 992_190_092_868, 1, 2056),
        ]
    );
}
