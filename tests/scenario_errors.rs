//! What is told about scenarios that are at fault: `tests/errors/NAME.toml` beside `NAME.txt`, the exact
//! text.
//!
//! `UPDATE_EXPECTED=1 cargo test --test scenario_errors` writes the texts anew: read the difference before it
//! is kept.

use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDER: &str = "tests/errors";

/// The names of the files with an extension, without it.
fn names(extension: &str) -> BTreeSet<String> {
    let paths =
        fs::read_dir(FOLDER).expect("the folder is there").map(|entry| entry.expect("readable").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    paths.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

fn shown(scenario: &Path) -> String {
    match Scenario::read(scenario, &Kinds::built_in()) {
        Err(faults) => format!("{faults}\n"),
        Ok(_) => panic!("{} is not at fault", scenario.display()),
    }
}

#[test]
fn every_error_is_told_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let scenarios = names("toml");
    assert!(scenarios.len() > 20, "only {} scenarios were found", scenarios.len());
    let mut differ = Vec::new();
    for name in &scenarios {
        let file = |extension| PathBuf::from(format!("{FOLDER}/{name}.{extension}"));
        let shown = shown(&file("toml"));
        if update {
            fs::write(file("txt"), shown).expect("the folder can be written");
        } else {
            let expected = fs::read_to_string(file("txt")).unwrap_or_default();
            if shown != expected {
                differ.push(format!("--- {name}: expected\n{expected}--- {name}: shown\n{shown}"));
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert_eq!(names("txt"), scenarios, "each scenario has its text, and each text its scenario");
}

#[test]
fn files_that_are_no_scenario_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = |name: &str| {
        let text = shown(&folder.path().join(name));
        text.replace(&folder.path().display().to_string(), "folder").replace('\\', "/")
    };
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).expect("writable");
    write("binary.toml", b"[prices]\n\xff\xfe\0");
    write("large.toml", &vec![b'#'; 10_000_001]);
    write("empty.toml", b"");
    write("deep.toml", format!("a = {}", "[".repeat(100_000)).as_bytes());
    write("dotted.toml", format!("{}a = 1", "a.".repeat(100_000)).as_bytes());

    assert!(shown("absent.toml").starts_with("error: folder/absent.toml: cannot be read: "));
    assert!(shown("").starts_with("error: folder/: this is a folder\nhint: "), "{}", shown(""));
    assert!(
        shown("binary.toml").starts_with("error: folder/binary.toml: this is no text: line 2 is not UTF-8\n")
    );
    assert!(shown("large.toml").starts_with("error: folder/large.toml: this is larger than 10 MB"));
    assert!(shown("deep.toml").contains("max recursion depth"), "{}", shown("deep.toml"));
    assert!(shown("dotted.toml").contains("recursion limit"), "{}", shown("dotted.toml"));
    let empty = shown("empty.toml");
    for missing in ["prices", "cohort", "policy"] {
        assert!(
            empty.contains(&format!("error: folder/empty.toml: the file lacks `{missing}`\nhint: ")),
            "{empty}"
        );
    }
}
