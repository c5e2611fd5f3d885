//! Lines over days: what plots of daily figures share.

use super::super::figure::Style;
use super::super::results::{Day, Results};
use super::picture::{Anchor, Picture, Pixel, Place, TEXT};
use super::scale::{Axis, Scale, date_ticks};
use super::style::{
    BAND, Frame, GRID, INK, Look, MARGIN, Sign, WIDTH, between, label_width, legend, look, point, stroke,
};
use super::words::with_interval;
use crate::experiment::ALL_COHORTS;
use crate::metrics::Unit;
use crate::statistics::Interval;
use jiff::ToSpan;
use jiff::civil::Date;
use std::ops::Range;

/// Over how many days figures are averaged, where there are many.
pub const WEEK: usize = 7;
/// From how many days on there are many.
pub const MANY_DAYS: usize = 4 * WEEK;
/// Above the frame of a panel: its caption.
const CAPTION: i32 = 54;
/// Below it: its dates, and what parts it from the next panel.
const DATES: i32 = 80;
/// How many places of a panel tell their figures: more would be too narrow to point at.
const TIPS: usize = 130;

/// Days in a row, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    first: Date,
    /// How many days there are, at least two.
    pub days: usize,
    /// Those on a gray ground.
    pub shaded: Range<usize>,
}

impl Timeline {
    /// The days from the first to the last one; `None` for a single day, which makes no line.
    pub fn new(first: Date, last: Date) -> Option<Timeline> {
        let days = days_between(first, last)? + 1;
        (days > 1).then_some(Timeline { first, days, shaded: 0..0 })
    }

    /// The days of a run that have demand.
    pub fn measured(data: &Results) -> Option<Timeline> {
        let measured = data.measured_days();
        let dates = || measured.iter().map(|day| day.date);
        Timeline::new(dates().min()?, dates().max()?)
    }

    /// The number of a date, from 0; `None` where it is outside.
    pub fn day(&self, date: Date) -> Option<usize> {
        days_between(self.first, date).filter(|day| *day < self.days)
    }

    /// The date of a day.
    pub fn date(&self, day: usize) -> Date {
        self.first.saturating_add((day as i64).days())
    }

    /// Some days in words.
    pub fn period(&self, days: &Range<usize>) -> String {
        match days.len() {
            1 => self.date(days.start).to_string(),
            _ => format!("{} to {}", self.date(days.start), self.date(days.end - 1)),
        }
    }

    /// A daily figure over all cohorts under a policy.
    pub fn line(&self, data: &Results, policy: &str, name: &str) -> Line {
        let days = data.days.iter().filter(|day| day.cohort == ALL_COHORTS && day.policy == policy);
        let point = |day: &Day| {
            Some(Point { day: self.day(day.date)?, value: day.mean(name), interval: day.interval(name) })
        };
        days.filter_map(point).collect()
    }

    /// The same under each policy.
    pub fn lines(&self, data: &Results, name: &str) -> Vec<Line> {
        data.policies.iter().map(|policy| self.line(data, policy, name)).collect()
    }
}

/// How many days a date is after the first one; `None` where it is before.
fn days_between(first: Date, date: Date) -> Option<usize> {
    usize::try_from(first.until(date).ok()?.get_days()).ok()
}

/// A figure day by day.
pub type Line = Vec<Point>;

/// A figure of a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The day's number.
    pub day: usize,
    /// The mean.
    pub value: f64,
    /// Its interval, where there is one.
    pub interval: Option<Interval>,
}

/// The average of each whole week of a line, at its middle day; without an interval, as days depend on each other.
pub fn averaged(line: &[Point]) -> Line {
    let average = |week: &[Point]| {
        let value = week.iter().map(|point| point.value).sum::<f64>() / WEEK as f64;
        Point { value, interval: None, ..week[WEEK / 2] }
    };
    line.windows(WEEK).map(average).collect()
}

/// Draws what tells the lines of policies apart from `top` on; returns the height below it.
pub fn legend_of_policies(picture: &mut Picture, data: &Results, top: i32) -> i32 {
    let policies = data.policies.iter().enumerate();
    let entries: Vec<(Sign, &str)> =
        policies.map(|(number, policy)| (Sign::Line(look(number)), policy.as_str())).collect();
    legend(picture, &entries, top) + 14
}

/// Where a panel of a picture is.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Its left edge.
    pub left: i32,
    right: i32,
    top: i32,
    height: i32,
}

impl Site {
    /// The place of the n-th of several panels, from 0, in so many columns from `top` on; their frames are so high.
    pub fn in_columns(number: usize, columns: i32, top: i32, height: i32) -> Site {
        let number = number as i32;
        let width = (WIDTH - 2 * MARGIN + 40) / columns;
        let left = MARGIN + number % columns * width;
        let top = top + number / columns * (CAPTION + height + DATES);
        Site { left, right: left + width - 80, top, height }
    }

    /// The height below it.
    pub fn below(&self) -> i32 {
        self.top + CAPTION + self.height + DATES
    }
}

/// A place for figures over days.
pub struct Panel<'t> {
    timeline: &'t Timeline,
    frame: Frame,
    scale: Scale,
    unit: Unit,
}

impl<'t> Panel<'t> {
    /// A panel with room for values of a unit.
    pub fn new(
        timeline: &'t Timeline,
        unit: Unit,
        values: impl IntoIterator<Item = f64>,
        site: Site,
    ) -> Panel<'t> {
        let Axis { numbers, factor, .. } = Axis::of(unit);
        let values = values.into_iter().map(|value| factor * value);
        let scale = Scale::vertical(values, numbers, site.height);
        let left = (site.left + label_width(&scale) + 16).max(site.left + 80);
        let top = site.top + CAPTION;
        let frame = Frame { left, top, right: site.right, bottom: top + site.height, inset: 0 };
        Panel { timeline, frame, scale, unit }
    }

    /// The place of a value after so many days.
    pub fn pixel(&self, days: f64, value: f64) -> Pixel {
        (self.x(days), self.frame.y(&self.scale, Axis::of(self.unit).factor * value))
    }

    fn x(&self, days: f64) -> i32 {
        let share = days / self.timeline.days as f64;
        self.frame.left + (share * f64::from(self.frame.right - self.frame.left)).round() as i32
    }

    fn middle(&self, day: usize, value: f64) -> Pixel {
        self.pixel(day as f64 + 0.5, value)
    }

    fn column(&self, days: Range<usize>) -> [Pixel; 2] {
        [(self.x(days.start as f64), self.frame.top), (self.x(days.end as f64), self.frame.bottom)]
    }

    /// Draws all but the figures.
    pub fn draw(&self, picture: &mut Picture, caption: &str, left: i32) {
        let Panel { timeline, frame, .. } = self;
        picture.text(caption, (left, frame.top - 40), Anchor::Start, TEXT, INK);
        if !timeline.shaded.is_empty() {
            let [(left, top), (right, bottom)] = self.column(timeline.shaded.clone());
            picture.translucent(vec![(left, top), (right, top), (right, bottom), (left, bottom)], GRID, 0.5);
        }
        for (day, label) in date_ticks(timeline.first, timeline.days as f64, frame.right - frame.left) {
            frame.x_tick(picture, self.x(day), &label);
        }
        frame.y_ticks(picture, &self.scale);
    }

    /// Draws a line for each policy, with a band where it has intervals.
    pub fn draw_lines(&self, picture: &mut Picture, lines: &[Line]) {
        // Many bands over each other are not to hide the lines.
        let opacity = BAND * (3.0 / lines.len() as f32).min(1.0);
        for (number, line) in lines.iter().enumerate() {
            let ends = line.iter().filter_map(|point| {
                let Interval { low, high } = point.interval?;
                Some((self.middle(point.day, low), self.middle(point.day, high)))
            });
            let (low, high): (Vec<Pixel>, Vec<Pixel>) = ends.unzip();
            if low != high {
                between(picture, &low, &high, look(number).colour, opacity);
            }
        }
        for (number, line) in lines.iter().enumerate() {
            self.draw_line(picture, line, 4, look(number));
        }
        self.draw_points(picture, lines);
    }

    /// Draws a line so wide in a look.
    pub fn draw_line(&self, picture: &mut Picture, line: &[Point], width: i32, look: Look) {
        let pixels: Vec<Pixel> = line.iter().map(|point| self.middle(point.day, point.value)).collect();
        stroke(picture, &pixels, width, look);
    }

    /// Draws a few points on the line of each policy, at places of its own, so that shapes tell lines apart.
    pub fn draw_points(&self, picture: &mut Picture, lines: &[Line]) {
        let count = (self.frame.right - self.frame.left) as usize / 200;
        for (number, line) in lines.iter().enumerate() {
            let every = line.len().div_ceil(count).max(1);
            for at in line.iter().skip(every * number / lines.len()).step_by(every) {
                let look = look(number);
                point(picture, look.shape, self.middle(at.day, at.value), 10, look.colour);
            }
        }
    }

    /// Tells the figures of each line, by the names of policies, on the day that is pointed at, or on one near it
    /// where there are many.
    pub fn tell_lines(&self, picture: &mut Picture, lines: &[Line], names: &[String]) {
        let every = self.timeline.days.div_ceil(TIPS);
        for from in (0..self.timeline.days).step_by(every) {
            let to = (from + every).min(self.timeline.days);
            let day = (from + to - 1) / 2;
            let of_day = |line: &Line| line.iter().find(|point| point.day == day).copied();
            let points = names.iter().zip(lines).filter_map(|(name, line)| Some((name, of_day(line)?)));
            let points: Vec<(&String, Point)> = points.collect();
            if points.is_empty() {
                continue;
            }
            let style = Style::of(self.unit, points.iter().map(|(_, point)| point.value));
            let words = points.iter().map(|(name, point)| {
                format!("\n{name}: {}", with_interval(style, point.value, point.interval))
            });
            self.tell(picture, from..to, &(self.timeline.date(day).to_string() + &words.collect::<String>()));
        }
    }

    /// Tells a text where days are pointed at.
    pub fn tell(&self, picture: &mut Picture, days: Range<usize>, text: &str) {
        let [from, to] = self.column(days);
        picture.tip(Place::Rectangle { from, to }, text);
    }
}

/// The values of lines and the ends of their intervals.
pub fn values(lines: &[Line]) -> impl Iterator<Item = f64> {
    lines.iter().flatten().flat_map(|point| {
        let ends = point.interval.map(|interval| [interval.low, interval.high]);
        ends.into_iter().flatten().chain([point.value])
    })
}

/// The results of a policy `p` that has these daily figures.
#[cfg(test)]
pub fn results(days: usize, of_day: impl Fn(usize) -> Vec<(&'static str, f64)>) -> Results {
    let day = |number: usize| Day {
        policy: "p".to_owned(),
        cohort: ALL_COHORTS.to_owned(),
        date: jiff::civil::date(2026, 1, 1).saturating_add((number as i64).days()),
        values: of_day(number).into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    Results {
        policies: vec!["p".to_owned()],
        cohorts: Vec::new(),
        replications: 3,
        estimates: Vec::new(),
        differences: Vec::new(),
        days: (0..days).map(day).collect(),
        bins: Vec::new(),
        sizes: Vec::new(),
        balances: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn each_day_tells_its_figures_with_their_intervals() {
        let data = results(2, |day| {
            vec![("usage_usd", 5.0 + day as f64), ("usage_usd_low", 4.0), ("usage_usd_high", 7.5)]
        });
        let timeline = Timeline::new(date(2026, 1, 1), date(2026, 1, 2)).unwrap();
        let lines = timeline.lines(&data, "usage_usd");
        let panel = Panel::new(&timeline, Unit::Usd, values(&lines), Site::in_columns(0, 1, 0, 300));
        let mut picture = Picture::new(WIDTH, 500);
        panel.tell_lines(&mut picture, &lines, &data.policies);
        let told = "2026-01-02\np: $6.00 (95 % interval 4.00 to 7.50)";
        assert!(picture.to_svg().contains(told), "{}", picture.to_svg());
    }

    #[test]
    fn many_days_have_tips_that_can_be_pointed_at() {
        let data = results(2000, |_| vec![("usage_usd", 1.0)]);
        let timeline = Timeline::new(date(2026, 1, 1), data.days[1999].date).unwrap();
        let lines = timeline.lines(&data, "usage_usd");
        let panel = Panel::new(&timeline, Unit::Usd, values(&lines), Site::in_columns(0, 2, 0, 300));
        let mut picture = Picture::new(WIDTH, 500);
        panel.tell_lines(&mut picture, &lines, &data.policies);
        let tips = picture.to_svg().matches("<title>").count();
        assert!((100..=TIPS).contains(&tips), "{tips}");
    }

    #[test]
    fn averages_are_of_whole_weeks_and_stand_at_their_middle() {
        let point = |day: usize, value| Point { day, value, interval: None };
        let line: Line = (0..9).map(|day| point(day, (day * day) as f64)).collect();
        let expected = [point(3, 13.0), point(4, 20.0), point(5, 29.0)];
        assert_eq!(averaged(&line), expected);
        assert_eq!(averaged(&line[..6]), []);
    }

    #[test]
    fn days_have_dates_from_the_first_to_the_last() {
        let timeline = Timeline::new(date(2026, 1, 30), date(2026, 2, 2)).unwrap();
        assert_eq!((timeline.days, timeline.date(2)), (4, date(2026, 2, 1)));
        let numbers = [date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 3)];
        assert_eq!(numbers.map(|date| timeline.day(date)), [None, Some(0), Some(3), None]);
        assert_eq!(Timeline::new(date(2026, 1, 1), date(2026, 1, 1)), None);
        assert_eq!(Timeline::new(date(2026, 1, 2), date(2026, 1, 1)), None);
    }
}
