//! Money: whole nano-dollars, and shares of it, with every rounding named.
//!
//! An account's amounts are [`Money`] (64 bits, up to about 9.2 billion dollars), sums over accounts are
//! [`Total`] (128 bits). No amount is ever a float.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// Nano-dollars in a dollar.
const DOLLAR: i64 = 1_000_000_000;
/// Nano-dollars in a cent.
const CENT: i64 = DOLLAR / 100;

/// An amount of money of one account, in whole nano-dollars; may be negative.
///
/// Addition and subtraction panic on overflow: the engine bounds what an account can use and buy
/// ([`Money::LIMIT`]) and reports an error long before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// The smallest amount that a card can be charged.
    pub const CENT: Money = Money(CENT);
    /// More than any account can have: "no limit", "never".
    pub const MAX: Money = Money(i64::MAX);
    /// What one account may use over its life, and what it may buy, be granted and pay in fees together: two billion
    /// dollars. Any sum of four amounts within it fits 64 bits; beyond it a run ends with an error.
    pub const LIMIT: Money = Money(2_000_000_000 * DOLLAR);

    /// So many nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Money {
        Money(nanos)
    }

    /// So many whole dollars.
    pub const fn dollars(dollars: i64) -> Money {
        Money(dollars * DOLLAR)
    }

    /// So many whole cents.
    pub const fn cents(cents: i64) -> Money {
        Money(cents * CENT)
    }

    /// The amount in nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The amount in dollars, as near as a float comes: for plots and prose only.
    pub fn as_dollars_f64(self) -> f64 {
        self.0 as f64 / DOLLAR as f64
    }

    /// Whether more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The amount, or zero where it is negative.
    pub fn or_zero(self) -> Money {
        self.max(Money::ZERO)
    }

    /// Whether a whole number of cents, as anything charged to a card must be.
    pub const fn is_whole_cents(self) -> bool {
        self.0 % CENT == 0
    }

    /// Rounded down to whole cents.
    pub const fn floor_to_cents(self) -> Money {
        Money(self.0.div_euclid(CENT) * CENT)
    }

    /// Rounded up to whole cents.
    pub fn ceil_to_cents(self) -> Money {
        -(-self).floor_to_cents()
    }

    /// The share of this amount, rounded half up to a whole cent.
    pub fn share_to_cent(self, share: Share) -> Money {
        let unit = i128::from(Share::ONE.0) * i128::from(CENT);
        let cents = round_half_up(i128::from(self.0) * i128::from(share.0), unit);
        Money(i64::try_from(cents).expect("a share of at most a few times an account's amount fits") * CENT)
    }

    /// This amount, from zero on, so many times, rounded half up to a nano-dollar; at most [`Money::LIMIT`].
    pub fn times(self, factor: Share) -> Money {
        let nanos = round_half_up(i128::from(self.0) * i128::from(factor.0), i128::from(Share::ONE.0));
        i64::try_from(nanos).map_or(Money::LIMIT, |nanos| Money(nanos).min(Money::LIMIT))
    }

    /// The sum, or `None` where it is above [`Money::LIMIT`].
    pub fn plus_within_limit(self, other: Money) -> Option<Money> {
        self.0.checked_add(other.0).map(Money).filter(|sum| *sum <= Money::LIMIT)
    }

    /// The sum, at most [`Money::MAX`]: for headrooms, where [`Money::MAX`] means "without limit".
    pub fn saturating_add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// The difference, bounded by what 64 bits hold: for headrooms, as [`Money::saturating_add`].
    pub fn saturating_sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.checked_add(other.0).expect("an account's money fits 64 bits"))
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.checked_sub(other.0).expect("an account's money fits 64 bits"))
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Money) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Total::from(*self).fmt(f)
    }
}

/// A sum of money over accounts, in whole nano-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Total(i128);

impl Total {
    /// Nothing.
    pub const ZERO: Total = Total(0);

    /// So many nano-dollars.
    pub const fn from_nanos(nanos: i128) -> Total {
        Total(nanos)
    }

    /// The sum in nano-dollars.
    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// The sum in dollars, as near as a float comes: for statistics and plots.
    pub fn as_dollars_f64(self) -> f64 {
        self.0 as f64 / DOLLAR as f64
    }

    /// The sum divided by a positive number, rounded half up to a nano-dollar.
    pub fn divided_by(self, divisor: i128) -> Total {
        Total(round_half_up(self.0, divisor))
    }
}

impl From<Money> for Total {
    fn from(amount: Money) -> Total {
        Total(i128::from(amount.0))
    }
}

impl Add for Total {
    type Output = Total;
    fn add(self, other: Total) -> Total {
        Total(self.0.checked_add(other.0).expect("sums of 64-bit amounts fit 128 bits"))
    }
}

impl Sub for Total {
    type Output = Total;
    fn sub(self, other: Total) -> Total {
        Total(self.0.checked_sub(other.0).expect("sums of 64-bit amounts fit 128 bits"))
    }
}

impl Neg for Total {
    type Output = Total;
    fn neg(self) -> Total {
        Total(-self.0)
    }
}

impl AddAssign for Total {
    fn add_assign(&mut self, other: Total) {
        *self = *self + other;
    }
}

impl Mul<Share> for Total {
    type Output = Total;
    /// The share of the sum, rounded half up to a nano-dollar.
    fn mul(self, share: Share) -> Total {
        Total(round_half_up(self.0 * i128::from(share.0), i128::from(Share::ONE.0)))
    }
}

impl Sum for Total {
    fn sum<I: Iterator<Item = Total>>(totals: I) -> Total {
        totals.fold(Total::ZERO, Add::add)
    }
}

/// Writes dollars as an exact decimal, with at least two decimals: `12.50`, `-0.000000001`. With `#` as in a text:
/// `$12.50`, `$1,000`.
impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let (dollars, rest) = (nanos / DOLLAR as u128, nanos % DOLLAR as u128);
        let decimals = format!("{rest:09}");
        let kept = decimals.trim_end_matches('0').len().max(2);
        let decimals = &decimals[..kept];
        f.pad(&match f.alternate() {
            false => format!("{sign}{dollars}.{decimals}"),
            true if rest == 0 => format!("{sign}${}", grouped(&dollars.to_string())),
            true => format!("{sign}${}.{decimals}", grouped(&dollars.to_string())),
        })
    }
}

/// Digits with commas between thousands.
pub fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share of an amount, exact to nine decimals: 0.55 of the list price, 0.029 of a payment; also a factor above one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(i64);

impl Share {
    /// Nothing of it.
    pub const ZERO: Share = Share(0);
    /// All of it.
    pub const ONE: Share = Share(1_000_000_000);

    /// So many billionths.
    pub const fn from_billionths(billionths: i64) -> Share {
        Share(billionths)
    }

    /// The share in billionths.
    pub const fn billionths(self) -> i64 {
        self.0
    }
}

/// Writes the share as a decimal with no more places than it needs: `0.55`, `1`. With `#` as in a text: `55 %`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if f.alternate() { Share::ONE.0 / 100 } else { Share::ONE.0 };
        let places = if f.alternate() { 7 } else { 9 };
        let decimal = format!("{}.{:0places$}", self.0 / unit, self.0 % unit);
        let decimal = decimal.trim_end_matches('0').trim_end_matches('.');
        if f.alternate() { f.pad(&format!("{decimal} %")) } else { f.pad(decimal) }
    }
}

/// `value / divisor` for a positive divisor, halves rounded up (towards plus infinity).
pub fn round_half_up(value: i128, divisor: i128) -> i128 {
    debug_assert!(divisor > 0);
    // Machine words divide ten times as fast, and hold most.
    if let (Ok(value), Ok(divisor)) = (i64::try_from(value), i64::try_from(divisor)) {
        let (quotient, rest) = (value.div_euclid(divisor), value.rem_euclid(divisor));
        return i128::from(quotient + i64::from(rest >= divisor - rest));
    }
    let (quotient, rest) = (value.div_euclid(divisor), value.rem_euclid(divisor));
    if rest >= divisor - rest { quotient + 1 } else { quotient }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_prints_as_an_exact_decimal() {
        for (nanos, text) in [
            (0, "0.00"),
            (1, "0.000000001"),
            (-1, "-0.000000001"),
            (12_500_000_000, "12.50"),
            (-1_000_000_000, "-1.00"),
            (i64::MAX, "9223372036.854775807"),
        ] {
            assert_eq!(Money::from_nanos(nanos).to_string(), text);
        }
    }

    #[test]
    fn money_stands_in_a_text_with_its_sign_and_commas_and_without_needless_decimals() {
        for (nanos, text) in [
            (0, "$0"),
            (12_500_000_000, "$12.50"),
            (123_456_000_000_000, "$123,456"),
            (-1_000_000_000_001, "-$1,000.000000001"),
        ] {
            assert_eq!(format!("{:#}", Money::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn a_share_stands_in_a_text_as_a_percentage() {
        for (billionths, text) in
            [(0, "0 %"), (29_000_000, "2.9 %"), (1_500_000_000, "150 %"), (1, "0.0000001 %")]
        {
            assert_eq!(format!("{:#}", Share::from_billionths(billionths)), text);
        }
    }

    #[test]
    fn cents_round_down_and_up_on_both_sides_of_zero() {
        assert_eq!(Money::from_nanos(19_999_999).floor_to_cents(), Money::cents(1));
        assert_eq!(Money::from_nanos(10_000_001).ceil_to_cents(), Money::cents(2));
        assert_eq!(Money::from_nanos(-1).floor_to_cents(), Money::cents(-1));
        assert_eq!(Money::from_nanos(-1).ceil_to_cents(), Money::ZERO);
        assert_eq!(Money::cents(7).ceil_to_cents(), Money::cents(7));
    }

    #[test]
    fn a_percentage_of_a_payment_rounds_half_up_to_a_cent() {
        let percent = Share::from_billionths(29_000_000); // 2.9 %
        assert_eq!(Money::dollars(5).share_to_cent(percent), Money::cents(15)); // 14.5 cents
        assert_eq!(Money::cents(500 - 1).share_to_cent(percent), Money::cents(14)); // 14.471 cents
        assert_eq!(Money::dollars(100).share_to_cent(percent), Money::cents(290));
    }

    #[test]
    fn halves_round_up_also_below_zero() {
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|v| round_half_up(v, 2)), [-1, -1, 0, 0, 1, 1, 2]);
        assert_eq!(Total::from_nanos(7) * Share::from_billionths(500_000_000), Total::from_nanos(4));
    }

    #[test]
    fn the_limit_of_an_account_is_noticed() {
        assert_eq!(Money::LIMIT.plus_within_limit(Money::from_nanos(1)), None);
        assert_eq!(Money::MAX.plus_within_limit(Money::CENT), None);
        assert_eq!(Money::ZERO.plus_within_limit(Money::LIMIT), Some(Money::LIMIT));
    }
}
