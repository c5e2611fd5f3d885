//! Balances of a few accounts over time: the saw-tooth of prepayment, the debt of post-payment.

use super::super::figure::Style;
use super::super::results::{Balance, Results};
use super::picture::{Anchor, Colour, Picture, Pixel, Place, TEXT, fitted, text_width};
use super::scale::{Numbers, Scale};
use super::style::{
    BLUE, FAINT_INK, Frame, GREEN, GRID, INK, Look, MARGIN, ORANGE, PURPLE, Shape, Sign, VERMILLION, WIDTH,
    heading, label_width, legend, point, shade, stroke,
};
use super::window::{self, Happening, Window};
use crate::metrics::Unit;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// An event that is marked on a line.
struct Event {
    /// As in `balances.csv`.
    name: &'static str,
    label: &'static str,
    shape: Shape,
    colour: Colour,
    /// Whether the balance jumps, once the event is posted.
    is_tooth: bool,
}

const EVENTS: [Event; 10] = [
    Event { name: "grant", label: "credit granted", shape: Shape::Diamond, colour: PURPLE, is_tooth: true },
    Event { name: "purchase", label: "purchase", shape: Shape::Diamond, colour: BLUE, is_tooth: true },
    Event { name: "top_up", label: "top-up", shape: Shape::Triangle, colour: GREEN, is_tooth: true },
    Event { name: "invoice", label: "invoice", shape: Shape::Square, colour: ORANGE, is_tooth: true },
    Event { name: "decline", label: "declined payment", shape: Shape::Plus, colour: ORANGE, is_tooth: false },
    Event {
        name: REFUSAL,
        label: "refused request",
        shape: Shape::Cross,
        colour: VERMILLION,
        is_tooth: false,
    },
    Event { name: "expiry", label: "credit expired", shape: Shape::Wedge, colour: PURPLE, is_tooth: false },
    Event { name: "lapse", label: "credit lapsed", shape: Shape::Wedge, colour: BLUE, is_tooth: false },
    Event { name: "churn", label: "customer left", shape: Shape::Wedge, colour: INK, is_tooth: false },
    Event { name: "close", label: "account closed", shape: Shape::Square, colour: INK, is_tooth: false },
];
/// The line of a balance.
const LINE: Look = Look { colour: INK, shape: Shape::Disc, dashes: &[] };
/// How many accounts are drawn at most.
const ACCOUNTS: usize = 3;
/// Marks of the same event that are nearer than this are one, but for jumps.
const NEAR: i32 = 40;
/// How much height all rows of panels share.
const ROOM: i32 = 1000;
const GAP: i32 = 40;
const INSET: i32 = 12;
/// The radius of a mark.
const MARK: i32 = 9;
/// How many places of a panel tell the balance.
const TIPS: i32 = 36;
const STOP: &str = "stop";
const REFUSAL: &str = "refusal";

/// Panels of balances over time: a row for each policy, a column for each of a few accounts.
pub fn picture(data: &Results) -> Option<Picture> {
    let first = data.balances.iter().map(|point| point.at).min()?;
    let midnight = TimeZone::UTC.to_datetime(first).date().to_zoned(TimeZone::UTC).ok()?.timestamp();
    let stories = Story::all(data, midnight);
    let sampled = stories.len();
    let columns = chosen(stories);

    let mut picture = Picture::new(WIDTH, 0);
    let accounts = match sampled {
        1 => "1 sample account".to_owned(),
        n if n > columns.len() => {
            format!(
                "{} of {n} sample accounts: those to which most happens, so not typical ones",
                columns.len()
            )
        }
        n => format!("{n} sample accounts"),
    };
    let top = heading(
        &mut picture,
        "Balances over time: what an account has under each policy, or owes",
        &format!(
            "US dollars, first replication, {accounts}. Each is shown as long as something happens to it and jumps can \
             be told apart; each panel has a scale of its own."
        ),
    );

    let height = (ROOM / data.policies.len() as i32).clamp(120, 300);
    let rows: Vec<Vec<Scene>> = (0..data.policies.len())
        .map(|policy| columns.iter().map(|(story, window)| story.scene(policy, *window, height)).collect())
        .collect();
    let mut top = legend(&mut picture, &entries(&rows), top) + 14;
    let labels = rows.iter().flatten().map(|scene| label_width(&scene.scale)).max().unwrap_or(0) + 16;
    let width = (WIDTH - 2 * MARGIN + GAP) / columns.len() as i32;
    let left = |column: usize| MARGIN + column as i32 * width;
    for (column, (story, window)) in columns.iter().enumerate() {
        for (line, (text, colour)) in (0..).zip([(story.name(), INK), (window.dates(midnight), FAINT_INK)]) {
            let at = (left(column) + labels, top + 14 + 36 * line);
            picture.text(&fitted(&text, width - GAP - labels, TEXT), at, Anchor::Start, TEXT, colour);
        }
    }
    top += 84;
    for (policy, scenes) in data.policies.iter().zip(&rows) {
        picture.line(vec![(MARGIN, top), (WIDTH - MARGIN, top)], 2, GRID);
        picture.text(&fitted(policy, WIDTH - 2 * MARGIN, TEXT), (MARGIN, top + 28), Anchor::Start, TEXT, INK);
        for (column, scene) in scenes.iter().enumerate() {
            let frame = Frame {
                left: left(column) + labels,
                top: top + 58,
                right: left(column) + width - GAP,
                bottom: top + 58 + height,
                inset: INSET,
            };
            scene.draw(&mut picture, &frame, midnight);
            let about = format!("{policy}\n{}", columns[column].0.name());
            scene.tell(&mut picture, &frame, midnight, &about);
        }
        top += 58 + height + 18;
    }
    for (column, (_, window)) in columns.iter().enumerate() {
        let (from, to) = (left(column) + labels, left(column) + width - GAP);
        for (share, label) in window.ticks(midnight, to - from) {
            let (x, half) =
                (from + (share * f64::from(to - from)).round() as i32, text_width(&label, TEXT) / 2);
            picture.text(&label, (x.min(to + GAP / 2 - half), top + 12), Anchor::Middle, TEXT, INK);
        }
    }
    picture.height = top + 50;
    Some(picture)
}

/// What explains the signs in these panels.
fn entries(rows: &[Vec<Scene>]) -> Vec<(Sign, &'static str)> {
    let scenes = || rows.iter().flatten();
    let stops = scenes().any(|scene| !scene.stops.is_empty()).then_some((Sign::Shade(VERMILLION), "stopped"));
    let events = EVENTS
        .iter()
        .filter(|event| scenes().flat_map(|scene| &scene.marks).any(|mark| mark.event.name == event.name));
    let events = events.map(|event| (Sign::Point(event.shape, event.colour), event.label));
    [(Sign::Stroke(LINE), "balance")].into_iter().chain(stops).chain(events).collect()
}

/// What happens to an account.
struct Story<'d> {
    cohort: &'d str,
    account: u32,
    /// Under each policy, its points in their order, with their days since midnight before the run.
    policies: Vec<Vec<(f64, &'d Balance)>>,
}

impl<'d> Story<'d> {
    /// Of every sample account.
    fn all(data: &'d Results, midnight: Timestamp) -> Vec<Story<'d>> {
        let mut stories: Vec<Story> = Vec::new();
        let mut places: BTreeMap<(&str, u32), usize> = BTreeMap::new();
        let policies: BTreeMap<&str, usize> =
            data.policies.iter().enumerate().map(|(number, policy)| (policy.as_str(), number)).collect();
        for point in &data.balances {
            let Some(policy) = policies.get(point.policy.as_str()) else { continue };
            let account = (point.cohort.as_str(), point.account);
            let place = *places.entry(account).or_insert_with(|| {
                let policies = vec![Vec::new(); data.policies.len()];
                stories.push(Story { cohort: account.0, account: account.1, policies });
                stories.len() - 1
            });
            let day = (point.at.as_microsecond() - midnight.as_microsecond()) as f64 / 86_400e6;
            stories[place].policies[*policy].push((day, point));
        }
        stories
    }

    fn name(&self) -> String {
        format!("{}, account {}", self.cohort, self.account)
    }

    /// From its signup until nothing happens to it any more.
    fn whole(&self) -> Window {
        let days = |is_idle: &dyn Fn(&str) -> bool| {
            let points = self.policies.iter().flatten().filter(|(_, point)| !is_idle(&point.event));
            points.map(|(day, _)| *day).collect::<Vec<_>>()
        };
        let first = days(&|_| false).into_iter().fold(f64::INFINITY, f64::min);
        let last = days(&|event| ["horizon", "write_off"].contains(&event)).into_iter().fold(first, f64::max);
        Window::around(first, last)
    }

    /// What happens to it under each policy, in order; refusals come with a stop, or are too many to tell.
    fn happenings(&self) -> Vec<Vec<Happening>> {
        let happening = |(day, point): &(f64, &Balance)| {
            let kind = match point.event.as_str() {
                STOP => EVENTS.len(),
                REFUSAL => return None,
                name => EVENTS.iter().position(|event| event.name == name)?,
            };
            Some(Happening {
                day: *day,
                kind,
                is_tooth: EVENTS.get(kind).is_some_and(|event| event.is_tooth),
            })
        };
        self.policies.iter().map(|points| points.iter().filter_map(happening).collect()).collect()
    }

    /// What a panel shows of it under a policy.
    fn scene(&self, policy: usize, window: Window, height: i32) -> Scene<'d> {
        let points = &self.policies[policy];
        let line = clipped(&path(points), window);
        let scale = Scale::vertical(
            line.iter().map(|(_, balance)| *balance).chain([0.0]),
            Numbers::Usd,
            height - 2 * INSET,
        );
        Scene { window, stops: stops(points, window), marks: marks(points, window), line, scale }
    }
}

/// The accounts that are drawn, each with what is shown of it: those to whom most kinds of events happen under most
/// policies, but one of each cohort before a second of any.
fn chosen(stories: Vec<Story<'_>>) -> Vec<(Story<'_>, Window)> {
    let mut ranked: Vec<(usize, usize, Story, Window)> = (stories.into_iter().enumerate())
        .map(|(place, story)| {
            let happenings = story.happenings();
            let window = story.whole().best(&happenings);
            (window.kinds(&happenings), place, story, window)
        })
        .collect();
    ranked.sort_by_key(|(kinds, place, ..)| (Reverse(*kinds), *place));
    let mut of_cohorts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chosen: Vec<_> = (ranked.into_iter())
        .map(|(_, place, story, window)| {
            let rank = of_cohorts.entry(story.cohort).or_default();
            *rank += 1;
            (*rank, place, story, window)
        })
        .collect();
    chosen.sort_by_key(|(rank, ..)| *rank);
    chosen.truncate(ACCOUNTS);
    chosen.sort_by_key(|(_, place, ..)| *place);
    chosen.into_iter().map(|(.., story, window)| (story, window)).collect()
}

/// The line of a balance: usage draws it down on the way, anything else changes it at once.
fn path(points: &[(f64, &Balance)]) -> Vec<(f64, f64)> {
    let mut path: Vec<(f64, f64)> = Vec::new();
    for (day, point) in points {
        if let Some((_, before)) = path.last().copied().filter(|_| point.event != "usage") {
            path.push((*day, before));
        }
        path.push((*day, point.balance_usd));
    }
    path
}

/// What of a line is within a window; after its end it stays as it is.
fn clipped(path: &[(f64, f64)], window: Window) -> Vec<(f64, f64)> {
    let (from, to) = (window.from, window.from + window.days);
    let last = path.last().map(|(day, balance)| (day.max(to), *balance));
    let path: Vec<(f64, f64)> = path.iter().copied().chain(last).collect();
    let mut line: Vec<(f64, f64)> = Vec::new();
    for pair in path.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x1 < from || x0 > to {
            continue;
        }
        let at = |x: f64| if x1 > x0 { y0 + (y1 - y0) * (x - x0) / (x1 - x0) } else { y1 };
        let start = if x0 < from { (from, at(from)) } else { (x0, y0) };
        let end = if x1 > to { (to, at(to)) } else { (x1, y1) };
        line.extend([start, end]);
    }
    line.dedup();
    line
}

/// When the account is stopped: from a stop until it ends, or the customer leaves.
fn stops(points: &[(f64, &Balance)], window: Window) -> Vec<(f64, f64)> {
    let end = window.from + window.days;
    let mut stops = Vec::new();
    let mut since = None;
    for (day, point) in points {
        match point.event.as_str() {
            STOP => since = since.or(Some(*day)),
            "resume" | "churn" | "close" => stops.extend(since.take().map(|since| (since, *day))),
            _ => {}
        }
    }
    stops.extend(since.map(|since| (since, end)));
    let within = |(from, to): (f64, f64)| (from.max(window.from), to.min(end));
    stops.into_iter().map(within).filter(|(from, to)| from < to).collect()
}

/// An event at a place of a line.
struct Mark<'d> {
    day: f64,
    balance: f64,
    event: &'static Event,
    /// What was noted: payments before they are posted.
    noted: &'d Balance,
}

/// The events of a window that are marked. What buys credit is marked where the credit is posted; of refusals while
/// the account is stopped, the first.
fn marks<'d>(points: &[(f64, &'d Balance)], window: Window) -> Vec<Mark<'d>> {
    let mut marks = Vec::new();
    let (mut is_stopped, mut is_known) = (false, false);
    for (index, (_, point)) in points.iter().enumerate() {
        match point.event.as_str() {
            STOP => (is_stopped, is_known) = (true, false),
            "resume" | "churn" | "close" => is_stopped = false,
            REFUSAL if is_stopped && is_known => continue,
            REFUSAL => is_known = true,
            _ => {}
        }
        let Some(event) = EVENTS.iter().find(|event| event.name == point.event) else { continue };
        let posting = points[index..].iter().find(|(_, later)| later.event == "posting");
        let (day, at) = match event.name {
            "purchase" | "top_up" => posting.unwrap_or(&points[index]),
            _ => &points[index],
        };
        if (window.from..=window.from + window.days).contains(day) {
            marks.push(Mark { day: *day, balance: at.balance_usd, event, noted: point });
        }
    }
    marks
}

/// What a panel shows.
struct Scene<'d> {
    window: Window,
    /// Days and balances.
    line: Vec<(f64, f64)>,
    stops: Vec<(f64, f64)>,
    marks: Vec<Mark<'d>>,
    scale: Scale,
}

impl Scene<'_> {
    fn x(&self, frame: &Frame, day: f64) -> i32 {
        let share = (day - self.window.from) / self.window.days;
        frame.left + (share * f64::from(frame.right - frame.left)).round() as i32
    }

    fn draw(&self, picture: &mut Picture, frame: &Frame, midnight: Timestamp) {
        for (share, _) in self.window.ticks(midnight, frame.right - frame.left) {
            let x = self.x(frame, self.window.from + share * self.window.days);
            picture.line(vec![(x, frame.top), (x, frame.bottom)], 2, GRID);
        }
        frame.y_ticks(picture, &self.scale);
        for (from, to) in &self.stops {
            // Short ones, too, are to be seen.
            let (from, to) = (self.x(frame, *from), self.x(frame, *to));
            shade(picture, (from, frame.top), (to.max(from + 3), frame.bottom), VERMILLION);
        }
        let places =
            self.line.iter().map(|(day, balance)| (self.x(frame, *day), frame.y(&self.scale, *balance)));
        let mut places: Vec<Pixel> = places.collect();
        places.dedup();
        stroke(picture, &places, 3, LINE);
    }

    /// Has a panel tell the balance wherever it is pointed at, and of each event.
    fn tell(&self, picture: &mut Picture, frame: &Frame, midnight: Timestamp, about: &str) {
        let style = Style::of(Unit::Usd, self.line.iter().map(|(_, balance)| *balance));
        let Window { from, days } = self.window;
        for number in 0..TIPS {
            let [left, day, right] =
                [0.0, 0.5, 1.0].map(|part| from + days * (f64::from(number) + part) / f64::from(TIPS));
            let Some(balance) = at(&self.line, day) else { continue };
            let is_stopped = self.stops.iter().any(|(from, to)| (*from..*to).contains(&day));
            let stopped = if is_stopped { ", stopped" } else { "" };
            let text = format!("{about}\n{}: {}{stopped}", instant(midnight, day), style.figure(balance));
            let [left, right] = [left, right].map(|day| self.x(frame, day));
            picture.tip(Place::Rectangle { from: (left, frame.top), to: (right, frame.bottom) }, &text);
        }
        for marks in near(&self.marks, |day| self.x(frame, day)) {
            let (first, last) = (marks[0], marks[marks.len() - 1]);
            let at = (self.x(frame, first.day), frame.y(&self.scale, first.balance));
            point(picture, first.event.shape, at, MARK, first.event.colour);
            let told =
                |mark: &Mark| mark.noted.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string();
            let more = match marks.len() {
                1 => String::new(),
                n => format!("\nand {} more until {}", n - 1, told(last)),
            };
            let text = format!(
                "{about}\n{}: {}, then {}{more}",
                told(first),
                first.event.label,
                style.figure(first.balance)
            );
            picture.tip(Place::Circle { centre: at, radius: MARK + 4 }, &text);
        }
    }
}

/// Marks in the order of their events, together with those near to them that would say the same again.
fn near<'m, 'd>(marks: &'m [Mark<'d>], x: impl Fn(f64) -> i32) -> Vec<Vec<&'m Mark<'d>>> {
    let mut groups: Vec<Vec<&Mark>> = Vec::new();
    for event in &EVENTS {
        let mut of_event: Vec<Vec<&Mark>> = Vec::new();
        for mark in marks.iter().filter(|mark| mark.event.name == event.name) {
            match of_event.last_mut().filter(|group| x(mark.day) - x(group[0].day) < NEAR && !event.is_tooth)
            {
                Some(group) => group.push(mark),
                None => of_event.push(vec![mark]),
            }
        }
        groups.extend(of_event);
    }
    groups
}

/// The height of a line at a day; `None` before it begins.
fn at(line: &[(f64, f64)], day: f64) -> Option<f64> {
    let next = line.partition_point(|(other, _)| *other <= day);
    let (x0, y0) = *line.get(next.checked_sub(1)?)?;
    let Some((x1, y1)) = line.get(next) else { return Some(y0) };
    Some(y0 + (y1 - y0) * (day - x0) / (x1 - x0))
}

fn instant(midnight: Timestamp, day: f64) -> String {
    window::told(midnight, day, "%Y-%m-%d %H:%M")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(account: u32, event: &str, balance_usd: f64) -> Balance {
        let json = serde_json::json!({
            "policy": "p", "cohort": "c", "account": account, "time": "", "balance_usd": balance_usd, "event": event,
        });
        serde_json::from_value(json).unwrap()
    }

    fn points(balances: &[Balance]) -> Vec<(f64, &Balance)> {
        balances.iter().enumerate().map(|(day, balance)| (day as f64, balance)).collect()
    }

    const WHOLE: Window = Window { from: 0.0, days: 10.0 };

    #[test]
    fn accounts_to_which_more_happens_are_drawn_but_one_of_each_cohort_first() {
        let events = [vec!["usage"], vec!["top_up"], vec!["top_up", "stop"], vec!["stop"], vec![]];
        let balances: Vec<Vec<Balance>> = (0..)
            .zip(events)
            .map(|(account, events)| events.into_iter().map(|event| balance(account, event, 1.0)).collect())
            .collect();
        let drawn = |cohorts: [&'static str; 5]| -> Vec<u32> {
            let stories = (0..).zip(&balances).zip(cohorts).map(|((account, balances), cohort)| Story {
                cohort,
                account,
                policies: vec![points(balances)],
            });
            chosen(stories.collect()).into_iter().map(|(story, _)| story.account).collect()
        };
        assert_eq!(drawn(["c"; 5]), [1, 2, 3]);
        assert_eq!(drawn(["c", "c", "c", "c", "d"]), [1, 2, 4]);
        assert_eq!(drawn(["a", "a", "c", "c", "d"]), [1, 2, 4]);
    }

    #[test]
    fn a_line_is_cut_at_the_ends_of_its_window() {
        let balances = [balance(0, "signup", 0.0), balance(0, "posting", 8.0), balance(0, "usage", 4.0)];
        let line = |from, days| clipped(&path(&points(&balances)), Window { from, days });
        assert_eq!(line(0.0, 3.0), [(0.0, 0.0), (1.0, 0.0), (1.0, 8.0), (2.0, 4.0), (3.0, 4.0)]);
        assert_eq!(line(1.5, 0.25), [(1.5, 6.0), (1.75, 5.0)]);
        assert_eq!(line(5.0, 2.0), [(5.0, 4.0), (7.0, 4.0)]);
        assert_eq!([0.5, 1.0, 1.5, 9.0].map(|day| at(&line(0.0, 3.0), day)), [0.0, 8.0, 6.0, 4.0].map(Some));
        assert_eq!(at(&line(1.5, 0.25), 1.0), None);
    }

    #[test]
    fn stops_last_until_the_account_runs_again_or_the_customer_leaves() {
        let events = ["stop", "usage", "resume", "stop", "stop", "churn", "stop"];
        let balances = events.map(|event| balance(0, event, 0.0));
        assert_eq!(stops(&points(&balances), WHOLE), [(0.0, 2.0), (3.0, 5.0), (6.0, 10.0)]);
        assert_eq!(stops(&points(&balances), Window { from: 1.0, days: 2.5 }), [(1.0, 2.0), (3.0, 3.5)]);
    }

    #[test]
    fn purchases_are_marked_where_they_are_posted_and_of_refusals_in_a_stop_the_first() {
        let events =
            ["refusal", "refusal", "stop", "refusal", "refusal", "top_up", "posting", "resume", "refusal"];
        let balances: Vec<Balance> =
            (0..).zip(events).map(|(day, event)| balance(0, event, f64::from(day))).collect();
        let marks = marks(&points(&balances), WHOLE);
        let told: Vec<(&str, f64, f64)> =
            marks.iter().map(|mark| (mark.event.name, mark.day, mark.balance)).collect();
        let refusal = |day| (REFUSAL, day, day);
        let expected = [refusal(0.0), refusal(1.0), refusal(3.0), ("top_up", 6.0, 6.0), refusal(8.0)];
        assert_eq!(told, expected);
        let groups = near(&marks, |day| (day * 30.0) as i32);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1, 1]);
    }
}
