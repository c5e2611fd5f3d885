//! TOML, checked by a JSON Schema as an editor does it.

use jsonschema::Validator;
use serde_json::Value;

/// What a schema objects to in a text; `None` where that is no TOML.
pub fn objections(schema: &Validator, text: &str) -> Option<Vec<String>> {
    let document = as_json(text.parse::<toml::Table>().ok()?.into());
    Some(schema.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect())
}

/// Dates become texts, and what JSON has no numbers for becomes null.
fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(integer) => integer.into(),
        toml::Value::Float(float) => float.into(),
        toml::Value::Boolean(boolean) => boolean.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, as_json(value))).collect(),
    }
}
