//! JSON Schemas of documents: what editors complete and check a file by.

use super::key::{Absent, AnyKey, Described, Entry, Form, Keys};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// A JSON Schema (draft 2020-12), or a part of one.
pub type Schema = serde_json::Value;

/// Schemas that have a name, for others to refer to.
#[derive(Default)]
pub struct Definitions(BTreeMap<&'static str, Schema>);

impl Definitions {
    /// Defines what has that name, unless that has been done, and returns a reference to it.
    pub fn define(&mut self, name: &'static str, schema: impl FnOnce(&mut Definitions) -> Schema) -> Schema {
        if !self.0.contains_key(name) {
            self.0.insert(name, Schema::Null); // what is being defined may refer to itself
            let schema = schema(self);
            self.0.insert(name, schema);
        }
        reference(name)
    }
}

fn reference(name: &str) -> Schema {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The schema of a whole document that may hold these keys.
pub fn of_document(title: &str, keys: Keys, mut definitions: Definitions) -> Schema {
    let mut schema = of_table(keys, &mut definitions);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema["$defs"] = json!(definitions.0);
    schema
}

/// The schema of a table that may hold these keys, and no others.
pub fn of_table(keys: Keys, definitions: &mut Definitions) -> Schema {
    TableSchema::new(keys.iter().copied(), definitions).finish()
}

/// Tables of several kinds.
pub struct OfKinds<'k> {
    /// What all of them may hold.
    pub common: &'k [Keys],
    /// The key among these with the word that tells the kind.
    pub tells: &'k str,
    /// The key among these with the word that names a [`Base`](super::Base) in its place.
    pub stands_on: &'k str,
    /// Each kind by its word: what else it may hold, and which bases are of it.
    pub kinds: Vec<(&'k str, Keys, Vec<&'k str>)>,
}

impl OfKinds<'_> {
    /// Their schema. All properties stand side by side, as editors complete keys from there; which of them a
    /// kind has, and must have, is said by conditions.
    pub fn schema(&self, definitions: &mut Definitions) -> Schema {
        let OfKinds { common, tells, stands_on, ref kinds } = *self;
        let common = TableSchema::new(common.iter().copied().flatten().copied(), definitions);
        let of_each: Vec<TableSchema> =
            kinds.iter().map(|(_, keys, _)| TableSchema::new(keys.iter().copied(), definitions)).collect();
        let mut all = common.properties.clone();
        for (name, property) in of_each.iter().flat_map(|kind| &kind.properties) {
            let known = all.entry(name.clone()).or_insert_with(|| property.clone());
            if known != property {
                *known = json!({ "anyOf": [known.take(), property] });
            }
        }
        // A base gives also what a table under a key must hold.
        let mut within = Map::new();
        for (name, property) in &mut all {
            if let Some(required) = property.as_object_mut().and_then(|property| property.remove("required"))
            {
                within.insert(name.clone(), json!({ "required": required }));
            }
        }
        let words: Vec<&str> = kinds.iter().map(|(word, ..)| *word).collect();
        let bases: Vec<&str> = kinds.iter().flat_map(|(.., bases)| bases).copied().collect();
        all[tells]["enum"] = json!(words);
        all[stands_on]["enum"] = json!(bases);

        let mut schema = json!({});
        for ((word, _, bases), kind) in kinds.iter().zip(of_each).rev() {
            let is_told = json!({ "const": word });
            let is_base = if bases.is_empty() { json!(false) } else { json!({ "enum": bases }) };
            let is_of_kind = [(tells, &is_told), (stands_on, &is_base)]
                .map(|(key, word)| json!({ "properties": { key: word }, "required": [key] }));
            let mut demands = kind.demands();
            demands["properties"] = json!(within);
            let names = common.properties.keys().chain(kind.properties.keys());
            let mut properties = Map::from_iter(names.map(|name| (name.clone(), json!(true))));
            properties.insert(tells.to_owned(), is_told);
            properties.insert(stands_on.to_owned(), is_base);
            schema = json!({
                "if": { "anyOf": is_of_kind },
                "then": {
                    "properties": properties,
                    "additionalProperties": false,
                    "if": { "required": [stands_on] },
                    "else": demands,
                },
                "else": schema,
            });
        }
        schema["type"] = json!("object");
        schema["properties"] = json!(all);
        schema["anyOf"] = json!([{ "required": [tells] }, { "required": [stands_on] }]);
        schema
    }
}

/// The schema of a table, key by key.
#[derive(Default)]
struct TableSchema {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
    /// Lists of alternatives, of each of which exactly one holds.
    choices: Vec<Value>,
    /// What a key must have beside it.
    beside: Map<String, Value>,
    /// What stands under keys of other names.
    others: Option<Schema>,
}

impl TableSchema {
    fn new(keys: impl Iterator<Item = &'static dyn AnyKey>, definitions: &mut Definitions) -> TableSchema {
        let mut table = TableSchema::default();
        keys.for_each(|key| table.add(key.entry(), definitions));
        table
    }

    fn add(&mut self, entry: Entry, definitions: &mut Definitions) {
        match entry {
            Entry::Key(key) => {
                self.properties.insert(key.name.to_owned(), of_key(&key, definitions));
                if let Absent::Required { .. } | Absent::Alternative = key.absent {
                    self.required.push(key.name);
                }
            }
            Entry::OneOf(alternatives) => {
                let alternatives = alternatives.iter().map(|keys| self.alternative(keys, definitions));
                let alternatives = Value::from_iter(alternatives);
                self.choices.push(alternatives);
            }
            Entry::Names(value, meaning) => {
                self.others = Some(described(value(definitions), meaning.to_owned()));
            }
        }
    }

    /// Adds keys that belong together, the first of which tells that they are meant.
    fn alternative(&mut self, keys: Keys, definitions: &mut Definitions) -> Schema {
        let before = self.required.len();
        keys.iter().for_each(|key| self.add(key.entry(), definitions));
        let mut names = keys.iter().flat_map(|key| key.entry().names());
        let first = names.next();
        self.beside.extend(names.map(|name| (name.to_owned(), json!([first]))));
        json!({ "required": self.required.split_off(before) })
    }

    fn finish(self) -> Schema {
        let mut schema = self.demands();
        schema["type"] = json!("object");
        schema["properties"] = json!(self.properties);
        schema["additionalProperties"] = self.others.unwrap_or(json!(false));
        schema
    }

    /// What must be there.
    fn demands(&self) -> Schema {
        let mut schema = json!({});
        if !self.required.is_empty() {
            schema["required"] = json!(self.required);
        }
        if !self.beside.is_empty() {
            schema["dependentRequired"] = json!(self.beside);
        }
        match &self.choices[..] {
            [] => {}
            [choice] => schema["oneOf"] = choice.clone(),
            choices => {
                schema["allOf"] = choices.iter().map(|choice| json!({ "oneOf": choice })).collect();
            }
        }
        schema
    }
}

/// The schema of what stands under a key.
fn of_key(key: &Described, definitions: &mut Definitions) -> Schema {
    let mut schema = match key.form {
        Form::Value(schema) => schema(definitions),
        Form::Table => of_table(key.keys, definitions),
        Form::Defined(name) => reference(name),
    };
    if key.many {
        let least = usize::from(matches!(key.absent, Absent::Required { .. }));
        schema = json!({ "type": "array", "items": schema, "minItems": least });
    }
    match key.absent {
        Absent::Required { .. } | Absent::Alternative => described(schema, key.meaning.to_owned()),
        Absent::Words(words) => described(schema, format!("{} (default: {words})", key.meaning)),
        Absent::Default(default) => {
            schema["default"] = default_value(key.name, default);
            described(schema, key.meaning.to_owned())
        }
    }
}

fn described(mut schema: Schema, meaning: String) -> Schema {
    schema["description"] = json!(meaning);
    schema
}

/// A default, which is given as TOML, as JSON.
fn default_value(key: &str, default: &str) -> Value {
    let value = DeValue::parse(default).unwrap_or_else(|error| panic!("the default of `{key}`: {error}"));
    as_json(value.get_ref())
}

/// TOML as JSON; dates become texts.
fn as_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(boolean) => json!(boolean),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| as_json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let entries =
                table.iter().map(|(key, value)| (key.get_ref().to_string(), as_json(value.get_ref())));
            Value::Object(entries.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Dollars, Key, Names, OneOf, Probability, TableKey, TablesKey};
    use crate::time::Span;
    use jiff::civil::Date;

    const WAIT: Key<Span> = Key::with_default("wait", "\"1h\"", "how long it waits");
    const DATES: Key<Vec<Date>> = Key::with_default("dates", "[2026-01-01]", "some days");
    const PRICE: Key<Dollars> = Key::required("price", "say how much", "what it costs");
    const SHARE: Key<Probability> = Key::optional("share", "all", "how many of them");
    const MEDIAN: Key<f64> = Key::alternative("median", "the median");
    const SIGMA: Key<f64> = Key::required("sigma", "add it", "the spread");
    const MEAN: Key<f64> = Key::alternative("mean", "the mean");
    const CV: Key<f64> = Key::with_default("cv", "1", "the spread");

    /// The schema of tables that may hold these keys.
    fn of(keys: Keys) -> Schema {
        of_table(keys, &mut Definitions::default())
    }

    #[test]
    fn a_key_has_its_type_its_default_and_its_meaning() {
        let properties = of(&[&DATES, &PRICE, &SHARE]);
        let expected = json!({
            "type": "object",
            "properties": {
                "dates": {
                    "type": "array",
                    "items": { "type": "string", "format": "date" },
                    "default": ["2026-01-01"],
                    "description": "some days",
                },
                "price": { "type": "number", "minimum": 0, "maximum": 2e9 as i64, "description": "what it costs" },
                "share": {
                    "type": "number", "minimum": 0, "maximum": 1, "description": "how many of them (default: all)",
                },
            },
            "required": ["price"],
            "additionalProperties": false,
        });
        assert_eq!(properties, expected);
    }

    #[test]
    fn tables_say_what_they_hold_and_names_of_the_file_what_stands_under_them() {
        const ITEMS: TablesKey = TablesKey::required("items", &[&PRICE], "add one", "the items");
        const MODELS: TableKey =
            TableKey::or_empty("models", &[&Names::<f64>::new("a weight")], "the models");
        const NEXT: TableKey =
            TableKey::optional("next", &[&WAIT], "none", "what follows").defined_as("step");
        let schema = of(&[&ITEMS, &MODELS, &NEXT]);
        let properties = &schema["properties"];
        assert_eq!(
            (&properties["items"]["type"], &properties["items"]["minItems"]),
            (&json!("array"), &json!(1))
        );
        assert_eq!(properties["items"]["items"], of(&[&PRICE]));
        assert_eq!(
            properties["models"]["additionalProperties"],
            json!({ "type": "number", "description": "a weight" })
        );
        assert_eq!(
            properties["next"],
            json!({ "$ref": "#/$defs/step", "description": "what follows (default: none)" })
        );
        assert_eq!(schema["required"], json!(["items"]));
    }

    #[test]
    fn of_alternatives_exactly_one_is_given_with_what_belongs_to_it() {
        let schema = of(&[&PRICE, &OneOf(&[&[&MEDIAN, &SIGMA], &[&MEAN, &CV]])]);
        assert_eq!(schema["oneOf"], json!([{ "required": ["median", "sigma"] }, { "required": ["mean"] }]));
        assert_eq!(schema["dependentRequired"], json!({ "sigma": ["median"], "cv": ["mean"] }));
        assert_eq!(schema["required"], json!(["price"]));
    }

    #[test]
    fn what_has_a_name_is_defined_once_and_may_refer_to_itself() {
        let mut definitions = Definitions::default();
        let mut define = || {
            definitions.define("list", |definitions| {
                let rest = definitions.define("list", |_| unreachable!("it is being defined"));
                json!({ "anyOf": [{ "type": "null" }, rest] })
            })
        };
        assert_eq!(define(), json!({ "$ref": "#/$defs/list" }));
        assert_eq!(define(), json!({ "$ref": "#/$defs/list" }));
        let schema = of_document("A list", &[], definitions);
        assert_eq!(schema["$defs"]["list"]["anyOf"][1], json!({ "$ref": "#/$defs/list" }));
    }

    #[test]
    fn kinds_differ_in_what_they_hold() {
        const KIND: Key<String> = Key::required("kind", "name one", "what it is");
        const OTHER_SHARE: Key<Probability> = Key::optional("share", "none", "how many of those");
        const PRESET: Key<String> = Key::optional("preset", "none", "what it stands on");
        const SECTION: TableKey = TableKey::optional("section", &[&PRICE], "none", "a table");
        let kinds: Vec<(&str, Keys, Vec<&str>)> = vec![
            ("one", &[&WAIT, &SHARE], vec!["preset of one"]),
            ("two", &[&WAIT, &OTHER_SHARE, &PRICE], vec![]),
        ];
        let kinds =
            OfKinds { common: &[&[&KIND, &PRESET, &SECTION]], tells: "kind", stands_on: "preset", kinds };
        let schema = kinds.schema(&mut Definitions::default());
        let properties = &schema["properties"];
        assert_eq!(properties["kind"]["enum"], json!(["one", "two"]));
        assert_eq!(properties["preset"]["enum"], json!(["preset of one"]));
        assert_eq!(properties["wait"], of(&[&WAIT])["properties"]["wait"]);
        assert_eq!(properties["share"]["anyOf"].as_array().map(Vec::len), Some(2));
        let (first, rest) = (&schema["then"], &schema["else"]);
        let is = json!({ "properties": { "kind": { "const": "two" } }, "required": ["kind"] });
        assert_eq!(rest["if"]["anyOf"][0], is);
        assert_eq!(first["properties"]["preset"], json!({ "enum": ["preset of one"] }));
        assert_eq!(first["properties"]["wait"], true);
        assert_eq!(first["properties"]["share"], true);
        assert_eq!(first["properties"]["price"], Value::Null);
        assert_eq!(rest["then"]["else"]["required"], json!(["price"]));
        assert_eq!(properties["section"]["required"], Value::Null);
        assert_eq!(rest["then"]["else"]["properties"], json!({ "section": { "required": ["price"] } }));
        assert_eq!(rest["then"]["additionalProperties"], false);
    }
}
