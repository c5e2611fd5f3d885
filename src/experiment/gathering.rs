//! Gathers what chunks have counted, in order, into an outcome.

use super::details::Details;
use super::outcome::{
    AccountRow, BalancePoint, DayRow, Distribution, Outcome, Row, SIZE_MEASURES, SizeRow,
    values_over_replications,
};
use super::setup::{Chunk, Setup, Sizes};
use super::{ALL_COHORTS, ExperimentError, Ledger, LedgerRow, Task, daily_measures};
use crate::metrics::{
    AccountFigure, Context, DailyTally, Flows, Levels, MEASURES, Measure, Quantity, SizeClass, Spread, Tally,
};
use crate::statistics::{Moments, RatioMoments};
use rayon::prelude::*;
use std::io;

/// What has been gathered so far.
pub struct Gathering<'s> {
    setup: &'s Setup<'s>,
    /// The replication that is being gathered.
    replication: u32,
    policies: Vec<OfPolicy>,
    accounts: Vec<AccountRow>,
    balances: Vec<BalancePoint>,
    dropped_records: u64,
    requests: u64,
}

/// What has been gathered of a policy.
struct OfPolicy {
    /// Whether nothing but rows is asked for.
    rows_only: bool,
    /// What each cohort has counted so far in the replication.
    counted: Vec<OfCohort>,
    /// For each cohort, then all, its rows of the replications that have ended.
    rows: Vec<Vec<Row>>,
    /// The same by day, for each daily measure and level.
    days: Vec<Vec<Vec<Figure>>>,
    /// For each cohort, its accounts of all replications.
    spreads: Vec<Spread>,
    /// For each cohort, then all, and each size, the values of each measure in each replication.
    sizes: Vec<Vec<Vec<Vec<Quantity>>>>,
}

/// What a cohort has counted in a replication.
struct OfCohort {
    tally: DailyTally,
    spread: Spread,
    sizes: Sizes,
}

/// The moments of a figure over replications.
#[derive(Clone, Copy, Debug)]
enum Figure {
    None,
    Value(Moments),
    Ratio(RatioMoments, f64),
}

impl Figure {
    fn add(&mut self, value: Quantity) {
        match value {
            Quantity::Ratio(numerator, denominator, otherwise) => {
                if let Figure::None = self {
                    *self = Figure::Ratio(RatioMoments::default(), otherwise);
                }
                let Figure::Ratio(moments, _) = self else { unreachable!("a measure has one unit") };
                moments.add(numerator as f64, denominator as f64);
            }
            value => {
                if let Figure::None = self {
                    *self = Figure::Value(Moments::default());
                }
                let Figure::Value(moments) = self else { unreachable!("a measure has one unit") };
                moments.add(value.as_f64());
            }
        }
    }

    fn moments(&self) -> Moments {
        match self {
            Figure::None => Moments::default(),
            Figure::Value(moments) => *moments,
            Figure::Ratio(moments, otherwise) => moments.moments(*otherwise),
        }
    }
}

impl<'s> Gathering<'s> {
    /// Nothing yet; nothing but rows is to be gathered, or all.
    pub fn new(setup: &'s Setup<'s>, rows_only: bool) -> Gathering<'s> {
        let scenario = setup.scenario;
        let cohorts = scenario.cohorts.len();
        let (days, sizes) = if rows_only { (0, 0) } else { (setup.calendar.days(), SizeClass::COUNT) };
        let figures = daily_measures().count() + Levels::COLUMNS.len();
        let of_policy = || OfPolicy {
            rows_only,
            counted: nothing_counted(setup),
            rows: vec![Vec::new(); cohorts + 1],
            days: vec![vec![vec![Figure::None; figures]; days]; cohorts + 1],
            spreads: vec![Spread::default(); cohorts],
            sizes: vec![vec![vec![Vec::new(); SIZE_MEASURES.len()]; sizes]; cohorts + 1],
        };
        Gathering {
            setup,
            replication: 0,
            policies: scenario.policies.iter().map(|_| of_policy()).collect(),
            accounts: Vec::new(),
            balances: Vec::new(),
            dropped_records: 0,
            requests: 0,
        }
    }

    /// Takes in the next chunk.
    pub fn take(
        &mut self,
        task: &Task,
        chunk: Chunk,
        ledger: Option<&mut (dyn Ledger + '_)>,
    ) -> Result<(), ExperimentError> {
        if task.replication != self.replication {
            self.end_replication();
            self.replication = task.replication;
        }
        for (policy, gathered) in self.policies.iter_mut().enumerate() {
            let counted = &mut gathered.counted[task.cohort];
            counted.tally.merge(&chunk.tallies[policy]);
            chunk.figures[policy].iter().for_each(|account| counted.spread.add(account));
            counted.sizes.iter_mut().zip(&chunk.sizes[policy]).for_each(|(sum, addend)| sum.merge(addend));
        }
        self.requests += chunk.requests;
        self.dropped_records += chunk.dropped_records;
        if let Some(ledger) = ledger {
            for details in &chunk.details {
                self.append_postings(task, details, ledger).map_err(ExperimentError::Ledger)?;
            }
        }
        for details in chunk.details {
            self.list(task, details);
        }
        Ok(())
    }

    fn append_postings(&self, task: &Task, details: &Details, ledger: &mut dyn Ledger) -> io::Result<()> {
        details.postings.iter().try_for_each(|(at, posting)| {
            ledger.append(&LedgerRow {
                at: *at,
                policy: &self.setup.scenario.policies[details.policy].name,
                cohort: &self.setup.scenario.cohorts[task.cohort].name,
                account: details.account,
                posting: *posting,
            })
        })
    }

    fn list(&mut self, task: &Task, details: Details) {
        let scenario = self.setup.scenario;
        let policy = &scenario.policies[details.policy].name;
        let cohort = &scenario.cohorts[task.cohort].name;
        let account = details.account;
        if let Some(tally) = details.tally {
            let values = sums(&tally, &self.setup.context());
            self.accounts.push(AccountRow {
                policy: policy.clone(),
                cohort: cohort.clone(),
                account,
                values,
            });
        }
        self.balances.extend(details.balances.into_iter().map(|(at, balance, event)| BalancePoint {
            policy: policy.clone(),
            cohort: cohort.clone(),
            account,
            at,
            balance,
            event,
        }));
    }

    /// Turns what a replication has counted into figures.
    fn end_replication(&mut self) {
        let (setup, replication) = (self.setup, self.replication);
        self.policies
            .par_iter_mut()
            .zip(&setup.scenario.policies)
            .for_each(|(gathered, plan)| gathered.end_replication(setup, replication, &plan.name));
    }

    /// Ends the replication that was taken in last; returns the rows so far, over all cohorts, of each policy.
    pub fn end_replications(&mut self) -> impl Iterator<Item = &[Row]> {
        self.end_replication();
        self.replication += 1;
        self.policies.iter().filter_map(|gathered| gathered.rows.last().map(Vec::as_slice))
    }

    /// The outcome of all replications, the last of which has ended.
    pub fn finish(self) -> Outcome {
        let scenario = self.setup.scenario;
        let mut outcome = Outcome {
            replications: self.replication,
            accounts: self.accounts,
            balances: self.balances,
            dropped_records: self.dropped_records,
            requests: self.requests,
            ..Outcome::default()
        };
        for (gathered, plan) in self.policies.into_iter().zip(&scenario.policies) {
            gathered.finish(self.setup, &plan.name, &mut outcome);
        }
        // Chunks are gathered by cohort and account; files list by policy first.
        let order = |policy: &str| scenario.policies.iter().position(|plan| plan.name == policy);
        outcome.accounts.sort_by_key(|row| order(&row.policy));
        outcome.balances.sort_by_key(|point| order(&point.policy));
        outcome
    }
}

impl OfPolicy {
    fn end_replication(&mut self, setup: &Setup<'_>, replication: u32, policy: &str) {
        let counted = std::mem::replace(&mut self.counted, nothing_counted(setup));
        self.add_rows(setup, replication, policy, &counted);
        if self.rows_only {
            return;
        }
        self.add_days(setup, &counted);
        self.add_sizes(setup, &counted);
        for (sum, cohort) in self.spreads.iter_mut().zip(&counted) {
            sum.merge(&cohort.spread);
        }
    }

    fn add_rows(&mut self, setup: &Setup<'_>, replication: u32, policy: &str, counted: &[OfCohort]) {
        let context = setup.context();
        let mut of_cohorts: Vec<Vec<Quantity>> =
            counted.iter().map(|cohort| sums(&cohort.tally.total(), &context)).collect();
        of_cohorts.push(added(&of_cohorts));
        let mut everyone = Spread::default();
        counted.iter().for_each(|cohort| everyone.merge(&cohort.spread));
        let spreads = counted.iter().map(|cohort| &cohort.spread).chain([&everyone]);
        for (((name, values), spread), rows) in
            cohorts(setup).zip(of_cohorts).zip(spreads).zip(&mut self.rows)
        {
            let mut values = values.into_iter();
            let value = |measure: &Measure| match measure.of_spread(spread) {
                Some(value) => value,
                None => values.next().expect("there is a sum for each measure that is one"),
            };
            let values = MEASURES.iter().map(value).collect();
            rows.push(Row { policy: policy.to_owned(), cohort: name.to_owned(), replication, values });
        }
    }

    fn add_days(&mut self, setup: &Setup<'_>, counted: &[OfCohort]) {
        let context = setup.context();
        let mut levels: Vec<_> = counted.iter().map(|cohort| cohort.tally.levels()).collect();
        for day in 0..setup.calendar.days() {
            let of_day =
                |flows: &Flows| daily_measures().map(|measure| measure.of_day(flows, &context)).collect();
            let mut of_cohorts: Vec<Vec<Quantity>> = Vec::new();
            for (cohort, levels) in counted.iter().zip(&mut levels) {
                let mut values: Vec<Quantity> = of_day(&cohort.tally.days()[day]);
                values.extend(levels.next().expect("there are levels of each day").quantities());
                of_cohorts.push(values);
            }
            of_cohorts.push(added(&of_cohorts));
            for (days, values) in self.days.iter_mut().zip(of_cohorts) {
                days[day].iter_mut().zip(values).for_each(|(figure, value)| figure.add(value));
            }
        }
    }

    fn add_sizes(&mut self, setup: &Setup<'_>, counted: &[OfCohort]) {
        let context = setup.context();
        for class in SizeClass::all().map(SizeClass::index) {
            let of_class = |tally: &Tally| {
                SIZE_MEASURES.map(|name| MEASURES[Measure::index_of(name)].of_sums(tally, &context))
            };
            let mut of_cohorts: Vec<Vec<Quantity>> =
                counted.iter().map(|cohort| of_class(&cohort.sizes[class]).to_vec()).collect();
            of_cohorts.push(added(&of_cohorts));
            for (sizes, values) in self.sizes.iter_mut().zip(of_cohorts) {
                sizes[class].iter_mut().zip(values).for_each(|(list, value)| list.push(value));
            }
        }
    }

    fn finish(self, setup: &Setup<'_>, policy: &str, outcome: &mut Outcome) {
        outcome.rows.extend(self.rows.into_iter().flatten());
        if self.rows_only {
            return;
        }
        for (cohort, days) in cohorts(setup).zip(self.days) {
            outcome.days.extend(days.into_iter().enumerate().map(|(day, figures)| DayRow {
                policy: policy.to_owned(),
                cohort: cohort.to_owned(),
                day,
                values: figures.iter().map(Figure::moments).collect(),
            }));
        }
        for (cohort, spread) in cohorts(setup).zip(self.spreads) {
            outcome.distributions.extend(AccountFigure::ALL.map(|figure| Distribution {
                policy: policy.to_owned(),
                cohort: cohort.to_owned(),
                figure,
                bins: spread.bins(figure).collect(),
            }));
        }
        for (cohort, classes) in cohorts(setup).zip(self.sizes) {
            for (class, lists) in SizeClass::all().zip(classes) {
                let moments = |list: Vec<Quantity>| Moments::of(values_over_replications(list.into_iter()));
                let values: Vec<Moments> = lists.into_iter().map(moments).collect();
                // The first is the number of accounts.
                if values[0].mean > 0.0 {
                    let (policy, cohort) = (policy.to_owned(), cohort.to_owned());
                    outcome.sizes.push(SizeRow { policy, cohort, class, values });
                }
            }
        }
    }
}

fn nothing_counted(setup: &Setup<'_>) -> Vec<OfCohort> {
    let of_cohort = || OfCohort {
        tally: DailyTally::by_day(&setup.calendar),
        spread: Spread::default(),
        sizes: Sizes::default(),
    };
    setup.scenario.cohorts.iter().map(|_| of_cohort()).collect()
}

/// The names of the cohorts, then that of all.
fn cohorts<'s>(setup: &'s Setup<'_>) -> impl Iterator<Item = &'s str> {
    setup.scenario.cohorts.iter().map(|cohort| cohort.name.as_str()).chain([ALL_COHORTS])
}

/// The value of each measure that is a sum.
fn sums(tally: &Tally, context: &Context) -> Vec<Quantity> {
    MEASURES
        .iter()
        .filter(|measure| measure.is_sum())
        .map(|measure| measure.of_sums(tally, context))
        .collect()
}

/// The sum of each measure over cohorts: of amounts as they are rounded, of ratios by their parts.
fn added(of_cohorts: &[Vec<Quantity>]) -> Vec<Quantity> {
    let mut cohorts = of_cohorts.iter();
    let first = cohorts.next().expect("a scenario has a cohort").clone();
    cohorts.fold(first, |sum, values| sum.into_iter().zip(values).map(|(a, b)| a + *b).collect())
}
