//! Balances of a few accounts over time: the saw-tooth of prepayment, the debt of post-payment.

use super::super::results::{Balance, Results};
use super::picture::{Anchor, Colour, Picture, Pixel, TEXT, fitted};
use super::scale::{Numbers, Scale, clock_ticks, date_ticks};
use super::style::{
    BLUE, Frame, GRAY, GREEN, INK, Look, MARGIN, ORANGE, SILVER, Shape, Sign, VERMILLION, WIDTH, heading,
    label_width, legend, point, stroke,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// An event that is marked on a line.
struct Event {
    name: &'static str,
    label: &'static str,
    shape: Shape,
    colour: Colour,
}

const EVENTS: [Event; 7] = [
    Event { name: "top_up", label: "top-up", shape: Shape::Triangle, colour: GREEN },
    Event { name: "purchase", label: "purchase", shape: Shape::Diamond, colour: BLUE },
    Event { name: "invoice", label: "invoice", shape: Shape::Square, colour: ORANGE },
    Event { name: "stop", label: "stop", shape: Shape::Cross, colour: VERMILLION },
    Event { name: RESUME, label: "resumption", shape: Shape::Ring, colour: BLUE },
    Event { name: "churn", label: "churn", shape: Shape::Wedge, colour: INK },
    Event { name: "close", label: "closure", shape: Shape::Plus, colour: INK },
];
const RESUME: &str = "resume";
/// How many days are drawn at most: over more, the teeth of the saw would touch.
const DAYS: f64 = 92.0;
/// Within fewer days of usage hours are told: what follows is run-off, which would press them into a line.
const SHORT: f64 = 2.0;
/// How many accounts are drawn at most.
const ACCOUNTS: usize = 3;
/// The lines of the accounts: told apart by dashes and shade; colours are for events.
const LINES: [Look; ACCOUNTS] = [
    Look { colour: INK, shape: Shape::Disc, dashes: &[] },
    Look { colour: GRAY, shape: Shape::Disc, dashes: &[22, 10] },
    Look { colour: SILVER, shape: Shape::Disc, dashes: &[6, 7] },
];
const PANEL: i32 = 260;

/// A panel for each policy with the balances of the same few accounts.
pub fn picture(data: &Results) -> Option<Picture> {
    let first = data.balances.iter().map(|point| point.at).min()?;
    let last = data.balances.iter().map(|point| point.at).max()?;
    let start = TimeZone::UTC.to_datetime(first).date();
    let midnight = start.to_zoned(TimeZone::UTC).map_or(first, |zoned| zoned.timestamp());
    let day = |at: Timestamp| (at.as_microsecond() - midnight.as_microsecond()) as f64 / 86_400e6;
    let all_days = day(last).ceil().max(1.0);
    let used = data.balances.iter().filter(|point| point.event == "usage").map(|point| day(point.at));
    let used = used.reduce(f64::max).unwrap_or(all_days);
    let is_short = used < SHORT;
    let days = if is_short { (used * 24.0).ceil().max(1.0) / 24.0 } else { all_days.min(DAYS) };

    let accounts = sample_accounts(&data.balances);
    let sampled = accounts.len();
    let accounts = chosen(accounts, &data.balances);

    let mut picture = Picture::new(WIDTH, 0);
    let shown = match sampled {
        1 => "1 sample account".to_owned(),
        n if n > ACCOUNTS => format!("{ACCOUNTS} of {n} sample accounts"),
        n => format!("{n} sample accounts"),
    };
    let window = match (days * 24.0).round() {
        _ if days >= all_days => String::new(),
        1.0 => format!(", the first hour of {start}"),
        hours if is_short => format!(", the first {hours} hours from {start}"),
        _ => format!(", the first {DAYS} days"),
    };
    let top = heading(
        &mut picture,
        "Balance over time under each policy",
        &format!("US dollars, {shown} of the first replication{window}"),
    );
    let labels: Vec<String> = accounts.iter().map(|(cohort, number)| format!("{cohort} {number}")).collect();
    let lines = LINES.iter().zip(&labels).map(|(look, label)| (Sign::Stroke(*look), label.as_str()));
    let lines_of = |policy: &str| -> Vec<Vec<&Balance>> {
        let points = || data.balances.iter().filter(|point| point.policy == policy && day(point.at) <= days);
        let of_account = |account| move |point: &&Balance| (point.cohort.as_str(), point.account) == account;
        accounts.iter().map(|account| points().filter(of_account(*account)).collect()).collect()
    };
    let panels: Vec<(&String, Vec<Vec<&Balance>>)> =
        data.policies.iter().map(|policy| (policy, lines_of(policy))).collect();
    let all_marks = || panels.iter().flat_map(|(_, lines)| lines).flat_map(|line| marks(line));
    let events = EVENTS
        .iter()
        .filter(|event| all_marks().any(|(_, marked)| marked.name == event.name))
        .map(|event| (Sign::Point(event.shape, event.colour), event.label));
    let entries: Vec<(Sign, &str)> = lines.chain(events).collect();
    let top = legend(&mut picture, &entries, top) + 14;

    let columns = if data.policies.len() <= 3 { 1 } else { 2 };
    let column_width = (WIDTH - 2 * MARGIN + 40) / columns;
    for (index, (policy, lines)) in (0..).zip(&panels) {
        let left = MARGIN + index % columns * column_width;
        let top = top + index / columns * (PANEL + 130);
        let values = lines.iter().flatten().map(|point| point.balance_usd).chain([0.0]);
        let scale = Scale::vertical(values, Numbers::Usd, PANEL);
        picture.text(&fitted(policy, column_width - 80, TEXT), (left, top + 14), Anchor::Start, TEXT, INK);
        let frame = Frame {
            left: left + label_width(&scale).max(70) + 16,
            top: top + 50,
            right: left + column_width - 90,
            bottom: top + 50 + PANEL,
            inset: 0,
        };
        let pixel = |at: Timestamp, balance: f64| {
            let x = day(at) / days * f64::from(frame.right - frame.left);
            (frame.left + x.round() as i32, frame.y(&scale, balance))
        };
        let ticks = if is_short { clock_ticks } else { date_ticks };
        for (offset, label) in ticks(start, days, frame.right - frame.left) {
            let x = frame.left + (offset / days * f64::from(frame.right - frame.left)).round() as i32;
            frame.x_tick(&mut picture, x, &label);
        }
        frame.y_ticks(&mut picture, &scale);
        for (line, look) in lines.iter().zip(LINES) {
            stroke(&mut picture, &path(line, pixel), 3, look);
        }
        for (balance, event) in lines.iter().flat_map(|line| marks(line)) {
            point(&mut picture, event.shape, pixel(balance.at, balance.balance_usd), 9, event.colour);
        }
        picture.height = frame.bottom + 70;
    }
    Some(picture)
}

/// The accounts that have points, by cohort and number.
fn sample_accounts(balances: &[Balance]) -> Vec<(&str, u32)> {
    let mut accounts: Vec<(&str, u32)> = Vec::new();
    for point in balances {
        let account = (point.cohort.as_str(), point.account);
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    accounts
}

/// The accounts that are drawn: those first that top up or are stopped under some policy, but one of each cohort
/// before a second of any.
fn chosen<'d>(mut accounts: Vec<(&'d str, u32)>, balances: &'d [Balance]) -> Vec<(&'d str, u32)> {
    let is_eventful = |account: &(&str, u32)| {
        let of_account = |point: &&Balance| (point.cohort.as_str(), point.account) == *account;
        balances.iter().filter(of_account).any(|point| ["top_up", "stop"].contains(&point.event.as_str()))
    };
    accounts.sort_by_cached_key(|account| !is_eventful(account));
    let mut of_cohorts: BTreeMap<&str, usize> = BTreeMap::new();
    let ranked = accounts.into_iter().map(|account| {
        let rank = of_cohorts.entry(account.0).or_default();
        *rank += 1;
        (*rank, account)
    });
    let mut ranked: Vec<(usize, (&str, u32))> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut chosen: Vec<(&str, u32)> =
        ranked.into_iter().map(|(_, account)| account).take(ACCOUNTS).collect();
    chosen.sort_by_key(|(_, number)| *number);
    chosen
}

/// The points of an account's line that are marked. The purchase that ends a stop stands for its end.
fn marks<'d>(points: &[&'d Balance]) -> Vec<(&'d Balance, &'static Event)> {
    let mut marks: Vec<(&Balance, &Event)> = Vec::new();
    for point in points {
        let Some(event) = EVENTS.iter().find(|event| event.name == point.event) else { continue };
        if event.name != RESUME || marks.last().is_none_or(|(before, _)| before.at != point.at) {
            marks.push((point, event));
        }
    }
    marks
}

/// The line of an account: usage draws the balance down on the way, anything else changes it at once.
fn path(points: &[&Balance], pixel: impl Fn(Timestamp, f64) -> Pixel) -> Vec<Pixel> {
    let mut path: Vec<Pixel> = Vec::new();
    for point in points {
        let at = pixel(point.at, point.balance_usd);
        if let Some((_, before)) = path.last().copied().filter(|_| point.event != "usage") {
            path.push((at.0, before));
        }
        path.push(at);
    }
    path.dedup();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(cohort: &str, account: u32, event: &str) -> Balance {
        let json = serde_json::json!({
            "policy": "p", "cohort": cohort, "account": account, "time": "", "balance_usd": 1.0, "event": event,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn accounts_that_top_up_or_are_stopped_are_drawn_before_others_of_their_cohort() {
        let balances = [
            point("a", 0, "purchase"),
            point("a", 1, "usage"),
            point("a", 1, "stop"),
            point("a", 2, "top_up"),
            point("b", 0, "usage"),
            point("b", 1, "usage"),
            point("c", 0, "usage"),
            point("c", 1, "top_up"),
        ];
        let drawn = |points: usize| chosen(sample_accounts(&balances[..points]), &balances[..points]);
        assert_eq!(drawn(8), [("b", 0), ("a", 1), ("c", 1)]);
        assert_eq!(drawn(6), [("b", 0), ("a", 1), ("a", 2)]);
        assert_eq!(drawn(4), [("a", 0), ("a", 1), ("a", 2)]);
    }
}
