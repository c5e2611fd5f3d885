//! What a sweep prints: the points in a table, and the best of them in words.

use super::super::figure::{Style, printable};
use crate::experiment::Group;
use crate::metrics::{HEADLINES, Measure};
use crate::statistics::Moments;
use crate::sweep::{Candidate, Cell, Edge, Plan, Search, Standing, Swept, of_all_cohorts};
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, LineStyle, Table};

/// The most lines of the table.
const MOST_LINES: usize = 60;
/// The most points that are named one by one.
const MOST_NAMED: usize = 8;
/// What comes first in the table, before the rest of the headlines.
const FIRST: [&str; 2] = ["contribution_usd", "lost_share"];

/// Every policy at every point, once where points differ in nothing that concerns it, over all cohorts: as
/// many measures as fit `width` columns of text, those of the goal first. Without colour.
pub fn table(plan: &Plan, swept: &Swept, search: Option<&Search<'_>>, width: usize) -> String {
    let mut lines = Line::all(plan);
    let all = lines.len();
    if let Some(search) = search {
        lines
            .iter_mut()
            .for_each(|line| line.candidate = search.candidates.iter().find(|c| c.cell == line.cell));
    }
    if all > MOST_LINES {
        // Those nearest to the best, if it was sought, in the order that they had.
        let mut order: Vec<usize> = (0..all).collect();
        order.sort_by(|a, b| lines[*a].distance().total_cmp(&lines[*b].distance()));
        order.truncate(MOST_LINES);
        let mut number = 0..;
        lines.retain(|_| number.next().is_some_and(|number| order.contains(&number)));
    }
    let groups: Vec<Group> = lines.iter().map(|line| of_all_cohorts(swept.rows(line.cell))).collect();
    let n = groups.first().map_or(0, |group| group.rows.len());

    let mut columns: Vec<Column> = Vec::new();
    if plan.policies.len() > 1 {
        let policies = lines.iter().map(|line| printable(&plan.policies[line.policy]));
        columns.push(Column::new("policy", CellAlignment::Left, policies.collect()));
    }
    for (index, axis) in plan.grid.axes.iter().enumerate() {
        let shown = |line: &Line| match plan.concerns(index, line.policy) {
            true => printable(plan.grid.shown(line.point)[index]),
            false => "-".to_owned(),
        };
        let key = printable(&axis.key.to_string()).replace('.', ".\n");
        columns.push(Column::new(&key, CellAlignment::Right, lines.iter().map(shown).collect()));
    }
    let against = search.filter(|search| search.best.is_some()).map(|search| {
        let styles = difference_style(search);
        let cells = lines.iter().map(|line| line.candidate.map(|c| standing(c, styles)).unwrap_or_default());
        Column::new("less the best", CellAlignment::Right, cells.collect())
    });
    let mut room = width as isize - columns.iter().chain(&against).map(Column::width).sum::<isize>();
    for (number, measure) in measures(search).into_iter().enumerate() {
        let column = Column::of_measure(measure, &groups);
        room -= column.width();
        if room < 0 && number > 0 {
            break;
        }
        columns.push(column);
    }
    columns.extend(against);

    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    let cell = |text: &str, alignment| comfy_table::Cell::new(text).set_alignment(alignment);
    table.set_header(columns.iter().map(|column| cell(&column.head, column.alignment)));
    for index in 0..lines.len() {
        table.add_row(columns.iter().map(|column| cell(&column.cells[index], column.alignment)));
    }
    let points = match plan.grid.points() {
        1 => "1 point".to_owned(),
        points => format!("{points} points"),
    };
    let means = match n {
        1 => "1 replication (no intervals)".to_owned(),
        n => format!("means over {n} replications ± half their 95 % intervals"),
    };
    let rest = if all > lines.len() {
        format!("\n... and {} more: see sweep.csv", all - lines.len())
    } else {
        String::new()
    };
    let has_unseen = search.is_some_and(|search| {
        search.candidates.iter().any(|candidate| candidate.standing.is_told_apart() == Some(false))
    });
    let unseen = if has_unseen { "\n~: cannot be told from the best" } else { "" };
    format!("{points}, all cohorts, {means}.\n{}{rest}{unseen}\n", table.trim_fmt())
}

/// A line of the table.
struct Line<'s> {
    policy: usize,
    point: usize,
    cell: Cell,
    candidate: Option<&'s Candidate>,
}

impl Line<'_> {
    /// How far it is from the best; far where that was not asked.
    fn distance(&self) -> f64 {
        self.candidate.map_or(f64::MAX, |candidate| distance(candidate.standing))
    }

    /// Policy by policy, those that keys are swept of first.
    fn all<'s>(plan: &Plan) -> Vec<Line<'s>> {
        let mut policies: Vec<usize> = (0..plan.policies.len()).collect();
        policies.sort_by_key(|policy| !plan.touches(*policy));
        let mut lines: Vec<Line> = Vec::new();
        for policy in policies {
            for point in 0..plan.grid.points() {
                let cell = plan.cell(point, policy);
                if !lines.iter().any(|line| line.cell == cell) {
                    lines.push(Line { policy, point, cell, candidate: None });
                }
            }
        }
        lines
    }
}

/// How far something is from the best, beyond all where it may not be the best.
fn distance(standing: Standing) -> f64 {
    match standing {
        Standing::Best => 0.0,
        Standing::Other { difference, .. } => difference.mean.abs(),
        Standing::Excluded => f64::INFINITY,
    }
}

/// A column of the table.
struct Column {
    head: String,
    alignment: CellAlignment,
    cells: Vec<String>,
}

impl Column {
    fn new(head: &str, alignment: CellAlignment, cells: Vec<String>) -> Column {
        Column { head: head.to_owned(), alignment, cells }
    }

    fn of_measure(measure: &Measure, groups: &[Group<'_>]) -> Column {
        let moments: Vec<Moments> = groups.iter().map(|group| group.moments(measure.name)).collect();
        let style = Style::of(measure.unit, moments.iter().flat_map(values));
        let cells = moments.iter().map(|moments| short_figure(moments, style));
        Column::new(measure.label, CellAlignment::Right, cells.collect())
    }

    /// With what parts it from the next.
    fn width(&self) -> isize {
        let lines = self.cells.iter().map(String::as_str).chain(self.head.lines());
        lines.map(|line| line.chars().count()).max().unwrap_or(0) as isize + 3
    }
}

/// The measures to show, the first ones before all.
fn measures(search: Option<&Search<'_>>) -> Vec<&'static Measure> {
    let goal = search.map(|search| &search.goal);
    let sought = goal.into_iter().flat_map(|goal| {
        [goal.objective.measure].into_iter().chain(goal.constraints.iter().map(|bound| bound.measure))
    });
    let known = FIRST.iter().chain(&HEADLINES).filter_map(|name| Measure::named(name));
    let mut measures: Vec<&Measure> = Vec::new();
    for measure in sought.chain(known) {
        if !measures.iter().any(|other| other.name == measure.name) {
            measures.push(measure);
        }
    }
    measures
}

/// The mean and the ends of the interval.
fn values(moments: &Moments) -> impl Iterator<Item = f64> + use<> {
    let interval = moments.interval();
    [Some(moments.mean), interval.map(|i| i.low), interval.map(|i| i.high)].into_iter().flatten()
}

/// A mean with its interval.
fn figure(moments: &Moments, style: Style) -> String {
    let mean = style.figure(moments.mean);
    match moments.interval() {
        Some(interval) => format!("{mean} [{}, {}]", style.number(interval.low), style.number(interval.high)),
        None => mean,
    }
}

/// A mean and half the width of its interval.
fn short_figure(moments: &Moments, style: Style) -> String {
    let mean = style.figure(moments.mean);
    match moments.interval() {
        Some(interval) => format!("{mean} ± {}", style.number((interval.high - interval.low) / 2.0)),
        None => mean,
    }
}

/// How differences from the best are written.
fn difference_style(search: &Search<'_>) -> Style {
    let differences = search.candidates.iter().filter_map(|candidate| match candidate.standing {
        Standing::Other { difference, .. } => Some(difference),
        Standing::Best | Standing::Excluded => None,
    });
    let values: Vec<f64> = differences.flat_map(|difference| values(&difference)).collect();
    Style::of_difference(search.goal.objective.measure.unit, values)
}

fn standing(candidate: &Candidate, style: Style) -> String {
    match candidate.standing {
        Standing::Best => "best".to_owned(),
        Standing::Excluded => "excluded".to_owned(),
        Standing::Other { difference, .. } => {
            let unseen = if candidate.standing.is_told_apart() == Some(true) { "" } else { " ~" };
            short_figure(&difference, style) + unseen
        }
    }
}

/// What is best, how surely, and what else could be: in some lines.
pub fn verdict(search: &Search<'_>) -> String {
    let objective = search.goal.objective;
    let Some(best) = search.best() else { return nothing_allowed(search) };
    let mut text = format!("best: {}\n", printable(&search.label(best)));
    let style = Style::of(objective.measure.unit, values(&best.value));
    text += &format!("  {}: {}\n", objective.measure.label, figure(&best.value, style));
    for (constraint, moments) in search.goal.constraints.iter().zip(&best.bounded) {
        let style = Style::of(constraint.measure.unit, values(moments).chain([constraint.bound]));
        let sure = match constraint.is_sure(moments) {
            Some(true) => "",
            Some(false) => "; not surely: its interval crosses the bound",
            None => "; how surely cannot be told from one replication",
        };
        let bound = format!("{} {}", constraint.sign(), style.figure(constraint.bound));
        text += &format!("  {}: {}, to be {bound}{sure}\n", constraint.measure.label, figure(moments, style));
    }
    let style = difference_style(search);
    let neighbours = search.neighbours(best);
    if !neighbours.is_empty() {
        text += "next to it:\n";
        text += &listed(search, neighbours.into_iter().map(|(_, candidate)| candidate), style);
    }
    let unseen = || search.candidates.iter().filter(|c| c.standing.is_told_apart() == Some(false));
    let allowed = search.candidates.iter().filter(|c| c.standing != Standing::Excluded).count();
    if best.value.n < 2 {
        text += "one replication cannot tell any two points apart: ask for --replications 10 or more\n";
    } else if allowed == 1 {
        text += "no other point keeps the constraints\n";
    } else if unseen().count() == 0 {
        text += &format!("all {} others are worse, as p < 0.05 when adjusted for all\n", allowed - 1);
    } else {
        let beside: Vec<Cell> = search.neighbours(best).iter().map(|(_, candidate)| candidate.cell).collect();
        let mut further: Vec<&Candidate> =
            unseen().filter(|candidate| !beside.contains(&candidate.cell)).collect();
        further.sort_by(|a, b| distance(a.standing).total_cmp(&distance(b.standing)));
        let colon = if further.is_empty() { "" } else { ", among them:" };
        let (unseen, others) = (unseen().count(), allowed - 1);
        text += &format!(
            "{unseen} of {others} others cannot be told from it, as p ≥ 0.05 when adjusted for all{colon}\n"
        );
        text += &listed(search, further.into_iter(), style);
        text += "the best of several that cannot be told apart is partly luck, and its mean a little too good: run \
                 it anew with another --seed for a fair figure\n";
    }
    text
}

/// Candidates with their differences from the best, line by line.
fn listed<'s>(search: &Search<'_>, candidates: impl Iterator<Item = &'s Candidate>, style: Style) -> String {
    let candidates: Vec<&Candidate> = candidates.collect();
    let line = |candidate: &&Candidate| {
        let label = printable(&search.label(candidate));
        let standing = match candidate.standing {
            Standing::Excluded => "does not keep the constraints".to_owned(),
            Standing::Best => "the best".to_owned(),
            Standing::Other { difference, .. } => {
                let unseen = match candidate.standing.is_told_apart() {
                    Some(true) => "",
                    _ => ", no difference seen",
                };
                figure(&difference, style) + unseen
            }
        };
        format!("  {label}: {standing}\n")
    };
    let mut text: String = candidates.iter().take(MOST_NAMED).map(line).collect();
    if candidates.len() > MOST_NAMED {
        text += &format!("  and {} more: see best.csv\n", candidates.len() - MOST_NAMED);
    }
    text
}

/// That there is no best, and what comes nearest to one.
fn nothing_allowed(search: &Search<'_>) -> String {
    let mut text = "no point keeps all constraints\n".to_owned();
    let Some(nearest) = search.nearest_to_allowed() else { return text };
    text += &format!("nearest to it: {}\n", printable(&search.label(nearest)));
    for (constraint, moments) in search.goal.constraints.iter().zip(&nearest.bounded) {
        let style = Style::of(constraint.measure.unit, values(moments).chain([constraint.bound]));
        let bound = format!("{} {}", constraint.sign(), style.figure(constraint.bound));
        let missed = if constraint.holds(moments.mean) { "as asked" } else { "missed" };
        text +=
            &format!("  {}: {}, to be {bound}: {missed}\n", constraint.measure.label, figure(moments, style));
    }
    text
}

/// What to be wary of: a best point at the end of the values of a key.
pub fn warnings(plan: &Plan, search: &Search<'_>) -> Vec<String> {
    let Some(best) = search.best() else { return Vec::new() };
    let shown = plan.grid.shown(best.point);
    let warning = |(axis, edge): (usize, Edge)| {
        let (which, beyond) = match edge {
            Edge::Lowest => ("lowest", "lower"),
            Edge::Highest => ("highest", "higher"),
        };
        let (key, value) = (&plan.grid.axes[axis].key, shown[axis]);
        printable(&format!(
            "the best has the {which} {key} of all, {value}: what is best may lie beyond, so try {beyond} values"
        ))
    };
    search.edges(best).into_iter().map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Kinds;
    use crate::scenario::ScenarioFile;
    use crate::sweep::{Goal, Grid};
    use std::path::Path;

    const SCENARIO: &str = r#"
[scenario]
horizon = "3d"
replications = 3
[prices]
"m" = { input = 1.00, output = 2.00 }
[[cohort]]
accounts = 2
workload = { arrivals = { poisson = { per_day = 9 } }, tokens = { prompt = 9, output = 1 }, models = { "m" = 1 } }
[[policy]]
kind = "prepaid_pause"
[[policy]]
name = "top-up"
kind = "auto_topup"
threshold = 1.00
amount = 10.00
"#;

    fn swept(axes: &[&str]) -> (Plan, Swept) {
        let file = ScenarioFile::of(Path::new("s.toml"), SCENARIO.as_bytes(), &Kinds::built_in()).unwrap();
        let base = file.read(&[]).unwrap().scenario;
        let axes = axes.iter().map(|axis| axis.parse().unwrap()).collect();
        let plan = Plan::new(&file, &base, &base, Grid::new(axes).unwrap()).unwrap();
        let outcomes = (0..plan.batches()).map(|batch| plan.run(batch, Default::default()).unwrap().rows);
        let swept = plan.gather(outcomes);
        (plan, swept)
    }

    #[test]
    fn the_table_shows_each_policy_once_for_the_values_that_concern_it() {
        let (plan, swept) = swept(&["policy.top-up.threshold=1..9:1", "metering.delay=0s,1m"]);
        let table = table(&plan, &swept, None, 100);
        assert!(
            table.starts_with("18 points, all cohorts, means over 3 replications ± half their 95 % "),
            "{table}"
        );
        assert_eq!(table.matches(" prepaid_pause ").count(), 2, "{table}");
        assert_eq!(table.matches(" top-up ").count(), 18, "{table}");
        assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    }

    #[test]
    fn of_many_points_the_table_shows_those_nearest_to_the_best() {
        let (plan, swept) = swept(&["platform.serving_cost=0..0.99:0.01"]);
        let goal = Goal { objective: "contribution_usd".parse().unwrap(), constraints: vec![] };
        let search = Search::new(&plan, &swept, goal, &[1]);
        let table = table(&plan, &swept, Some(&search), 100);
        assert!(table.contains("\n... and 140 more: see sweep.csv\n"), "{table}");
        let best = table
            .lines()
            .find(|line| line.starts_with(" top-up") && line.ends_with(" best"))
            .expect("the best is shown");
        assert!(best.contains(" 0.00 "), "{best}");
    }
}
