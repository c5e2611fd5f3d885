//! Gamma variates for many requests at once.

use super::column::{GROUPS, Values};
use super::vector::{exp, ln, single_normals, unit};
use crate::rng::{GROUP, Stream};
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u32x16, u64x8};

/// Gamma variates of scale 1.
///
/// Those of a shape below 1 are made from those of a shape higher by 1, times a uniform number to the power
/// of the inverse shape.
///
/// Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM Transactions on
/// Mathematical Software 26 (2000), without the squeeze, which would save nothing here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gamma {
    d: f64,
    c: f64,
    /// The power of a uniform number to multiply by.
    power: Option<f64>,
}

impl Gamma {
    /// How many layers of words a variate takes. If it is rejected, it takes others, by a multiple of twice
    /// as many higher: so two variates can be drawn for each request.
    pub(super) const LAYERS: u32 = 3;

    /// Those of a positive shape.
    pub(super) fn new(shape: f64) -> Gamma {
        let (shape, power) = if shape < 1.0 { (shape + 1.0, Some(1.0 / shape)) } else { (shape, None) };
        let d = shape - 1.0 / 3.0;
        Gamma { d, c: 1.0 / (9.0 * d).sqrt(), power }
    }

    /// Variates for some consecutive groups of requests, at most a block, with the words from a layer on.
    #[inline(always)]
    pub(super) fn draw<S: Simd>(
        self,
        simd: S,
        stream: Stream,
        layer: u32,
        first: u32,
        values: &mut [Values],
    ) {
        self.draw_raised(simd, stream, layer, first, values);
        if let Some(power) = self.power {
            let mut words = [[0; GROUP]; GROUPS];
            stream.words(layer + 2, first, &mut words[..values.len()]);
            for (values, words) in values.iter_mut().zip(words) {
                let words = u32x16::simd_from(simd, words).widen();
                let [first, second] = values;
                let raised = (f64x8::simd_from(simd, *first), f64x8::simd_from(simd, *second));
                *first = (raised.0 * exp(ln(unit(words.0)) * power)).to_array();
                *second = (raised.1 * exp(ln(unit(words.1)) * power)).to_array();
            }
        }
    }

    /// The logarithms of variates: they may be too small for a float themselves.
    #[inline(always)]
    pub(super) fn draw_logarithms<S: Simd>(
        self,
        simd: S,
        stream: Stream,
        layer: u32,
        first: u32,
        values: &mut [Values],
    ) {
        self.draw_raised(simd, stream, layer, first, values);
        let mut words = [[0; GROUP]; GROUPS];
        stream.words(layer + 2, first, &mut words[..values.len()]);
        let power = self.power.unwrap_or(0.0);
        for (values, words) in values.iter_mut().zip(words) {
            let words = u32x16::simd_from(simd, words).widen();
            let [first, second] = values;
            let raised = (f64x8::simd_from(simd, *first), f64x8::simd_from(simd, *second));
            *first = (ln(raised.0) + ln(unit(words.0)) * power).to_array();
            *second = (ln(raised.1) + ln(unit(words.1)) * power).to_array();
        }
    }

    /// Variates of the shape, or of that higher by 1.
    #[inline(always)]
    fn draw_raised<S: Simd>(self, simd: S, stream: Stream, layer: u32, first: u32, values: &mut [Values]) {
        values.fill([[f64::NAN; GROUP / 2]; 2]);
        self.propose(simd, stream, layer, first, values);
        // A few are rejected. What is drawn again for the other requests of a group is not looked at.
        for (values, group) in values.chunks_mut(1).zip(first..) {
            let mut layer = layer;
            while values[0].as_flattened().iter().any(|value| value.is_nan()) {
                layer += 2 * Gamma::LAYERS;
                self.propose(simd, stream, layer, group, values);
            }
        }
    }

    /// Proposes a variate for each that is missing yet, and so not a number, and fills in those accepted.
    #[inline(always)]
    fn propose<S: Simd>(self, simd: S, stream: Stream, layer: u32, first: u32, values: &mut [Values]) {
        let mut normals = [[0; GROUP]; GROUPS];
        let mut lots = [[0; GROUP]; GROUPS];
        stream.words(layer, first, &mut normals[..values.len()]);
        stream.words(layer + 1, first, &mut lots[..values.len()]);
        for ((values, normals), lots) in values.iter_mut().zip(normals).zip(lots) {
            let normals = single_normals(u32x16::simd_from(simd, normals)).widen();
            let lots = u32x16::simd_from(simd, lots).widen();
            let [first, second] = values;
            let missing = (f64x8::simd_from(simd, *first), f64x8::simd_from(simd, *second));
            *first = self.judge(normals.0, lots.0, missing.0).to_array();
            *second = self.judge(normals.1, lots.1, missing.1).to_array();
        }
    }

    #[inline(always)]
    fn judge<S: Simd>(self, normals: f64x8<S>, lots: u64x8<S>, values: f64x8<S>) -> f64x8<S> {
        // With t = c z, v = (1 + t)^3 and z^2 = 9 d t^2, the condition ln u < z^2 / 2 + d (1 - v + ln v) is
        // that ln u is less than 3 d times what the logarithm of 1 + t has beyond the third term of its
        // series.
        let t = normals * self.c;
        let root = t + 1.0;
        let beyond = ln(root) - t + t * t * (t * (-1.0 / 3.0) + 0.5);
        let is_accepted = ln(unit(lots)).simd_lt(beyond * (3.0 * self.d)) & root.simd_gt(0.0);
        (is_accepted & values.is_nan()).select(root * root * root * self.d, values)
    }
}
