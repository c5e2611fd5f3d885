//! The other commands, and what goes to which stream.

use crate::place::{MIXED, Place, assert_same_files};
use billsim::document::{Absent, Described};
use billsim::policy::{Kinds, common};
use std::fs;
use std::process::Stdio;

#[test]
fn check_says_what_a_scenario_asks_and_writes_nothing() {
    let place = Place::with_mixed();
    place.write("other.toml", MIXED);
    let ended = place.succeeds("check mixed.toml other.toml");
    for part in ["mixed: ", "other: ", "developers: 20 accounts", "4 policies:\n  prepaid (prepaid_pause): "]
    {
        assert!(ended.stdout.contains(part), "{part} is not in {}", ended.stdout);
    }
    assert_eq!(ended.stderr, "");
    assert_eq!(place.names(""), ["mixed.toml", "other.toml"]);
}

#[test]
fn a_new_scenario_runs_and_is_not_overwritten() {
    let place = Place::new();
    let ended = place.succeeds("new mine.toml");
    assert_eq!(ended.stdout, "");
    assert!(ended.stderr.contains("run it with `billsim run mine.toml`"), "{}", ended.stderr);
    let template = place.read("mine.toml");
    place.succeeds("check mine.toml");
    let small =
        template.replace("accounts = 200", "accounts = 4").replace("replications = 10", "replications = 2");
    assert_ne!(small, template);
    place.write("small.toml", small);
    place.succeeds("run small.toml");
    assert!(place.names("output/small/plots").contains(&"scorecard.svg".to_owned()));

    place.write("mine.toml", "years of work");
    let told = place.fails("new mine.toml", 1);
    assert_eq!(told, "error: mine.toml: is there already\nhint: choose another name\n");
    assert_eq!(place.read("mine.toml"), "years of work");
    let told = place.fails("new nowhere/mine.toml", 1);
    assert!(told.starts_with("error: nowhere/mine.toml: cannot write: "), "{told}");
}

#[test]
fn policies_lists_every_kind_with_each_parameter_and_its_default() {
    let ended = Place::new().succeeds("policies");
    assert_eq!(ended.stderr, "");
    let kinds = Kinds::built_in();
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names, ["prepaid_pause", "auto_topup", "postpaid", "trial"]);
    let mut rest = ended.stdout.as_str();
    let mut expect = |text: String| {
        let (_, after) = rest.split_once(&text).unwrap_or_else(|| panic!("{text} is not in {rest}"));
        rest = after;
    };
    for kind in kinds.iter() {
        expect(format!("{}: {}", kind.name, kind.summary));
        for key in kind.keys.iter().flat_map(|key| key.entry().keys()) {
            expect(heading(&key));
        }
    }
    for key in common::KEYS.iter().chain(common::SCENARIO_KEYS).flat_map(|key| key.entry().keys()) {
        expect(heading(&key));
    }
}

/// What a key is listed under.
fn heading(key: &Described) -> String {
    let absent = match key.absent {
        Absent::Required { .. } => "required",
        Absent::Default(default) | Absent::Words(default) => &format!("default: {default}"),
        Absent::Alternative => "one of `amount`, `target`",
    };
    format!("\n  {} ({absent})\n", key.name)
}

#[test]
fn plots_and_page_drawn_again_have_the_same_bytes() {
    let place = Place::with_mixed();
    place.succeeds("run mixed.toml --quiet");
    let drawn = place.files("output/mixed");
    fs::remove_dir_all(place.path("output/mixed/plots")).expect("it can be removed");
    fs::remove_file(place.path("output/mixed/report.html")).expect("it can be removed");
    let ended = place.succeeds("plot output/mixed");
    assert_same_files(&drawn, &place.files("output/mixed"));
    assert_eq!(ended.stdout.lines().count(), place.names("output/mixed/plots").len() + 1);
    assert!(ended.stdout.starts_with("output/mixed/plots/scorecard.svg\n"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("output/mixed/report.html\n"), "{}", ended.stdout);
    place.succeeds("plot output/mixed");
    assert_same_files(&drawn, &place.files("output/mixed"));
}

#[test]
fn explain_tells_the_story_of_an_account() {
    let place = Place::with_mixed();
    let story = place.succeeds("explain mixed.toml --policy top-up --account 3").stdout;
    assert!(story.contains("cohort developers") || story.contains("`developers`"), "{story}");
    let other =
        place.succeeds("explain mixed.toml --policy top-up --account 3 --cohort agents --postings").stdout;
    assert!(other.contains("agents") && other.contains("customer_credit"), "{other}");
    assert_eq!(place.names(""), ["mixed.toml"]);
}

#[test]
fn a_reader_that_has_gone_away_is_no_fault() {
    let place = Place::with_mixed();
    place.succeeds("run mixed.toml --quiet --replications 1");
    for arguments in [
        "policies",
        "schema",
        "check mixed.toml",
        "explain mixed.toml --policy trial --account 0",
        "plot output/mixed",
        "run mixed.toml --no-plots --replications 1",
        "sweep mixed.toml --set metering.delay=0s --no-plots --replications 1",
        "--help",
        "run --help",
        "--version",
    ] {
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        drop(reader);
        let output =
            place.command(arguments).stdout(writer).stderr(Stdio::piped()).output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "billsim {arguments}: {told}");
        assert!(!told.contains("error"), "billsim {arguments}: {told}");
    }
}

#[test]
fn a_command_line_at_fault_has_status_two_and_leaves_no_trace() {
    let place = Place::with_mixed();
    for (arguments, told) in [
        ("", "Usage: billsim"),
        ("simulate mixed.toml", "unrecognized subcommand 'simulate'"),
        ("run", "<FILE>"),
        ("run mixed.toml --fast", "unexpected argument '--fast'"),
        (
            "run mixed.toml --policy nosuch",
            "there is no policy `nosuch`; the scenario has `prepaid`, `top-up`",
        ),
        ("run mixed.toml --replications 0", "0 is not in 1.."),
        ("run mixed.toml --replications=-1", "-1 is not in 1.."),
        ("run mixed.toml --seed many", "invalid digit"),
        ("run mixed.toml --threads 0", "0 is not in 1..=1024"),
        ("check", "<FILE>"),
        ("explain mixed.toml --account 0", "--policy <NAME>"),
        (
            "explain mixed.toml --policy nosuch --account 0",
            "no policy `nosuch`\nhint: it has `prepaid`, `top-up`",
        ),
        (
            "explain mixed.toml --policy trial --account 20",
            "there is no account 20: cohort `developers` has 0 to 19",
        ),
        (
            "explain mixed.toml --policy trial --account 0 --cohort all",
            "no cohort `all`\nhint: it has `developers`",
        ),
        ("new", "<FILE>"),
        ("plot", "<DIR>"),
        ("policies extra", "unexpected argument 'extra'"),
    ] {
        let ended = place.billsim(arguments);
        assert_eq!(ended.status, Some(2), "billsim {arguments}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "billsim {arguments}");
        assert!(ended.stderr.contains(told), "billsim {arguments}: {}", ended.stderr);
        assert_eq!(place.names(""), ["mixed.toml"], "billsim {arguments}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let place = Place::new();
    let ended = place.succeeds("--help");
    for command in ["run", "sweep", "check", "explain", "plot", "new", "policies", "schema"] {
        assert!(ended.stdout.contains(&format!("\n  {command} ")), "{}", ended.stdout);
    }
    assert_eq!(place.succeeds("--version").stdout, concat!("billsim ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_unicode_is_a_path_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = OsStr::from_bytes(b"na\xefve.toml");
    let named = MIXED.replace("[scenario]", "[scenario]\nname = \"named\"");
    if fs::write(place.path("").join(name), named).is_err() {
        eprintln!("skipped: the file system takes Unicode only");
        return;
    }
    let output = place.command("run --quiet --no-plots").arg(name).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(place.read("output/named/manifest.json").contains("na\u{fffd}ve.toml"));
}
