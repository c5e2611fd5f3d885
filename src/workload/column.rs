//! One attribute of many requests at a time: the hot loops.

use super::BLOCK;
use super::choice::Choice;
use super::distribution::{Distribution, Shape};
use super::gamma::Gamma;
use super::vector::{exp, fine_unit, ln, single_exp2, single_normals, unit};
use crate::rng::{GROUP, Stream};
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, f32x16, f64x8, u32x16};
use std::f64::consts::LOG2_E;

/// How many groups of requests a block has.
pub(super) const GROUPS: usize = BLOCK / GROUP;

/// A value for each request of a group, as two vectors.
pub(super) type Values = [[f64; GROUP / 2]; 2];

/// Room for what is computed on the way to the columns of a block.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) words: [[u32; GROUP]; GROUPS],
    pub(super) values: [Values; GROUPS],
}

impl Room {
    pub(super) const EMPTY: Room =
        Room { words: [[0; GROUP]; GROUPS], values: [[[0.0; GROUP / 2]; 2]; GROUPS] };

    /// That of the first so many groups.
    #[inline(always)]
    pub(super) fn first(&mut self, groups: usize) -> (&mut [[u32; GROUP]], &mut [Values]) {
        (&mut self.words[..groups], &mut self.values[..groups])
    }
}

/// A sampler of one attribute of a workload's requests, up to a block of them at a time.
///
/// It follows its [`Distribution`], but takes one word of 32 bits for each number that it needs: an
/// exponential then ends at 22.9 times its mean, the normal in a lognormal or a gamma at 6.66 standard
/// deviations. Only a Pareto has so much weight further out that it takes two. Normals, and lognormals beside
/// their median, are drawn in single precision: as if their words were rounded to 24 bits, and then some
/// millionths off.
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
    Gamma {
        gamma: Gamma,
        scale: f64,
    },
    /// The share of the first gamma in the sum of both.
    Beta(Gamma, Gamma),
    /// The least value divided by a uniform number to some power.
    Pareto {
        min: f64,
        power: f64,
    },
    Empirical(Choice<f64>),
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
            &Shape::Gamma { shape, scale } => Kind::Gamma { gamma: Gamma::new(shape), scale },
            &Shape::Beta { a, b } => Kind::Beta(Gamma::new(a), Gamma::new(b)),
            &Shape::Pareto { min, alpha } => Kind::Pareto { min, power: 1.0 / alpha },
            Shape::Empirical { values, weights } => Kind::Empirical(Choice::new(values, weights)),
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

    /// The values for some consecutive groups of requests, at most a block. There is room for as many words.
    pub(super) fn draw<S: Simd>(
        &self,
        simd: S,
        stream: Stream,
        first: u32,
        words: &mut [[u32; GROUP]],
        values: &mut [Values],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                self.draw_unbounded(simd, stream, first, words, values);
                if self.low > f64::NEG_INFINITY || self.high < f64::INFINITY {
                    for value in values.as_flattened_mut() {
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
        stream: Stream,
        first: u32,
        words: &mut [[u32; GROUP]],
        values: &mut [Values],
    ) {
        match &self.kind {
            Kind::Constant(value) => values.fill([[*value; GROUP / 2]; 2]),
            Kind::Uniform { min, width } => {
                stream.words(0, first, words);
                for ([first, second], words) in values.iter_mut().zip(words) {
                    let words = u32x16::simd_from(simd, *words).widen();
                    *first = (unit(words.0) * *width + *min).to_array();
                    *second = (unit(words.1) * *width + *min).to_array();
                }
            }
            Kind::Exponential { mean } => {
                stream.words(0, first, words);
                for ([first, second], words) in values.iter_mut().zip(words) {
                    let words = u32x16::simd_from(simd, *words).widen();
                    *first = (ln(unit(words.0)) * -mean).to_array();
                    *second = (ln(unit(words.1)) * -mean).to_array();
                }
            }
            Kind::Lognormal { median, octaves } => {
                stream.words(0, first, words);
                // In two steps, each of which has less to wait for than both together: the bits of the
                // normals take the place of the words.
                for words in words.iter_mut() {
                    let normals = single_normals(u32x16::simd_from(simd, *words));
                    *words = normals.bitcast::<u32x16<S>>().to_array();
                }
                for ([first, second], normals) in values.iter_mut().zip(words) {
                    let normals = u32x16::simd_from(simd, *normals).bitcast::<f32x16<S>>();
                    let factors = single_exp2(normals * *octaves).widen();
                    *first = (factors.0 * *median).to_array();
                    *second = (factors.1 * *median).to_array();
                }
            }
            Kind::Gamma { gamma, scale } => {
                gamma.draw(simd, stream, 0, first, values);
                for value in values.as_flattened_mut() {
                    *value = (f64x8::simd_from(simd, *value) * *scale).to_array();
                }
            }
            Kind::Beta(towards, against) => {
                let mut others = [[[0.0; GROUP / 2]; 2]; GROUPS];
                let others = &mut others[..values.len()];
                towards.draw_logarithms(simd, stream, 0, first, values);
                against.draw_logarithms(simd, stream, Gamma::LAYERS, first, others);
                for (value, other) in values.as_flattened_mut().iter_mut().zip(others.as_flattened()) {
                    let ratio = exp(f64x8::simd_from(simd, *other) - f64x8::simd_from(simd, *value));
                    *value = (f64x8::splat(simd, 1.0) / (ratio + 1.0)).to_array();
                }
            }
            Kind::Pareto { min, power } => {
                let mut low = [[0; GROUP]; GROUPS];
                stream.words(0, first, words);
                stream.words(1, first, &mut low[..words.len()]);
                for (([first, second], high), low) in values.iter_mut().zip(words).zip(low) {
                    let high = u32x16::simd_from(simd, *high).widen();
                    let low = u32x16::simd_from(simd, low).widen();
                    *first = (exp(ln(fine_unit(high.0, low.0)) * -power) * *min).to_array();
                    *second = (exp(ln(fine_unit(high.1, low.1)) * -power) * *min).to_array();
                }
            }
            Kind::Empirical(choice) => {
                stream.words(0, first, words);
                let values = values.as_flattened_mut().as_flattened_mut();
                for (value, word) in values.iter_mut().zip(words.as_flattened()) {
                    *value = choice.pick(*word);
                }
            }
        }
    }
}

/// The values of a column, one after another.
#[derive(Clone, Debug)]
pub(super) struct Series<'p> {
    column: &'p Column,
    stream: Stream,
    /// The group that is drawn, if there is one.
    group: Option<u32>,
    values: Values,
}

impl<'p> Series<'p> {
    pub(super) fn new(column: &'p Column, stream: Stream) -> Series<'p> {
        Series { column, stream, group: None, values: [[0.0; GROUP / 2]; 2] }
    }

    /// The value of an occasion.
    pub(super) fn get(&mut self, level: Level, occasion: u32) -> f64 {
        let (group, place) = (occasion / GROUP as u32, occasion as usize % GROUP);
        if self.group != Some(group) {
            self.group = Some(group);
            let values = std::slice::from_mut(&mut self.values);
            let words = &mut [[0; GROUP]];
            dispatch!(level, simd => self.column.draw(simd, self.stream, group, words, values));
        }
        self.values.as_flattened()[place]
    }
}

#[cfg(test)]
mod tests;
