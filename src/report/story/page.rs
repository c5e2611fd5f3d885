//! The page that a story is written on: timestamps, wrapped lines, levels at the right.

use crate::money::Money;
use crate::time::{Calendar, Span, Time};
use crate::wallet::Posting;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Characters of a line.
const WIDTH: usize = 100;

/// Where an account stands: shown at the right of a line, where it has changed since the line before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    pub balance: Money,
    /// Owed on open invoices.
    pub invoiced: Money,
    /// Bought credit that is not posted yet.
    pub to_post: Money,
}

impl std::fmt::Display for Levels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, level) in [("invoiced", self.invoiced), ("to post", self.to_post)] {
            if level != Money::ZERO {
                write!(f, "{name} {level}  ")?;
            }
        }
        write!(f, "balance {}", self.balance)
    }
}

/// Something that happened, as it is told.
#[derive(Debug)]
pub(super) struct Line {
    pub at: Time,
    pub text: String,
    pub rules: Vec<String>,
    pub levels: Levels,
    pub postings: Vec<Posting>,
}

/// Writes lines as they come, but for those of the present second: whether they need microseconds to be told
/// apart is known when it is over.
pub(super) struct Page<'p> {
    out: &'p mut dyn Write,
    calendar: &'p Calendar,
    shows_postings: bool,
    second: Vec<Line>,
    shown: Option<Levels>,
    rules_told: BTreeSet<String>,
    /// The first failure to write; nothing is written after it.
    failure: Option<io::Error>,
}

impl<'p> Page<'p> {
    pub fn new(out: &'p mut dyn Write, calendar: &'p Calendar, shows_postings: bool) -> Page<'p> {
        Page {
            out,
            calendar,
            shows_postings,
            second: Vec::new(),
            shown: None,
            rules_told: BTreeSet::new(),
            failure: None,
        }
    }

    pub fn calendar(&self) -> &'p Calendar {
        self.calendar
    }

    /// The last line, if something of the same instant may be added to it.
    pub fn last_at(&mut self, at: Time) -> Option<&mut Line> {
        self.second.last_mut().filter(|line| line.at == at)
    }

    pub fn add(&mut self, line: Line) {
        let second = |at: Time| at.micros().div_euclid(Span::SECOND.micros());
        if self.second.last().is_some_and(|last| second(last.at) != second(line.at)) {
            self.flush();
        }
        self.second.push(line);
    }

    /// Date and time of day, to the second.
    pub fn time(&self, at: Time) -> String {
        self.calendar.timestamp(at).replace('T', " ")[..19].to_owned()
    }

    /// The same without the date where it is that of another instant.
    pub fn time_beside(&self, at: Time, other: Time) -> String {
        let time = self.time(at);
        if at.day() == other.day() { time[11..].to_owned() } else { time }
    }

    /// Writes all lines so far.
    pub fn flush(&mut self) {
        let lines = std::mem::take(&mut self.second);
        let shows_micros = lines.windows(2).any(|pair| pair[0].at != pair[1].at);
        for line in lines {
            let mut time = self.time(line.at);
            if shows_micros {
                time += &format!(".{:06}", line.at.micros().rem_euclid(Span::SECOND.micros()));
            }
            self.write_line(&time, line);
        }
    }

    fn write_line(&mut self, time: &str, line: Line) {
        let indent = " ".repeat(time.len() + 2);
        let mut rows = wrapped(&line.text, WIDTH - indent.len());
        if self.shown != Some(line.levels) {
            self.shown = Some(line.levels);
            let levels = line.levels.to_string();
            let room = WIDTH - indent.len();
            match rows.last_mut() {
                Some(row) if row.chars().count() + 2 + levels.len() <= room => {
                    *row += &format!("{levels:>0$}", room - row.chars().count());
                }
                _ => rows.push(format!("{levels:>room$}")),
            }
        }
        for (index, row) in rows.iter().enumerate() {
            self.write(if index == 0 { format!("{time}  {row}") } else { format!("{indent}{row}") });
        }
        if self.shows_postings {
            for Posting { entry, amount } in line.postings {
                let (debit, credit) = entry.sides();
                self.write(format!("{indent}  {} {amount} <- {}", debit.name(), credit.name()));
            }
        }
        for rule in line.rules {
            if self.rules_told.insert(rule.clone()) {
                self.write_indented(indent.len() + 2, &format!("rule: {rule}"));
            }
        }
    }

    /// Writes a text with its rows after the first one level deeper.
    pub fn write_indented(&mut self, indent: usize, text: &str) {
        for (index, row) in wrapped(text, WIDTH - indent - 2).iter().enumerate() {
            let indent = if index == 0 { indent } else { indent + 2 };
            self.write(format!("{}{row}", " ".repeat(indent)));
        }
    }

    /// Writes a line as it is.
    pub fn write(&mut self, line: impl AsRef<str>) {
        if self.failure.is_none() {
            self.failure = writeln!(self.out, "{}", line.as_ref()).err();
        }
    }

    /// Ends the page.
    ///
    /// # Errors
    /// The first failure to write.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush();
        self.failure.map_or_else(|| self.out.flush(), Err)
    }
}

/// Cuts a text between words into rows of at most `width` characters; a longer word has a row of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match rows.last_mut() {
            Some(row) if row.chars().count() + 1 + word.chars().count() <= width => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    rows
}

/// A number with its digits in groups of three.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// A number of things.
pub(super) fn counted(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", number(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_groups_and_plurals() {
        for (count, text) in
            [(0, "0 stops"), (1, "1 stop"), (999, "999 stops"), (1_234_567, "1,234,567 stops")]
        {
            assert_eq!(counted(count, "stop"), text);
        }
    }

    #[test]
    fn rows_are_cut_between_words_and_long_words_kept_whole() {
        assert_eq!(wrapped("one two three unbreakable x", 7), ["one two", "three", "unbreakable", "x"]);
    }

    /// Fails from its second line on, as a closed pipe does.
    struct Breaking(usize);

    impl Write for Breaking {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.iter().filter(|byte| **byte == b'\n').count();
            if self.0 > 1 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failure_to_write_is_returned_at_the_end() {
        let date = jiff::civil::date(2026, 1, 1);
        let calendar = Calendar::new(date, Span::ZERO, Span::days(1), Span::ZERO);
        let mut out = Breaking(0);
        let mut page = Page::new(&mut out, &calendar, false);
        (0..3).for_each(|_| page.write("x"));
        assert_eq!(page.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(out.0, 2);
    }
}
