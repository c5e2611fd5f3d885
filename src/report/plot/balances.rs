//! Balances of a few accounts over time: the saw-tooth of prepayment, the debt of post-payment.

use super::data::{Balance, Data};
use super::picture::{Anchor, INK, Picture, Pixel, TEXT, fitted};
use super::scale::{Numbers, Scale, date_ticks};
use super::style::{
    BLUE, Frame, GREEN, Look, MARGIN, ORANGE, Shape, Sign, VERMILLION, WIDTH, dashed, heading, label_width, legend,
    point,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use plotters::style::RGBColor;

/// Events that are marked: shape, colour, what the legend calls them.
const EVENTS: [(&str, Shape, RGBColor, &str); 7] = [
    ("top_up", Shape::Triangle, GREEN, "top-up"),
    ("purchase", Shape::Diamond, BLUE, "purchase"),
    ("invoice", Shape::Square, ORANGE, "invoice"),
    ("stop", Shape::Cross, VERMILLION, "stop"),
    ("resume", Shape::Ring, BLUE, "resumption"),
    ("churn", Shape::Wedge, INK, "churn"),
    ("close", Shape::Plus, INK, "closure"),
];
/// How many accounts are drawn at most.
const ACCOUNTS: usize = 3;
/// The lines of the accounts: told apart by dashes and shade; colours are for events.
const LINES: [Look; ACCOUNTS] = [
    Look { colour: INK, shape: Shape::Disc, dashes: &[] },
    Look { colour: RGBColor(120, 120, 120), shape: Shape::Disc, dashes: &[22, 10] },
    Look { colour: RGBColor(150, 150, 150), shape: Shape::Disc, dashes: &[6, 7] },
];
const PANEL: i32 = 260;

/// A panel for each policy with the balances of the same few accounts.
pub fn picture(data: &Data) -> Option<Picture> {
    let first = data.balances.iter().map(|point| point.at).min()?;
    let last = data.balances.iter().map(|point| point.at).max()?;
    let start = TimeZone::UTC.to_datetime(first).date();
    let midnight = start.to_zoned(TimeZone::UTC).map_or(first, |zoned| zoned.timestamp());
    let day = |at: Timestamp| (at.as_microsecond() - midnight.as_microsecond()) as f64 / 86_400e6;
    let days = day(last).ceil().max(1.0);

    let mut accounts: Vec<(&str, u32)> = Vec::new();
    for point in &data.balances {
        let account = (point.cohort.as_str(), point.account);
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    let sampled = accounts.len();
    accounts.truncate(ACCOUNTS);

    let mut picture = Picture::new(WIDTH, 0);
    let shown = match sampled {
        1 => "1 sample account".to_owned(),
        n if n > ACCOUNTS => format!("the first {ACCOUNTS} of {n} sample accounts"),
        n => format!("{n} sample accounts"),
    };
    let top = heading(
        &mut picture,
        "Balance over time under each policy",
        &format!("US dollars, {shown} of the first replication"),
    );
    let labels: Vec<String> = accounts.iter().map(|(cohort, number)| format!("{cohort} {number}")).collect();
    let lines = LINES.iter().zip(&labels).map(|(look, label)| (Sign::Stroke(*look), label.as_str()));
    let events = EVENTS
        .iter()
        .filter(|(event, ..)| data.balances.iter().any(|point| point.event == *event))
        .map(|(_, shape, colour, name)| (Sign::Point(*shape, *colour), *name));
    let entries: Vec<(Sign, &str)> = lines.chain(events).collect();
    let top = legend(&mut picture, &entries, top) + 14;

    let columns = if data.policies.len() <= 3 { 1 } else { 2 };
    let column_width = (WIDTH - 2 * MARGIN + 40) / columns;
    for (index, policy) in (0..).zip(&data.policies) {
        let left = MARGIN + index % columns * column_width;
        let top = top + index / columns * (PANEL + 130);
        let lines: Vec<Vec<&Balance>> = accounts
            .iter()
            .map(|account| {
                let points = data.balances.iter().filter(|point| point.policy == *policy);
                points.filter(|point| (point.cohort.as_str(), point.account) == *account).collect()
            })
            .collect();
        let values = lines.iter().flatten().map(|point| point.balance_usd).chain([0.0]);
        let scale = Scale::vertical(values, Numbers::Usd, PANEL);
        picture.text(&fitted(policy, column_width - 80, TEXT), (left, top + 14), Anchor::Start, TEXT, INK);
        let frame = Frame {
            left: left + label_width(&scale).max(70) + 16,
            top: top + 50,
            right: left + column_width - 90,
            bottom: top + 50 + PANEL,
        };
        let pixel = |at: Timestamp, balance: f64| {
            let x = day(at) / days * f64::from(frame.right - frame.left);
            (frame.left + x.round() as i32, scale.pixel(balance, frame.bottom, frame.top))
        };
        for (offset, label) in date_ticks(start, days, frame.right - frame.left) {
            let x = frame.left + (offset / days * f64::from(frame.right - frame.left)).round() as i32;
            frame.x_tick(&mut picture, x, &label);
        }
        frame.y_ticks(&mut picture, &scale);
        for (line, look) in lines.iter().zip(LINES) {
            dashed(&mut picture, &path(line, pixel), 3, look);
        }
        for line in &lines {
            let mut marked = None;
            for balance in line {
                let Some((_, shape, colour, _)) = EVENTS.iter().find(|(event, ..)| balance.event == *event) else {
                    continue;
                };
                // The purchase that ends a stop stands for its end.
                if *shape == Shape::Ring && marked == Some(balance.at) {
                    continue;
                }
                point(&mut picture, *shape, pixel(balance.at, balance.balance_usd), 9, *colour);
                marked = Some(balance.at);
            }
        }
        picture.height = frame.bottom + 70;
    }
    Some(picture)
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
