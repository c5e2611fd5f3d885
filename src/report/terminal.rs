//! The comparison table that a run prints.

use super::figure::{Style, printable};
use crate::experiment::{ALL_COHORTS, Group, Outcome, Pair};
use crate::metrics::{HEADLINES, MEASURES, Measure, Unit};
use crate::statistics::{Moments, SIGNIFICANCE};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, LineStyle, Table};

/// How wide a policy's column is at most, unless its figures need more.
const NAME_WIDTH: usize = 16;

/// The policies side by side over all cohorts, measured by the [headlines](HEADLINES): means with half the width of
/// their intervals, and below them how they differ from the first policy. As many policies stand beside each other as
/// fit `width` columns of text, the others follow below. Without colour.
pub fn comparison_table(outcome: &Outcome, width: usize) -> String {
    let groups: Vec<Group> =
        Group::of_rows(&outcome.rows).filter(|group| group.cohort == ALL_COHORTS).collect();
    let Some(first) = groups.first() else { return String::new() };
    let replications = first.rows.len();
    let is_among = |pair: &Pair| pair.cohort == ALL_COHORTS && pair.baseline == first.policy;
    let pairs: Vec<Pair> = match replications {
        1 => Vec::new(), // a difference of which nothing is known but its mean would be taken for more
        _ => Pair::of_rows(&outcome.rows).filter(is_among).collect(),
    };
    let differ: Vec<&str> =
        pairs.iter().filter(|pair| !is_nothing(pair)).map(|pair| pair.measure.name).collect();
    let pairs: Vec<Pair> = pairs.iter().filter(|pair| differ.contains(&pair.measure.name)).copied().collect();
    let labels = measures().map(|measure| measure.label);
    let label_width = labels.map(|label| label.chars().count()).max().unwrap_or(0) + 2;
    let columns: Vec<Column> = groups.iter().map(|group| Column::new(group, &pairs)).collect();

    let mut text = caption(replications, !pairs.is_empty());
    let mut rest = columns.as_slice();
    while !rest.is_empty() {
        let mut used = label_width;
        let fitting = rest.iter().take_while(|column| {
            used += column.width + 3;
            used <= width
        });
        let (block, next) = rest.split_at(fitting.count().max(1));
        text += &table(block);
        text.push('\n');
        rest = next;
    }
    text
}

/// The measures of the table.
fn measures() -> impl Iterator<Item = &'static Measure> {
    HEADLINES.iter().map(|name| &MEASURES[Measure::index_of(name)])
}

fn caption(replications: usize, compares: bool) -> String {
    let means = match replications {
        1 => return "All cohorts, 1 replication, which tells nothing of chance.\n".to_owned(),
        n => format!("All cohorts: means of {n} replications ± half of their 95 % confidence intervals"),
    };
    let below = format!(
        "; below them, the\ndifference from the first policy, * where it is real (p < {SIGNIFICANCE}, adjusted for all \
         pairs)"
    );
    format!("{means}{}.\n", if compares { &below } else { "" })
}

/// A policy's column.
struct Column {
    name: String,
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(group: &Group<'_>, pairs: &[Pair<'_>]) -> Column {
        let cell = |measure: &'static Measure| {
            let mean = mean(&group.moments(measure.name), measure.unit);
            let of_measure = |pair: &&Pair| (pair.policy, pair.measure.name) == (group.policy, measure.name);
            match pairs.iter().find(of_measure) {
                Some(pair) => format!("{mean}\n{}", difference(pair)),
                None => mean,
            }
        };
        let cells: Vec<String> = measures().map(cell).collect();
        let name = wrapped(&printable(group.policy));
        let width = widest_line(&cells).max(widest_line(std::slice::from_ref(&name)));
        Column { name, cells, width }
    }
}

fn mean(moments: &Moments, unit: Unit) -> String {
    let mean = moments.mean;
    match half_width(moments).filter(|half_width| *half_width > 0.0) {
        Some(half_width) if is_below_a_cent(unit, mean, half_width) => BELOW_A_CENT.to_owned(),
        Some(half_width) => {
            Style::of(unit, [mean, half_width]).as_sure_as(half_width).estimate(mean, half_width)
        }
        None => Style::of(unit, [mean]).figure(mean),
    }
}

fn difference(pair: &Pair<'_>) -> String {
    let (moments, unit) = (&pair.comparison.difference, pair.measure.unit);
    let (mean, half_width) = (moments.mean, half_width(moments).unwrap_or_default());
    if is_nothing(pair) {
        return "same".to_owned();
    }
    if is_below_a_cent(unit, mean, half_width) {
        return BELOW_A_CENT.to_owned();
    }
    let style = Style::of_difference(unit, [mean, half_width]).as_sure_as(half_width);
    let estimate = match unit {
        Unit::Share => format!("{} ± {}", style.number(mean), style.number(half_width)),
        _ => style.estimate(mean, half_width),
    };
    let mark = if pair.p_adjusted.is_some_and(|p| p < SIGNIFICANCE) { "* " } else { "" };
    let sign = if mean > 0.0 { "+" } else { "" };
    format!("{mark}{sign}{estimate}")
}

/// What stands for amounts that nobody would act on.
const BELOW_A_CENT: &str = "< $0.01";

fn is_below_a_cent(unit: Unit, mean: f64, half_width: f64) -> bool {
    unit == Unit::Usd && mean.abs() + half_width < 0.01
}

/// Whether two policies do not differ in any replication.
fn is_nothing(pair: &Pair<'_>) -> bool {
    let Moments { mean, sum_of_squares, .. } = pair.comparison.difference;
    mean == 0.0 && sum_of_squares == 0.0
}

fn half_width(moments: &Moments) -> Option<f64> {
    moments.interval().map(|interval| interval.high - moments.mean)
}

fn table(columns: &[Column]) -> String {
    let mut table = Table::new();
    let right = |text: &String| Cell::new(text).set_alignment(CellAlignment::Right);
    let none = LineStyle::none;
    table.load_style(UTF8_HORIZONTAL_ONLY.top_border(none()).row_separator(none()).bottom_border(none()));
    table.set_header([Cell::new("")].into_iter().chain(columns.iter().map(|column| right(&column.name))));
    for (index, measure) in measures().enumerate() {
        let cells = columns.iter().map(|column| right(&column.cells[index]));
        table.add_row([Cell::new(measure.label)].into_iter().chain(cells));
    }
    table.trim_fmt()
}

fn widest_line(texts: &[String]) -> usize {
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.map(|line| line.chars().count()).max().unwrap_or(0)
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
        assert!(table.contains("All cohorts: means of 20 replications ± half of their 95 %"), "{table}");
    }

    #[test]
    fn four_policies_fit_a_screen() {
        let table =
            comparison_table(&sample::outcome(&["prepaid", "top-up", "postpaid", "trial"], 20, 90), 100);
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
        assert!(table.lines().count() <= 2 + 2 + 2 * HEADLINES.len(), "{table}");
    }

    #[test]
    fn policies_are_told_against_the_first_one_within_replications_with_a_mark_where_that_is_real() {
        let mut outcome = sample::outcome(&["prepaid"], 20, 90);
        let alone = comparison_table(&outcome, 100);
        assert!(alone.contains('±') && !alone.contains("difference"), "{alone}");

        let dollar = Quantity::Usd(Total::from_nanos(1_000_000_000));
        let mut dearer = outcome.rows.clone();
        for row in &mut dearer {
            row.policy = "top-up".to_owned();
            let contribution = &mut row.values[Measure::index_of("contribution_usd")];
            *contribution = *contribution + dollar;
        }
        outcome.rows.extend(dearer);
        let table = comparison_table(&outcome, 100);
        let below = |label: &str| {
            let row = table.lines().position(|line| line.trim_start().starts_with(label)).expect("a row");
            table.lines().nth(row + 1).expect("a line below").trim()
        };
        assert_eq!(below("contribution"), "* +$1.00 ± 0.00");
        assert!(
            below("net revenue").starts_with("net cash"),
            "where nothing differs, no line says so: {table}"
        );
    }

    #[test]
    fn of_a_single_replication_no_difference_is_told() {
        let table = comparison_table(&sample::outcome(&["prepaid", "top-up"], 1, 3), 100);
        assert!(!table.contains('±'), "{table}");
        assert_eq!(table.lines().count(), 2 + HEADLINES.len() + 1, "{table}");
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
