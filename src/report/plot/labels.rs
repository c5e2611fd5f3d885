//! Labels beside points, where nothing else is.

use super::picture::Pixel;
use super::style::{Frame, RADIUS};

/// Directions in which a label may stand from its point.
const DIRECTIONS: [Pixel; 8] = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)];

/// The names of points that hide one another, under the place of the first.
pub fn together<'p>(points: impl Iterator<Item = (&'p str, Pixel)>) -> Vec<(Vec<&'p str>, Pixel)> {
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
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// Its left edge.
    pub left: i32,
    /// Its upper edge.
    pub top: i32,
    /// Its right edge.
    pub right: i32,
    /// Its lower edge.
    pub bottom: i32,
}

impl Area {
    /// The area of that half width and height around a point.
    pub fn around((x, y): Pixel, half_width: i32, half_height: i32) -> Area {
        Area { left: x - half_width, top: y - half_height, right: x + half_width, bottom: y + half_height }
    }

    /// The area around a line between two points, which is horizontal or vertical.
    pub fn between(one: Pixel, other: Pixel) -> Area {
        Area {
            left: one.0.min(other.0) - 4,
            top: one.1.min(other.1) - 4,
            right: one.0.max(other.0) + 4,
            bottom: one.1.max(other.1) + 4,
        }
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

    /// Its point that is nearest to another.
    pub fn nearest(&self, (x, y): Pixel) -> Pixel {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// The middle of a free place for a label of that half size near a point, and how many steps away it is; if
/// there is one, such that the way there crosses no other label.
pub fn free_place(at: Pixel, half: Pixel, frame: &Frame, taken: &[Area], labels: &[Area]) -> (Pixel, i32) {
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
