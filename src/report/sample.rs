//! A made-up outcome, plausible enough to look at.

use super::description::Words;
use super::manifest::Manifest;
use crate::experiment::{
    BalancePoint, DayRow, Distribution, Outcome, Row, SIZE_MEASURES, SizeRow, daily_measures,
};
use crate::metrics::{
    AccountFigure, Context, Flow, Flows, Levels, MEASURES, Measure, Quantity, SizeClass, Spread, Tally,
};
use crate::money::{Money, Share};
use crate::request::Refusal;
use crate::rng::{CohortStreams, Draws, Purpose};
use crate::scenario::{CohortDescription, Description, PolicyDescription};
use crate::statistics::Moments;
use crate::time::{Calendar, Span, Time};
use jiff::civil::date;

const USD: i128 = 1_000_000_000;
const CONTEXT: Context = Context { serving_cost: Share::from_billionths(550_000_000), measured_micros: 1 };

/// The calendar of a run of so many days.
pub fn calendar(days: usize) -> Calendar {
    Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(days as i64), Span::ZERO)
}

/// Every measure as it is where nothing happens.
pub fn zero_values() -> Vec<Quantity> {
    values(&Tally::default(), &Spread::default())
}

fn values(tally: &Tally, spread: &Spread) -> Vec<Quantity> {
    let value = |measure: &Measure| match measure.of_spread(spread) {
        Some(value) => value,
        None => measure.of_sums(tally, &CONTEXT),
    };
    MEASURES.iter().map(value).collect()
}

/// A manifest.
pub fn manifest() -> Manifest {
    Manifest {
        program: Manifest::PROGRAM,
        version: "0.1.0",
        scenario_sha256: "e3b0c442".repeat(8),
        seed: 42,
        replications: 20,
        command: ["billsim", "run", "a.toml"].map(str::to_owned).to_vec(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        wall_seconds: 1.5,
        threads: 2,
        requests_simulated: 3_000_000,
        requests_per_second: 2e6,
        dropped_trace_records: 0,
        grid: None,
    }
}

/// Words on a scenario with policies of these names.
pub fn words(policies: &[&str]) -> Words {
    let sentences = |text: &str| vec![text.to_owned(), "Nothing else.".to_owned()];
    let policy = |name: &&str| PolicyDescription {
        name: (*name).to_owned(),
        kind: "prepaid_pause".to_owned(),
        rules: sentences("Requests run while the balance is above zero."),
    };
    let cohort = CohortDescription {
        name: "hobbyist".to_owned(),
        demand: "1000 accounts.".to_owned(),
        assumptions: sentences("All have a payment method."),
    };
    Words {
        scenario: Description {
            name: "sample".to_owned(),
            question: "Which way of charging is best?".to_owned(),
            overview: "1000 accounts in 1 cohort from 2026-01-01 on, for 90 days.".to_owned(),
            cohorts: vec![cohort],
            serving: "Serving a request costs 55 % of its list price.".to_owned(),
            payments: sentences("5 % of attempts are declined."),
            metering: sentences("Usage is known as it arrives."),
            policies: policies.iter().map(policy).collect(),
            cannot_show: sentences("In hobbyist nobody leaves (set `patience`)."),
        },
        warnings: sentences("prepaid: no paid credit ever lapsed."),
    }
}

/// An outcome of so many replications and days under policies of these names, each a bit harsher than the one
/// before.
pub fn outcome(policies: &[&str], replications: u32, days: usize) -> Outcome {
    let mut outcome = Outcome::default();
    for (number, policy) in policies.iter().enumerate() {
        let harshness = number as f64 / 8.0;
        let mut by_day =
            vec![vec![Moments::default(); daily_measures().count() + Levels::COLUMNS.len()]; days];
        let mut everyone = Spread::default();
        let mut by_size = vec![vec![Moments::default(); SIZE_MEASURES.len()]; SIZES];
        for replication in 0..replications {
            let mut draws = CohortStreams::new(1, replication, "c").account(0).draws(Purpose::Gap, 0);
            let mut tally = Tally::default();
            let mut levels = Levels::default();
            for (day, moments) in by_day.iter_mut().enumerate() {
                let flows = flows(&mut draws, harshness, day);
                levels.owed.credit += flows[Flow::CashIn] / 8 - levels.owed.credit / 20;
                levels.owed.receivable += flows[Flow::BadDebt] - levels.owed.receivable / 30;
                levels.net_cash += flows[Flow::CashIn] - flows[Flow::Fees];
                levels.net_revenue += flows[Flow::Usage];
                let values = daily_measures().map(|measure| measure.of_day(&flows, &CONTEXT));
                for (moments, value) in moments.iter_mut().zip(values.chain(levels.quantities())) {
                    moments.add(value.as_f64());
                }
                tally.flows.merge(&flows);
            }
            let mut spread = Spread::default();
            for _ in 0..200 {
                spread.add(&account(&mut draws, harshness));
            }
            everyone.merge(&spread);
            for (class, moments) in by_size.iter_mut().enumerate() {
                let flows = flows(&mut draws, harshness / (class + 1) as f64, class);
                let tally = Tally { flows, ..Tally::default() };
                for (moments, name) in moments.iter_mut().zip(SIZE_MEASURES) {
                    moments.add(MEASURES[Measure::index_of(name)].of_sums(&tally, &CONTEXT).as_f64());
                }
            }
            let values = values(&tally, &spread);
            for cohort in ["hobbyist", "all"] {
                let (policy, cohort) = ((*policy).to_owned(), cohort.to_owned());
                outcome.rows.push(Row { policy, cohort, replication, values: values.clone() });
            }
        }
        for cohort in ["hobbyist", "all"] {
            let name = || ((*policy).to_owned(), cohort.to_owned());
            outcome.days.extend(by_day.iter().enumerate().map(|(day, values)| {
                let (policy, cohort) = name();
                DayRow { policy, cohort, day, values: values.clone() }
            }));
            outcome.sizes.extend(SizeClass::all().skip(2).zip(&by_size).map(|(class, values)| {
                let (policy, cohort) = name();
                SizeRow { policy, cohort, class, values: values.clone() }
            }));
        }
        outcome.distributions.extend(AccountFigure::ALL.map(|figure| Distribution {
            policy: (*policy).to_owned(),
            cohort: "hobbyist".to_owned(),
            figure,
            bins: everyone.bins(figure).collect(),
        }));
        for account in 0..2 {
            balances(&mut outcome.balances, policy, account, number, days);
        }
    }
    let by_cohort = |row: &Row| {
        (policies.iter().position(|policy| *policy == row.policy), row.cohort == "all", row.replication)
    };
    outcome.rows.sort_by_key(by_cohort);
    outcome
}

/// How many classes of sizes have accounts.
const SIZES: usize = 6;

/// The figures of an account: most have none of what is bad.
fn account(draws: &mut Draws, harshness: f64) -> [u64; AccountFigure::ALL.len()] {
    if draws.unit() > 0.2 + harshness / 2.0 {
        return [0; AccountFigure::ALL.len()];
    }
    let size = (-3.0 * draws.unit().ln()).exp();
    let stopped = 3.6e9 * size * (1.0 + harshness);
    [0.01e9 * size, stopped, 2e9 * size * (1.0 - harshness), (1e7 * size * harshness).min(1e9)]
        .map(|value| value as u64)
}

/// An outcome in which accounts signed up and nothing else happened.
pub fn idle_outcome(policies: &[&str], replications: u32, days: usize) -> Outcome {
    let mut outcome = outcome(policies, replications, days);
    for row in &mut outcome.rows {
        row.values = zero_values();
    }
    for row in &mut outcome.days {
        row.values = MEASURES
            .iter()
            .filter(|measure| measure.is_daily())
            .map(|measure| measure.of_day(&Flows::default(), &CONTEXT))
            .chain(Levels::default().quantities())
            .map(|value| Moments { n: u64::from(replications), mean: value.as_f64(), sum_of_squares: 0.0 })
            .collect();
    }
    for row in &mut outcome.sizes {
        for moments in &mut row.values {
            *moments = Moments { n: u64::from(replications), mean: 0.0, sum_of_squares: 0.0 };
        }
    }
    let mut nothing = Spread::default();
    nothing.add(&Default::default());
    for distribution in &mut outcome.distributions {
        distribution.bins = nothing.bins(distribution.figure).collect();
    }
    outcome.balances.clear();
    outcome
}

fn flows(draws: &mut Draws, harshness: f64, day: usize) -> Flows {
    let mut flows = Flows::default();
    let requests = 20_000.0 + 4_000.0 * draws.unit() - if day % 7 > 4 { 9_000.0 } else { 0.0 };
    let refused = requests * (0.3 * harshness * (0.5 + draws.unit()) * (1.0 - (-(day as f64) / 20.0).exp()));
    let usage = (requests - refused) * 0.01 * (0.9 + 0.2 * draws.unit());
    let dollars = |amount: f64| (amount * 1e9) as i128;
    flows[Flow::Accounts] = if day == 0 { 1000 } else { 0 };
    flows[Flow::Requests] = requests as i128;
    flows[Flow::Attempts] = requests as i128;
    flows[Flow::Served] = requests as i128 - refused as i128;
    let refusals = refused as i128;
    flows.add_refused(Refusal::NoPaymentMethod, refusals / 4);
    flows.add_refused(Refusal::RateLimited, refusals / 8);
    flows.add_refused(Refusal::NoCredit, refusals - refusals / 4 - refusals / 8);
    flows[Flow::Usage] = dollars(usage);
    flows[Flow::CashIn] = dollars(usage * (1.05 - 0.1 * harshness));
    flows[Flow::Fees] = dollars(usage * 0.05);
    flows[Flow::BadDebt] = dollars(usage * 0.2 * (1.0 - harshness) * draws.unit());
    flows[Flow::Overshoot] = dollars(usage * 0.002 * draws.unit());
    flows[Flow::Stops] = (refused / 200.0) as i128;
    flows[Flow::AccountsStopped] = (refused / 400.0) as i128;
    flows[Flow::AccountsChurned] = (refused / 900.0) as i128;
    flows[Flow::AccountMicros] = 1000 * 86_400_000_000;
    flows[Flow::StoppedMicros] = (refused / requests * 1000.0 * 86_400_000_000.0) as i128;
    flows
}

fn balances(points: &mut Vec<BalancePoint>, policy: &str, account: u32, number: usize, days: usize) {
    let mut draws = CohortStreams::new(1, 0, "b").account(account).draws(Purpose::Gap, 1);
    let mut balance = 10.0;
    let mut push = |hour: usize, balance: f64, event: &'static str| {
        points.push(BalancePoint {
            policy: policy.to_owned(),
            cohort: "hobbyist".to_owned(),
            account,
            at: Time::START + Span::hours(hour as i64),
            balance: Money::from_nanos((balance * USD as f64) as i64),
            event,
        });
    };
    push(0, balance, "signup");
    let mut stopped_until = 0;
    for hour in (6..days * 24).step_by(6) {
        if hour < stopped_until {
            continue;
        }
        if stopped_until > 0 {
            balance += 25.0;
            push(hour, balance - 25.0, "purchase");
            push(hour, balance, "posting");
            push(hour, balance, "resume");
            stopped_until = 0;
        }
        balance -= draws.unit() * f64::from(account + 1) / 2.0;
        push(hour, balance, "usage");
        match number % 3 {
            0 if balance <= 5.0 => {
                push(hour, balance, "decline");
                push(hour + 1, balance, "top_up");
                balance += 25.0;
                push(hour + 1, balance, "posting");
            }
            1 if balance <= 0.0 => {
                push(hour, balance, "stop");
                push(hour + 1, balance, "refusal");
                stopped_until = hour + 60;
            }
            2 if hour % 720 == 0 && balance < 0.0 => {
                balance = 0.0;
                push(hour, balance, "invoice");
            }
            _ => {}
        }
    }
}
