//! Settings: values that take the place of what a file gives.

use super::fault::Noted;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The way to a key through the tables of a document, such as `policy.top-up.threshold`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(pub Vec<String>);

impl FromStr for KeyPath {
    type Err = String;

    /// Reads parts with dots between; a part in quotes may hold dots itself.
    fn from_str(text: &str) -> Result<KeyPath, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.trim_start();
            let quote = rest.chars().next().filter(|first| ['"', '\''].contains(first));
            let (part, after) = match quote {
                Some(quote) => {
                    let (part, after) = rest[1..].split_once(quote).ok_or("a quote is not closed")?;
                    (part, after.trim_start())
                }
                None => {
                    let (part, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                    (part.trim_end(), after)
                }
            };
            if part.is_empty() {
                return Err("a part of it is empty".to_owned());
            }
            parts.push(part.to_owned());
            match after.strip_prefix('.') {
                Some(after) => rest = after,
                None if after.is_empty() => return Ok(KeyPath(parts)),
                None => return Err(format!("a dot is missing before `{after}`")),
            }
        }
    }
}

/// Writes it as it is read, with quotes only where it takes them.
impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            let is_plain = part.trim() == part && !part.contains(['.', '"', '\'', '=']);
            let quote = if is_plain {
                ""
            } else if part.contains('"') {
                "'"
            } else {
                "\""
            };
            write!(f, "{dot}{quote}{part}{quote}")?;
        }
        Ok(())
    }
}

/// A value for a key, whatever the file gives there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key as people call it: a table of an array by its name.
    pub key: KeyPath,
    /// The same with the table's place in its array, from 0, instead.
    pub place: KeyPath,
    /// The value, as TOML.
    pub value: String,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.value)
    }
}

/// The text of a file, and below it the values that take the place of what it gives.
pub struct Sheet {
    text: String,
    /// Where the text of the file ends.
    end: usize,
    settings: Vec<(Setting, Range<usize>)>,
}

impl Sheet {
    /// The text of a file with some settings. Of two for the same key the later one holds.
    pub fn new(text: &str, settings: &[Setting]) -> Sheet {
        let mut text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let end = text.len();
        let settings = settings.iter().map(|setting| {
            text.push('\n');
            let start = text.len();
            text += &setting.value;
            (setting.clone(), start..text.len())
        });
        let settings = settings.collect();
        Sheet { text, end, settings }
    }

    /// All of its text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text of the file.
    pub(super) fn of_file(&self) -> &str {
        &self.text[..self.end]
    }

    /// The settings, as they are told.
    pub(super) fn settings(&self) -> String {
        let settings: Vec<String> = self.settings.iter().map(|(setting, _)| setting.to_string()).collect();
        settings.join(", ")
    }

    /// The setting that a place belongs to, if it is not one of the file.
    pub(super) fn setting_at(&self, at: &Range<usize>) -> Option<&Setting> {
        let is_there = |range: &Range<usize>| range.start <= at.start && at.end <= range.end;
        self.settings.iter().find(|(_, range)| is_there(range)).map(|(setting, _)| setting)
    }

    /// Puts the values in their places; what cannot be is noted.
    pub(super) fn apply<'t>(&'t self, root: DeTable<'t>) -> (DeTable<'t>, Vec<Noted>) {
        let mut root = DeValue::Table(root);
        let mut noted = Vec::new();
        for (setting, range) in &self.settings {
            let put = match DeValue::parse(&self.text[range.clone()]) {
                Ok(value) => put(&mut root, &setting.place.0, 0, moved(value, range.start), range),
                Err(error) => Err((error.message().to_owned(), "write a value as in TOML")),
            };
            if let Err((wrong, hint)) = put {
                noted.push(Noted { at: Some(range.clone()), wrong, hint: hint.to_owned() });
            }
        }
        let DeValue::Table(root) = root else { unreachable!("nothing takes the place of the whole file") };
        (root, noted)
    }
}

/// Puts a value at the end of a path that leads on from the value at `depth` in it.
fn put<'t>(
    at: &mut DeValue<'t>,
    path: &[String],
    depth: usize,
    value: Spanned<DeValue<'t>>,
    range: &Range<usize>,
) -> Result<(), (String, &'static str)> {
    let part = &path[depth];
    let is_last = depth + 1 == path.len();
    let next = match at {
        DeValue::Table(table) => {
            let key = Spanned::new(range.clone(), part.clone().into());
            let empty = || Spanned::new(range.clone(), DeValue::Table(DeTable::new()));
            table.entry(key).or_insert_with(empty)
        }
        DeValue::Array(items) => {
            let count = items.len();
            let item = part.parse().ok().and_then(|index: usize| items.get_mut(index));
            let wrong = || format!("`{}` is an array of {count} items", KeyPath(path[..depth].to_vec()));
            item.ok_or_else(|| (wrong(), "name one by its place, from 0 on, as in `tiers.0.limit`"))?
        }
        _ => {
            let wrong = format!("`{}` is no table in the file", KeyPath(path[..depth].to_vec()));
            return Err((wrong, "set it as a whole, or make it a table in the file"));
        }
    };
    if is_last {
        *next = value;
        return Ok(());
    }
    put(next.get_mut(), path, depth + 1, value, range)
}

/// A value as it is read where its text begins so many bytes later.
fn moved(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let shifted = |span: Range<usize>| span.start + by..span.end + by;
    let span = shifted(value.span());
    let value = match value.into_inner() {
        DeValue::Array(mut items) => {
            for item in items.iter_mut() {
                let taken = std::mem::replace(item, Spanned::new(0..0, DeValue::Boolean(false)));
                *item = moved(taken, by);
            }
            DeValue::Array(items)
        }
        DeValue::Table(table) => {
            let entry = |(key, value): (Spanned<_>, _)| {
                (Spanned::new(shifted(key.span()), key.into_inner()), moved(value, by))
            };
            DeValue::Table(table.into_iter().map(entry).collect())
        }
        other => other,
    };
    Spanned::new(span, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<Vec<String>, String> {
        text.parse::<KeyPath>().map(|path| path.0)
    }

    #[test]
    fn a_path_has_parts_with_dots_between_and_quotes_around_dots() {
        assert_eq!(path("policy.top-up.threshold").unwrap(), ["policy", "top-up", "threshold"]);
        assert_eq!(path("policy.at 2 buy 10.amount").unwrap(), ["policy", "at 2 buy 10", "amount"]);
        assert_eq!(path("prices.\"gpt-4.1\" . input").unwrap(), ["prices", "gpt-4.1", "input"]);
        assert_eq!(path("prices.'say \"a\"'").unwrap(), ["prices", "say \"a\""]);
        for (text, wrong) in [
            ("", "a part of it is empty"),
            ("a..b", "a part of it is empty"),
            ("a.", "a part of it is empty"),
            ("a.\"b", "a quote is not closed"),
            ("\"a\"b", "a dot is missing before `b`"),
        ] {
            assert_eq!(path(text).unwrap_err(), wrong, "{text}");
        }
    }

    #[test]
    fn what_is_told_of_a_path_is_read_again() {
        for text in ["a.b-c.d", "a.x y.b", "prices.\"m.1\".input", "a.'\"'.b", "a.\" b\""] {
            let path: KeyPath = text.parse().unwrap();
            assert_eq!(path.to_string(), text);
            assert_eq!(path.to_string().parse(), Ok(path));
        }
    }
}
