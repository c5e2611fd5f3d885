//! `billsim policies`.

use super::indented;
use crate::document::{Absent, Described, Keys, listed};
use crate::policy::presets::{About, PRESETS, Preset};
use crate::policy::{Kinds, common};

/// The kinds of policy and the presets, with all of their keys.
pub fn policies_text(kinds: &Kinds) -> String {
    let mut text = String::new();
    for kind in kinds.iter() {
        text += &format!("{}: {}\n\n{}\n\n", kind.name, kind.summary, indented(kind.rules, 2));
        text += &keys_text(kind.keys, "");
        text += "\n";
    }
    text + "all kinds:\n\n"
        + &keys_text(common::KEYS, "")
        + &keys_text(common::SCENARIO_KEYS, "")
        + "\n"
        + &presets_text()
}

fn presets_text() -> String {
    let about = "A preset stands for these keys of a policy; each key given beside it takes the place of the preset's, in \
                 tables key by key. [1] refers to the first page of those listed, `assumption` to none: the provider \
                 leaves it to its customers, or does not publish it.";
    let mut text = format!("presets:\n\n{}\n", indented(about, 2));
    for Preset { name, about: About { summary, provider, date, sources, left_out }, policy, .. } in
        PRESETS.iter()
    {
        text +=
            &format!("\npreset = \"{name}\": {summary}\n\n  {provider}, from these pages as of {date}:\n");
        for (index, source) in sources.iter().enumerate() {
            text += &format!("  [{}] {source}\n", index + 1);
        }
        text += "\n";
        for line in policy.lines() {
            text += &format!("      {line}\n");
        }
        text += "\n  Not in it:\n";
        for rule in left_out {
            text += &format!("  - {}\n", indented(rule, 4).trim_start());
        }
    }
    text
}

/// Keys, and those of the tables under them: what holds where they are absent, and what they mean.
fn keys_text(keys: Keys, within: &str) -> String {
    let mut text = String::new();
    for entry in keys.iter().map(|key| key.entry()) {
        let alternatives = listed(&entry.names());
        for Described { name, absent, meaning, keys, .. } in entry.keys() {
            let absent = match absent {
                Absent::Required { .. } => "required".to_owned(),
                Absent::Default(default) | Absent::Words(default) => format!("default: {default}"),
                Absent::Alternative => format!("one of {alternatives}"),
            };
            text += &format!("  {within}{name} ({absent})\n{}\n", indented(meaning, 6));
            text += &keys_text(keys, &format!("{within}{name}."));
        }
    }
    text
}
