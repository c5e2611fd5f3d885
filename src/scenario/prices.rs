//! The section `[prices]`.

use crate::document::schema::{Definitions, Schema};
use crate::document::{Key, Keys, Names, Read, ReadTable, Table, TableKey, Value, listed};
use crate::money::Money;
use crate::tariff::{Price, Tariff};
use serde_json::json;

/// The section.
pub const PRICES: TableKey =
    TableKey::required("prices", &[&MODEL], HINT, "the price list, in US dollars per million tokens");

const HINT: &str = "list each model, as in `\"m\" = { input = 0.15, output = 0.60 }` under a line `[prices]`";
const MODEL: Names<Price> =
    Names::new("a model by its name, with its prices in US dollars per million tokens");

const INPUT: Key<TokenPrice> =
    Key::required("input", "add its price, as in `input = 0.15`", "price of a million tokens of prompts");
const CACHED_INPUT: Key<TokenPrice> =
    Key::optional("cached_input", "as `input`", "price of a million tokens of prompts that the cache holds");
const OUTPUT: Key<TokenPrice> =
    Key::required("output", "add its price, as in `output = 0.60`", "price of a million tokens of outputs");

/// A price in nano-dollars a token, written in dollars per million tokens.
struct TokenPrice(u32);

impl Read for TokenPrice {
    fn read(value: &Value<'_>) -> Option<TokenPrice> {
        let most = i128::from(Price::MAX_NANOS);
        let what = "a price from 0 to about a million dollars per million tokens";
        let hint = "write dollars per million tokens, to at most three decimals, as in `0.15`";
        value.exact(3, 0, most, what, hint).and_then(|nanos| u32::try_from(nanos).ok()).map(TokenPrice)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "type": "number", "minimum": 0, "maximum": f64::from(Price::MAX_NANOS) / 1e3 })
    }
}

impl TokenPrice {
    /// As it is written.
    fn written(&self) -> String {
        Money::from_nanos(i64::from(self.0) * 1_000_000).to_string()
    }
}

/// The most models of a price list.
const MOST_MODELS: usize = 1_000;

/// Reads the price list. The names of its models are given also where their prices are at fault.
pub fn read(root: &mut Table<'_>) -> (Vec<String>, Option<Tariff>) {
    let Some(mut table) = root.table(&PRICES) else { return (Vec::new(), None) };
    let names: Vec<String> = table.keys().into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        table.fault_here("the price list is empty", HINT);
    }
    if names.len() > MOST_MODELS {
        table.fault_here(format!("there are {} models", names.len()), &format!("list at most {MOST_MODELS}"));
        table.leave_rest();
        return (Vec::new(), None);
    }
    let models: Vec<Option<(String, Price)>> =
        names.iter().map(|name| Some((name.clone(), table.read_named(&MODEL, name)?))).collect();
    (names, models.into_iter().collect::<Option<_>>().map(|models| Tariff { models }))
}

impl ReadTable for Price {
    const KEYS: Keys = &[&INPUT, &CACHED_INPUT, &OUTPUT];

    fn read(table: &mut Table<'_>) -> Option<Price> {
        let input = table.read(&INPUT);
        let default = input.as_ref().map_or("0".to_owned(), TokenPrice::written);
        let cached_input = table.read_or(&CACHED_INPUT, &default);
        let output = table.read(&OUTPUT);
        Some(Price { input: input?.0, cached_input: cached_input?.0, output: output?.0 })
    }
}

/// Notes a fault at a key that names a model which the price list lacks, else returns the model's index.
pub fn index(table: &Table<'_>, key: &str, model: &str, models: &[String]) -> Option<u16> {
    let place = models.iter().position(|listed| listed == model);
    if place.is_none() && !models.is_empty() {
        let wrong = format!("there is no model `{model}` in the price list");
        table.fault(key, wrong, &format!("add it to `[prices]`, or use one of {}", listed(models)));
    }
    place.and_then(|place| u16::try_from(place).ok())
}
