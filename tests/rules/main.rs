//! The rules of the model, each with numbers worked out by hand.
//!
//! Nothing is random here: requests come at regular times (or as listed) and cost what is said, and
//! probabilities are 0 or 1. Times in comments are hours since the start; a request at the instant of
//! something else comes after it.

mod alerts;
mod auto_topup;
mod churn_and_closing;
mod clients;
mod cohorts;
mod customers;
mod disputes;
mod holds;
mod lapses;
mod measures;
mod order;
mod overshoot;
mod payments;
mod policy_metering;
mod postpaid;
mod prepaid_pause;
mod progressive;
mod rate_limit;
mod refresh;
mod runoff;
mod settlement;
mod switch;
mod tiers;
mod trial;
mod wallet;

use billsim::account::AccountView;
use billsim::engine::observation::{Fate, Happening, Observer, RequestSpan};
use billsim::experiment::{self, ALL_COHORTS, Ledger, LedgerRow, Options, Outcome, Row, Setup};
use billsim::metrics::MEASURES;
use billsim::policy::Kinds;
use billsim::request::Refusal;
use billsim::scenario::Scenario;
use billsim::time::Time;
use billsim::wallet::Posting;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// A scenario with one cohort of one account, put together from lines of TOML.
#[derive(Clone, Default)]
struct Case {
    scenario: String,
    payments: String,
    metering: String,
    cohort: String,
    workload: String,
    customer: String,
    policies: String,
    folder: PathBuf,
}

/// What a case gave.
struct Run {
    outcome: Outcome,
    /// `time entry amount` of each posting under the first policy.
    ledger: Vec<String>,
}

impl Case {
    /// A request of so many dollars every hour, the first after an hour; so 23 on the single day before the
    /// horizon.
    fn hourly(dollars: f64) -> Case {
        Case::regular(24.0, dollars)
    }

    /// So many requests a day, the first one gap after the start.
    fn regular(per_day: f64, dollars: f64) -> Case {
        let workload = format!(
            "arrivals = {{ gamma = {{ per_day = {per_day}, cv = 0 }} }}\n\
             tokens = {{ prompt = {}, output = 0 }}\n",
            micro_dollars(dollars)
        );
        Case { workload, ..Case::default() }
    }

    /// Requests at these seconds, the first of them 0, of so many dollars each.
    fn trace(folder: &tempfile::TempDir, records: &[(u32, f64)]) -> Case {
        let records: Vec<_> = records.iter().map(|(at, dollars)| (*at, *dollars, 0.0)).collect();
        Case::trace_with_output(folder, &records)
    }

    /// Requests at these seconds, the first of them 0, of so many dollars for the prompt and for the output.
    fn trace_with_output(folder: &tempfile::TempDir, records: &[(u32, f64, f64)]) -> Case {
        let mut text = String::from("time,prompt_tokens,output_tokens\n");
        for (at, prompt, output) in records {
            writeln!(text, "{at},{},{}", micro_dollars(*prompt), micro_dollars(*output)).unwrap();
        }
        std::fs::write(folder.path().join("trace.csv"), text).unwrap();
        let workload = "arrivals = { trace = { file = \"trace.csv\", format = \"billsim\" } }\n".to_owned();
        Case { workload, folder: folder.path().to_owned(), ..Case::default() }
    }

    /// Lines of `[scenario]`.
    fn scenario(mut self, lines: &str) -> Case {
        self.scenario += &format!("{lines}\n");
        self
    }

    fn horizon(self, horizon: &str) -> Case {
        self.scenario(&format!("horizon = \"{horizon}\""))
    }

    fn start(self, date: &str) -> Case {
        self.scenario(&format!("start = {date}"))
    }

    /// Lines of `[payments]`.
    fn payments(mut self, lines: &str) -> Case {
        self.payments += &format!("{lines}\n");
        self
    }

    /// Lines of `[metering]`.
    fn metering(mut self, lines: &str) -> Case {
        self.metering += &format!("{lines}\n");
        self
    }

    /// Lines of `[[cohort]]`.
    fn cohort(mut self, lines: &str) -> Case {
        self.cohort += &format!("{lines}\n");
        self
    }

    /// Lines of `[cohort.workload]`.
    fn workload(mut self, lines: &str) -> Case {
        self.workload += &format!("{lines}\n");
        self
    }

    /// Lines of `[cohort.customer]`.
    fn customer(mut self, lines: &str) -> Case {
        self.customer += &format!("{lines}\n");
        self
    }

    /// Another `[[policy]]`.
    fn policy(mut self, kind: &str, lines: &str) -> Case {
        self.policies += &format!("[[policy]]\nkind = \"{kind}\"\n{lines}\n");
        self
    }

    fn parse(&self) -> Scenario {
        self.parse_with(&Kinds::built_in())
    }

    fn parse_with(&self, kinds: &Kinds) -> Scenario {
        let Case { scenario, payments, metering, cohort, workload, customer, policies, folder } = self;
        let horizon = if scenario.contains("horizon") { "" } else { "horizon = \"1d\"\n" };
        let text = format!(
            "[scenario]\n{horizon}{scenario}\n[prices]\n\"m\" = {{ input = 1.00, output = 1.00 }}\n\
             [payments]\n{payments}\n[metering]\n{metering}\n[[cohort]]\naccounts = 1\n{cohort}\
             [cohort.workload]\nmodels = {{ \"m\" = 1 }}\n{workload}\n\
             [cohort.customer]\n{customer}\n{policies}"
        );
        parse_with(folder, &text, kinds)
    }

    fn run(&self) -> Run {
        run(&self.parse())
    }

    /// Runs the case with these kinds of policy.
    fn run_with(&self, kinds: &Kinds) -> Run {
        run(&self.parse_with(kinds))
    }

    /// Runs the case and checks columns of the first policy.
    fn gives(&self, columns: &[(&str, &str)]) {
        self.run().gives(columns);
    }

    /// When something happened under the first policy.
    fn times(&self, what: impl Fn(Happening) -> bool) -> Vec<String> {
        self.story().iter().filter(|(_, happening)| what(*happening)).map(|(at, _)| clock(*at)).collect()
    }

    /// `time amount` of each attempt to pay under the first policy.
    fn attempts(&self) -> Vec<String> {
        let attempt = |(at, happening): &(Time, Happening)| match happening {
            Happening::PaymentAttempted { amount, .. } => Some(format!("{} {amount}", clock(*at))),
            _ => None,
        };
        self.story().iter().filter_map(attempt).collect()
    }

    fn story(&self) -> Vec<(Time, Happening)> {
        let mut story = Vec::new();
        self.follow(Listener(&mut story));
        story
    }

    /// `time reason` of each try of a request under the first policy; `time ok` of those admitted.
    fn tries(&self) -> Vec<String> {
        self.requests().tries.iter().map(|(at, result)| format!("{} {result}", clock(*at))).collect()
    }

    /// The reason of each refused try under the first policy; `ok` of those admitted.
    fn results(&self) -> Vec<&'static str> {
        self.requests().tries.iter().map(|(_, result)| *result).collect()
    }

    /// When the requests arrived that were served, in the order in which they were admitted.
    fn served(&self) -> Vec<String> {
        self.fates(Fate::Served)
    }

    /// When the requests arrived that were lost, in the order in which they were given up.
    fn lost(&self) -> Vec<String> {
        self.fates(Fate::Lost)
    }

    fn fates(&self, asked: Fate) -> Vec<String> {
        let fates = self.requests().fates.into_iter();
        fates.filter(|(_, fate)| *fate == asked).map(|(arrived, _)| clock(arrived)).collect()
    }

    fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        self.follow(&mut requests);
        requests
    }

    fn follow(&self, observer: impl Observer) {
        let scenario = self.parse();
        Setup::new(&scenario).follow(0, 0, 0, 0, observer).expect("the account can be followed");
    }
}

impl Run {
    fn row(&self, policy: &str, cohort: &str) -> &Row {
        let is_asked = |row: &&Row| row.policy == policy && row.cohort == cohort;
        self.outcome.rows.iter().find(is_asked).expect("there is such a row")
    }

    /// Checks columns of the first policy over all cohorts.
    fn gives(&self, columns: &[(&str, &str)]) {
        let is_first = |row: &&Row| row.cohort == ALL_COHORTS;
        self.outcome.rows.iter().find(is_first).expect("there is a row").gives(columns);
    }
}

/// A row whose columns can be checked.
trait Gives {
    fn gives(&self, columns: &[(&str, &str)]);
}

impl Gives for Row {
    fn gives(&self, columns: &[(&str, &str)]) {
        let (expected, found): (Vec<_>, Vec<_>) = columns
            .iter()
            .map(|(column, expected)| {
                (format!("{column} = {expected}"), format!("{column} = {}", value(self, column)))
            })
            .unzip();
        assert_eq!(found, expected, "found on the left, expected on the right; {}", in_full(self));
    }
}

/// The exact text of a column.
fn value(row: &Row, column: &str) -> String {
    let place = MEASURES.iter().position(|measure| measure.name == column);
    row.values[place.unwrap_or_else(|| panic!("there is no measure `{column}`"))].to_string()
}

/// All columns that are not zero.
fn in_full(row: &Row) -> String {
    let columns = MEASURES.iter().zip(&row.values).filter(|(_, value)| value.as_f64() != 0.0);
    columns.map(|(measure, value)| format!("{} {value}, ", measure.name)).collect()
}

fn parse(folder: &Path, text: &str) -> Scenario {
    parse_with(folder, text, &Kinds::built_in())
}

fn parse_with(folder: &Path, text: &str, kinds: &Kinds) -> Scenario {
    Scenario::parse(&folder.join("rules.toml"), text.as_bytes(), kinds)
        .unwrap_or_else(|faults| panic!("{faults}\n{text}"))
        .scenario
}

fn run(scenario: &Scenario) -> Run {
    let mut ledger = Postings { policy: scenario.policies[0].name.clone(), listed: Vec::new() };
    let options = Options { ledger: Some(&mut ledger), ..Options::default() };
    let outcome = experiment::run(scenario, options).expect("the scenario runs");
    Run { outcome, ledger: ledger.listed }
}

/// Lists the postings under one policy.
struct Postings {
    policy: String,
    listed: Vec<String>,
}

impl Ledger for Postings {
    fn append(&mut self, row: &LedgerRow<'_>) -> io::Result<()> {
        if row.policy == self.policy {
            let Posting { entry, amount } = row.posting;
            self.listed.push(format!("{} {} {amount}", clock(row.at), entry.name()));
        }
        Ok(())
    }
}

/// Prompt tokens that cost so much, at a dollar per million.
fn micro_dollars(dollars: f64) -> u64 {
    (dollars * 1e6).round() as u64
}

/// A time as the hours, minutes and seconds since the start: `25h 30m`.
fn clock(at: Time) -> String {
    let seconds = at.micros() / 1_000_000;
    assert_eq!(at.micros() % 1_000_000, 0, "no case needs less than a second");
    let part = |number: i64, unit: &str| if number == 0 { String::new() } else { format!(" {number}{unit}") };
    let parts = part(seconds / 60 % 60, "m") + &part(seconds % 60, "s");
    format!("{}h{parts}", seconds / 3600)
}

struct Listener<'s>(&'s mut Vec<(Time, Happening)>);

impl Observer for Listener<'_> {
    fn attempted(&mut self, _: &RequestSpan<'_>, _: Option<Refusal>, _: &AccountView) {}
    fn concluded(&mut self, _: &RequestSpan<'_>, _: Fate, _: &AccountView) {}
    fn usage(&mut self, _: &RequestSpan<'_>, _: Posting) {}
    fn posting(&mut self, _: Time, _: Posting) {}
    fn happening(&mut self, happening: Happening, account: &AccountView) {
        self.0.push((account.now, happening));
    }
}

/// Lists what became of requests.
#[derive(Default)]
struct Requests {
    tries: Vec<(Time, &'static str)>,
    fates: Vec<(Time, Fate)>,
}

impl Observer for &mut Requests {
    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, _: &AccountView) {
        let result = refused.map_or("ok", Refusal::name);
        self.tries.extend(span.each().map(|(at, _)| (at, result)));
    }
    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, _: &AccountView) {
        let arrived = |at| if span.count == 1 { span.arrived_at } else { at };
        self.fates.extend(span.each().map(|(at, _)| (arrived(at), fate)));
    }
    fn usage(&mut self, _: &RequestSpan<'_>, _: Posting) {}
    fn posting(&mut self, _: Time, _: Posting) {}
    fn happening(&mut self, _: Happening, _: &AccountView) {}
}
