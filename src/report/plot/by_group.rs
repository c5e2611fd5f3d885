//! Who is hurt, and who pays: outcomes by the size of accounts, and by their cohort.

use super::super::figure::{Style, grouped};
use super::super::results::{Estimate, Results};
use super::picture::{Anchor, Picture, Pixel, Place, TEXT, fitted, text_width};
use super::scale::{Axis, Scale};
use super::style::{
    BARS, FAINT_INK, Frame, GRID, INK, MARGIN, Sign, WIDTH, bar, heading, legend, look, point,
};
use super::words::with_interval;
use crate::experiment::ALL_COHORTS;
use crate::metrics::Unit;
use crate::statistics::Interval;

/// Accounts that are alike, side by side with others.
struct Group {
    /// As below its column.
    label: String,
    /// As in a sentence.
    name: String,
    /// For each policy, the measures of the group.
    policies: Vec<Vec<Estimate>>,
}

/// What a panel shows of a group.
struct Panel {
    caption: &'static str,
    unit: Unit,
    value: fn(&[Estimate]) -> Option<Estimate>,
}

const PANELS: [Panel; 4] = [
    Panel { caption: "Lost requests, %", unit: Unit::Share, value: |group| of(group, "lost_share") },
    Panel {
        caption: "Accounts ever stopped, %",
        unit: Unit::Share,
        value: |group| of(group, "stopped_share"),
    },
    Panel { caption: "Accounts that left, %", unit: Unit::Share, value: |group| of(group, "churned_share") },
    Panel { caption: "Contribution per account, USD", unit: Unit::Usd, value: contribution_per_account },
];

/// In all replications together, a size of fewer accounts is left out beside others: what they did is luck, and their
/// intervals, from the few replications that have them, tell too little of it.
const LEAST_ACCOUNTS: f64 = 10.0;
/// In all replications together, a group of fewer accounts is small.
const FEW_ACCOUNTS: f64 = 30.0;
const LEFT: i32 = MARGIN + 130;
const CAPTION: i32 = 46;
/// The height of panels of shares, and of others.
const HEIGHTS: [i32; 2] = [170, 260];
const GAP: i32 = 26;
/// Radii of the points of groups, and of small ones.
const RADII: [i32; 2] = [10, 6];

/// Panels of outcomes by the size of accounts.
pub fn by_size(data: &Results) -> Option<Picture> {
    let mut sizes = Vec::new();
    for line in data.sizes.iter().filter(|line| line.estimate.cohort == ALL_COHORTS) {
        if !sizes.contains(&line.size) {
            sizes.push(line.size);
        }
    }
    sizes.sort_by(|one, other| one.at_least.total_cmp(&other.at_least));
    let groups = sizes.iter().map(|size| {
        let low = bound(size.at_least);
        let (label, name) = match size.below.map(bound) {
            Some(high) => (format!("{low}–{high}"), format!("{low} to {high}")),
            None => (format!("≥ {low}"), format!("{low} and more")),
        };
        let of_policy = |policy: &String| {
            let lines =
                data.sizes.iter().filter(|line| line.size == *size && line.estimate.cohort == ALL_COHORTS);
            lines.map(|line| &line.estimate).filter(|estimate| estimate.policy == *policy).cloned().collect()
        };
        let name = format!("accounts of {name} USD per 30 days");
        Group { label, name, policies: data.policies.iter().map(of_policy).collect() }
    });
    let all: Vec<Group> = groups.collect();
    let is_enough = |group: &Group| group.accounts() * data.replications as f64 >= LEAST_ACCOUNTS;
    let is_left_out = |group: &Group| all.iter().any(is_enough) && !is_enough(group);
    let left_out = if all.iter().any(is_left_out) { ", from 10 accounts in all on" } else { "" };
    let groups: Vec<&Group> = all.iter().filter(|group| !is_left_out(group)).collect();
    let title = "Who is hurt, and who pays: outcomes by the size of accounts";
    let size = format!("Size: what an account would use at list price, in USD per 30 days{left_out}; ");
    (!groups.is_empty()).then(|| draw(data, &groups, title, &size, "size, USD"))
}

/// Panels of outcomes by cohort; none where there is only one.
pub fn by_cohort(data: &Results) -> Option<Picture> {
    let groups = data.cohorts.iter().map(|cohort| {
        let of_policy = |policy: &String| {
            let of_group = |line: &&Estimate| line.policy == *policy && line.cohort == *cohort;
            data.estimates.iter().filter(of_group).cloned().collect()
        };
        let policies = data.policies.iter().map(of_policy).collect();
        Group { label: cohort.clone(), name: cohort.clone(), policies }
    });
    let groups: Vec<Group> = groups.collect();
    let title = "Who is hurt, and who pays: outcomes by cohort";
    (groups.len() > 1).then(|| draw(data, &groups.iter().collect::<Vec<_>>(), title, "", ""))
}

/// Draws the panels one below the other, with a column for each group.
fn draw(data: &Results, groups: &[&Group], title: &str, what: &str, unit_of_labels: &str) -> Picture {
    let mut picture = Picture::new(WIDTH, 0);
    let intervals = if data.replications >= 2 { BARS } else { "" };
    let few = "; small points are of fewer than 30 accounts in all";
    let is_small = |group: &&Group| group.accounts() * (data.replications as f64) < FEW_ACCOUNTS;
    let few = if groups.iter().any(is_small) { few } else { "" };
    let top =
        heading(&mut picture, title, &format!("{what}{}{intervals}{few}", data.replications_in_words()));
    let entries: Vec<(Sign, &str)> = data
        .policies
        .iter()
        .enumerate()
        .map(|(n, policy)| (Sign::Point(look(n).shape, look(n).colour), policy.as_str()))
        .collect();
    let mut top = legend(&mut picture, &entries, top) + 14;

    let columns =
        Columns { width: (WIDTH - MARGIN - LEFT) / groups.len() as i32, policies: data.policies.len() };
    for panel in PANELS {
        let values: Vec<Vec<Option<Estimate>>> = (groups.iter())
            .map(|group| group.policies.iter().map(|group| (panel.value)(group)).collect())
            .collect();
        let frame = Frame {
            left: LEFT,
            top: top + CAPTION,
            right: LEFT + groups.len() as i32 * columns.width,
            bottom: top + CAPTION + HEIGHTS[usize::from(panel.unit != Unit::Share)],
            inset: 8,
        };
        picture.text(panel.caption, (MARGIN, top + 14), Anchor::Start, TEXT, INK);
        panel.draw(&mut picture, &frame, &columns, &values, groups.iter().map(is_small).collect());
        for (index, (group, values)) in groups.iter().zip(&values).enumerate() {
            let (from, to) = ((columns.x(index), frame.top), (columns.x(index + 1), frame.bottom));
            picture.tip(Place::Rectangle { from, to }, &panel.words(data, group, values));
        }
        top = frame.bottom + GAP;
    }
    picture.height = below(&mut picture, groups, &columns, top + 8, unit_of_labels);
    picture
}

/// Writes the label and the number of accounts below each column; returns the height below.
fn below(picture: &mut Picture, groups: &[&Group], columns: &Columns, top: i32, unit_of_labels: &str) -> i32 {
    let widest = groups.iter().map(|group| text_width(&group.label, TEXT)).max().unwrap_or(0);
    let room = if unit_of_labels.is_empty() { columns.width - 12 } else { i32::MAX };
    let every = if widest.min(room) + 12 > columns.width { 2 } else { 1 };
    let rows = [top, top + 40];
    for (row, label) in rows.into_iter().zip([unit_of_labels, "accounts"]) {
        picture.text(label, (MARGIN, row), Anchor::Start, TEXT, FAINT_INK);
    }
    for (index, group) in groups.iter().enumerate().step_by(every) {
        let middle = (columns.x(index) + columns.x(index + 1)) / 2;
        picture.text(&fitted(&group.label, room, TEXT), (middle, rows[0]), Anchor::Middle, TEXT, INK);
        picture.text(&group.accounts_in_words(), (middle, rows[1]), Anchor::Middle, TEXT, FAINT_INK);
    }
    rows[1] + 40
}

/// The columns of a panel.
struct Columns {
    width: i32,
    policies: usize,
}

impl Columns {
    /// Where the column of a group begins.
    fn x(&self, group: usize) -> i32 {
        LEFT + group as i32 * self.width
    }

    /// Where the point of a policy is in it.
    fn point(&self, group: usize, policy: usize) -> i32 {
        let step = (self.width * 8 / 10 / self.policies as i32).min(40);
        let first = self.x(group) + self.width / 2 - step * (self.policies as i32 - 1) / 2;
        first + step * policy as i32
    }
}

impl Panel {
    /// Draws the values of each group under each policy.
    fn draw(
        &self,
        picture: &mut Picture,
        frame: &Frame,
        columns: &Columns,
        values: &[Vec<Option<Estimate>>],
        is_small: Vec<bool>,
    ) {
        let Axis { numbers, factor, .. } = Axis::of(self.unit);
        let pixels = frame.bottom - frame.top - 2 * frame.inset;
        // What small groups may be, at the ends of their intervals, would press all else into a line.
        let told = values.iter().zip(&is_small).flat_map(|(values, is_small)| {
            values.iter().flatten().flat_map(|value| value.values().take(if *is_small { 1 } else { 3 }))
        });
        let told = told.map(|value| factor * value);
        let scale = match self.unit {
            Unit::Share => Scale::vertical(told.chain([0.0]), numbers, pixels),
            _ => Scale::symmetric(told, numbers, pixels),
        };
        for index in (0..values.len()).step_by(2) {
            let corners = vec![
                (columns.x(index), frame.top),
                (columns.x(index + 1), frame.top),
                (columns.x(index + 1), frame.bottom),
                (columns.x(index), frame.bottom),
            ];
            picture.translucent(corners, GRID, 0.35);
        }
        frame.y_ticks(picture, &scale);
        for policy in 0..columns.policies {
            let look = look(policy);
            let points: Vec<(Pixel, Estimate, bool)> = (values.iter().zip(&is_small).enumerate())
                .filter_map(|(group, (values, is_small))| {
                    let value = values[policy].as_ref()?.times(factor);
                    Some(((columns.point(group, policy), frame.y(&scale, value.mean)), value, *is_small))
                })
                .collect();
            for (at, value, is_small) in points {
                let radius = RADII[usize::from(is_small)];
                if let Some((low, high)) = value.interval() {
                    let [low, high] = [low, high].map(|end| (at.0, frame.y(&scale, end)));
                    bar(picture, low, high, radius, look.colour);
                }
                point(picture, look.shape, at, radius, look.colour);
            }
        }
    }

    /// What is told of a group.
    fn words(&self, data: &Results, group: &Group, values: &[Option<Estimate>]) -> String {
        let style = Style::of(self.unit, values.iter().flatten().map(|value| value.mean));
        let accounts = group.accounts_in_words();
        let caption = self.caption.split(',').next().unwrap_or_default();
        let mut words = format!("{}, {accounts} on average\n{caption}", group.name);
        for (policy, value) in data.policies.iter().zip(values) {
            let Some(value) = value else { continue };
            let interval = value.interval().map(|(low, high)| Interval { low, high });
            words += &format!("\n{policy}: {}", with_interval(style, value.mean, interval));
        }
        words
    }
}

impl Group {
    /// How many accounts it has on average over replications: the same under all policies.
    fn accounts(&self) -> f64 {
        let accounts = self.policies.first().and_then(|group| of(group, "accounts"));
        accounts.map_or(0.0, |accounts| accounts.mean)
    }

    fn accounts_in_words(&self) -> String {
        grouped(self.accounts(), if self.accounts() < 10.0 { 1 } else { 0 })
    }
}

fn of(group: &[Estimate], measure: &str) -> Option<Estimate> {
    group.iter().find(|estimate| estimate.measure == measure).cloned()
}

/// The ratio of the means. Its interval is that of the sum over the mean number of accounts: it holds the chance in how
/// many accounts there are, too, and so is wide rather than narrow.
fn contribution_per_account(group: &[Estimate]) -> Option<Estimate> {
    let accounts = of(group, "accounts").filter(|accounts| accounts.mean > 0.0)?;
    Some(of(group, "contribution_usd")?.times(1.0 / accounts.mean))
}

/// The bound of a class of sizes.
fn bound(dollars: f64) -> String {
    if dollars < 1000.0 { dollars.to_string() } else { format!("{}k", dollars / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(measure: &str, mean: f64, low: f64, high: f64) -> Estimate {
        let json = serde_json::json!({
            "policy": "p", "cohort": "all", "measure": measure, "mean": mean, "ci_low": low, "ci_high": high, "n": 9,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn contribution_per_account_has_the_interval_of_the_sum() {
        let group = [estimate("accounts", 4.0, 3.0, 5.0), estimate("contribution_usd", -10.0, -20.0, 0.0)];
        let value = contribution_per_account(&group).unwrap();
        assert_eq!(value.values().collect::<Vec<_>>(), [-2.5, -5.0, 0.0]);
        assert!(contribution_per_account(&group[1..]).is_none());
    }

    #[test]
    fn bounds_of_sizes_are_short() {
        assert_eq!(
            [0.0, 0.1, 0.3, 30.0, 1000.0, 300_000.0].map(bound),
            ["0", "0.1", "0.3", "30", "1k", "300k"]
        );
    }
}
