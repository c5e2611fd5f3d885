//! Ctrl-C in the midst of a run.
#![cfg(unix)]

use crate::place::{Ended, Place, assert_same_files};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn scenario(accounts: u32, per_day: &str, horizon: &str) -> String {
    format!(
        r#"
[scenario]
name = "long"
horizon = "{horizon}"
[prices]
"m" = {{ input = 0, output = 0 }}
[[cohort]]
accounts = {accounts}
workload.arrivals.poisson.per_day = {per_day}
workload.tokens = {{ prompt = 500, output = 1 }}
workload.models.m = 1
[[policy]]
kind = "postpaid"
"#
    )
}

/// Starts a run, waits until its work has begun, presses Ctrl-C, and returns how it ended.
fn interrupted(place: &Place, arguments: &str) -> Ended {
    let mut run = place.command(arguments);
    let run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let began = Instant::now();
    while !place.names("output").iter().any(|name| name.ends_with(".partial")) {
        assert!(began.elapsed() < Duration::from_secs(60), "the run does not begin");
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(100));
    let kill = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    assert!(kill.expect("there is a command `kill`").success());
    let pressed = Instant::now();
    let ended = run.wait_with_output().expect("it ends");
    assert!(pressed.elapsed() < Duration::from_secs(20), "it took {:?} to end", pressed.elapsed());
    ended.into()
}

#[test]
fn ctrl_c_ends_a_run_at_once_and_leaves_earlier_results_as_they_were() {
    let place = Place::new();
    place.write("short.toml", scenario(2, "10", "3d"));
    place.write("many-accounts.toml", scenario(1_000_000, "100", "900d"));
    place.write("many-requests.toml", scenario(1, "4_000_000", "900d"));
    place.succeeds("run short.toml --quiet");
    let before = place.files("output");
    for arguments in [
        "run many-accounts.toml",
        "run many-accounts.toml --ledger --accounts",
        "run many-requests.toml",
        "run many-requests.toml --threads 1 --quiet",
    ] {
        let ended = interrupted(&place, arguments);
        assert_eq!(ended.status, Some(130), "billsim {arguments}: {}", ended.stderr);
        assert_eq!(ended.stderr, "error: interrupted; earlier results are as they were\n");
        assert_eq!(ended.stdout, "");
        assert_eq!(place.names("output"), ["long"], "billsim {arguments}");
        assert_same_files(&before, &place.files("output"));
    }
}

#[test]
fn ctrl_c_in_the_second_of_two_scenarios_keeps_the_results_of_the_first() {
    let place = Place::new();
    place.write("short.toml", scenario(2, "10", "3d").replace("\"long\"", "\"short\""));
    place.write("long.toml", scenario(1_000_000, "100", "900d"));
    place.succeeds("run short.toml --quiet --replications 2");
    let ended = interrupted(&place, "run short.toml long.toml --no-plots --quiet");
    assert_eq!(ended.status, Some(130), "{}", ended.stderr);
    assert_eq!(place.names("output"), ["short"]);
}
