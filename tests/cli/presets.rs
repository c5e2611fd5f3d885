//! Policies that stand on presets.

use crate::place::{MIXED, Place, assert_same_files};
use billsim::policy::presets::PRESETS;

#[test]
fn policies_lists_every_preset_with_its_sources_its_keys_and_what_it_leaves_out() {
    let stdout = Place::new().succeeds("policies").stdout;
    let (_, mut rest) = stdout.split_once("\npresets:\n").expect("they are listed");
    let mut expect = |text: String| {
        let (_, after) = rest.split_once(&text).unwrap_or_else(|| panic!("{text} is not in {rest}"));
        rest = after;
    };
    for preset in PRESETS.iter() {
        let about = &preset.about;
        expect(format!("preset = \"{}\": {}\n", preset.name, about.summary));
        expect(format!("{}, from these pages as of {}:\n", about.provider, about.date));
        for (index, source) in about.sources.iter().enumerate() {
            expect(format!("[{}] {source}\n", index + 1));
        }
        preset.policy.lines().for_each(|line| expect(format!("{line}\n")));
        for rule in &about.left_out {
            rule.split(' ').for_each(|word| expect(word.to_owned()));
        }
    }
}

#[test]
fn a_policy_on_a_preset_runs_as_its_keys_written_out_and_so_does_the_scenario_that_is_written() {
    let (before, _) = MIXED.split_once("[[policy]]").expect("there are policies");
    let (mut short, mut long) = (before.to_owned(), before.to_owned());
    for preset in PRESETS.iter() {
        let (name, keys) = (preset.name, preset.policy);
        short += &format!("[[policy]]\npreset = \"{name}\"\n");
        long += &format!("[[policy]]\nname = \"{name}\"\n{keys}");
    }
    let other = r#"
        [[policy]]
        name = "trial"
        kind = "trial"
        then = { preset = "groq", minimum_charge = 2.00 }
        [[policy]]
        name = "switch"
        preset = "fireworks-postpaid"
        rate_limit = { tokens_per_minute = 9000 }
        switch = { at = 2026-01-20, to = { preset = "openai", amount = 15.00, retry_after = ["6h"] } }
    "#;
    let place = Place::new();
    place.write("short/same.toml", format!("{short}{other}"));
    place.write("long/same.toml", format!("{long}{other}"));
    place.succeeds("run short/same.toml --out short/out --ledger --no-plots --quiet");
    place.succeeds("run long/same.toml --out long/out --ledger --no-plots --quiet");
    place.succeeds("run short/out/scenario.toml --out again --ledger --no-plots --quiet");
    assert_same_files(&place.results("short/out"), &place.results("long/out"));
    assert_same_files(&place.results("short/out"), &place.results("again"));
    assert!(!place.read("again/scenario.toml").contains("preset"));
}
