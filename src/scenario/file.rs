//! The bytes of a scenario file.

use crate::document::{Fault, Faults};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest scenario that is read.
const MOST_BYTES: u64 = 10_000_000;

/// Reads a file, unless it is too large for a scenario.
pub fn read(path: &Path) -> Result<Vec<u8>, Faults> {
    let hint = "give the path of a scenario file, or make one with `billsim new FILE`";
    if path.is_dir() {
        return Err(Fault::of_file(path, "this is a folder", hint).into());
    }
    let mut content = Vec::new();
    let size = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut content));
    match size {
        Err(error) => Err(Fault::of_file(path, format!("cannot be read: {error}"), hint).into()),
        Ok(size) if size as u64 > MOST_BYTES => {
            let wrong =
                format!("this is larger than {} MB, too large for a scenario", MOST_BYTES / 1_000_000);
            Err(Fault::of_file(path, wrong, "keep data in files of their own that the scenario names").into())
        }
        Ok(_) => Ok(content),
    }
}

/// The text of a file.
pub fn text<'c>(path: &Path, content: &'c [u8]) -> Result<&'c str, Faults> {
    str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        let wrong = format!("this is no text: line {line} is not UTF-8");
        Fault::of_file(path, wrong, "save it as UTF-8, or check that it is a scenario at all").into()
    })
}
