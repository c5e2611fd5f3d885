//! Pictures as PNG.

use super::picture::{Colour, Mark, Picture, Pixel, Text, glyphs, scaled};
use super::style::WHITE;
use ab_glyph::{ScaleFont, point};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use tiny_skia::{
    Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Stroke, StrokeDash,
    Transform,
};

impl Picture {
    /// The picture as PNG. It has no tips.
    pub fn to_png(&self) -> Vec<u8> {
        let (width, height) = (self.width.unsigned_abs(), self.height.unsigned_abs());
        let mut canvas = Pixmap::new(width, height).expect("a picture has a width and a height");
        canvas.fill(opaque(WHITE));
        for mark in &self.marks {
            mark.paint(&mut canvas);
        }
        encode(&canvas).expect("encoding into memory does not fail")
    }
}

/// Writes pixels by a palette, which takes a third of the space.
fn encode(canvas: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let (palette, pixels) = indexed(canvas);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, canvas.width(), canvas.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::Balanced);
    // Neighbours in a palette are not alike.
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

/// The colours that most pixels have, as many as a palette holds, and for each pixel the place of its own or
/// the nearest: what is rare are the edges of lines and letters, where it is not seen.
fn indexed(canvas: &Pixmap) -> (Vec<[u8; 3]>, Vec<u8>) {
    let runs = || {
        canvas.pixels().chunk_by(|one, next| one == next).map(|run| {
            let pixel = run[0];
            ([pixel.red(), pixel.green(), pixel.blue()], run.len())
        })
    };
    let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    runs().for_each(|(colour, length)| *counts.entry(colour).or_default() += length);
    let mut palette: Vec<([u8; 3], usize)> = counts.iter().map(|(colour, count)| (*colour, *count)).collect();
    palette.sort_by_key(|(_, count)| Reverse(*count));
    palette.truncate(1 << u8::BITS);
    let palette: Vec<[u8; 3]> = palette.into_iter().map(|(colour, _)| colour).collect();
    let distance = |one: &[u8; 3], other: &[u8; 3]| -> u32 {
        one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
    };
    let nearest = |colour: &[u8; 3]| {
        let places = (0..=u8::MAX).zip(&palette);
        places.min_by_key(|(_, other)| distance(colour, other)).map_or(0, |(place, _)| place)
    };
    let mut places: BTreeMap<[u8; 3], u8> = palette.iter().copied().zip(0..=u8::MAX).collect();
    let mut cells = BTreeMap::new();
    for colour in counts.into_keys() {
        // Colours that share the upper halves of all their parts are alike enough to be looked up once.
        let cell = colour.map(|part| part & 0xf0 | 0x08);
        places.entry(colour).or_insert_with(|| *cells.entry(cell).or_insert_with(|| nearest(&cell)));
    }
    let mut pixels = Vec::with_capacity(canvas.pixels().len());
    runs().for_each(|(colour, length)| pixels.extend(std::iter::repeat_n(places[&colour], length)));
    (palette, pixels)
}

fn opaque(Colour(red, green, blue): Colour) -> Color {
    Color::from_rgba8(red, green, blue, u8::MAX)
}

fn paint(colour: Colour, opacity: f32) -> Paint<'static> {
    let mut colour = opaque(colour);
    colour.set_alpha(opacity);
    let mut paint = Paint::default();
    paint.set_color(colour);
    paint
}

/// The path through points; none if they are too few for one.
fn path(points: &[Pixel]) -> PathBuilder {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let (x, y) = (*x as f32, *y as f32);
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    path
}

impl Mark {
    fn paint(&self, canvas: &mut Pixmap) {
        let mut fill = |path: Option<Path>, colour: &Colour, opacity: f32| {
            // A path without extent has nothing to fill.
            let Some(path) = path else { return };
            canvas.fill_path(&path, &paint(*colour, opacity), FillRule::EvenOdd, Transform::identity(), None);
        };
        match self {
            Mark::Text(text) => text.paint(canvas),
            Mark::Line { points, width, dashes, colour } => {
                let Some(path) = path(points).finish() else { return };
                let dashes = dashes.iter().map(|length| *length as f32).collect();
                let stroke = Stroke {
                    width: *width as f32,
                    line_join: LineJoin::Round,
                    dash: StrokeDash::new(dashes, 0.0),
                    ..Stroke::default()
                };
                canvas.stroke_path(&path, &paint(*colour, 1.0), &stroke, Transform::identity(), None);
            }
            Mark::Polygon { points, colour, opacity } => {
                let mut path = path(points);
                path.close();
                fill(path.finish(), colour, *opacity);
            }
            Mark::Circle { centre: (x, y), radius, colour } => {
                fill(PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32), colour, 1.0);
            }
        }
    }
}

impl Text {
    fn paint(&self, canvas: &mut Pixmap) {
        let (width, height) = (canvas.width(), canvas.height());
        let font = scaled(self.size);
        let (left, baseline) = (self.left() as f32, self.baseline() as f32);
        for (glyph, x) in glyphs(&self.text, &font) {
            let glyph = glyph.with_scale_and_position(font.scale(), point(left + x, baseline));
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                let (x, y) = (corner.x + x as f32, corner.y + y as f32);
                if x >= 0.0 && y >= 0.0 && x < width as f32 && y < height as f32 {
                    let pixel = &mut canvas.pixels_mut()[y as usize * width as usize + x as usize];
                    *pixel = mixed(*pixel, self.colour, coverage);
                }
            });
        }
    }
}

/// An opaque pixel of which a share is covered by a colour.
fn mixed(below: PremultipliedColorU8, Colour(red, green, blue): Colour, share: f32) -> PremultipliedColorU8 {
    let mix = |below: u8, above: u8| {
        let (below, above) = (f32::from(below), f32::from(above));
        (below + (above - below) * share.clamp(0.0, 1.0)).round() as u8
    };
    let [red, green, blue] = [(below.red(), red), (below.green(), green), (below.blue(), blue)]
        .map(|(below, above)| mix(below, above));
    PremultipliedColorU8::from_rgba(red, green, blue, u8::MAX).expect("an opaque colour is premultiplied")
}

#[cfg(test)]
mod tests {
    use super::super::style::INK;
    use super::*;

    /// The colour of a picture's PNG at each of these places.
    fn pixels<const N: usize>(picture: &Picture, places: [Pixel; N]) -> [[u8; 3]; N] {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(picture.to_png()));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let size = (reader.info().width as i32, reader.info().height as i32);
        assert_eq!(size, (picture.width, picture.height));
        places.map(|(x, y)| pixels[(y * size.0 + x) as usize * 3..][..3].try_into().unwrap())
    }

    fn square(left: i32) -> Vec<Pixel> {
        vec![(left, 10), (left + 10, 10), (left + 10, 20), (left, 20)]
    }

    #[test]
    fn a_png_has_the_size_of_its_picture_and_shows_its_marks() {
        let mut picture = Picture::new(40, 30);
        picture.polygon(square(10), INK);
        picture.translucent(square(20), Colour(0, 0, 255), 0.2);
        let colours = pixels(&picture, [(0, 0), (15, 15), (25, 15)]);
        assert_eq!(colours, [[255, 255, 255], [34, 34, 34], [204, 204, 255]]);
    }

    #[test]
    fn more_colours_than_a_palette_has_become_similar_ones() {
        let mut picture = Picture::new(4000, 30);
        for number in 0..300 {
            picture.polygon(square(10 * number), Colour((number % 256) as u8, (number / 256) as u8, 100));
        }
        let colours = pixels(&picture, [(3999, 0), (2005, 15), (2995, 15)]);
        assert_eq!(colours[0], [255, 255, 255]);
        for (colour, expected) in colours[1..].iter().zip([[200, 0, 100], [43, 1, 100]]) {
            assert!(colour.iter().zip(expected).all(|(part, exact)| part.abs_diff(exact) <= 4), "{colour:?}");
        }
    }
}
