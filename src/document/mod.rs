//! Documents: TOML read key by key, every fault kept with its place, every default written down.
//!
//! Reading never stops at a fault: [`Table`] and [`Value`] note what is wrong and give `None`, so that all
//! faults of a file can be shown at once. What is read, or taken by default, is written into a [`Resolved`]
//! document on the way: no key can be read without appearing there.
//!
//! What a table may hold is said once, in a list of [`Keys`]: from it come the reading, the [`schema`] by which
//! editors complete and check a file, and what is told of it to people.
//!
//! ```
//! use billsim::document::{Charge, Document, Key, NamedFiles, Sheet, TableKey};
//! use billsim::money::Money;
//! use std::path::Path;
//!
//! const POLICY: TableKey = TableKey::required("policy", &[&AMOUNT, &MOST], "add `[policy]`", "the rules");
//! const AMOUNT: Key<Charge> = Key::required("amount", "add `amount = 25.00`", "how much is bought");
//! const MOST: Key<u32> = Key::with_default("max_per_day", "3", "how often it is bought a day, at most");
//!
//! let (sheet, files) = (Sheet::new("[policy]\namount = 25.00", &[]), NamedFiles::default());
//! let document = Document::parse(Path::new("a.toml"), &sheet, &files)?;
//! let mut root = document.root(&[&POLICY]);
//! let mut policy = root.table(&POLICY).expect("it is there");
//! let (amount, most) = (policy.read(&AMOUNT), policy.read(&MOST));
//! assert_eq!((amount, most), (Some(Charge(Money::dollars(25))), Some(3)));
//! drop((root, policy));
//! assert_eq!(document.finish()?.to_toml(Path::new("")), "[policy]\namount = 25.00\nmax_per_day = 3\n");
//! # Ok::<(), billsim::document::Faults>(())
//! ```

mod base;
mod decimal;
mod duration;
mod fault;
mod key;
mod named_files;
mod resolved;
pub mod schema;
mod setting;
mod table;
mod value;

pub use base::Base;
pub(crate) use decimal::scaled;
pub use duration::duration;
pub use fault::{Fault, Faults};
pub use key::{Absent, AnyKey, Described, Entry, Form, Key, Keys, Names, OneOf, TableKey, TablesKey};
pub use named_files::NamedFiles;
pub use resolved::{Resolved, quoted};
pub use setting::{KeyPath, Setting, Sheet};
pub use table::{Table, did_you_mean, listed};
pub use value::{Charge, Dollars, Probability, Read, ReadTable, Value};

use fault::Noted;
use resolved::{Node, NodeId, ROOT};
use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// A parsed TOML file that is being read.
pub struct Document<'t> {
    root: DeTable<'t>,
    file: PathBuf,
    sheet: &'t Sheet,
    files: &'t NamedFiles,
    notes: RefCell<Notes>,
}

impl<'t> Document<'t> {
    /// Parses the text of a file, with settings. Paths in it are taken from the folder of that file.
    ///
    /// # Errors
    /// All that makes the text no valid TOML.
    pub fn parse(file: &Path, sheet: &'t Sheet, files: &'t NamedFiles) -> Result<Document<'t>, Faults> {
        let (root, errors) = DeTable::parse_recoverable(sheet.of_file());
        if errors.is_empty() {
            let (root, faults) = sheet.apply(root.into_inner());
            let notes = RefCell::new(Notes { faults, ..Notes::new() });
            return Ok(Document { root, file: file.to_owned(), sheet, files, notes });
        }
        let noted = errors.into_iter().map(|error| Noted {
            at: error.span(),
            wrong: error.message().to_owned(),
            hint: fault::toml_hint(error.message()).to_owned(),
        });
        Err(Faults::new(file, sheet, noted.collect()))
    }

    /// The table that the whole file is; it may hold these keys.
    pub fn root(&self, keys: Keys) -> Table<'_> {
        let (text, files) = (self.sheet.text(), self.files);
        let context = Context { file: &self.file, text, files, notes: &self.notes, base: None };
        Table::new(context, &self.root, None, String::new(), ROOT, keys)
    }

    /// The document with every default written out.
    ///
    /// # Errors
    /// All faults that were noted while reading.
    pub fn finish(self) -> Result<Resolved, Faults> {
        let Notes { faults, nodes, .. } = self.notes.into_inner();
        if faults.is_empty() {
            Ok(Resolved::new(nodes))
        } else {
            Err(Faults::new(&self.file, self.sheet, faults))
        }
    }
}

/// What tables and values of one text share.
#[derive(Clone)]
struct Context<'d> {
    file: &'d Path,
    text: &'d str,
    files: &'d NamedFiles,
    notes: &'d RefCell<Notes>,
    /// Where the text is not that of the file: the key that brought it in, and the place of its value.
    base: Option<(String, Range<usize>)>,
}

/// What reading has brought to light.
struct Notes {
    faults: Vec<Noted>,
    nodes: Vec<Node>,
}

impl Notes {
    fn new() -> Notes {
        Notes { faults: Vec::new(), nodes: vec![Node::Table(Vec::new())] }
    }
}

impl<'d> Context<'d> {
    fn note(&self, at: Option<Range<usize>>, wrong: String, hint: String) {
        let (at, wrong) = match &self.base {
            None => (at, wrong),
            Some((key, at)) => (Some(at.clone()), format!("`{key}` does not fit the rest: {wrong}")),
        };
        self.notes.borrow_mut().faults.push(Noted { at, wrong, hint });
    }

    /// A new node, not yet in any table or array.
    fn node(&self, node: Node) -> NodeId {
        let nodes = &mut self.notes.borrow_mut().nodes;
        nodes.push(node);
        nodes.len() - 1
    }

    /// Writes a node anew.
    fn write(&self, id: NodeId, node: Node) {
        self.notes.borrow_mut().nodes[id] = node;
    }

    /// Puts a node under a key of a table.
    fn insert(&self, table: NodeId, key: &str, node: NodeId) {
        let nodes = &mut self.notes.borrow_mut().nodes;
        let Node::Table(entries) = &mut nodes[table] else { unreachable!("only tables have keys") };
        entries.push((key.to_owned(), node));
    }

    /// The text of a value as it stands there.
    fn literal(&self, span: &Range<usize>) -> &'d str {
        self.text.get(span.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Money, Share};
    use crate::time::Span;

    const FILE: &str = "folder/a.toml";

    fn parse(text: &str) -> Document<'static> {
        parse_with(text, &[])
    }

    fn parse_with(text: &str, settings: &[Setting]) -> Document<'static> {
        let sheet = Box::leak(Box::new(Sheet::new(text, settings)));
        Document::parse(Path::new(FILE), sheet, Box::leak(Box::default())).expect("valid TOML")
    }

    struct Any<T>(T);

    impl<T: Read + 'static> Any<T> {
        const A: Key<T> = Key::optional("a", "nothing", "a value");
        const KEYS: Keys = &[&Self::A];
    }

    /// Reads one value, `a = ...`, or what is wrong with it.
    fn read<T: Read + 'static>(value: &str) -> Result<T, String> {
        let text = format!("a = {value}");
        let document = parse(&text);
        let read = document.root(Any::<T>::KEYS).read(&Any::A);
        document.finish().map_err(|faults| faults.to_string())?;
        Ok(read.expect("a value, or a fault"))
    }

    fn wrong<T: Read + std::fmt::Debug + 'static>(value: &str) -> String {
        let faults = read::<T>(value).expect_err(value);
        faults.lines().next().expect("a message").to_owned()
    }

    #[test]
    fn amounts_are_exact() {
        let nanos = |value| read::<Dollars>(value).map(|Dollars(amount)| amount.nanos());
        assert_eq!(nanos("0.30"), Ok(300_000_000));
        assert_eq!(nanos("1_000"), Ok(1_000_000_000_000));
        assert_eq!(nanos("1_0.000_000_001"), Ok(10_000_000_001));
        assert_eq!(nanos("1e-3"), Ok(1_000_000));
        assert_eq!(nanos("0x10"), Ok(16_000_000_000));
        assert_eq!(nanos("2_000_000_000"), Ok(Money::LIMIT.nanos()));
        assert_eq!(read::<Charge>("0.07"), Ok(Charge(Money::cents(7))));
        assert_eq!(read::<Share>("0.55"), Ok(Share::from_billionths(550_000_000)));
    }

    #[test]
    fn what_is_no_amount_is_refused_and_never_rounded() {
        for (value, message) in [
            ("0.0000000001", "has more than 9 decimals"),
            ("-1", "must be an amount of money from 0 to 2 billion dollars, not -1"),
            ("2_000_000_000.01", "must be an amount of money"),
            ("1e300", "must be a smaller number"),
            ("99999999999999999999999999999999999999999999", "must be a smaller number"),
            ("inf", "must be an amount"),
            ("nan", "must be an amount"),
            ("\"5\"", "must be an amount"),
            ("[5]", "not an array"),
            ("{}", "not a table"),
        ] {
            assert!(wrong::<Dollars>(value).contains(message), "{value}: {}", wrong::<Dollars>(value));
        }
        assert!(wrong::<Charge>("0.001").contains("must be whole cents"));
        assert!(wrong::<Share>("1.000000001").contains("must be a share from 0 to 1"));
        assert!(wrong::<Probability>("1.1").contains("must be from 0 to 1"));
        assert!(wrong::<u32>("4294967296").contains("must be at most 4294967295"));
        assert!(wrong::<u32>("20.0").contains("must be a whole number from 0 on, not 20.0"));
        assert!(wrong::<u64>("-1").contains("must be a whole number from 0 on, not -1"));
    }

    #[test]
    fn durations_dates_and_arrays_are_read() {
        assert_eq!(read("\"1h 30m\""), Ok(Span::hours(1) + Span::from_micros(1_800_000_000)));
        assert_eq!(read("2026-01-01"), Ok(jiff::civil::date(2026, 1, 1)));
        assert_eq!(read("[\"1h\", \"3h\"]"), Ok(vec![Span::hours(1), Span::hours(3)]));
        assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
        assert!(wrong::<Span>("\"-3d\"").contains("must be zero or more"));
        assert!(wrong::<Span>("90").contains("must be a duration in quotes, not 90"));
        assert!(wrong::<jiff::civil::Date>("2026-01-01T00:00:00Z").contains("must be a date"));
        assert!(wrong::<Vec<Span>>("[\"1h\", 3]").contains(":1:12: `a[1]` must be a duration"));
    }

    const AMOUNT: Key<u32> = Key::alternative("amount", "so many");
    const TARGET: Key<u32> = Key::alternative("target", "up to so many");
    const EITHER: OneOf = OneOf(&[&[&AMOUNT], &[&TARGET]]);
    const LIST: Key<Vec<Span>> = Key::with_default("list", "[]", "some waits");
    const PRICE: Key<Charge> = Key::required("price", "add `price = 1.00`", "what it costs");
    const WAIT: Key<Span> = Key::with_default("wait", "\"2h\"", "how long it waits");
    const SECTION: TableKey = TableKey::optional("section", &[&LIST, &PRICE], "none", "a section");
    const BASE: Key<String> = Key::optional("base", "none", "what it stands on");

    #[test]
    fn every_fault_is_shown_with_its_place_in_the_order_of_the_file() {
        let text = "amuont = 5\n[section]\n\tlist = [\"1h\", \"3 days\"]";
        let document = parse(text);
        let mut root = document.root(&[&SECTION, &AMOUNT]);
        let mut section = root.table(&SECTION).expect("it is there");
        assert_eq!(section.read(&LIST), None);
        assert_eq!(section.read(&PRICE), None);
        assert_eq!(root.read(&AMOUNT), None);
        drop((root, section));
        let expected = "\
error: folder/a.toml:1:1: unknown key `amuont`
1 | amuont = 5
    ^^^^^^
hint: did you mean `amount`? known here: `section`, `amount`

error: folder/a.toml:2:1: `section` lacks `price`
2 | [section]
    ^^^^^^^^^
hint: add `price = 1.00`

error: folder/a.toml:3:16: `list[1]` must be a duration, not \"3 days\"
3 |  list = [\"1h\", \"3 days\"]
                   ^^^^^^^^
hint: write whole numbers with their units d, h, m, s, ms or us, as in `\"1h 30m\"`";
        assert_eq!(document.finish().map(|_| ()).expect_err("three faults").to_string(), expected);
    }

    #[test]
    fn what_was_read_and_every_default_is_written_down() {
        let text =
            "# comments go\nlist.deep = [ 0.30,1e-3 ]\n['a b']\nfile = 'x.csv' # too\n[[item]]\nname='b'";
        let document = parse(text);
        const DEEP: Key<Vec<Dollars>> = Key::with_default("deep", "[]", "amounts");
        const LIST: TableKey = TableKey::or_empty("list", &[&DEEP], "a table");
        const FILE: Key<PathBuf> = Key::optional("file", "none", "a file");
        const A_B: TableKey = TableKey::or_empty("a b", &[&FILE, &WAIT], "a table");
        const NUMBERS: Key<Vec<u32>> = Key::with_default("numbers", "[1, 2]", "some numbers");
        const EMPTY: TableKey = TableKey::or_empty("empty", &[&NUMBERS], "a table");
        const NAME: Key<String> = Key::optional("name", "none", "a name");
        const FLAG: Key<bool> = Key::with_default("flag", "false", "yes or no");
        const ITEM: TablesKey = TablesKey::optional("item", &[&NAME, &FLAG], "none", "the items");
        let mut root = document.root(&[&LIST, &A_B, &EMPTY, &ITEM]);
        let mut list = root.table(&LIST).expect("it is there");
        list.read(&DEEP);
        let mut section = root.table(&A_B).expect("it is there");
        section.read(&FILE);
        section.read(&WAIT);
        let mut empty = root.table(&EMPTY).expect("it is absent");
        empty.read(&NUMBERS);
        for mut item in root.tables(&ITEM) {
            item.read(&NAME);
            item.read(&FLAG);
        }
        drop((root, list, section, empty));
        let resolved = document.finish().expect("no fault");
        let expected = "\
[list]
deep = [0.30, 1e-3]

[\"a b\"]
file = \"../folder/x.csv\"
wait = \"2h\"

[empty]
numbers = [1, 2]

[[item]]
name = 'b'
flag = false
";
        assert_eq!(resolved.to_toml(Path::new("output")), expected);
    }

    #[test]
    fn a_table_takes_from_its_base_what_it_does_not_give_itself() {
        let base =
            Base::parse("wait = '1h'\nrate.low = 1\nrate.high = 2\nlist = [1, 2]\nsome.of = [{ a = 1 }]");
        let document = parse("base = 'b'\nrate = { high = 3 }\nlist = [3]");
        const LOW: Key<u32> = Key::required("low", "add it", "the least");
        const HIGH: Key<u32> = Key::required("high", "add it", "the most");
        const RATE: TableKey = TableKey::or_empty("rate", &[&LOW, &HIGH], "a rate");
        const NUMBERS: Key<Vec<u32>> = Key::required("list", "add it", "some numbers");
        const ONE: Key<u32> = Key::required("a", "add it", "a number");
        const OF: TablesKey = TablesKey::required("of", &[&ONE], "add some", "some tables");
        const SOME: TableKey = TableKey::required("some", &[&OF], "add it", "a table");
        let mut root = document.root(&[&BASE, &WAIT, &RATE, &NUMBERS, &SOME]);
        assert_eq!(root.read_unwritten(&BASE).as_deref(), Some("b"));
        root.stand_on(BASE.name, &base);
        assert!(root.has("wait") && root.peek("wait") == Some("1h"));
        assert_eq!(root.keys(), ["base", "rate", "list", "wait", "some"]);
        assert_eq!(root.read(&WAIT), Some(Span::hours(1)));
        let mut rate = root.table(&RATE).expect("it is there");
        assert_eq!((rate.read(&LOW), rate.read(&HIGH)), (Some(1), Some(3)));
        assert_eq!(root.read(&NUMBERS), Some(vec![3]));
        let mut some = root.table(&SOME).expect("it is there");
        assert_eq!(some.tables(&OF)[0].read(&ONE), Some(1));
        drop((root, rate, some));
        let resolved = document.finish().expect("no fault").to_toml(Path::new(""));
        assert_eq!(
            resolved,
            "wait = '1h'\nlist = [3]\n\n[rate]\nlow = 1\nhigh = 3\n\n[some]\nof = [{ a = 1 }]\n"
        );
    }

    #[test]
    fn of_keys_that_exclude_each_other_one_that_is_given_hides_those_of_the_base() {
        const IN: TableKey = TableKey::required("in", &[&EITHER], "add it", "a table");
        let base = Base::parse("amount = 1\ntarget = 2\nin = { amount = 1 }");
        let document = parse("base = 'b'\namount = 3\nin = { target = 2 }");
        let mut root = document.root(&[&BASE, &EITHER, &IN]);
        root.read_unwritten(&BASE);
        root.stand_on(BASE.name, &base);
        root.exclude(&EITHER);
        assert_eq!((root.read(&AMOUNT), root.read(&TARGET)), (Some(3), None));
        let mut inner = root.table(&IN).expect("it is there");
        assert_eq!(inner.one_of(&EITHER), Some("target"));
        assert_eq!((inner.read(&AMOUNT), inner.read(&TARGET)), (None, Some(2)));
    }

    #[test]
    fn a_fault_of_what_a_base_gives_is_told_where_the_base_is_named() {
        let base = Base::parse("# some words\ntarget = 2\nsection = { list = [] }");
        let document = parse("base = 'b'\nwait = '1h'");
        let mut root = document.root(&[&BASE, &TARGET, &SECTION, &WAIT]);
        root.read_unwritten(&BASE);
        root.stand_on(BASE.name, &base);
        root.fault(TARGET.name, "the target is below the threshold", "raise it");
        let mut section = root.table(&SECTION).expect("it is there");
        section.read(&PRICE);
        root.read(&WAIT);
        drop((root, section));
        let faults = document.finish().map(|_| ()).expect_err("two faults").to_string();
        assert!(faults.starts_with(
            "error: folder/a.toml:1:8: `base` does not fit the rest: the target is below the threshold\n\
             1 | base = 'b'\n           ^^^\nhint: raise it\n"
        ));
        assert!(
            faults.contains("a.toml:1:8: `base` does not fit the rest: `section` lacks `price`"),
            "{faults}"
        );
    }

    /// A setting of a key whose way is as it is called.
    fn setting(key: &str, value: &str) -> Setting {
        let key: KeyPath = key.parse().expect("a path");
        Setting { place: key.clone(), key, value: value.to_owned() }
    }

    #[test]
    fn a_setting_takes_the_place_of_what_the_file_gives_or_adds_to_it() {
        const ITEM: TablesKey = TablesKey::optional("item", &[&WAIT], "none", "the items");
        let text = "section.price = 1\n[[item]]\n[[item]]\nwait = \"3h\"";
        let settings = [
            setting("section.price", "2.50"),
            setting("section.list", "['1h', '2h']"),
            setting("item.1.wait", "\"4h\""),
        ];
        let document = parse_with(text, &settings);
        let mut root = document.root(&[&SECTION, &ITEM]);
        let mut section = root.table(&SECTION).expect("it is there");
        assert_eq!(section.read(&PRICE), Some(Charge(Money::cents(250))));
        assert_eq!(section.read(&LIST), Some(vec![Span::hours(1), Span::hours(2)]));
        let waits: Vec<_> = root.tables(&ITEM).iter_mut().map(|item| item.read(&WAIT)).collect();
        assert_eq!(waits, [Some(Span::hours(2)), Some(Span::hours(4))]);
        drop((root, section));
        let resolved = document.finish().expect("no fault").to_toml(Path::new(""));
        let expected = "[section]\nprice = 2.50\nlist = ['1h', '2h']\n\n\
                        [[item]]\nwait = \"2h\"\n\n[[item]]\nwait = \"4h\"\n";
        assert_eq!(resolved, expected);
    }

    #[test]
    fn a_fault_of_a_setting_tells_key_and_value_and_one_of_the_file_all_settings() {
        let text = "wait = \"3h\"\nlist = []\nsection = { list = [], price = 1.001 }";
        let settings = [
            setting("section.lits", "[\"1d\"]"),
            setting("section.list", "[\"1h\", 3]"),
            setting("wait.a", "1"),
            setting("list.7", "1"),
        ];
        let document = parse_with(text, &settings);
        let mut root = document.root(&[&SECTION, &WAIT, &LIST]);
        let mut section = root.table(&SECTION).expect("it is there");
        section.read(&PRICE);
        section.read(&LIST);
        root.read(&WAIT);
        root.read(&LIST);
        drop((root, section));
        let faults = document.finish().map(|_| ()).expect_err("five faults").to_string();
        let (of_file, of_settings) = faults.split_once("\n\nerror: folder/a.toml with").expect("both");
        let first = "error: folder/a.toml:3:32 with section.lits = [\"1d\"], section.list = [\"1h\", 3], wait.a = 1, \
                     list.7 = 1: `price` must be whole cents, as a card is charged, not 1.001";
        assert_eq!(of_file.lines().next(), Some(first));
        let expected = " section.lits = [\"1d\"]: unknown key `lits`\n\
                        hint: did you mean `list`? known here: `price`, `list`\n\n\
                        error: folder/a.toml with section.list = [\"1h\", 3]: `list[1]` must be a duration in quotes, not 3\n\
                        hint: give its unit, as in `\"3d\"` or `\"3s\"`\n\n\
                        error: folder/a.toml with wait.a = 1: `wait` is no table in the file\n\
                        hint: set it as a whole, or make it a table in the file\n\n\
                        error: folder/a.toml with list.7 = 1: `list` is an array of 0 items\n\
                        hint: name one by its place, from 0 on, as in `tiers.0.limit`";
        assert_eq!(of_settings, expected);
    }

    #[test]
    #[should_panic(expected = "the default `3` of `wait`: `wait` must be a duration in quotes, not 3")]
    fn a_default_that_cannot_be_read_is_a_mistake_of_the_programmer() {
        const WAIT: Key<Span> = Key::with_default("wait", "3", "how long it waits");
        parse("").root(&[&WAIT]).read(&WAIT);
    }

    #[test]
    #[should_panic(expected = "`amount` is not among the keys of ``")]
    fn a_key_that_the_table_does_not_say_it_may_hold_is_a_mistake_of_the_programmer() {
        parse("").root(&[&WAIT]).read(&AMOUNT);
    }

    #[test]
    #[should_panic(expected = "nobody has asked for the key `amount` of ``")]
    fn a_key_that_nobody_asks_for_is_a_mistake_of_the_programmer() {
        parse("").root(&[&WAIT, &AMOUNT]).read(&WAIT);
    }
}
