//! Distributions of token counts, durations, shares and factors.

use crate::rng::Draws;

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
    Uniform { min: f64, max: f64 },
    /// Exponential.
    Exponential { mean: f64 },
    /// The exponential of a normal: `exp(mu + sigma z)`.
    Lognormal { mu: f64, sigma: f64 },
    /// Gamma, by its shape k and scale (mean k times scale).
    Gamma { shape: f64, scale: f64 },
    /// Beta on 0..1.
    Beta { a: f64, b: f64 },
    /// Pareto: survival (min / x)^alpha from `min` on.
    Pareto { min: f64, alpha: f64 },
    /// Exactly these values, each with its weight (not all zero, not scaled), ascending.
    Empirical { values: Vec<f64>, weights: Vec<f64> },
}

impl Distribution {
    /// Always the same value.
    pub const fn constant(value: f64) -> Distribution {
        Distribution { shape: Shape::Constant(value), min: None, max: None }
    }

    /// Draws a value.
    pub fn sample(&self, _draws: &mut Draws) -> f64 {
        todo!()
    }

    /// The mean of what is drawn, clamps included; infinite for a heavy tail that nothing clamps.
    pub fn mean(&self) -> f64 {
        todo!()
    }
}
