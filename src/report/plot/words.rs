//! What plots tell in words.

use super::super::figure::Style;
use super::super::results::{Difference, Estimate};
use super::scale::Axis;
use crate::metrics::{Better, Measure};
use crate::statistics::Interval;

/// The text with a capital at its beginning.
pub fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// The unit of a measure on an axis, and which way it is better.
pub fn unit_and_way(axis: Axis, measure: &Measure) -> String {
    let way = match measure.better {
        Some(Better::Higher) => "more is better",
        Some(Better::Lower) => "less is better",
        None => "",
    };
    [axis.sign, way].iter().filter(|words| !words.is_empty()).copied().collect::<Vec<_>>().join(", ")
}

/// A mean with its interval.
pub fn estimate_in_words(estimate: &Estimate, measure: &Measure) -> String {
    let style = Style::of(measure.unit, estimate.values());
    with_interval(style, estimate.mean, estimate.interval().map(|(low, high)| Interval { low, high }))
}

/// How a policy differs from another, in a line each: by how much, whether that is real, and what pairing
/// did.
pub fn difference_in_words(difference: &Difference, measure: &Measure) -> String {
    let values = |mean, interval: Option<Interval>| {
        interval.into_iter().flat_map(|interval| [interval.low, interval.high]).chain([mean])
    };
    let (mean, interval) = (difference.difference, difference.interval());
    let style = Style::of_difference(measure.unit, values(mean, interval));
    let mut words = format!("against {}: {}", difference.baseline, with_interval(style, mean, interval));
    if let Some(relative) = difference.relative {
        let interval = difference.relative_interval();
        let style = Style::relative(values(relative, interval));
        words += &format!("\nrelatively: {}", with_interval(style, relative, interval));
    }
    if let Some(p) = difference.p_adjusted {
        let verdict = if difference.is_real() { "a real difference" } else { "no difference seen" };
        let p = if p < 0.0001 { "p < 0.0001".to_owned() } else { format!("p = {p:.4}") };
        words += &format!("\n{verdict} (adjusted {p})");
    }
    if let Some(pairing) = difference.pairing {
        words += &format!("\nnarrowed {} by common random numbers", times(pairing));
    }
    words
}

/// A mean with its interval, if there is one.
pub fn with_interval(style: Style, mean: f64, interval: Option<Interval>) -> String {
    let interval = interval.map(|Interval { low, high }| {
        format!(" (95 % interval {} to {})", style.number(low), style.number(high))
    });
    style.figure(mean) + &interval.unwrap_or_default()
}

fn times(factor: f64) -> String {
    if factor >= 100.0 { format!("{factor:.0} times") } else { format!("{factor:.1} times") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure() -> &'static Measure {
        Measure::named("lost_share").unwrap()
    }

    #[test]
    fn estimates_are_told_with_their_intervals() {
        let line = serde_json::json!({
            "policy": "p", "cohort": "all", "measure": "lost_share", "mean": 0.061, "ci_low": 0.058,
            "ci_high": 0.0641, "n": 20,
        });
        let estimate: Estimate = serde_json::from_value(line).unwrap();
        assert_eq!(estimate_in_words(&estimate, measure()), "6.1 % (95 % interval 5.8 to 6.4)");
    }

    #[test]
    fn differences_are_told_with_what_makes_them_sure() {
        let mut line = serde_json::json!({
            "policy": "q", "baseline": "p", "cohort": "all", "measure": "lost_share", "difference": -0.05,
            "ci_low": -0.06, "ci_high": -0.04, "p_adjusted": 0.00001, "relative": -0.82, "relative_low": -0.9,
            "relative_high": -0.7, "pairing": 3.25,
        });
        let difference = |line: &serde_json::Value| -> String {
            difference_in_words(&serde_json::from_value(line.clone()).unwrap(), measure())
        };
        let told = "against p: -5.0 points (95 % interval -6.0 to -4.0)\n\
                    relatively: -82.0 % (95 % interval -90.0 to -70.0)\n\
                    a real difference (adjusted p < 0.0001)\n\
                    narrowed 3.2 times by common random numbers";
        assert_eq!(difference(&line), told);
        line["p_adjusted"] = 0.3.into();
        assert!(difference(&line).contains("\nno difference seen (adjusted p = 0.3000)"));
    }
}
