//! A forest plot: how each policy differs from the first one.

use super::super::results::{Difference, Results};
use super::picture::{Anchor, Picture, Pixel, Place, TEXT, fitted, text_width};
use super::scale::{Axis, Scale, Short};
use super::style::{FAINT_INK, Frame, GRID, INK, MARGIN, Shape, WIDTH, bar, heading, look, notes, point};
use super::words::{capitalised, difference_in_words, unit_and_way};
use crate::metrics::{HEADLINES, Measure};

/// How many panels stand side by side.
const COLUMNS: i32 = 2;
/// What parts them.
const GAP: i32 = 50;
const ROW: i32 = 42;
/// Above the rows of a panel: its caption.
const CAPTION: i32 = 50;
/// Below them: its ticks.
const TICKS: i32 = 74;
const INSET: i32 = 14;
const RADIUS: i32 = 9;

/// A panel for each headline measure in which anything differs, in it a row for each policy but the first:
/// the difference, taken within replications, with its interval.
pub fn picture(data: &Results) -> Option<Picture> {
    let (first, others) = data.policies.split_first()?;
    let panels: Vec<(&Measure, Vec<Option<Difference>>)> = HEADLINES
        .iter()
        .filter_map(|name| Measure::named(name))
        .map(|measure| {
            (measure, others.iter().map(|policy| data.difference(policy, first, measure.name)).collect())
        })
        .collect();
    let differs = |difference: &Difference| difference.values().any(|value| value != 0.0);
    let (panels, alike): (Vec<_>, Vec<_>) =
        panels.into_iter().partition(|(_, differences)| differences.iter().flatten().any(differs));
    if panels.is_empty() {
        return None;
    }

    let mut picture = Picture::new(WIDTH, 0);
    let first = format!("“{}”", fitted(first, 700, TEXT));
    let replications = match data.replications {
        1 => "1 replication, which cannot tell what is real".to_owned(),
        n => format!(
            "means of differences within {n} replications, with 95 % confidence intervals. Filled: a real \
             difference (p < 0.05, adjusted for all pairs of policies, which is stricter than to miss zero); hollow: \
             no difference seen"
        ),
    };
    let top = heading(
        &mut picture,
        &format!("How policies differ from {first}"),
        &format!("The policy less {first}, in US dollars and percentage points, all cohorts, {replications}"),
    );

    let names: Vec<String> = others.iter().map(|policy| fitted(policy, 300, TEXT)).collect();
    let widest = names.iter().map(|name| text_width(name, TEXT)).max().unwrap_or(0);
    let origin = MARGIN + widest + 24;
    let width = (WIDTH - MARGIN - origin - (COLUMNS - 1) * GAP) / COLUMNS;
    let rows = others.len() as i32 * ROW;
    let mut bottom = top;
    for (index, (measure, differences)) in (0..).zip(&panels) {
        let left = origin + index % COLUMNS * (width + GAP);
        let top = top + index / COLUMNS * (CAPTION + rows + TICKS) + CAPTION;
        if index % COLUMNS == 0 {
            for (row, name) in (0..).zip(&names) {
                picture.text(name, (MARGIN, top + row * ROW + ROW / 2), Anchor::Start, TEXT, INK);
            }
        }
        panel(&mut picture, measure, differences, (left, top), width);
        bottom = top + rows + TICKS;
    }
    if !alike.is_empty() {
        let labels: Vec<&str> = alike.iter().map(|(measure, _)| measure.label).collect();
        bottom = notes(&mut picture, &format!("Nothing differs in {}.", labels.join(", ")), bottom);
    }
    picture.height = bottom + 20;
    Some(picture)
}

/// Draws the panel of a measure; its rows begin at that corner.
fn panel(
    picture: &mut Picture,
    measure: &Measure,
    differences: &[Option<Difference>],
    (left, top): Pixel,
    width: i32,
) {
    let axis = Axis::of_difference(measure.unit);
    let caption = capitalised(measure.label);
    let way = unit_and_way(axis, measure);
    let room = width - text_width(&way, TEXT) - 20;
    picture.text(&fitted(&caption, room, TEXT), (left, top - 26), Anchor::Start, TEXT, INK);
    picture.text(&way, (left + width, top - 26), Anchor::End, TEXT, FAINT_INK);

    let values =
        || differences.iter().flatten().flat_map(Difference::values).map(|value| axis.factor * value);
    let written = |difference: &Option<Difference>| {
        let Some(difference) = difference else { return String::new() };
        let short = Short::of(difference.values().map(|value| axis.factor * value), axis.numbers, 3);
        let written = |value: f64| short.write(axis.factor * value);
        let sign = if difference.difference > 0.0 { "+" } else { "" };
        let interval = difference.interval();
        let interval = interval.map(|ends| format!(" ({} to {})", written(ends.low), written(ends.high)));
        sign.to_owned() + &written(difference.difference) + &interval.unwrap_or_default()
    };
    let texts: Vec<String> = differences.iter().map(written).collect();
    let room_for_texts = texts.iter().map(|text| text_width(text, TEXT)).max().unwrap_or(0);
    let right = left + width - room_for_texts - 16;
    let bottom = top + differences.len() as i32 * ROW;
    let frame = Frame { left, top, right, bottom, inset: INSET };
    let scale = Scale::horizontal(values().chain([0.0]), axis.numbers, right - left - 2 * INSET);
    frame.x_ticks(picture, &scale);
    let zero = frame.x(&scale, 0.0);
    picture.line(vec![(zero, top), (zero, bottom)], 3, FAINT_INK);

    for (row, difference) in differences.iter().enumerate() {
        let middle = top + row as i32 * ROW + ROW / 2;
        picture.line(vec![(left, middle + ROW / 2), (left + width, middle + ROW / 2)], 2, GRID);
        let Some(difference) = difference else { continue };
        let colour = look(row + 1).colour;
        let at = |value: f64| (frame.x(&scale, axis.factor * value), middle);
        if let Some(interval) = difference.interval() {
            bar(picture, at(interval.low), at(interval.high), RADIUS, colour);
        }
        let shape = if difference.is_real() { Shape::Disc } else { Shape::Ring };
        point(picture, shape, at(difference.difference), RADIUS, colour);
        picture.text(&texts[row], (left + width, middle), Anchor::End, TEXT, INK);
        let place = Place::Rectangle { from: (left, middle - ROW / 2), to: (left + width, middle + ROW / 2) };
        let tip =
            format!("{}: {}\n{}", difference.policy, measure.label, difference_in_words(difference, measure));
        picture.tip(place, &tip);
    }
}
