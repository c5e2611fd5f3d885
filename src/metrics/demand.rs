//! Demand: what customers would use if all were served.

use crate::time::Calendar;
use crate::workload::Block;

/// The requests that are sent where nobody leaves, and their cost, day by day or only over all days. It is the same under
/// every policy. Nothing before the warm-up is in it.
#[derive(Clone, Debug)]
pub struct Demand {
    days: Vec<Asked>,
}

/// Sums of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub requests: i128,
    /// Their list price, in nano-dollars.
    pub usage: i128,
}

impl Demand {
    /// None yet, with sums for each day of a run.
    pub fn by_day(calendar: &Calendar) -> Demand {
        Demand { days: vec![Asked::default(); calendar.days()] }
    }

    /// None yet, with sums over all days only.
    pub fn of_whole_run() -> Demand {
        Demand { days: vec![Asked::default()] }
    }

    pub(super) fn days(&self) -> &[Asked] {
        &self.days
    }

    /// Adds the requests of a block.
    pub fn add(&mut self, block: &Block, calendar: &Calendar) {
        let last = self.days.len() - 1;
        let mut next = block.first_at_or_after(0..block.len, calendar.warmup);
        while next < block.len {
            let at = block.at[next];
            let end = block.first_at_or_after(next..block.len, at.next_midnight());
            let asked = &mut self.days[at.day().min(last)];
            asked.requests += (end - next) as i128;
            asked.usage += i128::from(block.cost_before[end] - block.cost_before[next]);
            next = end;
        }
    }
}
