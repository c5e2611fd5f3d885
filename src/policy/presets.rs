//! Presets: the published rules of real providers, one file each, for policies to start from.
//!
//! A policy that names one, `preset = "openai"`, takes from it every key that it does not give itself. Each
//! key of a preset says where it comes from: from a source, by its number, or from an assumption where the
//! provider leaves it to the customer or does not publish it.

use super::common::KIND;
use crate::document::{Base, Key, Table, did_you_mean, listed};
use serde::Deserialize;
use std::sync::LazyLock;

/// The published rules of a provider.
pub struct Preset {
    /// What scenarios call it.
    pub name: &'static str,
    /// What it is, and where its rules come from.
    pub about: About,
    /// The keys that it stands for, as TOML, each with its source or assumption.
    pub policy: &'static str,
    base: Base,
}

/// What a preset is, and where its rules come from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What it does, in a line.
    pub summary: String,
    /// Whose rules these are.
    pub provider: String,
    /// The month from which the copies of the sources are.
    pub date: String,
    /// Public pages; the keys refer to them by number, from 1.
    pub sources: Vec<String>,
    /// What the provider does and the keys do not say, and where else it may be said.
    pub left_out: Vec<String>,
}

/// All presets, in the order of the README.
pub static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    [
        ("fireworks-prepaid", include_str!("presets/fireworks-prepaid.toml")),
        ("fireworks-postpaid", include_str!("presets/fireworks-postpaid.toml")),
        ("openai", include_str!("presets/openai.toml")),
        ("anthropic", include_str!("presets/anthropic.toml")),
        ("gemini-prepaid", include_str!("presets/gemini-prepaid.toml")),
        ("gemini-postpaid", include_str!("presets/gemini-postpaid.toml")),
        ("openrouter", include_str!("presets/openrouter.toml")),
        ("groq", include_str!("presets/groq.toml")),
        ("twilio", include_str!("presets/twilio.toml")),
    ]
    .map(|(name, text)| parse(name, text))
    .into()
});

fn parse(name: &'static str, text: &'static str) -> Preset {
    let (about, policy) = text.split_once("\n[policy]\n").expect("a preset has a policy");
    let about = toml::from_str(about).unwrap_or_else(|error| panic!("the preset {name}: {error}"));
    Preset { name, about, policy, base: Base::parse(policy) }
}

/// The names of the presets that are of a kind.
pub(super) fn of_kind(kind: &str) -> Vec<&'static str> {
    let presets = PRESETS.iter().filter(|preset| preset.base.peek(KIND.name) == Some(kind));
    presets.map(|preset| preset.name).collect()
}

/// The preset of a policy.
pub const PRESET: Key<String> = Key::optional(
    "preset",
    "none",
    "the published rules of a provider, for all keys that the policy does not give itself; `billsim policies` lists \
     them",
);

/// Lets a policy stand on the preset that it names, if it names one. `None` where that is at fault.
pub(super) fn apply(table: &mut Table<'_>) -> Option<()> {
    let name = table.read_unwritten(&PRESET);
    if !table.has(PRESET.name) {
        return Some(());
    }
    let name = name?;
    let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let hint = match did_you_mean(&name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? known here: {}", listed(&names)),
            None => format!("use one of {}; see `billsim policies`", listed(&names)),
        };
        table.fault(PRESET.name, format!("there is no preset \"{name}\""), &hint);
        return None;
    };
    let kind = preset.base.peek(KIND.name);
    if table.has(KIND.name) && table.peek(KIND.name) != kind {
        let wrong = format!("the preset \"{name}\" is of the kind {}", kind.unwrap_or_default());
        table.fault(KIND.name, wrong, "leave `kind` out, or `preset`");
        return None;
    }
    table.stand_on(PRESET.name, &preset.base);
    Some(())
}
