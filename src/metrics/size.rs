//! Classes of accounts by their size.

use super::{AccountDemand, Quantity};
use crate::money::Total;
use crate::time::Span;

/// A class of accounts: those that would use about as much, whatever the policy.
///
/// The size of an account is the list price of all that it would request, whether served, lost, or not sent since the
/// customer had left, per 30 days of the time that is measured. So an account is in the same class under every policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SizeClass(usize);

/// The least size of each class but the first, in nano-dollars per 30 days.
const BOUNDS: [i128; 14] = {
    let mut bounds = [0; 14];
    let mut decade = 100_000_000; // ten cents
    let mut index = 0;
    while index < bounds.len() {
        bounds[index] = decade;
        bounds[index + 1] = 3 * decade;
        decade *= 10;
        index += 2;
    }
    bounds
};

impl SizeClass {
    /// How many classes there are.
    pub const COUNT: usize = BOUNDS.len() + 1;

    /// Every class, from small to large.
    pub fn all() -> impl Iterator<Item = SizeClass> {
        (0..SizeClass::COUNT).map(SizeClass)
    }

    /// The class of an account that demands this.
    pub fn of(demand: &AccountDemand) -> SizeClass {
        let month = i128::from(Span::days(30).micros());
        let size = (demand.usage * month).checked_div(demand.micros).unwrap_or(0);
        SizeClass(BOUNDS.partition_point(|bound| *bound <= size))
    }

    /// Its number, from 0.
    pub fn index(self) -> usize {
        self.0
    }

    /// The least size in the class, in dollars per 30 days.
    pub fn at_least(self) -> Quantity {
        Quantity::Usd(Total::from_nanos(self.0.checked_sub(1).map_or(0, |below| BOUNDS[below])))
    }

    /// The size that all in the class are below, in dollars per 30 days; `None` for the last.
    pub fn below(self) -> Option<Quantity> {
        BOUNDS.get(self.0).map(|bound| Quantity::Usd(Total::from_nanos(*bound)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_per_thirty_days() {
        let class = |cents: i128, days: i64| {
            let micros = Span::days(days).micros().into();
            let usage = cents * 10_000_000;
            SizeClass::of(&AccountDemand { usage, micros, ..AccountDemand::default() })
        };
        let bounds =
            |class: SizeClass| (class.at_least().to_string(), class.below().map(|below| below.to_string()));
        let text = |low: &str, high: &str| (low.to_owned(), Some(high.to_owned()));
        assert_eq!(bounds(class(9, 30)), text("0.00", "0.10"));
        assert_eq!(bounds(class(10, 30)), text("0.10", "0.30"));
        assert_eq!(bounds(class(10, 90)), text("0.00", "0.10"));
        assert_eq!(bounds(class(10, 1)), text("3.00", "10.00"));
        assert_eq!(bounds(class(1_000_000_000, 30)), ("300000.00".to_owned(), None));
        assert_eq!(class(0, 0), SizeClass(0));
    }

    #[test]
    fn classes_follow_one_another_without_a_gap() {
        let classes: Vec<SizeClass> = SizeClass::all().collect();
        for pair in classes.windows(2) {
            assert_eq!(pair[0].below(), Some(pair[1].at_least()));
        }
    }
}
