//! The plainest engine that the description of the model (MODEL.md) allows: one heap of events for each account, one
//! request at a time. A rule is looked up here by its section, which stands beside it, and in the name under which it is
//! noted when it fires.
//!
//! | section | what it is about | where |
//! | --- | --- | --- |
//! | 1, 6 | events in their order; whether an account is stopped | `account` |
//! | 2 | what chance decides | `luck` |
//! | 3 | requests, the gate, clients, settlement; rate limits | `requests` |
//! | 4 | balances and books | `wallet` |
//! | 4, 5, 6.3 | payments, purchases, invoices, disputes, closing | `payments` |
//! | 6 | policies: what they read from a scenario, and what they do | `terms`, `policies` |
//! | 7 | customers | `customer` |
//! | 9 | what is counted | `counts` |
//!
//! It shares with the product the scenario as read, the random streams, and the requests that a workload draws (so
//! section 8 is not here). All else, from the price of a request to the columns, is worked out anew.

mod account;
pub mod counts;
mod customer;
mod luck;
mod payments;
mod policies;
mod requests;
pub mod terms;
mod wallet;

pub use wallet::Posting;

use account::{Account, World};
use billsim::request::Request;
use billsim::rng::{AccountStreams, CohortStreams};
use billsim::scenario::Scenario;
use billsim::workload::Block;
use billsim::workload::generator::{Overflow, Prepared};
use counts::Counts;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use luck::Luck;
use std::collections::BTreeSet;
use terms::{Micros, NEVER};

/// The rules that are noted when they fire: each begins with its section of MODEL.md.
pub fn rules() -> BTreeSet<&'static str> {
    let sources = [
        include_str!("account.rs"),
        include_str!("customer.rs"),
        include_str!("payments.rs"),
        include_str!("policies.rs"),
        include_str!("requests.rs"),
    ];
    let noted = sources.into_iter().flat_map(|source| source.split(".rule(\"").skip(1));
    noted.map(|rest| rest.split_once('"').expect("a rule ends").0).collect()
}

/// What the accounts of a cohort have come to in one replication under one policy; `None` for one that does not sign up.
pub struct CohortRun {
    pub policy: usize,
    pub cohort: usize,
    pub replication: u32,
    pub accounts: Vec<Option<Counts>>,
}

/// Runs every replication, cohort and policy. `resolved` is the scenario with every default written out.
pub fn simulate(scenario: &Scenario, resolved: &str) -> Result<Vec<CohortRun>, Overflow> {
    let policies = terms::policies(resolved);
    let metering = terms::metering(resolved);
    let calendar = scenario.calendar();
    let horizon = scenario.horizon.micros();
    let end = horizon + scenario.runoff.micros();
    let months = months(scenario.start, end);
    let mut runs = vec![];
    for replication in 0..scenario.replications {
        for (index, cohort) in scenario.cohorts.iter().enumerate() {
            let workload = cohort.workload.prepare(&scenario.tariff, &calendar);
            let streams = CohortStreams::new(scenario.seed, replication, &cohort.name);
            let worlds: Vec<World> = policies
                .iter()
                .map(|policy| World {
                    scenario,
                    cohort,
                    metering,
                    months: months.clone(),
                    warmup: scenario.warmup.micros(),
                    horizon,
                    end,
                    policy,
                    switch_at: policy
                        .switch
                        .as_ref()
                        .map_or(NEVER, |switch| instant(scenario.start, switch.at)),
                })
                .collect();
            let mut of_policies: Vec<Vec<Option<Counts>>> = worlds.iter().map(|_| vec![]).collect();
            for number in 0..cohort.accounts {
                let streams = streams.account(number);
                let signup = cohort.signup.time(streams).micros();
                // Accounts sign up by the horizon, or not at all.
                let signs_up = signup < horizon;
                let requests = if signs_up { requests(&workload, streams, number, signup)? } else { vec![] };
                for (world, accounts) in worlds.iter().zip(&mut of_policies) {
                    let luck = Luck::new(streams, &scenario.payments);
                    accounts
                        .push(signs_up.then(|| Account::new(world, luck, signup, requests.clone()).run()));
                }
            }
            runs.extend(of_policies.into_iter().enumerate().map(|(policy, accounts)| CohortRun {
                policy,
                cohort: index,
                replication,
                accounts,
            }));
        }
    }
    Ok(runs)
}

/// All requests of an account, as the workload draws them.
fn requests(
    workload: &Prepared,
    streams: AccountStreams,
    account: u32,
    signup: Micros,
) -> Result<Vec<Request>, Overflow> {
    let mut drawn = workload.requests(streams, account, billsim::time::Time::from_micros(signup));
    let mut block = Block::empty();
    let mut requests = vec![];
    loop {
        drawn.next_block(&mut block)?;
        if block.len == 0 {
            return Ok(requests);
        }
        requests.extend((0..block.len).map(|index| block.request(index)));
    }
}

/// The first instants of all months after the start of the run and before its end.
fn months(start: Date, end: Micros) -> Vec<Micros> {
    let first = |months: i32| start.first_of_month().saturating_add(months.months());
    (1..).map(|months| days_between(start, first(months)) * account::DAY).take_while(|at| *at < end).collect()
}

fn instant(start: Date, at: toml::value::Datetime) -> Micros {
    let at = at.date.expect("a switch has a date");
    days_between(start, date(at.year as i16, at.month as i8, at.day as i8)) * account::DAY
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).expect("dates are days apart").get_days().into()
}
