//! The CSV files: UTF-8, a header row, decimal points, no thousands separators, dollars exact.

use super::Error;
use crate::experiment::{
    AccountRow, BalancePoint, DayRow, Distribution, Group, Ledger, LedgerRow, Outcome, Pair, Row,
    SIZE_MEASURES, SizeRow, daily_measures,
};
use crate::metrics::{Levels, MEASURES, Measure, Quantity};
use crate::statistics::{Comparison, Moments};
use crate::time::Calendar;
use crate::wallet::Posting;
use ::csv::Writer;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes every CSV file of an outcome but the ledger into a folder: `replications.csv`, `summary.csv`,
/// `comparison.csv`, `timeseries.csv`, `distribution.csv`, `sizes.csv`, `balances.csv`, and `accounts.csv` where the
/// outcome has accounts.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, calendar: &Calendar, outcome: &Outcome) -> Result<(), Error> {
    write_file(folder, "replications.csv", |out| replications(out, &outcome.rows))?;
    write_file(folder, "summary.csv", |out| summary(out, &outcome.rows))?;
    write_file(folder, "comparison.csv", |out| comparison(out, &outcome.rows))?;
    write_file(folder, "timeseries.csv", |out| timeseries(out, calendar, &outcome.days))?;
    write_file(folder, "distribution.csv", |out| distribution(out, &outcome.distributions))?;
    write_file(folder, "sizes.csv", |out| sizes(out, &outcome.sizes))?;
    write_file(folder, "balances.csv", |out| balances(out, calendar, &outcome.balances))?;
    if !outcome.accounts.is_empty() {
        write_file(folder, "accounts.csv", |out| accounts(out, &outcome.accounts))?;
    }
    Ok(())
}

pub(super) fn write_file(
    folder: &Path,
    name: &str,
    fill: impl FnOnce(&mut Writer<File>) -> ::csv::Result<()>,
) -> Result<(), Error> {
    let path = folder.join(name);
    let file = File::create(&path).map_err(Error::at(&path, "create the file"))?;
    let mut out = Writer::from_writer(file);
    fill(&mut out).map_err(system_error).map_err(Error::at(&path, "write"))?;
    out.flush().map_err(Error::at(&path, "write"))
}

/// What the system said: the crate's own conversion forgets of which kind it was.
fn system_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn replications<W: Write>(out: &mut Writer<W>, rows: &[Row]) -> ::csv::Result<()> {
    out.write_record(REPLICATION_COLUMNS.into_iter().chain(measure_names()))?;
    replication_lines(out, &[], rows)
}

/// The first columns of `replications.csv`.
pub(super) const REPLICATION_COLUMNS: [&str; 3] = ["policy", "cohort", "replication"];

/// A line for each row, after these cells.
pub(super) fn replication_lines<W: Write>(
    out: &mut Writer<W>,
    first: &[&str],
    rows: &[Row],
) -> ::csv::Result<()> {
    for row in rows {
        write_keys(out, first)?;
        write_keys(out, &[&row.policy, &row.cohort, &row.replication.to_string()])?;
        write_values(out, &row.values)?;
    }
    Ok(())
}

fn summary<W: Write>(out: &mut Writer<W>, rows: &[Row]) -> ::csv::Result<()> {
    out.write_record(SUMMARY_COLUMNS)?;
    summary_lines(out, &[], rows)
}

/// The columns of `summary.csv`.
pub(super) const SUMMARY_COLUMNS: [&str; 9] =
    ["policy", "cohort", "measure", "unit", "mean", "sd", "ci_low", "ci_high", "n"];

/// A line for each policy, cohort and measure, after these cells.
pub(super) fn summary_lines<W: Write>(
    out: &mut Writer<W>,
    first: &[&str],
    rows: &[Row],
) -> ::csv::Result<()> {
    for group in Group::of_rows(rows) {
        for (index, measure) in MEASURES.iter().enumerate() {
            let moments = Moments::of(group.values(index));
            let [low, high] = interval_cells(&moments);
            write_keys(out, first)?;
            out.write_record([
                group.policy,
                group.cohort,
                measure.name,
                measure.unit.name(),
                &float(moments.mean),
                &moments.standard_deviation().map(float).unwrap_or_default(),
                &low,
                &high,
                &moments.n.to_string(),
            ])?;
        }
    }
    Ok(())
}

fn comparison<W: Write>(out: &mut Writer<W>, rows: &[Row]) -> ::csv::Result<()> {
    out.write_record([
        "cohort",
        "measure",
        "policy",
        "baseline",
        "difference",
        "ci_low",
        "ci_high",
        "p_value",
        "n",
        "p_adjusted",
        "relative",
        "relative_low",
        "relative_high",
        "pairing",
    ])?;
    let cell = |value: Option<f64>| value.map(float).unwrap_or_default();
    for pair in Pair::of_rows(rows) {
        let Comparison { difference, relative, pairing } = pair.comparison;
        let [low, high] = interval_cells(&difference);
        let [relative_low, relative_high] = relative.as_ref().map(interval_cells).unwrap_or_default();
        out.write_record([
            pair.cohort,
            pair.measure.name,
            pair.policy,
            pair.baseline,
            &float(difference.mean),
            &low,
            &high,
            &cell(difference.p_value()),
            &difference.n.to_string(),
            &cell(pair.p_adjusted),
            &cell(relative.map(|moments| moments.mean)),
            &relative_low,
            &relative_high,
            &cell(pairing),
        ])?;
    }
    Ok(())
}

fn timeseries<W: Write>(out: &mut Writer<W>, calendar: &Calendar, days: &[DayRow]) -> ::csv::Result<()> {
    write_keys(out, &["policy", "cohort", "day"])?;
    let levels = Levels::COLUMNS.iter().map(|(name, ..)| *name);
    for name in daily_measures().map(|measure| measure.name).chain(levels) {
        write_keys(out, &[name, &format!("{name}_low"), &format!("{name}_high")])?;
    }
    end_record(out)?;
    for row in days {
        write_keys(out, &[&row.policy, &row.cohort, &calendar.date(row.day).to_string()])?;
        for moments in &row.values {
            let [low, high] = interval_cells(moments);
            write_keys(out, &[&float(moments.mean), &low, &high])?;
        }
        end_record(out)?;
    }
    Ok(())
}

fn distribution<W: Write>(out: &mut Writer<W>, distributions: &[Distribution]) -> ::csv::Result<()> {
    out.write_record(["policy", "cohort", "measure", "unit", "at_least", "below", "count"])?;
    for Distribution { policy, cohort, figure, bins } in distributions {
        for bin in bins {
            let [at_least, below] = [bin.at_least, bin.below].map(|value| figure.quantity(value).to_string());
            let count = bin.count.to_string();
            let unit = figure.unit().name();
            out.write_record([policy, cohort, figure.name(), unit, &at_least, &below, &count])?;
        }
    }
    Ok(())
}

fn sizes<W: Write>(out: &mut Writer<W>, rows: &[SizeRow]) -> ::csv::Result<()> {
    out.write_record([
        "policy",
        "cohort",
        "size_at_least_usd",
        "size_below_usd",
        "measure",
        "unit",
        "mean",
        "ci_low",
        "ci_high",
        "n",
    ])?;
    for SizeRow { policy, cohort, class, values } in rows {
        let at_least = class.at_least().to_string();
        let below = class.below().map(|below| below.to_string()).unwrap_or_default();
        for (name, moments) in SIZE_MEASURES.iter().zip(values) {
            let unit = MEASURES[Measure::index_of(name)].unit.name();
            let [low, high] = interval_cells(moments);
            let (mean, n) = (float(moments.mean), moments.n.to_string());
            out.write_record([
                policy.as_str(),
                cohort,
                &at_least,
                &below,
                name,
                unit,
                &mean,
                &low,
                &high,
                &n,
            ])?;
        }
    }
    Ok(())
}

fn accounts<W: Write>(out: &mut Writer<W>, rows: &[AccountRow]) -> ::csv::Result<()> {
    let sums = MEASURES.iter().filter(|measure| measure.is_sum()).map(|measure| measure.name);
    out.write_record(["policy", "cohort", "account"].into_iter().chain(sums))?;
    for row in rows {
        write_keys(out, &[&row.policy, &row.cohort, &row.account.to_string()])?;
        write_values(out, &row.values)?;
    }
    Ok(())
}

fn balances<W: Write>(
    out: &mut Writer<W>,
    calendar: &Calendar,
    points: &[BalancePoint],
) -> ::csv::Result<()> {
    out.write_record(["policy", "cohort", "account", "time", "balance_usd", "event"])?;
    for point in points {
        out.write_record([
            &point.policy,
            &point.cohort,
            &point.account.to_string(),
            &calendar.timestamp(point.at),
            &point.balance.to_string(),
            point.event,
        ])?;
    }
    Ok(())
}

/// Writes `ledger.csv` while the run goes on: it may be larger than memory.
pub struct LedgerWriter {
    out: Writer<File>,
    path: PathBuf,
    calendar: Calendar,
}

impl LedgerWriter {
    /// Starts the ledger of a run in a folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn create(folder: &Path, calendar: Calendar) -> Result<LedgerWriter, Error> {
        let path = folder.join("ledger.csv");
        let file = File::create(&path).map_err(Error::at(&path, "create the file"))?;
        let mut out = Writer::from_writer(file);
        out.write_record(["time", "policy", "cohort", "account", "event", "debit", "credit", "amount_usd"])
            .map_err(system_error)
            .map_err(Error::at(&path, "write"))?;
        Ok(LedgerWriter { out, path, calendar })
    }

    /// Writes what is still in memory. A ledger that is dropped before may lack its last lines.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn finish(mut self) -> Result<(), Error> {
        self.out.flush().map_err(Error::at(&self.path, "write"))
    }
}

impl Ledger for LedgerWriter {
    fn append(&mut self, row: &LedgerRow<'_>) -> io::Result<()> {
        let Posting { entry, amount } = row.posting;
        let (debit, credit) = entry.sides();
        let fields = [
            &self.calendar.timestamp(row.at),
            row.policy,
            row.cohort,
            &row.account.to_string(),
            entry.name(),
            debit.name(),
            credit.name(),
            &amount.to_string(),
        ];
        self.out.write_record(fields).map_err(system_error)
    }
}

fn measure_names() -> impl Iterator<Item = &'static str> {
    MEASURES.iter().map(|measure| measure.name)
}

fn write_keys<W: Write>(out: &mut Writer<W>, keys: &[&str]) -> ::csv::Result<()> {
    keys.iter().try_for_each(|key| out.write_field(key))
}

fn write_values<W: Write>(out: &mut Writer<W>, values: &[Quantity]) -> ::csv::Result<()> {
    for value in values {
        out.write_field(value.to_string())?;
    }
    end_record(out)
}

fn end_record<W: Write>(out: &mut Writer<W>) -> ::csv::Result<()> {
    out.write_record(None::<&[u8]>)
}

/// Both ends of the interval, empty where there is none.
pub(super) fn interval_cells(moments: &Moments) -> [String; 2] {
    match moments.interval() {
        Some(interval) => [float(interval.low), float(interval.high)],
        None => Default::default(),
    }
}

/// The shortest decimal that reads back the same float, without exponent or negative zero.
pub(super) fn float(value: f64) -> String {
    (value + 0.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Money, Total};
    use crate::report::sample;
    use crate::time::{Span, Time};
    use crate::wallet::Entry;

    fn text(fill: impl FnOnce(&mut Writer<Vec<u8>>) -> ::csv::Result<()>) -> String {
        let mut out = Writer::from_writer(Vec::new());
        fill(&mut out).unwrap();
        String::from_utf8(out.into_inner().unwrap()).unwrap()
    }

    /// Two policies, a cohort, two replications; every measure counts 0 but these.
    fn tiny() -> Vec<Row> {
        let mut rows = Vec::new();
        for (policy, usage) in
            [("prepaid, small", [1_000_000_001, 3_000_000_000]), ("post\"paid\"", [0, -500_000_000])]
        {
            for (replication, nanos) in (0..).zip(usage) {
                let mut values = sample::zero_values();
                values[Measure::index_of("usage_usd")] = Quantity::Usd(Total::from_nanos(nanos));
                values[Measure::index_of("stopped_seconds")] = Quantity::Micros(1_500_000);
                values[Measure::index_of("lost_share")] = Quantity::Ratio(1, 3, 0.0);
                rows.push(Row { policy: policy.to_owned(), cohort: "all".to_owned(), replication, values });
            }
        }
        rows
    }

    fn cells<'t>(text: &'t str, line: usize, columns: &[&str]) -> Vec<&'t str> {
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let fields: Vec<&str> = text.lines().nth(line).unwrap().split(',').collect();
        columns.iter().map(|column| fields[header.iter().position(|name| name == column).unwrap()]).collect()
    }

    #[test]
    fn replications_are_exact_and_in_the_order_of_the_measures() {
        let rows = tiny();
        let text = text(|out| replications(out, &rows[2..]));
        let names: Vec<&str> = measure_names().collect();
        assert_eq!(text.lines().next().unwrap(), format!("policy,cohort,replication,{}", names.join(",")));
        assert!(text.lines().nth(1).unwrap().starts_with("\"post\"\"paid\"\"\",all,0,0,0,0,"));
        let columns = ["replication", "usage_usd", "stopped_seconds", "active_share", "lost_share"];
        assert_eq!(cells(&text, 2, &columns), ["1", "-0.50", "1.500000", "1", "0.3333333333333333"]);
    }

    #[test]
    fn the_summary_has_a_line_for_each_measure_with_its_interval() {
        let rows = tiny();
        let text = text(|out| summary(out, &rows));
        assert_eq!(text.lines().count(), 1 + 2 * MEASURES.len());
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("usage_usd")).collect();
        assert_eq!(lines[0], "\"prepaid, small\",all,churned_usage_usd,usd,0,0,0,0,2");
        let line = text.lines().find(|line| line.contains(",usage_usd,")).unwrap();
        // mean 2.0000000005, s = 1.414213561666, t = 12.7062047 on one degree of freedom
        assert!(line.starts_with("\"prepaid, small\",all,usage_usd,usd,2.0000000005,1.4142135616"), "{line}");
        assert!(line.contains(",-10.7062047"), "{line}");
        assert!(line.contains(",14.7062047"), "{line}");
    }

    #[test]
    fn one_replication_has_no_interval() {
        let rows = tiny();
        let text = text(|out| summary(out, &rows[..1]));
        let line = text.lines().find(|line| line.contains(",usage_usd,")).unwrap();
        assert_eq!(line, "\"prepaid, small\",all,usage_usd,usd,1.000000001,,,,1");
    }

    #[test]
    fn policies_are_compared_with_the_first_one_within_replications() {
        let rows = tiny();
        let text = text(|out| comparison(out, &rows));
        assert_eq!(text.lines().count(), 1 + MEASURES.len());
        let line = text.lines().find(|line| line.contains(",usage_usd,")).unwrap();
        // differences -1.000000001 and -3.5
        assert!(
            line.starts_with("all,usage_usd,\"post\"\"paid\"\"\",\"prepaid, small\",-2.2500000005,"),
            "{line}"
        );
        // The baseline's mean is not surely above 0, so there is no relative difference; the only pair needs no
        // adjustment.
        let record: Vec<&str> = line.rsplit(',').collect();
        let [pairing, high, low, relative, adjusted, n, p_value, ..] = record[..] else { panic!("{line}") };
        assert_eq!((n, adjusted, [relative, low, high]), ("2", p_value, [""; 3]));
        // √((2 + 0.125) / 3.125), but for a billionth
        assert!(pairing.starts_with("0.82462112"), "{pairing}");
    }

    #[test]
    fn the_time_series_names_days_by_their_date() {
        let outcome = sample::outcome(&["a"], 2, 3);
        let text = text(|out| timeseries(out, &sample::calendar(3), &outcome.days));
        assert!(
            text.starts_with("policy,cohort,day,accounts,accounts_low,accounts_high,requests,requests_low,")
        );
        let days: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
        assert_eq!(days[..3], ["2026-01-01", "2026-01-02", "2026-01-03"]);
    }

    #[test]
    fn balances_and_postings_are_exact_and_timed_to_the_microsecond() {
        let calendar = sample::calendar(3);
        let at = Time::START + Span::from_micros(86_400_000_001);
        let amount = Money::from_nanos(-1);
        let point = BalancePoint {
            policy: "p".to_owned(),
            cohort: "c".to_owned(),
            account: 7,
            at,
            balance: amount,
            event: "stop",
        };
        assert_eq!(
            text(|out| balances(out, &calendar, &[point])),
            "policy,cohort,account,time,balance_usd,event\n\
             p,c,7,2026-01-02T00:00:00.000001Z,-0.000000001,stop\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = LedgerWriter::create(folder.path(), calendar).unwrap();
        let posting = Posting { entry: Entry::UsageOnReceivable, amount: Money::from_nanos(1) };
        ledger.append(&LedgerRow { at, policy: "p", cohort: "c", account: 7, posting }).unwrap();
        ledger.finish().unwrap();
        assert_eq!(
            std::fs::read_to_string(folder.path().join("ledger.csv")).unwrap(),
            "time,policy,cohort,account,event,debit,credit,amount_usd\n\
             2026-01-02T00:00:00.000001Z,p,c,7,usage_on_receivable,receivable,revenue,0.000000001\n"
        );
    }

    #[test]
    fn a_full_disk_is_told_as_such() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut out = ::csv::WriterBuilder::new().buffer_capacity(1).from_writer(Full);
        let error = replications(&mut out, &tiny()).map_err(system_error).unwrap_err();
        let told = Error::at::<io::Error>(Path::new("a.csv"), "write")(error).to_string();
        assert!(told.contains("hint: free some space"), "{told}");
    }

    #[test]
    fn hostile_names_come_back_as_they_were() {
        let hostile = "<script>&\"',;\n=1+1 \u{1F4A9}".repeat(10);
        let rows = [Row { policy: hostile.clone(), ..tiny().remove(0) }];
        let text = text(|out| replications(out, &rows));
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        assert_eq!(&reader.records().next().unwrap().unwrap()[0], hostile);
    }
}
