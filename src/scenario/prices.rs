//! The section `[prices]`.

use crate::document::{Read, Table, Value, listed};
use crate::money::Money;
use crate::tariff::{Price, Tariff};

/// A price in nano-dollars a token, written in dollars per million tokens.
struct TokenPrice(u32);

impl Read for TokenPrice {
    fn read(value: &Value<'_>) -> Option<TokenPrice> {
        let most = i128::from(Price::MAX_NANOS);
        let what = "a price from 0 to about a million dollars per million tokens";
        let hint = "write dollars per million tokens, to at most three decimals, as in `0.15`";
        value.exact(3, 0, most, what, hint).and_then(|nanos| u32::try_from(nanos).ok()).map(TokenPrice)
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
const HINT: &str = "list each model, as in `\"m\" = { input = 0.15, output = 0.60 }` under a line `[prices]`";

/// Reads the price list. The names of its models are given also where their prices are at fault.
pub fn read(root: &mut Table<'_>) -> (Vec<String>, Option<Tariff>) {
    let Some(mut table) = root.require_child("prices", HINT) else { return (Vec::new(), None) };
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
        names.iter().map(|name| Some((name.clone(), price(table.child(name)?)?))).collect();
    (names, models.into_iter().collect::<Option<_>>().map(|models| Tariff { models }))
}

fn price(mut table: Table<'_>) -> Option<Price> {
    let input: Option<TokenPrice> = table.require("input", "add its price, as in `input = 0.15`");
    let default = input.as_ref().map_or("0".to_owned(), TokenPrice::written);
    let cached_input: Option<TokenPrice> = table.get_or("cached_input", &default);
    let output: Option<TokenPrice> = table.require("output", "add its price, as in `output = 0.60`");
    Some(Price { input: input?.0, cached_input: cached_input?.0, output: output?.0 })
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
