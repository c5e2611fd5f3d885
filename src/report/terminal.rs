//! The comparison table that a run prints.

use super::figure::{grouped, printable};
use crate::experiment::{ALL_COHORTS, Group, Outcome};
use crate::metrics::{Measure, Unit};
use crate::statistics::{Moments, paired_difference};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, LineStyle, Table};

/// The measures of the table, and what they are called there.
const ROWS: [(&str, &str); 9] = [
    ("contribution_usd", "contribution, USD"),
    ("net_revenue_usd", "net revenue, USD"),
    ("net_cash_usd", "net cash, USD"),
    ("bad_debt_usd", "bad debt, USD"),
    ("overshoot_usd", "overshoot, USD"),
    ("lost_share", "lost requests, %"),
    ("refused_share", "refused tries, %"),
    ("active_share", "active time, %"),
    ("accounts_churned", "churned accounts"),
];

/// How wide a policy's column is at most, unless its figures need more.
const NAME_WIDTH: usize = 16;

/// The policies side by side over all cohorts: means, and below them the intervals where there are any. As
/// many policies stand beside each other as fit `width` columns of text, the others follow below. Without
/// colour.
pub fn comparison_table(outcome: &Outcome, width: usize) -> String {
    let groups: Vec<Group> =
        Group::of_rows(&outcome.rows).filter(|group| group.cohort == ALL_COHORTS).collect();
    let Some(first) = groups.first() else { return String::new() };
    let baseline = (groups.len() > 1).then_some(first);
    let labels = labels(baseline);
    let columns: Vec<Column> = groups.iter().map(|group| Column::new(group, baseline)).collect();
    let label_width = widest_line(&labels) + 2;

    let mut text = format!("{}\n", caption(first.rows.len()));
    let mut rest = columns.as_slice();
    while !rest.is_empty() {
        let mut used = label_width;
        let fitting = rest.iter().take_while(|column| {
            used += column.width + 2;
            used <= width
        });
        let (block, next) = rest.split_at(fitting.count().max(1));
        text += &table(&labels, block);
        text.push('\n');
        rest = next;
    }
    text
}

/// What the rows are called. The second tells the first one against the baseline, if there is one.
fn labels(baseline: Option<&Group<'_>>) -> Vec<String> {
    let mut labels: Vec<String> = ROWS.iter().map(|(_, label)| (*label).to_owned()).collect();
    if let Some(baseline) = baseline {
        let name = wrapped(&printable(baseline.policy)).replace('\n', "\n  ");
        labels.insert(1, format!("  less that of\n  {name}"));
    }
    labels
}

fn widest_line(texts: &[String]) -> usize {
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.map(|line| line.chars().count()).max().unwrap_or(0)
}

fn caption(replications: usize) -> String {
    match replications {
        1 => "All cohorts, 1 replication (no intervals).".to_owned(),
        n => format!("All cohorts, means over {n} replications, 95 % confidence intervals in brackets."),
    }
}

/// A policy's column.
struct Column {
    name: String,
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(group: &Group<'_>, baseline: Option<&Group<'_>>) -> Column {
        let unit = |name| Measure::named(name).expect("the table names measures that there are").unit;
        let mut cells: Vec<String> =
            ROWS.iter().map(|(name, _)| cell(&group.moments(name), unit(name))).collect();
        if let Some(baseline) = baseline {
            cells.insert(1, difference(group, baseline));
        }
        let name = wrapped(&printable(group.policy));
        let width = widest_line(&cells).max(widest_line(std::slice::from_ref(&name)));
        Column { name, cells, width }
    }
}

/// The first row's measure less that of the baseline, taken within replications: the policies of one have the
/// same customers, so it is much surer than the two means.
fn difference(group: &Group<'_>, baseline: &Group<'_>) -> String {
    if group.policy == baseline.policy {
        return String::new();
    }
    let (measure, _) = ROWS[0];
    let index = Measure::index_of(measure);
    cell(&paired_difference(&group.values(index), &baseline.values(index)), Unit::Usd)
}

fn table(labels: &[String], columns: &[Column]) -> String {
    let mut table = Table::new();
    let right = |text: &String| Cell::new(text).set_alignment(CellAlignment::Right);
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table.set_header([Cell::new("")].into_iter().chain(columns.iter().map(|column| right(&column.name))));
    for (index, label) in labels.iter().enumerate() {
        let cells = columns.iter().map(|column| right(&column.cells[index]));
        table.add_row([Cell::new(label)].into_iter().chain(cells));
    }
    table.trim_fmt()
}

fn cell(moments: &Moments, unit: Unit) -> String {
    let scale = if unit == Unit::Share { 100.0 } else { 1.0 };
    let decimals = match unit {
        Unit::Usd if moments.mean.abs() >= 1000.0 => 0,
        Unit::Count | Unit::Seconds => usize::from(moments.n > 1),
        Unit::Usd | Unit::Share => 2,
    };
    let number = |value: f64| grouped(value * scale, decimals);
    match moments.interval() {
        Some(interval) => {
            format!("{}\n[{}, {}]", number(moments.mean), number(interval.low), number(interval.high))
        }
        None => number(moments.mean),
    }
}

/// A name in lines of at most [`NAME_WIDTH`], broken after a space or hyphen where there is one, at most
/// three.
fn wrapped(name: &str) -> String {
    let mut lines = vec![String::new()];
    for word in name.split_inclusive([' ', '-', '_']) {
        let mut word: Vec<char> = word.chars().collect();
        while !word.is_empty() {
            let line = lines.last_mut().expect("there is a line");
            let room = NAME_WIDTH - line.chars().count();
            if word.len() > room && !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            line.extend(word.drain(..word.len().min(room)));
        }
    }
    if lines.len() > 3 {
        lines.truncate(3);
        lines[2].pop();
        lines[2].push('…');
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Quantity;
    use crate::money::Total;
    use crate::report::sample;

    #[test]
    fn eight_policies_fit_a_hundred_columns_by_standing_in_blocks() {
        let names =
            ["prepaid", "top-up", "postpaid", "trial", "e", "f", "g", "a rather long name of a policy"];
        let table = comparison_table(&sample::outcome(&names, 20, 90), 100);
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
        for name in ["prepaid", "trial", "a rather long \n", "name of a policy\n"] {
            assert!(table.contains(name.trim_end()), "{name}: {table}");
        }
        assert!(table.starts_with("All cohorts, means over 20 replications"), "{table}");
    }

    #[test]
    fn contributions_are_told_against_the_first_policy_within_replications() {
        let mut outcome = sample::outcome(&["prepaid"], 20, 90);
        let alone = comparison_table(&outcome, 100);
        assert!(!alone.contains("less that of"), "{alone}");

        let dollar = Quantity::Usd(Total::from_nanos(1_000_000_000));
        let mut dearer = outcome.rows.clone();
        for row in &mut dearer {
            row.policy = "top-up".to_owned();
            let contribution = &mut row.values[Measure::index_of("contribution_usd")];
            *contribution = *contribution + dollar;
        }
        outcome.rows.extend(dearer);
        let table = comparison_table(&outcome, 100);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        let row = lines.iter().position(|line| line[..] == ["less", "that", "of", "1.00"]);
        assert_eq!(lines[row.expect("a row tells the difference") + 1], ["prepaid", "[1.00,", "1.00]"]);
    }

    #[test]
    fn a_single_replication_shows_figures_without_intervals() {
        let table = comparison_table(&sample::outcome(&["prepaid"], 1, 3), 100);
        assert!(!table.contains('['), "{table}");
        assert!(table.contains("contribution, USD"), "{table}");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let table = comparison_table(&sample::outcome(&["\u{1b}[31mred\n"], 1, 3), 100);
        assert!(!table.contains('\u{1b}'));
    }

    #[test]
    fn long_names_are_wrapped_and_cut() {
        assert_eq!(wrapped("prepaid"), "prepaid");
        assert_eq!(wrapped("top-up with monthly budget"), "top-up with \nmonthly budget");
        assert_eq!(wrapped(&"x".repeat(200)), format!("{0}\n{0}\n{1}…", "x".repeat(16), "x".repeat(15)));
        assert_eq!(wrapped(""), "");
    }
}
