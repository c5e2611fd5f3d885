//! Pictures as lists of marks, drawn alike into SVG and PNG.

use ab_glyph::{Font, FontRef, PxScaleFont, ScaleFont, point};
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, IntoTextStyle, RGBColor, WHITE};
use std::sync::LazyLock;

/// A point of a picture, in pixels from its upper left corner.
pub type Pixel = (i32, i32);

/// The families of text; the first one is embedded.
const FAMILIES: &str = "DejaVu Sans, sans-serif";
static FONT: LazyLock<FontRef<'static>> =
    LazyLock::new(|| FontRef::try_from_slice(dejavu::sans::regular()).expect("the embedded font is a font"));
/// Height of its capitals and digits, in ems.
const CAPITALS: f64 = 0.729;

/// The size of ordinary text: 13 pixels where the picture is shown 800 wide.
pub const TEXT: i32 = 26;
/// The size of a title.
pub const TITLE: i32 = 34;

/// Text and axes.
pub const INK: RGBColor = RGBColor(34, 34, 34);
/// Less important text.
pub const FAINT_INK: RGBColor = RGBColor(85, 85, 85);
/// Lines of a grid.
pub const GRID: RGBColor = RGBColor(222, 222, 222);

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

/// A picture: a width, a height, and marks, later ones above earlier ones.
pub struct Picture {
    /// In pixels.
    pub width: i32,
    /// In pixels.
    pub height: i32,
    marks: Vec<Mark>,
}

enum Mark {
    Text(Text),
    Line { points: Vec<Pixel>, width: u32, colour: RGBColor },
    Polygon { points: Vec<Pixel>, colour: RGBColor },
    Circle { centre: Pixel, radius: i32, colour: RGBColor },
}

struct Text {
    text: String,
    at: Pixel,
    anchor: Anchor,
    size: i32,
    colour: RGBColor,
}

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

impl Picture {
    /// A white picture.
    pub fn new(width: i32, height: i32) -> Picture {
        Picture { width, height, marks: Vec::new() }
    }

    /// Adds a line of text.
    pub fn text(&mut self, text: &str, at: Pixel, anchor: Anchor, size: i32, colour: RGBColor) {
        self.marks.push(Mark::Text(Text { text: legible(text), at, anchor, size, colour }));
    }

    /// Adds a line through points.
    pub fn line(&mut self, points: Vec<Pixel>, width: u32, colour: RGBColor) {
        self.marks.push(Mark::Line { points, width, colour });
    }

    /// Adds a filled polygon.
    pub fn polygon(&mut self, points: Vec<Pixel>, colour: RGBColor) {
        self.marks.push(Mark::Polygon { points, colour });
    }

    /// Adds a filled circle.
    pub fn circle(&mut self, centre: Pixel, radius: i32, colour: RGBColor) {
        self.marks.push(Mark::Circle { centre, radius, colour });
    }

    /// The picture as SVG. Its texts are texts.
    pub fn to_svg(&self) -> String {
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, self.size()).into_drawing_area();
        self.draw(&area, Text::as_text).expect("drawing into memory does not fail");
        drop(area);
        svg
    }

    /// The picture as PNG.
    pub fn to_png(&self) -> Vec<u8> {
        let (width, height) = self.size();
        let mut pixels = vec![0; width as usize * height as usize * 3];
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        self.draw(&area, Text::as_pixels).expect("drawing into memory does not fail");
        drop(area);

        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::Fast);
        let writer = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
        writer.expect("encoding into memory does not fail");
        file
    }

    fn size(&self) -> (u32, u32) {
        (self.width.unsigned_abs(), self.height.unsigned_abs())
    }

    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        draw_text: fn(&Text, &DrawingArea<B, Shift>) -> Drawn<B>,
    ) -> Drawn<B> {
        area.fill(&WHITE)?;
        for mark in &self.marks {
            match mark {
                Mark::Text(text) => draw_text(text, area)?,
                Mark::Line { points, width, colour } => {
                    area.draw(&PathElement::new(points.as_slice(), colour.stroke_width(*width)))?;
                }
                Mark::Polygon { points, colour } => {
                    area.draw(&Polygon::new(points.as_slice(), colour.filled()))?;
                }
                Mark::Circle { centre, radius, colour } => {
                    area.draw(&Circle::new(*centre, *radius, colour.filled()))?;
                }
            }
        }
        area.present()
    }
}

impl Text {
    fn as_text<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let horizontal = match self.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // plotters divides the size by this to get the em that SVG means.
        let font = FontDesc::new(FontFamily::Name(FAMILIES), f64::from(self.size) * 1.24, FontStyle::Normal);
        let style = font.color(&self.colour).pos(Pos::new(horizontal, VPos::Bottom)).into_text_style(&(0, 0));
        // It sets the baseline half the height of an x above the point.
        let half_x = 0.547 / 2.0;
        let below = f64::from(self.size) * (CAPITALS / 2.0 + half_x);
        area.draw_text(&self.text, &style, (self.at.0, self.at.1 + below.round() as i32))
    }

    /// plotters' own way sets glyphs to whole pixels without their bearings, which tears words apart.
    fn as_pixels<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let font = scaled(self.size);
        let baseline = self.at.1 as f32 + (f64::from(self.size) * CAPITALS / 2.0).round() as f32;
        for (glyph, x) in glyphs(&self.text, &font) {
            let glyph = glyph.with_scale_and_position(font.scale(), point(self.left() as f32 + x, baseline));
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut drawn = Ok(());
            outline.draw(|x, y, coverage| {
                let pixel = (corner.x as i32 + x as i32, corner.y as i32 + y as i32);
                if drawn.is_ok() && coverage > 0.0 {
                    drawn = area.draw_pixel(pixel, &self.colour.mix(f64::from(coverage.min(1.0))));
                }
            });
            drawn?;
        }
        Ok(())
    }

    fn left(&self) -> i32 {
        let width = text_width(&self.text, self.size);
        match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - width / 2,
            Anchor::End => self.at.0 - width,
        }
    }
}

fn scaled(size: i32) -> PxScaleFont<&'static FontRef<'static>> {
    let font = &*FONT;
    let heights_of_em = font.height_unscaled() / font.units_per_em().expect("the embedded font has a size");
    font.as_scaled(size as f32 * heights_of_em)
}

/// The glyphs of a text, each with its distance from the start.
fn glyphs<'t>(
    text: &'t str,
    font: &'t PxScaleFont<&'static FontRef<'static>>,
) -> impl Iterator<Item = (ab_glyph::GlyphId, f32)> + 't {
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

#[cfg(test)]
impl Picture {
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
    fn hostile_text_is_escaped_and_stays_text() {
        let mut picture = Picture::new(400, 100);
        picture.text("<script>&\"\u{0}\u{1b}\u{ffff}", (10, 50), Anchor::Start, TEXT, INK);
        let svg = picture.to_svg();
        assert!(svg.contains("&lt;script&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}\n</text>"), "{svg}");
        assert!(svg.contains("font-family=\"DejaVu Sans, sans-serif\""), "{svg}");
    }

    #[test]
    fn a_png_has_the_size_of_its_picture_and_shows_its_marks() {
        let mut picture = Picture::new(40, 30);
        picture.polygon(vec![(10, 10), (20, 10), (20, 20), (10, 20)], INK);
        let file = picture.to_png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!((reader.info().width, reader.info().height), (40, 30));
        assert_eq!(pixels[..3], [255, 255, 255]);
        assert_eq!(pixels[(15 * 40 + 15) * 3..][..3], [34, 34, 34]);
    }
}
