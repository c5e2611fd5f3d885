//! Goals: what is best, and what must hold.

use crate::metrics::{Better, Measure, Unit};
use crate::statistics::Moments;
use std::fmt;
use std::str::FromStr;

/// What the best point has most or least of, and what must hold there.
#[derive(Clone)]
pub struct Goal {
    /// What it is about.
    pub objective: Objective,
    /// What must hold.
    pub constraints: Vec<Constraint>,
}

/// A measure, and which way it is better.
#[derive(Clone, Copy)]
pub struct Objective {
    /// The measure.
    pub measure: &'static Measure,
    /// Which way.
    pub better: Better,
}

impl Objective {
    /// Whether a mean is better than another.
    pub fn prefers(&self, mean: f64, other: f64) -> bool {
        match self.better {
            Better::Higher => mean > other,
            Better::Lower => mean < other,
        }
    }
}

/// Written as it is read: `max:contribution_usd`.
impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let better = match self.better {
            Better::Higher => "max",
            Better::Lower => "min",
        };
        write!(f, "{better}:{}", self.measure.name)
    }
}

impl FromStr for Objective {
    type Err = String;

    /// Reads the name of a measure, after `max:` or `min:` where it is not plain which way it is better.
    fn from_str(text: &str) -> Result<Objective, String> {
        let (better, name) = match text.split_once(':') {
            Some(("max", name)) => (Some(Better::Higher), name),
            Some(("min", name)) => (Some(Better::Lower), name),
            Some(_) => {
                return Err("write a measure, as in contribution_usd or min:promotional_usd".to_owned());
            }
            None => (None, text),
        };
        let measure = measure_named(name)?;
        match better.or(measure.better) {
            Some(better) => Ok(Objective { measure, better }),
            None => Err(format!(
                "{name} is better neither high nor low by itself: write max:{name} or min:{name}"
            )),
        }
    }
}

/// A bound that the mean of a measure must keep.
#[derive(Clone)]
pub struct Constraint {
    /// The measure.
    pub measure: &'static Measure,
    relation: Relation,
    /// In the unit of the measure.
    pub bound: f64,
    written: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Relation {
    /// Longer signs first.
    const ALL: [(&str, Relation); 4] =
        [("<=", Relation::AtMost), (">=", Relation::AtLeast), ("<", Relation::Below), (">", Relation::Above)];
}

impl Constraint {
    /// Whether it holds of a value.
    pub fn holds(&self, value: f64) -> bool {
        match self.relation {
            Relation::Below => value < self.bound,
            Relation::AtMost => value <= self.bound,
            Relation::Above => value > self.bound,
            Relation::AtLeast => value >= self.bound,
        }
    }

    /// Whether it holds of the whole interval; `None` where there is none.
    pub fn is_sure(&self, moments: &Moments) -> Option<bool> {
        moments.interval().map(|interval| self.holds(interval.low) && self.holds(interval.high))
    }

    /// By how much a value misses the bound, as a share of it (of 1 where it is zero); 0 where it holds.
    pub fn shortfall(&self, value: f64) -> f64 {
        let scale = if self.bound == 0.0 { 1.0 } else { self.bound.abs() };
        if self.holds(value) { 0.0 } else { (value - self.bound).abs() / scale }
    }

    /// The sign between measure and bound.
    pub fn sign(&self) -> &'static str {
        let known = Relation::ALL.iter().find(|(_, relation)| *relation == self.relation);
        known.expect("every relation has a sign").0
    }
}

/// Written as it was given.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl FromStr for Constraint {
    type Err = String;

    /// Reads `lost_share<0.5%` and the like.
    fn from_str(text: &str) -> Result<Constraint, String> {
        let example = "write a bound, as in lost_share<0.5% or contribution_usd>=1000";
        let split = |(sign, relation)| text.split_once(sign).map(|(name, bound)| (name, relation, bound));
        let (name, relation, bound) =
            Relation::ALL.into_iter().find_map(split).ok_or_else(|| example.to_owned())?;
        let measure = measure_named(name.trim())?;
        let (number, percent) = match bound.trim().strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (bound.trim(), false),
        };
        if percent && measure.unit != Unit::Share {
            return Err(format!("{} is no share: leave the % out", measure.name));
        }
        let number: f64 = number.parse().map_err(|_| format!("`{number}` is no number: {example}"))?;
        if !number.is_finite() {
            return Err(format!("{number} is no bound: {example}"));
        }
        let bound = if percent { number / 100.0 } else { number };
        let written = text.split_whitespace().collect();
        Ok(Constraint { measure, relation, bound, written })
    }
}

fn measure_named(name: &str) -> Result<&'static Measure, String> {
    Measure::named(name).ok_or_else(|| {
        format!("there is no measure `{name}`: did you mean `{}`?", Measure::nearest(name).name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T: FromStr<Err = String>>(text: &str) -> String {
        text.parse::<T>().err().unwrap_or_else(|| panic!("{text} is read"))
    }

    #[test]
    fn a_measure_is_better_as_it_says_or_as_is_asked() {
        let objective = |text: &str| text.parse::<Objective>().unwrap().to_string();
        assert_eq!(objective("contribution_usd"), "max:contribution_usd");
        assert_eq!(objective("lost_share"), "min:lost_share");
        assert_eq!(objective("max:promotional_usd"), "max:promotional_usd");
        assert_eq!(objective("max:bad_debt_usd"), "max:bad_debt_usd");
        assert!(wrong::<Objective>("promotional_usd").contains("write max:promotional_usd or min:"));
        assert!(wrong::<Objective>("contribution").contains("did you mean `contribution_usd`?"));
        assert!(wrong::<Objective>("most:lost").contains("write a measure"));
    }

    #[test]
    fn bounds_are_in_the_unit_of_the_measure_or_in_percent_of_a_share() {
        let constraint = |text: &str| text.parse::<Constraint>().unwrap();
        assert_eq!(constraint("lost_share < 0.5 %").bound, 0.005);
        assert_eq!(constraint("lost_share < 0.5 %").to_string(), "lost_share<0.5%");
        assert_eq!(constraint("contribution_usd>=-1e3").bound, -1000.0);
        for (text, holds) in [
            ("lost<5", [true, false, false]),
            ("lost<=5", [true, true, false]),
            ("lost>5", [false, false, true]),
            ("lost>=5", [false, true, true]),
        ] {
            assert_eq!([4.0, 5.0, 6.0].map(|value| constraint(text).holds(value)), holds, "{text}");
            assert!(text.contains(constraint(text).sign()));
        }
        assert_eq!(constraint("lost<4").shortfall(5.0), 0.25);
        assert_eq!(constraint("lost<4").shortfall(3.0), 0.0);
        assert!(wrong::<Constraint>("lost_share").contains("write a bound"));
        assert!(wrong::<Constraint>("lost<5%").contains("is no share"));
        assert!(wrong::<Constraint>("lost<few").contains("`few` is no number"));
        assert!(wrong::<Constraint>("lost<inf").contains("no bound"));
        assert!(wrong::<Constraint>("losst<5").contains("did you mean `lost`?"));
    }

    #[test]
    fn a_bound_is_surely_kept_where_the_whole_interval_keeps_it() {
        let constraint: Constraint = "lost<5".parse().unwrap();
        assert_eq!(constraint.is_sure(&Moments::of([1.0, 1.1, 0.9])), Some(true));
        assert_eq!(constraint.is_sure(&Moments::of([1.0, 4.0, 9.0])), Some(false));
        assert_eq!(constraint.is_sure(&Moments::of([1.0])), None);
    }
}
