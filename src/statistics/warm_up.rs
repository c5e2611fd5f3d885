//! How long a run takes to forget how it began.

use super::{Moments, ROUNDING};

/// Days that are averaged, so that a weekly cycle is no trend.
const WEEK: usize = 7;

/// How many of the first days of a series to leave out as warm-up; `None` where the series does not settle, as
/// while it still grows, or is too short to tell (less than two weeks). The series is a daily measure, averaged
/// over replications. Of noise alone, some first days are left out in vain.
///
/// The rule is to leave out what makes the standard error of the mean of the rest lowest: the first days while
/// their distance from the rest outweighs having fewer. A series whose best rest begins in its second half has
/// not settled; nor has one whose rest has a trend (at the 1 % level): where growth speeds up, all days are far
/// from one another, and leaving some out gains nothing.
///
/// Source: the marginal standard error rule (MSER): White, "An effective truncation heuristic for bias
/// reduction in simulation output", Simulation 69 (1997), which takes values one by one; averaged over
/// replications and refused in the second half as in Hoad, Robinson and Davies, "Automating warm-up length
/// estimation", Journal of the Operational Research Society 61 (2010). Moving averages of a week take the place
/// of their batches of five values, as in Welch's plot (Law (2015), section 9.5.1): five days have a weekly
/// cycle of their own. At least a third of the series is left, for the error of a few values is low by chance. The
/// trend: Mann, "Nonparametric tests against trend", Econometrica 13 (1945), of batches of the rest.
pub fn truncation(daily: &[f64]) -> Option<usize> {
    let levels: Vec<f64> = daily.windows(WEEK).map(|days| days.iter().sum::<f64>() / WEEK as f64).collect();
    if levels.len() <= WEEK {
        return None;
    }
    let peak = levels.iter().fold(0.0_f64, |peak, level| peak.max(level.abs()));
    let rounding = ROUNDING * peak;
    let (mut settled, mut lowest) = (levels.len(), f64::INFINITY);
    let mut rest = Moments::default();
    for (day, level) in levels.iter().enumerate().rev() {
        rest.add(*level);
        let squared_error = rest.sum_of_squares / (rest.n * rest.n) as f64;
        if rest.n as usize >= levels.len() / 3 && squared_error <= lowest + rounding * rounding {
            (settled, lowest) = (day, squared_error);
        }
    }
    (2 * settled <= levels.len() && !has_trend(&daily[settled..])).then_some(settled)
}

/// Whether a series rises or falls from batch to batch: whether so many more of all pairs of batches are in ascending
/// than in descending order, or the other way round, as would be by chance at most once in a hundred times.
fn has_trend(daily: &[f64]) -> bool {
    const LEVEL: f64 = 2.576;
    // Of whole weeks, and as long as can be: what neighbours have in common is no trend.
    const BATCHES: usize = 12;
    let days = WEEK * (daily.len() / WEEK).div_ceil(BATCHES).max(1);
    let batches: Vec<f64> = daily.rchunks_exact(days).rev().map(|batch| batch.iter().sum()).collect();
    let order = |(index, later): (usize, &f64)| -> i32 {
        batches[..index].iter().map(|earlier| i32::from(later > earlier) - i32::from(later < earlier)).sum()
    };
    let ascending: i32 = batches.iter().enumerate().map(order).sum();
    let n = batches.len() as f64;
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    f64::from(ascending.abs() - 1) > LEVEL * deviation
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without chance, but without an order either: between -1 and 1.
    fn noise(day: usize) -> f64 {
        (day * 7919 % 199) as f64 / 99.0 - 1.0
    }

    fn weekly(day: usize) -> f64 {
        [1.0, 1.1, 1.2, 1.1, 1.0, 0.6, 0.3][day % 7]
    }

    fn days(count: usize, of_day: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..count).map(of_day).collect()
    }

    #[test]
    fn what_is_settled_from_the_start_needs_no_warm_up() {
        assert_eq!(truncation(&[3.0; 14]), Some(0));
        assert_eq!(truncation(&[0.0; 90]), Some(0));
        assert_eq!(truncation(&days(90, weekly)), Some(0));
        assert_eq!(truncation(&days(91, |day| 1e9 * weekly(day))), Some(0));
    }

    #[test]
    fn a_series_is_cut_where_its_first_rise_ends() {
        assert_eq!(truncation(&days(90, |day| if day < 12 { 0.0 } else { 5.0 })), Some(12));
        assert_eq!(truncation(&days(90, |day| weekly(day) * (day.min(20) as f64))), Some(20));
        assert_eq!(truncation(&days(90, |day| if day < 12 { 9.0 } else { 5.0 })), Some(12));
    }

    #[test]
    fn the_cut_is_near_the_end_of_a_rise_amid_noise() {
        let rise = |day: usize| 1.0 - libm::exp(-(day as f64) / 7.0) + 0.05 * noise(day);
        let cut = truncation(&days(180, rise)).expect("the rise ends");
        assert!((14..=42).contains(&cut), "{cut} days: two to six times the 7 days of the rise");
    }

    /// Batches of five days would cut the second one: they have a cycle of 35 days.
    #[test]
    fn what_grows_to_the_end_does_not_settle() {
        assert_eq!(truncation(&days(90, |day| day as f64)), None);
        assert_eq!(truncation(&days(365, |day| weekly(day) * (1.0 + day as f64 / 365.0))), None);
        assert_eq!(truncation(&days(90, |day| -(day as f64) + noise(day))), None);
    }

    #[test]
    fn growth_that_speeds_up_does_not_settle() {
        let doubling = |day: usize| weekly(day) * libm::exp2(day as f64 / 30.0);
        assert_eq!(truncation(&days(181, doubling)), None);
        assert_eq!(truncation(&days(181, |day| -doubling(day))), None);
        let debt = |day: usize| (day % 30) as f64 * libm::exp2(day as f64 / 30.0);
        assert_eq!(truncation(&days(181, debt)), None);
    }

    #[test]
    fn what_days_have_in_common_with_their_neighbours_is_no_trend() {
        let (mut state, mut level) = (12_u64, 0.0);
        let wandering = (0..2000).map(|_| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            level += state as f64 / f64::from(1 << 30) - 1.0 - level / 30.0;
            level
        });
        let wandering: Vec<f64> = wandering.collect();
        assert_eq!(truncation(&wandering), Some(0));
    }

    #[test]
    fn a_monthly_cycle_is_no_trend() {
        let cut = truncation(&days(181, |day| (day % 30) as f64)).expect("it is settled");
        assert!(cut < 30, "{cut} days");
    }

    #[test]
    fn a_change_in_the_second_half_does_not_settle() {
        assert_eq!(truncation(&days(90, |day| if day < 50 { 1.0 } else { 2.0 })), None);
    }

    #[test]
    fn less_than_two_weeks_tell_nothing() {
        for count in 0..14 {
            assert_eq!(truncation(&vec![1.0; count]), None);
        }
    }
}
