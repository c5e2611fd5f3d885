//! The trade-off between what a policy earns and what it loses.

use super::super::results::{Estimate, Results};
use super::picture::{Anchor, Picture, Pixel, TEXT, fitted, text_width};
use super::scale::{Numbers, Scale};
use super::style::{
    BARS, CAP, FAINT_INK, Frame, INK, MARGIN, RADIUS, WIDTH, heading, label_width, look, point, x_interval,
    y_interval,
};

const HEIGHT: i32 = 1000;
/// Room for labels around points at the ends of the scales.
const INSET: i32 = 50;
/// Directions in which a label may stand from its point.
const DIRECTIONS: [Pixel; 8] = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

/// A point for each policy: contribution against lost requests.
pub fn picture(data: &Results) -> Option<Picture> {
    let estimate = |policy: &String, measure, factor| Some(data.estimate(policy, measure)?.times(factor));
    let points: Vec<(&String, Estimate, Estimate)> = data
        .policies
        .iter()
        .filter_map(|policy| {
            Some((policy, estimate(policy, "lost_share", 100.0)?, estimate(policy, "contribution_usd", 1.0)?))
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let mut picture = Picture::new(WIDTH, HEIGHT);
    let intervals = if data.replications >= 2 { BARS } else { "" };
    let top = heading(
        &mut picture,
        "Contribution against lost requests: the upper left is best",
        &format!("all cohorts, {}{intervals}", data.replications_in_words()),
    );
    picture.text("Contribution, USD", (MARGIN, top + 14), Anchor::Start, TEXT, INK);
    let (frame_top, bottom, right) = (top + 54, HEIGHT - 110, WIDTH - MARGIN - 40);
    let y_scale =
        Scale::vertical(points.iter().flat_map(|(.., y)| y.values()), Numbers::Usd, bottom - frame_top);
    let left = MARGIN + label_width(&y_scale) + 16;
    let x_scale = Scale::horizontal(
        points.iter().flat_map(|(_, x, _)| x.values()),
        Numbers::Percent,
        right - left - 2 * INSET,
    );
    let frame = Frame { left, top: frame_top, right, bottom, inset: INSET };
    frame.x_ticks(&mut picture, &x_scale);
    frame.y_ticks(&mut picture, &y_scale);
    picture.text("Lost requests, %", (right, HEIGHT - 36), Anchor::End, TEXT, INK);

    let mut taken = Vec::new();
    let mut places = Vec::new();
    for (_, x, y) in &points {
        let at = (frame.x(&x_scale, x.mean), frame.y(&y_scale, y.mean));
        places.push(at);
        taken.push(Area::around(at, RADIUS + 4, RADIUS + 4));
        if let Some((low, high)) = x.interval() {
            let [low, high] = [low, high].map(|value| frame.x(&x_scale, value));
            taken.push(Area { left: low, top: at.1 - CAP, right: high, bottom: at.1 + CAP });
        }
        if let Some((low, high)) = y.interval() {
            let [low, high] = [low, high].map(|value| frame.y(&y_scale, value));
            taken.push(Area { left: at.0 - CAP, top: high, right: at.0 + CAP, bottom: low });
        }
    }
    let mut labels = Vec::new();
    for (names, at) in together(points.iter().map(|(policy, ..)| policy.as_str()).zip(places.iter().copied()))
    {
        let name = fitted(&names.join(", "), if names.len() == 1 { 340 } else { 700 }, TEXT);
        let half = (text_width(&name, TEXT) / 2 + 6, TEXT / 2 + 4);
        let (middle, distance) = free_place(at, half, &frame, &taken, &labels);
        let label = Area::around(middle, half.0, half.1);
        if distance > 0 {
            picture.line(vec![at, label.nearest(at)], 2, FAINT_INK);
        }
        picture.text(&name, middle, Anchor::Middle, TEXT, INK);
        labels.push(label);
    }
    for (number, ((_, x, y), at)) in points.iter().zip(places).enumerate() {
        let look = look(number);
        x_interval(&mut picture, x, &x_scale, &frame, at.1, look);
        y_interval(&mut picture, y, &y_scale, &frame, at.0, look);
        point(&mut picture, look.shape, at, RADIUS, look.colour);
    }
    Some(picture)
}

/// The names of points that hide one another, under the place of the first.
fn together<'p>(points: impl Iterator<Item = (&'p str, Pixel)>) -> Vec<(Vec<&'p str>, Pixel)> {
    let mut groups: Vec<(Vec<&str>, Pixel)> = Vec::new();
    for (name, at) in points {
        let hides = |(_, (x, y)): &&mut (Vec<&str>, Pixel)| (x - at.0).abs().max((y - at.1).abs()) < RADIUS;
        match groups.iter_mut().find(hides) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], at)),
        }
    }
    groups
}

/// A rectangle that labels keep out of.
struct Area {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Area {
    fn around((x, y): Pixel, half_width: i32, half_height: i32) -> Area {
        Area { left: x - half_width, top: y - half_height, right: x + half_width, bottom: y + half_height }
    }

    fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_crossed(&self, (x0, y0): Pixel, (x1, y1): Pixel) -> bool {
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).max(1);
        (0..=steps).any(|step| {
            let place = (x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps);
            self.nearest(place) == place
        })
    }

    fn nearest(&self, (x, y): Pixel) -> Pixel {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// The middle of a free place for a label of that half size near a point, and how many steps away it is; if
/// there is one, such that the way there crosses no other label.
fn free_place(at: Pixel, half: Pixel, frame: &Frame, taken: &[Area], labels: &[Area]) -> (Pixel, i32) {
    let candidates = || {
        (0..40).flat_map(|distance| {
            let reach = 24 + 22 * distance;
            DIRECTIONS
                .map(|(dx, dy)| ((at.0 + dx * (half.0 + reach), at.1 + dy * (half.1 + reach)), distance))
        })
    };
    let is_free = |(middle, _): &(Pixel, i32)| {
        let label = Area::around(*middle, half.0, half.1);
        label.left >= frame.left
            && label.right <= frame.right + 40
            && label.top >= frame.top
            && label.bottom <= frame.bottom
            && !taken.iter().chain(labels).any(|area| area.meets(&label))
    };
    let is_reached = |(middle, _): &(Pixel, i32)| {
        let end = Area::around(*middle, half.0, half.1).nearest(at);
        !labels.iter().any(|area| area.is_crossed(at, end))
    };
    let best = candidates().find(|place| is_free(place) && is_reached(place));
    best.or_else(|| candidates().find(is_free)).unwrap_or((at, 0))
}
