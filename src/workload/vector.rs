//! Elementary functions of many numbers at once, on vectors of eight floats in double precision or of sixteen
//! in single precision.
//!
//! They use additions, multiplications, divisions and square roots only, never fused, so they give the same
//! bits with any instructions. Each is a polynomial after a reduction of the argument, the one of least
//! greatest error for its degree there. Tests hold the error bounds stated here, which are far below what any
//! number of draws could tell.
//!
//! All that works on vectors is inlined into the function that is compiled for their instructions. Closures
//! are not, unless told to, so there are none.
//!
//! Source of the coefficients: Remez, "Sur le calcul effectif des polynomes d'approximation de
//! Tschebyscheff", Comptes rendus 199 (1934), for relative errors.

use fearless_simd::prelude::*;
use fearless_simd::{f32x8, f32x16, f64x8, i32x8, u32x8, u32x16, u64x8};
use std::f32::consts as single;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4, LN_2, LOG2_E};

/// Added to an integer below 2^51 in absolute value, it leaves that integer in the lowest bits of the float;
/// added to any such number it rounds to the nearest integer.
const ROUNDER: f64 = (3u64 << 51) as f64;
/// The same in single precision, for integers below 2^22.
const SINGLE_ROUNDER: f32 = (3u32 << 22) as f32;
/// Its lowest bits are an integer that is added to it, if that is not negative and less than it.
const BIG: f64 = (1u64 << 52) as f64;

/// Words, each in a place of 64 bits, as floats.
#[inline(always)]
pub fn float<S: Simd>(words: u64x8<S>) -> f64x8<S> {
    (words | BIG.to_bits()).bitcast::<f64x8<S>>() - BIG
}

/// Words, each in a place of 64 bits, as numbers in the open interval (0, 1).
#[inline(always)]
pub fn unit<S: Simd>(words: u64x8<S>) -> f64x8<S> {
    (float(words) + 0.5) * (1.0 / (1u64 << 32) as f64)
}

/// Pairs of words as numbers in the interval (0, 1], as fine around 0 as floats can be.
#[inline(always)]
pub fn fine_unit<S: Simd>(high: u64x8<S>, low: u64x8<S>) -> f64x8<S> {
    (float(high) + unit(low)) * (1.0 / (1u64 << 32) as f64)
}

/// The natural logarithm of normal positive numbers, with a relative error below 5e-12.
#[inline(always)]
pub fn ln<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    // x = 2^exponent * mantissa, with the mantissa in [sqrt(1/2), sqrt(2)) so that no digit is lost around 1.
    let lowest = FRAC_1_SQRT_2.to_bits();
    let bits = x.bitcast::<u64x8<S>>() + (1f64.to_bits() - lowest);
    let biased = ((bits >> 52) | ROUNDER.to_bits()).bitcast::<f64x8<S>>();
    let exponent = biased - (ROUNDER + 1023.0);
    let mantissa = ((bits & ((1 << 52) - 1)) + lowest).bitcast::<f64x8<S>>();
    // ln m = 2 atanh s, an odd function, with |s| < 0.1716.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let mut series = z * 0.236_176_112_711_520_42 + 0.285_349_784_486_755_5;
    for coefficient in [0.400_003_859_866_020_33, 0.666_666_652_398_801_6, 2.000_000_000_008_428_4] {
        series = series * z + coefficient;
    }
    exponent * LN_2 + s * series
}

/// The exponential, with a relative error below 1e-10; an argument beyond -700..700 is taken as the nearer of
/// the two.
#[inline(always)]
pub fn exp<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    let x = x.min(700.0).max(-700.0) * LOG2_E;
    let shifted = x + ROUNDER;
    // 2^rest, |rest| <= 1/2.
    let rest = x - (shifted - ROUNDER);
    let mut series = rest * 1.520_191_394_925_156_7e-5 + 1.546_929_117_643_239_3e-4;
    for coefficient in [
        1.333_392_260_453_472_2e-3,
        9.618_027_253_840_053e-3,
        5.550_410_353_381_537e-2,
        0.240_226_511_981_512_85,
        0.693_147_180_728_478_7,
        0.999_999_999_961_684_9,
    ] {
        series = series * rest + coefficient;
    }
    (series.bitcast::<u64x8<S>>() + (shifted.bitcast::<u64x8<S>>() << 52)).bitcast()
}

/// Words as numbers in the interval (0, 1], rounded: of their highest 31 bits, since signed words become
/// floats with one instruction everywhere.
#[inline(always)]
pub fn single_units<S: Simd>(words: u32x8<S>) -> f32x8<S> {
    let word: f32x8<S> = (words >> 1).bitcast::<i32x8<S>>().to_float();
    (word + 0.5) * (1.0 / (1u32 << 31) as f32)
}

/// As [`ln`] in single precision, with a relative error below 4e-7.
#[inline(always)]
pub fn single_ln<S: Simd>(x: f32x8<S>) -> f32x8<S> {
    let lowest = single::FRAC_1_SQRT_2.to_bits();
    let bits = x.bitcast::<u32x8<S>>() + (1f32.to_bits() - lowest);
    let exponent: f32x8<S> = ((bits >> 23).bitcast::<i32x8<S>>() - 127).to_float();
    let mantissa = ((bits & ((1 << 23) - 1)) + lowest).bitcast::<f32x8<S>>();
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let series = (z * 0.412_965_06 + 0.666_522_2) * z + 2.000_000_2;
    exponent * single::LN_2 + s * series
}

/// Two to a power, in single precision with a relative error below 3e-7; a power beyond -126..126 is taken as
/// the nearer of the two.
#[inline(always)]
pub fn single_exp2<S: Simd>(x: f32x16<S>) -> f32x16<S> {
    let x = x.min(126.0).max(-126.0);
    let shifted = x + SINGLE_ROUNDER;
    let rest = x - (shifted - SINGLE_ROUNDER);
    let mut series = rest * 1.327_646_9e-3 + 9.675_541e-3;
    for coefficient in [5.550_713_5e-2, 0.240_221_2, 0.693_146_94, 1.000_000_1] {
        series = series * rest + coefficient;
    }
    (series.bitcast::<u32x16<S>>() + (shifted.bitcast::<u32x16<S>>() << 23)).bitcast()
}

/// The cosine and the sine of angles spread evenly over the circle by words, in single precision, each with
/// an absolute error below 3e-7. The two highest bits choose the quadrant, by a sign and a swap; the others
/// the angle within an eighth of the circle to either side of its middle.
#[inline(always)]
pub fn single_cos_sin<S: Simd>(words: u32x8<S>) -> (f32x8<S>, f32x8<S>) {
    let angle: f32x8<S> = (words << 2).bitcast::<i32x8<S>>().to_float();
    let angle = (angle + 2.0) * (FRAC_PI_4 / (1u32 << 31) as f64) as f32;
    let z = angle * angle;
    let cos = ((z * -1.357_940_1e-3 + 4.165_442e-2) * z - 0.499_998_42) * z + 0.999_999_94;
    let sin = (((z * -1.950_181_9e-4 + 8.332_017e-3) * z - 0.166_666_51) * z + 1.0) * angle;
    let is_upright = (words & (1 << 30)).simd_eq(0);
    let sign = words & (1 << 31);
    let x = is_upright.select(cos, sin).bitcast::<u32x8<S>>();
    let y = is_upright.select(sin, cos).bitcast::<u32x8<S>>();
    ((x ^ sign).bitcast(), (y ^ sign).bitcast())
}

/// Standard normals from as many words: those of the first half share a radius and an angle with those of the
/// second. They end at 6.66, and are off by less than 2e-6 from those of words rounded to single precision.
///
/// Source: Box and Muller, "A note on the generation of random normal deviates", Annals of Mathematical
/// Statistics 29 (1958).
#[inline(always)]
pub fn single_normals<S: Simd>(words: u32x16<S>) -> f32x16<S> {
    let (radii, angles) = words.split();
    let radius = (single_ln(single_units(radii)) * -2.0).sqrt();
    let (cos, sin) = single_cos_sin(angles);
    (radius * cos).combine(radius * sin)
}

/// Numbers in 0..2^51 rounded half up.
#[inline(always)]
pub fn round<S: Simd>(x: f64x8<S>) -> u64x8<S> {
    // The nearest integer, the even one of two.
    let even = x + BIG;
    let up = (x - (even - BIG)).simd_ge(0.5);
    let bits = even.bitcast::<u64x8<S>>() - BIG.to_bits();
    up.select(bits + 1, bits)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rng::{CohortStreams, Purpose};
    use fearless_simd::{Level, dispatch};

    /// The machine's levels of instructions, the plainest first.
    pub(in crate::workload) fn levels() -> Vec<Level> {
        let best = Level::new();
        let mut levels = vec![Level::baseline()];
        #[cfg(target_arch = "x86_64")]
        levels.extend(best.as_sse4_2().map(Simd::level).into_iter().chain(best.as_avx2().map(Simd::level)));
        levels.push(best);
        levels
    }

    /// Words at the ends, and many in between.
    fn words() -> impl Iterator<Item = [u32; 16]> {
        let mut draws = CohortStreams::new(1, 0, "vector").account(0).draws(Purpose::Gap, 0);
        let ends =
            (0..500).chain((0..500).map(|word| word << 20 | 0xF_FFFF)).chain(u32::MAX - 1000..=u32::MAX);
        let mut words = ends.chain((0..200_000).map(move |_| rand::Rng::next_u32(&mut draws)));
        std::iter::from_fn(move || {
            let group: Vec<u32> = words.by_ref().take(16).collect();
            group.try_into().ok()
        })
    }

    #[inline(always)]
    fn eight<S: Simd>(simd: S, x: &[f64]) -> f64x8<S> {
        f64x8::from_slice(simd, x)
    }

    fn all_units() -> Vec<f64> {
        dispatch!(Level::new(), simd => {
            let halves = words().map(|words| u32x16::simd_from(simd, words).widen());
            let units = halves.flat_map(|(first, second)| [unit(first).to_array(), unit(second).to_array()]);
            units.flatten().collect()
        })
    }

    fn assert_near(value: f64, exact: f64, tolerance: f64, of: f64) {
        assert!((value - exact).abs() <= tolerance, "{value:e} for {exact:e}, of {of:e}");
    }

    #[test]
    fn words_are_spread_evenly_over_the_open_unit_interval() {
        for (units, words) in all_units().chunks(16).zip(words()) {
            for (unit, word) in units.iter().zip(words) {
                assert_eq!(*unit * (1u64 << 32) as f64, f64::from(word) + 0.5);
            }
        }
    }

    #[test]
    fn logarithms_are_near_over_the_whole_range_of_units_and_beyond() {
        let numbers = all_units().into_iter();
        let numbers: Vec<f64> =
            numbers.flat_map(|x| [x, 1.0 - x, 1.0 / x, 1.0 + x, x * 1e-290, 1e290 * x, x, x]).collect();
        for x in numbers.chunks(8) {
            let logarithms = dispatch!(Level::new(), simd => ln(eight(simd, x)).to_array());
            for (value, x) in logarithms.iter().zip(x) {
                let exact = libm::log(*x);
                assert_near(*value, exact, 5e-12 * exact.abs(), *x);
            }
        }
    }

    #[test]
    fn exponentials_are_near_and_bounded() {
        let exponentials = |x: &[f64]| dispatch!(Level::new(), simd => exp(eight(simd, x)).to_array());
        for x in all_units().as_chunks::<8>().0 {
            for scale in [1400.0, 14.0, 1e-9] {
                let x = x.map(|x| (x - 0.5) * scale);
                for (value, x) in exponentials(&x).iter().zip(x) {
                    let exact = libm::exp(x);
                    assert_near(*value, exact, 1e-10 * exact, x);
                }
            }
        }
        let bounded = exponentials(&[700.0, 1e9, f64::INFINITY, -700.0, -1e9, f64::NEG_INFINITY, 0.0, 0.0]);
        assert_eq!([bounded[1], bounded[2]], [bounded[0]; 2]);
        assert_eq!([bounded[4], bounded[5]], [bounded[3]; 2]);
    }

    #[test]
    fn fine_units_have_all_the_digits_of_two_words() {
        for words in words() {
            let units = dispatch!(Level::new(), simd => {
                let (high, low) = u32x16::simd_from(simd, words).widen();
                fine_unit(high, low).to_array()
            });
            for ((unit, high), low) in units.into_iter().zip(words).zip(&words[8..]) {
                let exact = (f64::from(high) + (f64::from(*low) + 0.5) / 2f64.powi(32)) / 2f64.powi(32);
                assert_near(unit, exact, f64::EPSILON * exact, f64::from(high));
                assert!(unit > 0.0 && unit <= 1.0);
            }
        }
    }

    #[test]
    fn single_logarithms_are_near_and_never_positive() {
        for words in words() {
            let (units, logarithms) = dispatch!(Level::new(), simd => {
                let units = u32x16::simd_from(simd, words).split().0;
                let units = single_units(units);
                (units.to_array(), single_ln(units).to_array())
            });
            for ((word, unit), logarithm) in words.into_iter().zip(units).zip(logarithms) {
                let exact = (f64::from(word >> 1) + 0.5) / f64::from(1u32 << 31);
                assert_near(unit.into(), exact, 1.2e-7 * exact, word.into());
                let exact = libm::log(unit.into());
                assert_near(logarithm.into(), exact, 4e-7 * exact.abs(), unit.into());
                assert!(unit > 0.0 && logarithm <= 0.0);
            }
        }
    }

    #[test]
    fn single_powers_of_two_are_near_and_bounded() {
        let powers = |x: [f32; 16]| {
            let level = Level::new();
            dispatch!(level, simd => single_exp2(f32x16::simd_from(simd, x)).to_array())
        };
        for x in all_units().as_chunks::<16>().0 {
            for scale in [252.0, 20.0, 1.0, 1e-6] {
                let x = x.map(|x| ((x - 0.5) * scale) as f32);
                for (power, x) in powers(x).into_iter().zip(x) {
                    let exact = libm::exp2(x.into());
                    assert_near(power.into(), exact, 3e-7 * exact, x.into());
                }
            }
        }
        let mut beyond = [0.0; 16];
        beyond[..6].copy_from_slice(&[126.0, 127.0, f32::INFINITY, -126.0, -127.0, f32::NEG_INFINITY]);
        let bounded = powers(beyond);
        assert_eq!([bounded[1], bounded[2]], [bounded[0]; 2]);
        assert_eq!([bounded[4], bounded[5]], [bounded[3]; 2]);
    }

    #[test]
    fn a_word_turns_into_a_point_on_the_circle_quadrant_by_quadrant() {
        let mut octants = [0; 8];
        for words in words() {
            let (cos, sin) = dispatch!(Level::new(), simd => {
                let (cos, sin) = single_cos_sin(u32x16::simd_from(simd, words).split().0);
                (cos.to_array(), sin.to_array())
            });
            for ((word, cos), sin) in words.into_iter().zip(cos).zip(sin) {
                let quarter = f64::from((word << 2) as i32 + 2) / 2f64.powi(31) * FRAC_PI_4;
                let (mut x, mut y) = (libm::cos(quarter), libm::sin(quarter));
                if word >> 30 & 1 == 1 {
                    (x, y) = (y, x);
                }
                let sign = if word >> 31 == 1 { -1.0 } else { 1.0 };
                assert_near(cos.into(), sign * x, 3e-7, word.into());
                assert_near(sin.into(), sign * y, 3e-7, word.into());
                octants[usize::from(cos > 0.0)
                    + 2 * usize::from(sin > 0.0)
                    + 4 * usize::from(cos.abs() > sin.abs())] += 1;
            }
        }
        assert!(octants.iter().all(|&count| (12_000..13_500).contains(&count)), "{octants:?}");
    }

    #[test]
    fn normals_are_near_out_to_the_farthest() {
        let farthest = [[0, 1 << 31], [0, 0], [u32::MAX, 0], [1, 3 << 30]];
        let farthest = farthest.map(|[radius, angle]| std::array::from_fn(|at| [radius, angle][at / 8]));
        let mut greatest: f64 = 0.0;
        for words in words().chain(farthest) {
            let (units, normals) = dispatch!(Level::new(), simd => {
                let words = u32x16::simd_from(simd, words);
                (single_units(words.split().0).to_array(), single_normals(words).to_array())
            });
            for place in 0..8 {
                let angle = words[place + 8];
                let turned = f64::from((angle << 2) as i32 + 2) / 2f64.powi(31) * FRAC_PI_4;
                let (mut x, mut y) = (libm::cos(turned), libm::sin(turned));
                if angle >> 30 & 1 == 1 {
                    (x, y) = (y, x);
                }
                let radius = (-2.0 * libm::log(units[place].into())).sqrt();
                let signed = if angle >> 31 == 1 { -radius } else { radius };
                let (x, y) = (signed * x, signed * y);
                assert_near(normals[place].into(), x, 2e-6, radius);
                assert_near(normals[place + 8].into(), y, 2e-6, radius);
                greatest = greatest.max(radius);
            }
        }
        assert!((greatest - 6.66).abs() < 0.005, "{greatest}");
    }

    #[test]
    fn counts_round_half_up() {
        let large = (1u64 << 51) as f64;
        let numbers =
            [0.0, 0.49999999999999994, 0.5, 1.5, 2.5, 2.4999999999999996, 4294967295.499, large - 0.5];
        let rounded = dispatch!(Level::new(), simd => round(eight(simd, &numbers)).to_array());
        assert_eq!(rounded, [0, 0, 1, 2, 3, 2, 4294967295, 1 << 51]);
    }
}
