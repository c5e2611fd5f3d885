//! Values, and what can be read from them.

use super::decimal::{Inexact, scaled};
use super::duration::{self, NoDuration};
use super::key::Keys;
use super::resolved::{Node, NodeId};
use super::schema::{self, Definitions, Schema};
use super::table::{Under, did_you_mean, listed};
use super::{Context, Table};
use crate::money::{Money, Share};
use crate::time::Span;
use jiff::civil::Date;
use serde_json::json;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::DeValue;

/// What can be read from a value of a document.
pub trait Read: Sized {
    /// What such a value may hold where it is a table, as far as people are to be told.
    const KEYS: Keys = &[];

    /// Reads it, or notes with the value why not.
    fn read(value: &Value<'_>) -> Option<Self>;

    /// What such a value looks like.
    fn schema(definitions: &mut Definitions) -> Schema;
}

/// What can be read from a table of a document, key by key; such a table is a value like any other.
pub trait ReadTable: Sized {
    /// All that the table may hold.
    const KEYS: Keys;

    /// Reads it, or notes with the table why not.
    fn read(table: &mut Table<'_>) -> Option<Self>;
}

impl<T: ReadTable> Read for T {
    const KEYS: Keys = <T as ReadTable>::KEYS;

    fn read(value: &Value<'_>) -> Option<T> {
        <T as ReadTable>::read(&mut value.must_be_table(<T as ReadTable>::KEYS)?)
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        schema::of_table(<T as ReadTable>::KEYS, definitions)
    }
}

/// A value of a document that is being read.
pub struct Value<'d> {
    context: Context<'d>,
    value: &'d Spanned<DeValue<'d>>,
    /// What it is called in messages: its key, with an index where it is an item of an array.
    name: String,
    node: NodeId,
    /// What it stands on, where it is a table.
    base: Option<Under<'d>>,
}

impl<'d> Value<'d> {
    pub(super) fn new(
        context: Context<'d>,
        value: &'d Spanned<DeValue<'d>>,
        name: String,
        node: NodeId,
    ) -> Value<'d> {
        Value { context, value, name, node, base: None }
    }

    /// It as a table that stands on another one.
    pub(super) fn on(mut self, base: Option<Under<'d>>) -> Value<'d> {
        self.base = base;
        self
    }

    pub(super) fn named(mut self, name: &str) -> Value<'d> {
        name.clone_into(&mut self.name);
        self
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&'d str> {
        self.value.get_ref().as_str()
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.value.get_ref().is_array()
    }

    /// The table, where it is one; it may hold these keys.
    pub fn table(&self, keys: Keys) -> Option<Table<'d>> {
        let table = self.value.get_ref().as_table()?;
        self.context.write(self.node, Node::Table(Vec::new()));
        let (at, name) = (Some(self.value.span()), self.name.clone());
        Some(Table::new(self.context.clone(), table, at, name, self.node, keys).on(self.base.clone()))
    }

    /// The table, which it must be; it may hold these keys.
    pub(super) fn must_be_table(&self, keys: Keys) -> Option<Table<'d>> {
        let hint = || format!("write it as in `{} = {{ ... }}`", self.name);
        self.table(keys).or_else(|| self.expected("a table", &hint()))
    }

    /// The items of the array, where it is one.
    pub fn items(&self) -> Option<Vec<Value<'d>>> {
        let array = self.value.get_ref().as_array()?;
        let item = |(index, value): (usize, &'d Spanned<DeValue<'d>>)| {
            let node = self.context.node(Node::Literal(self.context.literal(&value.span()).to_owned()));
            Value::new(self.context.clone(), value, format!("{}[{index}]", self.name), node)
        };
        let items: Vec<Value<'d>> = array.iter().enumerate().map(item).collect();
        self.context.write(self.node, Node::Array(items.iter().map(|item| item.node).collect()));
        Some(items)
    }

    /// The text, which must be one of these words.
    pub fn one_of<'w>(&self, words: &[&'w str]) -> Option<&'w str> {
        let word = self.as_str();
        if let Some(word) = words.iter().find(|known| Some(**known) == word) {
            return Some(word);
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let hint = match word.and_then(|word| did_you_mean(word, words.iter().copied())) {
            Some(word) => format!("did you mean `\"{word}\"`? known here: {}", listed(&quoted)),
            None => format!("use one of {}", listed(&quoted)),
        };
        self.expected("one of a few words", &hint)
    }

    /// The number times ten to the `places`, exactly as it is written: a number with more decimals is a
    /// fault, as is one below `least` or above `most` (both so scaled).
    pub fn exact(&self, places: u8, least: i128, most: i128, what: &str, hint: &str) -> Option<i128> {
        let scaled = match self.value.get_ref() {
            DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(integer) => scaled(&integer.to_string(), places),
                Err(_) => Err(Inexact::TooLarge),
            },
            DeValue::Float(float) => scaled(float.as_str(), places),
            _ => return self.expected(what, hint),
        };
        match scaled {
            Ok(scaled) if (least..=most).contains(&scaled) => Some(scaled),
            Ok(_) | Err(Inexact::NotFinite) => self.expected(what, hint),
            Err(Inexact::TooLarge) => self.expected("a smaller number", hint),
            Err(Inexact::TooFine) => {
                let wrong = format!("`{}` has more than {places} decimals: {}", self.name, self.shown());
                self.fault(wrong, "round it: amounts are exact and never rounded by the simulator");
                None
            }
        }
    }

    /// The number as near as a float comes; it must be finite and satisfy a condition that `what` tells.
    pub fn number(&self, satisfies: impl Fn(f64) -> bool, what: &str, hint: &str) -> Option<f64> {
        let number = match self.value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            DeValue::Integer(integer) => {
                i128::from_str_radix(integer.as_str(), integer.radix()).ok().map(|integer| integer as f64)
            }
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &f64| number.is_finite() && satisfies(*number));
        number.or_else(|| self.expected(what, hint))
    }

    /// Notes that it is not what it should be: "`name` must be `what`, not ...". Gives `None`, for every
    /// type.
    pub fn expected<T>(&self, what: &str, hint: &str) -> Option<T> {
        self.fault(format!("`{}` must be {what}, not {}", self.name, self.shown()), hint);
        None
    }

    /// Notes a fault: what is wrong, and what would be right.
    pub fn fault(&self, wrong: impl Into<String>, hint: &str) {
        self.context.note(Some(self.value.span()), wrong.into(), hint.to_owned());
    }

    /// It in a message.
    fn shown(&self) -> String {
        match self.value.get_ref() {
            DeValue::Array(_) => "an array".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
            _ => {
                let literal = self.context.literal(&self.value.span());
                match literal.char_indices().find(|(index, character)| *index >= 60 || character.is_control())
                {
                    Some((end, _)) => format!("{}...", &literal[..end]),
                    None => literal.to_owned(),
                }
            }
        }
    }
}

impl Read for String {
    fn read(value: &Value<'_>) -> Option<String> {
        let hint = || format!("write it in quotes, as in `{} = \"...\"`", value.name);
        value.as_str().map(str::to_owned).or_else(|| value.expected("a text", &hint()))
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "string" })
    }
}

/// A path, taken from the folder of the document.
impl Read for PathBuf {
    fn read(value: &Value<'_>) -> Option<PathBuf> {
        let text = String::read(value)?;
        let path =
            value.context.file.parent().map_or_else(|| PathBuf::from(&text), |folder| folder.join(&text));
        value.context.write(value.node, Node::Path(path.clone()));
        Some(path)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "string" })
    }
}

impl Read for bool {
    fn read(value: &Value<'_>) -> Option<bool> {
        value.value.get_ref().as_bool().or_else(|| value.expected("true or false", "write `true` or `false`"))
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "boolean" })
    }
}

impl Read for u32 {
    fn read(value: &Value<'_>) -> Option<u32> {
        u32::try_from(whole(value, u64::from(u32::MAX))?).ok()
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl Read for u64 {
    fn read(value: &Value<'_>) -> Option<u64> {
        whole(value, u64::MAX)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "integer", "minimum": 0 })
    }
}

/// A whole number from 0 on.
fn whole(value: &Value<'_>, most: u64) -> Option<u64> {
    let what = "a whole number from 0 on";
    let hint = format!("write it without decimals, as in `{} = 20`", value.name);
    let DeValue::Integer(integer) = value.value.get_ref() else { return value.expected(what, &hint) };
    match i128::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(negative) if negative < 0 => value.expected(what, &hint),
        Ok(whole) if whole <= i128::from(most) => u64::try_from(whole).ok(),
        _ => value.expected(&format!("at most {most}"), "write a smaller number"),
    }
}

/// A finite number.
impl Read for f64 {
    fn read(value: &Value<'_>) -> Option<f64> {
        value.number(|_| true, "a finite number", &format!("write it as in `{} = 1.5`", value.name))
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number" })
    }
}

/// A duration such as `"1h 30m"`, zero or more, at most [`Span::MAX`].
impl Read for Span {
    fn read(value: &Value<'_>) -> Option<Span> {
        let units = "write whole numbers with their units d, h, m, s, ms or us, as in `\"1h 30m\"`";
        let Some(text) = value.as_str() else {
            let what = "a duration in quotes";
            return match value.value.get_ref() {
                DeValue::Integer(number) if number.radix() == 10 && !number.as_str().starts_with('-') => {
                    let number = number.as_str().trim_start_matches('+');
                    value.expected(what, &format!("give its unit, as in `\"{number}d\"` or `\"{number}s\"`"))
                }
                _ => value.expected(what, units),
            };
        };
        match duration::parse(text) {
            Ok(span) => Some(span),
            Err(NoDuration::Negative) => {
                let positive = text.trim().trim_start_matches('-');
                value.expected("zero or more", &format!("write it without the sign, as in `\"{positive}\"`"))
            }
            Err(NoDuration::TooLong) => {
                let longest = Span::MAX.as_days_f64() as i64;
                value.expected("a shorter duration", &format!("the longest is `\"{longest}d\"`"))
            }
            Err(NoDuration::Unreadable) => value.expected("a duration", units),
        }
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "string", "pattern": duration::pattern() })
    }
}

/// A date such as `2026-01-01`, without a time.
impl Read for Date {
    fn read(value: &Value<'_>) -> Option<Date> {
        let date = match value.value.get_ref().as_datetime() {
            Some(toml::value::Datetime { date: Some(date), time: None, offset: None }) => {
                let (year, month, day) =
                    (i16::try_from(date.year), i8::try_from(date.month), i8::try_from(date.day));
                year.ok().zip(month.ok().zip(day.ok())).and_then(|(y, (m, d))| Date::new(y, m, d).ok())
            }
            _ => None,
        };
        date.or_else(|| value.expected("a date", "write a civil date without quotes, as in `2026-01-01`"))
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "string", "format": "date" })
    }
}

/// A share, exact to nine decimals, in 0..1.
impl Read for Share {
    fn read(value: &Value<'_>) -> Option<Share> {
        let most = i128::from(Share::ONE.billionths());
        let billionths = value.exact(9, 0, most, "a share from 0 to 1", "write 55 percent as `0.55`")?;
        Some(Share::from_billionths(i64::try_from(billionths).expect("at most one")))
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

/// An array, each of whose items can be read.
impl<T: Read> Read for Vec<T> {
    fn read(value: &Value<'_>) -> Option<Vec<T>> {
        let hint = format!("write it in brackets, as in `{} = [...]`", value.name);
        let items = value.items().or_else(|| value.expected("an array", &hint))?;
        let read: Vec<Option<T>> = items.iter().map(T::read).collect();
        read.into_iter().collect()
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        json!({ "type": "array", "items": T::schema(definitions) })
    }
}

/// An amount of money that is never charged to a card: zero or more, at most nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dollars(pub Money);

impl Read for Dollars {
    fn read(value: &Value<'_>) -> Option<Dollars> {
        amount(value).map(Dollars)
    }

    fn schema(_: &mut Definitions) -> Schema {
        amount_schema()
    }
}

/// An amount charged to a card: zero or more, whole cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge(pub Money);

impl Read for Charge {
    fn read(value: &Value<'_>) -> Option<Charge> {
        let amount = amount(value)?;
        if !amount.is_whole_cents() {
            let cents = amount.ceil_to_cents();
            return value.expected("whole cents, as a card is charged", &format!("write, say, `{cents}`"));
        }
        Some(Charge(amount))
    }

    fn schema(_: &mut Definitions) -> Schema {
        amount_schema()
    }
}

/// Dollars from zero to [`Money::LIMIT`].
fn amount(value: &Value<'_>) -> Option<Money> {
    let hint = format!("write dollars without a sign, as in `{} = 25.00`", value.name);
    let most = i128::from(Money::LIMIT.nanos());
    let nanos = value.exact(9, 0, most, "an amount of money from 0 to 2 billion dollars", &hint)?;
    i64::try_from(nanos).ok().map(Money::from_nanos)
}

fn amount_schema() -> Schema {
    json!({ "type": "number", "minimum": 0, "maximum": Money::LIMIT.nanos() / 1_000_000_000 })
}

/// A probability, or a share that is drawn: in 0..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability(pub f64);

impl Read for Probability {
    fn read(value: &Value<'_>) -> Option<Probability> {
        let in_range = |number| (0.0..=1.0).contains(&number);
        value.number(in_range, "from 0 to 1", "write 5 percent as `0.05`").map(Probability)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}
