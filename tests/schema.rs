//! The schema of scenario files: whatever can be read satisfies it, and what is misspelt or of a wrong type does not.

mod common;

use billsim::policy::Kinds;
use billsim::scenario::{self, Scenario, TEMPLATE};
use common::objections;
use jsonschema::Validator;
use std::fs;
use std::path::{Path, PathBuf};

fn schema() -> Validator {
    jsonschema::validator_for(&scenario::schema(&Kinds::built_in())).expect("a schema")
}

/// The TOML files of a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let paths =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("readable").path());
    let files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    assert!(!files.is_empty(), "{folder} has no scenario");
    files
}

#[test]
fn it_is_a_schema_of_the_draft_that_it_names() {
    let schema = scenario::schema(&Kinds::built_in());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{}: {error}", error.instance_path()));
}

#[test]
fn every_scenario_satisfies_it_as_it_is_written_and_with_every_default_written_out() {
    let schema = schema();
    let check = |what: &str, text: &str| {
        let objections = objections(&schema, text).expect("TOML");
        assert!(objections.is_empty(), "{what}\n{}", objections.join("\n"));
    };
    check("the template", TEMPLATE);
    let folders = ["scenarios", "benches", "tests/cli", "tests/explain", "tests/golden", "tests/validation"];
    for file in folders.into_iter().flat_map(files) {
        let name = file.display().to_string();
        check(&name, &fs::read_to_string(&file).expect("a text"));
        match Scenario::read(&file, &Kinds::built_in()) {
            Ok(loaded) => check(&format!("{name}, written out"), &loaded.resolved(Path::new("output"))),
            Err(faults) => assert!(name.ends_with("azure-trace.toml"), "{faults}"), // its trace is not here
        }
    }
}

#[test]
fn what_is_missing_misspelt_or_of_a_wrong_type_does_not_satisfy_it() {
    let schema = schema();
    for name in [
        "alerts",
        "amounts",
        "array_where_table",
        "authorization_form",
        "authorization_in_flight",
        "auto_topup",
        "cohorts",
        "dispute",
        "distributions",
        "durations",
        "http_status",
        "misspelt_kind",
        "nothing_there",
        "on_refusal",
        "payments",
        "policy_kinds",
        "postpaid",
        "presets",
        "prices",
        "rate_limit",
        "service",
        "successors",
        "table_where_array",
        "trace_options",
        "uneven_workload",
        "unknown_keys",
        "workload",
        "wrong_types",
    ] {
        let text = fs::read_to_string(format!("tests/errors/{name}.toml")).expect("a text");
        assert!(!objections(&schema, &text).expect("TOML").is_empty(), "{name}");
    }
}
