//! How what hurts accounts is spread over them: how many have more than so much.

use super::super::figure::{Style, grouped};
use super::super::results::{Estimate, Results};
use super::picture::{Anchor, Picture, Pixel, Place, TEXT};
use super::scale::{Axis, Numbers, Scale};
use super::style::{FAINT_INK, Frame, INK, MARGIN, WIDTH, heading, label_width, look, point, steps, stroke};
use super::timeline::legend_of_policies;
use super::words::with_interval;
use crate::metrics::{AccountFigure, Unit};
use crate::statistics::Interval;

/// A figure of accounts, what it is called, and the measures that are its quantiles, in the order of [`SHARES`].
struct Figure {
    figure: AccountFigure,
    caption: &'static str,
    quantiles: [&'static str; 3],
}

const FIGURES: [Figure; 4] = [
    Figure {
        figure: AccountFigure::Stopped,
        caption: "Time stopped",
        quantiles: ["stopped_p50_seconds", "stopped_p90_seconds", "stopped_p99_seconds"],
    },
    Figure {
        figure: AccountFigure::LostShare,
        caption: "Lost requests, % of the account's",
        quantiles: ["lost_share_p50", "lost_share_p90", "lost_share_p99"],
    },
    Figure {
        figure: AccountFigure::Overshoot,
        caption: "Overshoot, USD",
        quantiles: ["overshoot_p50_usd", "overshoot_p90_usd", "overshoot_p99_usd"],
    },
    Figure {
        figure: AccountFigure::Debt,
        caption: "Debt left at the end or written off, USD",
        quantiles: ["debt_p50_usd", "debt_p90_usd", "debt_p99_usd"],
    },
];

/// The shares of accounts that have more than the median, than 9 of 10, and than 99 of 100.
const SHARES: [f64; 3] = [0.5, 0.1, 0.01];
/// The least share of accounts that is shown.
const LEAST_SHARE: f64 = 0.001;
/// Of those who have any, how many may have so little that it is not told apart from nearly nothing.
const TRIFLING: f64 = 0.01;
/// How far the bars of policies are from one another.
const LANE: i32 = 5;
const COLUMNS: i32 = 2;
const GAP: i32 = 50;
const CAPTION: i32 = 92;
const HEIGHT: i32 = 330;
const TICKS: i32 = 90;
/// How many values of a panel tell how many accounts have more.
const TIPS: i32 = 48;

/// Panels of falling lines: the share of accounts that have more than so much, a line for each policy.
pub fn picture(data: &Results) -> Option<Picture> {
    let panels: Vec<(&Figure, Vec<Curve>)> = (FIGURES.iter())
        .filter_map(|figure| {
            let curves = data.policies.iter().map(|policy| Curve::of(data, policy, figure.figure));
            Some((figure, curves.collect::<Option<_>>()?))
        })
        .collect();
    let accounts = panels.first()?.1.first()?.accounts;

    let mut picture = Picture::new(WIDTH, 0);
    let bands = if data.replications >= 2 { ", thin bars their 95\u{a0}% confidence intervals" } else { "" };
    let top = heading(
        &mut picture,
        "How many accounts are hurt, and how much: the share of accounts above each value",
        &format!(
            "Accounts of all cohorts ({}) in {}; axes are logarithmic, with 0 apart. Marks are what 1 account in 2, in 10 \
             and in 100 exceeds{bands}.",
            grouped(accounts as f64, 0),
            data.replications_in_words().trim_start_matches("means over "),
        ),
    );
    let top = legend_of_policies(&mut picture, data, top);

    let width = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS;
    for (index, (figure, curves)) in (0..).zip(&panels) {
        let left = MARGIN + index % COLUMNS * (width + GAP);
        let top = top + index / COLUMNS * (CAPTION + HEIGHT + TICKS);
        figure.draw(&mut picture, data, curves, (left, top), width);
        picture.height = top + CAPTION + HEIGHT + TICKS;
    }
    Some(picture)
}

/// The share of accounts above each value.
struct Curve {
    accounts: u64,
    /// Values in ascending order, from 0 on, each with the share of accounts that have more.
    above: Vec<(f64, f64)>,
}

impl Curve {
    /// The curve of all cohorts under a policy; `None` where there is no account.
    fn of(data: &Results, policy: &str, figure: AccountFigure) -> Option<Curve> {
        let mut bins: Vec<_> =
            data.bins.iter().filter(|bin| bin.policy == policy && bin.measure == figure.name()).collect();
        bins.sort_by(|one, other| one.at_least.total_cmp(&other.at_least));
        let accounts: u64 = bins.iter().map(|bin| bin.count).sum();
        let share = |count: u64| count as f64 / accounts as f64;
        let mut left = accounts;
        let mut above = vec![(0.0, share(left))];
        for bin in bins {
            left -= bin.count;
            // A bin is so narrow that its middle stands for it; the lowest holds nothing but zero.
            let value = if bin.at_least > 0.0 { (bin.at_least + bin.below) / 2.0 } else { 0.0 };
            match above.last_mut() {
                Some(last) if last.0 == value => last.1 = share(left),
                _ => above.push((value, share(left))),
            }
        }
        (accounts > 0).then_some(Curve { accounts, above })
    }

    /// The share of accounts that have more than that.
    fn above(&self, value: f64) -> f64 {
        let index = self.above.partition_point(|(other, _)| *other <= value);
        self.above[index.saturating_sub(1)].1
    }

    /// The least value that is not trifling, and the largest; `None` where no account has any.
    fn range(&self) -> Option<(f64, f64)> {
        let any = self.above(0.0);
        let (least, _) = self.above.iter().find(|(_, share)| *share < (1.0 - TRIFLING) * any)?;
        let (most, _) = self.above.last()?;
        Some((*least, *most))
    }
}

impl Figure {
    /// Draws the panel of the figure from a corner on.
    fn draw(&self, picture: &mut Picture, data: &Results, curves: &[Curve], (left, top): Pixel, width: i32) {
        picture.text(self.caption, (left, top + 14), Anchor::Start, TEXT, INK);
        picture.text("% of accounts above", (left, top + 52), Anchor::Start, TEXT, FAINT_INK);
        let ranges = curves.iter().filter_map(Curve::range);
        let range = ranges.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let Some((least, most)) = range else {
            let middle = (left + width / 2, top + CAPTION + HEIGHT / 2);
            return picture.text("No account has any.", middle, Anchor::Middle, TEXT, INK);
        };
        let Axis { numbers, factor, .. } = Axis::of(self.figure.unit());
        let quantiles: Vec<Vec<(f64, Estimate)>> = (data.policies.iter())
            .zip(curves)
            .map(|(policy, curve)| {
                let exceeded = |share: &f64| curve.above(0.0) > *share;
                let quantiles = SHARES.into_iter().zip(self.quantiles).filter(|(share, _)| exceeded(share));
                quantiles
                    .filter_map(|(share, name)| Some((share, data.estimate(policy, name)?.clone())))
                    .collect()
            })
            .collect();

        let y_scale = Scale::logarithmic([100.0 * LEAST_SHARE, 100.0], Numbers::Percent, HEIGHT);
        let frame = Frame {
            left: left + label_width(&y_scale) + 16,
            top: top + CAPTION,
            right: left + width,
            bottom: top + CAPTION + HEIGHT,
            inset: 0,
        };
        let ends = quantiles.iter().flatten().flat_map(|(_, estimate)| estimate.values());
        let values = ends.chain([0.0, least, most]).map(|value| factor * value);
        let x_scale = Scale::logarithmic(values, numbers, frame.right - frame.left);
        frame.x_ticks(picture, &x_scale);
        frame.y_ticks(picture, &y_scale);

        let pixel =
            |value: f64, share: f64| (frame.x(&x_scale, factor * value), frame.y(&y_scale, 100.0 * share));
        for (number, curve) in curves.iter().enumerate() {
            let places = curve.above.iter().map(|(value, share)| pixel(*value, *share));
            stroke(picture, &line(places, frame.bottom), 4, look(number));
        }
        self.tell(picture, data, curves, (least, most), |value| (frame.x(&x_scale, factor * value), &frame));
        for (number, (policy, quantiles)) in data.policies.iter().zip(&quantiles).enumerate() {
            for (share, estimate) in quantiles {
                let at = pixel(estimate.mean, *share);
                if let Some((low, high)) = estimate.interval() {
                    // Bars of one height would hide one another.
                    let y = at.1 + (number as i32 - curves.len() as i32 / 2) * LANE;
                    let bar = [low, high].map(|end| (frame.x(&x_scale, factor * end), y));
                    picture.line(bar.to_vec(), 3, look(number).colour);
                }
                point(picture, look(number).shape, at, 10, look(number).colour);
                picture
                    .tip(Place::Circle { centre: at, radius: 14 }, &self.quantile(policy, *share, estimate));
            }
        }
    }

    /// Has a panel tell how many accounts have more than the value that is pointed at.
    fn tell<'f>(
        &self,
        picture: &mut Picture,
        data: &Results,
        curves: &[Curve],
        (least, most): (f64, f64),
        place: impl Fn(f64) -> (i32, &'f Frame),
    ) {
        let step = (libm::log(most) - libm::log(least)) / f64::from(TIPS);
        let values = (0..=TIPS).map(|index| least * libm::exp(f64::from(index) * step));
        // Of two digits, so that they are round.
        let values = values.filter_map(|value| format!("{value:.1e}").parse().ok());
        let values: Vec<f64> = [0.0].into_iter().chain(values).collect();
        for (index, value) in values.iter().enumerate() {
            let (x, frame) = place(*value);
            let from = if index == 0 { x } else { (place(values[index - 1]).0 + x) / 2 };
            let to = values.get(index + 1).map_or(frame.right, |next| (place(*next).0 + x) / 2);
            let shares = Style::of(Unit::Share, curves.iter().map(|curve| curve.above(*value)));
            let words = data
                .policies
                .iter()
                .zip(curves)
                .map(|(policy, curve)| format!("\n{policy}: {}", shares.figure(curve.above(*value))));
            let value = Style::of(self.figure.unit(), [*value]).figure(*value);
            let text =
                format!("{}: accounts with more than {value}", self.caption) + &words.collect::<String>();
            picture.tip(Place::Rectangle { from: (from, frame.top), to: (to, frame.bottom) }, &text);
        }
    }

    /// What is told of a quantile.
    fn quantile(&self, policy: &str, share: f64, estimate: &Estimate) -> String {
        let style = Style::of(self.figure.unit(), estimate.values());
        let interval = estimate.interval().map(|(low, high)| Interval { low, high });
        let value = with_interval(style, estimate.mean, interval);
        format!("{policy}\n{}: 1 account in {:.0} has more than {value}", self.caption, 1.0 / share)
    }
}

/// The line through the places of a curve down to the bottom, without places that it passes within a pixel.
fn line(places: impl Iterator<Item = Pixel>, bottom: i32) -> Vec<Pixel> {
    let mut line: Vec<Pixel> = Vec::new();
    for place in places {
        match line.as_mut_slice() {
            [.., last] if last.1 >= bottom => break,
            [.., last] if last.0 == place.0 => *last = place,
            [.., last] if last.1 == place.1 => {}
            _ => line.push(place),
        }
    }
    if line.first().is_some_and(|first| first.1 >= bottom) { Vec::new() } else { steps(&line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(bins: &[(&str, &str, f64, f64, u64)]) -> Results {
        let bins = bins.iter().map(|(policy, cohort, at_least, below, count)| {
            let json = serde_json::json!({
                "policy": policy, "cohort": cohort, "measure": "overshoot_usd", "at_least": at_least,
                "below": below, "count": count,
            });
            serde_json::from_value(json).unwrap()
        });
        Results {
            policies: vec!["p".to_owned()],
            cohorts: vec!["c".to_owned(), "d".to_owned()],
            replications: 2,
            estimates: Vec::new(),
            differences: Vec::new(),
            days: Vec::new(),
            bins: bins.collect(),
            sizes: Vec::new(),
            balances: Vec::new(),
        }
    }

    #[test]
    fn a_curve_tells_how_many_accounts_of_all_cohorts_are_above() {
        let nano = 1e-9;
        let data = results(&[
            ("p", "c", 0.0, nano, 50),
            ("p", "c", 8.0, 8.04, 9),
            ("p", "d", 0.0, nano, 20),
            ("p", "d", 3.0, 3.02, 20),
            ("p", "d", 8.0, 8.04, 1),
            ("q", "d", 8.0, 8.04, 100),
        ]);
        let curve = Curve::of(&data, "p", AccountFigure::Overshoot).unwrap();
        assert_eq!((curve.accounts, curve.range()), (100, Some((3.01, 8.02))));
        assert_eq!([0.0, 2.0, 5.0, 9.0].map(|value| curve.above(value)), [0.3, 0.3, 0.1, 0.0]);
        assert!(Curve::of(&data, "r", AccountFigure::Overshoot).is_none());
        let none = Curve::of(&results(&[("p", "c", 0.0, nano, 5)]), "p", AccountFigure::Overshoot).unwrap();
        assert_eq!(none.range(), None);
    }

    #[test]
    fn a_line_falls_in_steps_and_ends_at_the_bottom() {
        let places = [(0, 10), (4, 20), (4, 25), (6, 25), (9, 40), (12, 40)];
        let steps = [(0, 10), (4, 10), (4, 25), (9, 25), (9, 40)];
        assert_eq!(line(places.into_iter(), 40), steps);
        assert_eq!(line([(0, 40), (5, 40)].into_iter(), 40), []);
    }
}
