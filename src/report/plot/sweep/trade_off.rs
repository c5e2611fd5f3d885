//! All points of a sweep: what they earn against what they lose.

use super::super::super::sweep::results::{Point, Standing, SweepResults};
use super::super::front::front;
use super::super::labels::{Area, free_place};
use super::super::picture::{Anchor, Picture, Pixel, Place, TEXT, fitted, text_width};
use super::super::scale::{Numbers, Scale};
use super::super::style::{
    FAINT_INK, Frame, GRAY, INK, MARGIN, RADIUS, Sign, WIDTH, between, heading, label_width, legend, look,
    notes, steps,
};
use super::lines::{RINGS, SMALL, marked};
use super::{marks_in_words, tip};
use crate::metrics::Measure;

const HEIGHT: i32 = 760;
/// Room for labels around points at the ends of the scales.
const INSET: i32 = 50;
/// More points than these are small.
const MANY: usize = 40;
/// The most points that are labelled.
const MOST_LABELS: usize = 14;

/// A point for each policy at each point of the grid: contribution against lost requests.
pub fn picture(results: &SweepResults) -> Option<Picture> {
    let [lost, contribution] = ["lost_share", "contribution_usd"].map(Measure::named);
    let (lost, contribution) = (lost?, contribution?);
    let value = |point: &Point| {
        Some((100.0 * point.estimate(lost.name)?.mean, point.estimate(contribution.name)?.mean))
    };
    // Points that differ in nothing that makes a difference to their policy are one.
    let mut shown: Vec<(&Point, (f64, f64))> = Vec::new();
    for (point, value) in results.points.iter().filter_map(|point| Some((point, value(point)?))) {
        if !shown.iter().any(|(other, known)| other.policy == point.policy && *known == value) {
            shown.push((point, value));
        }
    }
    if shown.is_empty() {
        return None;
    }
    let mut picture = Picture::new(WIDTH, 0);
    let top = heading(
        &mut picture,
        "Trade-off of all points: contribution against lost requests; the upper left is best",
        &format!("all cohorts, {}", results.replications_in_words()),
    );
    let entries: Vec<(Sign, &str)> = (results.policies.iter().enumerate())
        .map(|(number, policy)| (Sign::Point(look(number).shape, look(number).colour), policy.as_str()))
        .collect();
    let top = legend(&mut picture, &entries, top) + 14;
    picture.text("Contribution, USD", (MARGIN, top + 14), Anchor::Start, TEXT, INK);
    let y_scale = Scale::vertical(shown.iter().map(|(_, (_, y))| *y), Numbers::Usd, HEIGHT);
    let frame = Frame {
        left: MARGIN + label_width(&y_scale) + 16,
        top: top + 54,
        right: WIDTH - MARGIN - 40,
        bottom: top + 54 + HEIGHT,
        inset: INSET,
    };
    let x_scale = Scale::horizontal(
        shown.iter().map(|(_, (x, _))| *x),
        Numbers::Percent,
        frame.right - frame.left - 2 * INSET,
    );
    frame.x_ticks(&mut picture, &x_scale);
    frame.y_ticks(&mut picture, &y_scale);
    picture.text("Lost requests, %", (frame.right, frame.bottom + 74), Anchor::End, TEXT, INK);

    let at: Vec<Pixel> =
        shown.iter().map(|(_, (x, y))| (frame.x(&x_scale, *x), frame.y(&y_scale, *y))).collect();
    let front = front(at.iter().copied());
    let mut taken: Vec<Area> = at.iter().map(|at| Area::around(*at, RADIUS + 4, RADIUS + 4)).collect();
    if let (Some(first), Some(last)) = (front.first(), front.last()) {
        let ends = [(first.0, frame.bottom), (frame.right, last.1)];
        let edge = [&ends[..1], &steps(&front), &ends[1..]].concat();
        between(&mut picture, &edge, &[(frame.right, frame.bottom)], GRAY, 0.1);
        taken.extend(edge.windows(2).map(|pair| Area::between(pair[0], pair[1])));
        picture.line(edge, 3, GRAY);
    }
    if results.axes.len() == 1 {
        for policy in 0..results.policies.len() {
            let of_policy = shown.iter().zip(&at).filter(|((point, _), _)| point.policy == policy);
            let path: Vec<Pixel> = of_policy.map(|(_, at)| *at).collect();
            picture.line(path, 2, look(policy).colour);
        }
    }
    let matters = |(point, at): &(&Point, Pixel)| {
        let standing = results.best.as_ref().and_then(|best| best.standing(point));
        let is_end = match (&results.axes[..], &point.at[..]) {
            ([axis], [index]) => *index == 0 || index + 1 == axis.values.len(),
            _ => false,
        };
        let is_alone = !results.varies(point.policy, None);
        front.contains(at) || is_end || is_alone || standing == Some(Standing::Best)
    };
    let mut labelled: Vec<(&Point, Pixel)> =
        shown.iter().zip(&at).map(|((point, _), at)| (*point, *at)).collect();
    labelled.sort_by_key(|labelled| !matters(labelled));
    if labelled.len() > MOST_LABELS {
        labelled.retain(matters);
        labelled.truncate(MOST_LABELS);
    }
    let mut labels: Vec<Area> = Vec::new();
    for (point, at) in labelled {
        let text = fitted(&label(results, point), 420, TEXT);
        let half = (text_width(&text, TEXT) / 2 + 6, TEXT / 2 + 4);
        let (middle, distance) = free_place(at, half, &frame, &taken, &labels);
        let area = Area::around(middle, half.0, half.1);
        if distance > 0 {
            picture.line(vec![at, area.nearest(at)], 2, FAINT_INK);
        }
        picture.text(&text, middle, Anchor::Middle, TEXT, INK);
        labels.push(area);
    }
    let mut points: Vec<(&Point, Pixel, Option<Standing>)> = (shown.iter().zip(&at))
        .map(|((point, _), at)| (*point, *at, results.best.as_ref().and_then(|best| best.standing(point))))
        .collect();
    points.sort_by_key(|(.., standing)| *standing == Some(Standing::Best));
    let is_dense = points.len() > MANY;
    for (point, at, standing) in points {
        let is_small = is_dense && results.varies(point.policy, None) && standing != Some(Standing::Best);
        marked(&mut picture, at, look(point.policy), standing, if is_small { SMALL } else { RADIUS });
        picture.tip(
            Place::Circle { centre: at, radius: 2 * RADIUS },
            &tip(results, point, &[contribution, lost]),
        );
    }
    let keys: Vec<&str> = results.axes.iter().map(|axis| axis.key.as_str()).collect();
    let mut words = format!(
        "The line is the Pareto front of the means: no other point has both more contribution and fewer lost requests \
         than one on it. Labels are of {}. ",
        keys.join(", ")
    );
    words += &marks_in_words(results, RINGS);
    picture.height = notes(&mut picture, words.trim_end(), frame.bottom + 100) + 20;
    Some(picture)
}

/// The values of the keys at a point; of a policy to which they make no difference, its name.
fn label(results: &SweepResults, point: &Point) -> String {
    let values: Vec<&str> = (results.axes.iter().zip(&point.at).enumerate())
        .filter(|(axis, _)| results.varies(point.policy, Some(*axis)))
        .map(|(_, (axis, index))| axis.values[*index].as_str())
        .collect();
    if values.is_empty() { results.policies[point.policy].clone() } else { values.join(", ") }
}
