//! One attribute of many requests at a time: the hot loops.

use super::BLOCK;
use super::distribution::{Distribution, Shape};
use super::vector::{ln, single_exp2, single_normals, unit};
use crate::rng::{AccountStreams, GROUP, Purpose};
use fearless_simd::prelude::*;
use fearless_simd::{f32x16, f64x8, u32x16};
use std::f64::consts::LOG2_E;

/// How many groups of requests a block has.
pub(super) const GROUPS: usize = BLOCK / GROUP;

/// A sampler of one attribute of a workload's requests, up to a block of them at a time.
///
/// It follows its [`Distribution`], but takes one word of 32 bits for each request where that suffices: the
/// exponential then ends at 22.9 times its mean, the normal of a lognormal at 6.66 standard deviations. A
/// lognormal is drawn in single precision, which moves no value by more than a millionth of itself. A Pareto
/// has too much weight far out, so it is drawn in full precision like those that have no such formula.
#[derive(Clone, Debug)]
pub(super) struct Column {
    kind: Kind,
    low: f64,
    high: f64,
}

#[derive(Clone, Debug)]
enum Kind {
    Constant(f64),
    Uniform {
        min: f64,
        width: f64,
    },
    Exponential {
        mean: f64,
    },
    /// The median times two to the power of a normal of mean 0.
    Lognormal {
        median: f64,
        octaves: f32,
    },
    Empirical(Vec<f64>, Choice),
    Other(Distribution),
}

impl Column {
    pub(super) fn new(distribution: &Distribution) -> Column {
        let kind = match &distribution.shape {
            &Shape::Constant(value) => Kind::Constant(value),
            &Shape::Uniform { min, max } => Kind::Uniform { min, width: max - min },
            &Shape::Exponential { mean } => Kind::Exponential { mean },
            &Shape::Lognormal { mu, sigma } => Kind::Lognormal {
                median: libm::exp(mu),
                octaves: (sigma * LOG2_E).min(f32::MAX.into()) as f32,
            },
            Shape::Empirical { values, weights } => Kind::Empirical(values.clone(), Choice::new(weights)),
            Shape::Gamma { .. } | Shape::Beta { .. } | Shape::Pareto { .. } => {
                Kind::Other(distribution.clone())
            }
        };
        let (low, high) = distribution.bounds();
        Column { kind, low, high }
    }

    /// The value, where there is only one.
    pub(super) fn constant(&self) -> Option<f64> {
        match self.kind {
            Kind::Constant(value) => Some(value.max(self.low).min(self.high)),
            _ => None,
        }
    }

    /// The values for some consecutive groups of requests, at most a block.
    pub(super) fn draw<S: Simd>(
        &self,
        simd: S,
        streams: AccountStreams,
        purpose: Purpose,
        first: u32,
        values: &mut [[f64; GROUP]],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                self.draw_unbounded(simd, streams, purpose, first, values);
                if self.low > f64::NEG_INFINITY || self.high < f64::INFINITY {
                    for value in values.as_flattened_mut().as_chunks_mut().0 {
                        *value = f64x8::simd_from(simd, *value).max(self.low).min(self.high).to_array();
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn draw_unbounded<S: Simd>(
        &self,
        simd: S,
        streams: AccountStreams,
        purpose: Purpose,
        first: u32,
        values: &mut [[f64; GROUP]],
    ) {
        let mut words = [[0; GROUP]; GROUPS];
        let words = &mut words[..values.len()];
        if !matches!(self.kind, Kind::Constant(_) | Kind::Other(_)) {
            streams.words(purpose, 0, first, words);
        }
        match &self.kind {
            Kind::Constant(value) => values.fill([*value; GROUP]),
            Kind::Uniform { min, width } => {
                for (values, words) in values.iter_mut().zip(words) {
                    let (first, second) = u32x16::simd_from(simd, *words).widen();
                    store(values, unit(first) * *width + *min, unit(second) * *width + *min);
                }
            }
            Kind::Exponential { mean } => {
                for (values, words) in values.iter_mut().zip(words) {
                    let (first, second) = u32x16::simd_from(simd, *words).widen();
                    store(values, ln(unit(first)) * -mean, ln(unit(second)) * -mean);
                }
            }
            Kind::Lognormal { median, octaves } => {
                // In two steps, each of which has less to wait for than both together.
                let mut normals = [[0.0; GROUP]; GROUPS];
                for (normals, words) in normals.iter_mut().zip(&*words) {
                    *normals = single_normals(u32x16::simd_from(simd, *words)).to_array();
                }
                for (values, normals) in values.iter_mut().zip(normals) {
                    let (first, second) = single_exp2(f32x16::simd_from(simd, normals) * *octaves).widen();
                    store(values, first * *median, second * *median);
                }
            }
            Kind::Empirical(support, choice) => {
                for (values, words) in values.iter_mut().zip(words) {
                    *values = words.map(|word| support[choice.pick(word)]);
                }
            }
            Kind::Other(distribution) => {
                let requests = first * GROUP as u32..;
                for (value, request) in values.as_flattened_mut().iter_mut().zip(requests) {
                    *value = distribution.sample(&mut streams.draws(purpose, request));
                }
            }
        }
    }
}

#[inline(always)]
fn store<S: Simd>(values: &mut [f64; GROUP], first: f64x8<S>, second: f64x8<S>) {
    first.store_slice(&mut values[..GROUP / 2]);
    second.store_slice(&mut values[GROUP / 2..]);
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
    use super::super::vector::tests::levels;
    use super::*;
    use crate::rng::CohortStreams;
    use fearless_simd::{Level, dispatch};

    fn streams() -> AccountStreams {
        CohortStreams::new(5, 0, "column").account(1)
    }

    fn draws(distribution: &Distribution, count: u32) -> Vec<f64> {
        draws_on(Level::new(), distribution, count)
    }

    fn draws_on(level: Level, distribution: &Distribution, count: u32) -> Vec<f64> {
        let column = Column::new(distribution);
        let mut values = vec![[0.0; GROUP]; count as usize / GROUP];
        for (block, first) in values.chunks_mut(GROUPS).zip((0..).step_by(GROUPS)) {
            dispatch!(level, simd => column.draw(simd, streams(), Purpose::Output, first, block));
        }
        values.into_flattened()
    }

    /// Were a product and a sum fused anywhere, some of these would differ.
    #[test]
    fn values_are_the_same_bit_by_bit_with_every_level_of_instructions() {
        for (distribution, mean, _) in families() {
            for distribution in [distribution.clone(), distribution.clamped(Some(0.8 * mean), None)] {
                let bits = |level| -> Vec<u64> {
                    draws_on(level, &distribution, 20_000).into_iter().map(f64::to_bits).collect()
                };
                let plain = bits(Level::baseline());
                for level in levels() {
                    assert!(bits(level) == plain, "{level:?}, {distribution:?}");
                }
            }
        }
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
        for lag in [1, 2, 4, 8, 15, 16, 32, 128] {
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
