//! Recorded requests: a file, and the table that names it.

use super::draft::{Draft, Group};
use super::duration::SECOND;
use super::{Put, table};
use toml::Table;

/// What the lines of a trace tell.
#[derive(Clone, Copy)]
pub struct Recorded {
    pub models: bool,
    pub cached: bool,
    /// Whose the requests are; else they are dealt out in turn.
    pub accounts: bool,
}

/// What models of the price list are called in some traces.
const OTHER_NAME: &str = "other";

impl Draft {
    /// The table `arrivals.trace`, with its file written.
    pub fn trace(&mut self, group: Group, recorded: Recorded) -> Table {
        let file = format!("trace-{}.csv", self.files.len() + 1);
        let renamed = recorded.models && self.chance(0.5);
        let content = self.records(group, recorded, renamed);
        self.files.insert(file.clone(), content);
        let mut trace = table([("file", file.into()), ("format", "billsim".into())]);
        if recorded.accounts {
            trace.put("assign", "column");
        } else if self.chance(0.5) {
            trace.put("assign", "round_robin");
        }
        if renamed {
            trace.put("rename", table([(OTHER_NAME, "m1".into())]));
        }
        trace
    }

    fn records(&mut self, group: Group, recorded: Recorded, renamed: bool) -> String {
        let count = (group.accounts as f64 * group.requests).ceil() as usize;
        let mut times = self.record_times(count);
        if !self.chance(0.2) {
            times.sort_unstable();
        }
        let mut columns = vec!["time", "prompt_tokens", "output_tokens"];
        columns.extend(recorded.accounts.then_some("account"));
        columns.extend(recorded.models.then_some("model"));
        columns.extend(recorded.cached.then_some("cached_tokens"));
        let mut lines = columns.join(",") + "\n";
        for time in times {
            let (prompt, output) = self.lengths();
            let mut line = format!("{},{prompt},{output}", seconds(time));
            if recorded.accounts {
                line.push_str(&format!(",a{}", self.between(1, group.accounts)));
            }
            if recorded.models {
                let model = self.between(1, self.models as i64);
                let name = if model == 1 && renamed { OTHER_NAME.to_owned() } else { format!("m{model}") };
                line.push_str(&format!(",{name}"));
            }
            if recorded.cached {
                line.push_str(&format!(",{}", prompt / *self.pick(&[1, 2, 4, prompt + 1])));
            }
            lines.push_str(&line);
            lines.push('\n');
        }
        lines
    }

    /// Some beyond the horizon, many at one instant or close together.
    fn record_times(&mut self, count: usize) -> Vec<i64> {
        let first = *self.pick(&[0, 0, 1_700_000_000 * SECOND]);
        let most = self.horizon + self.horizon / 20;
        let mut times: Vec<i64> = Vec::with_capacity(count);
        let mut time = 0;
        for _ in 0..count {
            time = match (self.between(0, 9), self.grid) {
                (0, _) => time,
                (1 | 2, None) => time + self.between(0, 20 * SECOND),
                (_, None) => self.between(0, most),
                (_, Some(grid)) => self.between(0, most / grid) * grid,
            };
            times.push(time);
        }
        // The first record falls on the start of the run.
        let least = times.iter().min().copied().unwrap_or_default();
        times.iter().map(|time| time - least + first).collect()
    }

    fn lengths(&mut self) -> (i64, i64) {
        let steps = *self.pick(&[1.0, 1.0, 2.0]);
        if self.grid.is_some() {
            return ((self.prompt * steps) as i64, self.output as i64);
        }
        if self.is_odd(0.1) {
            return (0, 0);
        }
        let (prompt, output) = (self.prompt * self.log(0.2, 3.0), self.output * self.log(0.2, 3.0));
        (prompt.round() as i64, output.round() as i64)
    }
}

fn seconds(micros: i64) -> String {
    let (whole, fraction) = (micros / SECOND, micros % SECOND);
    if fraction == 0 { whole.to_string() } else { format!("{whole}.{fraction:06}") }
}
