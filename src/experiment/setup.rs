//! What is worked out once for a scenario, and one account driven through all policies.

use super::details::{Details, Listing};
use super::timing::Sampler;
use crate::engine::observation::Observer;
use crate::engine::{Lane, World};
use crate::metrics::{DailyTally, Flows, Recorder};
use crate::rng::{AccountStreams, CohortStreams};
use crate::scenario::Scenario;
use crate::time::{Calendar, Time};
use crate::workload::generator::{Overflow, Prepared, Requests};
use crate::workload::{Block, Cohort};
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
    /// For each policy.
    pub tallies: Vec<DailyTally>,
    /// Requests, each counted once for all policies.
    pub requests: u64,
    pub dropped_records: u64,
    /// What was asked to be listed: for each account, and for each policy.
    pub details: Vec<Details>,
    pub sampler: Sampler,
    block: Block,
}

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

    /// For each cohort and policy, nothing counted yet.
    pub(super) fn empty_tallies(&self) -> Vec<Vec<DailyTally>> {
        self.scenario.cohorts.iter().map(|_| self.empty_chunk(false).tallies).collect()
    }

    /// About how much memory what a chunk counts takes, in bytes.
    pub(super) fn bytes_of_chunk(&self) -> usize {
        self.calendar.days() * self.scenario.policies.len() * size_of::<Flows>()
    }

    /// A chunk to which nothing has been added; the work on it is timed, or not.
    pub(super) fn empty_chunk(&self, is_timed: bool) -> Chunk {
        let policies = self.scenario.policies.len();
        Chunk {
            sampler: Sampler::new(is_timed, policies),
            tallies: vec![DailyTally::by_day(&self.calendar); policies],
            requests: 0,
            dropped_records: 0,
            details: Vec::new(),
            block: Block::empty(),
        }
    }

    /// Drives one account through all policies, adding what it gives to a chunk. What it gives is worth nothing once
    /// the run is interrupted.
    pub(super) fn simulate(
        &self,
        replication: u32,
        cohort: usize,
        account: u32,
        listing: Option<Listing>,
        chunk: &mut Chunk,
        interrupt: &AtomicBool,
    ) -> Result<(), SimulationError> {
        let fails = |cause: &dyn fmt::Display| self.failure(replication, cohort, account, cause);
        let Chunk { sampler, block, .. } = chunk;
        sampler.begin();
        let (world, streams, signup) = self.account(replication, cohort, account);
        let mut requests = self.workloads[cohort].requests(streams, account, signup);
        sampler.drew();
        chunk.dropped_records += requests.dropped();
        if signup >= self.calendar.horizon {
            return Ok(());
        }
        let calendar = &self.calendar;
        let plans = &self.scenario.policies;
        let detail = |policy| listing.map(|listing| Details::new(listing, policy, account));
        let mut details: Vec<Option<Details>> = (0..plans.len()).map(detail).collect();
        let mut lanes = Vec::with_capacity(plans.len());
        for ((plan, tally), details) in plans.iter().zip(&mut chunk.tallies).zip(&mut details) {
            let listener = details.as_mut().map(|details| details.listener(calendar));
            let observer = (Recorder::new(tally, calendar), listener);
            lanes.push(Lane::sign_up(world, streams, plan, signup, observer));
            sampler.ran(lanes.len() - 1);
        }
        chunk.requests += drive(&mut requests, &mut lanes, block, sampler, interrupt)
            .map_err(|overflow| fails(&overflow))?;
        for (policy, lane) in lanes.into_iter().enumerate() {
            let ((recorder, listener), wallet, overdue) = lane.finish().map_err(|error| fails(&error))?;
            recorder.conclude(&wallet, overdue);
            if let Some(listener) = listener {
                listener.conclude(&wallet, overdue);
            }
            sampler.ran(policy);
        }
        chunk.details.extend(details.into_iter().flatten());
        Ok(())
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
        let fails = |cause: &dyn fmt::Display| self.failure(replication, cohort, account, cause);
        let (world, streams, signup) = self.account(replication, cohort, account);
        if signup >= self.calendar.horizon {
            return Ok(());
        }
        let mut requests = self.workloads[cohort].requests(streams, account, signup);
        let mut lane = [Lane::sign_up(world, streams, &self.scenario.policies[policy], signup, observer)];
        let sampler = &mut Sampler::new(false, 1);
        drive(&mut requests, &mut lane, &mut Block::empty(), sampler, &AtomicBool::new(false))
            .map_err(|overflow| fails(&overflow))?;
        let [lane] = lane;
        lane.finish().map_err(|error| fails(&error))?;
        Ok(())
    }

    /// What an account is made of: what it shares with its cohort, its random numbers, when it signs up.
    fn account(&self, replication: u32, cohort: usize, account: u32) -> (World<'_>, AccountStreams, Time) {
        let of_cohort = &self.scenario.cohorts[cohort];
        let streams = CohortStreams::new(self.scenario.seed, replication, &of_cohort.name).account(account);
        let world = World {
            calendar: &self.calendar,
            payments: &self.scenario.payments,
            customer: &of_cohort.customer,
            metering: &self.scenario.metering,
            tariff: &self.scenario.tariff,
            service: of_cohort.workload.service,
        };
        (world, streams, of_cohort.signup.time(streams))
    }

    fn failure(
        &self,
        replication: u32,
        cohort: usize,
        account: u32,
        cause: &dyn fmt::Display,
    ) -> SimulationError {
        let cohort = self.scenario.cohorts[cohort].name.clone();
        SimulationError { cohort, account, replication, cause: cause.to_string() }
    }
}

/// Takes an account's lanes through all its requests, block by block; returns how many there were. An interrupt ends it
/// between two blocks: a single account may have billions of requests.
fn drive<O: Observer>(
    requests: &mut Requests<'_>,
    lanes: &mut [Lane<'_, O>],
    block: &mut Block,
    sampler: &mut Sampler,
    interrupt: &AtomicBool,
) -> Result<u64, Overflow> {
    let mut count = 0;
    loop {
        requests.next_block(block)?;
        sampler.drew();
        if block.len == 0 || interrupt.load(Ordering::Relaxed) {
            return Ok(count);
        }
        count += block.len as u64;
        for (policy, lane) in lanes.iter_mut().enumerate() {
            lane.run(block);
            sampler.ran(policy);
        }
        sampler.begin();
    }
}
