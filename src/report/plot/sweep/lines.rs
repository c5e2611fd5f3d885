//! A measure over the values of one key.

use super::super::super::results::Estimate;
use super::super::super::sweep::results::{Point, Standing, SweepResults};
use super::super::picture::{Anchor, Picture, Pixel, Place, TEXT, fitted, text_width};
use super::super::scale::{Axis, Scale};
use super::super::style::{
    BAND, FAINT_INK, Frame, GRID, INK, Look, MARGIN, RADIUS, Sign, WHITE, WIDTH, bar, between, heading,
    label_width, legend, look, notes, point, stroke,
};
use super::super::words::{capitalised, unit_and_way};
use super::places::{Places, places};
use super::{marks_in_words, tip};
use crate::metrics::Measure;

const HEIGHT: i32 = 620;
/// How far the first and the last value keep from the frame's edges.
const INSET: i32 = 40;

/// A line for each policy with a band: a measure over the values of a key. Other keys have the values of the
/// best point, or else their first.
pub fn picture(results: &SweepResults, measure: &Measure, axis: usize) -> Option<Picture> {
    let swept = &results.axes[axis];
    let others = results.values_of_others();
    let series: Vec<(usize, Vec<&Point>)> = (0..results.policies.len())
        .map(|policy| (policy, results.along(axis, policy, &others)))
        .filter(|(_, points)| points.iter().any(|point| point.estimate(measure.name).is_some()))
        .collect();
    if series.is_empty() {
        return None;
    }
    let unit = Axis::of(measure.unit);
    let mut picture = Picture::new(WIDTH, 0);
    let mut below = format!("all cohorts, {}", results.replications_in_words());
    let Places { shares, is_line } = places(&swept.values);
    let intervals = if is_line { "bands" } else { "bars" };
    if results.replications >= 2 {
        below += &format!("; {intervals} are 95 % confidence intervals");
    }
    let held: Vec<String> = (results.axes.iter().zip(&others).enumerate())
        .filter(|(other, _)| *other != axis)
        .map(|(_, (other, index))| format!("{} = {}", other.key, other.values[*index]))
        .collect();
    if !held.is_empty() {
        let which = match (results.best.is_some(), held.len()) {
            (true, _) => "as at the best point",
            (false, 1) => "its first value",
            (false, _) => "their first values",
        };
        below += &format!("; {} ({which})", held.join(", "));
    }
    let title = format!("{} by {}", capitalised(measure.label), swept.key);
    let top = heading(&mut picture, &title, &below);
    let entries: Vec<(Sign, &str)> = series
        .iter()
        .map(|(policy, _)| (Sign::Line(look(*policy)), results.policies[*policy].as_str()))
        .collect();
    let top = if entries.len() > 1 { legend(&mut picture, &entries, top) + 14 } else { top };
    picture.text(
        &capitalised(&unit_and_way(unit, measure)),
        (MARGIN, top + 14),
        Anchor::Start,
        TEXT,
        FAINT_INK,
    );

    let estimates: Vec<Vec<Option<Estimate>>> = (series.iter())
        .map(|(_, points)| {
            points.iter().map(|point| Some(point.estimate(measure.name)?.times(unit.factor))).collect()
        })
        .collect();
    let bounds: Vec<(String, f64)> = (results.best.iter().flat_map(|best| &best.constraints))
        .filter(|constraint| constraint.measure.name == measure.name)
        .map(|constraint| (constraint.to_string(), constraint.bound * unit.factor))
        .collect();
    let values = estimates.iter().flatten().flatten().flat_map(Estimate::values);
    let scale = Scale::vertical(values.chain(bounds.iter().map(|(_, bound)| *bound)), unit.numbers, HEIGHT);
    let frame = Frame {
        left: MARGIN + label_width(&scale).max(70) + 16,
        top: top + 54,
        right: WIDTH - MARGIN,
        bottom: top + 54 + HEIGHT,
        inset: 0,
    };
    frame.y_ticks(&mut picture, &scale);
    let xs = columns(&frame, &shares);
    let is_dense = xs.windows(2).any(|pair| pair[1] - pair[0] < 3 * RADIUS);
    x_axis(&mut picture, &frame, &xs, &swept.values, is_dense);
    picture.text(&fitted(&swept.key, 900, TEXT), (frame.right, frame.bottom + 78), Anchor::End, TEXT, INK);
    // What is no line stands side by side.
    let beside =
        if is_line { 0 } else { (xs[xs.len() - 1] - xs[0]).max(400) / (xs.len() * series.len() * 2) as i32 };
    let places: Vec<Vec<(Pixel, &Estimate)>> = (0..)
        .zip(&estimates)
        .map(|(number, estimates)| {
            let aside = (2 * number + 1 - series.len() as i32) * beside.min(40) / 2;
            let known = xs
                .iter()
                .map(|x| x + aside)
                .zip(estimates)
                .filter_map(|(x, estimate)| Some((x, estimate.as_ref()?)));
            known.map(|(x, estimate)| ((x, frame.y(&scale, estimate.mean)), estimate)).collect()
        })
        .collect();
    for ((policy, _), places) in series.iter().zip(&places) {
        let ends = |end: fn((f64, f64)) -> f64| -> Vec<Pixel> {
            let ends = places.iter().filter_map(|((x, _), estimate)| Some((*x, end(estimate.interval()?))));
            ends.map(|(x, value)| (x, frame.y(&scale, value))).collect()
        };
        let varies = results.varies(*policy, Some(axis));
        if is_line && varies {
            between(&mut picture, &ends(|(low, _)| low), &ends(|(_, high)| high), look(*policy).colour, BAND);
        } else if !is_line || places.len() == 1 {
            for ((x, _), estimate) in places {
                if let Some((low, high)) = estimate.interval() {
                    let ends = [low, high].map(|end| (*x, frame.y(&scale, end)));
                    bar(&mut picture, ends[0], ends[1], RADIUS, look(*policy).colour);
                }
            }
        }
    }
    for ((policy, _), places) in series.iter().zip(&places) {
        let line: Vec<Pixel> = places.iter().map(|(at, _)| *at).collect();
        if is_line && line.len() > 1 {
            stroke(&mut picture, &line, 4, look(*policy));
        }
    }
    for (_, bound) in &bounds {
        let y = frame.y(&scale, *bound);
        picture.dashed(vec![(frame.left, y), (frame.right, y)], 3, &[14, 10], INK);
    }
    let mut points: Vec<(&Point, Pixel, Option<Standing>)> = Vec::new();
    for ((policy, of_policy), places) in series.iter().zip(&places) {
        let is_flat = is_line && !results.varies(*policy, Some(axis));
        for (index, (swept, (at, _))) in of_policy.iter().zip(places).enumerate() {
            if !is_flat || index == 0 || index + 1 == places.len() {
                let standing = results.best.as_ref().and_then(|best| best.standing(swept));
                points.push((swept, *at, standing));
            }
        }
    }
    points.sort_by_key(|(.., standing)| *standing == Some(Standing::Best));
    for (swept, at, standing) in points {
        let radius = if is_dense && standing != Some(Standing::Best) { SMALL } else { RADIUS };
        marked(&mut picture, at, look(swept.policy), standing, radius);
        picture.tip(Place::Circle { centre: at, radius: 2 * radius }, &tip(results, swept, &[measure]));
    }
    for (words, bound) in &bounds {
        let at = (frame.right - 8, frame.y(&scale, *bound) - 22);
        picture.text(words, at, Anchor::End, TEXT, INK);
    }
    let mut words = marks_in_words(results, RINGS);
    if results.replications >= 2 {
        words += &format!(
            "All points and policies meet the same chance, so differences between them are surer than the {intervals} \
             suggest."
        );
    }
    picture.height = notes(&mut picture, &words, frame.bottom + 104) + 20;
    Some(picture)
}

/// What [`marked`] draws.
pub const RINGS: [&str; 3] = ["Thick ring", "Thin ring", "Crossed out"];

/// The radius of points where many are close together.
pub const SMALL: i32 = 6;

/// Draws the point of a policy with a mark of how it stands to the best.
pub fn marked(picture: &mut Picture, at: Pixel, look: Look, standing: Option<Standing>, radius: i32) {
    let ring = match standing {
        Some(Standing::Best) => 7,
        Some(Standing::NoDifferenceSeen) => 2,
        _ => 0,
    };
    let reach = radius + radius / 2;
    if ring > 0 {
        picture.circle(at, reach + ring, INK);
        picture.circle(at, reach, WHITE);
    }
    point(picture, look.shape, at, radius, look.colour);
    if standing == Some(Standing::Excluded) {
        let (x, y) = at;
        for (width, colour) in [(7, WHITE), (3, INK)] {
            picture.line(vec![(x - reach, y + reach), (x + reach, y - reach)], width, colour);
        }
    }
}

/// Where values stand between the edges of a frame.
fn columns(frame: &Frame, shares: &[f64]) -> Vec<i32> {
    let (left, right) = (frame.left + INSET, frame.right - INSET);
    shares.iter().map(|share| left + (share * f64::from(right - left)).round() as i32).collect()
}

/// Labels as many values as fit, the last one first, and draws a line at each, or only at those where they
/// are dense.
fn x_axis(picture: &mut Picture, frame: &Frame, xs: &[i32], values: &[String], is_dense: bool) {
    let line = |picture: &mut Picture, x: i32| {
        picture.line(vec![(x, frame.top), (x, frame.bottom + 8)], 2, GRID);
    };
    if !is_dense {
        xs.iter().for_each(|x| line(picture, *x));
    }
    let widest = (frame.right - frame.left - 2 * INSET) / (values.len() as i32).clamp(1, 8) - TEXT;
    let labels: Vec<(i32, String)> =
        xs.iter().zip(values).map(|(x, value)| (*x, fitted(value, widest, TEXT))).collect();
    let mut shown: Vec<(i32, i32)> = Vec::new();
    let ends = labels.last().into_iter().chain(&labels[..labels.len().saturating_sub(1)]);
    for (at, label) in ends {
        let half = text_width(label, TEXT) / 2;
        let x = (*at).clamp(half + 8, WIDTH - 8 - half);
        let (left, right) = (x - half - TEXT / 2, x + half + TEXT / 2);
        if shown.iter().all(|(other_left, other_right)| right <= *other_left || *other_right <= left) {
            picture.text(label, (x, frame.bottom + 22 + TEXT / 2), Anchor::Middle, TEXT, INK);
            shown.push((left, right));
            if is_dense {
                line(picture, *at);
            }
        }
    }
}
