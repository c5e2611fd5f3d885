//! Distributions of token counts, durations, shares and factors.

use super::special::{beta_i, gamma_p};
use crate::rng::Draws;
use libm::{cos, erfc, exp, expm1, log, log1p, pow, sqrt};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

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

    /// Lognormal by its median (positive) and the standard deviation of its logarithm; constant where that is 0.
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
        Shape::Lognormal { mu: log(mean) - variance / 2.0, sigma: sqrt(variance) }.into()
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
            // The share of one gamma in the sum of two, each of them a gamma of a higher shape times a power of a
            // uniform as above, by their logarithms: the gammas themselves may be too small for a float.
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
/// Source: Box and Muller, "A note on the generation of random normal deviates", Annals of Mathematical Statistics 29
/// (1958).
pub(super) fn standard_normal(draws: &mut Draws) -> f64 {
    let radius = sqrt(-2.0 * log(draws.unit()));
    radius * cos(2.0 * PI * draws.unit())
}

/// The standard normal distribution function.
fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z * FRAC_1_SQRT_2)
}

/// A gamma of scale 1 and a shape of at least 1.
///
/// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM Transactions on Mathematical
/// Software 26 (2000).
fn standard_gamma(shape: f64, draws: &mut Draws) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / sqrt(9.0 * d);
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
