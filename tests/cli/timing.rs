//! `billsim run --timing`: where the time went.

use crate::place::{Place, assert_same_files};

/// The seconds of each line of the tables that follow a caption each.
fn tables(text: &str) -> Vec<(String, Vec<(String, f64)>)> {
    let mut tables: Vec<(String, Vec<(String, f64)>)> = Vec::new();
    for line in text.lines() {
        let (name, figures) = line.split_at(line.len().min(24));
        if figures.trim_start().starts_with("seconds") {
            tables.push((name.trim().to_owned(), Vec::new()));
        } else if let (Some((_, lines)), Some(seconds)) =
            (tables.last_mut(), figures.split_whitespace().next())
        {
            lines.push((name.trim().to_owned(), seconds.parse().expect("seconds")));
        }
    }
    tables
}

#[test]
fn the_time_of_a_run_adds_up_for_the_clock_and_for_the_threads() {
    let place = Place::with_mixed();
    let ended = place.succeeds("run mixed.toml --timing --threads 2");
    assert!(ended.stdout.starts_with("All cohorts: "), "{}", ended.stdout);
    let tables = tables(&ended.stderr);
    let [(clock, by_clock), (threads, of_threads)] = &tables[..] else { panic!("{}", ended.stderr) };
    assert_eq!((clock.as_str(), threads.as_str()), ("by the clock", "2 threads simulating"));
    let names = |lines: &[(String, f64)]| lines.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(
        names(by_clock),
        [
            "reading scenarios",
            "reading files they name",
            "preparing",
            "simulating",
            "gathering",
            "writing files",
            "drawing plots",
            "the rest",
            "in all"
        ]
    );
    assert_eq!(
        names(of_threads),
        [
            "drawing requests",
            "policy prepaid",
            "policy top-up",
            "policy postpaid",
            "policy trial",
            "waiting",
            "in all"
        ]
    );
    for (_, lines) in &tables {
        let ((_, all), parts) = lines.split_last().expect("there are lines");
        let sum: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
        assert!((sum - all).abs() < 0.0005 * lines.len() as f64, "{lines:?}");
    }
    let seconds = |lines: &[(String, f64)], name: &str| {
        lines.iter().find(|(known, _)| known == name).expect("the line is there").1
    };
    let simulating = seconds(by_clock, "simulating");
    assert!(simulating > 0.0 && seconds(by_clock, "drawing plots") > 0.0, "{by_clock:?}");
    assert!((seconds(of_threads, "in all") - 2.0 * simulating).abs() < 0.002, "{tables:?}");
}

#[test]
fn the_time_of_several_scenarios_is_told_together_even_by_a_quiet_run() {
    let place = Place::with_mixed();
    place.write("other.toml", place.read("mixed.toml").replace("name = \"trial\"", "name = \"tryout\""));
    let arguments = "run mixed.toml other.toml --no-plots --replications 1 --threads 1 --quiet --timing";
    let ended = place.succeeds(arguments);
    assert_eq!(ended.stdout, "");
    let tables = tables(&ended.stderr);
    assert_eq!(tables.len(), 2, "{}", ended.stderr);
    let policies: Vec<&str> =
        tables[1].1.iter().filter_map(|(name, _)| name.strip_prefix("policy ")).collect();
    assert_eq!(policies, ["prepaid", "top-up", "postpaid", "trial", "tryout"]);
}

#[test]
fn a_run_that_is_timed_writes_the_same_bytes() {
    let place = Place::with_mixed();
    place.succeeds("run mixed.toml --out plain --accounts --ledger --quiet");
    place.succeeds("run mixed.toml --out timed --accounts --ledger --quiet --timing");
    assert_same_files(&place.results("plain"), &place.results("timed"));
}
