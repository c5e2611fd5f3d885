//! Quantiles of a sample.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::assert_near;

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
