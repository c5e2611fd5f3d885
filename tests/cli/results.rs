//! What `billsim run` writes.

use crate::place::{MIXED, Place, assert_same_files};
use billsim::experiment::daily_measures;
use billsim::metrics::{Levels, MEASURES, Unit};
use billsim::report::description::Words;
use std::collections::BTreeMap;
use std::fs;

const EVERYTHING: &str = "--accounts --ledger --quiet";

/// The lines of a CSV file whose cell in a column is a given one.
fn lines(text: &str, column: usize, cell: &str) -> Vec<String> {
    text.lines().filter(|line| line.split(',').nth(column) == Some(cell)).map(str::to_owned).collect()
}

/// An exact decimal of up to nine places, as billionths.
fn nanos(decimal: &str) -> i128 {
    let (sign, digits) = decimal.strip_prefix('-').map_or((1, decimal), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits: i128 = format!("{whole}{fraction:0<9}").parse().expect("a decimal of up to nine places");
    sign * digits
}

#[test]
fn a_run_writes_every_file_with_its_header() {
    let place = Place::with_mixed();
    let ended = place.succeeds("run mixed.toml --accounts --ledger");
    let files = [
        "accounts.csv",
        "balances.csv",
        "comparison.csv",
        "description.json",
        "distribution.csv",
        "ledger.csv",
        "manifest.json",
        "plots",
        "replications.csv",
        "report.html",
        "scenario.toml",
        "sizes.csv",
        "summary.csv",
        "timeseries.csv",
    ];
    assert_eq!(place.names("output/mixed"), files);
    assert_eq!(place.names("output"), ["mixed"]);
    let plots = place.names("output/mixed/plots");
    for plot in ["balances", "differences", "money", "refusals", "scorecard", "service", "trade-off"] {
        let drawn = ["png", "svg"].map(|kind| plots.contains(&format!("{plot}.{kind}")));
        assert_eq!(drawn, [true; 2], "{plot} among {plots:?}");
    }

    let header =
        |file: &str| place.read(&format!("output/mixed/{file}.csv")).lines().next().map(str::to_owned);
    let names: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
    let measures = names.join(",");
    let levels = Levels::COLUMNS.map(|(name, ..)| name);
    let by_day: Vec<String> = (daily_measures().map(|measure| measure.name).chain(levels))
        .map(|name| format!("{name},{name}_low,{name}_high"))
        .collect();
    let of_accounts: Vec<&str> =
        MEASURES.iter().filter(|measure| measure.is_sum()).map(|measure| measure.name).collect();
    for (file, expected) in [
        ("replications", format!("policy,cohort,replication,{measures}")),
        ("accounts", format!("policy,cohort,account,{}", of_accounts.join(","))),
        ("summary", "policy,cohort,measure,unit,mean,sd,ci_low,ci_high,n".to_owned()),
        (
            "comparison",
            "cohort,measure,policy,baseline,difference,ci_low,ci_high,p_value,n,p_adjusted,relative,\
             relative_low,relative_high,pairing"
                .to_owned(),
        ),
        ("distribution", "policy,cohort,measure,unit,at_least,below,count".to_owned()),
        (
            "sizes",
            "policy,cohort,size_at_least_usd,size_below_usd,measure,unit,mean,ci_low,ci_high,n".to_owned(),
        ),
        ("timeseries", format!("policy,cohort,day,{}", by_day.join(","))),
        ("balances", "policy,cohort,account,time,balance_usd,event".to_owned()),
        ("ledger", "time,policy,cohort,account,event,debit,credit,amount_usd".to_owned()),
    ] {
        assert_eq!(header(file), Some(expected), "{file}.csv");
    }
    let rows = |file: &str| place.table(&format!("output/mixed/{file}.csv")).len();
    let (policies, cohorts, days, replications) = (4, 3, 40 + 30, 2);
    assert_eq!(rows("replications"), policies * cohorts * replications);
    assert_eq!(rows("summary"), policies * cohorts * MEASURES.len());
    assert_eq!(rows("comparison"), policies * (policies - 1) / 2 * cohorts * MEASURES.len());
    assert_eq!(rows("timeseries"), policies * cohorts * days);
    assert_eq!(rows("accounts"), policies * (20 + 8));

    let words = Words::read(&place.path("output/mixed")).expect("words");
    assert!(words.scenario.question.starts_with("What happens to 28 accounts over 40 days"), "{words:?}");
    assert!(words.warnings.iter().all(|warning| ended.stderr.contains(warning)), "{words:?}");
    for policy in ["prepaid", "top-up", "postpaid", "trial"] {
        assert!(ended.stdout.contains(policy), "{}", ended.stdout);
    }
    let told = "results in output/mixed\nreport: output/mixed/report.html\n";
    assert!(ended.stderr.ends_with(told), "{}", ended.stderr);
    let manifest = place.read("output/mixed/manifest.json");
    for key in [
        "version",
        "scenario_sha256",
        "seed",
        "replications",
        "command",
        "wall_seconds",
        "threads",
        "requests_simulated",
        "requests_per_second",
    ] {
        assert!(manifest.contains(&format!("\n  \"{key}\": ")), "{key} is not in {manifest}");
    }
}

#[test]
fn any_number_of_threads_and_any_later_run_give_the_same_bytes() {
    let place = Place::with_mixed();
    place.succeeds(&format!("run mixed.toml --threads 1 --out one {EVERYTHING}"));
    place.succeeds(&format!("run mixed.toml --threads 2 --out two {EVERYTHING}"));
    let first = place.results("one");
    assert_same_files(&first, &place.results("two"));
    place.succeeds(&format!("run mixed.toml --threads 3 --out one {EVERYTHING}"));
    assert_same_files(&first, &place.results("one"));
    assert_eq!(place.names(""), ["mixed.toml", "one", "two"]);
}

#[test]
fn a_policy_alone_has_the_rows_that_it_has_beside_others() {
    let place = Place::with_mixed();
    place.succeeds(&format!("run mixed.toml --no-plots {EVERYTHING}"));
    place.succeeds(&format!("run mixed.toml --no-plots --policy top-up --out alone {EVERYTHING}"));
    for (file, column) in [
        ("replications", 0),
        ("summary", 0),
        ("timeseries", 0),
        ("balances", 0),
        ("accounts", 0),
        ("ledger", 1),
    ] {
        let beside = lines(&place.read(&format!("output/mixed/{file}.csv")), column, "top-up");
        let alone: Vec<String> =
            place.read(&format!("alone/{file}.csv")).lines().skip(1).map(str::to_owned).collect();
        assert!(!alone.is_empty() && alone == beside, "{file}.csv");
    }
    assert!(!place.read("alone/scenario.toml").contains("name = \"prepaid\""));
    assert_eq!(place.read("alone/comparison.csv").lines().count(), 1);
}

#[test]
fn another_cohort_changes_no_row_of_the_first() {
    let place = Place::with_mixed();
    let (before, agents) = MIXED.split_once("[[cohort]]\nname = \"agents\"").expect("it is there");
    let (_, policies) = agents.split_once("[[policy]]").expect("they follow");
    place.write("small.toml", format!("{before}[[policy]]{policies}"));
    place.succeeds(&format!("run mixed.toml small.toml --no-plots {EVERYTHING}"));
    for (file, column) in [
        ("replications", 1),
        ("summary", 1),
        ("timeseries", 1),
        ("balances", 1),
        ("accounts", 1),
        ("ledger", 2),
    ] {
        let of_developers =
            |scenario| lines(&place.read(&format!("output/{scenario}/{file}.csv")), column, "developers");
        assert!(
            !of_developers("mixed").is_empty() && of_developers("mixed") == of_developers("small"),
            "{file}"
        );
    }
}

#[test]
fn the_scenario_that_is_written_gives_the_same_results() {
    let place = Place::with_mixed();
    place.succeeds(&format!("run mixed.toml --seed 12 --replications 3 --policy trial {EVERYTHING}"));
    place.succeeds(&format!("run output/mixed/scenario.toml --out again {EVERYTHING}"));
    let [mut first, mut again] = ["output/mixed", "again"].map(|folder| place.results(folder));
    // The page names the file that was given.
    assert!(first.remove("report.html").is_some() && again.remove("report.html").is_some());
    assert_same_files(&first, &again);
    let written = place.read("again/scenario.toml");
    assert!(written.contains("\nseed = 12\n") && written.contains("\nreplications = 3\n"), "{written}");
    let manifest = place.read("output/mixed/manifest.json");
    assert!(manifest.contains("\"seed\": 12,") && manifest.contains("\"replications\": 3,"), "{manifest}");
}

/// A scenario in a folder of its own that names a trace and a list of values in another one.
fn write_traced(place: &Place) {
    let scenario = r#"
        [scenario]
        horizon = "2d"
        [prices]
        "m" = { input = 1000.00, output = 2000.00 }
        [[cohort]]
        name = "recorded"
        accounts = 2
        workload.arrivals.trace = { file = "data/trace.csv", format = "billsim" }
        [[cohort]]
        name = "drawn"
        accounts = 3
        workload.arrivals.poisson.per_day = 50
        workload.tokens = { prompt = { empirical = { file = "../values.csv" } }, output = 10 }
        workload.models = { "m" = 1 }
        [[policy]]
        kind = "prepaid_pause"
        initial_purchase = 5.00
    "#;
    place.write("scenarios/traced.toml", scenario);
    place.write("values.csv", "value,weight\n100,3\n1000,1\n");
    place.write(
        "scenarios/data/trace.csv",
        "time,model,prompt_tokens,output_tokens\n0,m,100,10\n3600,m,200,20\n90000,m,300,30\n",
    );
}

#[test]
fn a_run_goes_on_until_a_measure_is_as_precise_as_asked() {
    let place = Place::with_mixed();
    let ended = place.succeeds("run mixed.toml --no-plots --until usage_usd:5% --until lost_share:0.05");
    assert!(!ended.stderr.contains("is not reached"), "{}", ended.stderr);
    let mut met = 0;
    for line in place.table("output/mixed/summary.csv").iter().filter(|line| line["cohort"] == "all") {
        let of = |column: &str| line[column].parse::<f64>().unwrap_or(f64::NAN);
        let half_width = (of("ci_high") - of("ci_low")) / 2.0;
        match line["measure"].as_str() {
            "usage_usd" => assert!(half_width <= 0.05 * of("mean"), "{line:?}"),
            "lost_share" => assert!(half_width <= 0.05, "{line:?}"),
            _ => continue,
        }
        met += 1;
        assert!(of("n") >= 10.0, "{line:?}");
    }
    assert_eq!(met, 2 * 4);

    place.succeeds("run output/mixed/scenario.toml --no-plots --quiet --out again");
    assert_same_files(&place.results("output/mixed"), &place.results("again"));

    let ended = place.succeeds("run mixed.toml --no-plots --until usage_usd:0.01 --max-replications 12");
    assert!(
        ended.stderr.contains("usage_usd:0.01 is not reached within 12 replications"),
        "{}",
        ended.stderr
    );
    let told = place.fails("run mixed.toml --until lost_shares:2%", 2);
    assert!(told.contains("did you mean `lost_share`"), "{told}");
    let told = place.fails("run mixed.toml --until lost_share", 2);
    assert!(told.contains("write MEASURE:WIDTH"), "{told}");
}

#[test]
fn a_scenario_that_is_written_finds_the_files_that_it_names() {
    let place = Place::new();
    write_traced(&place);
    place.succeeds("run scenarios/traced.toml --quiet");
    let first = place.read("output/traced/replications.csv");
    assert_eq!(lines(&first, 1, "recorded").len(), 1);
    assert!(lines(&first, 1, "recorded")[0].starts_with("prepaid_pause,recorded,0,2,3,3,"), "{first}");

    place.succeeds("run output/traced/scenario.toml --out deep/er/again --quiet");
    assert_eq!(place.read("deep/er/again/replications.csv"), first);
    let elsewhere = Place::new();
    let file = place.path("deep/er/again/scenario.toml");
    elsewhere.succeeds(&format!("run {} --quiet", file.display()));
    assert_eq!(elsewhere.read("output/traced/replications.csv"), first);
}

#[cfg(unix)]
#[test]
fn a_scenario_written_through_a_symbolic_link_finds_the_files_that_it_names() {
    let place = Place::new();
    write_traced(&place);
    fs::create_dir_all(place.path("disk/far/away")).expect("a folder");
    std::os::unix::fs::symlink(place.path("disk/far/away"), place.path("link")).expect("a link");
    place.succeeds("run scenarios/traced.toml --out link/new --quiet");
    place.succeeds("run link/new/scenario.toml --out again --quiet");
    assert_eq!(place.read("link/new/replications.csv"), place.read("again/replications.csv"));
}

#[test]
fn a_quiet_run_says_nothing_and_plots_can_be_left_out() {
    let place = Place::with_mixed();
    let ended = place.succeeds("run mixed.toml --quiet --no-plots --replications 1");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    let names = place.names("output/mixed");
    assert!(
        !names
            .iter()
            .any(|name| ["plots", "report.html", "accounts.csv", "ledger.csv"].contains(&name.as_str()))
    );
}

#[test]
fn accounts_add_up_to_their_cohort() {
    let place = Place::with_mixed();
    place.succeeds(&format!("run mixed.toml --no-plots {EVERYTHING}"));
    let number = |cell: &str| -> f64 { cell.parse().expect("a number") };
    let accounts = place.table("output/mixed/accounts.csv");
    let rows = place.table("output/mixed/replications.csv");
    let first = rows.iter().filter(|row| row["replication"] == "0" && row["cohort"] != "all");
    let additive = MEASURES.iter().filter(|measure| measure.is_sum() && measure.unit != Unit::Share);
    for row in first {
        let of_cohort = || {
            accounts
                .iter()
                .filter(|account| account["policy"] == row["policy"] && account["cohort"] == row["cohort"])
        };
        assert!(of_cohort().count() > 0);
        for measure in additive.clone() {
            let sum: f64 = of_cohort().map(|account| number(&account[measure.name])).sum();
            // Serving cost is rounded to a nano-dollar in each row, means over time are floats.
            let difference = (sum - number(&row[measure.name])).abs();
            assert!(difference < 1e-7, "{} of {} {}: {sum}", measure.name, row["policy"], row["cohort"]);
        }
    }
}

#[test]
fn the_books_agree_with_the_measures() {
    let place = Place::with_mixed();
    place.succeeds(&format!("run mixed.toml --no-plots {EVERYTHING}"));
    // For each policy and cohort, and each account of the books: all debits and all credits.
    let mut books: BTreeMap<(String, String), BTreeMap<String, [i128; 2]>> = BTreeMap::new();
    for posting in place.table("output/mixed/ledger.csv") {
        let amount = nanos(&posting["amount_usd"]);
        assert!(amount > 0, "{posting:?}");
        let of_cohort = books.entry((posting["policy"].clone(), posting["cohort"].clone())).or_default();
        of_cohort.entry(posting["debit"].clone()).or_default()[0] += amount;
        of_cohort.entry(posting["credit"].clone()).or_default()[1] += amount;
    }
    let rows = place.table("output/mixed/replications.csv");
    let first: Vec<_> =
        rows.iter().filter(|row| row["replication"] == "0" && row["cohort"] != "all").collect();
    assert_eq!(first.len(), books.len());
    for row in first {
        let of_cohort = &books[&(row["policy"].clone(), row["cohort"].clone())];
        let [debits, credits] =
            [0, 1].map(|side| move |account| of_cohort.get(account).map_or(0, |sums| sums[side]));
        let balance = |account| debits(account) - credits(account);
        for (measure, sum) in [
            ("cash_in_usd", debits("cash")),
            ("net_cash_usd", balance("cash")),
            ("usage_usd", -balance("revenue")),
            ("promotional_usd", balance("promotion")),
            ("fees_usd", balance("fees")),
            ("bad_debt_usd", balance("bad_debt")),
            ("credit_end_usd", -balance("customer_credit")),
            ("receivable_end_usd", balance("receivable")),
        ] {
            assert_eq!(nanos(&row[measure]), sum, "{measure} of {} {}", row["policy"], row["cohort"]);
        }
    }
    let total = |measure: &str| -> i128 { rows.iter().map(|row| nanos(&row[measure])).sum() };
    for measure in ["promotional_usd", "bad_debt_usd", "credit_end_usd", "receivable_end_usd"] {
        assert!(total(measure) > 0, "nothing is known of {measure}");
    }
}

#[test]
fn several_scenarios_are_written_side_by_side() {
    let place = Place::with_mixed();
    place.write("other.toml", MIXED);
    let ended = place.succeeds("run mixed.toml other.toml --no-plots --replications 1");
    assert_eq!(place.names("output"), ["mixed", "other"]);
    assert_eq!(ended.stderr.matches("results in output/").count(), 2, "{}", ended.stderr);
    place.succeeds("run mixed.toml other.toml --no-plots --replications 1 --out results --quiet");
    assert_eq!(place.names("results"), ["mixed", "other"]);
    assert_eq!(place.read("output/other/replications.csv"), place.read("results/mixed/replications.csv"));

    let told = place.fails("run mixed.toml other.toml mixed.toml --out twice", 1);
    assert!(told.contains("two of the scenarios would write to twice/mixed\nhint: "), "{told}");
    assert_eq!(place.names(""), ["mixed.toml", "other.toml", "output", "results"]);
}
