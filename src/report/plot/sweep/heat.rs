//! A measure over the values of two keys.

use super::super::super::sweep::results::{Point, Standing, SweepResults};
use super::super::picture::{Anchor, Picture, Place, TEXT, fitted, text_width};
use super::super::scale::{Axis, Short};
use super::super::style::{BLUE, FAINT_INK, INK, MARGIN, VERMILLION, WHITE, WIDTH, heading, notes};
use super::super::words::{capitalised, unit_and_way};
use super::{marks_in_words, tip};
use crate::metrics::Measure;

/// The shade of the least and of the most, and how many steps are between: a PNG has not many colours.
const SHADES: [f64; 2] = [0.06, 0.7];
const STEPS: f64 = 8.0;
/// How high a cell is at most.
const CELL: i32 = 84;
/// What parts two panels.
const GAP: i32 = 60;

/// A panel for each policy that the keys make a difference to, in it a cell for each pair of values, the
/// darker the more.
pub fn picture(results: &SweepResults, measure: &Measure) -> Option<Picture> {
    let [of_columns, of_rows] = &results.axes[..] else { return None };
    let unit = Axis::of(measure.unit);
    let mean = |point: &Point| Some(point.estimate(measure.name)?.mean * unit.factor);
    let (swept, still): (Vec<usize>, Vec<usize>) =
        (0..results.policies.len()).partition(|policy| results.varies(*policy, None));
    let shown: Vec<&Point> = results.points.iter().filter(|point| swept.contains(&point.policy)).collect();
    let means: Vec<f64> = shown.iter().filter_map(|point| mean(point)).collect();
    let (low, high) = (
        means.iter().copied().fold(f64::INFINITY, f64::min),
        means.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    );
    if means.is_empty() {
        return None;
    }
    let mut picture = Picture::new(WIDTH, 0);
    let title = format!("{} by {} and {}", capitalised(measure.label), of_columns.key, of_rows.key);
    let way = unit_and_way(unit, measure);
    let way = if way.is_empty() { String::new() } else { format!("; {way}") };
    let below = format!("all cohorts, {}{way}; the darker the more", results.replications_in_words());
    let top = heading(&mut picture, &title, &below);

    let beside = if swept.len() > 1 { 2 } else { 1 };
    let panel_width = (WIDTH - 2 * MARGIN - (beside - 1) * GAP) / beside;
    let row_labels: Vec<String> =
        of_rows.values.iter().map(|value| fitted(value, panel_width / 4, TEXT)).collect();
    let label_width = row_labels.iter().map(|label| text_width(label, TEXT)).max().unwrap_or(0) + 16;
    let (columns, rows) = (of_columns.values.len() as i32, of_rows.values.len() as i32);
    let width = ((panel_width - label_width) / columns).min(300);
    let height = (560 / rows).clamp(12, CELL);
    let short = Short::of(means.iter().copied(), unit.numbers, 3);
    let has_room =
        height >= 40 && means.iter().all(|mean| text_width(&short.write(*mean), TEXT) + 12 <= width);
    let panel_height = 92 + rows * height + 110;
    let mut bottom = top;
    for (number, policy) in (0..).zip(&swept) {
        let left = MARGIN + number % beside * (panel_width + GAP);
        let top = top + 10 + number / beside * panel_height;
        let name = fitted(&results.policies[*policy], panel_width, TEXT);
        picture.text(&name, (left, top + 14), Anchor::Start, TEXT, INK);
        let key = fitted(&of_rows.key, panel_width, TEXT);
        picture.text(&key, (left, top + 56), Anchor::Start, TEXT, FAINT_INK);
        let (origin, floor) = (left + label_width, top + 86 + rows * height);
        let mut framed = Vec::new();
        for point in shown.iter().filter(|point| point.policy == *policy) {
            let Some(mean) = mean(point) else { continue };
            let (x, y) = (origin + point.at[0] as i32 * width, floor - (point.at[1] as i32 + 1) * height);
            let corners = vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
            let share = if high > low { (mean - low) / (high - low) } else { 0.0 };
            let ([light, dark], share) = (SHADES, (share * STEPS).round() / STEPS);
            picture.translucent(corners.clone(), BLUE, (light + (dark - light) * share) as f32);
            if has_room {
                let middle = (x + width / 2, y + height / 2);
                picture.text(&short.write(mean), middle, Anchor::Middle, TEXT, INK);
            }
            match results.best.as_ref().and_then(|best| best.standing(point)) {
                Some(Standing::Best) => framed.push((corners, 7, &[][..])),
                Some(Standing::NoDifferenceSeen) => framed.insert(0, (corners, 4, &[9, 7][..])),
                Some(Standing::Excluded) => {
                    let size = (height / 3).min(width / 3);
                    let corner = (x + width, y);
                    picture.polygon(vec![(corner.0 - size, y), corner, (corner.0, y + size)], INK);
                }
                Some(Standing::Worse) | None => {}
            }
            let place = Place::Rectangle { from: (x, y), to: (x + width, y + height) };
            picture.tip(place, &tip(results, point, &[measure]));
        }
        for column in 0..=columns {
            let x = origin + column * width;
            picture.line(vec![(x, floor - rows * height), (x, floor)], 2, WHITE);
        }
        for row in 0..=rows {
            let y = floor - row * height;
            picture.line(vec![(origin, y), (origin + columns * width, y)], 2, WHITE);
        }
        for (corners, thickness, dashes) in framed {
            let [(left, top), .., (_, bottom)] = corners[..] else { continue };
            let right = corners[1].0;
            let (left, top, right, bottom) = (left + 4, top + 4, right - 4, bottom - 4);
            let outline = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
            picture.dashed(outline, thickness, dashes, VERMILLION);
        }
        let every = (TEXT + 10 + height - 1) / height;
        for (row, label) in (0..).zip(&row_labels).step_by(every as usize) {
            let middle = floor - row * height - height / 2;
            picture.text(label, (origin - 12, middle), Anchor::End, TEXT, INK);
        }
        column_labels(&mut picture, &of_columns.values, (origin, floor), width);
        bottom = floor + 110;
        picture.text(
            &fitted(&of_columns.key, panel_width, TEXT),
            (left + panel_width, floor + 72),
            Anchor::End,
            TEXT,
            INK,
        );
    }
    let mut words = marks_in_words(results, ["Framed", "Dashed frame", "Dark corner"]);
    let others: Vec<String> = (still.iter())
        .filter_map(|policy| {
            let point = results.points.iter().find(|point| point.policy == *policy)?;
            Some(format!("{} {}", results.policies[*policy], short.write(mean(point)?)))
        })
        .collect();
    if !others.is_empty() {
        words += &format!("Whatever these keys: {}.", others.join(", "));
    }
    picture.height = notes(&mut picture, words.trim_end(), bottom) + 20;
    Some(picture)
}

/// Labels the columns of a panel, as many as fit.
fn column_labels(picture: &mut Picture, values: &[String], (left, top): (i32, i32), width: i32) {
    let widest = (width * values.len() as i32 / (values.len() as i32).clamp(1, 6) - TEXT).max(60);
    let labels: Vec<String> = values.iter().map(|value| fitted(value, widest, TEXT)).collect();
    let most = labels.iter().map(|label| text_width(label, TEXT)).max().unwrap_or(0) + TEXT / 2;
    let every = ((most + width - 1) / width.max(1)).max(1) as usize;
    for (column, label) in (0..).zip(&labels).step_by(every) {
        picture.text(label, (left + column * width + width / 2, top + 26), Anchor::Middle, TEXT, INK);
    }
}
