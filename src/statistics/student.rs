//! Student's t distribution.

use std::f64::consts::PI;

/// The probability that Student's t, with so many degrees of freedom (at least 1), lies within -t..t, for t >= 0.
///
/// Source: Abramowitz and Stegun, "Handbook of Mathematical Functions" (1964), equations 26.7.3 and 26.7.4.
pub(super) fn within(t: f64, degrees: u64) -> f64 {
    let nu = degrees as f64;
    let sine = t / (nu + t * t).sqrt();
    let cosine_squared = nu / (nu + t * t);
    // 1 + (m/(m+1)) cos² + (m/(m+1)) ((m+2)/(m+3)) cos⁴ + ..., with m = 1 for even degrees and 2 for odd ones
    let series = |first: u64, terms: u64| {
        let (mut term, mut sum) = (1.0, 0.0);
        for k in 0..terms {
            sum += term;
            let m = (first + 2 * k) as f64;
            term *= m / (m + 1.0) * cosine_squared;
        }
        sum
    };
    if degrees.is_multiple_of(2) {
        sine * series(1, degrees / 2)
    } else {
        let angle = libm::atan(t / nu.sqrt());
        (angle + sine * cosine_squared.sqrt() * series(2, degrees / 2)) * 2.0 / PI
    }
}

/// The probability that Student's t, with so many degrees of freedom (at least 1), lies outside -t..t, for t >= 0:
/// to all digits, however small.
///
/// Source: Abramowitz and Stegun (1964), equations 26.7.1 and 6.6.8 (the incomplete beta function as a series).
pub(super) fn beyond(t: f64, degrees: u64) -> f64 {
    let likely = 1.0 - within(t, degrees);
    // Less than this is the difference of nearly equal numbers; and more would take the series many terms.
    if likely > 1e-4 {
        return likely;
    }
    let nu = degrees as f64;
    let cosine_squared = nu / (nu + t * t);
    let (mut term, mut sum, mut k) = (1.0, 0.0, 0.0);
    while term > f64::EPSILON * sum {
        sum += term / (nu / 2.0 + k);
        term *= (k + 0.5) / (k + 1.0) * cosine_squared;
        k += 1.0;
    }
    peak(nu) * nu.sqrt() * libm::pow(cosine_squared, nu / 2.0) * sum
}

/// The density of Student's t at 0.
fn peak(nu: f64) -> f64 {
    libm::exp(libm::lgamma((nu + 1.0) / 2.0) - libm::lgamma(nu / 2.0)) / (nu * PI).sqrt()
}

/// The t within which Student's t, with so many degrees of freedom (at least 1), lies on both sides of 0 with
/// the given probability in 0..1.
pub(super) fn quantile(probability: f64, degrees: u64) -> f64 {
    assert!(degrees > 0, "a single value has no spread");
    let nu = degrees as f64;
    let peak = peak(nu);
    let mut t = 0.0;
    // The probability is concave in t, so Newton's steps from 0 only rise towards the root.
    loop {
        let slope = 2.0 * peak * libm::pow(1.0 + t * t / nu, -(nu + 1.0) / 2.0);
        let next = t + (probability - within(t, degrees)) / slope;
        if next <= t * (1.0 + 4.0 * f64::EPSILON) {
            return t;
        }
        t = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::assert_near;

    /// Source: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, and, to more digits, t =
    /// tan(0.475 π) for one degree of freedom and 0.95 √(2 / (1 - 0.95²)) for two.
    #[test]
    fn quantiles_of_student_t_are_those_of_the_tables() {
        for (degrees, t) in [(3, 3.182), (4, 2.776), (9, 2.262), (19, 2.093), (30, 2.042), (100, 1.984)] {
            assert_near(quantile(0.95, degrees), t, 0.0005);
        }
        assert_near(quantile(0.95, 1), 12.706_204_736_174_7, 1e-10);
        assert_near(quantile(0.95, 2), 0.95 * (2.0_f64 / (1.0 - 0.95 * 0.95)).sqrt(), 1e-12);
        assert_near(quantile(0.99, 10), 3.169, 0.0005);
        // The normal quantile plus (z³ + z) / (4 ν): Abramowitz and Stegun 26.7.5.
        assert_near(quantile(0.95, 1_000_000), 1.959_963_984_540 + 2.372e-6, 1e-9);
    }

    #[test]
    fn the_quantile_inverts_the_probability_for_odd_and_even_degrees() {
        for degrees in 1..200 {
            assert_near(within(quantile(0.9, degrees), degrees), 0.9, 1e-13);
        }
    }

    #[test]
    fn what_lies_beyond_is_exact_however_little_it_is() {
        use statrs::function::beta::beta_reg;
        for degrees in [1, 2, 3, 4, 9, 19, 100, 999] {
            let nu = degrees as f64;
            for t in [0.0, 0.3, 1.0, 3.0, 3.8, 4.0, 5.0, 7.0, 10.0, 30.0, 1e3, 1e5] {
                let expected = beta_reg(nu / 2.0, 0.5, nu / (nu + t * t));
                assert_near(beyond(t, degrees), expected, 1e-11 * expected);
            }
        }
        assert_near(beyond(1e6, 1), 2.0 / PI * libm::atan(1e-6), 1e-20);
    }
}
