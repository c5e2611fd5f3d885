//! What `billsim sweep` does.

use crate::place::{Ended, MIXED, Place, assert_same_files};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const GRID: &str = "--set policy.top-up.threshold=1,2.00,5 --set metering.delay=0s,10m";

/// The lines of a CSV file that begin so, without that beginning.
fn lines(text: &str, beginning: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix(beginning)).map(str::to_owned).collect()
}

#[test]
fn a_point_has_the_figures_of_a_run_with_its_values_written_in_the_file() {
    let place = Place::with_mixed();
    place.succeeds(&format!("sweep mixed.toml --quiet --no-plots {GRID}"));
    assert_eq!(place.names("output"), ["mixed-sweep"]);
    let written = MIXED
        .replace("threshold = 2.00", "threshold = 5")
        .replace("[payments]", "[metering]\ndelay = \"10m\"\n[payments]");
    place.write("written.toml", written);
    place.succeeds("run written.toml --quiet --no-plots");
    for (file, of_run) in [("replications.csv", "replications.csv"), ("sweep.csv", "summary.csv")] {
        let swept = place.read(&format!("output/mixed-sweep/{file}"));
        let run = place.read(&format!("output/written/{of_run}"));
        let (header, rows) = run.split_once('\n').expect("a header");
        assert_eq!(lines(&swept, "policy.top-up.threshold,metering.delay,"), [header], "{file}");
        assert_eq!(lines(&swept, "5,10m,"), rows.lines().collect::<Vec<_>>(), "{file}");
        assert_ne!(lines(&swept, "5,0s,"), lines(&swept, "5,10m,"), "{file}");
        assert_ne!(lines(&swept, "1,10m,"), lines(&swept, "5,10m,"), "{file}");
        assert_eq!(swept.lines().count(), 1 + 6 * rows.lines().count(), "{file}");
    }
    let manifest = place.read("output/mixed-sweep/manifest.json");
    assert!(manifest.contains("\"key\": \"policy.top-up.threshold\""), "{manifest}");
    place.succeeds("run output/mixed-sweep/scenario.toml --out base --quiet --no-plots");
    place.succeeds("run mixed.toml --out file --quiet --no-plots");
    assert_eq!(place.read("base/replications.csv"), place.read("file/replications.csv"));
}

#[test]
fn neither_batches_nor_threads_nor_the_rest_of_the_grid_change_a_figure() {
    let place = Place::with_mixed();
    let sweep = |values: &str, rest: &str| {
        place.succeeds(&format!("sweep mixed.toml --quiet --set policy.top-up.threshold={values} {rest}"));
    };
    sweep("1..9:0.1", "--out many --threads 2");
    sweep("1..9:0.1", "--out one-thread --threads 1");
    sweep("7.5,8.0", "--out few --policy top-up --seed 7");
    assert_same_files(&place.results("many"), &place.results("one-thread"));
    let [many, few] = ["many", "few"].map(|folder| place.read(&format!("{folder}/replications.csv")));
    assert_eq!(lines(&many, "7.5,top-up,"), lines(&few, "7.5,top-up,"));
    assert!(!lines(&few, "7.5,top-up,").is_empty() && lines(&few, "7.5,prepaid,").is_empty());
}

#[test]
fn the_best_is_told_with_what_keeps_it_from_being_sure() {
    let place = Place::with_mixed();
    let goal = "--best contribution_usd --replications 5";
    let ended = place.succeeds(&format!("sweep mixed.toml {GRID} {goal} --subject-to lost_share<90%"));
    for part in [
        "best: policy.top-up.threshold = ",
        "\n  contribution: $",
        "to be < 90.0 %",
        "next to it:\n",
        "less the best",
    ] {
        assert!(ended.stdout.contains(part), "{part} is not in {}", ended.stdout);
    }
    assert!(
        ended
            .stdout
            .lines()
            .take_while(|line| !line.starts_with("best"))
            .all(|line| line.chars().count() <= 100)
    );
    let table = place.table("output/mixed-sweep/best.csv");
    assert_eq!(table.len(), 6);
    assert_eq!(table.iter().filter(|row| row["standing"] == "best").count(), 1);
    let ended =
        place.succeeds(&format!("sweep mixed.toml {GRID} {goal} --subject-to lost_share<=0 --no-plots"));
    assert!(
        ended.stdout.contains("no point keeps all constraints\nnearest to it: policy.top-up."),
        "{}",
        ended.stdout
    );

    let ended = place.succeeds(
        "sweep mixed.toml --set platform.serving_cost=0.2,0.5,0.8 --best contribution_usd --no-plots",
    );
    assert!(ended.stdout.contains(", platform.serving_cost = 0.2\n"), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("warning: the best has the lowest platform.serving_cost of all, 0.2"),
        "{}",
        ended.stderr
    );
}

#[test]
fn plots_of_a_sweep_are_drawn_again_from_its_files() {
    let place = Place::with_mixed();
    for (keys, plot) in [
        ("--set policy.top-up.threshold=1,2,5", "contribution_usd.svg"),
        ("--set policy.top-up.threshold=1,2 --set policy.top-up.amount=10,20", "contribution_usd.png"),
        (
            "--set policy.top-up.threshold=1,2 --set policy.trial.credit=1,2",
            "contribution_usd-by-2-policy-trial-credit.svg",
        ),
    ] {
        place.succeeds(&format!("sweep mixed.toml --quiet {keys} --best net_cash_usd"));
        let drawn = place.files("output/mixed-sweep");
        assert!(drawn.contains_key(&format!("plots/{plot}")), "{:?}", drawn.keys());
        std::fs::remove_dir_all(place.path("output/mixed-sweep/plots")).expect("it can be removed");
        let ended = place.succeeds("plot output/mixed-sweep");
        assert!(ended.stdout.starts_with("output/mixed-sweep/plots/trade-off.svg\n"), "{}", ended.stdout);
        assert_same_files(&drawn, &place.files("output/mixed-sweep"));
    }
}

#[test]
fn a_sweep_at_fault_is_told_and_leaves_no_trace() {
    let place = Place::with_mixed();
    for (arguments, told) in [
        ("", "--set <KEY=VALUES>"),
        ("--set policy.top-up.threshold", "there is no value"),
        ("--set policy.topup.threshold=1", "there is no policy `topup`\nhint: did you mean `top-up`?"),
        ("--set policy.top-up.threshold=-1,2 --set paymnts.decline=0.1", "unknown key `paymnts`"),
        ("--set policy.top-up.threshold=1,-2", "with policy.top-up.threshold = -2: `threshold` must be"),
        ("--set policy.top-up.threshold=1 --set policy.top-up.threshold=2", "swept twice"),
        ("--set policy.top-up.threshold=1 --best contribution", "did you mean `contribution_usd`?"),
        ("--set policy.top-up.threshold=1 --best breakage_usd", "write max:breakage_usd or min:breakage_usd"),
        ("--set policy.top-up.threshold=1 --subject-to lost<5", "--best <MEASURE>"),
        ("--set policy.top-up.threshold=1 --policy nosuch", "there is no policy `nosuch`"),
    ] {
        let ended = place.billsim(&format!("sweep mixed.toml {arguments}"));
        assert_eq!(ended.status, Some(2), "{arguments}: {}", ended.stderr);
        assert!(ended.stderr.contains(told), "{arguments}: {told} is not in {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments}");
        assert_eq!(place.names(""), ["mixed.toml"], "{arguments}");
    }
    place.write("broken.toml", MIXED.replace("seed = 7", "seed = -7"));
    let told = place.fails("sweep broken.toml --set metering.delay=0s", 1);
    assert!(told.starts_with("error: broken.toml:6:8: `seed` must be"), "{told}");
    place.write("output/mixed-sweep/thesis.tex", "years of work");
    let told = place.fails("sweep mixed.toml --set metering.delay=0s", 1);
    assert!(told.contains("holds something other than results of billsim"), "{told}");
    assert_eq!(place.names("output"), ["mixed-sweep"]);
}

#[test]
fn help_explains_keys_and_values() {
    let help = Place::new().succeeds("sweep --help").stdout;
    for part in ["1..1000:log7", "prices.\"gpt-4.1\".input", "lost_share<0.5%", "KEY=VALUES"] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
}

/// A policy that is swept in three parts of about a second each.
const LONG: &str = r#"
[scenario]
replications = 2
horizon = "30d"
[prices]
"m" = { input = 100, output = 0 }
[[cohort]]
accounts = 1000
workload.arrivals.poisson.per_day = 40
workload.tokens = { prompt = 500, output = 1 }
workload.models.m = 1
customer.buys_credit = { delay = "1h", amount = 5 }
[[policy]]
name = "p"
kind = "prepaid_pause"
"#;
const LONG_SWEEP: &str =
    "sweep long.toml --no-plots --set policy.p.initial_purchase=1..160:1 --best usage_usd";

/// Starts a sweep into `parts`, and ends it by a signal once its first part is done.
#[cfg(unix)]
fn stopped(place: &Place, signal: &str) -> Ended {
    let mut sweep = place.command(&format!("{LONG_SWEEP} --out parts"));
    let sweep = sweep.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let began = Instant::now();
    while !place.path(".parts.journal/00000.json").exists() {
        assert!(began.elapsed() < Duration::from_secs(120), "no part is done");
        sleep(Duration::from_millis(2));
    }
    let kill = Command::new("kill").args([signal, &sweep.id().to_string()]).status();
    assert!(kill.expect("there is a command `kill`").success());
    sweep.wait_with_output().expect("it ends").into()
}

#[cfg(unix)]
#[test]
fn a_sweep_that_was_stopped_goes_on_where_it_was_and_gives_the_same_files() {
    let place = Place::new();
    place.write("long.toml", LONG);
    place.succeeds(&format!("{LONG_SWEEP} --out whole --quiet"));
    assert_eq!(place.names(""), ["long.toml", "whole"]);

    let ended = stopped(&place, "-INT");
    assert_eq!(ended.status, Some(130), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("error: interrupted; ") && ended.stderr.contains(" of 3 parts are done"),
        "{}",
        ended.stderr
    );
    assert_eq!(place.names(""), [".parts.journal", "long.toml", "whole"]);
    let ended = place.succeeds(&format!("{LONG_SWEEP} --out parts"));
    assert!(ended.stderr.starts_with("continues where it stopped: "), "{}", ended.stderr);
    assert_same_files(&place.results("whole"), &place.results("parts"));
    assert_eq!(place.names(""), ["long.toml", "parts", "whole"]);

    let ended = stopped(&place, "-KILL");
    assert_eq!(ended.status, None, "{}", ended.stderr);
    assert_same_files(&place.results("whole"), &place.results("parts"));
    let other = format!("{LONG_SWEEP} --out parts --seed 1").replace("1..160:1", "1,2");
    assert!(!place.succeeds(&other).stderr.contains("continues"), "another sweep begins anew");
    stopped(&place, "-KILL");
    let ended = place.succeeds(&format!("{LONG_SWEEP} --out parts"));
    assert!(ended.stderr.starts_with("continues where it stopped: "), "{}", ended.stderr);
    assert_same_files(&place.results("whole"), &place.results("parts"));
    assert_eq!(place.names(""), ["long.toml", "parts", "whole"]);
}
