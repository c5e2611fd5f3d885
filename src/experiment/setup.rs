//! What is worked out once for a scenario, and one account driven through all policies.

use super::details::{Details, Listing};
use super::timing::Sampler;
use crate::engine::observation::Observer;
use crate::engine::{Lane, World};
use crate::metrics::{
    AccountFigures, Context, DailyTally, Demand, Flows, Recorder, SizeClass, Tally, figures_of,
};
use crate::money::Money;
use crate::policy::PolicyPlan;
use crate::rng::{AccountStreams, CohortStreams};
use crate::scenario::Scenario;
use crate::time::{Calendar, Time};
use crate::wallet::Wallet;
use crate::workload::generator::{Prepared, Requests};
use crate::workload::{Block, Cohort};
use smallvec::SmallVec;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// A scenario with what is worked out once for all its accounts.
pub struct Setup<'s> {
    /// The scenario.
    pub scenario: &'s Scenario,
    /// Its calendar.
    pub calendar: Calendar,
    workloads: Vec<Prepared>,
}

/// What some accounts of a cohort gave, under each policy.
pub(super) struct Chunk {
    /// For each policy, what departs from demand.
    pub tallies: Vec<DailyTally>,
    pub demand: Demand,
    /// For each policy, the figures of each account.
    pub figures: Vec<Vec<AccountFigures>>,
    /// For each policy, what accounts of each size counted.
    pub sizes: Vec<Sizes>,
    /// For each policy, what the account at hand counts.
    own: Vec<Tally>,
    /// Requests, each counted once for all policies.
    pub requests: u64,
    pub dropped_records: u64,
    /// What was asked to be listed: for each account, and for each policy.
    pub details: Vec<Details>,
    pub sampler: Sampler,
    block: Block,
}

/// What accounts of each size counted.
pub(super) type Sizes = [Tally; SizeClass::COUNT];

/// An account went beyond what can be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationError {
    /// The account's cohort.
    pub cohort: String,
    /// Its number in the cohort, from 0.
    pub account: u32,
    /// The replication, from 0.
    pub replication: u32,
    /// What went beyond.
    pub cause: String,
}

impl fmt::Display for SimulationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SimulationError { cohort, account, replication, cause } = self;
        write!(f, "account {account} of cohort `{cohort}`, replication {replication}: {cause}")
    }
}

impl std::error::Error for SimulationError {}

impl<'s> Setup<'s> {
    /// Works out what all accounts of a scenario share.
    pub fn new(scenario: &'s Scenario) -> Setup<'s> {
        let calendar = scenario.calendar();
        let prepare = |cohort: &Cohort| cohort.workload.prepare(&scenario.tariff, &calendar);
        let workloads = scenario.cohorts.iter().map(prepare).collect();
        Setup { scenario, calendar, workloads }
    }

    /// What the scenario contributes to figures.
    pub(super) fn context(&self) -> Context {
        Context {
            serving_cost: self.scenario.serving_cost,
            measured_micros: i128::from((self.calendar.horizon - self.calendar.warmup).micros()),
        }
    }

    /// About how much memory what a chunk counts takes, in bytes.
    pub(super) fn bytes_of_chunk(&self) -> usize {
        let of_policy = self.calendar.days() * size_of::<Flows>() + size_of::<Sizes>();
        of_policy * self.scenario.policies.len()
    }

    /// A chunk to which nothing has been added; the work on it is timed, or not.
    pub(super) fn empty_chunk(&self, is_timed: bool) -> Chunk {
        let policies = self.scenario.policies.len();
        Chunk {
            sampler: Sampler::new(is_timed, policies),
            tallies: vec![DailyTally::by_day(&self.calendar); policies],
            demand: Demand::by_day(&self.calendar),
            figures: vec![Vec::new(); policies],
            sizes: vec![Sizes::default(); policies],
            own: vec![Tally::default(); policies],
            requests: 0,
            dropped_records: 0,
            details: Vec::new(),
            block: Block::empty(),
        }
    }

    /// The accounts of a cohort in a replication.
    pub(super) fn population(&self, replication: u32, cohort: usize) -> Population<'_> {
        let of_cohort = &self.scenario.cohorts[cohort];
        Population {
            setup: self,
            replication,
            cohort: of_cohort,
            workload: &self.workloads[cohort],
            streams: CohortStreams::new(self.scenario.seed, replication, &of_cohort.name),
            world: World {
                calendar: &self.calendar,
                payments: &self.scenario.payments,
                customer: &of_cohort.customer,
                metering: &self.scenario.metering,
                tariff: &self.scenario.tariff,
                service: of_cohort.workload.service,
            },
        }
    }

    /// Follows one account under one policy, all its requests and events, with a listener of one's own. An account that
    /// signs up at the horizon or later has nothing to tell.
    ///
    /// # Errors
    /// Where the account goes beyond what can be counted.
    ///
    /// # Panics
    /// If the scenario has no such policy, cohort or account.
    pub fn follow(
        &self,
        replication: u32,
        cohort: usize,
        account: u32,
        policy: usize,
        observer: impl Observer,
    ) -> Result<(), SimulationError> {
        assert!(account < self.scenario.cohorts[cohort].accounts, "there is no such account");
        let population = self.population(replication, cohort);
        let account = population.account(account);
        if account.signs_up() {
            let observers = [(&self.scenario.policies[policy], observer)];
            let (block, sampler) = (&mut Block::empty(), &mut Sampler::new(false, 1));
            account.drive(observers, block, sampler, |_| {}, |_, _, _| {}, &AtomicBool::new(false))?;
        }
        Ok(())
    }
}

/// The accounts of a cohort in a replication, with what they share.
pub(super) struct Population<'s> {
    setup: &'s Setup<'s>,
    replication: u32,
    cohort: &'s Cohort,
    workload: &'s Prepared,
    streams: CohortStreams,
    world: World<'s>,
}

impl<'s> Population<'s> {
    fn account(&self, number: u32) -> Account<'_> {
        let streams = self.streams.account(number);
        let signup = self.cohort.signup.time(streams);
        let requests = self.workload.requests(streams, number, signup);
        Account { population: self, number, streams, signup, requests }
    }

    /// Drives one account through all policies, adding what it gives to a chunk. What it gives is worth nothing once
    /// the run is interrupted.
    pub fn simulate(
        &self,
        number: u32,
        listing: Option<Listing>,
        chunk: &mut Chunk,
        interrupt: &AtomicBool,
    ) -> Result<(), SimulationError> {
        let Chunk {
            tallies,
            demand,
            figures,
            sizes,
            own,
            requests,
            dropped_records,
            details,
            sampler,
            block,
        } = chunk;
        sampler.begin();
        let account = self.account(number);
        *dropped_records += account.requests.dropped();
        if !account.signs_up() {
            return Ok(());
        }
        let calendar = &self.setup.calendar;
        let plans = &self.setup.scenario.policies;
        demand.add_account(account.signup, calendar);
        let recorders = tallies.iter_mut().zip(own.iter_mut()).map(|(tally, own)| {
            *own = Tally::default();
            Recorder::new(tally, own, calendar)
        });
        let hear = |block: &Block| demand.add_requests(block, calendar);
        if let Some(listing) = listing.filter(|listing| listing.covers(number)) {
            let listed = details.len();
            details.extend((0..plans.len()).map(|policy| Details::new(listing, policy, number)));
            let listeners = details[listed..].iter_mut().map(Details::listener);
            *requests += account.drive(
                plans.iter().zip(recorders.zip(listeners)),
                block,
                sampler,
                hear,
                |(recorder, _), wallet, overdue| recorder.conclude(wallet, overdue),
                interrupt,
            )?;
        } else {
            *requests += account.drive(
                plans.iter().zip(recorders),
                block,
                sampler,
                hear,
                |recorder, wallet, overdue| recorder.conclude(wallet, overdue),
                interrupt,
            )?;
        }
        let class = SizeClass::of(demand.account()).index();
        for (policy, own) in own.iter_mut().enumerate() {
            own.add_demand(demand.account());
            figures[policy].push(figures_of(own));
            sizes[policy][class].merge(own);
        }
        if listing.is_some_and(|listing| listing.accounts) {
            let of_account = details.iter_mut().rev().zip(own.iter().rev());
            of_account.for_each(|(details, own)| details.tally = Some(own.clone()));
        }
        Ok(())
    }
}

/// An account, with all that it is going to request.
struct Account<'p> {
    population: &'p Population<'p>,
    number: u32,
    streams: AccountStreams,
    signup: Time,
    requests: Requests<'p>,
}

impl<'p> Account<'p> {
    /// Whether it signs up before the horizon.
    fn signs_up(&self) -> bool {
        self.signup < self.population.setup.calendar.horizon
    }

    /// Takes the account through all its requests under each policy, block by block; returns how many there were. An
    /// interrupt ends it between two blocks: a single account may have billions of requests.
    fn drive<O: Observer>(
        mut self,
        observers: impl IntoIterator<Item = (&'p PolicyPlan, O)>,
        block: &mut Block,
        sampler: &mut Sampler,
        mut hear: impl FnMut(&Block),
        mut conclude: impl FnMut(&mut O, &Wallet, Money),
        interrupt: &AtomicBool,
    ) -> Result<u64, SimulationError> {
        sampler.drew();
        let world = self.population.world;
        let mut lanes: SmallVec<[Lane<'_, O>; 4]> = SmallVec::new();
        for (policy, (plan, observer)) in observers.into_iter().enumerate() {
            lanes.push(Lane::new(world, self.streams, plan, self.signup, observer));
            lanes.last_mut().expect("one was just added").sign_up(plan); // in its place: it is large
            sampler.ran(policy);
        }
        let mut count = 0;
        loop {
            self.requests.next_block(block).map_err(|overflow| self.failure(&overflow))?;
            if block.len == 0 || interrupt.load(Ordering::Relaxed) {
                break;
            }
            count += block.len as u64;
            hear(block);
            sampler.drew();
            for (policy, lane) in lanes.iter_mut().enumerate() {
                lane.run(block);
                sampler.ran(policy);
            }
            sampler.begin();
        }
        sampler.drew();
        for (policy, lane) in lanes.iter_mut().enumerate() {
            let (observer, wallet, overdue) = lane.finish().map_err(|error| self.failure(&error))?;
            conclude(observer, wallet, overdue);
            sampler.ran(policy);
        }
        Ok(count)
    }

    fn failure(&self, cause: &dyn fmt::Display) -> SimulationError {
        SimulationError {
            cohort: self.population.cohort.name.clone(),
            account: self.number,
            replication: self.population.replication,
            cause: cause.to_string(),
        }
    }
}
