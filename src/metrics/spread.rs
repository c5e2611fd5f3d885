//! How figures are spread over the accounts of a run: histograms of whole counts, which add up exactly.

use super::{Flow, Quantity, Tally, Unit};
use crate::money::Total;
use hdrhistogram::Histogram;

/// A figure that each account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum AccountFigure {
    /// Usage that the policy meant to prevent, in nano-dollars.
    Overshoot,
    /// Time stopped, in microseconds.
    Stopped,
    /// What it owes at the end of the run-off, and what of it was written off, in nano-dollars.
    Debt,
    /// The share of its requests that were lost, in billionths; 0 where it sent none.
    LostShare,
}

impl AccountFigure {
    /// Every figure.
    pub const ALL: [AccountFigure; 4] =
        [AccountFigure::Overshoot, AccountFigure::Stopped, AccountFigure::Debt, AccountFigure::LostShare];

    /// Its name in output files.
    pub const fn name(self) -> &'static str {
        match self {
            AccountFigure::Overshoot => "overshoot_usd",
            AccountFigure::Stopped => "stopped_seconds",
            AccountFigure::Debt => "debt_usd",
            AccountFigure::LostShare => "lost_share",
        }
    }

    /// The unit that it is told in.
    pub const fn unit(self) -> Unit {
        match self {
            AccountFigure::Overshoot | AccountFigure::Debt => Unit::Usd,
            AccountFigure::Stopped => Unit::Seconds,
            AccountFigure::LostShare => Unit::Share,
        }
    }

    /// A value that was counted, in the unit that it is told in.
    pub fn quantity(self, value: u64) -> Quantity {
        match self {
            AccountFigure::Overshoot | AccountFigure::Debt => Quantity::Usd(Total::from_nanos(value.into())),
            AccountFigure::Stopped => Quantity::Micros(value.into()),
            AccountFigure::LostShare => Quantity::Ratio(value.into(), BILLION, 0.0),
        }
    }

    /// The value of an account that has counted this.
    fn of(self, account: &Tally) -> u64 {
        let Tally { flows, balances } = account;
        let value = match self {
            AccountFigure::Overshoot => flows[Flow::Overshoot],
            AccountFigure::Stopped => flows[Flow::StoppedMicros],
            AccountFigure::Debt => balances.receivable_end + flows[Flow::BadDebt],
            AccountFigure::LostShare => {
                let requests = flows[Flow::Requests];
                ((requests - flows[Flow::Served]) * BILLION).checked_div(requests).unwrap_or(0)
            }
        };
        // Beyond 18 thousand million dollars an account is as bad as any.
        u64::try_from(value.max(0)).unwrap_or(u64::MAX)
    }
}

const BILLION: i128 = 1_000_000_000;

/// The figures of one account, in the order of [`AccountFigure::ALL`].
pub type AccountFigures = [u64; AccountFigure::ALL.len()];

/// The figures of an account that has counted this.
pub fn figures_of(account: &Tally) -> AccountFigures {
    AccountFigure::ALL.map(|figure| figure.of(account))
}

/// Which of the accounts in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// The one that half of them are not above.
    P50,
    /// The one that 90 % are not above.
    P90,
    /// The one that 99 % are not above.
    P99,
    /// The last.
    Max,
}

/// How the figures are spread over accounts. Values in a bin differ by less than 1 %.
#[derive(Clone, Debug)]
pub struct Spread {
    bins: [Histogram<u64>; AccountFigure::ALL.len()],
    most: AccountFigures,
}

impl Default for Spread {
    fn default() -> Spread {
        let empty = || Histogram::new(DIGITS).expect("so many digits are allowed");
        Spread { bins: std::array::from_fn(|_| empty()), most: AccountFigures::default() }
    }
}

/// The significant decimal digits of a bin.
const DIGITS: u8 = 2;

/// A bin with values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// The least value that falls in it.
    pub at_least: u64,
    /// The least value above it that does not.
    pub below: u64,
    /// How many do.
    pub count: u64,
}

impl Spread {
    /// Takes in an account.
    pub fn add(&mut self, account: &AccountFigures) {
        for ((bins, most), value) in self.bins.iter_mut().zip(&mut self.most).zip(account) {
            bins.record(*value).expect("a histogram grows with its values");
            *most = (*most).max(*value);
        }
    }

    /// Adds other accounts to these.
    pub fn merge(&mut self, other: &Spread) {
        for (bins, addend) in self.bins.iter_mut().zip(&other.bins) {
            bins.add(addend).expect("a histogram grows with its values");
        }
        for (most, value) in self.most.iter_mut().zip(other.most) {
            *most = (*most).max(value);
        }
    }

    /// The least value that at least so many accounts are not above: exact for the last, and for others to half a
    /// bin; 0 where there is no account.
    pub fn quantile(&self, figure: AccountFigure, rank: Rank) -> u64 {
        let (bins, most) = (&self.bins[figure as usize], self.most[figure as usize]);
        let share = match rank {
            Rank::P50 => 0.5,
            Rank::P90 => 0.9,
            Rank::P99 => 0.99,
            Rank::Max => return most,
        };
        bins.median_equivalent(bins.value_at_quantile(share)).min(most)
    }

    /// The bins that have values, in ascending order.
    pub fn bins(&self, figure: AccountFigure) -> impl Iterator<Item = Bin> {
        let bins = &self.bins[figure as usize];
        bins.iter_recorded().map(|step| {
            let value = step.value_iterated_to();
            Bin {
                at_least: bins.lowest_equivalent(value),
                below: bins.next_non_equivalent(value),
                count: step.count_at_value(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(values: impl IntoIterator<Item = u64>) -> Spread {
        let mut spread = Spread::default();
        values.into_iter().for_each(|value| spread.add(&[value; 4]));
        spread
    }

    fn bins(spread: &Spread) -> Vec<Bin> {
        spread.bins(AccountFigure::Debt).collect()
    }

    #[test]
    fn quantiles_are_within_half_a_bin_and_the_most_is_exact() {
        let spread = spread((0..=1000).map(|n| n * 1_234_567));
        for (rank, exact) in [(Rank::P50, 500.0), (Rank::P90, 900.0), (Rank::P99, 990.0)] {
            let value = spread.quantile(AccountFigure::Overshoot, rank) as f64 / 1_234_567.0;
            assert!((value / exact - 1.0).abs() < 0.005, "{rank:?}: {value}");
        }
        assert_eq!(spread.quantile(AccountFigure::Overshoot, Rank::Max), 1_234_567_000);
        assert_eq!(Spread::default().quantile(AccountFigure::Debt, Rank::P50), 0);
    }

    #[test]
    fn spreads_add_up_to_the_spread_of_all() {
        let (few, many) = (0..10, 10..100_000);
        let mut sum = spread(few.map(|n| n * n));
        sum.merge(&spread(many.map(|n| n * n)));
        assert_eq!(bins(&sum), bins(&spread((0..100_000).map(|n| n * n))));
        assert_eq!(bins(&sum).iter().map(|bin| bin.count).sum::<u64>(), 100_000);
    }

    #[test]
    fn bins_part_zero_from_all_else_and_are_less_than_a_hundredth_wide() {
        let bins = bins(&spread((0..60).map(|power| 3_u64.pow(power % 40)).chain([0])));
        assert_eq!(bins[0], Bin { at_least: 0, below: 1, count: 1 });
        for bin in bins {
            let width = bin.below - bin.at_least;
            assert!(width == 1 || (width as f64) < 0.01 * bin.at_least as f64, "{bin:?}");
        }
    }
}
