//! The price list: what a request costs.

use crate::money::Money;
use crate::request::Usage;

/// The prices of one model, in nano-dollars a token (a price of 1 dollar per million tokens is 1,000 of them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// A prompt token that was not cached.
    pub input: u32,
    /// A cached prompt token.
    pub cached_input: u32,
    /// An output token.
    pub output: u32,
}

impl Price {
    /// The highest price of a token: a bit more than a dollar (2^30 nano-dollars). With it the cost of any request,
    /// of up to 2^32 tokens each way, fits 63 bits.
    pub const MAX_NANOS: u32 = 1 << 30;

    /// What a request costs.
    pub fn cost(&self, usage: Usage) -> Money {
        let Usage { prompt, cached, output, .. } = usage;
        let fresh = i64::from(prompt - cached);
        Money::from_nanos(
            fresh * i64::from(self.input)
                + i64::from(cached) * i64::from(self.cached_input)
                + i64::from(output) * i64::from(self.output),
        )
    }
}

/// The price list, in the order of the scenario file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tariff {
    /// Model names with their prices.
    pub models: Vec<(String, Price)>,
}

impl Tariff {
    /// The index of a model, if it is listed.
    pub fn index_of(&self, model: &str) -> Option<u16> {
        self.models.iter().position(|(name, _)| name == model).and_then(|index| u16::try_from(index).ok())
    }

    /// The prices of a model.
    pub fn price(&self, model: u16) -> &Price {
        &self.models[usize::from(model)].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_have_their_own_price() {
        let price = Price { input: 150, cached_input: 15, output: 600 };
        let usage = Usage { model: 0, prompt: 1000, cached: 400, output: 50 };
        assert_eq!(price.cost(usage), Money::from_nanos(600 * 150 + 400 * 15 + 50 * 600));
    }

    #[test]
    fn the_dearest_request_fits() {
        let max = Price::MAX_NANOS;
        let price = Price { input: max, cached_input: max, output: max };
        let usage = Usage { model: 0, prompt: u32::MAX, cached: u32::MAX / 2, output: u32::MAX };
        assert_eq!(price.cost(usage).nanos(), 2 * i64::from(u32::MAX) * i64::from(max));
    }
}
