//! A run without the command line: a scenario, its outcome, a few measures of each policy.
//!
//! ```text
//! cargo run --release --example one_run
//! ```

use billsim::experiment::{self, ALL_COHORTS, Options};
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use std::error::Error;
use std::path::Path;

const SCENARIO: &str = r#"
[prices]
"model" = { input = 1.00, output = 2.00 }
[[cohort]]
accounts = 100
[cohort.workload]
arrivals = { poisson = { per_day = 100 } }
tokens = { prompt = 500, output = 100 }
models = { "model" = 1 }
[cohort.customer]
buys_credit = { delay = "8h", amount = 5.00 }
[[policy]]
kind = "prepaid_pause"
initial_purchase = 5.00
[[policy]]
kind = "auto_topup"
initial_purchase = 5.00
threshold = 1.00
amount = 5.00
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let loaded = Scenario::parse(Path::new("one_run"), SCENARIO.as_bytes(), &Kinds::built_in())?;
    let outcome = experiment::run(&loaded.scenario, Options::default())?;
    println!("{} requests", outcome.requests);
    for row in outcome.rows.iter().filter(|row| row.cohort == ALL_COHORTS) {
        for measure in ["usage_usd", "cash_in_usd", "lost_share"] {
            println!("{} {measure} {}", row.policy, row.value(measure).ok_or("no such measure")?);
        }
    }
    Ok(())
}
