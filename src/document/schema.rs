//! JSON Schemas of documents: what editors complete and check a file by.

use super::key::{Absent, Described, Entry, Form, Keys};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// A JSON Schema (draft 2020-12), or a part of one.
pub type Schema = serde_json::Value;

/// Schemas that have a name, for others to refer to.
#[derive(Default)]
pub struct Definitions(BTreeMap<&'static str, Schema>);

impl Definitions {
    /// A reference to the schema of that name, which is defined unless it has been.
    pub fn refer(&mut self, name: &'static str, define: impl FnOnce(&mut Definitions) -> Schema) -> Schema {
        if !self.0.contains_key(name) {
            self.0.insert(name, Schema::Null); // what is being defined may refer to itself
            let schema = define(self);
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
    let mut table = TableSchema::default();
    keys.iter().for_each(|key| table.add(key.entry(), definitions));
    table.finish()
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
        let mut names = keys.iter().flat_map(|key| key.entry().keys()).map(|key| key.name);
        let first = names.next();
        self.beside.extend(names.map(|name| (name.to_owned(), json!([first]))));
        json!({ "required": self.required.split_off(before) })
    }

    fn finish(self) -> Schema {
        let TableSchema { properties, required, mut choices, beside, others } = self;
        let others = others.unwrap_or(Value::Bool(false));
        let mut schema =
            json!({ "type": "object", "properties": properties, "additionalProperties": others });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if !beside.is_empty() {
            schema["dependentRequired"] = json!(beside);
        }
        match choices.len() {
            0 => {}
            1 => schema["oneOf"] = choices.remove(0),
            _ => schema["allOf"] = choices.into_iter().map(|choice| json!({ "oneOf": choice })).collect(),
        }
        schema
    }
}

/// The schema of what stands under a key.
fn of_key(key: &Described, definitions: &mut Definitions) -> Schema {
    let mut schema = match key.form {
        Form::Value(schema) => schema(definitions),
        Form::Table { keys, definition, many } => {
            let one = match definition {
                Some(name) => reference(name),
                None => of_table(keys, definitions),
            };
            if many { json!({ "type": "array", "items": one }) } else { one }
        }
    };
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
