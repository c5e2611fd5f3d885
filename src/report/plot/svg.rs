//! Pictures as SVG.

use super::picture::{Anchor, Mark, Picture, Pixel, Place, Text, Tip};
use super::style::WHITE;
use quick_xml::Writer;
use quick_xml::events::BytesText;
use std::io;

/// The families of text; the first is that which widths are measured with, the second nearly as wide.
const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

impl Picture {
    /// The picture as SVG. Its texts are texts; its tips are invisible shapes of the class `tip`, each with
    /// its text as `<title>`, which browsers show where they are pointed at.
    pub fn to_svg(&self) -> String {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
        self.write(&mut writer).expect("writing into memory does not fail");
        String::from_utf8(writer.into_inner()).expect("what is written is text") + "\n"
    }

    /// The marks alone, as SVG without a background that stands within a line of text.
    pub fn to_sign(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        let view = format!("0 0 {} {}", self.width, self.height);
        let attributes = [("class", "sign"), ("viewBox", view.as_str()), ("aria-hidden", "true")];
        let root = writer.create_element("svg").with_attributes(attributes);
        root.write_inner_content(|writer| self.marks.iter().try_for_each(|mark| mark.write(writer)))
            .expect("writing into memory does not fail");
        String::from_utf8(writer.into_inner()).expect("what is written is text")
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let [width, height] = [self.width, self.height].map(|length| length.to_string());
        let background = [("width", "100%"), ("height", "100%"), ("fill", &WHITE.to_string())];
        // A title of the whole would be shown wherever there is no tip.
        let root = writer
            .create_element("svg")
            .with_attribute(("xmlns", "http://www.w3.org/2000/svg"))
            .with_attribute(("width", width.as_str()))
            .with_attribute(("height", height.as_str()))
            .with_attribute(("viewBox", format!("0 0 {width} {height}").as_str()))
            .with_attribute(("role", "img"))
            .with_attribute(("aria-label", self.description.as_str()))
            .with_attribute(("font-family", FAMILIES));
        root.write_inner_content(|writer| {
            writer.create_element("rect").with_attributes(background).write_empty()?;
            self.marks.iter().try_for_each(|mark| mark.write(writer))?;
            self.tips.iter().try_for_each(|tip| tip.write(writer))
        })?;
        Ok(())
    }
}

impl Mark {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        match self {
            Mark::Text(text) => text.write(writer)?,
            Mark::Line { points, width, dashes, colour } => {
                let line = writer
                    .create_element("polyline")
                    .with_attribute(("points", coordinates(points).as_str()))
                    .with_attribute(("fill", "none"))
                    .with_attribute(("stroke", colour.to_string().as_str()))
                    .with_attribute(("stroke-width", width.to_string().as_str()))
                    .with_attribute(("stroke-linejoin", "round"));
                let lengths: Vec<String> = dashes.iter().map(i32::to_string).collect();
                let lengths = lengths.join(" ");
                let dashes = (!dashes.is_empty()).then_some(("stroke-dasharray", lengths.as_str()));
                line.with_attributes(dashes).write_empty()?;
            }
            Mark::Polygon { points, colour, opacity } => {
                let polygon = writer
                    .create_element("polygon")
                    .with_attribute(("points", coordinates(points).as_str()))
                    .with_attribute(("fill", colour.to_string().as_str()));
                let share = opacity.to_string();
                let opacity = (*opacity < 1.0).then_some(("fill-opacity", share.as_str()));
                polygon.with_attributes(opacity).write_empty()?;
            }
            Mark::Circle { centre: (x, y), radius, colour } => {
                let numbers = [x, y, radius].map(i32::to_string);
                let attributes = ["cx", "cy", "r"].into_iter().zip(numbers.iter().map(String::as_str));
                let circle = writer.create_element("circle").with_attributes(attributes);
                circle.with_attribute(("fill", colour.to_string().as_str())).write_empty()?;
            }
        }
        Ok(())
    }
}

impl Text {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let anchor = match self.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        writer
            .create_element("text")
            .with_attribute(("x", self.at.0.to_string().as_str()))
            .with_attribute(("y", self.baseline().to_string().as_str()))
            .with_attribute(("font-size", self.size.to_string().as_str()))
            .with_attribute(("text-anchor", anchor))
            .with_attribute(("fill", self.colour.to_string().as_str()))
            .write_text_content(BytesText::new(&self.text))?;
        Ok(())
    }
}

impl Tip {
    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let (name, numbers) = match self.place {
            Place::Rectangle { from, to } => {
                let size = (to.0 - from.0, to.1 - from.1);
                ("rect", [("x", from.0), ("y", from.1), ("width", size.0), ("height", size.1)])
            }
            Place::Circle { centre, radius } => {
                ("circle", [("cx", centre.0), ("cy", centre.1), ("r", radius), ("tabindex", 0)])
            }
        };
        let numbers = numbers.map(|(name, number)| (name, number.to_string()));
        writer
            .create_element(name)
            .with_attribute(("class", "tip"))
            .with_attributes(numbers.iter().map(|(name, number)| (*name, number.as_str())))
            .with_attribute(("fill", "none"))
            .with_attribute(("pointer-events", "all"))
            .write_inner_content(|writer| {
                writer.create_element("title").write_text_content(BytesText::new(&self.text)).map(drop)
            })?;
        Ok(())
    }
}

fn coordinates(points: &[Pixel]) -> String {
    points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::picture::TEXT;
    use super::super::style::INK;
    use super::*;

    #[test]
    fn hostile_text_is_escaped_and_stays_text() {
        let mut picture = Picture::new(400, 100);
        let hostile = "<script>&\"\u{0}\u{1b}\u{ffff}";
        picture.description = "\"<a>".to_owned();
        picture.text(hostile, (10, 50), Anchor::Start, TEXT, INK);
        picture.tip(Place::Circle { centre: (10, 50), radius: 5 }, &format!("{hostile}\n2"));
        let svg = picture.to_svg();
        let escaped = "&lt;script&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}";
        assert!(svg.contains(&format!("{escaped}</text>")), "{svg}");
        assert!(svg.contains(&format!("<title>{escaped}\n2</title>")), "{svg}");
        assert!(svg.contains("aria-label=\"&quot;&lt;a&gt;\""), "{svg}");
        assert!(svg.contains("font-family=\"DejaVu Sans, "), "{svg}");
    }

    #[test]
    fn tips_are_invisible_shapes_above_all_marks() {
        let mut picture = Picture::new(100, 100);
        picture.tip(Place::Rectangle { from: (10, 20), to: (30, 50) }, "box");
        picture.tip(Place::Circle { centre: (9, 8), radius: 7 }, "disc");
        picture.translucent(vec![(0, 0), (9, 0), (9, 9)], INK, 0.25);
        let svg = picture.to_svg();
        let [mark, first, second] = ["fill-opacity=\"0.25\"", "<rect class=\"tip\"", "<circle class=\"tip\""]
            .map(|text| svg.find(text).expect(&svg));
        assert!(mark < first && first < second, "{svg}");
        assert!(svg.contains("x=\"10\" y=\"20\" width=\"20\" height=\"30\" fill=\"none\""), "{svg}");
        assert!(
            svg.contains("cx=\"9\" cy=\"8\" r=\"7\" tabindex=\"0\" fill=\"none\" pointer-events=\"all\""),
            "{svg}"
        );
    }
}
