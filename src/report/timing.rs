//! Where the time of a run went, as text for the terminal.

use super::figure::printable;
use crate::experiment;
use std::time::Duration;

/// Where the time of `billsim run` went, by the clock on the wall.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    /// Reading scenarios, without the files that they name.
    pub scenarios: Duration,
    /// Reading the traces and other files that they name.
    pub named_files: Duration,
    /// Running them.
    pub experiment: experiment::Timing,
    /// Writing every file but the plots.
    pub files: Duration,
    /// Drawing and writing the plots.
    pub plots: Duration,
    /// All of it, and what else there was.
    pub total: Duration,
    /// Requests simulated, each counted once for all policies together.
    pub requests: u64,
    /// How many threads simulated them.
    pub threads: usize,
}

/// What is timed, and how long it took.
type Line = (String, Duration);

/// Two tables: what passed by the clock on the wall, and what the threads did while it was simulating.
pub fn timing_text(timing: &Timing) -> String {
    let Timing { scenarios, named_files, experiment, files, plots, total, requests, threads } = timing;
    let experiment::Timing { preparing, simulating, gathering, available, drawing, policies } = experiment;
    let known = [
        ("reading scenarios", *scenarios),
        ("reading files they name", *named_files),
        ("preparing", *preparing),
        ("simulating", *simulating),
        ("gathering", *gathering),
        ("writing files", *files),
        ("drawing plots", *plots),
    ];
    let rest = total.saturating_sub(known.iter().map(|(_, time)| *time).sum());
    let wall: Vec<Line> =
        known.into_iter().chain([("the rest", rest)]).map(|(name, time)| (name.to_owned(), time)).collect();
    let mut of_threads = vec![("drawing requests".to_owned(), *drawing)];
    of_threads.extend(policies.iter().map(|(name, time)| (format!("policy {}", printable(name)), *time)));
    of_threads.push(("waiting".to_owned(), experiment.waiting()));

    let plural = if *threads == 1 { "" } else { "s" };
    let caption = format!("{threads} thread{plural} simulating");
    table("by the clock", &wall, *total, *requests)
        + "\n"
        + &table(&caption, &of_threads, *available, *requests)
}

/// Lines with their shares of a whole, and the whole.
fn table(caption: &str, lines: &[Line], whole: Duration, requests: u64) -> String {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(24);
    let line = |name: &str, time: Duration| {
        let seconds = time.as_secs_f64();
        let share = 100.0 * seconds / whole.as_secs_f64().max(f64::MIN_POSITIVE);
        let each = seconds * 1e9 / (requests as f64).max(1.0);
        format!("{name:width$} {seconds:>9.3} {share:>6.1} % {each:>13.2}\n")
    };
    let mut text = format!("{caption:width$} {:>9} {:>8} {:>13}\n", "seconds", "share", "ns a request");
    text.extend(lines.iter().map(|(name, time)| line(name, *time)));
    text + &line("in all", whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_adds_up_to_its_whole() {
        let ms = Duration::from_millis;
        let timing = Timing {
            scenarios: ms(10),
            named_files: ms(20),
            experiment: experiment::Timing {
                preparing: ms(5),
                simulating: ms(100),
                gathering: ms(15),
                available: ms(200),
                drawing: ms(120),
                policies: vec![
                    ("a\u{1b}".to_owned(), ms(50)),
                    ("a rather long name of a policy".to_owned(), ms(20)),
                ],
            },
            files: ms(7),
            plots: ms(40),
            total: ms(200),
            requests: 1_000_000,
            threads: 2,
        };
        let expected = "\
by the clock               seconds    share  ns a request
reading scenarios            0.010    5.0 %         10.00
reading files they name      0.020   10.0 %         20.00
preparing                    0.005    2.5 %          5.00
simulating                   0.100   50.0 %        100.00
gathering                    0.015    7.5 %         15.00
writing files                0.007    3.5 %          7.00
drawing plots                0.040   20.0 %         40.00
the rest                     0.003    1.5 %          3.00
in all                       0.200  100.0 %        200.00

2 threads simulating                    seconds    share  ns a request
drawing requests                          0.120   60.0 %        120.00
policy a\u{fffd}                                 0.050   25.0 %         50.00
policy a rather long name of a policy     0.020   10.0 %         20.00
waiting                                   0.010    5.0 %         10.00
in all                                    0.200  100.0 %        200.00
";
        assert_eq!(timing_text(&timing), expected);
    }

    #[test]
    fn a_run_of_nothing_has_no_shares() {
        let text = timing_text(&Timing { threads: 1, ..Timing::default() });
        assert!(
            text.contains("1 thread simulating") && !text.contains("NaN") && !text.contains("inf"),
            "{text}"
        );
    }
}
