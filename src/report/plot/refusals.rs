//! Why tries are refused.

use super::super::figure::Style;
use super::super::results::{Estimate, Results};
use super::picture::{Anchor, Picture, Place, TEXT, fitted, text_width};
use super::scale::{Numbers, Scale};
use super::style::{FAINT_INK, Fill, Frame, INK, MARGIN, Sign, WIDTH, bar, fill, heading, legend, rectangle};
use super::timeline::{Line, Panel, Site, Timeline};
use crate::metrics::Unit;
use crate::request::Refusal;
use std::ops::Range;

/// How high a bar is.
const BAR: i32 = 46;
/// How far bars are apart, and how high the words below one are.
const GAP: i32 = 26;
const WORDS: i32 = 40;
/// Half the height of the ends of an interval.
const CAP: i32 = 12;
/// What the codes before the reasons are.
const STATUS: &str = "default HTTP status codes";
const HEIGHT: i32 = 240;
/// How many columns a panel has at most: in narrower ones, no hatching is seen.
const COLUMNS: usize = 30;
/// How many days a column may stand for.
const SPANS: [usize; 8] = [1, 7, 14, 28, 56, 112, 364, 3640];

/// The number of each reason's fill: what is most frequent is plain.
const FILLS: [usize; Refusal::ALL.len()] = [4, 1, 2, 3, 5, 0, 6, 7];

/// A reason to refuse tries that occurs.
struct Reason {
    label: String,
    column: String,
    fill: Fill,
}

/// The reasons that occur under some policy.
fn reasons(data: &Results) -> Vec<Reason> {
    let reasons = Refusal::ALL.into_iter().enumerate().map(|(number, reason)| Reason {
        label: format!("{} {}", reason.http_status(), reason.name().replace('_', " ")),
        column: format!("refused_{}", reason.name()),
        fill: fill(FILLS[number]),
    });
    let occurs = |reason: &Reason| {
        let mut estimates = data.policies.iter().filter_map(|policy| data.estimate(policy, &reason.column));
        estimates.any(|estimate| estimate.mean > 0.0)
    };
    reasons.filter(occurs).collect()
}

impl Reason {
    fn told(&self, share: f64) -> String {
        format!("{} {}", self.label, Style::of(Unit::Share, [share]).figure(share))
    }
}

fn legend_of_reasons(picture: &mut Picture, reasons: &[Reason], top: i32) -> i32 {
    let entries: Vec<(Sign, &str)> =
        reasons.iter().map(|reason| (Sign::Area(reason.fill), reason.label.as_str())).collect();
    legend(picture, &entries, top) + 14
}

/// A share of tries, in 0..1.
fn share(refused: f64, tries: f64) -> f64 {
    if tries > 0.0 { refused / tries } else { 0.0 }
}

/// A stacked bar for each policy with the shares of tries that are refused, by reason; none where none is.
pub fn picture(data: &Results) -> Option<Picture> {
    let reasons = reasons(data);
    let rows = i32::try_from(data.policies.len()).ok().filter(|rows| *rows > 0 && !reasons.is_empty())?;
    let mut picture = Picture::new(WIDTH, 0);
    let intervals = if data.replications >= 2 { ", with 95 % confidence intervals of the sums" } else { "" };
    let top = heading(
        &mut picture,
        "Refused tries by reason, % of all tries",
        &format!("all cohorts, {}{intervals}; {STATUS}", data.replications_in_words()),
    );
    let top = legend_of_reasons(&mut picture, &reasons, top);

    let names: Vec<String> = data.policies.iter().map(|policy| fitted(policy, 330, TEXT)).collect();
    let left = MARGIN + names.iter().map(|name| text_width(name, TEXT)).max().unwrap_or(0) + 30;
    let row = BAR + GAP + if reasons.len() > 1 { WORDS } else { 0 };
    let frame = Frame { left, top, right: WIDTH - MARGIN - 330, bottom: top + rows * row, inset: 0 };
    let sums: Vec<&Estimate> =
        data.policies.iter().filter_map(|policy| data.estimate(policy, "refused_share")).collect();
    let percentages = sums.iter().flat_map(|sum| sum.values()).chain([0.0]).map(|share| 100.0 * share);
    let scale = Scale::horizontal(percentages, Numbers::Percent, frame.right - frame.left);
    let x = |share: f64| frame.x(&scale, 100.0 * share);
    frame.x_ticks(&mut picture, &scale);
    let below = (WIDTH - MARGIN, frame.bottom + 22 + TEXT / 2);
    picture.text("Refused tries, %", below, Anchor::End, TEXT, INK);
    for (number, policy) in data.policies.iter().enumerate() {
        let top = frame.top + number as i32 * row + GAP / 2;
        let middle = top + BAR / 2;
        picture.text(&names[number], (MARGIN, middle), Anchor::Start, TEXT, INK);
        let mut words = Vec::new();
        let mut sum = 0.0;
        for (reason, share) in reasons.iter().zip(shares(data, policy, &reasons)) {
            let [from, to] = [sum, sum + share].map(x);
            sum += share;
            if share > 0.0 {
                let (from, to) = ((from, top), (to.max(from + 1), top + BAR));
                rectangle(&mut picture, from, to, reason.fill);
                words.push(reason.told(share));
                picture.tip(
                    Place::Rectangle { from, to },
                    &format!("{policy}\n{} of all tries", reason.told(share)),
                );
            }
        }
        if reasons.len() > 1 {
            let words = fitted(&words.join(", "), WIDTH - MARGIN - left, TEXT);
            picture.text(&words, (left, top + BAR + 26), Anchor::Start, TEXT, FAINT_INK);
        }
        if let Some(sum) = data.estimate(policy, "refused_share") {
            if let Some((low, high)) = sum.interval() {
                bar(&mut picture, (x(low), middle), (x(high), middle), CAP, INK);
            }
            let words = in_words(sum);
            let end = sum.values().map(x).max().unwrap_or(left) + 20;
            let at = end.min(WIDTH - MARGIN - text_width(&words, TEXT));
            picture.text(&words, (at, middle), Anchor::Start, TEXT, INK);
        }
    }
    picture.height = frame.bottom + 60;
    Some(picture)
}

/// The shares of a policy's tries that are refused, for each reason.
fn shares(data: &Results, policy: &str, reasons: &[Reason]) -> Vec<f64> {
    let count = |column: &str| data.estimate(policy, column).map_or(0.0, |estimate| estimate.mean);
    let tries = count("attempts");
    reasons.iter().map(|reason| share(count(&reason.column), tries)).collect()
}

/// A share with its interval.
fn in_words(share: &Estimate) -> String {
    let style = Style::of(Unit::Share, share.values());
    let ends =
        share.interval().map(|(low, high)| format!(" ({} to {})", style.number(low), style.number(high)));
    style.figure(share.mean) + &ends.unwrap_or_default()
}

/// A panel for each policy with columns over time: the shares of tries that are refused, by reason; none for a single
/// day, or where nothing is refused.
pub fn picture_over_time(data: &Results) -> Option<Picture> {
    let timeline = Timeline::measured(data)?;
    let reasons = reasons(data);
    if reasons.is_empty() {
        return None;
    }
    let fits = |span: &&usize| timeline.days.div_ceil(**span) <= COLUMNS;
    let span = SPANS.iter().find(fits).copied().unwrap_or(timeline.days);
    let mut picture = Picture::new(WIDTH, 0);
    let of_each = match span {
        1 => "of each day".to_owned(),
        7 => "of each week".to_owned(),
        days => format!("of {days} days each"),
    };
    let top = heading(
        &mut picture,
        &format!("Refused tries by reason over time, % of all tries {of_each}"),
        &format!("all cohorts, {}; {STATUS}", data.replications_in_words()),
    );
    let top = legend_of_reasons(&mut picture, &reasons, top);

    let panels: Vec<Vec<Column>> =
        data.policies.iter().map(|policy| columns(data, policy, &timeline, span, &reasons)).collect();
    let totals = || panels.iter().flatten().map(|column| column.shares.iter().sum());
    let in_columns = if data.policies.len() == 1 { 1 } else { 2 };
    for (number, (policy, columns)) in data.policies.iter().zip(&panels).enumerate() {
        let site = Site::in_columns(number, in_columns, top, HEIGHT);
        // One scale for all: policies are there to be compared.
        let panel = Panel::new(&timeline, Unit::Share, totals().chain([0.0]), site);
        let caption = format!("{}: refused, %", fitted(policy, 520, TEXT));
        panel.draw(&mut picture, &caption, site.left);
        for column in columns {
            column.draw(&mut picture, &panel, &timeline, &reasons);
        }
        picture.height = site.below();
    }
    Some(picture)
}

/// Some days in a row under a policy.
struct Column {
    days: Range<usize>,
    /// The share of tries that is refused, for each reason.
    shares: Vec<f64>,
}

/// The columns of a policy.
fn columns(
    data: &Results,
    policy: &str,
    timeline: &Timeline,
    span: usize,
    reasons: &[Reason],
) -> Vec<Column> {
    let tries = timeline.line(data, policy, "attempts");
    let refused: Vec<Line> =
        reasons.iter().map(|reason| timeline.line(data, policy, &reason.column)).collect();
    let column = |start: usize| {
        let days = start..(start + span).min(timeline.days);
        let sum = |line: &Line| -> f64 {
            line.iter().filter(|point| days.contains(&point.day)).map(|point| point.value).sum()
        };
        let shares = refused.iter().map(|line| share(sum(line), sum(&tries))).collect();
        Column { days, shares }
    };
    (0..timeline.days).step_by(span).map(column).collect()
}

impl Column {
    fn draw(&self, picture: &mut Picture, panel: &Panel<'_>, timeline: &Timeline, reasons: &[Reason]) {
        let [from, to] = [self.days.start, self.days.end].map(|day| day as f64);
        let mut sum = 0.0;
        let mut words = timeline.period(&self.days);
        for (reason, share) in reasons.iter().zip(&self.shares) {
            let (left, bottom) = panel.pixel(from, sum);
            let (right, top) = panel.pixel(to, sum + share);
            if bottom > top {
                rectangle(picture, (left + 2, top), (right - 1, bottom), reason.fill);
            }
            sum += share;
            words += &format!("\n{}", reason.told(*share));
        }
        panel.tell(picture, self.days.clone(), &words);
    }
}

#[cfg(test)]
mod tests {
    use super::super::timeline::results;
    use super::*;

    fn data() -> Results {
        let mut data = results(40, |day| {
            let is_late = if day < 35 { 0.0 } else { 1.0 };
            vec![
                ("requests", 100.0),
                ("attempts", 100.0 + 100.0 * is_late),
                ("refused_no_credit", 10.0),
                ("refused_rate_limited", 60.0 * is_late),
            ]
        });
        let sums = [("attempts", 4500.0), ("refused_no_credit", 400.0), ("refused_rate_limited", 300.0)];
        let estimate = |(measure, mean): (&str, f64)| {
            serde_json::from_value(serde_json::json!({
                "policy": "p", "cohort": "all", "measure": measure, "mean": mean, "ci_low": null,
                "ci_high": null, "n": 3,
            }))
        };
        data.estimates = sums.into_iter().map(|sum| estimate(sum).unwrap()).collect();
        data
    }

    #[test]
    fn only_reasons_that_occur_are_told_with_their_shares_of_all_tries() {
        let data = data();
        let reasons = reasons(&data);
        let labels: Vec<&str> = reasons.iter().map(|reason| reason.label.as_str()).collect();
        assert_eq!(labels, ["402 no credit", "429 rate limited"]);
        assert_eq!(shares(&data, "p", &reasons), [400.0 / 4500.0, 300.0 / 4500.0]);
        assert!(picture(&results(40, |_| vec![("requests", 1.0)])).is_none());
    }

    #[test]
    fn the_shares_of_a_week_are_those_of_its_tries_together() {
        let data = data();
        let timeline = Timeline::measured(&data).unwrap();
        let columns = columns(&data, "p", &timeline, 7, &reasons(&data));
        let days: Vec<Range<usize>> = columns.iter().map(|column| column.days.clone()).collect();
        assert_eq!(days, [0..7, 7..14, 14..21, 21..28, 28..35, 35..40]);
        assert_eq!(columns[0].shares, [0.1, 0.0]);
        assert_eq!(columns[5].shares, [0.05, 0.3]);
    }
}
