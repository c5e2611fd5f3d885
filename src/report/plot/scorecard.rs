//! The scorecard: the headline measures of each policy.

use super::super::results::{Difference, Estimate, Results};
use super::picture::{Anchor, Colour, Picture, Place, TEXT, fitted, text_width};
use super::scale::{Axis, Scale, Short};
use super::style::{
    BARS, FAINT_INK, Frame, GREEN, GRID, INK, MARGIN, VERMILLION, WIDTH, bar, heading, look, notes, point,
};
use super::words::{capitalised, difference_in_words, estimate_in_words, unit_and_way};
use crate::metrics::{Better, HEADLINES, Measure};

/// How many panels stand side by side.
const COLUMNS: i32 = 4;
/// What parts them.
const GAP: i32 = 34;
const ROW: i32 = 42;
/// Above the rows of a panel: its caption, in two lines.
const CAPTION: i32 = 84;
/// Below them: its ticks.
const TICKS: i32 = 74;
const INSET: i32 = 12;
const RADIUS: i32 = 9;

/// A panel for each headline measure, in it a row for each policy: a point with its interval, its value, and
/// how it differs from that of the first policy.
pub fn picture(data: &Results) -> Option<Picture> {
    let first = data.policies.first()?;
    let mut picture = Picture::new(WIDTH, 0);
    let intervals = if data.replications >= 2 { BARS } else { "" };
    let top = heading(
        &mut picture,
        "Scorecard: what each policy earns, risks and refuses",
        &format!("all cohorts, {}{intervals}", data.replications_in_words()),
    );

    let names: Vec<String> = data.policies.iter().map(|policy| fitted(policy, 300, TEXT)).collect();
    let widest = names.iter().map(|name| text_width(name, TEXT)).max().unwrap_or(0);
    let origin = MARGIN + widest + 24;
    let width = (WIDTH - MARGIN - origin - (COLUMNS - 1) * GAP) / COLUMNS;
    let rows = data.policies.len() as i32 * ROW;
    let measures = HEADLINES.iter().filter_map(|name| Measure::named(name));
    let mut bottom = top;
    for (index, measure) in (0..).zip(measures) {
        let left = origin + index % COLUMNS * (width + GAP);
        let top = top + index / COLUMNS * (CAPTION + rows + TICKS) + CAPTION;
        if index % COLUMNS == 0 {
            for (row, name) in (0..).zip(&names) {
                picture.text(name, (MARGIN, top + row * ROW + ROW / 2), Anchor::Start, TEXT, INK);
            }
        }
        panel(&mut picture, data, measure, (left, top), width);
        bottom = top + rows + TICKS;
    }
    if data.policies.len() > 1 {
        let marks = match data.replications {
            1 => "One replication cannot tell which differences are real.".to_owned(),
            _ => format!(
                "✓ surely better than under “{}”, ✗ surely worse: p < 0.05 of the paired difference, adjusted for \
                 all pairs of policies. Without a mark: no difference seen.",
                fitted(first, 400, TEXT)
            ),
        };
        bottom = notes(&mut picture, &marks, bottom);
    }
    picture.height = bottom + 20;
    Some(picture)
}

/// Draws the panel of a measure; its rows begin at that corner.
fn panel(picture: &mut Picture, data: &Results, measure: &Measure, (left, top): (i32, i32), width: i32) {
    let axis = Axis::of(measure.unit);
    let caption = fitted(&capitalised(measure.label), width, TEXT);
    picture.text(&caption, (left, top - 60), Anchor::Start, TEXT, INK);
    picture.text(&unit_and_way(axis, measure), (left, top - 25), Anchor::Start, TEXT, FAINT_INK);

    let estimates: Vec<Option<Estimate>> = (data.policies.iter())
        .map(|policy| data.estimate(policy, measure.name).map(|estimate| estimate.times(axis.factor)))
        .collect();
    let short = Short::of(estimates.iter().flatten().map(|estimate| estimate.mean), axis.numbers, 3);
    let values: Vec<String> = (estimates.iter())
        .map(|estimate| {
            estimate
                .as_ref()
                .map_or(String::new(), |estimate| short.precise_for(estimate.mean).write(estimate.mean))
        })
        .collect();
    let room_for_values = values.iter().map(|value| text_width(value, TEXT)).max().unwrap_or(0);
    let room_for_marks = if data.policies.len() > 1 { 32 } else { 0 };
    let right = left + width - room_for_values - room_for_marks - 16;
    let bottom = top + estimates.len() as i32 * ROW;
    let frame = Frame { left, top, right, bottom, inset: INSET };
    let scale = Scale::horizontal(
        estimates.iter().flatten().flat_map(Estimate::values),
        axis.numbers,
        right - left - 2 * INSET,
    );
    frame.x_ticks(picture, &scale);

    for (row, policy) in data.policies.iter().enumerate() {
        let middle = top + row as i32 * ROW + ROW / 2;
        picture.line(vec![(left, middle + ROW / 2), (left + width, middle + ROW / 2)], 2, GRID);
        let Some(estimate) = &estimates[row] else { continue };
        let look = look(row);
        if let Some((low, high)) = estimate.interval() {
            bar(
                picture,
                (frame.x(&scale, low), middle),
                (frame.x(&scale, high), middle),
                RADIUS,
                look.colour,
            );
        }
        point(picture, look.shape, (frame.x(&scale, estimate.mean), middle), RADIUS, look.colour);
        let end = left + width - room_for_marks;
        picture.text(&values[row], (end, middle), Anchor::End, TEXT, INK);
        let difference = data.policies.first().and_then(|first| data.difference(policy, first, measure.name));
        if let Some((mark, colour)) = difference.as_ref().and_then(|difference| mark(difference, measure)) {
            picture.text(mark, (left + width, middle), Anchor::End, TEXT, colour);
        }
        let place = Place::Rectangle { from: (left, middle - ROW / 2), to: (left + width, middle + ROW / 2) };
        picture.tip(place, &tip(data, policy, measure, difference.as_ref()));
    }
}

/// How a real difference is marked; any other is not.
fn mark(difference: &Difference, measure: &Measure) -> Option<(&'static str, Colour)> {
    let is_better = (measure.better? == Better::Higher) == (difference.difference > 0.0);
    difference.is_real().then_some(if is_better { ("✓", GREEN) } else { ("✗", VERMILLION) })
}

fn tip(data: &Results, policy: &str, measure: &Measure, difference: Option<&Difference>) -> String {
    let estimate = data.estimate(policy, measure.name).map(|estimate| estimate_in_words(estimate, measure));
    let difference = difference.map(|difference| difference_in_words(difference, measure));
    [Some(format!("{policy}: {}", measure.label)), estimate, difference]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n")
}
