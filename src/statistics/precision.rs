//! How precise a measure shall be, and how many replications that takes.

use super::Moments;
use std::fmt;
use std::str::FromStr;

/// Fewer replications than this tell too little of their own spread to stop by it.
///
/// Source: Law (2015), section 9.4.1, advises at least 10.
pub const LEAST_REPLICATIONS: u64 = 10;

/// Until when replications are added: until half the width of a measure's [interval](Moments::interval) is at
/// most so much. Written `lost_share:2%` (of the estimate) or `contribution_usd:50` (in the measure's unit; for
/// a share 0.01 is a percentage point).
///
/// Where the spread decides when to stop, intervals hold the truth a little less often than [asked
/// for](super::CONFIDENCE): one stops sooner where the spread happens to look small.
///
/// Source: sequential procedures for absolute and relative precision; Law (2015), section 9.4.1, there with the
/// relative width taken of the true mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// The name of the measure.
    pub measure: String,
    /// How wide half of its interval may be.
    pub half_width: HalfWidth,
}

/// How wide half an interval may be, above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HalfWidth {
    /// So many percent of the estimate.
    Percent(f64),
    /// So much, in the measure's unit.
    Absolute(f64),
}

impl Precision {
    /// Whether the values are enough. A relative width around a mean of 0 is reached only without any spread.
    pub fn is_met(&self, moments: &Moments) -> bool {
        moments.n >= LEAST_REPLICATIONS
            && half_width(moments).is_some_and(|half_width| half_width <= self.target(moments))
    }

    /// How many replications to have next, where the values are not enough: as many as would do if the spread
    /// stayed as it is, but at least one more, at most twice as many, and not below [`LEAST_REPLICATIONS`].
    pub fn replications_needed(&self, moments: &Moments) -> u64 {
        let Some(half_width) = half_width(moments) else { return LEAST_REPLICATIONS };
        let ratio = half_width / self.target(moments);
        // Infinite around a mean of 0; the conversion ends at the largest integer.
        let enough = (moments.n as f64 * ratio * ratio).ceil() as u64;
        enough.clamp(moments.n + 1, 2 * moments.n).max(LEAST_REPLICATIONS)
    }

    /// Half the width to reach, in the measure's unit.
    fn target(&self, moments: &Moments) -> f64 {
        match self.half_width {
            HalfWidth::Percent(percent) => percent / 100.0 * moments.mean.abs(),
            HalfWidth::Absolute(width) => width,
        }
    }
}

fn half_width(moments: &Moments) -> Option<f64> {
    moments.interval().map(|interval| (interval.high - interval.low) / 2.0)
}

/// A text that is no [`Precision`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrecisionError {
    /// No colon sets the width apart from the measure.
    NoWidth,
    /// No measure stands before the colon.
    NoMeasure,
    /// What stands after the colon is no number.
    NoNumber(String),
    /// The width is not above 0, or not finite.
    OutOfRange(String),
}

impl fmt::Display for PrecisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrecisionError::NoWidth => f.write_str("no width is given")?,
            PrecisionError::NoMeasure => f.write_str("no measure is given")?,
            PrecisionError::NoNumber(text) => write!(f, "the width \"{text}\" is no number")?,
            PrecisionError::OutOfRange(text) => write!(f, "the width {text} is not above 0 and finite")?,
        }
        f.write_str(
            "; write MEASURE:WIDTH with half the width of its interval, \
             as in lost_share:2% (of the estimate) or contribution_usd:50 (in its unit)",
        )
    }
}

impl std::error::Error for PrecisionError {}

impl FromStr for Precision {
    type Err = PrecisionError;

    fn from_str(text: &str) -> Result<Precision, PrecisionError> {
        let (measure, width) = text.split_once(':').ok_or(PrecisionError::NoWidth)?;
        let (measure, width) = (measure.trim(), width.trim());
        if measure.is_empty() {
            return Err(PrecisionError::NoMeasure);
        }
        let (number, form): (&str, fn(f64) -> HalfWidth) = match width.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), HalfWidth::Percent),
            None => (width, HalfWidth::Absolute),
        };
        let number: f64 = number.parse().map_err(|_| PrecisionError::NoNumber(width.to_owned()))?;
        if !(number.is_finite() && number > 0.0) {
            return Err(PrecisionError::OutOfRange(width.to_owned()));
        }
        Ok(Precision { measure: measure.to_owned(), half_width: form(number) })
    }
}

/// As it is read.
impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.half_width {
            HalfWidth::Percent(percent) => write!(f, "{}:{percent}%", self.measure),
            HalfWidth::Absolute(width) => write!(f, "{}:{width}", self.measure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn precision(text: &str) -> Precision {
        text.parse().unwrap()
    }

    /// So many values with a mean and half an interval's width.
    fn sample(n: u64, mean: f64, half_width: f64) -> Moments {
        let unit = Moments { n, mean, sum_of_squares: 1.0 };
        let widths = half_width / super::half_width(&unit).unwrap();
        Moments { sum_of_squares: widths * widths, ..unit }
    }

    #[test]
    fn a_width_is_a_percentage_or_an_amount() {
        let relative = Precision { measure: "lost_share".to_owned(), half_width: HalfWidth::Percent(2.0) };
        let absolute =
            Precision { measure: "contribution_usd".to_owned(), half_width: HalfWidth::Absolute(50.0) };
        assert_eq!(precision("lost_share:2%"), relative);
        assert_eq!(precision(" lost_share : 2.0 % "), relative);
        assert_eq!(precision("contribution_usd:50"), absolute);
        assert_eq!(precision("stops:0.07%").to_string(), "stops:0.07%");
        assert_eq!(precision("stops:1e3").to_string(), "stops:1000");
    }

    #[test]
    fn a_text_that_is_no_precision_is_told_what_would_be() {
        let hint = "; write MEASURE:WIDTH with half the width of its interval, \
                    as in lost_share:2% (of the estimate) or contribution_usd:50 (in its unit)";
        for (text, wrong) in [
            ("lost_share", "no width is given"),
            (":2%", "no measure is given"),
            ("lost_share:", "the width \"\" is no number"),
            ("lost_share:%", "the width \"%\" is no number"),
            ("lost_share:2 percent", "the width \"2 percent\" is no number"),
            ("lost_share:0%", "the width 0% is not above 0 and finite"),
            ("stops:-3", "the width -3 is not above 0 and finite"),
            ("stops:inf", "the width inf is not above 0 and finite"),
            ("stops:nan%", "the width nan% is not above 0 and finite"),
        ] {
            assert_eq!(text.parse::<Precision>().unwrap_err().to_string(), format!("{wrong}{hint}"));
        }
    }

    #[test]
    fn it_is_met_when_half_the_interval_is_as_narrow_as_asked() {
        for (text, mean) in [("m:2%", 50.0), ("m:2%", -50.0), ("m:1", 0.0), ("m:1", 7.0)] {
            assert!(precision(text).is_met(&sample(12, mean, 0.999)), "{text} of {mean}");
            assert!(!precision(text).is_met(&sample(12, mean, 1.001)), "{text} of {mean}");
        }
    }

    #[test]
    fn it_is_not_met_by_few_replications_however_equal() {
        assert!(!precision("m:2%").is_met(&Moments::of([5.0; 9])));
        assert!(precision("m:2%").is_met(&Moments::of([5.0; 10])));
        assert!(!precision("m:2%").is_met(&Moments::default()));
    }

    #[test]
    fn a_percentage_of_nothing_is_met_only_without_spread() {
        assert!(!precision("m:2%").is_met(&sample(10, 0.0, 1e-9)));
        assert!(precision("m:2%").is_met(&Moments::of([0.0; 10])));
    }

    #[test]
    fn so_many_are_needed_as_would_do_at_the_present_spread() {
        let needed = |n, half_width| precision("m:1").replications_needed(&sample(n, 5.0, half_width));
        assert_eq!(needed(100, 1.25), 157);
        assert_eq!(needed(100, 1.000_001), 101);
        assert_eq!(needed(100, 9.0), 200, "never more than twice as many at a step");
        assert_eq!(needed(4, 1.1), 10, "at least ten");
        assert_eq!(precision("m:2%").replications_needed(&sample(50, 0.0, 1.0)), 100);
        for few in [Moments::default(), Moments::of([1.0])] {
            assert_eq!(precision("m:1").replications_needed(&few), 10);
        }
    }

    #[test]
    fn adding_what_is_needed_ends() {
        let mut n = 2;
        while !precision("m:1%").is_met(&sample(n, 10.0, 40.0 / (n as f64).sqrt())) {
            let needed = precision("m:1%").replications_needed(&sample(n, 10.0, 40.0 / (n as f64).sqrt()));
            assert!(n < needed && needed <= (2 * n).max(10), "{n} to {needed}");
            n = needed;
        }
        assert!((160_000..=160_001).contains(&n), "{n}");
    }
}
