//! Shares over time.

use super::super::results::{Day, Results};
use super::picture::{Anchor, Picture, Pixel, TEXT};
use super::scale::{Numbers, Scale, date_ticks};
use super::style::{Frame, INK, MARGIN, Sign, WIDTH, heading, label_width, legend, look, point, stroke};
use jiff::civil::Date;

/// Over how many days shares are averaged where there are many.
const WEEK: usize = 7;
const HEIGHT: i32 = 330;

/// A caption, and the share that is shown.
type Panel = (&'static str, fn(&Day) -> f64);

/// Two panels of lines over time: refused and active share, a line for each policy; none for a single day.
pub fn picture(data: &Results) -> Option<Picture> {
    let measured = data.measured_days();
    let first = measured.iter().map(|day| day.date).min()?;
    let last = measured.iter().map(|day| day.date).max()?;
    if first == last {
        return None;
    }
    let days = days_between(first, last) + 1.0;
    let averaged_over = if days >= 4.0 * WEEK as f64 { WEEK } else { 1 };

    let mut picture = Picture::new(WIDTH, 0);
    let (title, averages) = match averaged_over {
        1 => ("Refused and active share by day", ""),
        _ => ("Refused and active share over time", "; each day with the six before it (weekly averages)"),
    };
    let top =
        heading(&mut picture, title, &format!("all cohorts, {}{averages}", data.replications_in_words()));
    let entries: Vec<(Sign, &str)> =
        data.policies.iter().enumerate().map(|(n, policy)| (Sign::Line(look(n)), policy.as_str())).collect();
    let mut top = legend(&mut picture, &entries, top) + 14;

    let panels: [Panel; 2] = [
        ("Refused tries, %", |day| day.mean("refused_share")),
        ("Active account time, %", |day| day.mean("active_share")),
    ];
    for (caption, share) in panels {
        let series: Vec<Vec<(f64, f64)>> = data
            .policies
            .iter()
            .map(|policy| {
                let days = measured.iter().filter(|day| day.policy == *policy);
                let points: Vec<(f64, f64)> =
                    days.map(|day| (days_between(first, day.date) + 0.5, 100.0 * share(day))).collect();
                averaged(&points, averaged_over)
            })
            .collect();
        let values = series.iter().flatten().map(|(_, value)| *value);
        let scale = Scale::vertical(values, Numbers::Percent, HEIGHT);
        picture.text(caption, (MARGIN, top + 14), Anchor::Start, TEXT, INK);
        let frame = Frame {
            left: (MARGIN + label_width(&scale) + 16).max(MARGIN + 80),
            top: top + 54,
            right: WIDTH - MARGIN - 40,
            bottom: top + 54 + HEIGHT,
            inset: 0,
        };
        let x = |day: f64| frame.left + (day / days * f64::from(frame.right - frame.left)).round() as i32;
        for (day, label) in date_ticks(first, days, frame.right - frame.left) {
            frame.x_tick(&mut picture, x(day), &label);
        }
        frame.y_ticks(&mut picture, &scale);
        for (number, points) in series.iter().enumerate() {
            let pixels: Vec<Pixel> =
                points.iter().map(|(day, value)| (x(*day), frame.y(&scale, *value))).collect();
            stroke(&mut picture, &pixels, 4, look(number));
        }
        for (number, points) in series.iter().enumerate() {
            // A few points on each line, at places of its own, so that shapes tell lines apart.
            let every = points.len().div_ceil(7).max(1);
            let offset = every * number / series.len();
            for (day, value) in points.iter().skip(offset).step_by(every) {
                let at = (x(*day), frame.y(&scale, *value));
                point(&mut picture, look(number).shape, at, 10, look(number).colour);
            }
        }
        top = frame.bottom + 80;
    }
    picture.height = top - 10;
    Some(picture)
}

fn days_between(first: Date, last: Date) -> f64 {
    first.until(last).map_or(0.0, |span| f64::from(span.get_days()))
}

/// Each value averaged with those of the days before it, so many in all.
fn averaged(points: &[(f64, f64)], days: usize) -> Vec<(f64, f64)> {
    let average = |index: usize| {
        let window = &points[(index + 1).saturating_sub(days)..=index];
        window.iter().map(|(_, value)| value).sum::<f64>() / window.len() as f64
    };
    points.iter().enumerate().map(|(index, (day, _))| (*day, average(index))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_look_back_as_far_as_there_are_days() {
        let points = [(0.5, 3.0), (1.5, 5.0), (2.5, 10.0)];
        assert_eq!(averaged(&points, 2), [(0.5, 3.0), (1.5, 4.0), (2.5, 7.5)]);
        assert_eq!(averaged(&points, 1), points);
    }
}
