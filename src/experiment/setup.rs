//! What is worked out once for a scenario, and one account driven through all policies.

use super::details::{Details, Listing};
use crate::engine::observation::Observer;
use crate::engine::{Lane, World};
use crate::metrics::{DailyTally, Recorder};
use crate::rng::{AccountStreams, CohortStreams};
use crate::scenario::Scenario;
use crate::time::{Calendar, Time};
use crate::workload::generator::{Overflow, Prepared};
use crate::workload::{Block, Cohort};
use std::fmt;

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
        self.scenario.cohorts.iter().map(|_| self.empty_chunk().tallies).collect()
    }

    pub(super) fn empty_chunk(&self) -> Chunk {
        Chunk {
            tallies: vec![DailyTally::by_day(&self.calendar); self.scenario.policies.len()],
            requests: 0,
            dropped_records: 0,
            details: Vec::new(),
            block: Block::empty(),
        }
    }

    fn streams(&self, replication: u32, cohort: &Cohort, account: u32) -> AccountStreams {
        CohortStreams::new(self.scenario.seed, replication, &cohort.name).account(account)
    }

    /// Drives one account through all policies.
    pub(super) fn simulate(
        &self,
        replication: u32,
        cohort: usize,
        account: u32,
        listing: Option<Listing>,
        chunk: &mut Chunk,
    ) -> Result<(), SimulationError> {
        let fails = |cause: String| SimulationError {
            cohort: self.scenario.cohorts[cohort].name.clone(),
            account,
            replication,
            cause,
        };
        let (world, streams, signup) = self.account(replication, cohort, account);
        let mut requests = self.workloads[cohort].requests(streams, account, signup);
        chunk.dropped_records += requests.dropped();
        if signup >= self.calendar.horizon {
            return Ok(());
        }
        let calendar = &self.calendar;
        let policies = &self.scenario.policies;
        let mut details: Vec<Option<Details>> = (0..policies.len())
            .map(|policy| listing.map(|listing| Details::new(listing, policy, account)))
            .collect();
        let mut lanes: Vec<Lane<'_, _>> = policies
            .iter()
            .zip(&mut chunk.tallies)
            .zip(&mut details)
            .map(|((plan, tally), details)| {
                let listener = details.as_mut().map(|details| details.listener(calendar));
                Lane::sign_up(world, streams, plan, signup, (Recorder::new(tally, calendar), listener))
            })
            .collect();
        let block = &mut chunk.block;
        loop {
            requests.next_block(block).map_err(|overflow| fails(overflow.to_string()))?;
            if block.len == 0 {
                break;
            }
            chunk.requests += block.len as u64;
            lanes.iter_mut().for_each(|lane| lane.run(block));
        }
        for lane in lanes {
            let ((recorder, listener), wallet, overdue) =
                lane.finish().map_err(|overflow| fails(overflow.to_string()))?;
            recorder.conclude(&wallet, overdue);
            if let Some(listener) = listener {
                listener.conclude(&wallet, overdue);
            }
        }
        chunk.details.extend(details.into_iter().flatten());
        Ok(())
    }

    fn account(&self, replication: u32, cohort: usize, account: u32) -> (World<'_>, AccountStreams, Time) {
        let of_cohort = &self.scenario.cohorts[cohort];
        let streams = self.streams(replication, of_cohort, account);
        let world = World {
            calendar: &self.calendar,
            payments: &self.scenario.payments,
            customer: &of_cohort.customer,
        };
        (world, streams, of_cohort.signup.time(streams))
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
        let fails = |cause: String| SimulationError {
            cohort: self.scenario.cohorts[cohort].name.clone(),
            account,
            replication,
            cause,
        };
        let (world, streams, signup) = self.account(replication, cohort, account);
        if signup >= self.calendar.horizon {
            return Ok(());
        }
        let mut requests = self.workloads[cohort].requests(streams, account, signup);
        let mut lane = Lane::sign_up(world, streams, &self.scenario.policies[policy], signup, observer);
        let mut block = Block::empty();
        loop {
            requests.next_block(&mut block).map_err(|overflow: Overflow| fails(overflow.to_string()))?;
            if block.len == 0 {
                break;
            }
            lane.run(&block);
        }
        lane.finish().map_err(|overflow| fails(overflow.to_string()))?;
        Ok(())
    }
}
