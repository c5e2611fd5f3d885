//! What it takes to generate requests, by distribution of the token counts and by process of arrivals; and the
//! plain case with each level of instructions that the machine has.

use billsim::rng::CohortStreams;
use billsim::tariff::{Price, Tariff};
use billsim::time::{Calendar, Span, Time};
use billsim::workload::distribution::Distribution;
use billsim::workload::generator::Prepared;
use billsim::workload::{Arrivals, Block, Burst, Modulation, Phases, Service, Tokens, Workload};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fearless_simd::{Level, Simd};
use jiff::civil::date;

/// Requests of an account, on average.
const REQUESTS: u32 = 1_000;
/// Accounts in each measurement.
const ACCOUNTS: u32 = 100;
const DAYS: u32 = 30;

fn workload(arrivals: Arrivals, tokens: [Distribution; 2]) -> Workload {
    let [prompt, output] = tokens;
    Workload {
        arrivals,
        modulation: Modulation::NONE,
        heterogeneity: None,
        tokens: Tokens {
            prompt,
            output,
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

/// The levels of instructions that the machine has.
fn levels() -> Vec<(Level, &'static str)> {
    let mut levels = vec![(Level::baseline(), "the plainest instructions")];
    #[cfg(target_arch = "x86_64")]
    {
        let best = Level::new();
        levels.extend(best.as_avx2().map(|level| (level.level(), "AVX2")));
        levels.extend(best.as_avx512().map(|level| (level.level(), "AVX-512")));
    }
    levels
}

/// Generates all requests of some accounts; returns how many there were, and what they cost.
fn generate(prepared: &Prepared, accounts: u32) -> (u64, i64) {
    let streams = CohortStreams::new(1, 0, "bench");
    let mut block = Block::empty();
    let (mut requests, mut cost) = (0, 0);
    for account in 0..accounts {
        let mut stream = prepared.requests(streams.account(account), account, Time::START);
        loop {
            stream.next_block(&mut block).expect("the counts fit");
            if block.len == 0 {
                break;
            }
            requests += block.len as u64;
            cost += block.cost_before[block.len];
        }
    }
    (requests, cost)
}

fn generation(criterion: &mut Criterion) {
    let price = |input, output| Price { input, cached_input: input / 10, output };
    let tariff = Tariff {
        models: vec![("large".to_owned(), price(15_000, 75_000)), ("small".to_owned(), price(150, 600))],
    };
    let calendar = Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(DAYS.into()), Span::ZERO);
    let per_day = f64::from(REQUESTS) / f64::from(DAYS);
    let poisson = Arrivals::Poisson { per_day };
    let lognormals =
        [Distribution::lognormal_median(1096.6, 1.2), Distribution::lognormal_median(244.7, 1.0)];
    let both = |distribution: Distribution| [distribution.clone(), distribution];
    let empirical = Distribution::empirical((0..10_000).map(|n| (f64::from(n), f64::from(n % 7))).collect());
    let base = workload(poisson.clone(), lognormals.clone());
    let plain = base.clone();
    let short = workload(Arrivals::Poisson { per_day: 1.0 }, lognormals.clone());

    let mut modulated = base.clone();
    modulated.modulation.daily = std::array::from_fn(|hour| if hour < 12 { 0.5 } else { 1.5 });
    modulated.modulation.growth_per_month = 0.1;
    let mut two_models = base.clone();
    two_models.models = vec![(0, 0.3), (1, 0.7)];
    let mut loyal = two_models.clone();
    loyal.loyalty = 0.8;
    let mut cached = base.clone();
    cached.tokens.cached_share = Distribution::beta(2.0, 3.0);
    let mut day_levels = base.clone();
    day_levels.modulation.day_level = 0.9;
    let mut bursts = base.clone();
    bursts.modulation.bursts = vec![Burst {
        per_day: 0.3,
        factor: Distribution::lognormal_median(30.0, 1.1),
        duration: Distribution::lognormal_median(Span::HOUR.micros() as f64 / 3.0, 1.2),
    }];
    let spread_cvs = Distribution::lognormal_median(1.2, 0.8).clamped(Some(0.3), Some(30.0));
    let on_off = |cv| {
        let phases = Phases {
            active_share: Distribution::constant(0.3),
            on: Distribution::lognormal_median(Span::HOUR.micros() as f64 / 2.0, 1.3),
        };
        workload(Arrivals::OnOff { per_day, cv, phases }, lognormals.clone())
    };
    let interrupted = on_off(Distribution::constant(1.0));
    let mut everything = on_off(spread_cvs.clone());
    everything.modulation = Modulation { day_level: 0.9, ..bursts.modulation.clone() };
    everything.modulation.daily = modulated.modulation.daily;
    (everything.models, everything.loyalty) = (two_models.models.clone(), 0.8);

    let mut group = criterion.benchmark_group("generation");
    group.throughput(Throughput::Elements(u64::from(REQUESTS * ACCOUNTS)));
    for (name, workload) in [
        ("lognormal tokens", plain.clone()),
        ("constant tokens", workload(poisson.clone(), both(Distribution::constant(500.0)))),
        ("uniform tokens", workload(poisson.clone(), both(Distribution::uniform(10.0, 2000.0)))),
        ("exponential tokens", workload(poisson.clone(), both(Distribution::exponential(500.0)))),
        ("empirical tokens", workload(poisson.clone(), both(empirical))),
        ("gamma tokens", workload(poisson.clone(), both(Distribution::gamma(500.0, 1.5)))),
        ("Pareto tokens", workload(poisson, both(Distribution::pareto(100.0, 2.5).clamped(None, Some(1e6))))),
        (
            "gamma gaps",
            workload(Arrivals::Gamma { per_day, cv: Distribution::constant(2.0) }, lognormals.clone()),
        ),
        (
            "regular gaps",
            workload(Arrivals::Gamma { per_day, cv: Distribution::constant(0.0) }, lognormals.clone()),
        ),
        ("gaps of spread cvs", workload(Arrivals::Gamma { per_day, cv: spread_cvs }, lognormals)),
        ("on and off", interrupted),
        ("modulated", modulated),
        ("day levels", day_levels),
        ("bursts", bursts),
        ("two models", two_models),
        ("loyal accounts", loyal),
        ("cached shares", cached),
        ("everything uneven", everything),
    ] {
        let prepared = workload.prepare(&tariff, &calendar);
        group.bench_function(name, |bencher| bencher.iter(|| generate(&prepared, ACCOUNTS)));
    }
    let prepared = short.prepare(&tariff, &calendar);
    group.bench_function("30 requests an account", |bencher| {
        bencher.iter(|| generate(&prepared, ACCOUNTS * REQUESTS / 30));
    });
    for (level, name) in levels() {
        let prepared = plain.prepare(&tariff, &calendar).on(level);
        let name = format!("lognormal tokens with {name}");
        group.bench_function(name, |bencher| bencher.iter(|| generate(&prepared, ACCOUNTS)));
    }
    group.finish();
}

criterion_group!(benches, generation);
criterion_main!(benches);
