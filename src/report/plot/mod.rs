//! The plots, drawn from the CSV files of a folder alone, each as SVG and PNG.

mod balances;
mod data;
mod over_time;
mod picture;
mod scale;
mod scorecard;
mod style;
mod trade_off;

use super::Error;
use data::Data;
use picture::Picture;
use std::fs;
use std::path::{Path, PathBuf};

/// A plot: its name, and what it shows; `None` where there is nothing to show.
type Plot = (&'static str, fn(&Data) -> Option<Picture>);

/// Every plot.
const PLOTS: [Plot; 4] = [
    ("scorecard", scorecard::picture),
    ("over-time", over_time::picture),
    ("trade-off", trade_off::picture),
    ("balances", balances::picture),
];

/// Draws the plots of a folder of results into its `plots/`, and returns the files. The same CSV files give the same
/// bytes.
///
/// # Errors
/// If a CSV file is missing or does not read as it was written, or if a plot cannot be written.
pub fn draw(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let data = Data::read(folder)?;
    let plots = folder.join("plots");
    fs::create_dir_all(&plots).map_err(Error::at(&plots, "create the folder"))?;
    let mut files = Vec::new();
    for (name, picture) in PLOTS {
        let Some(picture) = picture(&data) else { continue };
        for (extension, content) in [("svg", picture.to_svg().into_bytes()), ("png", picture.to_png())] {
            let path = plots.join(name).with_extension(extension);
            fs::write(&path, content).map_err(Error::at(&path, "write"))?;
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{csv, sample};

    #[test]
    fn look_at_them() {
        let eight =
            ["prepaid", "top-up 5/25", "postpaid 50/500", "trial, then postpaid", "e", "ffff", "a very long name of a policy that nobody would choose, number 7", "a very long name of a policy that nobody would choose, number 8"];
        for (name, outcome, days) in [
            ("three", sample::outcome(&eight[..3], 20, 90), 90),
            ("eight", sample::outcome(&eight, 20, 90), 90),
            ("one", sample::outcome(&eight[..1], 1, 1), 1),
            ("idle", sample::idle_outcome(&eight[..2], 2, 10), 10),
        ] {
            let folder = Path::new("/tmp/look").join(name);
            fs::create_dir_all(&folder).unwrap();
            csv::write(&folder, &sample::calendar(days), &outcome).unwrap();
            draw(&folder).unwrap();
            fs::write(folder.join("table.txt"), crate::report::terminal::comparison_table(&outcome, 100)).unwrap();
        }
    }
}
