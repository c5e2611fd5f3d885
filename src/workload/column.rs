//! One attribute of many requests at a time: the hot loops.

use super::distribution::{Distribution, Shape};
use super::vector::{at_least, at_most, cos_sin, exp, ln, unit};
use crate::rng::{AccountStreams, GROUP, Purpose};

/// A sampler of one attribute of a workload's requests, a group at a time.
///
/// It follows its [`Distribution`], but takes one word of 32 bits for each request where that suffices: the
/// exponential then ends at 22.9 times its mean, the normal at 6.8 standard deviations. A Pareto has too much
/// weight out there, so it is drawn in full precision like those that have no such formula.
#[derive(Clone, Debug)]
pub(super) struct Column {
    kind: Kind,
    low: f64,
    high: f64,
}

#[derive(Clone, Debug)]
enum Kind {
    Constant(f64),
    Uniform { min: f64, width: f64 },
    Exponential { mean: f64 },
    Lognormal { mu: f64, sigma: f64 },
    Empirical(Vec<f64>, Choice),
    Other(Distribution),
}

impl Column {
    pub(super) fn new(distribution: &Distribution) -> Column {
        let kind = match &distribution.shape {
            &Shape::Constant(value) => Kind::Constant(value),
            &Shape::Uniform { min, max } => Kind::Uniform { min, width: max - min },
            &Shape::Exponential { mean } => Kind::Exponential { mean },
            &Shape::Lognormal { mu, sigma } => Kind::Lognormal { mu, sigma },
            Shape::Empirical { values, weights } => Kind::Empirical(values.clone(), Choice::new(weights)),
            Shape::Gamma { .. } | Shape::Beta { .. } | Shape::Pareto { .. } => {
                Kind::Other(distribution.clone())
            }
        };
        let (low, high) = distribution.bounds();
        Column { kind, low, high }
    }

    /// Whether every value is zero.
    pub(super) fn is_zero(&self) -> bool {
        matches!(self.kind, Kind::Constant(value) if at_most(at_least(value, self.low), self.high) == 0.0)
    }

    /// The values for a group of requests.
    pub(super) fn draw(&self, streams: AccountStreams, purpose: Purpose, group: u32) -> [f64; GROUP] {
        draw(self, streams, purpose, group)
    }
}

/// As [`Column::draw`]; compiled for several instruction sets, of which the machine's best is used. The
/// results are the same, since nothing is fused.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2"))]
fn draw(column: &Column, streams: AccountStreams, purpose: Purpose, group: u32) -> [f64; GROUP] {
    let mut values = [0.0; GROUP];
    let words = || streams.words(purpose, group);
    match &column.kind {
        Kind::Constant(value) => values = [*value; GROUP],
        Kind::Uniform { min, width } => values = words().map(|word| min + width * unit(word)),
        Kind::Exponential { mean } => values = words().map(|word| -mean * ln(unit(word))),
        Kind::Lognormal { mu, sigma } => {
            values = normals(words());
            for value in &mut values {
                *value = exp(mu + sigma * *value);
            }
        }
        Kind::Empirical(support, choice) => values = words().map(|word| support[choice.pick(word)]),
        Kind::Other(distribution) => {
            let first = group * GROUP as u32;
            for (value, request) in values.iter_mut().zip(first..) {
                *value = distribution.sample(&mut streams.draws(purpose, request));
            }
        }
    }
    for value in &mut values {
        *value = at_most(at_least(*value, column.low), column.high);
    }
    values
}

/// Standard normals: the requests of the first half of a group share a radius and an angle with those of the
/// second.
///
/// Source: Box and Muller (1958), as for a single normal.
#[inline(always)]
fn normals(words: [u32; GROUP]) -> [f64; GROUP] {
    let mut normals = [0.0; GROUP];
    let (first, second) = normals.split_at_mut(GROUP / 2);
    let (radii, angles) = words.split_at(GROUP / 2);
    for (((x, y), &radius), &angle) in first.iter_mut().zip(second).zip(radii).zip(angles) {
        let radius = (-2.0 * ln(unit(radius))).sqrt();
        let (cos, sin) = cos_sin(angle);
        (*x, *y) = (radius * cos, radius * sin);
    }
    normals
}

/// A choice among weighted things by one word: the inverse of the cumulative weights, with a guide table.
///
/// Source: Chen and Asau, "On generating random variates from an empirical distribution", AIIE Transactions 6
/// (1974).
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// The first word beyond each thing's share of the 2^32 words.
    ends: Vec<u64>,
    /// For each value of a word's highest bits, the thing that the lowest such word chooses; and the last
    /// thing.
    guide: Vec<usize>,
}

impl Choice {
    const GUIDE_BITS: u32 = 10;

    /// The weights are not negative, and not all zero.
    pub(super) fn new(weights: &[f64]) -> Choice {
        let total: f64 = weights.iter().sum();
        let ends: Vec<u64> = weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some((*sum / total * (1u64 << 32) as f64) as u64)
            })
            .collect();
        let thing = |word: u64| ends.partition_point(|end| *end <= word).min(ends.len() - 1);
        let guide =
            (0..=1u64 << Self::GUIDE_BITS).map(|bits| thing(bits << (32 - Self::GUIDE_BITS))).collect();
        Choice { ends, guide }
    }

    /// The place of the thing chosen by a word.
    #[inline]
    pub(super) fn pick(&self, word: u32) -> usize {
        let bits = (word >> (32 - Self::GUIDE_BITS)) as usize;
        let (first, last) = (self.guide[bits], self.guide[bits + 1]);
        first + self.ends[first..last].partition_point(|end| *end <= u64::from(word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::distribution::tests::{families, kolmogorov};
    use super::*;
    use crate::rng::CohortStreams;

    fn streams() -> AccountStreams {
        CohortStreams::new(5, 0, "column").account(1)
    }

    fn draws(distribution: &Distribution, count: u32) -> Vec<f64> {
        let column = Column::new(distribution);
        (0..count / GROUP as u32).flat_map(|group| column.draw(streams(), Purpose::Output, group)).collect()
    }

    #[test]
    fn each_family_follows_its_distribution_function_with_and_without_clamps() {
        for (distribution, mean, _) in families() {
            for clamped in [distribution.clone(), distribution.clamped(Some(0.8 * mean), Some(1.5 * mean))] {
                let distance = kolmogorov(draws(&clamped, 320_000), |x| clamped.cdf(x));
                assert!(distance < 2.3, "{clamped:?}: {distance}");
            }
        }
    }

    #[test]
    fn the_tails_have_their_weight() {
        let size = 1_600_000;
        for (distribution, deep) in [
            (Distribution::exponential(1.0), -libm::log(1e-4)),
            (Distribution::lognormal_median(1.0, 1.0), libm::exp(3.719_016_485)),
            (Distribution::lognormal_median(1.0, 1.0).clamped(Some(0.0), None), libm::exp(3.719_016_485)),
            (Distribution::gamma(1.0, 1.0), -libm::log(1e-4)),
        ] {
            assert!((distribution.cdf(deep) - 0.9999).abs() < 1e-9, "{distribution:?}");
            let beyond = draws(&distribution, size).iter().filter(|x| **x > deep).count();
            assert!((110..=210).contains(&beyond), "{distribution:?}: {beyond} of 160");
        }
    }

    #[test]
    fn requests_of_a_group_are_independent_of_each_other() {
        let values: Vec<f64> =
            draws(&Distribution::lognormal_median(1.0, 1.0), 320_000).into_iter().map(libm::log).collect();
        for lag in [1, 2, 8, 16, 31, 32] {
            let products = values.iter().zip(&values[lag..]).map(|(x, y)| x * y);
            let squares = values.iter().zip(&values[lag..]).map(|(x, y)| (x * x - 1.0) * (y * y - 1.0) / 2.0);
            for correlation in [products.sum::<f64>(), squares.sum::<f64>()] {
                let z = correlation / (values.len() as f64).sqrt();
                assert!(z.abs() < 4.0, "lag {lag}: {z}");
            }
        }
    }

    #[test]
    fn what_has_no_weight_is_never_chosen() {
        let choice = Choice::new(&[0.0, 1.0, 0.0, 2.0, 0.0]);
        assert_eq!([0, u32::MAX / 3 - 1, u32::MAX / 3, u32::MAX].map(|word| choice.pick(word)), [1, 1, 3, 3]);
        let many: Vec<f64> = (0..5000).map(|n| f64::from(n % 3)).collect();
        let choice = Choice::new(&many);
        let ends = (0..=u32::MAX).step_by(65_537).map(|word| choice.pick(word));
        assert!(ends.clone().all(|thing| many[thing] > 0.0));
        assert!(ends.is_sorted());
    }
}
