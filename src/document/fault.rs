//! Faults: what is wrong with a file, where, and what would be right.

use super::{Setting, Sheet};
use std::fmt;
use std::ops::Range;
use std::path::Path;

/// How many faults are shown; a file with more is not the file that was meant.
const SHOWN: usize = 100;
/// How many characters of a line are shown before and after a fault.
const AROUND: usize = 100;

/// All that is wrong with a file, in the order of its lines. Shown as blocks with an empty line between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    faults: Vec<Fault>,
    not_shown: usize,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    file: String,
    /// What is set in it, if anything.
    with: String,
    place: Option<Place>,
    wrong: String,
    hint: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// From 1.
    line: usize,
    /// In characters, from 1.
    column: usize,
    /// What stands before the place in its line, at the place, and after it.
    parts: [String; 3],
}

/// A fault before its place is looked up.
pub(super) struct Noted {
    pub at: Option<Range<usize>>,
    pub wrong: String,
    pub hint: String,
}

impl Fault {
    /// A fault of a file as a whole.
    pub fn of_file(file: &Path, wrong: impl Into<String>, hint: impl Into<String>) -> Fault {
        let (file, with) = (file.display().to_string(), String::new());
        Fault { file, with, place: None, wrong: wrong.into(), hint: hint.into() }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Faults {
        Faults { faults: vec![fault], not_shown: 0 }
    }
}

impl Faults {
    pub(super) fn new(file: &Path, sheet: &Sheet, mut noted: Vec<Noted>) -> Faults {
        noted.sort_by_key(|fault| fault.at.as_ref().map(|at| (at.start, at.end)));
        noted.dedup_by(|later, earlier| later.at == earlier.at && later.wrong == earlier.wrong);
        let not_shown = noted.len().saturating_sub(SHOWN);
        let faults = noted.into_iter().take(SHOWN).map(|Noted { at, wrong, hint }| {
            let setting = at.as_ref().and_then(|at| sheet.setting_at(at));
            let with = setting.map_or_else(|| sheet.settings(), Setting::to_string);
            let place = at.filter(|_| setting.is_none()).map(|at| Place::new(sheet.of_file(), at));
            Fault { file: file.display().to_string(), with, place, wrong, hint }
        });
        Faults { faults: faults.collect(), not_shown }
    }

    /// Those of several readings of a file together, each of them once.
    pub fn of_all(readings: impl IntoIterator<Item = Faults>) -> Faults {
        let (mut faults, mut not_shown) = (Vec::new(), 0);
        for reading in readings {
            not_shown += reading.not_shown;
            for fault in reading.faults {
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        not_shown += faults.len().saturating_sub(SHOWN);
        faults.truncate(SHOWN);
        Faults { faults, not_shown }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.faults.len() + self.not_shown
    }
}

impl Place {
    fn new(text: &str, at: Range<usize>) -> Place {
        let start = boundary(text, at.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
        let end = boundary(text, at.end).clamp(start, line_end);
        let (before, rest) = (&text[line_start..start], text[end..line_end].trim_end());
        let skipped = before.chars().count().saturating_sub(AROUND);
        let shown_before = before.chars().skip(skipped).map(visible);
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: before.chars().count() + 1,
            parts: [
                shown_before.collect(),
                text[start..end].trim_end().chars().take(AROUND).map(visible).collect(),
                rest.chars().take(AROUND).map(visible).collect(),
            ],
        }
    }
}

/// The last place of a text, at most `index`, where a character begins or the text ends.
fn boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rfind(|index| text.is_char_boundary(*index)).unwrap_or_default()
}

/// A character that moves no cursor: what a file holds must not garble the terminal.
fn visible(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { file, with, place, wrong, hint } = self;
        let with = if with.is_empty() { String::new() } else { format!(" with {with}") };
        match place {
            None => writeln!(f, "error: {file}{with}: {wrong}")?,
            Some(Place { line, column, parts: [before, at, after] }) => {
                let number = line.to_string();
                let margin = " ".repeat(number.len() + 3 + before.chars().count());
                let carets = "^".repeat(at.chars().count().max(1));
                writeln!(f, "error: {file}:{line}:{column}{with}: {wrong}")?;
                writeln!(f, "{}", format!("{number} | {before}{at}{after}").trim_end())?;
                writeln!(f, "{margin}{carets}")?;
            }
        }
        write!(f, "hint: {hint}")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            fault.fmt(f)?;
        }
        if self.not_shown > 0 {
            write!(f, "\n\nand {} more", self.not_shown)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A remedy for what the TOML parser objects to.
pub(super) fn toml_hint(message: &str) -> &'static str {
    if message.contains("duplicate key") {
        "a key is given once in a table, and a table once in a file: remove or rename one of the two"
    } else if message.contains("string values must be quoted") {
        "write texts and durations in quotes, as in `\"90d\"`"
    } else if message.starts_with("invalid date") {
        "write a date of the calendar, as in `2026-01-31`"
    } else {
        "write TOML: `key = value` in a line of its own, under a `[table]`; see https://toml.io"
    }
}
