//! Money over time: what came in, what was earned, what is owed.

use super::super::results::Results;
use super::picture::Picture;
use super::style::{WIDTH, heading};
use super::timeline::{Panel, Site, Timeline, legend_of_policies, values};
use crate::experiment::ALL_COHORTS;
use crate::metrics::Unit;

/// What a panel shows, its column, and the least that it can be.
const PANELS: [(&str, &str, f64); 4] = [
    ("Net cash so far, USD", "net_cash_to_date_usd", f64::NEG_INFINITY),
    ("Net revenue so far, USD", "net_revenue_to_date_usd", f64::NEG_INFINITY),
    ("Float: prepaid and not used yet, USD", "credit_usd", 0.0),
    ("Debt: used and not paid yet, USD", "receivable_usd", 0.0),
];
/// Which share of the money may move after the days that are shown.
const HARDLY_ANY: f64 = 0.01;
const HEIGHT: i32 = 330;

/// Four panels of lines over time, a line for each policy: cash, revenue, float and debt; none for a single
/// day, or where there is no money.
pub fn picture(data: &Results) -> Option<Picture> {
    let timeline = timeline(data)?;
    let panels = PANELS.map(|(caption, column, least)| (caption, timeline.lines(data, column), least));
    if panels.iter().flat_map(|(_, lines, _)| lines).flatten().all(|point| point.value == 0.0) {
        return None;
    }

    let mut picture = Picture::new(WIDTH, 0);
    let bands = if data.replications >= 2 { "; bands: 95 % confidence, each policy by itself" } else { "" };
    let run_off = if timeline.shaded.is_empty() { "" } else { "; gray: run-off, no requests" };
    let top = heading(
        &mut picture,
        "Cash and revenue so far, float and debt at each day's end, USD",
        &format!("all cohorts, {}{bands}{run_off}", data.replications_in_words()),
    );
    let top = legend_of_policies(&mut picture, data, top);
    for (number, (caption, lines, least)) in panels.iter().enumerate() {
        let site = Site::in_columns(number, 2, top, HEIGHT);
        // Nobody owes less than nothing, whatever an interval says.
        let values = values(lines).map(|value| value.max(*least));
        let panel = Panel::new(&timeline, Unit::Usd, values, site);
        panel.draw(&mut picture, caption, site.left);
        panel.draw_lines(&mut picture, lines);
        panel.tell_lines(&mut picture, lines, &data.policies);
        picture.height = site.below();
    }
    Some(picture)
}

/// The days from the first with demand to that after which hardly any money moves; those of the run-off are shaded.
fn timeline(data: &Results) -> Option<Timeline> {
    let measured = Timeline::measured(data)?;
    let of_all = data.days.iter().filter(|day| day.cohort == ALL_COHORTS);
    let whole = Timeline::new(measured.date(0), of_all.map(|day| day.date).max()?)?;
    let ends = data.policies.iter().filter_map(|policy| last_move(&whole, data, policy));
    let last = ends.chain([measured.days - 1]).max()?;
    let mut timeline = Timeline::new(measured.date(0), whole.date(last))?;
    timeline.shaded = measured.days..timeline.days;
    Some(timeline)
}

/// The day after which only such a share of what is paid or written off under a policy still is.
fn last_move(timeline: &Timeline, data: &Results, policy: &str) -> Option<usize> {
    let [paid, lost] = ["net_cash_usd", "bad_debt_usd"].map(|column| timeline.line(data, policy, column));
    let moved = paid.iter().zip(&lost).map(|(paid, lost)| (paid.day, paid.value.abs() + lost.value.abs()));
    let total: f64 = moved.clone().map(|(_, amount)| amount).sum();
    let mut rest = 0.0;
    let mut from_the_end = moved.rev();
    from_the_end.find_map(|(day, amount)| {
        rest += amount;
        (rest > HARDLY_ANY * total).then_some(day)
    })
}

#[cfg(test)]
mod tests {
    use super::super::timeline::results;
    use super::*;

    #[test]
    fn the_run_off_is_shown_as_long_as_money_moves() {
        let run = |late: f64| {
            results(100, |day| match day {
                0..10 => vec![("requests", 0.0), ("net_cash_usd", 0.0)],
                10..30 => vec![("requests", 5.0), ("net_cash_usd", 1.0)],
                40 => vec![("net_cash_usd", 20.0)],
                60 => vec![("bad_debt_usd", late)],
                _ => vec![],
            })
        };
        let timeline = |late| timeline(&run(late)).unwrap();
        assert_eq!((timeline(0.0).days, timeline(0.0).shaded), (31, 20..31));
        assert_eq!(timeline(0.1).days, 31);
        assert_eq!((timeline(5.0).days, timeline(5.0).shaded), (51, 20..51));
        assert!(super::timeline(&results(5, |_| vec![("requests", 1.0)])).unwrap().shaded.is_empty());
    }

    #[test]
    fn without_money_there_is_no_picture() {
        assert!(picture(&results(5, |_| vec![("requests", 1.0)])).is_none());
        assert!(picture(&results(5, |_| vec![("requests", 1.0), ("receivable_usd", 0.1)])).is_some());
    }
}
