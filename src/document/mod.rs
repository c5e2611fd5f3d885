//! Documents: TOML read key by key, every fault kept with its place, every default written down.
//!
//! Reading never stops at a fault: [`Table`] and [`Value`] note what is wrong and give `None`, so that all
//! faults of a file can be shown at once. What is read, or taken by default, is written into a [`Resolved`]
//! document on the way: no key can be read without appearing there.
//!
//! ```
//! use billsim::document::{Charge, Document};
//! use billsim::money::Money;
//! use std::path::Path;
//!
//! let document = Document::parse(Path::new("a.toml"), "[policy]\namount = 25.00")?;
//! let mut policy = document.root(&[]).require_child("policy", "add `[policy]`").expect("it is there");
//! let amount = policy.require::<Charge>("amount", "say how much is bought, as in `amount = 25.00`");
//! let most = policy.get_or::<u32>("max_per_day", "3");
//! assert_eq!((amount, most), (Some(Charge(Money::dollars(25))), Some(3)));
//! drop(policy);
//! assert_eq!(document.finish()?.to_toml(Path::new("")), "[policy]\namount = 25.00\nmax_per_day = 3\n");
//! # Ok::<(), billsim::document::Faults>(())
//! ```

mod decimal;
mod duration;
mod fault;
mod key;
mod resolved;
pub mod schema;
mod table;
mod value;

pub use fault::{Fault, Faults};
pub use key::{Absent, AnyKey, Described, Entry, Form, Key, Keys, Names, OneOf, TableKey, TablesKey};
pub use resolved::{Resolved, quoted};
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
    context: Context<'t>,
}

impl<'t> Document<'t> {
    /// Parses the text of a file. Paths in it are taken from the folder of that file.
    ///
    /// # Errors
    /// All that makes the text no valid TOML.
    pub fn parse(file: &Path, text: &'t str) -> Result<Document<'t>, Faults> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let context = Context::new(file, text);
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(Document { root: root.into_inner(), context });
        }
        for error in errors {
            context.note(
                error.span(),
                error.message().to_owned(),
                fault::toml_hint(error.message()).to_owned(),
            );
        }
        Err(Faults::new(file, text, context.notes.into_inner().faults))
    }

    /// The table that the whole file is; it may hold these keys.
    pub fn root(&self, keys: Keys) -> Table<'_> {
        Table::new(&self.context, &self.root, None, String::new(), ROOT, vec![keys])
    }

    /// The document with every default written out.
    ///
    /// # Errors
    /// All faults that were noted while reading.
    pub fn finish(self) -> Result<Resolved, Faults> {
        let Context { file, text, notes, .. } = self.context;
        let Notes { faults, nodes } = notes.into_inner();
        if faults.is_empty() { Ok(Resolved::new(nodes)) } else { Err(Faults::new(&file, text, faults)) }
    }
}

/// What all tables and values of a document share.
struct Context<'t> {
    file: PathBuf,
    text: &'t str,
    /// Stands for tables that are absent.
    empty: DeTable<'static>,
    notes: RefCell<Notes>,
}

/// What reading has brought to light.
struct Notes {
    faults: Vec<Noted>,
    nodes: Vec<Node>,
}

impl<'t> Context<'t> {
    fn new(file: &Path, text: &'t str) -> Context<'t> {
        let notes = RefCell::new(Notes { faults: Vec::new(), nodes: vec![Node::Table(Vec::new())] });
        Context { file: file.to_owned(), text, empty: DeTable::new(), notes }
    }

    fn note(&self, at: Option<Range<usize>>, wrong: String, hint: String) {
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

    /// The text of a value as it stands in the file.
    fn literal(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Money, Share};
    use crate::time::Span;

    const FILE: &str = "folder/a.toml";

    fn parse(text: &str) -> Document<'_> {
        Document::parse(Path::new(FILE), text).expect("valid TOML")
    }

    /// Reads one value, `a = ...`, or what is wrong with it.
    fn read<T: Read>(value: &str) -> Result<T, String> {
        let text = format!("a = {value}");
        let document = parse(&text);
        let read = document.root(&[]).get("a");
        document.finish().map_err(|faults| faults.to_string())?;
        Ok(read.expect("a value, or a fault"))
    }

    fn wrong<T: Read + std::fmt::Debug>(value: &str) -> String {
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

    #[test]
    fn every_fault_is_shown_with_its_place_in_the_order_of_the_file() {
        let text = "amuont = 5\n[section]\n\tlist = [\"1h\", \"3 days\"]";
        let document = parse(text);
        let mut root = document.root(&[]);
        let mut section = root.child("section").expect("it is there");
        assert_eq!(section.get::<Vec<Span>>("list"), None);
        assert_eq!(section.require::<Charge>("price", "add `price = 1.00`"), None);
        assert_eq!(root.get::<Charge>("amount"), None);
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
        let mut root = document.root(&[]);
        let mut list = root.child("list").expect("it is there");
        list.get::<Vec<Dollars>>("deep");
        let mut section = root.child("a b").expect("it is there");
        section.get::<PathBuf>("file");
        section.get_or::<Span>("wait", "\"0s\"");
        let mut empty = root.child_or_empty("empty").expect("it is absent");
        empty.get_or::<Vec<u32>>("numbers", "[1, 2]");
        for mut item in root.children("item") {
            item.get::<String>("name");
            item.get_or::<bool>("flag", "false");
        }
        drop((root, list, section, empty));
        let resolved = document.finish().expect("no fault");
        let expected = "\
[list]
deep = [0.30, 1e-3]

[\"a b\"]
file = \"../folder/x.csv\"
wait = \"0s\"

[empty]
numbers = [1, 2]

[[item]]
name = 'b'
flag = false
";
        assert_eq!(resolved.to_toml(Path::new("output")), expected);
    }

    #[test]
    fn planned_keys_are_refused_unless_they_change_nothing() {
        let document = parse("alert_at = 2.00\ndelay = \"0ms\"\nrefresh = \"1s\"");
        let mut root = document.root(&[]);
        root.not_yet("alert_at");
        root.only::<Span>("delay", "\"0s\"");
        root.only::<Span>("refresh", "\"0s\"");
        drop(root);
        let faults = document.finish().map(|_| ()).expect_err("two faults");
        assert_eq!(faults.count(), 2);
        assert!(faults.to_string().contains("`alert_at` is not supported yet"));
        assert!(faults.to_string().contains("`refresh` other than `\"0s\"` is not supported yet"));
    }

    #[test]
    #[should_panic(expected = "the default `3` of `wait`: `wait` must be a duration in quotes, not 3")]
    fn a_default_that_cannot_be_read_is_a_mistake_of_the_programmer() {
        let document = parse("");
        document.root(&[]).get_or::<Span>("wait", "3");
    }
}
