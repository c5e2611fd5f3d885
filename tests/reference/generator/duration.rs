//! Durations as scenarios write them, in microseconds.

pub const SECOND: i64 = 1_000_000;
/// The least time after which credit that is topped up lapses, or a card is renewed.
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// The units, the longest first.
const UNITS: [(&str, i64); 6] =
    [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1_000), ("us", 1)];

/// A duration such as `1d 6h`.
pub fn text(micros: i64) -> String {
    let mut rest = micros;
    let mut words = Vec::new();
    for (unit, length) in UNITS {
        if rest >= length {
            words.push(format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words.join(" ") }
}

/// What a text says, if it is a duration.
pub fn parse(text: &str) -> Option<i64> {
    let word = |word: &str| {
        let (number, unit) = word.split_at(word.find(|character: char| !character.is_ascii_digit())?);
        let (_, length) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        number.parse::<i64>().ok()?.checked_mul(length)
    };
    text.split(' ').map(word).sum()
}
