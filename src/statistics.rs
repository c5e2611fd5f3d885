//! Statistics over replications. Floats begin here.
//!
//! Transcendental functions come from [`libm`], so that a figure has the same bytes on every platform.

use std::cell::Cell;
use std::f64::consts::PI;

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
            (false, false) => 1.0 - student_t_within(self.mean.abs() / error, self.n - 1),
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

/// The moments of `values[i] - baseline[i]`. Where both met the same chance in replication i, their
/// [interval](Moments::interval) is narrower than those of the two means suggest.
///
/// Source: paired-t comparison with common random numbers; Law (2015), sections 10.2.1 and 11.2.
///
/// # Panics
/// If the two are not equally long.
pub fn paired_difference(values: &[f64], baseline: &[f64]) -> Moments {
    assert_eq!(values.len(), baseline.len(), "each value has its counterpart");
    Moments::of(values.iter().zip(baseline).map(|(value, base)| value - base))
}

/// The quantile of values in ascending order at a probability in 0..1, interpolated between the two nearest;
/// `None` where there are no values.
///
/// Source: definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages", The American
/// Statistician 50 (1996).
pub fn quantile(ascending: &[f64], probability: f64) -> Option<f64> {
    let position = probability.clamp(0.0, 1.0) * ascending.len().checked_sub(1)? as f64;
    let below = position.floor();
    let low = ascending[below as usize];
    let high = ascending[(below as usize + 1).min(ascending.len() - 1)];
    Some(low + (position - below) * (high - low))
}

/// The probability that Student's t, with so many degrees of freedom (at least 1), lies within -t..t, for t
/// >= 0.
///
/// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), equations 26.7.3 and 26.7.4.
fn student_t_within(t: f64, degrees: u64) -> f64 {
    let nu = degrees as f64;
    let sine = t / (nu + t * t).sqrt();
    let cosine_squared = nu / (nu + t * t);
    // 1 + (m/(m+1)) cos² + (m/(m+1)) ((m+2)/(m+3)) cos⁴ + ..., with m = 1 for even degrees and 2 for odd ones
    let series = |first: u64, terms: u64| {
        let (mut term, mut sum) = (1.0, 0.0);
        for k in 0..terms {
            sum += term;
            let m = (first + 2 * k) as f64;
            term *= m / (m + 1.0) * cosine_squared;
        }
        sum
    };
    if degrees.is_multiple_of(2) {
        sine * series(1, degrees / 2)
    } else {
        let angle = libm::atan(t / nu.sqrt());
        (angle + sine * cosine_squared.sqrt() * series(2, degrees / 2)) * 2.0 / PI
    }
}

/// Half the width of an interval from so many values (at least 2), in standard errors.
fn half_width_in_errors(n: u64) -> f64 {
    // All intervals of a run come from as many values, and there are tens of thousands of them.
    thread_local! { static LAST: Cell<(u64, f64)> = const { Cell::new((0, 0.0)) } }
    let (of, known) = LAST.get();
    if of == n {
        return known;
    }
    let quantile = student_t_quantile(CONFIDENCE, n - 1);
    LAST.set((n, quantile));
    quantile
}

/// The t within which Student's t, with so many degrees of freedom (at least 1), lies on both sides of 0 with
/// the given probability in 0..1.
fn student_t_quantile(probability: f64, degrees: u64) -> f64 {
    assert!(degrees > 0, "a single value has no spread");
    let nu = degrees as f64;
    let peak = libm::exp(libm::lgamma((nu + 1.0) / 2.0) - libm::lgamma(nu / 2.0)) / (nu * PI).sqrt();
    let mut t = 0.0;
    // The probability is concave in t, so Newton's steps from 0 only rise towards the root.
    loop {
        let slope = 2.0 * peak * libm::pow(1.0 + t * t / nu, -(nu + 1.0) / 2.0);
        let next = t + (probability - student_t_within(t, degrees)) / slope;
        if next <= t * (1.0 + 4.0 * f64::EPSILON) {
            return t;
        }
        t = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
    }

    /// Source: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, and, to more digits, t =
    /// tan(0.475 π) for one degree of freedom and 0.95 √(2 / (1 - 0.95²)) for two.
    #[test]
    fn quantiles_of_student_t_are_those_of_the_tables() {
        for (degrees, t) in [(3, 3.182), (4, 2.776), (9, 2.262), (19, 2.093), (30, 2.042), (100, 1.984)] {
            assert_near(student_t_quantile(0.95, degrees), t, 0.0005);
        }
        assert_near(student_t_quantile(0.95, 1), 12.706_204_736_174_7, 1e-10);
        assert_near(student_t_quantile(0.95, 2), 0.95 * (2.0_f64 / (1.0 - 0.95 * 0.95)).sqrt(), 1e-12);
        assert_near(student_t_quantile(0.99, 10), 3.169, 0.0005);
        // The normal quantile plus (z³ + z) / (4 ν): Abramowitz and Stegun 26.7.5.
        assert_near(student_t_quantile(0.95, 1_000_000), 1.959_963_984_540 + 2.372e-6, 1e-9);
    }

    #[test]
    fn the_quantile_inverts_the_probability_for_odd_and_even_degrees() {
        for degrees in 1..200 {
            assert_near(student_t_within(student_t_quantile(0.9, degrees), degrees), 0.9, 1e-13);
        }
    }

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
            assert_near(width(n), student_t_quantile(CONFIDENCE, u64::from(n) - 1), 1e-12);
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

    /// Source: "Student", "The probable error of a mean", Biometrika 6 (1908): the sleep data (t = 4.06, 9
    /// degrees of freedom; p = 0.00283 two-sided).
    #[test]
    fn a_paired_difference_is_tested_as_student_did() {
        let laevo = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let dextro = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let difference = paired_difference(&laevo, &dextro);
        assert_near(difference.mean, 1.58, 1e-12);
        assert_near(difference.p_value().unwrap(), 0.002_832_89, 1e-8);
        let Interval { low, high } = difference.interval().unwrap();
        assert_near(low, 0.700_114_2, 1e-7);
        assert_near(high, 2.459_885_8, 1e-7);
    }

    #[test]
    fn a_difference_without_spread_is_certain_and_no_difference_is_none() {
        assert_eq!(paired_difference(&[3.0, 4.0], &[1.0, 2.0]).p_value(), Some(0.0));
        assert_eq!(paired_difference(&[3.0, 4.0], &[3.0, 4.0]).p_value(), Some(1.0));
    }

    #[test]
    fn quantiles_interpolate_between_the_nearest_values() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (probability, expected) in [(0.0, 1.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert_near(quantile(&values, probability).unwrap(), expected, 1e-12);
        }
        assert_eq!(quantile(&[7.0], 0.3), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
