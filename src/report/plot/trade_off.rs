//! The trade-off between what a policy earns and what it refuses.

use super::super::results::{Estimate, Results};
use super::front::{Standing, front, standings};
use super::labels::{Area, free_place, together};
use super::picture::{Anchor, Picture, Pixel, Place, TEXT, fitted, text_width};
use super::scale::{Numbers, Scale};
use super::style::{
    BARS, FAINT_INK, Frame, GRAY, INK, MARGIN, RADIUS, WIDTH, bar, between, heading, label_width, look,
    notes, point, steps,
};
use super::words::{difference_in_words, estimate_in_words};
use crate::metrics::Measure;

const HEIGHT: i32 = 1000;
/// Room for labels around points at the ends of the scales.
const INSET: i32 = 50;
/// What the front is of, from left to right and from bottom to top.
const MEASURES: [&str; 2] = ["lost_share", "contribution_usd"];

/// A policy in the picture.
struct Shown<'d> {
    number: usize,
    name: &'d str,
    lost: Estimate,
    contribution: Estimate,
    standing: Standing,
    at: Pixel,
}

/// A point for each policy: contribution against lost requests, and the front of those that none surely
/// beats.
pub fn picture(data: &Results) -> Option<Picture> {
    let estimate = |policy: &str, measure, factor| Some(data.estimate(policy, measure)?.times(factor));
    let mut shown: Vec<Shown> = (data.policies.iter().zip(standings(data, MEASURES)).enumerate())
        .filter_map(|(number, (name, standing))| {
            let [lost, contribution] = MEASURES;
            let (lost, contribution) = (estimate(name, lost, 100.0)?, estimate(name, contribution, 1.0)?);
            Some(Shown { number, name, lost, contribution, standing, at: (0, 0) })
        })
        .collect();
    if shown.is_empty() {
        return None;
    }
    let mut picture = Picture::new(WIDTH, HEIGHT);
    let intervals = if data.replications >= 2 { BARS } else { "" };
    let top = heading(
        &mut picture,
        "Trade-off: contribution against lost requests; the upper left is best",
        &format!("all cohorts, {}{intervals}", data.replications_in_words()),
    );
    picture.text("Contribution, USD", (MARGIN, top + 14), Anchor::Start, TEXT, INK);
    let (frame_top, bottom, right) = (top + 54, HEIGHT - 110, WIDTH - MARGIN - 40);
    let y_scale = Scale::vertical(
        shown.iter().flat_map(|policy| policy.contribution.values()),
        Numbers::Usd,
        bottom - frame_top,
    );
    let left = MARGIN + label_width(&y_scale) + 16;
    let x_scale = Scale::horizontal(
        shown.iter().flat_map(|policy| policy.lost.values()),
        Numbers::Percent,
        right - left - 2 * INSET,
    );
    let frame = Frame { left, top: frame_top, right, bottom, inset: INSET };
    frame.x_ticks(&mut picture, &x_scale);
    frame.y_ticks(&mut picture, &y_scale);
    picture.text("Lost requests, %", (right, HEIGHT - 36), Anchor::End, TEXT, INK);
    for policy in &mut shown {
        policy.at = (frame.x(&x_scale, policy.lost.mean), frame.y(&y_scale, policy.contribution.mean));
    }

    let mut taken: Vec<Area> = Vec::new();
    if shown.len() > 1 {
        let edge = edge(&front(shown.iter().map(|policy| policy.at)), &frame);
        between(&mut picture, &edge, &[(frame.right, frame.bottom)], GRAY, 0.1);
        taken.extend(edge.windows(2).map(|pair| Area::between(pair[0], pair[1])));
        picture.line(edge, 3, GRAY);
    }
    for policy in &shown {
        let (x, y) = policy.at;
        taken.push(Area::around(policy.at, RADIUS + 4, RADIUS + 4));
        let radius = policy.radius();
        let colour = look(policy.number).colour;
        if let Some((low, high)) = policy.lost.interval() {
            let [low, high] = [low, high].map(|value| frame.x(&x_scale, value));
            bar(&mut picture, (low, y), (high, y), radius, colour);
            taken.push(Area { left: low, top: y - radius, right: high, bottom: y + radius });
        }
        if let Some((low, high)) = policy.contribution.interval() {
            let [low, high] = [low, high].map(|value| frame.y(&y_scale, value));
            bar(&mut picture, (x, low), (x, high), radius, colour);
            taken.push(Area { left: x - radius, top: high, right: x + radius, bottom: low });
        }
    }
    let names: Vec<String> = shown.iter().map(|policy| policy.label(data.replications)).collect();
    let mut labels = Vec::new();
    for (names, at) in together(names.iter().map(String::as_str).zip(shown.iter().map(|policy| policy.at))) {
        let name = fitted(&names.join(", "), if names.len() == 1 { 480 } else { 700 }, TEXT);
        let half = (text_width(&name, TEXT) / 2 + 6, TEXT / 2 + 4);
        let (middle, distance) = free_place(at, half, &frame, &taken, &labels);
        let label = Area::around(middle, half.0, half.1);
        if distance > 0 {
            picture.line(vec![at, label.nearest(at)], 2, FAINT_INK);
        }
        let is_off = shown.iter().any(|policy| policy.at == at && policy.standing == Standing::Dominated);
        picture.text(&name, middle, Anchor::Middle, TEXT, if is_off { FAINT_INK } else { INK });
        labels.push(label);
    }
    for policy in &shown {
        let look = look(policy.number);
        point(&mut picture, look.shape, policy.at, policy.radius(), look.colour);
        picture.tip(Place::Circle { centre: policy.at, radius: 2 * RADIUS }, &policy.tip(data));
    }
    if shown.len() > 1 {
        let meaning = meaning(&shown, data.replications);
        picture.height = notes(&mut picture, &meaning, HEIGHT - 6) + 20;
    }
    Some(picture)
}

/// What the picture says of the front.
fn meaning(shown: &[Shown], replications: u64) -> String {
    let front = front(shown.iter().map(|policy| policy.at));
    let mut words = "The line is the Pareto front of the means".to_owned();
    words += match front.len() {
        1 => ", a single point here.",
        _ => ": which of its policies is best depends on what a lost request costs you.",
    };
    if replications == 1 {
        return words + " One replication cannot tell which policies are on it by chance.";
    }
    let has = |standing| shown.iter().any(|policy| policy.standing == standing);
    if has(Standing::Dominated) {
        words += " Small, with gray names: surely off it, as another policy is surely better in one of the two \
                  and on average no worse in the other.";
    }
    if has(Standing::Unsure) {
        words += " Not sure: some other policy is surely worse in neither of the two.";
    }
    if shown.iter().any(|policy| policy.standing != Standing::Sure) {
        words +=
            " Sure is a paired difference of p < 0.05, adjusted for all pairs of policies; bars may overlap.";
    }
    words
}

impl Shown<'_> {
    fn radius(&self) -> i32 {
        if self.standing == Standing::Dominated { RADIUS * 2 / 3 } else { RADIUS }
    }

    fn label(&self, replications: u64) -> String {
        match self.standing {
            Standing::Unsure if replications > 1 => format!("{} (not sure)", self.name),
            _ => self.name.to_owned(),
        }
    }

    fn tip(&self, data: &Results) -> String {
        let mut lines = vec![self.name.to_owned()];
        lines.push(match self.standing {
            Standing::Sure => "surely on the front".to_owned(),
            Standing::Unsure => "perhaps on the front".to_owned(),
            Standing::Dominated => "surely off the front".to_owned(),
        });
        for measure in MEASURES.into_iter().rev().filter_map(Measure::named) {
            if let Some(estimate) = data.estimate(self.name, measure.name) {
                lines.push(format!("{}: {}", measure.label, estimate_in_words(estimate, measure)));
            }
            let first = data.policies.first().map_or("", String::as_str);
            if let Some(difference) = data.difference(self.name, first, measure.name) {
                lines.push(difference_in_words(&difference, measure));
            }
        }
        lines.join("\n")
    }
}

/// The line along the front, from the lower edge of the frame to its right one: it rises at each point.
fn edge(front: &[Pixel], frame: &Frame) -> Vec<Pixel> {
    let (Some(first), Some(last)) = (front.first(), front.last()) else { return Vec::new() };
    let ends = [(first.0, frame.bottom), (frame.right, last.1)];
    [&ends[..1], &steps(front), &ends[1..]].concat()
}
