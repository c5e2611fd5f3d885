//! Whether a run has to forget how it began: its figures day by day, and from when on they have settled.

use super::super::results::Results;
use super::picture::Picture;
use super::style::{WIDTH, heading, look};
use super::timeline::{Line, Panel, Point, Site, Timeline, WEEK, averaged, legend_of_policies, values};
use crate::metrics::Unit;
use crate::statistics::truncation;

/// What a panel shows, its column and unit, and whether it is a level: known also during the warm-up.
const PANELS: [(&str, &str, Unit, bool); 4] = [
    ("Usage per day, USD", "usage_usd", Unit::Usd, false),
    ("Active account time, % (not stopped)", "active_share", Unit::Share, false),
    ("Float: prepaid and not used yet, USD", "credit_usd", Unit::Usd, true),
    ("Debt: used and not paid yet, USD", "receivable_usd", Unit::Usd, true),
];
/// What a run is whose figures do not settle.
const LAUNCH: &str = "this is a launch, not a steady state";
/// Fewer days tell nothing.
const LEAST: usize = 2 * WEEK;
/// How wide lines are before they settle.
const THIN: i32 = 2;
const HEIGHT: i32 = 330;

/// Four panels of lines over time, a line for each policy, bold from where it has settled; none for a single
/// day, or where nothing ever changes.
pub fn picture(data: &Results) -> Option<Picture> {
    let timeline = timeline(data)?;
    let panels = PANELS.map(|(caption, column, unit, is_level)| {
        let from = if is_level { 0 } else { timeline.shaded.end };
        let lines = timeline.lines(data, column).into_iter();
        let series =
            lines.map(|line| Series::new(line.into_iter().filter(|point| point.day >= from).collect()));
        (caption, unit, series.collect::<Vec<Series>>())
    });
    let moving = panels.iter().flat_map(|(.., series)| series).filter(|series| series.moves);
    let settled: Vec<Option<usize>> = moving.map(|series| series.settled).collect();
    if settled.is_empty() {
        return None;
    }

    let mut picture = Picture::new(WIDTH, 0);
    let lines = match timeline.days - timeline.shaded.len() {
        LEAST.. => ", averages of seven days; bold from where a line has settled",
        _ => "",
    };
    let shade = if timeline.shaded.is_empty() { "" } else { "; gray: warm-up" };
    let top = heading(
        &mut picture,
        &format!("Is a warm-up needed? {}", verdict(&settled, &timeline)),
        &format!("all cohorts, {}{lines}{shade}", data.replications_in_words()),
    );
    let top = legend_of_policies(&mut picture, data, top);
    // Of years of days, bolder lines would make a blot.
    let bold = if timeline.days < 500 { 7 } else { 4 };
    for (number, (caption, unit, series)) in panels.iter().enumerate() {
        let lines: Vec<Line> = series.iter().map(|series| series.line.clone()).collect();
        let site = Site::in_columns(number, 2, top, HEIGHT);
        let panel = Panel::new(&timeline, *unit, values(&lines), site);
        panel.draw(&mut picture, caption, site.left);
        for (policy, series) in series.iter().enumerate() {
            let (unsettled, settled) = series.parts();
            panel.draw_line(&mut picture, unsettled, THIN, look(policy));
            panel.draw_line(&mut picture, settled, bold, look(policy));
        }
        panel.draw_points(&mut picture, &lines);
        panel.tell_lines(&mut picture, &lines, &data.policies);
        picture.height = site.below();
    }
    Some(picture)
}

/// The days to the last one with demand; those of the warm-up, whose demand is not counted, are shaded.
fn timeline(data: &Results) -> Option<Timeline> {
    let measured = Timeline::measured(data)?;
    let start = data.days.iter().map(|day| day.date).min()?;
    let mut timeline = Timeline::new(start, measured.date(measured.days - 1))?;
    timeline.shaded = 0..timeline.day(measured.date(0))?;
    Some(timeline)
}

/// A figure under a policy.
struct Series {
    /// Weekly averages, where there are enough days to tell whether it settles.
    line: Line,
    /// Which part of the line has settled: all but so many points.
    unsettled: Option<usize>,
    /// The days after which it has settled: 0 where it has been from the first one that is known.
    settled: Option<usize>,
    /// Whether it is not the same on all days.
    moves: bool,
}

impl Series {
    fn new(daily: Line) -> Series {
        let values: Vec<f64> = daily.iter().map(|point| point.value).collect();
        let unsettled = truncation(&values);
        Series {
            settled: unsettled.map(|days| if days == 0 { 0 } else { daily[days].day }),
            unsettled,
            moves: values.windows(2).any(|pair| pair[0] != pair[1]),
            line: if daily.len() < LEAST { daily } else { averaged(&daily) },
        }
    }

    /// The line up to where it settles, and from there on.
    fn parts(&self) -> (&[Point], &[Point]) {
        match self.unsettled {
            Some(unsettled) => (&self.line[..=unsettled], &self.line[unsettled..]),
            None => (&self.line, &[]),
        }
    }
}

/// What follows from the days after which lines have settled; `None` for one that has not.
fn verdict(lines: &[Option<usize>], timeline: &Timeline) -> String {
    let (days, warm_up, count) = (timeline.days, timeline.shaded.len(), lines.len());
    if days - warm_up < LEAST {
        return format!("{} days are too few to tell", days - warm_up);
    }
    let settled: Vec<usize> = lines.iter().flatten().copied().collect();
    let Some(latest) = settled.iter().max() else {
        return format!("None would do: nothing settles in {days} days, {LAUNCH}");
    };
    match settled.len() {
        some if 2 * some < count => {
            format!("Hardly any would do: {some} of {count} lines settle in {days} days, {LAUNCH}")
        }
        some if some < count => {
            format!(
                "After {latest} days {some} of {count} lines have settled; the others do not in {days} days"
            )
        }
        _ if *latest == 0 => "No: all lines have settled from the start".to_owned(),
        _ if *latest <= warm_up => {
            format!("The {warm_up} days are enough: lines have settled after {latest}")
        }
        _ if warm_up == 0 => format!("Yes: only after {latest} days have all lines settled"),
        _ => format!("A longer one than {warm_up} days: only after {latest} days have all lines settled"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::results;
    use super::*;
    use jiff::civil::date;

    fn title(data: &Results) -> String {
        let picture = picture(data).unwrap();
        picture.text_boxes()[0].0.to_owned()
    }

    #[test]
    fn flows_count_from_the_end_of_the_warm_up_and_levels_from_the_start() {
        let run = |rise: usize| {
            results(60, |day| {
                let flow = if day < 10 { 0.0 } else { 5.0 };
                let level = day.min(rise) as f64;
                vec![("requests", flow), ("usage_usd", flow), ("active_share", 1.0), ("credit_usd", level)]
            })
        };
        assert_eq!(title(&run(8)), "Is a warm-up needed? The 10 days are enough: lines have settled after 8");
        let title = title(&run(14));
        assert!(
            title.starts_with("Is a warm-up needed? A longer one than 10 days: only after 14 days"),
            "{title}"
        );
    }

    #[test]
    fn the_verdict_tells_how_long_a_warm_up_would_do() {
        let verdict = |lines: &[Option<usize>], days: i8, warm_up| {
            let mut timeline = Timeline::new(date(2026, 1, 1), date(2026, 1, days)).unwrap();
            timeline.shaded = 0..warm_up;
            verdict(lines, &timeline)
        };
        for (lines, days, warm_up, expected) in [
            (&[None][..], 13, 0, "13 days are too few to tell"),
            (&[None, Some(3)], 30, 20, "10 days are too few to tell"),
            (
                &[None, None],
                30,
                0,
                "None would do: nothing settles in 30 days, this is a launch, not a steady state",
            ),
            (&[Some(0), Some(0)], 30, 0, "No: all lines have settled from the start"),
            (&[Some(0), Some(5)], 30, 0, "Yes: only after 5 days have all lines settled"),
            (&[Some(0), Some(5)], 30, 5, "The 5 days are enough: lines have settled after 5"),
            (
                &[Some(0), Some(5)],
                30,
                4,
                "A longer one than 4 days: only after 5 days have all lines settled",
            ),
            (
                &[Some(3), Some(5), None],
                30,
                0,
                "After 5 days 2 of 3 lines have settled; the others do not in 30 days",
            ),
            (
                &[Some(3), None, None],
                30,
                0,
                "Hardly any would do: 1 of 3 lines settle in 30 days, this is a launch, not a steady state",
            ),
        ] {
            assert_eq!(verdict(lines, days, warm_up), expected);
        }
    }
}
