//! What all plots share: a look for each policy, titles, legends, frames.

use super::super::results::Estimate;
use super::picture::{Anchor, Colour, Picture, Pixel, TEXT, TITLE, fitted, text_width, wrapped};
use super::scale::Scale;
use super::words::capitalised;
use std::fmt::Write;

/// How wide every picture is.
pub const WIDTH: i32 = 1600;
/// What is left free at the sides.
pub const MARGIN: i32 = 50;
/// The radius of the point of an estimate.
pub const RADIUS: i32 = 12;
/// The opacity of a band of confidence.
pub const BAND: f32 = 0.18;
/// The opacity of a shaded area.
const SHADE: f32 = 0.3;
/// What the bars of a plot are.
pub const BARS: &str = "; bars are 95\u{a0}% confidence intervals, where wider than the point";

/// The background.
pub const WHITE: Colour = Colour(255, 255, 255);
/// Text and axes.
pub const INK: Colour = Colour(34, 34, 34);
/// Less important text.
pub const FAINT_INK: Colour = Colour(85, 85, 85);
/// Lines of a grid.
pub const GRID: Colour = Colour(222, 222, 222);
/// Blue.
pub const BLUE: Colour = Colour(0, 114, 178);
/// Vermillion.
pub const VERMILLION: Colour = Colour(213, 94, 0);
/// Bluish green.
pub const GREEN: Colour = Colour(0, 158, 115);
/// Reddish purple.
pub const PURPLE: Colour = Colour(204, 121, 167);
/// Orange.
pub const ORANGE: Colour = Colour(230, 159, 0);
/// Gray.
pub const GRAY: Colour = Colour(130, 130, 130);
/// Lighter gray.
pub const SILVER: Colour = Colour(150, 150, 150);
const SKY_BLUE: Colour = Colour(86, 180, 233);
const WINE: Colour = Colour(136, 34, 85);
const OLIVE: Colour = Colour(153, 153, 51);
const INDIGO: Colour = Colour(51, 34, 136);
const BROWN: Colour = Colour(121, 79, 40);

/// The colours of series.
///
/// Source: Okabe and Ito, "Color Universal Design" (2008), in an order of falling contrast with white, and
/// gray in the place of yellow, which white swallows; then of Tol, "Colour Schemes" (2021), those that are
/// not near one of these, and brown.
const COLOURS: [Colour; 12] =
    [BLUE, VERMILLION, GREEN, PURPLE, INK, ORANGE, SKY_BLUE, GRAY, WINE, OLIVE, INDIGO, BROWN];

/// Every colour that plots are drawn in, with what takes its place on a dark page.
pub const PALETTE: [(Colour, Colour); 16] = [
    (WHITE, Colour(22, 24, 29)),
    (INK, Colour(230, 230, 230)),
    (FAINT_INK, Colour(174, 174, 174)),
    (GRID, Colour(52, 55, 62)),
    (BLUE, Colour(61, 155, 224)),
    (VERMILLION, Colour(232, 112, 26)),
    (GREEN, Colour(0, 172, 126)),
    (PURPLE, PURPLE),
    (ORANGE, ORANGE),
    (GRAY, Colour(140, 140, 140)),
    (SILVER, Colour(118, 118, 118)),
    (SKY_BLUE, Colour(125, 208, 250)),
    (WINE, Colour(224, 72, 120)),
    (OLIVE, Colour(170, 170, 58)),
    (INDIGO, Colour(143, 127, 240)),
    (BROWN, Colour(200, 140, 110)),
];

/// Style rules that draw the pictures inside of the class `plot` on a dark background, where they are part of
/// a page.
pub fn dark_css() -> String {
    PALETTE.iter().fold(String::new(), |mut css, (light, dark)| {
        for property in ["fill", "stroke"] {
            writeln!(css, ".plot svg [{property}=\"{light}\"]{{{property}:{dark}}}")
                .expect("text is written");
        }
        css
    })
}

/// How one of several things is drawn: told apart by colour, shape and dashes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The colour.
    pub colour: Colour,
    /// The shape of its points.
    pub shape: Shape,
    /// Lengths in pixels, in turn drawn and left out; without any, a solid line.
    pub dashes: &'static [i32],
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its tip.
    Wedge,
    /// A ring.
    Ring,
    /// An oblique cross.
    Cross,
    /// An upright cross.
    Plus,
}

const SHAPES: [Shape; 8] = [
    Shape::Disc,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::Wedge,
    Shape::Ring,
    Shape::Cross,
    Shape::Plus,
];
const DASHES: [&[i32]; 5] = [&[], &[22, 10], &[6, 8], &[26, 8, 6, 8], &[40, 12]];

/// The look of the n-th thing, from 0; the first 120 differ.
pub fn look(number: usize) -> Look {
    Look {
        colour: COLOURS[number % COLOURS.len()],
        shape: SHAPES[(number + number / SHAPES.len()) % SHAPES.len()],
        dashes: DASHES[number % DASHES.len()],
    }
}

/// Draws a point, with a white rim that parts it from what lies below.
pub fn point(picture: &mut Picture, shape: Shape, at: Pixel, radius: i32, colour: Colour) {
    let (x, y) = at;
    let polygon = |radius: i32| match shape {
        Shape::Square => vec![(-1, -1), (1, -1), (1, 1), (-1, 1)]
            .into_iter()
            .map(|(dx, dy)| (x + dx * radius * 8 / 9, y + dy * radius * 8 / 9))
            .collect(),
        Shape::Triangle => {
            vec![(x, y - radius), (x + radius, y + radius * 8 / 10), (x - radius, y + radius * 8 / 10)]
        }
        Shape::Wedge => {
            vec![(x, y + radius), (x + radius, y - radius * 8 / 10), (x - radius, y - radius * 8 / 10)]
        }
        _ => vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)],
    };
    match shape {
        Shape::Disc | Shape::Ring => {
            picture.circle(at, radius + 3, WHITE);
            picture.circle(at, radius, colour);
            if shape == Shape::Ring {
                picture.circle(at, radius - 4, WHITE);
            }
        }
        Shape::Cross | Shape::Plus => {
            let arms = if shape == Shape::Cross { [(1, 1), (1, -1)] } else { [(1, 0), (0, 1)] };
            for (width, colour, reach) in [(10, WHITE, radius + 2), (5, colour, radius)] {
                for (dx, dy) in arms {
                    let (dx, dy) = (dx * reach, dy * reach);
                    picture.line(vec![(x - dx, y - dy), (x + dx, y + dy)], width, colour);
                }
            }
        }
        Shape::Square | Shape::Triangle | Shape::Diamond | Shape::Wedge => {
            picture.polygon(polygon(radius + 4), WHITE);
            picture.polygon(polygon(radius), colour);
        }
    }
}

/// How an area is filled: told apart by colour and hatching at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    colour: Colour,
    hatching: &'static [Hatch],
}

/// Where lines go that are left out of an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hatch {
    Rising,
    Falling,
    Level,
    Upright,
}

const HATCHINGS: [&[Hatch]; 7] = [
    &[],
    &[Hatch::Rising],
    &[Hatch::Falling],
    &[Hatch::Level],
    &[Hatch::Upright],
    &[Hatch::Rising, Hatch::Falling],
    &[Hatch::Level, Hatch::Upright],
];
/// How far the lines of a hatching are from one another.
const HATCHING: i32 = 14;

/// The fill of the n-th thing, from 0; the first 84 differ.
pub fn fill(number: usize) -> Fill {
    Fill { colour: COLOURS[number % COLOURS.len()], hatching: HATCHINGS[number % HATCHINGS.len()] }
}

/// Fills a rectangle between its upper left and its lower right corner.
pub fn rectangle(picture: &mut Picture, (left, top): Pixel, (right, bottom): Pixel, fill: Fill) {
    picture.polygon(vec![(left, top), (right, top), (right, bottom), (left, bottom)], fill.colour);
    let (width, height) = (right - left, bottom - top);
    let starts = |reach: i32| (HATCHING / 2..reach).step_by(HATCHING as usize);
    // A diagonal begins so far from the left, at one of the horizontal edges; it is drawn where it is within.
    let diagonals = || {
        starts(width + height).map(|start| start - height).filter_map(|start| {
            let (from, to) = (0.max(-start), height.min(width - start));
            (from < to).then_some([(start + from, from), (start + to, to)])
        })
    };
    for hatch in fill.hatching {
        let lines: Vec<[Pixel; 2]> = match hatch {
            Hatch::Rising => diagonals().map(|line| line.map(|(x, y)| (left + x, bottom - y))).collect(),
            Hatch::Falling => diagonals().map(|line| line.map(|(x, y)| (left + x, top + y))).collect(),
            Hatch::Level => starts(height).map(|y| [(left, top + y), (right, top + y)]).collect(),
            Hatch::Upright => starts(width).map(|x| [(left + x, top), (left + x, bottom)]).collect(),
        };
        for line in lines {
            picture.line(line.to_vec(), 3, WHITE);
        }
    }
}

/// Draws a line through points with the colour and the dashes of a look.
pub fn stroke(picture: &mut Picture, points: &[Pixel], width: i32, look: Look) {
    picture.dashed(points.to_vec(), width, look.dashes, look.colour);
}

/// The points of a line that keeps each point's height until the next one.
pub fn steps(points: &[Pixel]) -> Vec<Pixel> {
    let corners = points.windows(2).flat_map(|pair| [pair[0], (pair[1].0, pair[0].1)]);
    corners.chain(points.last().copied()).collect()
}

/// Fills what lies between two lines of the same direction, such as the ends of intervals: with [`BAND`] for
/// a share, lines below shine through.
pub fn between(picture: &mut Picture, one: &[Pixel], other: &[Pixel], colour: Colour, opacity: f32) {
    let outline = one.iter().chain(other.iter().rev()).copied().collect();
    picture.translucent(outline, colour, opacity);
}

/// Shades a rectangle between two corners: lines shine through.
pub fn shade(picture: &mut Picture, (left, top): Pixel, (right, bottom): Pixel, colour: Colour) {
    picture.translucent(vec![(left, top), (right, top), (right, bottom), (left, bottom)], colour, SHADE);
}

/// Writes a title and what is to be known of it, which together describe the picture; returns the height
/// where the plot may begin.
pub fn heading(picture: &mut Picture, title: &str, below: &str) -> i32 {
    let below = capitalised(below);
    picture.description = format!("{title}. {below}");
    let mut y = 44;
    for line in wrapped(title, WIDTH - 2 * MARGIN, TITLE) {
        picture.text(&line, (MARGIN, y), Anchor::Start, TITLE, INK);
        y += 46;
    }
    notes(picture, &below, y - TEXT / 2) + 10
}

/// Writes lines of less important text from `top` on; returns the height below them.
pub fn notes(picture: &mut Picture, text: &str, top: i32) -> i32 {
    let mut y = top + TEXT / 2;
    for line in wrapped(text, WIDTH - 2 * MARGIN, TEXT) {
        picture.text(&line, (MARGIN, y), Anchor::Start, TEXT, FAINT_INK);
        y += 36;
    }
    y - TEXT / 2 + 10
}

/// What explains a sign in a legend.
pub enum Sign {
    /// A line with a point.
    Line(Look),
    /// A line alone.
    Stroke(Look),
    /// A point alone.
    Point(Shape, Colour),
    /// A filled area.
    Area(Fill),
    /// A shaded area.
    Shade(Colour),
}

/// Draws a legend in lines from `top` on; returns the height below it.
pub fn legend(picture: &mut Picture, entries: &[(Sign, &str)], top: i32) -> i32 {
    let (mut x, mut y) = (MARGIN, top + TEXT / 2);
    for (sign, text) in entries {
        let text = fitted(text, 420, TEXT);
        let sign_width = match sign {
            Sign::Line(_) | Sign::Stroke(_) => 80,
            Sign::Area(_) | Sign::Shade(_) => 50,
            Sign::Point(..) => 30,
        };
        let width = sign_width + 12 + text_width(&text, TEXT);
        if x > MARGIN && x + width > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + 44);
        }
        let middle = (x + sign_width / 2, y);
        if let Sign::Line(look) | Sign::Stroke(look) = sign {
            stroke(picture, &[(x, y), (x + sign_width, y)], 5, *look);
        }
        match sign {
            Sign::Line(look) => point(picture, look.shape, middle, 11, look.colour),
            Sign::Point(shape, colour) => point(picture, *shape, middle, 11, *colour),
            Sign::Area(fill) => rectangle(picture, (x, y - 16), (x + sign_width, y + 16), *fill),
            Sign::Shade(colour) => shade(picture, (x, y - 16), (x + sign_width, y + 16), *colour),
            Sign::Stroke(_) => {}
        }
        picture.text(&text, (x + sign_width + 12, y), Anchor::Start, TEXT, INK);
        x += width + 44;
    }
    y + TEXT + 14
}

/// The place of a plot's data.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Its left edge.
    pub left: i32,
    /// Its upper edge.
    pub top: i32,
    /// Its right edge.
    pub right: i32,
    /// Its lower edge.
    pub bottom: i32,
    /// How far the ends of its scales keep from its edges.
    pub inset: i32,
}

impl Frame {
    /// Where a value of a horizontal scale lies.
    pub fn x(&self, scale: &Scale, value: f64) -> i32 {
        scale.pixel(value, self.left + self.inset, self.right - self.inset)
    }

    /// Where a value of a vertical scale lies.
    pub fn y(&self, scale: &Scale, value: f64) -> i32 {
        scale.pixel(value, self.bottom - self.inset, self.top + self.inset)
    }

    /// Draws a vertical line at each tick, with its label below.
    pub fn x_ticks(&self, picture: &mut Picture, scale: &Scale) {
        for (value, label) in &scale.ticks {
            self.x_tick(picture, self.x(scale, *value), label);
        }
        if scale.crosses_zero() {
            let x = self.x(scale, 0.0);
            picture.line(vec![(x, self.top), (x, self.bottom)], 2, FAINT_INK);
        }
    }

    /// Draws the tick of a place on the horizontal axis.
    pub fn x_tick(&self, picture: &mut Picture, x: i32, label: &str) {
        picture.line(vec![(x, self.top), (x, self.bottom + 8)], 2, GRID);
        picture.text(label, (x, self.bottom + 22 + TEXT / 2), Anchor::Middle, TEXT, INK);
    }

    /// Draws a horizontal line at each tick, with its label to the left.
    pub fn y_ticks(&self, picture: &mut Picture, scale: &Scale) {
        for (value, label) in &scale.ticks {
            let y = self.y(scale, *value);
            picture.line(vec![(self.left - 8, y), (self.right, y)], 2, GRID);
            picture.text(label, (self.left - 16, y), Anchor::End, TEXT, INK);
        }
        if scale.crosses_zero() {
            let y = self.y(scale, 0.0);
            picture.line(vec![(self.left, y), (self.right, y)], 2, FAINT_INK);
        }
    }
}

/// How wide the widest label of a scale is.
pub fn label_width(scale: &Scale) -> i32 {
    scale.ticks.iter().map(|(_, label)| text_width(label, TEXT)).max().unwrap_or(0)
}

/// Draws the interval of an estimate along a vertical line, unless its point hides it.
pub fn y_interval(
    picture: &mut Picture,
    estimate: &Estimate,
    scale: &Scale,
    frame: &Frame,
    x: i32,
    look: Look,
) {
    if let Some((low, high)) = estimate.interval() {
        bar(picture, (x, frame.y(scale, low)), (x, frame.y(scale, high)), RADIUS, look.colour);
    }
}

/// Draws a horizontal or vertical bar with ends, unless a point of that radius in its middle hides it.
pub fn bar(picture: &mut Picture, from: Pixel, to: Pixel, radius: i32, colour: Colour) {
    let (width, height) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
    // The point has a rim.
    if width.max(height) <= 2 * (radius + 4) {
        return;
    }
    let (dx, dy) = if width > 0 { (0, radius) } else { (radius, 0) };
    picture.line(vec![from, to], radius / 3, colour);
    for (x, y) in [from, to] {
        picture.line(vec![(x - dx, y - dy), (x + dx, y + dy)], radius / 3, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dozen_policies_differ_in_colour_and_many_more_in_look() {
        let looks: Vec<Look> = (0..120).map(look).collect();
        for (number, one) in looks.iter().enumerate() {
            for (before, other) in looks[..number].iter().enumerate() {
                assert_ne!(one, other, "{before} and {number}");
                assert!(number >= 12 || one.colour != other.colour, "{before} and {number}");
            }
        }
    }

    #[test]
    fn many_fills_differ_and_keep_within_their_rectangles() {
        let fills: Vec<Fill> = (0..84).map(fill).collect();
        for (number, one) in fills.iter().enumerate() {
            assert!(!fills[..number].contains(one), "{number}");
        }
        for (width, height) in [(1, 1), (200, 40), (20, 300), (15, 15)] {
            for fill in &fills[..HATCHINGS.len()] {
                let mut picture = Picture::new(500, 500);
                let (from, to) = ((50, 60), (50 + width, 60 + height));
                rectangle(&mut picture, from, to, *fill);
                for (x, y) in picture.points() {
                    let is_within = (from.0..=to.0).contains(&x) && (from.1..=to.1).contains(&y);
                    assert!(is_within, "{fill:?}: {x}, {y} for {width}, {height}");
                }
            }
        }
    }

    #[test]
    fn steps_keep_the_height_of_a_point_until_the_next() {
        assert_eq!(steps(&[(0, 5), (4, 3), (9, 8)]), [(0, 5), (4, 5), (4, 3), (9, 3), (9, 8)]);
        assert_eq!(steps(&[(1, 2)]), [(1, 2)]);
    }

    /// Source: W3C, "Web Content Accessibility Guidelines 2.1" (2018), relative luminance and contrast ratio.
    fn contrast(one: Colour, other: Colour) -> f64 {
        let linear = |part: u8| match f64::from(part) / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        };
        let luminance =
            |Colour(red, green, blue)| 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn colours_stand_out_from_a_dark_background_and_from_one_another() {
        let (_, background) = PALETTE[0];
        let counterpart =
            |colour| PALETTE.iter().find(|(light, _)| *light == colour).map(|(_, dark)| *dark).unwrap();
        for text in [INK, FAINT_INK] {
            assert!(contrast(counterpart(text), background) >= 7.0);
        }
        let distance = |one: Colour, other: Colour| {
            one.0.abs_diff(other.0).max(one.1.abs_diff(other.1)).max(one.2.abs_diff(other.2))
        };
        for (number, colour) in COLOURS.iter().map(|colour| counterpart(*colour)).enumerate() {
            assert!(contrast(colour, background) >= 4.5, "{number}: {}", contrast(colour, background));
            for other in &COLOURS[..number] {
                assert!(distance(colour, counterpart(*other)) >= 40, "{number}");
            }
        }
    }

    #[test]
    fn dark_rules_change_colours_where_they_are_attributes() {
        assert!(dark_css().contains(".plot svg [fill=\"#222222\"]{fill:#e6e6e6}\n"));
        assert!(dark_css().contains(".plot svg [stroke=\"#222222\"]{stroke:#e6e6e6}\n"));
    }
}
