//! How far other points are from the best.

use super::super::super::figure::Style;
use super::super::super::sweep::results::{Rated, Standing, SweepResults};
use super::super::picture::{Anchor, Picture, Place, TEXT, fitted, text_width};
use super::super::scale::{Axis, Scale, Short};
use super::super::style::{
    FAINT_INK, Frame, GRID, INK, MARGIN, Shape, WIDTH, bar, heading, look, notes, point,
};
use super::super::words::capitalised;
use super::{goal_in_words, in_words};

const ROW: i32 = 42;
const INSET: i32 = 14;
const RADIUS: i32 = 9;
/// The most rows.
const MOST: usize = 24;

/// A row for each of the best points: how much it is from the best of all within replications, with its
/// interval.
pub fn picture(results: &SweepResults) -> Option<Picture> {
    let best = results.best.as_ref()?;
    let top = best.rated.iter().find(|rated| rated.standing == Standing::Best)?;
    let measure = best.objective.measure;
    let unit = Axis::of_difference(measure.unit);
    let difference = |rated: &Rated| Some(rated.difference?.times(unit.factor));
    let mut others: Vec<&Rated> = best.rated.iter().filter(|rated| rated.difference.is_some()).collect();
    let size = |rated: &Rated| rated.difference.map_or(0.0, |difference| difference.mean.abs());
    others.sort_by(|one, other| size(one).total_cmp(&size(other)));
    let left_out = others.len().saturating_sub(MOST);
    others.truncate(MOST);
    if others.is_empty() {
        return None;
    }
    let mut picture = Picture::new(WIDTH, 0);
    let label = |rated: &Rated| label(results, rated);
    let values: Vec<String> = (results.axes.iter().zip(&top.at))
        .filter_map(|(axis, index)| Some(format!("{} = {}", axis.key, axis.values[(*index)?])))
        .collect();
    let policy = &results.policies[top.policy];
    let place = match values.is_empty() {
        true => policy.clone(),
        false => format!("{} under {policy}", values.join(", ")),
    };
    let told = match results.replications {
        1 => "1 replication, which cannot tell what is real".to_owned(),
        n => format!(
            "means of differences within {n} replications, with 95 % confidence intervals. Filled: a real difference \
             (p < 0.05, adjusted for all that keep the constraints, which is stricter than to miss zero); hollow: no \
             difference seen"
        ),
    };
    let title = "How far other points are from the best";
    let below = format!("{} is {place}. All cohorts, {told}", capitalised(&goal_in_words(best)));
    let top = heading(&mut picture, title, &below);
    let keys: Vec<&str> = results.axes.iter().map(|axis| axis.key.as_str()).collect();
    picture.text(&fitted(&keys.join(", "), 700, TEXT), (MARGIN, top + 14), Anchor::Start, TEXT, FAINT_INK);
    let caption = match unit.sign {
        "" => measure.label.to_owned(),
        sign => format!("{}, {sign}", measure.label),
    };
    picture.text(&fitted(&caption, 700, TEXT), (WIDTH - MARGIN, top + 14), Anchor::End, TEXT, FAINT_INK);

    let differences: Vec<_> = others.iter().filter_map(|rated| difference(rated)).collect();
    let values = || differences.iter().flat_map(|difference| difference.values());
    let short = Short::of(values(), unit.numbers, 3);
    let texts: Vec<String> = differences
        .iter()
        .map(|difference| {
            let sign = if difference.mean > 0.0 { "+" } else { "" };
            let interval = difference
                .interval
                .map(|(low, high)| format!(" ({} to {})", short.write(low), short.write(high)));
            format!("{sign}{}{}", short.write(difference.mean), interval.unwrap_or_default())
        })
        .collect();
    let names: Vec<String> = others.iter().map(|rated| fitted(&label(rated), 420, TEXT)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text_width(text, TEXT)).max().unwrap_or(0);
    let frame = Frame {
        left: MARGIN + widest(&names) + 24,
        top: top + 40,
        right: WIDTH - MARGIN - widest(&texts) - 16,
        bottom: top + 40 + others.len() as i32 * ROW,
        inset: INSET,
    };
    let scale = Scale::horizontal(values().chain([0.0]), unit.numbers, frame.right - frame.left - 2 * INSET);
    frame.x_ticks(&mut picture, &scale);
    let zero = frame.x(&scale, 0.0);
    picture.line(vec![(zero, frame.top), (zero, frame.bottom)], 3, FAINT_INK);
    for (row, (rated, difference)) in (0..).zip(others.iter().zip(&differences)) {
        let middle = frame.top + row * ROW + ROW / 2;
        let edge = middle + ROW / 2;
        picture.line(vec![(MARGIN, edge), (WIDTH - MARGIN, edge)], 2, GRID);
        picture.text(&names[row as usize], (MARGIN, middle), Anchor::Start, TEXT, INK);
        picture.text(&texts[row as usize], (WIDTH - MARGIN, middle), Anchor::End, TEXT, INK);
        let colour = look(rated.policy).colour;
        if let Some((low, high)) = difference.interval {
            let [low, high] = [low, high].map(|value| (frame.x(&scale, value), middle));
            bar(&mut picture, low, high, RADIUS, colour);
        }
        let shape = if rated.standing == Standing::Worse { Shape::Disc } else { Shape::Ring };
        point(&mut picture, shape, (frame.x(&scale, difference.mean), middle), RADIUS, colour);
        let place = Place::Rectangle { from: (MARGIN, middle - ROW / 2), to: (WIDTH - MARGIN, edge) };
        picture.tip(place, &tip(results, rated));
    }
    picture.height = frame.bottom + 74 + 20;
    if left_out > 0 {
        let words = format!("{left_out} more are further away: see best.csv.");
        picture.height = notes(&mut picture, &words, frame.bottom + 74) + 20;
    }
    Some(picture)
}

/// The values of the keys that make a difference to a policy, after its name where there are several.
fn label(results: &SweepResults, rated: &Rated) -> String {
    let values: Vec<&str> = (results.axes.iter().zip(&rated.at))
        .filter_map(|(axis, index)| Some(axis.values[(*index)?].as_str()))
        .collect();
    let values = values.join(", ");
    let best = results.best.iter().flat_map(|best| &best.rated);
    match best.into_iter().any(|other| other.policy != rated.policy) || values.is_empty() {
        true => format!("{} {values}", results.policies[rated.policy]).trim_end().to_owned(),
        false => values,
    }
}

fn tip(results: &SweepResults, rated: &Rated) -> String {
    let mut lines = vec![results.policies[rated.policy].clone()];
    let values = results.axes.iter().zip(&rated.at);
    lines.extend(
        values.filter_map(|(axis, index)| Some(format!("{} = {}", axis.key, axis.values[(*index)?]))),
    );
    if let (Some(best), Some(difference)) = (&results.best, rated.difference) {
        let measure = best.objective.measure;
        let style = Style::of_difference(measure.unit, difference.values());
        lines.push(format!("{}, less the best: {}", measure.label, style.figure(difference.mean)));
        lines.extend(rated.p_adjusted.map(|p| format!("adjusted p = {p:.4}")));
    }
    lines.push(in_words(rated.standing).to_owned());
    lines.join("\n")
}
