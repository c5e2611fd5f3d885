//! Elementary functions without branches, table look-ups or calls, so that loops over arrays of them become
//! vector instructions on every platform.
//!
//! They use additions, multiplications, divisions and square roots only, never fused, so they give the same
//! bits everywhere. Each is a Taylor series after a reduction of the argument; a test holds the error bounds
//! stated here.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4, LN_2, LOG2_E};

/// The fraction bits of a float.
const FRACTION: u64 = (1 << 52) - 1;
/// Added to an integer below 2^51 in absolute value, it leaves that integer in the lowest bits of the float;
/// added to any such number it rounds to the nearest integer.
const ROUNDER: f64 = (3u64 << 51) as f64;

/// A word as a number in the open interval (0, 1).
#[inline(always)]
pub fn unit(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / (1u64 << 32) as f64)
}

/// The natural logarithm of a normal positive number, with a relative error below 1e-14.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    // x = 2^exponent * mantissa, with the mantissa in [sqrt(1/2), sqrt(2)) so that no digit is lost around 1.
    let lowest = FRAC_1_SQRT_2.to_bits();
    let bits = x.to_bits().wrapping_add(1f64.to_bits() - lowest);
    let biased = f64::from_bits(ROUNDER.to_bits() | (bits >> 52));
    let exponent = biased - (ROUNDER + 1023.0);
    let mantissa = f64::from_bits((bits & FRACTION) + lowest);
    // ln m = 2 atanh s, s = (m - 1) / (m + 1), and |s| < 0.1716.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let mut series = 1.0 / 17.0;
    for odd in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * z + 1.0 / odd;
    }
    exponent * LN_2 + 2.0 * s * series
}

/// The exponential, with a relative error below 2e-14; an argument beyond -708..708 is taken as the nearer of
/// the two.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    /// ln 2 in two parts, the first of so few digits that its products with exponents are exact.
    const HIGH: f64 = 6.931_471_803_691_238e-1;
    const LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = at_least(at_most(x, 708.0), -708.0);
    let shifted = x * LOG2_E + ROUNDER;
    let exponent = shifted - ROUNDER;
    let rest = x - exponent * HIGH - exponent * LOW;
    // |rest| <= ln(2) / 2.
    let mut series = 1.0 / 39_916_800.0;
    for factorial in [3_628_800.0, 362_880.0, 40_320.0, 5_040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        series = series * rest + 1.0 / factorial;
    }
    series * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// The cosine and the sine of an angle spread evenly over the circle by a word, each with an absolute error
/// below 3e-14. The three highest bits choose the octant, by signs and a swap; the others the angle within
/// it.
#[inline(always)]
pub fn cos_sin(word: u32) -> (f64, f64) {
    let angle = (f64::from(word & 0x1FFF_FFFF) + 0.5) * (FRAC_PI_4 / (1u32 << 29) as f64);
    let z = -angle * angle;
    let mut cos = 1.0 / 87_178_291_200.0;
    for factorial in [479_001_600.0, 3_628_800.0, 40_320.0, 720.0, 24.0, 2.0, 1.0] {
        cos = cos * z + 1.0 / factorial;
    }
    let mut sin = 1.0 / 6_227_020_800.0;
    for factorial in [39_916_800.0, 362_880.0, 5_040.0, 120.0, 6.0, 1.0] {
        sin = sin * z + 1.0 / factorial;
    }
    let (cos, sin) = (cos.to_bits(), (sin * angle).to_bits());
    let swap = (cos ^ sin) & 0u64.wrapping_sub(u64::from(word >> 29 & 1));
    let sign_of_cos = u64::from(word >> 31) << 63;
    let sign_of_sin = u64::from(word >> 30 & 1) << 63;
    (f64::from_bits(cos ^ swap ^ sign_of_cos), f64::from_bits(sin ^ swap ^ sign_of_sin))
}

/// A number in 0..2^32 - 1/2 rounded half up.
#[inline(always)]
pub fn round_u32(x: f64) -> u32 {
    /// Added to a number below 2^32, it leaves the nearest integer (the even one of two) in the lowest bits.
    const SHIFT: f64 = (1u64 << 52) as f64;
    let even = x + SHIFT;
    let up = x - (even - SHIFT) >= 0.5;
    even.to_bits() as u32 + u32::from(up)
}

/// `x`, or `bound` where it is less.
#[inline(always)]
pub fn at_least(x: f64, bound: f64) -> f64 {
    if x > bound { x } else { bound }
}

/// `x`, or `bound` where it is more.
#[inline(always)]
pub fn at_most(x: f64, bound: f64) -> f64 {
    if x < bound { x } else { bound }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{CohortStreams, Purpose};

    /// Words at the ends, and many in between.
    fn words() -> impl Iterator<Item = u32> {
        let mut draws = CohortStreams::new(1, 0, "vector").account(0).draws(Purpose::Gap, 0);
        let ends = (0..1000).chain(u32::MAX - 1000..=u32::MAX);
        ends.chain((0..200_000).map(move |_| rand::Rng::next_u32(&mut draws)))
    }

    fn assert_near(value: f64, exact: f64, tolerance: f64, of: f64) {
        assert!((value - exact).abs() <= tolerance, "{value:e} for {exact:e}, of {of:e}");
    }

    #[test]
    fn logarithms_are_near_over_the_whole_range_of_units_and_beyond() {
        for x in words().map(unit).flat_map(|x| [x, 1.0 - x, 1.0 / x, x * 1e-290, 1e290 * x]) {
            let exact = libm::log(x);
            assert_near(ln(x), exact, 1e-14 * exact.abs(), x);
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn exponentials_are_near_and_bounded() {
        for x in words().map(|word| (unit(word) - 0.5) * 1416.0) {
            for x in [x, x * 1e-2, x * 1e-9] {
                let exact = libm::exp(x);
                assert_near(exp(x), exact, 2e-14 * exact, x);
            }
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!([exp(f64::INFINITY), exp(1e9)], [exp(708.0); 2]);
        assert_eq!([exp(f64::NEG_INFINITY), exp(-1e9)], [exp(-708.0); 2]);
    }

    #[test]
    fn a_word_turns_into_a_point_on_the_circle_octant_by_octant() {
        let mut octants = [0; 8];
        for word in words() {
            let (cos, sin) = cos_sin(word);
            let within = (f64::from(word & 0x1FFF_FFFF) + 0.5) / (1u32 << 29) as f64 * FRAC_PI_4;
            let (mut x, mut y) = (libm::cos(within), libm::sin(within));
            if word >> 29 & 1 == 1 {
                (x, y) = (y, x);
            }
            assert_near(cos, if word >> 31 == 1 { -x } else { x }, 3e-14, f64::from(word));
            assert_near(sin, if word >> 30 & 1 == 1 { -y } else { y }, 3e-14, f64::from(word));
            octants[usize::from(cos > 0.0)
                + 2 * usize::from(sin > 0.0)
                + 4 * usize::from(cos.abs() > sin.abs())] += 1;
        }
        assert!(octants.iter().all(|&count| (24_000..27_000).contains(&count)), "{octants:?}");
    }

    #[test]
    fn counts_round_half_up() {
        for (x, rounded) in [
            (0.0, 0),
            (0.49999999999999994, 0),
            (0.5, 1),
            (1.5, 2),
            (2.5, 3),
            (2.4999999999999996, 2),
            (f64::from(u32::MAX) + 0.499, u32::MAX),
        ] {
            assert_eq!(round_u32(x), rounded, "{x}");
        }
    }
}
