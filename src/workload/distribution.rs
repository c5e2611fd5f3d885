//! Distributions of token counts, durations, shares and factors.

use super::special::{beta_i, gamma_p};
use crate::rng::Draws;
use libm::{cos, erfc, exp, expm1, log, log1p, pow};
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// A distribution of numbers, in the unit of whatever it describes (durations in microseconds).
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// What it is before clamping.
    pub shape: Shape,
    /// Lower values are raised to this.
    pub min: Option<f64>,
    /// Higher values are lowered to this.
    pub max: Option<f64>,
}

/// The family of a distribution, with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Always the same value.
    Constant(f64),
    /// Even between two values.
    Uniform {
        /// The lower end.
        min: f64,
        /// The upper end; not below the lower.
        max: f64,
    },
    /// Exponential.
    Exponential {
        /// Its mean; positive.
        mean: f64,
    },
    /// The exponential of a normal: `exp(mu + sigma z)`.
    Lognormal {
        /// The mean of the logarithm.
        mu: f64,
        /// The standard deviation of the logarithm; positive.
        sigma: f64,
    },
    /// Gamma, of mean shape times scale.
    Gamma {
        /// The shape; positive.
        shape: f64,
        /// The scale; positive.
        scale: f64,
    },
    /// Beta on 0..1.
    Beta {
        /// The weight towards 1; positive.
        a: f64,
        /// The weight towards 0; positive.
        b: f64,
    },
    /// Pareto: survival (min / x)^alpha from `min` on.
    Pareto {
        /// The least value; positive.
        min: f64,
        /// The tail index; positive.
        alpha: f64,
    },
    /// Exactly these values, each with its weight (not all zero, not scaled), ascending.
    Empirical {
        /// The values.
        values: Vec<f64>,
        /// As many weights, none negative.
        weights: Vec<f64>,
    },
}

impl From<Shape> for Distribution {
    fn from(shape: Shape) -> Distribution {
        Distribution { shape, min: None, max: None }
    }
}

impl Distribution {
    /// Always the same value.
    pub const fn constant(value: f64) -> Distribution {
        Distribution { shape: Shape::Constant(value), min: None, max: None }
    }

    /// Even between two values, the first not above the second.
    pub fn uniform(min: f64, max: f64) -> Distribution {
        Shape::Uniform { min, max }.into()
    }

    /// Exponential with a positive mean.
    pub fn exponential(mean: f64) -> Distribution {
        Shape::Exponential { mean }.into()
    }

    /// Lognormal by its median (positive) and the standard deviation of its logarithm; constant where that is
    /// 0.
    pub fn lognormal_median(median: f64, sigma: f64) -> Distribution {
        if sigma == 0.0 {
            return Distribution::constant(median);
        }
        Shape::Lognormal { mu: log(median), sigma }.into()
    }

    /// Lognormal by its mean (positive) and its coefficient of variation; constant where that is 0.
    pub fn lognormal_mean(mean: f64, cv: f64) -> Distribution {
        if cv == 0.0 {
            return Distribution::constant(mean);
        }
        let variance = log1p(cv * cv);
        Shape::Lognormal { mu: log(mean) - variance / 2.0, sigma: variance.sqrt() }.into()
    }

    /// Gamma by its mean (positive) and its coefficient of variation; constant where that is 0.
    pub fn gamma(mean: f64, cv: f64) -> Distribution {
        if cv == 0.0 {
            return Distribution::constant(mean);
        }
        let shape = 1.0 / (cv * cv);
        Shape::Gamma { shape, scale: mean / shape }.into()
    }

    /// Beta on 0..1, of mean a / (a + b); both positive.
    pub fn beta(a: f64, b: f64) -> Distribution {
        Shape::Beta { a, b }.into()
    }

    /// Pareto by its least value and its tail index, both positive.
    pub fn pareto(min: f64, alpha: f64) -> Distribution {
        Shape::Pareto { min, alpha }.into()
    }

    /// Exactly these values, in any order, with weights that are neither negative nor all zero.
    pub fn empirical(mut weighted: Vec<(f64, f64)>) -> Distribution {
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (values, weights) = weighted.into_iter().unzip();
        Shape::Empirical { values, weights }.into()
    }

    /// The same with what it gives kept within bounds, the lower not above the upper.
    #[must_use]
    pub fn clamped(self, min: Option<f64>, max: Option<f64>) -> Distribution {
        Distribution { min, max, ..self }
    }

    /// Draws a value.
    pub fn sample(&self, draws: &mut Draws) -> f64 {
        self.clamp(self.shape.sample(draws))
    }

    /// The mean of what is drawn, clamps included; infinite for a heavy tail that nothing clamps.
    pub fn mean(&self) -> f64 {
        let (low, high) = self.bounds();
        if let Shape::Constant(value) = self.shape {
            return self.clamp(value);
        }
        // What is below the lower bound counts as the bound, and likewise above.
        let below = if low > f64::NEG_INFINITY { low * self.shape.cdf(low) } else { 0.0 };
        let above = if high < f64::INFINITY { high * (1.0 - self.shape.cdf(high)) } else { 0.0 };
        below + (self.shape.partial_mean(high) - self.shape.partial_mean(low)) + above
    }

    /// The mean of what is drawn times a lognormal factor of median 1, with the clamps applied only then.
    pub fn mean_with_factor(&self, sigma: f64) -> f64 {
        /// From here on the density of a standard normal counts for nothing.
        const FAR: f64 = 9.0;
        const STEPS: i32 = 64;
        if sigma == 0.0 || (self.min, self.max) == (None, None) {
            return self.mean() * exp(sigma * sigma / 2.0);
        }
        match self.shape {
            Shape::Constant(value) if value > 0.0 => {
                Distribution::lognormal_median(value, sigma).clamped(self.min, self.max).mean()
            }
            Shape::Lognormal { mu, sigma: own } => {
                let shape = Shape::Lognormal { mu, sigma: own.hypot(sigma) };
                Distribution { shape, ..self.clone() }.mean()
            }
            // The trapezoidal rule over the normal in the factor, whose mean comes from around `sigma`.
            _ => {
                let places = (-FAR * f64::from(STEPS)) as i32..=((FAR + sigma) * f64::from(STEPS)) as i32;
                let parts = places.map(|place| {
                    let z = f64::from(place) / f64::from(STEPS);
                    let factor = exp(sigma * z);
                    let [min, max] = [self.min, self.max].map(|bound| bound.map(|bound| bound / factor));
                    exp(-z * z / 2.0) * factor * self.clone().clamped(min, max).mean()
                });
                parts.sum::<f64>() / (f64::from(STEPS) * TAU.sqrt())
            }
        }
    }

    /// The probability that what is drawn, clamps included, is at most `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        let (low, high) = self.bounds();
        if x < low {
            0.0
        } else if x >= high {
            1.0
        } else {
            self.shape.cdf(x)
        }
    }

    /// The limited expected value: the mean of what is drawn, or of a limit where that is less.
    pub fn mean_up_to(&self, limit: f64) -> f64 {
        let (low, high) = self.bounds();
        if limit <= low { limit } else { self.clone().clamped(self.min, Some(limit.min(high))).mean() }
    }

    /// The bounds of what is drawn, infinite where there are none.
    pub(super) fn bounds(&self) -> (f64, f64) {
        (self.min.unwrap_or(f64::NEG_INFINITY), self.max.unwrap_or(f64::INFINITY))
    }

    fn clamp(&self, value: f64) -> f64 {
        let (low, high) = self.bounds();
        value.max(low).min(high)
    }
}

impl Shape {
    fn sample(&self, draws: &mut Draws) -> f64 {
        match *self {
            Shape::Constant(value) => value,
            Shape::Uniform { min, max } => min + (max - min) * draws.unit(),
            Shape::Exponential { mean } => -mean * log(draws.unit()),
            Shape::Lognormal { mu, sigma } => exp(mu + sigma * standard_normal(draws)),
            Shape::Gamma { shape, scale } if shape >= 1.0 => scale * standard_gamma(shape, draws),
            Shape::Gamma { shape, scale } => {
                scale * standard_gamma(shape + 1.0, draws) * pow(draws.unit(), 1.0 / shape)
            }
            // The share of one gamma in the sum of two, each of them a gamma of a higher shape times a power
            // of a uniform as above, by their logarithms: the gammas themselves may be too small for a float.
            Shape::Beta { a, b } => {
                let mut log_gamma =
                    |shape: f64| log(standard_gamma(shape + 1.0, draws)) + log(draws.unit()) / shape;
                let (x, y) = (log_gamma(a), log_gamma(b));
                1.0 / (1.0 + exp(y - x))
            }
            Shape::Pareto { min, alpha } => min * pow(draws.unit(), -1.0 / alpha),
            Shape::Empirical { ref values, ref weights } => {
                let mut left = draws.unit() * weights.iter().sum::<f64>();
                let place = weights.iter().position(|weight| {
                    left -= weight;
                    left < 0.0
                });
                // Rounding may leave a rest beyond the last weight.
                let last = || weights.iter().rposition(|weight| *weight > 0.0);
                values[place.or_else(last).expect("an empirical distribution has a positive weight")]
            }
        }
    }

    /// The probability of a value of at most `x`.
    fn cdf(&self, x: f64) -> f64 {
        match *self {
            Shape::Constant(value) => f64::from(x >= value),
            Shape::Uniform { min, max } if x < max => ((x - min) / (max - min)).max(0.0),
            Shape::Uniform { .. } => 1.0,
            Shape::Exponential { mean } => -expm1(-x.max(0.0) / mean),
            Shape::Lognormal { mu, sigma } => normal_cdf((log(x.max(0.0)) - mu) / sigma),
            Shape::Gamma { shape, scale } => gamma_p(shape, x / scale),
            Shape::Beta { a, b } => beta_i(a, b, x),
            Shape::Pareto { min, alpha } => 1.0 - pow(min / x.max(min), alpha),
            Shape::Empirical { ref values, ref weights } => {
                let until = values.partition_point(|value| *value <= x);
                weights[..until].iter().sum::<f64>() / weights.iter().sum::<f64>()
            }
        }
    }

    /// The partial expectation: the mean of the value where it is at most `x`, and of zero elsewhere.
    ///
    /// Source: Klugman, Panjer, Willmot, "Loss Models", appendix A (limited expected values).
    fn partial_mean(&self, x: f64) -> f64 {
        match *self {
            Shape::Constant(value) => {
                if x >= value {
                    value
                } else {
                    0.0
                }
            }
            Shape::Uniform { min, max } => {
                let until = x.clamp(min, max);
                self.cdf(x) * (min + until) / 2.0
            }
            Shape::Exponential { mean } => {
                let ratio = x.max(0.0) / mean;
                // The limit for the whole is taken apart: infinity times zero is no number.
                if ratio == f64::INFINITY { mean } else { mean * (-expm1(-ratio) - ratio * exp(-ratio)) }
            }
            Shape::Lognormal { mu, sigma } => {
                exp(mu + sigma * sigma / 2.0) * normal_cdf((log(x.max(0.0)) - mu) / sigma - sigma)
            }
            Shape::Gamma { shape, scale } => shape * scale * gamma_p(shape + 1.0, x / scale),
            Shape::Beta { a, b } => a / (a + b) * beta_i(a + 1.0, b, x),
            Shape::Pareto { min, alpha } => {
                let ratio = x.max(min) / min;
                if alpha == 1.0 {
                    min * log(ratio)
                } else {
                    alpha * min / (alpha - 1.0) * (1.0 - pow(ratio, 1.0 - alpha))
                }
            }
            Shape::Empirical { ref values, ref weights } => {
                let until = values.partition_point(|value| *value <= x);
                let sum: f64 =
                    values[..until].iter().zip(weights).map(|(value, weight)| value * weight).sum();
                sum / weights.iter().sum::<f64>()
            }
        }
    }
}

/// A standard normal.
///
/// Source: Box and Muller, "A note on the generation of random normal deviates", Annals of Mathematical
/// Statistics 29 (1958).
pub(super) fn standard_normal(draws: &mut Draws) -> f64 {
    (-2.0 * log(draws.unit())).sqrt() * cos(TAU * draws.unit())
}

/// The standard normal distribution function.
fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * FRAC_1_SQRT_2)
}

/// A gamma of scale 1 and a shape of at least 1.
///
/// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM Transactions on
/// Mathematical Software 26 (2000).
fn standard_gamma(shape: f64, draws: &mut Draws) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let z = standard_normal(draws);
        let root = 1.0 + c * z;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let unit = draws.unit();
        let squeeze = 1.0 - 0.0331 * (z * z) * (z * z);
        if unit < squeeze || log(unit) < 0.5 * z * z + d * (1.0 - v + log(v)) {
            return d * v;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rng::{CohortStreams, Purpose};

    /// Kolmogorov's statistic of a sample, times the root of its size; above 2.3 once in 50,000 times.
    pub(in crate::workload) fn kolmogorov(mut sample: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        sample.sort_by(f64::total_cmp);
        let size = sample.len() as f64;
        let mut distance: f64 = 0.0;
        for (index, value) in sample.iter().enumerate() {
            // Of equal values the last: an atom counts as a whole.
            if sample.get(index + 1) != Some(value) {
                distance = distance.max(((index + 1) as f64 / size - cdf(*value)).abs());
            }
        }
        distance * size.sqrt()
    }

    /// One of each family, with its mean and variance.
    pub(in crate::workload) fn families() -> Vec<(Distribution, f64, f64)> {
        let beta = |a: f64, b: f64| (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0)));
        let empirical = vec![(7.0, 0.0), (5.0, 3.0), (1.0, 1.0), (9.0, 0.0), (2.0, 4.0), (8.0, 0.0)];
        vec![
            (Distribution::constant(42.0), 42.0, 0.0),
            (Distribution::uniform(-1.0, 3.0), 1.0, 16.0 / 12.0),
            (Distribution::exponential(250.0), 250.0, 62_500.0),
            (
                Distribution::lognormal_median(600.0, 0.8),
                600.0 * exp(0.32),
                600.0 * 600.0 * exp(0.64) * (exp(0.64) - 1.0),
            ),
            (Distribution::lognormal_mean(1.0, 0.5), 1.0, 0.25),
            (Distribution::gamma(3.0, 0.4), 3.0, 1.44),
            (Distribution::gamma(1.0, 2.0), 1.0, 4.0),
            (Distribution::beta(2.0, 5.0), beta(2.0, 5.0).0, beta(2.0, 5.0).1),
            (Distribution::beta(0.01, 0.03), beta(0.01, 0.03).0, beta(0.01, 0.03).1),
            (Distribution::pareto(10.0, 6.0), 12.0, 100.0 * 6.0 / (25.0 * 4.0)),
            (Distribution::empirical(empirical), 3.0, 2.5),
        ]
    }

    fn samples(distribution: &Distribution, count: u32) -> Vec<f64> {
        let streams = CohortStreams::new(3, 0, "distribution").account(0);
        (0..count).map(|n| distribution.sample(&mut streams.draws(Purpose::Prompt, n))).collect()
    }

    fn mean_of(sample: &[f64]) -> f64 {
        sample.iter().sum::<f64>() / sample.len() as f64
    }

    #[test]
    fn each_family_follows_its_distribution_function() {
        for (distribution, ..) in families() {
            let distance = kolmogorov(samples(&distribution, 200_000), |x| distribution.cdf(x));
            assert!(distance < 2.3, "{distribution:?}: {distance}");
        }
    }

    #[test]
    fn each_family_has_the_mean_and_variance_of_its_formula() {
        for (distribution, mean, variance) in families() {
            let near = (distribution.mean() - mean).abs() <= 1e-12 * mean.abs();
            assert!(near, "{distribution:?}: {} for {mean}", distribution.mean());
            let sample = samples(&distribution, 200_000);
            let error = (mean_of(&sample) - mean).abs();
            assert!(error <= 4.0 * (variance / 200_000.0).sqrt(), "{distribution:?}: {error}");
            let squares: Vec<f64> = sample.iter().map(|x| (x - mean) * (x - mean)).collect();
            let fourths: Vec<f64> = squares.iter().map(|x| (x - variance) * (x - variance)).collect();
            let error = (mean_of(&squares) - variance).abs();
            assert!(error <= 4.0 * (mean_of(&fourths) / 200_000.0).sqrt(), "{distribution:?}: {error}");
        }
    }

    #[test]
    fn clamps_move_what_is_beyond_them_to_the_bound_and_the_mean_with_it() {
        for (distribution, mean, _) in families() {
            for (low, high) in
                [(Some(0.7 * mean), None), (None, Some(1.2 * mean)), (Some(0.5 * mean), Some(mean))]
            {
                let clamped = distribution.clone().clamped(low, high);
                let sample = samples(&clamped, 200_000);
                assert!(sample.iter().all(|x| low.is_none_or(|low| *x >= low)));
                assert!(sample.iter().all(|x| high.is_none_or(|high| *x <= high)));
                let squares: f64 = sample.iter().map(|x| x * x).sum::<f64>() / 200_000.0;
                let error = ((squares - mean_of(&sample).powi(2)).max(0.0) / 200_000.0).sqrt();
                let off = (clamped.mean() - mean_of(&sample)).abs();
                assert!(off <= 4.5 * error + 1e-12 * mean, "{clamped:?}: {} off by {off}", clamped.mean());
                let distance = kolmogorov(sample, |x| clamped.cdf(x));
                assert!(distance < 2.3, "{clamped:?}: {distance}");
            }
        }
    }

    #[test]
    fn a_clamped_mean_is_exact_where_it_can_be_known() {
        let uniform = Distribution::uniform(0.0, 10.0).clamped(Some(2.0), Some(4.0));
        assert_eq!(uniform.mean(), 0.2 * 2.0 + 0.2 * 3.0 + 0.6 * 4.0);
        let exponential = Distribution::exponential(5.0).clamped(None, Some(5.0));
        assert!((exponential.mean() - 5.0 * (1.0 - exp(-1.0))).abs() < 1e-12);
        assert_eq!(Distribution::pareto(1.0, 0.9).mean(), f64::INFINITY);
        assert_eq!(Distribution::pareto(1.0, 1.0).mean(), f64::INFINITY);
        assert!(
            (Distribution::pareto(1.0, 1.0).clamped(None, Some(10.0)).mean() - (1.0 + log(10.0))).abs()
                < 1e-12
        );
        assert_eq!(Distribution::constant(3.0).clamped(Some(5.0), None).mean(), 5.0);
    }

    #[test]
    fn a_factor_comes_before_the_clamps() {
        for (distribution, mean, _) in families().into_iter().filter(|(_, mean, _)| *mean > 0.5) {
            for (low, high) in [(None, None), (Some(0.5 * mean), None), (Some(0.3 * mean), Some(2.0 * mean))]
            {
                let clamped = distribution.clone().clamped(low, high);
                let sigma = 0.8;
                let factors = samples(&Distribution::lognormal_median(1.0, sigma), 200_000);
                let streams = CohortStreams::new(4, 0, "distribution").account(0);
                let sample: Vec<f64> = (0..)
                    .zip(factors)
                    .map(|(n, factor)| {
                        let drawn = distribution.sample(&mut streams.draws(Purpose::Output, n));
                        clamped.clamp(drawn * factor)
                    })
                    .collect();
                let expected = clamped.mean_with_factor(sigma);
                let squares: f64 = sample.iter().map(|x| x * x).sum::<f64>() / 200_000.0;
                let error = ((squares - mean_of(&sample).powi(2)).max(0.0) / 200_000.0).sqrt();
                let off = (expected - mean_of(&sample)).abs();
                assert!(off <= 4.5 * error + 1e-4 * mean, "{clamped:?}: {expected} off by {off}");
            }
            assert_eq!(distribution.mean_with_factor(0.0), distribution.mean());
        }
        // Far out to the right, where most of the factor's mean comes from.
        let unbounded = Distribution::gamma(5.0, 0.5).clamped(Some(0.0), None).mean_with_factor(6.0);
        assert!((unbounded / (5.0 * exp(18.0)) - 1.0).abs() < 1e-9, "{unbounded}");
    }

    #[test]
    fn no_variation_is_a_constant_exactly() {
        for distribution in [
            Distribution::lognormal_median(600.0, 0.0),
            Distribution::lognormal_mean(600.0, 0.0),
            Distribution::gamma(600.0, 0.0),
        ] {
            assert_eq!(distribution, Distribution::constant(600.0));
        }
    }

    #[test]
    fn what_has_no_weight_is_never_drawn() {
        let (distribution, ..) = families().pop().expect("the last family is empirical");
        assert!(samples(&distribution, 50_000).iter().all(|x| [1.0, 2.0, 5.0].contains(x)));
    }
}
