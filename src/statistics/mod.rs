//! Statistics over replications. Floats begin here.
//!
//! Transcendental functions come from [`libm`], so that a figure has the same bytes on every platform.

mod comparison;
mod moments;
mod precision;
mod quantile;
mod ratio;
mod student;
mod warm_up;

pub use comparison::{Comparison, SIGNIFICANCE, compare, holm, paired_difference};
pub use moments::{CONFIDENCE, Interval, Moments};
pub use precision::{HalfWidth, LEAST_REPLICATIONS, Precision, PrecisionError};
pub use quantile::quantile;
pub use ratio::{RatioMoments, linearised};
pub use warm_up::truncation;

/// How far a value may be off after a few operations, relative to what went into them: no more than that is neither
/// spread nor difference.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

#[cfg(test)]
fn assert_near(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
}
