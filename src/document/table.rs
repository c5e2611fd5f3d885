//! Tables, read key by key.

use super::fault::Noted;
use super::key::{Absent, AnyKey, Key, Keys, Names, OneOf, TableKey, TablesKey};
use super::resolved::{Node, NodeId};
use super::value::Value;
use super::{Base, Context, NamedFiles, Notes, Read};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;
use std::sync::LazyLock;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Stands for tables that are absent.
static EMPTY: LazyLock<DeTable<'static>> = LazyLock::new(DeTable::new);

/// One table of a document, read key by key. To read a key twice, or one that the table was not opened with,
/// or to leave one of those unread though nothing is at fault, is a mistake of the programmer, and panics.
///
/// Faults are noted, not returned: read every key first, then give up (`?`) on those that are `None`. A table
/// that goes out of scope notes the keys that nobody has asked for.
pub struct Table<'d> {
    context: Context<'d>,
    table: &'d DeTable<'d>,
    /// What it stands on, if anything: keys that it does not give itself are taken from there.
    base: Option<Under<'d>>,
    /// The keys that are not taken from there.
    hidden: BTreeSet<String>,
    /// Where it is; `None` for the whole file and for what is absent.
    at: Option<Range<usize>>,
    /// Its own key.
    name: String,
    node: NodeId,
    /// All that it may hold.
    keys: Vec<Keys>,
    /// The keys that may be there, in the order of reading.
    known: Vec<String>,
    /// These, and the keys that are refused by a message of their own.
    asked: BTreeSet<String>,
    /// The keys whose values have been written down.
    written: BTreeSet<String>,
    leaves_rest: bool,
}

/// What a table stands on.
#[derive(Clone)]
pub(super) struct Under<'d> {
    context: Context<'d>,
    table: &'d DeTable<'d>,
}

impl<'d> Table<'d> {
    pub(super) fn new(
        context: Context<'d>,
        table: &'d DeTable<'d>,
        at: Option<Range<usize>>,
        name: String,
        node: NodeId,
        keys: Keys,
    ) -> Table<'d> {
        Table {
            context,
            table,
            base: None,
            hidden: BTreeSet::new(),
            at,
            name,
            node,
            keys: vec![keys],
            known: Vec::new(),
            asked: BTreeSet::new(),
            written: BTreeSet::new(),
            leaves_rest: false,
        }
    }

    /// It, standing on another one.
    pub(super) fn on(mut self, base: Option<Under<'d>>) -> Table<'d> {
        self.base = base;
        self
    }

    /// What a file that it names holds, unless that is known: then it is not read again. `how` tells one way
    /// of reading it from another.
    pub fn read_named_file<T: Clone + 'static>(
        &self,
        path: &Path,
        how: &impl Debug,
        read: impl FnOnce() -> T,
    ) -> T {
        self.context.files.read(path, how, read)
    }

    /// Lets it hold more keys: for those that depend on a value in it.
    pub fn extend(&mut self, keys: Keys) {
        self.keys.push(keys);
    }

    /// The value of a key, or of its default, which is written down as if it stood there. `None` where the
    /// value is at fault, and where the key is absent and has no default.
    ///
    /// # Panics
    /// If the default cannot be read, or the table is not one that may hold the key.
    pub fn read<T: Read>(&mut self, key: &Key<T>) -> Option<T> {
        match key.absent {
            Absent::Required { hint } => self.demand(key.name, hint),
            Absent::Default(default) => return self.read_or(key, default),
            Absent::Words(_) | Absent::Alternative => {}
        }
        T::read(&self.value(key.name)?)
    }

    /// The value of a key, or of a default that depends on something else, as TOML.
    ///
    /// # Panics
    /// As [`Table::read`].
    pub fn read_or<T: Read>(&mut self, key: &Key<T>, default: &str) -> Option<T> {
        if self.has(key.name) {
            return T::read(&self.value(key.name)?);
        }
        self.know(key.name);
        self.write(key.name, Node::Literal(default.to_owned()));
        Some(read_default(key.name, default))
    }

    /// The value of a key that is a name of the file's own.
    ///
    /// # Panics
    /// If the table is not one that may hold such keys.
    pub fn read_named<T: Read>(&mut self, _: &Names<T>, name: &str) -> Option<T> {
        T::read(&self.value(name)?)
    }

    /// The value of a key that stands for others: they are written down, not it.
    ///
    /// # Panics
    /// If the table is not one that may hold the key.
    pub fn read_unwritten<T: Read>(&mut self, key: &Key<T>) -> Option<T> {
        self.know(key.name);
        let (context, value) = self.find(key.name)?;
        let node = context.node(Node::Literal(String::new()));
        T::read(&Value::new(context.clone(), value, key.name.to_owned(), node))
    }

    /// The table under a key, which is an empty one by default where the key says so. `None` where something
    /// else is there, and where the key is absent and has no default.
    ///
    /// # Panics
    /// If the table is not one that may hold the key.
    pub fn table(&mut self, key: &TableKey) -> Option<Table<'d>> {
        match key.absent {
            Absent::Required { hint } => self.demand(key.name, hint),
            Absent::Default(_) => return self.table_or_empty(key),
            Absent::Words(_) | Absent::Alternative => {}
        }
        self.value(key.name)?.must_be_table(key.keys)
    }

    /// The table under a key, or an empty one. `None` where something else is there.
    ///
    /// # Panics
    /// If the table is not one that may hold the key.
    pub fn table_or_empty(&mut self, key: &TableKey) -> Option<Table<'d>> {
        if self.has(key.name) {
            return self.value(key.name)?.must_be_table(key.keys);
        }
        self.know(key.name);
        let node = self.write(key.name, Node::Table(Vec::new()));
        let (context, at, name) = (self.context.clone(), self.at.clone(), key.name.to_owned());
        Some(Table::new(context, &EMPTY, at, name, node, key.keys))
    }

    /// The tables of the array under a key; none where it is absent.
    ///
    /// # Panics
    /// If the table is not one that may hold the key.
    pub fn tables(&mut self, key: &TablesKey) -> Vec<Table<'d>> {
        let name = key.name;
        if let Absent::Required { hint } = key.absent {
            let items = self.find(name).map(|(_, value)| value.get_ref().as_array().map(|items| items.len()));
            if matches!(items, None | Some(Some(0))) {
                self.lacks(name, hint);
            }
        }
        let Some(value) = self.value(name) else { return Vec::new() };
        let hint = format!("write each under a line `[[{name}]]`, or as in `{name} = [{{ ... }}]`");
        let Some(items) = value.items() else {
            return value.expected("an array of tables", &hint).unwrap_or_default();
        };
        let table = |item: Value<'d>| item.table(key.keys).or_else(|| item.expected("a table", &hint));
        items.into_iter().map(|item| item.named(name)).filter_map(table).collect()
    }

    /// The name of the key that tells which alternative is there; a fault is noted unless it is exactly one.
    ///
    /// # Panics
    /// If the table is not one that may hold them.
    pub fn one_of(&mut self, one_of: &OneOf) -> Option<&'static str> {
        self.exclude(one_of);
        let names = one_of.entry().names();
        names.iter().for_each(|name| self.know(name));
        let there: Vec<&str> = names.iter().copied().filter(|name| self.has(name)).collect();
        match there[..] {
            [name] => return Some(name),
            [] => {
                let wrong = format!("{} needs one of {}", self.shown(), listed(&names));
                self.fault_here(wrong, &format!("give one of them, as in `{} = ...`", names[0]));
            }
            _ => {
                let wrong = format!("{} has more than one of {}", self.shown(), listed(&there));
                self.fault_here(wrong, "leave all but one of them out");
            }
        }
        None
    }

    /// Notes a fault unless a key is there, for one that must be in some cases only; the hint says how to
    /// write it.
    pub fn demand(&self, key: &str, hint: &str) {
        if !self.has(key) {
            self.lacks(key, hint);
        }
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The text under a key, where there is one, without reading it.
    pub fn peek(&self, key: &str) -> Option<&'d str> {
        self.find(key)?.1.get_ref().as_str()
    }

    /// All keys, in the order of the file: for tables whose keys are names of the file's own.
    pub fn keys(&self) -> Vec<&'d str> {
        let in_order = |table: &'d DeTable<'d>| {
            let mut keys: Vec<_> = table.keys().collect();
            keys.sort_by_key(|key| key.span().start);
            keys.into_iter().map(|key| key.get_ref().as_ref())
        };
        let base = self.base.iter().flat_map(|base| in_order(base.table));
        let base = base.filter(|key| !self.table.contains_key(*key) && self.has(key));
        in_order(self.table).chain(base).collect()
    }

    /// Its own key; empty for the whole file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it stands in.
    pub fn file(&self) -> &'d Path {
        self.context.file
    }

    /// Notes a fault at a key (or at the table, where the key is absent): what is wrong, and what would be
    /// right.
    pub fn fault(&self, key: &str, wrong: impl Into<String>, hint: &str) {
        match self.find(key) {
            Some((context, value)) => context.note(Some(value.span()), wrong.into(), hint.to_owned()),
            None => self.fault_here(wrong, hint),
        }
    }

    /// Notes a fault at the table itself.
    pub fn fault_here(&self, wrong: impl Into<String>, hint: &str) {
        self.context.note(self.at.clone(), wrong.into(), hint.to_owned());
    }

    /// Lets a key pass without reading it: for one that is refused by a message of its own.
    pub fn ignore(&mut self, key: &str) {
        self.asked.insert(key.to_owned());
    }

    /// Lets keys that nobody has asked for pass: for a table that cannot be read at all, a fault being noted
    /// already.
    pub fn leave_rest(&mut self) {
        self.leaves_rest = true;
    }

    /// Lets it stand on a base, which the value of `key` has named: each key that it does not give itself is
    /// taken from there, and in tables that both have, each key of those. A fault of what is taken is told at
    /// `key`.
    pub fn stand_on(&mut self, key: &str, base: &'d Base) {
        let at = self.table.get(key).map_or(0..0, Spanned::span);
        let context = Context { text: base.text, base: Some((key.to_owned(), at)), ..self.context.clone() };
        self.base = Some(Under { context, table: &base.table });
    }

    /// Of alternatives, one that the table gives takes the place of those that it stands on.
    pub fn exclude(&mut self, one_of: &OneOf) {
        let names = one_of.entry().names();
        if names.iter().any(|name| self.table.contains_key(*name)) {
            names.iter().for_each(|name| self.hide(name));
        }
    }

    /// Takes a key from nothing that it stands on.
    pub fn hide(&mut self, key: &str) {
        self.hidden.insert(key.to_owned());
    }

    /// The value of a key, and the context that its place belongs to.
    fn find(&self, key: &str) -> Option<(&Context<'d>, &'d Spanned<DeValue<'d>>)> {
        let own = self.table.get(key).map(|value| (&self.context, value));
        own.or_else(|| {
            let base = self.base.as_ref().filter(|_| !self.hidden.contains(key))?;
            base.table.get(key).map(|value| (&base.context, value))
        })
    }

    fn value(&mut self, key: &str) -> Option<Value<'d>> {
        self.know(key);
        let (context, value) = self.find(key)?;
        let context = context.clone();
        let node = self.write(key, Node::Literal(context.literal(&value.span()).to_owned()));
        Some(Value::new(context, value, key.to_owned(), node).on(self.under(key)))
    }

    /// What the table under a key stands on.
    fn under(&self, key: &str) -> Option<Under<'d>> {
        let base = self.base.as_ref().filter(|_| self.table.contains_key(key))?;
        let table = base.table.get(key)?.get_ref().as_table()?;
        Some(Under { context: base.context.clone(), table })
    }

    /// Writes the value of a key down.
    ///
    /// # Panics
    /// If that has been done.
    fn write(&mut self, key: &str, node: Node) -> NodeId {
        assert!(self.written.insert(key.to_owned()), "the key `{key}` is read twice");
        let node = self.context.node(node);
        self.context.insert(self.node, key, node);
        node
    }

    /// Lets a key be known.
    ///
    /// # Panics
    /// If the table is not one that may hold it.
    fn know(&mut self, key: &str) {
        let may_hold = self.keys.iter().copied().flatten().any(|entry| entry.entry().covers(key));
        assert!(may_hold, "`{key}` is not among the keys of `{}`", self.name);
        if self.asked.insert(key.to_owned()) {
            self.known.push(key.to_owned());
        }
    }

    fn lacks(&self, key: &str, hint: &str) {
        self.fault_here(format!("{} lacks `{key}`", self.shown()), hint);
    }

    fn shown(&self) -> String {
        if self.name.is_empty() { "the file".to_owned() } else { format!("`{}`", self.name) }
    }
}

impl Drop for Table<'_> {
    /// Notes the keys that nobody has asked for.
    ///
    /// # Panics
    /// If the table may hold a key that nobody has asked for though nothing is at fault.
    fn drop(&mut self) {
        if self.leaves_rest {
            return;
        }
        let unknown = self.table.keys().filter(|key| !self.asked.contains(key.get_ref().as_ref()));
        for key in unknown {
            let name = key.get_ref().as_ref();
            let here = if self.known.is_empty() {
                "leave it out".to_owned()
            } else {
                format!("known here: {}", listed(&self.known))
            };
            let hint = match did_you_mean(name, self.known.iter().map(String::as_str)) {
                Some(known) => format!("did you mean `{known}`? {here}"),
                None => here,
            };
            self.context.note(Some(key.span()), format!("unknown key `{name}`"), hint);
        }
        if self.context.notes.borrow().faults.is_empty() && !std::thread::panicking() {
            for key in self.keys.iter().copied().flatten().flat_map(|key| key.entry().names()) {
                assert!(self.asked.contains(key), "nobody has asked for the key `{key}` of `{}`", self.name);
            }
        }
    }
}

/// Reads a default.
fn read_default<T: Read>(key: &str, default: &str) -> T {
    let value = DeValue::parse(default).unwrap_or_else(|error| panic!("the default of `{key}`: {error}"));
    let notes = RefCell::new(Notes::new());
    let files = NamedFiles::default();
    let context = Context { file: Path::new(""), text: default, files: &files, notes: &notes, base: None };
    let node = context.node(Node::Literal(default.to_owned()));
    let read = T::read(&Value::new(context, &value, key.to_owned(), node));
    let wrong = notes.into_inner().faults.into_iter().next();
    match (read, wrong) {
        (Some(read), None) => read,
        (_, Some(Noted { wrong, .. })) => panic!("the default `{default}` of `{key}`: {wrong}"),
        (None, None) => panic!("the default `{default}` of `{key}` is refused"),
    }
}

/// The candidate that a misspelt word most likely stands for, if there is one.
pub fn did_you_mean<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let distance =
        |candidate: &&str| strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
    let near = candidates.map(|candidate| (distance(&candidate), candidate));
    near.filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names in backticks, with commas between; of a long list its beginning.
pub fn listed(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 30;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", name.as_ref())).collect();
    let more = if names.len() > SHOWN { ", ..." } else { "" };
    shown.join(", ") + more
}
