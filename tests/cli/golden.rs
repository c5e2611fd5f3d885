//! Small scenarios beside what they gave: `tests/golden/NAME.toml` beside the files in `NAME/`, byte for
//! byte.
//!
//! `UPDATE_EXPECTED=1 cargo test --test cli golden` writes the files anew: read the difference before it is
//! kept. That results of the same seed change is told in the README's changes.

use crate::place::Place;
use std::fs;
use std::path::Path;

fn gives_what_it_gave(name: &str, files: &[&str]) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let place = Place::new();
    let scenario = golden.join(name).with_extension("toml");
    place.succeeds(&format!("run {} --ledger --no-plots --quiet", scenario.display()));
    for file in files {
        let given = place.read(&format!("output/{name}/{file}"));
        let expected = golden.join(name).join(file);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::create_dir_all(golden.join(name)).expect("the folder can be made");
            fs::write(&expected, &given).expect("the folder can be written");
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        let differing = given.lines().zip(expected.lines()).find(|(given, expected)| given != expected);
        assert!(given == expected, "{name}/{file} differs, first in {differing:?}");
    }
}

#[test]
fn a_scenario_without_chance_gives_what_can_be_worked_out_by_hand() {
    gives_what_it_gave("regular", &["replications.csv", "timeseries.csv", "ledger.csv"]);
}

#[test]
fn random_numbers_keep_their_values() {
    gives_what_it_gave("random", &["replications.csv"]);
}

#[test]
fn requests_in_flight_and_clients_that_try_again_keep_what_they_gave() {
    gives_what_it_gave("flow", &["replications.csv"]);
}
