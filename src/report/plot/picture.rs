//! Pictures as lists of marks, which SVG and PNG draw alike.

use ab_glyph::{Font, FontRef, GlyphId, PxScaleFont, ScaleFont};
use std::fmt;
use std::sync::LazyLock;

/// A point of a picture, in pixels from its upper left corner.
pub type Pixel = (i32, i32);

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Colour(red, green, blue) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

static FONT: LazyLock<FontRef<'static>> =
    LazyLock::new(|| FontRef::try_from_slice(dejavu::sans::regular()).expect("the embedded font is a font"));
/// Height of its capitals and digits, in ems.
const CAPITALS: f64 = 0.729;

/// The size of ordinary text: 13 pixels where the picture is shown 800 wide.
pub const TEXT: i32 = 26;
/// The size of a title.
pub const TITLE: i32 = 34;

/// Where a text stands from its point; its middle is always at the point's height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// A picture: a width, a height, and marks, later ones above earlier ones; above them all, tips.
pub struct Picture {
    /// In pixels.
    pub width: i32,
    /// In pixels.
    pub height: i32,
    /// What it shows, in words: for those who hear it.
    pub description: String,
    pub(super) marks: Vec<Mark>,
    pub(super) tips: Vec<Tip>,
}

pub(super) enum Mark {
    Text(Text),
    Line { points: Vec<Pixel>, width: i32, dashes: &'static [i32], colour: Colour },
    Polygon { points: Vec<Pixel>, colour: Colour, opacity: f32 },
    Circle { centre: Pixel, radius: i32, colour: Colour },
}

pub(super) struct Text {
    pub text: String,
    pub at: Pixel,
    pub anchor: Anchor,
    pub size: i32,
    pub colour: Colour,
}

/// A place of a picture that tells something when it is pointed at.
pub(super) struct Tip {
    pub place: Place,
    pub text: String,
}

/// A place that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Whatever is between two corners.
    Rectangle {
        /// The upper left corner.
        from: Pixel,
        /// The lower right corner.
        to: Pixel,
    },
    /// The surroundings of a figure's point. It is also reached by keyboard.
    Circle {
        /// Its centre.
        centre: Pixel,
        /// Its radius.
        radius: i32,
    },
}

impl Picture {
    /// A white picture.
    pub fn new(width: i32, height: i32) -> Picture {
        Picture { width, height, description: String::new(), marks: Vec::new(), tips: Vec::new() }
    }

    /// Adds a line of text.
    pub fn text(&mut self, text: &str, at: Pixel, anchor: Anchor, size: i32, colour: Colour) {
        self.marks.push(Mark::Text(Text { text: legible(text), at, anchor, size, colour }));
    }

    /// Adds a line through points.
    pub fn line(&mut self, points: Vec<Pixel>, width: i32, colour: Colour) {
        self.dashed(points, width, &[], colour);
    }

    /// Adds a line through points of dashes: lengths in pixels, an even number, in turn drawn and left out.
    pub fn dashed(&mut self, points: Vec<Pixel>, width: i32, dashes: &'static [i32], colour: Colour) {
        self.marks.push(Mark::Line { points, width, dashes, colour });
    }

    /// Adds a filled polygon.
    pub fn polygon(&mut self, points: Vec<Pixel>, colour: Colour) {
        self.translucent(points, colour, 1.0);
    }

    /// Adds a filled polygon through which marks below shine: it covers such a share of them, in 0..1.
    pub fn translucent(&mut self, points: Vec<Pixel>, colour: Colour, opacity: f32) {
        self.marks.push(Mark::Polygon { points, colour, opacity });
    }

    /// Adds a filled circle.
    pub fn circle(&mut self, centre: Pixel, radius: i32, colour: Colour) {
        self.marks.push(Mark::Circle { centre, radius, colour });
    }

    /// Adds what is told where somebody points at a place, in one line or several; later ones are above
    /// earlier ones. Only an SVG can tell it.
    pub fn tip(&mut self, place: Place, text: &str) {
        let text = text.split('\n').map(legible).collect::<Vec<_>>().join("\n");
        self.tips.push(Tip { place, text });
    }
}

impl Text {
    /// Where its glyphs stand on.
    pub(super) fn baseline(&self) -> i32 {
        self.at.1 + (f64::from(self.size) * CAPITALS / 2.0).round() as i32
    }

    /// Where it begins.
    pub(super) fn left(&self) -> i32 {
        let width = text_width(&self.text, self.size);
        match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - width / 2,
            Anchor::End => self.at.0 - width,
        }
    }
}

/// The font at a size.
pub(super) fn scaled(size: i32) -> PxScaleFont<&'static FontRef<'static>> {
    let font = &*FONT;
    let heights_of_em = font.height_unscaled() / font.units_per_em().expect("the embedded font has a size");
    font.as_scaled(size as f32 * heights_of_em)
}

/// The glyphs of a text, each with its distance from the start.
pub(super) fn glyphs<'t>(
    text: &'t str,
    font: &'t PxScaleFont<&'static FontRef<'static>>,
) -> impl Iterator<Item = (GlyphId, f32)> + 't {
    let mut x = 0.0;
    let mut previous = None;
    text.chars().map(move |character| {
        let glyph = font.glyph_id(character);
        x += previous.map_or(0.0, |previous| font.h_advance(previous) + font.kern(previous, glyph));
        previous = Some(glyph);
        (glyph, x)
    })
}

/// How wide a text is, in pixels.
pub fn text_width(text: &str, size: i32) -> i32 {
    let (text, font) = (legible(text), scaled(size));
    glyphs(&text, &font).last().map_or(0, |(glyph, x)| (x + font.h_advance(glyph)).ceil() as i32)
}

/// The text without characters that XML forbids or that have no shape.
fn legible(text: &str) -> String {
    let is_shapeless = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if is_shapeless(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The text, cut in its middle where it is wider than so many pixels: names often differ at their ends.
pub fn fitted(text: &str, width: i32, size: i32) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    for kept in (0..characters.len()).rev() {
        let head: String = characters[..kept.div_ceil(2)].iter().collect();
        let tail: String = characters[characters.len() - kept / 2..].iter().collect();
        let cut = format!("{head}…{tail}");
        if text_width(&cut, size) <= width {
            return cut;
        }
    }
    String::new()
}

/// The text in lines that are no wider than so many pixels, if its words are not.
pub fn wrapped(text: &str, width: i32, size: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // What belongs to a number stays with it.
    let text = text.replace(" %", "\u{a0}%").replace(" < ", "\u{a0}<\u{a0}");
    for word in text.split(' ') {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|longer| text_width(longer, size) <= width) {
            Some(longer) => *lines.last_mut().expect("a line got longer") = longer,
            None => lines.push(fitted(word, width, size)),
        }
    }
    lines
}

#[cfg(test)]
impl Picture {
    /// That it is described, has known colours only, and no text that overlaps another or leaves it.
    pub fn assert_legible(&self, name: &str) {
        assert!(!self.description.is_empty(), "{name} is not described");
        for colour in self.colours() {
            let is_known = super::style::PALETTE.iter().any(|(light, _)| *light == colour);
            assert!(is_known, "{name}: {colour} is not of the palette");
        }
        let boxes = self.text_boxes();
        for (index, (text, [left, top, right, bottom])) in boxes.iter().enumerate() {
            let inside = *left >= 0 && *top >= 0 && *right <= self.width && *bottom <= self.height;
            assert!(inside, "{name}: {text} leaves the picture");
            for (other, [l, t, r, b]) in boxes[..index].iter().filter(|(other, _)| !other.is_empty()) {
                let apart = right <= l || r <= left || bottom <= t || b <= top;
                assert!(apart || text.is_empty(), "{name}: {text} overlaps {other}");
            }
        }
    }

    /// Every text with the box it fills: left, top, right, bottom.
    pub fn text_boxes(&self) -> Vec<(&str, [i32; 4])> {
        self.marks
            .iter()
            .filter_map(|mark| {
                let Mark::Text(text) = mark else { return None };
                let (left, y) = (text.left(), text.at.1);
                let right = left + text_width(&text.text, text.size);
                Some((text.text.as_str(), [left, y - text.size / 2, right, y + text.size / 2]))
            })
            .collect()
    }

    /// The points of all lines and polygons.
    pub fn points(&self) -> impl Iterator<Item = Pixel> {
        let points = self.marks.iter().map(|mark| match mark {
            Mark::Line { points, .. } | Mark::Polygon { points, .. } => points.as_slice(),
            Mark::Text(_) | Mark::Circle { .. } => &[],
        });
        points.flatten().copied()
    }

    /// The colour of every mark.
    pub fn colours(&self) -> impl Iterator<Item = Colour> {
        self.marks.iter().map(|mark| match mark {
            Mark::Text(Text { colour, .. })
            | Mark::Line { colour, .. }
            | Mark::Polygon { colour, .. }
            | Mark::Circle { colour, .. } => *colour,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_beginning_and_end() {
        let name = "a policy with a name far too long for its place, number 7";
        let cut = fitted(name, 300, TEXT);
        assert!(cut.starts_with("a policy") && cut.contains('…') && cut.ends_with("r 7"), "{cut}");
        assert!(text_width(&cut, TEXT) <= 300);
        assert_eq!(fitted("short", 300, TEXT), "short");
        assert_eq!(fitted("short", 0, TEXT), "");
    }

    #[test]
    fn text_is_wrapped_between_words() {
        let width = text_width("two words", TEXT);
        assert_eq!(wrapped("two words are here", width, TEXT), ["two words", "are here"]);
        assert_eq!(wrapped("at a p < 0.05", width, TEXT), ["at a", "p\u{a0}<\u{a0}0.05"]);
        assert_eq!(wrapped("", width, TEXT), [""]);
        assert!(wrapped("overlong-overlong", width, TEXT)[0].contains('…'));
    }
}
