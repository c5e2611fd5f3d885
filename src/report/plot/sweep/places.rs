//! Where the values of a key stand on an axis.

use crate::sweep::grid::positions;

/// Places of values along an axis, in 0..1.
pub struct Places {
    /// For each value, its place.
    pub shares: Vec<f64>,
    /// Whether what lies between two values is between them in fact: whether they are numbers or durations.
    pub is_line: bool,
}

/// The places of values, as people read them: numbers and durations where they belong, on a logarithmic axis
/// where that parts them more evenly; others in the midst of equal parts.
pub fn places(values: &[String]) -> Places {
    let shown: Vec<&str> = values.iter().map(String::as_str).collect();
    let Some((_, at)) = positions(&shown) else {
        let count = values.len() as f64;
        return Places {
            shares: (0..values.len()).map(|index| (index as f64 + 0.5) / count).collect(),
            is_line: false,
        };
    };
    let logarithms = logarithms(&at);
    let at = match logarithms {
        Some(logarithms) if unevenness(&logarithms) < unevenness(&at) => logarithms,
        _ => at,
    };
    Places { shares: scaled(&at), is_line: true }
}

/// Logarithms of ascending numbers over a decade at least; zero is set apart from the least of the others by
/// as much as these are from each other on average. `None` where that makes no sense.
fn logarithms(ascending: &[f64]) -> Option<Vec<f64>> {
    let positive: Vec<f64> = ascending.iter().copied().filter(|value| *value > 0.0).map(libm::log).collect();
    let [first, .., last] = positive[..] else { return None };
    let has_zero = match ascending.len() - positive.len() {
        0 => false,
        1 if ascending[0] == 0.0 => true,
        _ => return None,
    };
    if ascending.len() < 3 || last - first < libm::log(10.0) {
        return None;
    }
    let zero = has_zero.then(|| first - (last - first) / (positive.len() - 1) as f64);
    Some(zero.into_iter().chain(positive).collect())
}

/// How many times as wide the widest gap is as the narrowest.
fn unevenness(ascending: &[f64]) -> f64 {
    let gaps = || ascending.windows(2).map(|pair| pair[1] - pair[0]);
    gaps().fold(0.0, f64::max) / gaps().fold(f64::INFINITY, f64::min)
}

/// Numbers brought to 0..1; a single one to the middle.
fn scaled(ascending: &[f64]) -> Vec<f64> {
    match ascending {
        [first, .., last] => ascending.iter().map(|value| (value - first) / (last - first)).collect(),
        _ => vec![0.5; ascending.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(values: &[&str]) -> Vec<f64> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        places(&values).shares.iter().map(|share| (share * 100.0).round() / 100.0).collect()
    }

    #[test]
    fn values_stand_where_they_belong_on_the_scale_that_parts_them_best() {
        assert_eq!(shares(&["0", "5", "20"]), [0.0, 0.25, 1.0]);
        assert_eq!(shares(&["5", "20", "35", "50"]), [0.0, 0.33, 0.67, 1.0], "evenness decides");
        assert_eq!(shares(&["1", "10", "100"]), [0.0, 0.5, 1.0]);
        assert_eq!(shares(&["0", "1", "10", "100"]), [0.0, 0.33, 0.67, 1.0]);
        assert_eq!(shares(&["1s", "1m", "1h"]), [0.0, 0.5, 1.0]);
        assert_eq!(shares(&["-1", "1", "100"]), [0.0, 0.02, 1.0]);
        assert_eq!(shares(&["x", "y"]), [0.25, 0.75]);
        assert_eq!(shares(&["7"]), [0.5]);
        assert_eq!(shares(&["1", "1000"]), [0.0, 1.0]);
    }
}
