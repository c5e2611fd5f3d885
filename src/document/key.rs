//! Keys: what a table may hold, said once for its reading, for the schema and for people.

use super::Read;
use super::schema::{Definitions, Schema};
use std::marker::PhantomData;

/// All that a table may hold.
pub type Keys = &'static [&'static dyn AnyKey];

/// A key with a value: its name, the type of its value, what holds where it is absent, and what it means.
///
/// ```
/// use billsim::document::Key;
/// use billsim::time::Span;
///
/// const TERMS: Key<Span> =
///     Key::with_default("terms", "\"0d\"", "from an invoice's issue to the first attempt at payment");
/// ```
pub struct Key<T> {
    /// What it is called.
    pub name: &'static str,
    pub(super) absent: Absent,
    meaning: &'static str,
    value: PhantomData<fn() -> T>,
}

/// A key with a table under it, or with an array of them.
pub struct TableKey<const MANY: bool = false> {
    /// What it is called.
    pub name: &'static str,
    pub(super) absent: Absent,
    meaning: &'static str,
    pub(super) keys: Keys,
    definition: Option<&'static str>,
}

/// A key with an array of tables under it.
pub type TablesKey = TableKey<true>;

/// Keys that are names of the file's own, each with a value of one type.
pub struct Names<T> {
    meaning: &'static str,
    value: PhantomData<fn() -> T>,
}

/// Alternatives, of which exactly one is given. Each is a key that tells that it is this one, and those that
/// belong to it.
pub struct OneOf(pub &'static [Keys]);

/// What holds where a key is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It must be there; the hint says how to write it.
    Required {
        /// As in ``"add `amount = 25.00`"``.
        hint: &'static str,
    },
    /// This value, as TOML.
    Default(&'static str),
    /// What these words say, such as `never`.
    Words(&'static str),
    /// Another one of several is there.
    Alternative,
}

impl<T> Key<T> {
    /// A key that must be there; the hint says how to write it, as in ``"add `amount = 25.00`"``.
    pub const fn required(name: &'static str, hint: &'static str, meaning: &'static str) -> Key<T> {
        Key { name, absent: Absent::Required { hint }, meaning, value: PhantomData }
    }

    /// A key with a default, which is given as TOML.
    pub const fn with_default(name: &'static str, default: &'static str, meaning: &'static str) -> Key<T> {
        Key { name, absent: Absent::Default(default), meaning, value: PhantomData }
    }

    /// A key that may be absent; `absent` says in a word or two what holds then, such as `never`.
    pub const fn optional(name: &'static str, absent: &'static str, meaning: &'static str) -> Key<T> {
        Key { name, absent: Absent::Words(absent), meaning, value: PhantomData }
    }

    /// A key that tells one alternative from others, see [`OneOf`].
    pub const fn alternative(name: &'static str, meaning: &'static str) -> Key<T> {
        Key { name, absent: Absent::Alternative, meaning, value: PhantomData }
    }
}

impl<const MANY: bool> TableKey<MANY> {
    const fn new(name: &'static str, keys: Keys, absent: Absent, meaning: &'static str) -> TableKey<MANY> {
        TableKey { name, absent, meaning, keys, definition: None }
    }

    /// A key that must be there; the hint says how to write it. Of tables in an array there must be one at
    /// least.
    pub const fn required(
        name: &'static str,
        keys: Keys,
        hint: &'static str,
        meaning: &'static str,
    ) -> TableKey<MANY> {
        TableKey::new(name, keys, Absent::Required { hint }, meaning)
    }

    /// A key that may be absent; `absent` says in a word or two what holds then.
    pub const fn optional(
        name: &'static str,
        keys: Keys,
        absent: &'static str,
        meaning: &'static str,
    ) -> TableKey<MANY> {
        TableKey::new(name, keys, Absent::Words(absent), meaning)
    }

    /// A key that tells one alternative from others, see [`OneOf`].
    pub const fn alternative(name: &'static str, keys: Keys, meaning: &'static str) -> TableKey<MANY> {
        TableKey::new(name, keys, Absent::Alternative, meaning)
    }

    /// The same, with a schema that has a name and is defined elsewhere: for tables that hold more than the
    /// keys given here.
    #[must_use]
    pub const fn defined_as(mut self, definition: &'static str) -> TableKey<MANY> {
        self.definition = Some(definition);
        self
    }
}

impl TableKey {
    /// A key with a table that may be absent as all of its keys may.
    pub const fn or_empty(name: &'static str, keys: Keys, meaning: &'static str) -> TableKey {
        TableKey::new(name, keys, Absent::Default("{}"), meaning)
    }
}

impl<T> Names<T> {
    /// All names that a file cares to give.
    pub const fn new(meaning: &'static str) -> Names<T> {
        Names { meaning, value: PhantomData }
    }
}

/// What stands in [`Keys`]: a key, or several.
pub trait AnyKey: Sync {
    /// It, whatever its type.
    fn entry(&self) -> Entry;
}

/// A key, or several, whatever their types.
pub enum Entry {
    /// One key.
    Key(Described),
    /// Alternatives, of which exactly one is given.
    OneOf(&'static [Keys]),
    /// Names of the file's own, each with a value that looks like this.
    Names(fn(&mut Definitions) -> Schema, &'static str),
}

/// A key, whatever the type of its value.
pub struct Described {
    /// What it is called.
    pub name: &'static str,
    /// What holds where it is absent.
    pub absent: Absent,
    /// What it means.
    pub meaning: &'static str,
    /// What it may hold where it is a table, or an array of them.
    pub keys: Keys,
    /// What it looks like.
    pub form: Form,
    /// Whether it is an array of what that is.
    pub many: bool,
}

/// What stands under a key.
pub enum Form {
    /// A value that looks like this.
    Value(fn(&mut Definitions) -> Schema),
    /// A table that may hold the keys.
    Table,
    /// What has been defined under this name.
    Defined(&'static str),
}

impl Entry {
    /// Whether a table that holds it may hold this key.
    pub(super) fn covers(self, name: &str) -> bool {
        matches!(self, Entry::Names(..)) || self.keys().iter().any(|key| key.name == name)
    }

    /// The names of what is asked for whatever else is there: not of what belongs to an alternative.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Entry::Key(key) => vec![key.name],
            Entry::OneOf(alternatives) => {
                let first = alternatives.iter().filter_map(|keys| keys.first());
                first.flat_map(|key| key.entry().names()).collect()
            }
            Entry::Names(..) => vec![],
        }
    }

    /// Every key that has a name of its own.
    pub fn keys(self) -> Vec<Described> {
        match self {
            Entry::Key(key) => vec![key],
            Entry::OneOf(alternatives) => {
                alternatives.iter().copied().flatten().flat_map(|key| key.entry().keys()).collect()
            }
            Entry::Names(..) => vec![],
        }
    }
}

impl<T: Read> AnyKey for Key<T> {
    fn entry(&self) -> Entry {
        let Key { name, absent, meaning, .. } = *self;
        let form = Form::Value(T::schema);
        Entry::Key(Described { name, absent, meaning, keys: T::KEYS, form, many: false })
    }
}

impl<const MANY: bool> AnyKey for TableKey<MANY> {
    fn entry(&self) -> Entry {
        let TableKey { name, absent, meaning, keys, definition } = *self;
        let form = definition.map_or(Form::Table, Form::Defined);
        Entry::Key(Described { name, absent, meaning, keys, form, many: MANY })
    }
}

impl<T: Read> AnyKey for Names<T> {
    fn entry(&self) -> Entry {
        Entry::Names(T::schema, self.meaning)
    }
}

impl AnyKey for OneOf {
    fn entry(&self) -> Entry {
        Entry::OneOf(self.0)
    }
}
