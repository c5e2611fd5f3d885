use super::super::distribution::tests::{families, kolmogorov};
use super::super::special::gamma_p;
use super::super::vector::tests::levels;
use super::*;
use crate::rng::{CohortStreams, Purpose};
use rayon::prelude::*;

fn draws(distribution: &Distribution, count: u32) -> Vec<f64> {
    draws_on(Level::new(), distribution, count)
}

fn draws_on(level: Level, distribution: &Distribution, count: u32) -> Vec<f64> {
    let column = Column::new(distribution);
    let stream = CohortStreams::new(5, 0, "column").account(1).stream(Purpose::Output);
    let mut values = vec![[[0.0; GROUP / 2]; 2]; count as usize / GROUP];
    for (block, first) in values.chunks_mut(GROUPS).zip((0..).step_by(GROUPS)) {
        let words = &mut [[0; GROUP]; GROUPS][..block.len()];
        dispatch!(level, simd => column.draw(simd, stream, first, words, block));
    }
    values.into_flattened().into_flattened()
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

/// The least number of which the distribution function is at least `probability`.
fn quantile(distribution: &Distribution, probability: f64) -> f64 {
    // Halves the floats between two, in their order, rather than the interval.
    let flipped = |bits: i64| bits ^ ((bits >> 63) as u64 >> 1) as i64;
    let float = |order: i64| f64::from_bits(flipped(order) as u64);
    let [mut below, mut above] = [-1e300f64, 1e300].map(|x| flipped(x.to_bits() as i64));
    while below + 1 < above {
        let middle = below.midpoint(above);
        let is_reached = distribution.cdf(float(middle)) >= probability;
        (below, above) = if is_reached { (below, middle) } else { (middle, above) };
    }
    float(above)
}

/// A hundred million values in all: in a thousand cells of the same probability, and in tails down to one of
/// 1e-7. Each of the comparisons would fail by chance once in a million seeds.
#[test]
fn a_hundred_million_values_have_the_shares_of_their_distributions_out_to_the_tails() {
    const CELLS: u32 = 1_000;
    const TAILS: [f64; 4] = [1e-4, 1e-5, 1e-6, 1e-7];
    const RARE: f64 = 1e-6;
    let distributions = [
        Distribution::uniform(-1.0, 3.0),
        Distribution::exponential(1.0),
        Distribution::lognormal_median(600.0, 0.3),
        Distribution::lognormal_median(1096.6, 1.2),
        Distribution::gamma(1.0, 0.2),
        Distribution::gamma(1.0, 0.999),
        Distribution::gamma(1.0, 1.2),
        Distribution::gamma(1.0, 4.0),
        Distribution::beta(2.0, 5.0),
        Distribution::beta(0.7, 0.6),
        Distribution::pareto(10.0, 1.1),
        Distribution::pareto(10.0, 4.0),
    ];
    let each = 100_000_000 / distributions.len() as u32 / BLOCK as u32 * BLOCK as u32;
    distributions.into_par_iter().for_each(|distribution| {
        let mut probabilities: Vec<f64> = TAILS.iter().rev().copied().collect();
        probabilities.extend((1..CELLS).map(|cell| f64::from(cell) / f64::from(CELLS)));
        probabilities.extend(TAILS.map(|tail| 1.0 - tail));
        let bounds: Vec<f64> = probabilities.iter().map(|p| quantile(&distribution, *p)).collect();
        let mut counts = vec![0u32; bounds.len() + 1];
        let column = Column::new(&distribution);
        let stream = CohortStreams::new(11, 0, "tails").account(0).stream(Purpose::Gap);
        let (mut words, mut values) = ([[0; GROUP]; GROUPS], [[[0.0; GROUP / 2]; 2]; GROUPS]);
        for first in (0..each / GROUP as u32).step_by(GROUPS) {
            dispatch!(Level::new(), simd => column.draw(simd, stream, first, &mut words, &mut values));
            for value in values.as_flattened().as_flattened() {
                counts[bounds.partition_point(|bound| bound <= value)] += 1;
            }
        }
        let size = f64::from(each);
        let below: Vec<f64> = bounds.iter().map(|bound| distribution.cdf(*bound) * size).collect();
        // The chi-square of the cells, those of the tails taken together.
        let tails = TAILS.len();
        let (first, last) = (counts[..=tails].iter().sum(), counts[counts.len() - tails - 1..].iter().sum());
        let cells = counts[tails + 1..counts.len() - tails - 1].iter().copied();
        let cells = std::iter::once(first).chain(cells).chain(std::iter::once(last));
        let ends = below[tails..below.len() - tails].iter().copied().chain(std::iter::once(size));
        let (mut chi_square, mut until) = (0.0, 0.0);
        for (count, end) in cells.zip(ends) {
            chi_square += (f64::from(count) - (end - until)).powi(2) / (end - until);
            until = end;
        }
        let chance = 1.0 - gamma_p(f64::from(CELLS - 1) / 2.0, chi_square / 2.0);
        assert!((RARE..1.0 - RARE).contains(&chance), "{distribution:?}: chi-square {chi_square}, {chance}");
        // The counts in the tails, each with all that is beyond.
        for tail in 0..tails {
            let top = counts.len() - 1 - tail;
            for (count, expected) in [
                (counts[..=tail].iter().sum::<u32>(), below[tail]),
                (counts[top..].iter().sum::<u32>(), size - below[top - 1]),
            ] {
                let count = f64::from(count);
                let at_least = if count > 0.0 { gamma_p(count, expected) } else { 1.0 };
                let at_most = 1.0 - gamma_p(count + 1.0, expected);
                assert!(
                    at_least > RARE && at_most > RARE,
                    "{distribution:?}: {count} in a tail of {expected}"
                );
            }
        }
    });
}
