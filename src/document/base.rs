//! Bases: what tables of a document can stand on.

use toml::de::DeTable;

/// Values for a table of a document to fall back on: see [`Table::stand_on`](super::Table::stand_on).
pub struct Base {
    pub(super) text: &'static str,
    pub(super) table: DeTable<'static>,
}

impl Base {
    /// Parses keys and values in TOML.
    ///
    /// # Panics
    /// If it is none: bases are part of the program.
    pub fn parse(text: &'static str) -> Base {
        let table = DeTable::parse(text).unwrap_or_else(|error| panic!("a base is no TOML: {error}\n{text}"));
        Base { text, table: table.into_inner() }
    }

    /// The text under a key, where there is one.
    pub fn peek(&self, key: &str) -> Option<&str> {
        self.table.get(key)?.get_ref().as_str()
    }
}
