use super::super::distribution::tests::kolmogorov;
use super::super::generator::tests::{calendar, counts, streams};
use super::super::{Arrivals, Signup, Workload};
use super::*;
use crate::workload::generator::tests::{constant_workload, gamma, requests};
use fearless_simd::dispatch;

const HOUR: f64 = Span::HOUR.micros() as f64;
const DAY: f64 = Span::DAY.micros() as f64;
/// The length of the run of [`calendar`].
const DAYS: f64 = 30.0;

fn phases(active_share: f64, on: Distribution) -> Phases {
    Phases { active_share: Distribution::constant(active_share), on }
}

fn burst(per_day: f64, factor: f64, duration: Distribution) -> Burst {
    Burst { per_day, factor: Distribution::constant(factor), duration }
}

fn bursts(bursts: &[Burst]) -> Modulation {
    Modulation { bursts: bursts.to_vec(), ..Modulation::NONE }
}

fn clockwork(modulation: &Modulation, phases: Option<&Phases>) -> Clockwork {
    Clockwork::new(modulation, phases, &calendar()).expect("something changes")
}

/// The stretches of an account, with the rate in each.
fn stretches(clockwork: &Clockwork, account: u32, signup: Time, active_share: f64) -> Vec<(Time, Time, f64)> {
    let mut clock = clockwork.start(streams(account), signup, active_share);
    let stretch = || {
        clock.advance(Level::new());
        (clock.from < Time::NEVER).then_some((clock.from, clock.until, clock.rate))
    };
    std::iter::from_fn(stretch).collect()
}

/// The instant by which so much work has been done.
fn instant(clock: &mut Clock<'_>, work: f64) -> Time {
    let mut times = [[Time::START; GROUP]];
    dispatch!(Level::new(), simd => clock.instants(simd, &mut [[[work; 8]; 2]], &mut times));
    assert_eq!(times, [[times[0][0]; GROUP]]);
    times[0][0]
}

/// Holds the mean and the variance of a sample against theirs.
fn assert_moments(what: &str, sample: &[f64], mean: f64, variance: f64) {
    let size = sample.len() as f64;
    let average = |of: &dyn Fn(f64) -> f64| sample.iter().map(|x| of(*x)).sum::<f64>() / size;
    let z = (average(&|x| x) - mean) / (variance / size).sqrt();
    assert!(z.abs() <= 4.0, "{what}: mean {} for {mean}, z = {z}", average(&|x| x));
    let square = |x: f64| (x - mean) * (x - mean);
    let spread = average(&|x| (square(x) - variance) * (square(x) - variance));
    let z = (average(&square) - variance) / (spread / size).sqrt();
    assert!(z.abs() <= 4.0, "{what}: variance {} for {variance}, z = {z}", average(&square));
}

/// Holds the mean of a sample against an expected one, by the sample's own variance.
fn assert_mean(what: &str, sample: &[f64], mean: f64) {
    let size = sample.len() as f64;
    let average = sample.iter().sum::<f64>() / size;
    let variance = sample.iter().map(|x| (x - average) * (x - average)).sum::<f64>() / (size - 1.0);
    let z = (average - mean) / (variance / size).sqrt();
    assert!(z.abs() <= 4.0, "{what}: {average} for {mean}, z = {z}");
}

#[test]
fn phases_are_as_long_as_drawn_and_off_ones_exponential() {
    for on in [Distribution::lognormal_median(0.2 * HOUR, 0.8), Distribution::gamma(0.3 * HOUR, 0.5)] {
        let share = 0.3;
        let clockwork = clockwork(&Modulation::NONE, Some(&phases(share, on.clone())));
        let (mut ons, mut offs) = (Vec::new(), Vec::new());
        for account in 0..40 {
            let mut all = stretches(&clockwork, account, Time::START, share);
            assert!(all.iter().zip(&all[1..]).all(|(one, next)| one.1 == next.0 && one.2 + next.2 == 1.0));
            all.pop(); // cut off by the horizon
            for (from, until, rate) in all {
                let lengths = if rate == 1.0 { &mut ons } else { &mut offs };
                lengths.push((until - from).micros() as f64);
            }
        }
        let off = Distribution::exponential(on.mean() * (1.0 - share) / share);
        for (lengths, distribution) in [(ons, on), (offs, off)] {
            assert!(lengths.len() > 15_000, "{}", lengths.len());
            let distance = kolmogorov(lengths, |length| distribution.cdf(length));
            assert!(distance < 2.3, "{distribution:?}: {distance}");
        }
    }
}

#[test]
fn accounts_are_on_for_their_share_of_the_time() {
    // The last but one are so irregular, the last so regular, that the first phase is felt in the sum.
    for (share, on) in [
        (0.3, Distribution::exponential(4.0 * HOUR)),
        (0.9, Distribution::exponential(10.0 * HOUR)),
        (0.5, Distribution::gamma(2.0 * HOUR, 2.0)),
        (0.5, Distribution::gamma(12.0 * HOUR, 2.0)),
        (0.5, Distribution::constant(2.0 * DAY)),
    ] {
        let clockwork = clockwork(&Modulation::NONE, Some(&phases(share, on.clone())));
        let mut starts_on = 0.0;
        let on_time: Vec<f64> = (0..10_000)
            .map(|account| {
                let all = stretches(&clockwork, account, Time::START, share);
                starts_on += all[0].2;
                all.iter().map(|(from, until, rate)| rate * (*until - *from).micros() as f64 / DAY).sum()
            })
            .collect();
        let off_by = (starts_on - share * 1e4) / (1e4 * share * (1.0 - share)).sqrt();
        assert!(off_by.abs() <= 4.0, "{share}: {starts_on} of 10,000 begin on");
        let cv = match on.shape {
            Shape::Exponential { .. } => 1.0,
            Shape::Gamma { .. } => 2.0,
            _ => 0.0,
        };
        let extra = share * (1.0 - share) * on.mean() / DAY * (1.0 - cv * cv) / 2.0;
        assert_mean(&format!("time on, {on:?}"), &on_time, share * DAYS + extra);
    }
}

#[test]
fn an_account_that_is_always_on_has_no_phases() {
    let clockwork = clockwork(&Modulation::NONE, Some(&phases(1.0, Distribution::constant(HOUR))));
    assert_eq!(stretches(&clockwork, 0, Time::START, 1.0), [(Time::START, calendar().horizon, 1.0)]);
}

#[test]
fn each_account_and_day_has_a_level_of_mean_one_whenever_the_account_signs_up() {
    let sigma = 0.9;
    let clockwork = clockwork(&Modulation { day_level: sigma, ..Modulation::NONE }, None);
    let mut levels = Vec::new();
    for account in 0..5_000 {
        let all = stretches(&clockwork, account, Time::START, 1.0);
        assert!(all.iter().zip(0..).all(|((from, until, _), day)| {
            (*from, *until) == (Time::START + Span::days(day), Time::START + Span::days(day + 1))
        }));
        let late = Time::START + Span::days(20) + Span::HOUR;
        let later = stretches(&clockwork, account, late, 1.0);
        assert_eq!(later[0], (late, all[20].1, all[20].2));
        assert_eq!(later[1..], all[21..]);
        levels.extend(all.iter().map(|(.., level)| *level));
    }
    let lognormal = Distribution::lognormal_mean(1.0, (libm::exp(sigma * sigma) - 1.0).sqrt());
    assert_mean("day level", &levels, 1.0);
    let distance = kolmogorov(levels, |level| lognormal.cdf(level));
    assert!(distance < 2.3, "{distance}");
}

/// Those under way are as in the queue M/G/infinity that starts empty: a Poisson number with the mean starts
/// in the mean of the lesser of a duration and the age.
#[test]
fn bursts_under_way_are_a_poisson_number_that_starts_from_zero_at_signup() {
    let duration = Distribution::lognormal_median(0.4 * DAY, 1.0);
    let clockwork = clockwork(
        &bursts(&[burst(3.0, 2.0, duration.clone()), burst(1.0, 3.0, Distribution::constant(2.0 * DAY))]),
        None,
    );
    let signup = Time::START + Span::hours(30);
    let ages = [Span::HOUR, Span::hours(12), Span::days(20)];
    let mut under_way = [const { [const { Vec::new() }; 2] }; 3];
    for account in 0..10_000 {
        let all = stretches(&clockwork, account, signup, 1.0);
        for (age, under_way) in ages.iter().zip(&mut under_way) {
            let now = signup + *age;
            let (.., mut rate) = *all.iter().find(|(_, until, _)| *until > now).expect("before the horizon");
            for (factor, under_way) in [2.0, 3.0].iter().zip(under_way) {
                let mut number = 0.0;
                while rate % factor == 0.0 {
                    (rate, number) = (rate / factor, number + 1.0);
                }
                under_way.push(number);
            }
            assert_eq!(rate, 1.0);
        }
    }
    for (age, [often, seldom]) in ages.iter().zip(&under_way) {
        let mean = 3.0 * duration.mean_up_to(age.micros() as f64) / DAY;
        assert_moments(&format!("after {age}"), often, mean, mean);
        let mean = age.as_days_f64().min(2.0);
        assert_moments(&format!("after {age}"), seldom, mean, mean);
    }
}

#[test]
fn the_factor_of_each_burst_is_drawn() {
    let factor = Distribution::lognormal_median(30.0, 1.1);
    let kind = Burst { per_day: 0.1, factor: factor.clone(), duration: Distribution::constant(HOUR) };
    let clockwork = clockwork(&bursts(&[kind]), None);
    let mut factors = Vec::new();
    for account in 0..5_000 {
        for (from, until, rate) in stretches(&clockwork, account, Time::START, 1.0) {
            // Those that overlap are shorter.
            if until - from == Span::HOUR {
                factors.push(rate);
            }
        }
    }
    assert!(factors.len() > 12_000, "{}", factors.len());
    let distance = kolmogorov(factors, |x| factor.cdf(x));
    assert!(distance < 2.3, "{distance}");
}

/// All that can change a rate, at once.
fn everything() -> (Modulation, Phases) {
    let modulation = Modulation {
        daily: std::array::from_fn(|hour| if hour < 8 { 0.0 } else { 1.5 }),
        weekly: [1.4, 1.2, 1.0, 1.0, 0.8, 0.6, 1.0],
        growth_per_month: 0.5,
        day_level: 0.9,
        bursts: vec![
            burst(0.3, 30.0, Distribution::exponential(HOUR)),
            burst(2.0, 0.0, Distribution::constant(HOUR)),
        ],
    };
    (modulation, phases(0.3, Distribution::lognormal_median(HOUR, 1.3)))
}

#[test]
fn instants_are_where_the_work_is_done() {
    let (modulation, phases) = everything();
    let clockwork = clockwork(&modulation, Some(&phases));
    let profile = &clockwork.profile;
    for account in 0..6 {
        let signup = Time::from_micros(1_234_567_891 * i64::from(account));
        let stretches = stretches(&clockwork, account, signup, 0.3);
        let mut clock = clockwork.start(streams(account), signup, 0.3);
        let (mut last, mut work) = (signup, 0.0);
        loop {
            work += 0.037;
            let at = instant(&mut clock, work);
            if at == Time::NEVER {
                break;
            }
            assert!(at >= last && at <= clockwork.horizon);
            last = at;
            let within = |at: Time| {
                let until_then = stretches.iter().take_while(|(from, ..)| *from < at);
                until_then
                    .map(|(from, until, rate)| {
                        rate * (profile.worked(at.min(*until)) - profile.worked(*from))
                    })
                    .sum::<f64>()
            };
            let micro = Span::from_micros(1);
            let (before, after) = (within(Time::from_micros(at.micros() - 1)), within(at + micro));
            let tolerance = 1e-11 * work;
            assert!(before - tolerance <= work && work <= after + tolerance, "{before} {work} {after}");
        }
        let all = stretches
            .iter()
            .map(|(from, until, rate)| rate * (profile.worked(*until) - profile.worked(*from)));
        assert!((all.sum::<f64>() - work).abs() <= 0.038, "{work}");
    }
}

#[test]
fn what_changes_nothing_moves_no_arrival() {
    let changed = |phases: Option<Phases>, modulation: Modulation| Workload {
        arrivals: match phases {
            Some(phases) => Arrivals::OnOff { per_day: 50.0, cv: Distribution::constant(2.0), phases },
            None => gamma(50.0, 2.0),
        },
        modulation,
        ..constant_workload(gamma(50.0, 2.0))
    };
    let always = phases(1.0, Distribution::constant(HOUR));
    let often = phases(0.4, Distribution::exponential(HOUR));
    let ones = bursts(&[burst(5.0, 1.0, Distribution::constant(DAY))]);
    let levels = |modulation: Modulation| Modulation { day_level: 0.5, ..modulation };
    for (one, other) in [
        (changed(None, Modulation::NONE), changed(None, ones.clone())),
        (changed(None, Modulation::NONE), changed(Some(always), Modulation::NONE)),
        (changed(Some(often.clone()), Modulation::NONE), changed(Some(often.clone()), ones.clone())),
        (changed(Some(often.clone()), levels(Modulation::NONE)), changed(Some(often), levels(ones))),
    ] {
        for account in 0..5 {
            let (one, other) = (requests(&one, account), requests(&other, account));
            assert!(one.len() == other.len() && one.len() > 500);
            for ((one, ..), (other, ..)) in one.iter().zip(other) {
                assert!((one.micros() - other.micros()).abs() <= 1, "{one:?} {other:?}");
            }
        }
    }
}

/// Requests of accounts, a Poisson process where nothing else is said.
fn poisson(per_day: f64, modulation: Modulation) -> Workload {
    Workload { modulation, ..constant_workload(Arrivals::Poisson { per_day }) }
}

#[test]
fn counts_vary_by_day_levels_as_a_mixed_poisson_process() {
    for sigma in [0.3, 0.7] {
        let workload = poisson(20.0, Modulation { day_level: sigma, ..Modulation::NONE });
        let counts = counts(&workload, Signup::AtStart, 5_000);
        let of_levels = libm::exp(sigma * sigma) - 1.0;
        let variance = 20.0 * DAYS + 400.0 * of_levels * DAYS;
        assert_moments(&format!("sigma {sigma}"), &counts, 20.0 * DAYS, variance);
    }
}

/// Source: Fischer and Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", Performance
/// Evaluation 18 (1993): the variance of the counts of an interrupted Poisson process in its steady state.
#[test]
fn an_interrupted_poisson_process_has_its_mean_and_variance_from_signup_on() {
    let (per_day, share, on) = (20.0, 0.3, 4.0 / 24.0);
    let mut workload = constant_workload(Arrivals::OnOff {
        per_day,
        cv: Distribution::constant(1.0),
        phases: phases(share, Distribution::exponential(on * DAY)),
    });
    let moments = |days: f64| {
        let decay = 1.0 / on + share / (1.0 - share) / on;
        let correlated = days / decay - (1.0 - libm::exp(-decay * days)) / (decay * decay);
        let rate_on = per_day / share;
        let of_phases = 2.0 * rate_on * rate_on * share * (1.0 - share) * correlated;
        (per_day * days, per_day * days + of_phases)
    };
    let (mean, variance) = moments(DAYS);
    assert!(variance / mean > 10.0, "{variance}");
    assert_moments("all", &counts(&workload, Signup::AtStart, 5_000), mean, variance);

    let (mean, variance) = moments(0.25);
    let early = |account| {
        let requests = requests(&workload, account);
        requests.partition_point(|(at, ..)| *at < Time::START + Span::hours(6)) as f64
    };
    assert_moments("first hours", &(0..5_000).map(early).collect::<Vec<_>>(), mean, variance);

    // The faster way to draw exponential gaps gives the same process.
    if let Arrivals::OnOff { cv, .. } = &mut workload.arrivals {
        *cv = Distribution::empirical(vec![(1.0, 1.0)]);
    }
    let (mean, variance) = moments(DAYS);
    assert_moments("drawn cv", &counts(&workload, Signup::AtStart, 5_000), mean, variance);
}

/// The rate is a product over the bursts under way, which are Poisson points in the plane of start and
/// length: the mean of its product at two instants is that of the two means times exp(r (f - 1)^2 A), where r
/// A is the mean number of bursts under way at both (Campbell's theorem).
#[test]
fn bursts_make_a_doubly_stochastic_process_of_known_mean_and_variance() {
    let (per_day, starts, factor, length) = (20.0, 0.5, 3.0, 0.5);
    let workload =
        poisson(per_day, bursts(&[burst(starts, factor, Distribution::exponential(length * DAY))]));
    let so_far = |age: f64| length * (1.0 - libm::exp(-age / length));
    let mean_rate = |age: f64| per_day * libm::exp(starts * (factor - 1.0) * so_far(age));
    let steps = 600;
    let step = DAYS / f64::from(steps);
    let (mut mean, mut variance) = (0.0, 0.0);
    for early in (0..steps).map(|n| (f64::from(n) + 0.5) * step) {
        mean += mean_rate(early) * step;
        for late in (0..steps).map(|n| (f64::from(n) + 0.5) * step) {
            let both = libm::exp(-(late - early).abs() / length) * so_far(early.min(late));
            let covariance = libm::expm1(starts * (factor - 1.0) * (factor - 1.0) * both);
            variance += mean_rate(early) * mean_rate(late) * covariance * step * step;
        }
    }
    let expected = workload.expected_requests(&calendar(), Signup::AtStart);
    assert!((expected / mean - 1.0).abs() < 1e-3, "{expected} and {mean}");
    assert_moments("bursts", &counts(&workload, Signup::AtStart, 5_000), expected, expected + variance);
}

#[test]
fn the_first_gap_is_an_ordinary_one() {
    for cv in [0.5_f64, 2.0] {
        let expected = 2.0 * DAYS + (cv * cv - 1.0) / 2.0;
        let counts = counts(&constant_workload(gamma(2.0, cv)), Signup::AtStart, 10_000);
        assert_mean(&format!("cv {cv}"), &counts, expected);
    }
}

#[test]
fn the_long_run_mean_is_kept_whatever_the_gaps_and_phases_but_for_the_first() {
    let on = Distribution::exponential(0.5 * HOUR);
    let share = Distribution::beta(2.0, 3.0).clamped(Some(0.05), None);
    for cv in [0.0, 0.5, 3.0] {
        // On phases are shorter than the gaps, which pass from one to the next.
        let phases = Phases { active_share: share.clone(), on: on.clone() };
        let (per_day, cv_of_gaps) = (10.0, Distribution::constant(cv));
        let workload = constant_workload(Arrivals::OnOff { per_day, cv: cv_of_gaps, phases });
        let expected = workload.expected_requests(&calendar(), Signup::AtStart);
        assert!((expected - per_day * DAYS).abs() < 1e-9);
        let extra = (cv * cv - 1.0) / 2.0;
        let counts = counts(&workload, Signup::AtStart, 5_000);
        assert_mean(&format!("cv {cv}"), &counts, expected + extra);
    }
}

#[test]
fn what_is_expected_of_bursts_and_phases_comes_to_pass() {
    let (mut modulation, phases) = everything();
    // Long bursts, so that their beginning is felt.
    modulation.bursts.push(burst(0.05, 4.0, Distribution::gamma(8.0 * DAY, 1.0)));
    let workload = Workload {
        modulation,
        ..constant_workload(Arrivals::OnOff { per_day: 5.0, cv: Distribution::constant(1.0), phases })
    };
    for signup in [Signup::AtStart, Signup::Over(Span::days(20)), Signup::Over(Span::days(60))] {
        let expected = workload.expected_requests(&calendar(), signup);
        assert_mean(&format!("{signup:?}"), &counts(&workload, signup, 8_000), expected);
    }
}

#[test]
fn extreme_shares_and_cvs_are_borne() {
    for (share, cv) in [(1e-300, 1.0), (1e-9, 0.0), (0.999_999, 1e-9), (0.5, 1e9)] {
        let phases = phases(share, Distribution::exponential(HOUR));
        let workload =
            constant_workload(Arrivals::OnOff { per_day: 1.0, cv: Distribution::constant(cv), phases });
        for account in 0..3 {
            assert!(requests(&workload, account).iter().is_sorted_by_key(|(at, ..)| *at), "{share} {cv}");
        }
    }
}
