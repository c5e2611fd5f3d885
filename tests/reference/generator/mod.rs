//! Random scenarios that have every feature that there is, and the files that they name.
//!
//! What a scenario is about as a whole (how long it runs, who sends how much, what that costs) is settled first, in a
//! [`Draft`]; its parts are then drawn to match, so that credit runs out, limits are reached and payments fail.

mod case;
mod customer;
mod distribution;
mod draft;
mod duration;
mod feature_list;
mod features;
mod payments;
mod policy;
mod tests;
mod trace;
mod workload;

pub use case::Case;
pub use feature_list::FEATURES;
pub use features::features;

use draft::Draft;
use toml::{Table, Value};

/// The scenario of a seed; the product accepts each.
pub fn generate(seed: u64) -> Case {
    let mut draft = Draft::new(seed);
    let mut document = Table::new();
    document.insert("scenario".to_owned(), scenario(&mut draft, seed).into());
    document.insert("prices".to_owned(), draft.prices().into());
    if draft.chance(0.6) {
        let cost = draft.share();
        document.insert("platform".to_owned(), table([("serving_cost", cost.into())]).into());
    }
    document.insert("payments".to_owned(), draft.payments().into());
    if draft.chance(0.7) {
        document.insert("metering".to_owned(), draft.metering().into());
    }
    let cohorts: Vec<Table> = (0..draft.groups.len()).map(|index| draft.cohort(index)).collect();
    document.insert("cohort".to_owned(), cohorts.into());
    document.insert("policy".to_owned(), draft.policies().into());
    Case { document, files: draft.files }
}

fn scenario(draft: &mut Draft, seed: u64) -> Table {
    let mut scenario = table([
        ("start", draft::date(draft.start)),
        ("horizon", duration::text(draft.horizon).into()),
        ("seed", i64::try_from(seed % 1_000_000).expect("a small number").into()),
    ]);
    // Always given: by default there are many.
    scenario.put("replications", if draft.chance(0.25) { 2 } else { 1 });
    if draft.runoff > 0 {
        scenario.put("runoff", duration::text(draft.runoff));
    }
    if draft.chance(0.35) {
        let warmup = match draft.is_odd(0.5) {
            true => draft.horizon - 1,
            false => draft.span(0.02, 0.7).min(draft.horizon - 1),
        };
        scenario.put("warmup", duration::text(warmup));
    }
    scenario
}

/// A table of these keys.
fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Takes keys that are literals and values of any type.
trait Put {
    fn put(&mut self, key: &str, value: impl Into<Value>);
}

impl Put for Table {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.insert(key.to_owned(), value.into());
    }
}
