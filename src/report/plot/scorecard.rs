//! The scorecard: what each policy earns, collects and refuses.

use super::super::results::{Estimate, Results};
use super::picture::{Anchor, Picture, TEXT, fitted, text_width};
use super::scale::{Numbers, Scale, short};
use super::style::{BARS, Frame, GRID, INK, MARGIN, RADIUS, WIDTH, heading, look, point, x_interval};

/// The panels: measure, caption, factor to the unit shown, kind of numbers.
const PANELS: [(&str, &str, f64, Numbers); 3] = [
    ("contribution_usd", "Contribution, USD", 1.0, Numbers::Usd),
    ("net_cash_usd", "Net cash, USD", 1.0, Numbers::Usd),
    ("refused_share", "Refused tries, %", 100.0, Numbers::Percent),
];
const ROW: i32 = 92;
const GAP: i32 = 90;
const INSET: i32 = 24;

/// Three panels of points with their intervals, a row for each policy.
pub fn picture(data: &Results) -> Option<Picture> {
    let rows = i32::try_from(data.policies.len()).ok().filter(|rows| *rows > 0)?;
    let mut picture = Picture::new(WIDTH, 130 + 60 + rows * ROW + 70);
    let intervals = if data.replications >= 2 { BARS } else { "" };
    let top = heading(
        &mut picture,
        "Contribution, net cash and refused share of each policy",
        &format!("all cohorts, {}{intervals}", data.replications_in_words()),
    );

    let names: Vec<String> = data.policies.iter().map(|policy| fitted(policy, 330, TEXT)).collect();
    let widest = names.iter().map(|name| text_width(name, TEXT)).max().unwrap_or(0);
    let first = MARGIN + widest + 50;
    let width = (WIDTH - MARGIN - 20 - first - 2 * GAP) / 3;
    let row_middle = |row: i32| top + 60 + row * ROW + ROW / 2 + 10;
    for (row, name) in (0..).zip(&names) {
        picture.text(name, (MARGIN, row_middle(row)), Anchor::Start, TEXT, INK);
    }
    for (panel, (measure, caption, factor, numbers)) in (0..).zip(PANELS) {
        let left = first + panel * (width + GAP);
        let frame =
            Frame { left, top: top + 60, right: left + width, bottom: top + 60 + rows * ROW, inset: INSET };
        picture.text(caption, (left, top + 24), Anchor::Start, TEXT, INK);
        let estimates: Vec<Option<Estimate>> = data
            .policies
            .iter()
            .map(|policy| data.estimate(policy, measure).map(|estimate| estimate.times(factor)))
            .collect();
        let scale = Scale::horizontal(
            estimates.iter().flatten().flat_map(Estimate::values),
            numbers,
            width - 2 * INSET,
        );
        frame.x_ticks(&mut picture, &scale);
        for row in 0..=rows {
            let y = frame.top + row * ROW;
            picture.line(vec![(frame.left, y), (frame.right, y)], 2, GRID);
        }
        for (row, estimate) in estimates.iter().enumerate() {
            let Some(estimate) = estimate else { continue };
            let (look, y) = (look(row), row_middle(row as i32));
            let x = frame.x(&scale, estimate.mean);
            x_interval(&mut picture, estimate, &scale, &frame, y, look);
            point(&mut picture, look.shape, (x, y), RADIUS, look.colour);
            let value = short(estimate.mean, numbers);
            let half = text_width(&value, TEXT) / 2;
            let x = x.clamp(frame.left + half, (frame.right - half).max(frame.left + half));
            picture.text(&value, (x, y - 36), Anchor::Middle, TEXT, INK);
        }
    }
    Some(picture)
}
