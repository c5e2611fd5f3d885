//! Scenarios, files and disks at fault: what is told, and that nothing is lost or left behind.

use crate::place::{BILLSIM, Ended, MIXED, Place, assert_same_files};
use std::fs::{self, File, OpenOptions};
use std::process::Command;

/// A place with results of an earlier run, beside which nothing may change.
fn with_earlier_results() -> Place {
    let place = Place::with_mixed();
    place.succeeds("run mixed.toml --quiet --replications 1");
    place
}

#[test]
fn a_scenario_at_fault_is_told_and_earlier_results_stay() {
    let place = with_earlier_results();
    place.write("empty.toml", "");
    place.write("binary.toml", [0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe]);
    place.write("zeros.toml", [0; 1000]);
    place.write("syntax.toml", MIXED.replace("[prices]", "[prices"));
    place.write(
        "several.toml",
        MIXED.replace("input = 5.00", "input = -5.00").replace("threshold", "treshold"),
    );
    fs::create_dir(place.path("folder.toml")).expect("a folder");
    let large = File::create(place.path("large.toml")).expect("a file");
    large.set_len(100_000_000).expect("a sparse file");
    let before = place.files("output");

    for (file, parts) in [
        ("empty.toml", &["error: empty.toml: the file lacks `prices`\nhint: ", "lacks `cohort`"][..]),
        ("binary.toml", &["error: binary.toml: this is no text: line 1 is not UTF-8\nhint: "]),
        ("zeros.toml", &["error: zeros.toml:1:1: ", "hint: "]),
        ("large.toml", &["error: large.toml: this is larger than 10 MB", "hint: "]),
        ("folder.toml", &["error: folder.toml: this is a folder\nhint: "]),
        ("missing.toml", &["error: missing.toml: cannot be read: No such file", "hint: "]),
        ("syntax.toml", &["error: syntax.toml:", "| [prices\n", "hint: "]),
        (
            "several.toml",
            &["several.toml:13:17: `input`", "several.toml:65:1: unknown key `treshold`", "hint: "],
        ),
    ] {
        for command in ["check", "run", "run mixed.toml", "explain --policy trial --account 0"] {
            let told = place.fails(&format!("{command} {file}"), 1);
            for part in parts {
                assert!(told.contains(part), "{command} {file}: {part} is not in {told}");
            }
            assert!(told.lines().all(|line| line.chars().count() < 300), "{command} {file}: {told}");
        }
    }
    assert_same_files(&before, &place.files("output"));
    assert_eq!(place.names("output"), ["mixed"]);
}

#[test]
fn the_faults_of_all_scenarios_are_told_at_once() {
    let place = Place::with_mixed();
    place.write("a.toml", MIXED.replace("horizon = ", "horizno = "));
    place.write("b.toml", MIXED.replace("seed = 7", "seed = -7"));
    let told = place.fails("run a.toml mixed.toml b.toml", 1);
    assert!(told.contains("error: a.toml:3:1: unknown key `horizno`"), "{told}");
    assert!(told.contains("\n\nerror: b.toml:6:8: `seed` must be"), "{told}");
    assert_eq!(place.names(""), ["a.toml", "b.toml", "mixed.toml"]);
}

#[test]
fn a_trace_at_fault_is_told_with_its_line() {
    let place = Place::new();
    let scenario = r#"
[prices]
"m" = { input = 1.00, output = 2.00 }
[[cohort]]
accounts = 2
workload = { arrivals = { trace = { file = "trace.csv", format = "billsim" } }, models = { "m" = 1 } }
[[policy]]
kind = "prepaid_pause"
"#;
    place.write("traced.toml", scenario);
    let told = place.fails("run traced.toml", 1);
    assert!(told.contains("traced.toml:6:44: there is no file trace.csv"), "{told}");
    assert!(told.contains("hint: paths are relative to the scenario file"), "{told}");
    for (trace, wrong) in [
        ("time,prompt_tokens\n0,1\n", "output_tokens"),
        ("time,prompt_tokens,output_tokens\n0,1,1\n5,-1,1\n", "trace.csv:3: "),
        ("time,prompt_tokens,output_tokens\nyesterday,1,1\n", "trace.csv:2: "),
        ("time,prompt_tokens,output_tokens\n0,1,1\n1,1\n", "trace.csv:3: "),
        ("time,prompt_tokens,output_tokens\n0,1,99999999999\n", "trace.csv:2: "),
        ("time,model,prompt_tokens,output_tokens\n0,gpt,1,1\n", "gpt"),
        ("", "trace.csv"),
        ("\u{0}\u{1}\u{2}", "trace.csv"),
    ] {
        place.write("trace.csv", trace);
        let told = place.fails("run traced.toml", 1);
        assert!(told.contains("traced.toml:6:44: ") && told.contains(wrong), "{trace:?}: {told}");
        assert!(told.contains("\nhint: "), "{trace:?}: {told}");
    }
    fs::remove_file(place.path("trace.csv")).expect("it can be removed");
    fs::create_dir(place.path("trace.csv")).expect("a folder");
    let told = place.fails("run traced.toml", 1);
    assert!(told.contains("traced.toml:6:44: ") && told.contains("trace.csv"), "{told}");
    assert_eq!(place.names(""), ["trace.csv", "traced.toml"]);
}

#[test]
fn what_is_no_result_is_not_replaced() {
    let place = Place::with_mixed();
    place.write("file", "years of work");
    place.write("thesis/thesis.tex", "years of work");
    let before = place.files("");
    for (out, told) in [
        ("file", "HERE/file: is a file, but the results need a folder\nhint: "),
        ("file/below", "file/below: cannot find the folder: Not a directory"),
        ("thesis", "HERE/thesis: holds something other than results of billsim"),
        (".", "HERE: holds something other than results of billsim"),
        ("/", "/: holds something other than results of billsim"),
        ("/proc/nosuch/results", "/proc/nosuch: cannot create the folder: "),
    ] {
        let shown = place.fails(&format!("run mixed.toml --out {out}"), 1);
        assert!(shown.contains(told) && shown.contains("\nhint: "), "--out {out}: {shown}");
        assert_same_files(&before, &place.files(""));
    }
    let told = place.fails("plot thesis", 1);
    assert!(told.starts_with("error: thesis/") && told.contains("\nhint: "), "{told}");
    let told = place.fails("plot nowhere", 1);
    assert!(told.starts_with("error: nowhere/") && told.contains("\nhint: "), "{told}");
    assert_same_files(&before, &place.files(""));
    assert_eq!(place.names(""), ["file", "mixed.toml", "thesis"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_mixed();
    let output = place.path("output");
    fs::create_dir(&output).expect("a folder");
    fs::set_permissions(&output, fs::Permissions::from_mode(0o555)).expect("it is ours");
    if File::create(output.join("probe")).is_ok() {
        eprintln!("skipped: permissions do not bind this user");
        return;
    }
    let told = place.fails("run mixed.toml", 1);
    assert!(
        told.starts_with("error: HERE/output: cannot create a folder in it: Permission denied"),
        "{told}"
    );
    assert!(told.contains("hint: make the folder writable"), "{told}");
    fs::set_permissions(&output, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn results_that_were_damaged_are_told_when_they_are_drawn() {
    let place = with_earlier_results();
    let whole = place.read("output/mixed/summary.csv");
    for damaged in ["", "policy,cohort\n", &whole[..whole.len() / 2], &whole.replace("usd,", "usd,x")] {
        place.write("output/mixed/summary.csv", damaged);
        let told = place.fails("plot output/mixed", 1);
        assert!(told.contains("output/mixed/summary.csv") && told.contains("\nhint: "), "{told}");
    }
}

/// Runs the program where no file may become larger than so many blocks, as if the disk were full.
#[cfg(unix)]
fn on_a_full_disk(place: &Place, blocks: u32, arguments: &str) -> Ended {
    // The shell's own complaint is of no interest; a signal would end the program before it can say a word.
    let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec {BILLSIM} {arguments}");
    let output = Command::new("sh").arg("-c").arg(script).current_dir(place.path("")).output();
    output.expect("there is a shell").into()
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_whatever_is_being_written_and_earlier_results_stay() {
    let place = with_earlier_results();
    let before = place.results("output/mixed");
    let mut met = Vec::new();
    for options in ["--no-plots", "--no-plots --accounts", "--ledger --accounts", ""] {
        for blocks in [0, 2, 10, 30, 60, 100, 150, 200, 400] {
            let arguments = format!("run mixed.toml {options}");
            let ended = on_a_full_disk(&place, blocks, &arguments);
            if ended.status == Some(0) {
                place.succeeds("run mixed.toml --quiet --replications 1");
                continue;
            }
            assert_eq!(ended.status, Some(1), "{blocks} blocks, {arguments}: {}", ended.stderr);
            let told = ended.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
            assert!(told.contains(": cannot write: File too large"), "{}", ended.stderr);
            assert!(ended.stderr.contains("\nhint: "), "{}", ended.stderr);
            let file = told.split(": ").nth(1).and_then(|path| path.rsplit('/').next());
            met.push(file.unwrap_or_default().to_owned());
            assert_eq!(place.names("output"), ["mixed"]);
            assert_same_files(&before, &place.results("output/mixed"));
        }
    }
    met.sort();
    met.dedup();
    assert!(met.len() >= 4 && met.contains(&"ledger.csv".to_owned()), "only {met:?} were met");
}

#[cfg(unix)]
#[test]
fn a_scenario_that_does_not_fit_the_disk_leaves_no_half_of_it() {
    let place = Place::new();
    let ended = on_a_full_disk(&place, 1, "new mine.toml");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("error: mine.toml: cannot write: File too large"), "{}", ended.stderr);
    assert!(place.names("").is_empty());
}

#[cfg(unix)]
#[test]
fn plots_that_do_not_fit_the_disk_leave_those_that_were_there() {
    let place = with_earlier_results();
    let before = place.files("output");
    for blocks in [0, 2, 40] {
        let ended = on_a_full_disk(&place, blocks, "plot output/mixed");
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("cannot write: File too large"), "{}", ended.stderr);
        assert_same_files(&before, &place.files("output"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn full_streams_are_told_where_they_can_be() {
    let place = Place::with_mixed();
    let full = || OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    for arguments in ["policies", "check mixed.toml", "run mixed.toml --replications 1 --no-plots"] {
        let ended = Ended::from(place.command(arguments).stdout(full()).output().expect("it starts"));
        assert_eq!(ended.status, Some(1), "billsim {arguments}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("error: standard output: cannot write: No space left"),
            "{}",
            ended.stderr
        );
    }
    assert_eq!(place.names("output"), ["mixed"], "the results are written all the same");
    for (arguments, status) in
        [("run mixed.toml --replications 1 --no-plots", 0), ("check nosuch.toml", 1), ("run --nosuch", 2)]
    {
        let output = place.command(arguments).stderr(full()).output().expect("it starts");
        assert_eq!(output.status.code(), Some(status), "billsim {arguments}");
    }
}

/// A scenario of one request a day for 9 days, to be filled in with what goes beyond what can be counted.
fn beyond(prompt: &str, price: &str, policy: &str) -> String {
    format!(
        r#"
[scenario]
horizon = "9d"
[prices]
"m" = {{ input = {price}, output = 0 }}
[[cohort]]
name = "whales"
accounts = 3
workload.arrivals.gamma = {{ per_day = 1, cv = 0 }}
workload.tokens = {{ prompt = {prompt}, output = 1 }}
workload.models.m = 1
customer.buys_credit = {{ delay = "1h", amount = 1_500_000_000 }}
[[policy]]
{policy}
"#
    )
}

#[test]
fn what_cannot_be_counted_is_told_with_the_account_that_it_is_about() {
    let place = Place::new();
    let prepaid = "kind = \"prepaid_pause\"\ninitial_purchase = 1_500_000_000";
    let top_up = "kind = \"auto_topup\"\ninitial_purchase = 1_500_000_000\nthreshold = 500_000_000\n\
                  amount = 1_500_000_000";
    let spends = "the requests of one account cost more than 2000000000.00 dollars in all: lower";
    for (scenario, told) in [
        (beyond("1_000_000_000", "1_000_000", "kind = \"postpaid\""), spends),
        (beyond("1_000_000_000", "1_000_000", prepaid), spends),
        (beyond("200_000_000", "1_000_000", top_up), "fees are more than $2000000000.00 in all; lower"),
        (
            beyond("{ lognormal = { median = 4e9, sigma = 1 } }", "0", "kind = \"postpaid\""),
            "at most 4294967295 can be counted: set a `max` on `prompt`",
        ),
    ] {
        place.write("beyond.toml", scenario);
        for command in ["run beyond.toml --ledger", "run beyond.toml --threads 1"] {
            let shown = place.fails(command, 1);
            assert!(
                shown.starts_with("error: beyond.toml: account 0 of cohort `whales`, replication 0: "),
                "{shown}"
            );
            assert!(shown.contains(told), "{shown}");
            assert!(place.names("output").is_empty(), "{:?}", place.names("output"));
        }
    }
}
