//! What `output/README.md` promises of the columns.

use billsim::metrics::MEASURES;

const README: &str = include_str!("../output/README.md");

/// The first two cells of each table row that begins with a name: (name, unit).
fn documented() -> impl Iterator<Item = (&'static str, &'static str)> {
    let measures = README.split("## replications.csv").nth(1).expect("the file has a section on measures");
    let section = measures.split("\n## ").next().expect("a split has a first part");
    section.lines().filter_map(|line| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((name, cells.next()?))
    })
}

#[test]
fn every_measure_is_told_with_its_unit_in_the_order_of_the_columns() {
    let columns = MEASURES.iter().map(|measure| (measure.name, measure.unit.name()));
    assert_eq!(documented().collect::<Vec<_>>(), columns.collect::<Vec<_>>());
}
