//! `billsim explain`.

use super::{Failure, command_fault, print};
use crate::policy::Kinds;
use crate::report::story::{self, StoryError, Subject};
use crate::scenario::Scenario;
use clap::Args;
use std::path::PathBuf;

/// What `billsim explain` is told.
#[derive(Args)]
pub struct ExplainArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The policy's name in the scenario
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// The account's number in its cohort, from 0
    #[arg(long, value_name = "N")]
    account: u32,
    /// The cohort's name; by default the first of the scenario
    #[arg(long, value_name = "NAME")]
    cohort: Option<String>,
    /// Show the postings in the books, too
    #[arg(long)]
    postings: bool,
}

/// Tells the story of one account.
pub fn explain(arguments: &ExplainArguments, kinds: &Kinds) -> Result<(), Failure> {
    let loaded = Scenario::read(&arguments.file, kinds)?;
    let scenario = &loaded.scenario;
    let policies: Vec<&str> = scenario.policies.iter().map(|policy| policy.name.as_str()).collect();
    let policy = position(&policies, &arguments.policy, "policy")?;
    let cohorts: Vec<&str> = scenario.cohorts.iter().map(|cohort| cohort.name.as_str()).collect();
    let cohort = match &arguments.cohort {
        Some(name) => position(&cohorts, name, "cohort")?,
        None => 0,
    };
    let subject = Subject { policy, cohort, replication: 0, account: arguments.account };
    let mut text = Vec::new();
    story::tell(scenario, subject, arguments.postings, &mut text).map_err(|error| match error {
        StoryError::NoSuchAccount { .. } => command_fault(error.to_string()),
        other => other.into(),
    })?;
    print(&String::from_utf8_lossy(&text))
}

fn position(names: &[&str], name: &str, what: &str) -> Result<usize, Failure> {
    names.iter().position(|known| *known == name).ok_or_else(|| {
        command_fault(format!("the scenario has no {what} `{name}`\nhint: it has `{}`", names.join("`, `")))
    })
}
