//! Demand: what customers would do if all were served and nobody left.

use super::{Flow, Flows};
use crate::time::{Calendar, Span, Time};
use crate::workload::Block;

/// Accounts with their time, and requests with their cost: day by day, or only over all days. It is the same under every
/// policy, so it is counted once.
#[derive(Clone, Debug)]
pub struct Demand {
    days: Vec<Asked>,
    account: AccountDemand,
    horizon: Time,
}

/// What one account asks for, from the warm-up's end to the horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountDemand {
    /// Its requests.
    pub requests: i128,
    /// Their list price, in nano-dollars.
    pub usage: i128,
    /// Its time, in microseconds.
    pub micros: i128,
}

/// What is asked for on a day; nothing before the warm-up, but for the number of accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    accounts: i128,
    /// The time of the accounts that begin to count on this day, until its end.
    first_micros: i128,
    /// How many these are: they count on all later days.
    begun: i128,
    requests: i128,
    /// The list price of the requests, in nano-dollars.
    usage: i128,
}

impl Demand {
    /// None yet, with sums for each day of a run.
    pub fn by_day(calendar: &Calendar) -> Demand {
        let account = AccountDemand::default();
        Demand { days: vec![Asked::default(); calendar.days()], account, horizon: calendar.horizon }
    }

    /// The demand of the account that was added last.
    pub fn account(&self) -> &AccountDemand {
        &self.account
    }

    /// When a day's figures end.
    fn end_of(&self, day: usize) -> Time {
        self.horizon.min(Time::START + Span::days(day as i64 + 1))
    }

    /// Adds an account that signs up before the horizon; what is added from now on is its own.
    pub fn add_account(&mut self, signup: Time, calendar: &Calendar) {
        self.days[signup.day()].accounts += 1;
        let from = signup.max(calendar.warmup);
        let first_micros = (self.end_of(from.day()) - from).micros();
        let first = &mut self.days[from.day()];
        first.first_micros += i128::from(first_micros);
        first.begun += 1;
        let micros = i128::from((self.horizon - from).micros());
        self.account = AccountDemand { micros, ..AccountDemand::default() };
    }

    /// Adds the requests of a block of the account.
    pub fn add_requests(&mut self, block: &Block, calendar: &Calendar) {
        let counted = block.first_at_or_after(0..block.len, calendar.warmup)..block.len;
        self.account.requests += counted.len() as i128;
        self.account.usage += i128::from(block.cost_before[counted.end] - block.cost_before[counted.start]);
        for (day, part) in block.by_day(counted) {
            let asked = &mut self.days[day];
            asked.requests += part.len() as i128;
            asked.usage += i128::from(block.cost_before[part.end] - block.cost_before[part.start]);
        }
    }

    /// Adds it to what is counted day by day, as what is tried and served, and as nobody's leaving.
    pub(super) fn add_to(&self, days: &mut [Flows]) {
        let mut staying = 0;
        for (day, (flows, asked)) in days.iter_mut().zip(&self.days).enumerate() {
            flows[Flow::Accounts] += asked.accounts;
            let length = (self.end_of(day) - (Time::START + Span::days(day as i64))).micros().max(0);
            flows[Flow::AccountMicros] += staying * i128::from(length) + asked.first_micros;
            staying += asked.begun;
            for flow in [Flow::Requests, Flow::Attempts, Flow::Served] {
                flows[flow] += asked.requests;
            }
            flows[Flow::Usage] += asked.usage;
        }
    }
}

impl AccountDemand {
    /// Adds it to what is counted of the account, as what is tried and served, and as its not leaving.
    pub(super) fn add_to(&self, flows: &mut Flows) {
        flows[Flow::Accounts] += 1;
        flows[Flow::AccountMicros] += self.micros;
        for flow in [Flow::Requests, Flow::Attempts, Flow::Served] {
            flows[flow] += self.requests;
        }
        flows[Flow::Usage] += self.usage;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;
    use jiff::civil::date;

    #[test]
    fn accounts_count_with_their_time_from_the_end_of_the_warm_up_to_the_horizon() {
        let calendar = Calendar::new(date(2026, 1, 1), Span::hours(30), Span::hours(60), Span::days(1));
        let hour = i128::from(Span::HOUR.micros());
        let mut demand = Demand::by_day(&calendar);
        let mut own = Vec::new();
        for signup in [Span::ZERO, Span::hours(40)] {
            demand.add_account(Time::START + signup, &calendar);
            own.push(demand.account().micros / hour);
        }
        let mut days = vec![Flows::default(); 4];
        demand.add_to(&mut days);
        let hours: Vec<i128> = days.iter().map(|day| day[Flow::AccountMicros] / hour).collect();
        assert_eq!(hours, [0, 18 + 8, 12 + 12, 0]);
        assert_eq!(own, [30, 20]);
        assert_eq!(days.iter().map(|day| day[Flow::Accounts]).collect::<Vec<_>>(), [1, 1, 0, 0]);
    }
}
