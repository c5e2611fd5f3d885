//! Ratios of sums, such as lost requests by requests: shares by the ratio estimator.

use super::{Moments, ROUNDING};

/// Values, one for each replication's (numerator, denominator), that stand for the ratio of the sums R: their
/// mean is R, and their spread is that of R, so that [intervals](Moments::interval) and [paired
/// differences](super::paired_difference) follow as for any other measure. All are `otherwise` where all
/// denominators are 0. Denominators are at least 0.
///
/// The mean of the replications' own ratios would tend to something else: to what a replication shows on
/// average, where a small one counts as much as a large one. R tends to the ratio of the expectations.
///
/// Source: the ratio estimator and its variance by linearisation, R + (n - R d) / mean d; Cochran, "Sampling
/// Techniques" (3rd edition, 1977), chapter 6; Law, "Simulation Modeling and Analysis" (5th
/// edition, 2015), section 9.5.3, where the ratios are those of regenerative cycles.
pub fn linearised(pairs: &[(f64, f64)], otherwise: f64) -> Vec<f64> {
    let (numerators, denominators) =
        pairs.iter().fold((0.0, 0.0), |(numerators, denominators), (numerator, denominator)| {
            (numerators + numerator, denominators + denominator)
        });
    if denominators == 0.0 {
        return vec![otherwise; pairs.len()];
    }
    let ratio = numerators / denominators;
    let mean = denominators / pairs.len() as f64;
    let residual = |(numerator, denominator): &(f64, f64)| {
        let residual = numerator - ratio * denominator;
        if residual.abs() > ROUNDING * numerator.abs() { residual } else { 0.0 }
    };
    pairs.iter().map(|pair| ratio + residual(pair) / mean).collect()
}

/// The [moments](Moments) of the [linearised] values, gathered one pair at a time (Welford's method for two
/// variables).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RatioMoments {
    numerators: Moments,
    denominators: Moments,
    /// The sum of the products of both deviations from the mean.
    sum_of_products: f64,
}

impl RatioMoments {
    /// Takes in a replication's numerator and denominator, the latter at least 0.
    pub fn add(&mut self, numerator: f64, denominator: f64) {
        let deviation = numerator - self.numerators.mean;
        self.numerators.add(numerator);
        self.denominators.add(denominator);
        self.sum_of_products += deviation * (denominator - self.denominators.mean);
    }

    /// The moments so far, of values that are all `otherwise` where all denominators are 0.
    pub fn moments(&self, otherwise: f64) -> Moments {
        let RatioMoments { numerators, denominators, sum_of_products } = self;
        let n = numerators.n;
        if denominators.mean == 0.0 {
            return Moments { n, mean: if n == 0 { 0.0 } else { otherwise }, sum_of_squares: 0.0 };
        }
        let ratio = numerators.mean / denominators.mean;
        let residuals = numerators.sum_of_squares - 2.0 * ratio * sum_of_products
            + ratio * ratio * denominators.sum_of_squares;
        let scale = denominators.mean * denominators.mean;
        let is_spread = residuals > ROUNDING * numerators.sum_of_squares;
        let sum_of_squares = if is_spread { residuals / scale } else { 0.0 };
        Moments { n, mean: ratio, sum_of_squares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::assert_near;

    fn gathered(pairs: &[(f64, f64)]) -> RatioMoments {
        let mut gathered = RatioMoments::default();
        for (numerator, denominator) in pairs {
            gathered.add(*numerator, *denominator);
        }
        gathered
    }

    /// R = 6/8; residuals n - R d of -1/2, -1/4, 3/4; their variance by mean d² (8/3)² and by n.
    #[test]
    fn a_ratio_of_sums_has_the_spread_of_its_residuals() {
        let pairs = [(1.0, 2.0), (2.0, 3.0), (3.0, 3.0)];
        assert_eq!(linearised(&pairs, 1.0), [0.5625, 0.65625, 1.03125]);
        for moments in [Moments::of(linearised(&pairs, 1.0)), gathered(&pairs).moments(1.0)] {
            assert_eq!((moments.n, moments.mean), (3, 0.75));
            assert_near(moments.sum_of_squares, (0.25 + 0.0625 + 0.5625) * 9.0 / 64.0, 1e-15);
        }
    }

    #[test]
    fn gathering_one_pair_at_a_time_gives_the_same() {
        let pairs: Vec<(f64, f64)> =
            (0..40).map(|i| (f64::from(i * 7919 % 101), 1e6 + f64::from(i * 104_729 % 997))).collect();
        for n in 1..pairs.len() {
            let listed = Moments::of(linearised(&pairs[..n], 0.0));
            let streamed = gathered(&pairs[..n]).moments(0.0);
            assert_eq!(streamed.n, listed.n);
            assert_near(streamed.mean, listed.mean, 1e-12 * listed.mean);
            assert_near(streamed.sum_of_squares, listed.sum_of_squares, 1e-12 * listed.sum_of_squares);
        }
    }

    #[test]
    fn a_constant_ratio_has_no_spread_though_its_parts_have() {
        for ratio in [0.0, 1.0, 0.1, 1.0 / 3.0, 7.3] {
            let pairs: Vec<(f64, f64)> = (1..30).map(f64::from).map(|d| (ratio * d * d, d * d)).collect();
            let moments = gathered(&pairs).moments(1.0);
            assert_near(moments.mean, ratio, 1e-15 * ratio);
            assert_eq!(moments.sum_of_squares, 0.0);
            assert_eq!(Moments::of(linearised(&pairs, 1.0)).sum_of_squares, 0.0);
        }
    }

    #[test]
    fn a_replication_without_a_denominator_takes_part() {
        let pairs = [(0.0, 0.0), (1.0, 4.0)];
        assert_eq!(linearised(&pairs, 1.0), [0.25, 0.25]);
        assert_eq!(gathered(&pairs).moments(1.0).mean, 0.25);
    }

    #[test]
    fn without_denominators_a_ratio_is_what_it_is_said_to_be() {
        let pairs = [(0.0, 0.0); 3];
        assert_eq!(linearised(&pairs, 1.0), [1.0; 3]);
        assert_eq!(gathered(&pairs).moments(1.0), Moments::of([1.0; 3]));
        assert_eq!(linearised(&[], 1.0), [0.0; 0]);
        assert_eq!(gathered(&[]).moments(1.0), Moments::default());
    }
}
