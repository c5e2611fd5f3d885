//! Presets: that their figures are those published, and what becomes of a policy that stands on one.

use billsim::policy::Kinds;
use billsim::policy::presets::{PRESETS, Preset};
use billsim::scenario::{Loaded, Scenario};
use std::path::Path;
use toml::{Table, Value};

/// Each figure that a provider has published: the preset, its key, the value.
const PUBLISHED: &[(&str, &str, &str)] = &[
    ("fireworks-prepaid", "kind", "'auto_topup'"),
    ("fireworks-prepaid", "free_credit.amount", "1.00"),
    ("fireworks-prepaid", "monthly_budget", "50000.00"),
    ("fireworks-prepaid", "http_status", "{ budget_reached = 412 }"),
    ("fireworks-prepaid", "rate_limit.requests_per_minute", "6000"),
    ("fireworks-prepaid", "rate_limit.without_payment_method", "{ requests_per_minute = 10 }"),
    ("fireworks-postpaid", "kind", "'postpaid'"),
    ("fireworks-postpaid", "free_credit.amount", "1.00"),
    (
        "fireworks-postpaid",
        "tiers",
        "[{ paid = 0, limit = 50 }, { paid = 50, limit = 500 }, \
                                      { paid = 500, limit = 5000 }, { paid = 5000, limit = 50000 }]",
    ),
    ("fireworks-postpaid", "limit_counts", "'usage'"),
    ("fireworks-postpaid", "http_status", "{ limit_reached = 412, past_due = 412 }"),
    ("fireworks-postpaid", "rate_limit.requests_per_minute", "6000"),
    ("fireworks-postpaid", "rate_limit.without_payment_method", "{ requests_per_minute = 10 }"),
    ("openai", "kind", "'auto_topup'"),
    ("openai", "initial_purchase", "10.00"),
    ("openai", "monthly_budget", "200000.00"),
    ("openai", "credit_expires_after", "'365d'"),
    ("openai", "http_status", "{ no_credit = 429, budget_reached = 429 }"),
    ("anthropic", "kind", "'auto_topup'"),
    ("anthropic", "monthly_budget", "500.00"),
    ("anthropic", "credit_expires_after", "'365d'"),
    ("anthropic", "http_status", "{ no_credit = 402, budget_reached = 429 }"),
    ("gemini-prepaid", "kind", "'auto_topup'"),
    ("gemini-prepaid", "initial_purchase", "10.00"),
    ("gemini-prepaid", "monthly_budget", "20000.00"),
    ("gemini-prepaid", "metering", "{ delay = '10m' }"),
    ("gemini-prepaid", "http_status", "{ no_credit = 402, budget_reached = 429 }"),
    ("gemini-postpaid", "kind", "'postpaid'"),
    (
        "gemini-postpaid",
        "tiers",
        "[{ paid = 0, limit = 250 }, { paid = 100, after = '3d', limit = 2000 }, \
                                   { paid = 1000, after = '30d', limit = 20000 }]",
    ),
    ("gemini-postpaid", "metering", "{ delay = '10m' }"),
    ("gemini-postpaid", "http_status", "{ limit_reached = 429 }"),
    ("openrouter", "kind", "'auto_topup'"),
    ("openrouter", "initial_purchase", "10.00"),
    ("openrouter", "threshold", "2.00"),
    ("openrouter", "amount", "25.00"),
    ("openrouter", "http_status", "{ no_credit = 402 }"),
    ("groq", "kind", "'postpaid'"),
    ("groq", "minimum_charge", "0.50"),
    ("groq", "terms", "'0d'"),
    ("groq", "progressive", "[1, 10, 100, 500, 1000]"),
    ("groq", "metering", "{ refresh = '15m' }"),
    ("groq", "http_status", "{ limit_reached = 400 }"),
    ("twilio", "kind", "'auto_topup'"),
    ("twilio", "threshold", "10.00"),
    ("twilio", "alert_at", "5.00"),
];

/// A scenario with these policies.
fn scenario(policies: &str) -> Loaded {
    let text = format!(
        "[prices]\nm = {{ input = 1.00, output = 2.00 }}\n[[cohort]]\naccounts = 10\n\
         workload.arrivals.poisson.per_day = 100\nworkload.tokens = {{ prompt = 500, output = 100 }}\n\
         workload.models.m = 1\n{policies}"
    );
    let loaded = Scenario::parse(Path::new("a.toml"), text.as_bytes(), &Kinds::built_in());
    loaded.unwrap_or_else(|faults| panic!("{faults}"))
}

/// The policies of a scenario with every default written out.
fn resolved(policies: &str) -> String {
    let text = scenario(policies).resolved(Path::new(""));
    text.split_once("[[policy]]\n").expect("there are policies").1.to_owned()
}

/// The value under a key with dots, and what is left of the table without it.
fn take(table: &mut Table, key: &str) -> Option<Value> {
    match key.split_once('.') {
        None => table.remove(key),
        Some((outer, inner)) => {
            let taken = take(table.get_mut(outer)?.as_table_mut()?, inner);
            if table[outer].as_table().is_some_and(Table::is_empty) {
                table.remove(outer);
            }
            taken
        }
    }
}

/// The lines of a preset that begin a key, each with its comment.
fn lines(preset: &Preset) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines =
        preset.policy.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()));
    lines.map(|line| line.split_once('#').unwrap_or((line, "")))
}

#[test]
fn figures_are_those_published_and_all_others_are_called_assumptions() {
    for preset in PRESETS.iter() {
        let mut policy: Table = toml::from_str(preset.policy).expect("TOML");
        for (_, key, value) in PUBLISHED.iter().filter(|(name, ..)| *name == preset.name) {
            let expected: Table = toml::from_str(&format!("value = {value}")).expect("TOML");
            assert_eq!(take(&mut policy, key).as_ref(), Some(&expected["value"]), "{}: {key}", preset.name);
        }
        let assumed: Vec<String> = lines(preset)
            .filter(|(_, comment)| comment.trim().starts_with("assumption"))
            .map(|(line, _)| line.split_once('=').expect("a key and a value").0.trim().to_owned())
            .collect();
        let mut rest: Vec<String> = policy.keys().cloned().collect();
        let mut expected = assumed.clone();
        rest.sort();
        expected.sort();
        assert_eq!(rest, expected, "{}: what is not published is an assumption", preset.name);
    }
}

#[test]
fn every_key_names_its_sources_or_is_an_assumption() {
    for preset in PRESETS.iter() {
        let Preset { name, about, .. } = preset;
        let numbers: Vec<String> = (1..=about.sources.len()).map(|number| format!("[{number}]")).collect();
        let known = |text: &str| numbers.iter().filter(|number| text.contains(*number)).count();
        for (key, comment) in lines(preset) {
            assert!(known(comment) > 0 || comment.contains("assumption"), "{name}: {key}# {comment}");
        }
        let comments: Vec<&str> = lines(preset).map(|(_, comment)| comment).collect();
        let referring = || comments.iter().copied().chain(about.left_out.iter().map(String::as_str));
        for text in referring() {
            assert_eq!(known(text), text.matches('[').count() - text.matches("`[").count(), "{name}: {text}");
        }
        for (source, number) in about.sources.iter().zip(&numbers) {
            assert!(referring().any(|text| text.contains(number)), "{name}: {source} is not used");
            assert!(source.starts_with("https://"), "{source}");
        }
    }
}

#[test]
fn a_preset_is_a_whole_policy_and_the_same_as_its_keys_written_out() {
    for preset in PRESETS.iter() {
        let name = preset.name;
        let stands_on = resolved(&format!("[[policy]]\npreset = \"{name}\""));
        assert_eq!(stands_on, resolved(&format!("[[policy]]\nname = \"{name}\"\n{}", preset.policy)));
        assert!(!stands_on.contains("preset"), "{stands_on}");
        assert_eq!(stands_on, resolved(&format!("[[policy]]\n{stands_on}")), "{name}");
    }
}

#[test]
fn a_policy_is_called_as_its_preset_unless_it_has_a_name() {
    let policies =
        "[[policy]]\npreset = \"openrouter\"\n[[policy]]\npreset = \"openrouter\"\nname = \"ours\"";
    let scenario = scenario(policies).scenario;
    let names: Vec<&str> = scenario.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["openrouter", "ours"]);
    assert!(scenario.policies.iter().all(|policy| policy.plan.kind == "auto_topup"));
}

#[test]
fn a_key_beside_the_preset_overrides_it() {
    let policy = resolved("[[policy]]\npreset = \"openrouter\"\nthreshold = 3.00\nmax_per_day = 4");
    for line in ["threshold = 3.00", "max_per_day = 4", "amount = 25.00", "initial_purchase = 10.00"] {
        assert!(policy.lines().any(|found| found == line), "{line} is not in {policy}");
    }
}

#[test]
fn a_target_takes_the_place_of_an_amount_and_an_amount_that_of_a_target() {
    let policy = resolved("[[policy]]\npreset = \"openrouter\"\ntarget = 40.00");
    assert!(policy.contains("target = 40.00") && !policy.contains("amount"), "{policy}");
    let policy = resolved("[[policy]]\npreset = \"openai\"\namount = 40.00");
    assert!(policy.contains("amount = 40.00") && !policy.contains("target"), "{policy}");
}

#[test]
fn tables_are_overridden_key_by_key_and_lists_as_a_whole() {
    let policy = resolved(
        "[[policy]]\npreset = \"fireworks-postpaid\"\nrate_limit = { requests_per_minute = 60 }\n\
         tiers = [{ paid = 0, limit = 7 }]",
    );
    let policy: Table = toml::from_str(&policy).expect("TOML");
    let rate_limit = &policy["rate_limit"];
    assert_eq!(rate_limit["requests_per_minute"], Value::Integer(60));
    assert_eq!(rate_limit["without_payment_method"]["requests_per_minute"], Value::Integer(10));
    assert_eq!(policy["tiers"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_preset_can_follow_a_trial_or_come_by_a_switch() {
    for preset in PRESETS.iter().map(|preset| preset.name) {
        let policy = resolved(&format!("[[policy]]\nkind = \"trial\"\nthen = {{ preset = \"{preset}\" }}"));
        let trial: Table = toml::from_str(&policy.replace("[policy.then", "[then")).expect("TOML");
        assert!(
            trial["then"].get("kind").is_some() && trial["then"].get("free_credit").is_none(),
            "{policy}"
        );
        assert_eq!(policy, resolved(&format!("[[policy]]\n{policy}")), "{preset}");
        resolved(&format!(
            "[[policy]]\npreset = \"fireworks-postpaid\"\n\
             switch = {{ at = 2026-02-01, grandfather = true, to = {{ preset = \"{preset}\" }} }}"
        ));
    }
    let policy = resolved(
        "[[policy]]\nkind = \"trial\"\nthen = { preset = \"openrouter\", threshold = 3.00, target = 30.00 }",
    );
    assert!(policy.contains("threshold = 3.00") && policy.contains("target = 30.00"), "{policy}");
    assert!(!policy.contains("amount"), "{policy}");
}

#[test]
fn the_readme_lists_every_preset() {
    let readme = include_str!("../README.md");
    for Preset { name, about, .. } in PRESETS.iter() {
        let row = format!("| `{name}` | {}: {} | {} |", about.provider, about.summary, about.date);
        assert!(readme.lines().any(|line| line == row), "README.md lacks the row\n{row}");
    }
}
