//! Exact decimals: numbers as they are written, never by way of a float.

/// Why a written number is not a whole number of the wanted unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inexact {
    /// Infinity, or not a number.
    NotFinite,
    /// It has more decimals than the unit.
    TooFine,
    /// It is beyond all amounts.
    TooLarge,
}

/// A TOML number, as it is written (decimal, without underscores), times ten to the `places`.
pub fn scaled(literal: &str, places: u8) -> Result<i128, Inexact> {
    let (negative, magnitude) = match literal.as_bytes().first() {
        Some(b'-') => (true, &literal[1..]),
        Some(b'+') => (false, &literal[1..]),
        _ => (false, literal),
    };
    let (mantissa, exponent) = magnitude.split_once(['e', 'E']).unwrap_or((magnitude, "0"));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{decimals}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Inexact::NotFinite);
    }
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    let trailing_zeros = digits.len() - digits.trim_end_matches('0').len();
    let exponent: i64 = match exponent.parse() {
        Ok(exponent) => exponent,
        Err(_) if exponent.starts_with('-') => return Err(Inexact::TooFine),
        Err(_) => return Err(Inexact::TooLarge),
    };
    let shift = exponent
        .saturating_add(i64::from(places))
        .saturating_add(trailing_zeros as i64)
        .saturating_sub(decimals.len() as i64);
    let shift =
        u32::try_from(shift).map_err(|_| if shift < 0 { Inexact::TooFine } else { Inexact::TooLarge })?;
    let value = significant.parse::<i128>().ok().zip(10_i128.checked_pow(shift));
    let value = value.and_then(|(value, unit)| value.checked_mul(unit)).ok_or(Inexact::TooLarge)?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (literal, nanos) in [
            ("0.30", 300_000_000),
            ("0.000000001", 1),
            ("-5", -5_000_000_000),
            ("+12.5", 12_500_000_000),
            ("1e-3", 1_000_000),
            ("1.5E+2", 150_000_000_000),
            ("1000000000e-18", 1),
            ("0.100000000000", 100_000_000),
            ("-0.0", 0),
            ("0e999999999999999999999", 0),
            ("9007199254.740993", 9_007_199_254_740_993_000),
        ] {
            assert_eq!(scaled(literal, 9), Ok(nanos), "{literal}");
        }
    }

    #[test]
    fn what_does_not_fit_the_unit_is_refused_rather_than_rounded() {
        for (literal, why) in [
            ("0.0000000001", Inexact::TooFine),
            ("1e-10", Inexact::TooFine),
            ("1e-99999999999999999999", Inexact::TooFine),
            ("1e99999999999999999999", Inexact::TooLarge),
            ("1e300", Inexact::TooLarge),
            ("1e30", Inexact::TooLarge),
            ("99999999999999999999999999999999999999999999", Inexact::TooLarge),
            ("inf", Inexact::NotFinite),
            ("-nan", Inexact::NotFinite),
        ] {
            assert_eq!(scaled(literal, 9), Err(why), "{literal}");
        }
    }
}
