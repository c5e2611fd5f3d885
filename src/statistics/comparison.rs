//! One policy against another, over the same replications.

use super::{Moments, ROUNDING, linearised};

/// The moments of `values[i] - baseline[i]`. Where both met the same chance in replication i, their
/// [interval](Moments::interval) is narrower than those of the two means suggest.
///
/// Source: paired-t comparison with common random numbers; Law (2015), sections 10.2.1 and 11.2.
///
/// # Panics
/// If the two are not equally long.
pub fn paired_difference(values: &[f64], baseline: &[f64]) -> Moments {
    assert_eq!(values.len(), baseline.len(), "each value has its counterpart");
    let mut difference = Moments::of(values.iter().zip(baseline).map(|(value, base)| value - base));
    let largest = values.iter().chain(baseline).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let rounding = ROUNDING * largest;
    if difference.sum_of_squares <= difference.n as f64 * rounding * rounding {
        difference.sum_of_squares = 0.0;
        if difference.mean.abs() <= rounding {
            difference.mean = 0.0;
        }
    }
    difference
}

/// How the values of a measure compare with those of a baseline in the same replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The differences, taken within replications.
    pub difference: Moments,
    /// The ratio of the two means less 1 (0.123 for 12.3 % more); `None` unless the baseline's mean is above 0
    /// with its whole interval, for else the ratio means nothing.
    pub relative: Option<Moments>,
    /// How many times wider the difference's interval would be if both had been simulated with independent
    /// seeds, by their standard deviations: below 1 where pairing makes it wider. `None` without spread.
    pub pairing: Option<f64>,
}

/// Compares values with those of a baseline in the same replications.
///
/// Source: for `pairing`, that variances of independent values add up: √((s_a² + s_b²) / s_d²); Law (2015),
/// section 11.2. For `relative`, the [ratio estimator](linearised).
///
/// # Panics
/// If the two are not equally long.
pub fn compare(values: &[f64], baseline: &[f64]) -> Comparison {
    let difference = paired_difference(values, baseline);
    let [of_values, of_baseline] = [values, baseline].map(|sample| Moments::of(sample.iter().copied()));
    let is_positive = of_baseline.interval().is_some_and(|interval| interval.low > 0.0);
    let relative = is_positive.then(|| {
        let pairs: Vec<(f64, f64)> = values.iter().copied().zip(baseline.iter().copied()).collect();
        Moments::of(linearised(&pairs, 1.0).into_iter().map(|ratio| ratio - 1.0))
    });
    let unpaired = of_values.sum_of_squares + of_baseline.sum_of_squares;
    let paired = difference.sum_of_squares;
    let pairing = (paired > 0.0 && unpaired > 0.0).then(|| (unpaired / paired).sqrt());
    Comparison { difference, relative, pairing }
}

/// The [adjusted](holm) p-value below which a difference is called real.
pub const SIGNIFICANCE: f64 = 0.05;

/// P-values adjusted for being several: calling real what is then below a level is wrong anywhere among them
/// with at most that probability, however they depend on each other. Each is at least the p-value it adjusts
/// and at most 1, in the order given.
///
/// Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
/// Statistics 6 (1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut ascending: Vec<usize> = (0..p_values.len()).collect();
    ascending.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut highest = 0.0_f64;
    for (rank, index) in ascending.into_iter().enumerate() {
        let hypotheses_left = (p_values.len() - rank) as f64;
        highest = highest.max(hypotheses_left * p_values[index]).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Interval, assert_near};

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
    fn what_floats_leave_of_a_constant_difference_is_no_spread() {
        let baseline: Vec<f64> = (1..20).map(|i| f64::from(i) * 0.1).collect();
        let above: Vec<f64> = baseline.iter().map(|value| value + 0.3).collect();
        let comparison = compare(&above, &baseline);
        assert_near(comparison.difference.mean, 0.3, 1e-15);
        assert_eq!(comparison.difference.sum_of_squares, 0.0);
        assert_eq!(comparison.pairing, None);
        let same: Vec<f64> = above.iter().map(|value| value - 0.3).collect();
        assert_ne!(same, baseline);
        assert_eq!(paired_difference(&same, &baseline).p_value(), Some(1.0));
    }

    #[test]
    fn a_difference_far_smaller_than_its_parts_is_still_one() {
        let baseline = [1e9, 2e9, 4e9];
        let difference = paired_difference(&baseline.map(|value| value + 0.01), &baseline);
        assert_near(difference.mean, 0.01, 1e-6);
        assert_eq!(difference.p_value(), Some(0.0));
    }

    /// Two that rise together by 2 and 1 a step: deviations -2, 0, 2 and -1, 0, 1, differences -1, 0, 1.
    #[test]
    fn pairing_narrows_by_what_both_have_in_common() {
        let comparison = compare(&[10.0, 12.0, 14.0], &[7.0, 8.0, 9.0]);
        assert_eq!((comparison.difference.mean, comparison.difference.sum_of_squares), (4.0, 2.0));
        assert_near(comparison.pairing.unwrap(), (10.0_f64 / 2.0).sqrt(), 1e-15);
        let opposed = compare(&[14.0, 12.0, 10.0], &[7.0, 8.0, 9.0]);
        assert_near(opposed.pairing.unwrap(), (10.0_f64 / 18.0).sqrt(), 1e-15);
    }

    #[test]
    fn without_spread_pairing_narrows_nothing() {
        assert_eq!(compare(&[3.0, 4.0], &[1.0, 2.0]).pairing, None);
        assert_eq!(compare(&[3.0, 3.0], &[1.0, 1.0]).pairing, None);
        assert_eq!(compare(&[3.0], &[1.0]).pairing, None);
    }

    /// Ratio 36/24; residuals -1/2, 0, 1/2 by the baseline's mean 8.
    #[test]
    fn a_relative_difference_is_the_ratio_of_the_means_less_one() {
        let relative = compare(&[10.0, 12.0, 14.0], &[7.0, 8.0, 9.0]).relative.unwrap();
        assert_eq!((relative.n, relative.mean), (3, 0.5));
        assert_near(relative.sum_of_squares, 0.5 / 64.0, 1e-15);
        assert_eq!(compare(&[2.0, 2.0], &[1.0, 1.0]).relative, Some(Moments::of([1.0, 1.0])));
    }

    #[test]
    fn there_is_no_relative_difference_from_what_may_be_zero() {
        for baseline in [[0.0, 0.0, 0.0], [-1.0, -1.0, -1.1], [0.1, 5.0, 0.2]] {
            assert_eq!(compare(&[1.0, 2.0, 3.0], &baseline).relative, None);
        }
        assert_eq!(compare(&[1.0], &[1.0]).relative, None, "one replication makes nothing sure");
    }

    /// By hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 1 x 0.04, which is raised to the one before it.
    #[test]
    fn p_values_are_adjusted_as_holm_does() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (value, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert_near(*value, expected, 1e-15);
        }
    }

    #[test]
    fn adjusted_p_values_are_equal_for_ties_and_at_most_one() {
        assert_eq!(holm(&[0.02, 0.02]), [0.04, 0.04]);
        assert_eq!(holm(&[0.6, 0.5, 1.0]), [1.0, 1.0, 1.0]);
        assert_eq!(holm(&[0.03]), [0.03]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
