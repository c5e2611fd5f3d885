//! A made-up outcome, plausible enough to look at.

use super::description::Words;
use super::manifest::Manifest;
use crate::experiment::{BalancePoint, DayRow, Outcome, Row};
use crate::metrics::{Context, Flow, Flows, MEASURES, Quantity, Tally};
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
    MEASURES.iter().map(|measure| measure.of_run(&Tally::default(), &CONTEXT)).collect()
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
        let mut by_day = vec![vec![Moments::default(); MEASURES.len()]; days];
        for replication in 0..replications {
            let mut draws = CohortStreams::new(1, replication, "c").account(0).draws(Purpose::Gap, 0);
            let mut tally = Tally::default();
            for (day, moments) in by_day.iter_mut().enumerate() {
                let flows = flows(&mut draws, harshness, day);
                for (moments, measure) in
                    moments.iter_mut().zip(MEASURES.iter().filter(|measure| measure.is_daily()))
                {
                    moments.add(measure.of_day(&flows, &CONTEXT).as_f64());
                }
                tally.flows.merge(&flows);
            }
            let values: Vec<Quantity> =
                MEASURES.iter().map(|measure| measure.of_run(&tally, &CONTEXT)).collect();
            outcome.rows.push(Row {
                policy: (*policy).to_owned(),
                cohort: "all".to_owned(),
                replication,
                values,
            });
        }
        let daily = MEASURES.iter().filter(|measure| measure.is_daily()).count();
        for (day, mut values) in by_day.into_iter().enumerate() {
            values.truncate(daily);
            outcome.days.push(DayRow { policy: (*policy).to_owned(), cohort: "all".to_owned(), day, values });
        }
        for account in 0..2 {
            balances(&mut outcome.balances, policy, account, number, days);
        }
    }
    outcome
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
            .map(|measure| {
                let value = measure.of_day(&Flows::default(), &CONTEXT).as_f64();
                Moments { n: u64::from(replications), mean: value, sum_of_squares: 0.0 }
            })
            .collect();
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
    flows.add_refused(Refusal::NoCredit, refused as i128);
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
            push(hour, balance, "purchase");
            push(hour, balance, "resume");
            stopped_until = 0;
        }
        balance -= draws.unit() * f64::from(account + 1) / 2.0;
        push(hour, balance, "usage");
        match number % 3 {
            0 if balance <= 5.0 => {
                balance += 25.0;
                push(hour, balance, "top_up");
            }
            1 if balance <= 0.0 => {
                push(hour, balance, "stop");
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
