//! Mean, spread, and the interval of the mean.

use super::student;
use std::cell::Cell;

/// The confidence level of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// Mean and variance, gathered one value at a time (Welford's method).
///
/// Source: Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics
/// 4 (1962).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many values.
    pub n: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of squared deviations from it.
    pub sum_of_squares: f64,
}

impl Moments {
    /// The moments of some values, taken in in their order.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Moments {
        let mut moments = Moments::default();
        for value in values {
            moments.add(value);
        }
        moments
    }

    /// Takes in a value.
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let deviation = value - self.mean;
        self.mean += deviation / self.n as f64;
        self.sum_of_squares += deviation * (value - self.mean);
    }

    /// The sample standard deviation (divisor n - 1); `None` for fewer than two values.
    pub fn standard_deviation(&self) -> Option<f64> {
        (self.n >= 2).then(|| (self.sum_of_squares / (self.n - 1) as f64).sqrt())
    }

    /// The interval that holds the true mean with probability [`CONFIDENCE`], if the values are independent
    /// and about normal; `None` for fewer than two values. It may leave the range of what is measured, as
    /// below 0 for a share.
    ///
    /// Source: mean ± t s / √n; Law, "Simulation Modeling and Analysis" (5th edition, 2015), equation 4.12.
    pub fn interval(&self) -> Option<Interval> {
        let error = self.standard_error()?;
        let half_width = half_width_in_errors(self.n) * error;
        Some(Interval { low: self.mean - half_width, high: self.mean + half_width })
    }

    /// The probability of a mean at least this far from 0, on either side, if the true mean is 0 (one-sample
    /// t test); `None` for fewer than two values.
    pub fn p_value(&self) -> Option<f64> {
        let error = self.standard_error()?;
        Some(match (self.mean == 0.0, error == 0.0) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            (false, false) => student::beyond(self.mean.abs() / error, self.n - 1),
        })
    }

    fn standard_error(&self) -> Option<f64> {
        Some(self.standard_deviation()? / (self.n as f64).sqrt())
    }
}

/// An interval of confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Half the width of an interval from so many values (at least 2), in standard errors.
fn half_width_in_errors(n: u64) -> f64 {
    // All intervals of a run come from as many values, and there are tens of thousands of them.
    thread_local! { static LAST: Cell<(u64, f64)> = const { Cell::new((0, 0.0)) } }
    let (of, known) = LAST.get();
    if of == n {
        return known;
    }
    let quantile = student::quantile(CONFIDENCE, n - 1);
    LAST.set((n, quantile));
    quantile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::assert_near;

    #[test]
    fn moments_are_those_of_the_textbook() {
        let moments = Moments::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((moments.n, moments.mean), (8, 5.0));
        assert_near(moments.standard_deviation().unwrap(), (32.0_f64 / 7.0).sqrt(), 1e-15);
        let Interval { low, high } = moments.interval().unwrap();
        assert_near(low, 5.0 - 2.364_624_251_592_785 * (4.0_f64 / 7.0).sqrt(), 1e-12);
        assert_near(high, 5.0 + 2.364_624_251_592_785 * (4.0_f64 / 7.0).sqrt(), 1e-12);
    }

    #[test]
    fn an_interval_depends_on_its_own_number_of_values() {
        let width = |n: u32| {
            let Interval { low, high } = Moments::of((0..n).map(f64::from)).interval().unwrap();
            (high - low) / 2.0 / Moments::of((0..n).map(f64::from)).standard_error().unwrap()
        };
        for n in [5, 10, 10, 5] {
            assert_near(width(n), student::quantile(CONFIDENCE, u64::from(n) - 1), 1e-12);
        }
    }

    #[test]
    fn one_value_has_no_spread() {
        for moments in [Moments::default(), Moments::of([3.0])] {
            assert_eq!(moments.standard_deviation(), None);
            assert_eq!(moments.interval(), None);
            assert_eq!(moments.p_value(), None);
        }
    }

    #[test]
    fn equal_values_have_an_interval_without_width() {
        let moments = Moments::of([0.1; 7]);
        assert_eq!(moments.interval(), Some(Interval { low: 0.1, high: 0.1 }));
    }
}
