//! A folder to run the program in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// All kinds of policy, two cohorts, and most of what can happen to them.
pub const MIXED: &str = include_str!("mixed.toml");

/// The program.
pub const BILLSIM: &str = env!("CARGO_BIN_EXE_billsim");

/// A temporary folder.
pub struct Place(TempDir);

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        let Output { status, stdout, stderr } = output;
        Ended { status: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().expect("there is room for temporary files"))
    }

    /// A place with [`MIXED`] in it as `mixed.toml`.
    pub fn with_mixed() -> Place {
        let place = Place::new();
        place.write("mixed.toml", MIXED);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and makes the folders that lead to it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the place")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program with arguments, given as words with spaces between.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(BILLSIM);
        command.args(arguments.split_whitespace()).current_dir(self.0.path());
        command
    }

    pub fn billsim(&self, arguments: &str) -> Ended {
        self.command(arguments).output().expect("the program starts").into()
    }

    /// Runs the program, which must do what it is asked.
    pub fn succeeds(&self, arguments: &str) -> Ended {
        let ended = self.billsim(arguments);
        assert_eq!(ended.status, Some(0), "billsim {arguments}: {}", ended.stderr);
        ended
    }

    /// Runs the program, which must fail with a status; returns what it says, this place being `HERE`.
    pub fn fails(&self, arguments: &str, status: i32) -> String {
        let ended = self.billsim(arguments);
        assert_eq!(ended.status, Some(status), "billsim {arguments}: {}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.stdout, "", "billsim {arguments}");
        assert!(ended.stderr.starts_with("error: "), "billsim {arguments}: {}", ended.stderr);
        self.without_place(&ended.stderr)
    }

    /// A text in which this place is called `HERE`.
    pub fn without_place(&self, text: &str) -> String {
        let here = fs::canonicalize(self.0.path()).expect("the place is there");
        text.replace(&here.display().to_string(), "HERE")
    }

    /// The names in a folder, in order, those of hidden entries too.
    pub fn names(&self, folder: &str) -> Vec<String> {
        files_below(&self.path(folder), false).into_keys().collect()
    }

    /// All files below a folder, by their path seen from there.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files_below(&self.path(folder), true)
    }

    /// The files of a folder of results that are the same whenever and however it is made.
    pub fn results(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files(folder);
        assert!(files.remove("manifest.json").is_some(), "{folder} has a manifest");
        files
    }

    /// The rows of a CSV file, by column.
    pub fn table(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let text = self.read(name);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(|row| row.unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
    }
}

fn files_below(folder: &Path, deep: bool) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("the folder can be listed");
        let name = entry.file_name().into_string().expect("names are UTF-8");
        if !deep {
            files.insert(name, Vec::new());
        } else if entry.path().is_dir() {
            let below = files_below(&entry.path(), true).into_iter();
            files.extend(below.map(|(file, content)| (format!("{name}/{file}"), content)));
        } else {
            files.insert(name, fs::read(entry.path()).expect("the file can be read"));
        }
    }
    files
}

/// Says which files differ, rather than show bytes.
pub fn assert_same_files(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<String>>();
    assert_eq!(names(a), names(b));
    let differing: Vec<&String> = a.keys().filter(|name| a[*name] != b[*name]).collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}
