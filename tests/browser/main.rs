//! The page of results in a browser: Chromium, where it and its driver are there.

mod driver;

use driver::{Browser, Pointer};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// A browser; without one, a test has nothing to do, but where everything must hold.
fn browser() -> Option<Browser> {
    let browser = Browser::start();
    if browser.is_none() {
        let missing = "there is no `chromedriver`: install the packages chromium and chromium-driver";
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        // Past what holds back the words of tests that pass.
        writeln!(io::stderr(), "skipped, as {missing}").expect("somebody reads this");
    }
    browser
}

/// Names that no page should take for anything but names.
const HOSTILE: [&str; 8] = [
    "<script>globalThis.taken = 1</script>",
    "\"><img src=x onerror=\"globalThis.taken=1\">",
    "{{ 7 * 7 }}{% raw %}",
    "\u{202e}txet desrever\u{2066}",
    "</style></script><!--",
    "'&amp;&lt; \u{1f4b8}\u{1f469}\u{200d}\u{1f4bb}",
    "javascript:globalThis.taken=1",
    "a very long name of a policy that nobody would choose but somebody has to test, since some do so",
];

/// A folder of results.
struct Report {
    folder: PathBuf,
    /// Names of policies and cohorts.
    names: Vec<String>,
}

impl Report {
    fn of(name: &str, scenario: &str, names: &[&str]) -> Report {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        fs::create_dir_all(&folder).expect("a folder can be made");
        let (file, folder) = (folder.join(format!("{name}.toml")), folder.join(name));
        fs::write(&file, scenario).expect("a file can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_billsim"));
        let ended = command.arg("run").arg(&file).arg("--out").arg(&folder).arg("--quiet").output();
        let ended = ended.expect("the program starts");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        Report { folder, names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn url(&self) -> String {
        format!("file://{}/report.html", self.folder.display())
    }

    /// The lines of a CSV file, each with its cells by column.
    fn csv(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.folder.join(name)).expect("the file is there");
        reader.deserialize().map(|line| line.expect("it is well formed")).collect()
    }
}

/// Several cohorts and replications; hostile names and one replication; one policy to which nothing happens.
static REPORTS: LazyLock<[Report; 3]> = LazyLock::new(|| {
    let mixed = include_str!("../cli/mixed.toml").replace("replications = 2", "replications = 5");
    let mixed =
        Report::of("mixed", &mixed, &["prepaid", "top-up", "postpaid", "trial", "developers", "agents"]);

    let prices = "[prices]\n\"m\" = { input = 10.00, output = 20.00 }\n";
    let quoted = |name: &str| toml::Value::String(name.to_owned()).to_string();
    let mut hostile = format!("[scenario]\nhorizon = \"20d\"\nquestion = {}\n{prices}", quoted(HOSTILE[0]));
    for name in &HOSTILE[..3] {
        hostile += &format!(
            "[[cohort]]\nname = {}\naccounts = 9\nworkload = {{ arrivals.poisson.per_day = 40, tokens = {{ \
             prompt = 500, output = 100 }}, models.m = 1 }}\n[cohort.customer]\nbuys_credit = {{ amount = \
             5.00, delay = \"3h\" }}\n",
            quoted(name)
        );
    }
    for (number, name) in HOSTILE.iter().enumerate() {
        let kind = format!("kind = \"prepaid_pause\"\ninitial_purchase = {}.00\n", number + 1);
        hostile += &format!("[[policy]]\nname = {}\n{kind}", quoted(name));
    }
    let hostile = Report::of("hostile", &hostile, &HOSTILE);

    let idle = format!(
        "[scenario]\nhorizon = \"3d\"\nreplications = 2\n{prices}[[cohort]]\naccounts = 2\nworkload = {{ \
         arrivals.poisson.per_day = 1e-9, tokens = {{ prompt = 1, output = 1 }}, models.m = 1 \
         }}\n[[policy]]\nkind = \"postpaid\"\n"
    );
    [mixed, hostile, Report::of("idle", &idle, &["postpaid"])]
});

#[test]
fn pages_ask_the_network_for_nothing_and_have_nothing_to_complain_of() {
    let Some(browser) = browser() else { return };
    for report in REPORTS.iter() {
        browser.open(&report.url());
        for (width, height) in [(390, 844), (1366, 768)] {
            browser.resize(width, height);
            browser.run("scrollTo(0, document.body.scrollHeight)", json!([]));
        }
        assert_eq!(browser.log("browser"), Vec::<Value>::new(), "{}", report.url());
        let asked = browser.log("performance").into_iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let is_request = event["message"]["method"] == "Network.requestWillBeSent";
            let url = event["message"]["params"]["request"]["url"].as_str()?.to_owned();
            is_request.then_some(url)
        });
        let asked: BTreeSet<String> =
            asked.filter(|url| !url.starts_with("data:") && !url.starts_with("chrome:")).collect();
        assert_eq!(asked, BTreeSet::from([report.url()]));
    }
}

#[test]
fn the_scorecard_is_sorted_by_the_figures_of_the_summary_in_both_directions() {
    let Some(browser) = browser() else { return };
    browser.resize(1366, 768);
    let report = &REPORTS[0];
    browser.open(&report.url());
    let summary = report.csv("summary.csv");
    let mean = |policy: &str, measure: &str| -> f64 {
        let line = summary
            .iter()
            .find(|line| line["policy"] == policy && line["cohort"] == "all" && line["measure"] == measure);
        line.expect("the measure is there")["mean"].parse().expect("it is a number")
    };
    let headings = browser.run("return [...document.querySelectorAll('#scores thead th')].length", json!([]));
    for column in 1..headings.as_u64().expect("a number") {
        let mut orders = BTreeSet::new();
        for _ in 0..2 {
            let sorted = browser.run(
                "const heading = document.querySelectorAll('#scores thead th')[arguments[0]];
                heading.querySelector('button').click();
                const rows = [...document.querySelectorAll('#scores tbody tr')];
                return [heading.dataset.measure, heading.getAttribute('aria-sort'),
                    rows.map((row) => row.querySelector('bdi').textContent),
                    document.querySelectorAll('#scores [aria-sort]').length]",
                json!([column]),
            );
            let measure = sorted[0].as_str().expect("a measure");
            let order = sorted[1].as_str().expect("an order");
            let policies = sorted[2].as_array().expect("policies").iter().filter_map(Value::as_str);
            let means: Vec<f64> = policies.map(|policy| mean(policy, measure)).collect();
            assert_eq!(means.len(), 4);
            let is_sorted = match order {
                "ascending" => means.is_sorted(),
                _ => means.iter().rev().is_sorted(),
            };
            assert!(is_sorted, "{measure}, {order}: {means:?}");
            assert_eq!(sorted[3], 1, "one heading is told to be what it is sorted by");
            orders.insert(order.to_owned());
        }
        assert_eq!(orders, BTreeSet::from(["ascending".to_owned(), "descending".to_owned()]));
    }
    // The buttons are buttons: the keyboard finds and presses them.
    browser.run("document.querySelector('#scores thead button').focus()", json!([]));
    browser.press("\u{e007}");
    let first = browser.run("return document.querySelector('#scores tbody bdi').textContent", json!([]));
    assert_eq!(first, "prepaid");
}

/// What the tooltip says; nothing where it is hidden.
fn told(browser: &Browser) -> Option<String> {
    let told = browser.run(
        "const tooltip = document.querySelector('.tooltip');
        const box = tooltip.getBoundingClientRect();
        if (tooltip.hidden) return null;
        if (box.left < 0 || box.top < 0 || box.right > innerWidth) return 'it leaves the window';
        return tooltip.textContent",
        json!([]),
    );
    told.as_str().map(str::to_owned)
}

/// Scrolls to the n-th element that a selector finds, and returns the middle of the first line or shape of
/// it.
fn middle(browser: &Browser, selector: &str, number: usize) -> (f64, f64) {
    let at = browser.run(
        "const element = document.querySelectorAll(arguments[0])[arguments[1]];
        element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
        const box = element.getClientRects()[0];
        return [box.left + box.width / 2, box.top + box.height / 2]",
        json!([selector, number]),
    );
    let coordinate = |index: usize| at[index].as_f64().expect("a number");
    (coordinate(0), coordinate(1))
}

#[test]
fn what_is_drawn_and_every_figure_tell_themselves_to_mouse_finger_and_keyboard() {
    let Some(browser) = browser() else { return };
    for (width, height) in [(1366, 768), (390, 844)] {
        browser.resize(width, height);
        browser.open(&REPORTS[0].url());
        let plots = browser.run(
            "return [...document.querySelectorAll('figure.plot')].map((plot) => [
                plot.id, [...plot.querySelectorAll('circle.tip')].map((tip) => tip.dataset.tip)])",
            json!([]),
        );
        let mut pointed = 0;
        for plot in plots.as_array().expect("a list") {
            let selector = format!("#{} circle.tip", plot[0].as_str().expect("a name"));
            let tips: Vec<&str> =
                plot[1].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
            for number in [0, tips.len().saturating_sub(1)] {
                let Some(tip) = tips.get(number) else { continue };
                let (x, y) = middle(&browser, &selector, number);
                browser.point(Pointer::Mouse, x, y);
                let said =
                    told(&browser).unwrap_or_else(|| panic!("{selector} {number} tells nothing in {width}"));
                // Of two that lie upon one another, the upper one is told.
                assert!(tips.contains(&said.as_str()), "{selector} {number}: {said:?}, not {tip:?}");
                pointed += 1;
                browser.point(Pointer::Mouse, 1.0, 1.0);
                assert_eq!(told(&browser), None);
                browser.point(Pointer::Touch, x, y);
                assert_eq!(told(&browser), Some(said));
                browser.press("\u{e00c}"); // Escape
                assert_eq!(told(&browser), None);
            }
        }
        assert!(pointed > 0, "no plot has anything to tell");

        let (x, y) = middle(&browser, "#scores td [data-at]", 0);
        browser.point(Pointer::Mouse, x, y);
        let value =
            browser.run("return document.querySelector('#scores td [data-at]').dataset.value", json!([]));
        let said = told(&browser).expect("something is told");
        assert_eq!(said.lines().next(), value.as_str());
        assert!(said.contains("summary.csv"), "{said}");
        browser.point(Pointer::Mouse, 1.0, 1.0);
    }

    let walked = "const plots = [...document.querySelectorAll('.plot .wide > svg')];
        const svg = plots.find((svg) => svg.querySelector('.tip'));
        const tips = [...svg.querySelectorAll('.tip')];
        if (arguments[0]) tips[0].focus();
        return [tips.indexOf(document.activeElement), document.activeElement.dataset.tip,
            tips.filter((tip) => tip.getAttribute('tabindex') === '0').length]";
    let at = |start: bool| browser.run(walked, json!([start]));
    assert_eq!(at(true)[0], 0);
    for (key, index) in [("\u{e014}", 1), ("\u{e015}", 2), ("\u{e012}", 1), ("\u{e011}", 0)] {
        browser.press(key);
        let now = at(false);
        assert_eq!(now[0], index);
        assert_eq!(told(&browser).as_deref(), now[1].as_str());
        assert_eq!(now[2], 1, "a plot is one stop of the Tab key");
    }
}

/// Whether a value is shown as it is, but for the digits left out, in one of these units.
fn is_shown(text: &str, value: f64, units: &[f64], is_unsigned: bool) -> bool {
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let shown: f64 = digits.parse().expect("a figure has digits");
    let least = 10_f64.powi(-i32::try_from(decimals).expect("few decimals"));
    let shown = if text.starts_with('\u{2212}') { -shown } else { shown };
    let value = if is_unsigned && shown >= 0.0 { value.abs() } else { value };
    units.iter().any(|unit| (shown - value / unit).abs() <= 0.500_001 * least)
}

#[test]
fn every_figure_on_a_page_is_that_of_the_files() {
    let Some(browser) = browser() else { return };
    for report in REPORTS.iter() {
        let files = ["summary.csv", "comparison.csv"].map(|name| (name, report.csv(name)));
        browser.open(&report.url());
        let figures = browser.run(
            "return [...document.querySelectorAll('[data-at]')].map((figure) => [
                figure.dataset.at, figure.dataset.value, figure.textContent,
                figure.closest('table') === null])",
            json!([]),
        );
        let figures = figures.as_array().expect("a list");
        assert!(figures.len() >= 10, "{} figures", figures.len());
        for figure in figures {
            let [at, value, text] = [0, 1, 2].map(|index| figure[index].as_str().expect("a text"));
            let at: Vec<String> = serde_json::from_str(at).expect("a list of texts");
            let [file, column, keys @ ..] = &at[..] else { panic!("{at:?} is too short") };
            let (_, lines) = files.iter().find(|(name, _)| name == file).expect("it is one of two files");
            let columns = ["cohort", "measure", "policy", "baseline"];
            let is_it = |line: &&BTreeMap<String, String>| {
                columns.iter().zip(keys).all(|(column, key)| line[*column] == *key)
            };
            let line = lines.iter().find(is_it).unwrap_or_else(|| panic!("{at:?} is not in the file"));
            assert_eq!(line[column], value, "{at:?}");
            let value: f64 = value.parse().expect("a number");
            let units: &[f64] = match &line["measure"] {
                _ if column.starts_with("relative") => &[0.01],
                measure if measure.ends_with("_share") => &[0.01],
                measure if measure.ends_with("_seconds") => &[1.0, 60.0, 3600.0, 86_400.0],
                _ => &[1.0],
            };
            assert!(is_shown(text, value, units, figure[3] == true), "{at:?} is shown as {text}");
        }
    }
}

#[test]
fn hostile_names_are_text() {
    let Some(browser) = browser() else { return };
    let report = &REPORTS[1];
    browser.resize(1366, 768);
    browser.open(&report.url());
    let found = browser.run(
        "return {
            taken: globalThis.taken ?? null,
            scripts: document.querySelectorAll('script').length,
            styles: document.querySelectorAll('style').length,
            images: document.querySelectorAll('img').length,
            question: document.querySelector('h1').textContent,
            names: [...document.querySelectorAll('bdi')].map((name) => name.dataset.tip ?? name.textContent),
            links: [...document.querySelectorAll('a')].map((link) => link.getAttribute('href')),
        }",
        json!([]),
    );
    assert_eq!(found["taken"], Value::Null);
    assert_eq!([&found["scripts"], &found["styles"], &found["images"]], [1, 1, 0]);
    assert_eq!(found["question"], HOSTILE[0]);
    let names: BTreeSet<&str> =
        found["names"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for name in &report.names {
        assert!(names.contains(name.as_str()), "{name} is not among {names:?}");
    }
    for link in found["links"].as_array().expect("a list").iter().filter_map(Value::as_str) {
        let is_there = link.starts_with('#') || report.folder.join(link).exists();
        assert!(is_there, "{link} leads nowhere");
    }
}

/// Texts that stand out too little, each with how much: words and figures by less than 4.5, signs by less
/// than 3.
///
/// Source: Web Content Accessibility Guidelines 2.2, success criteria 1.4.3 and 1.4.11, relative luminance.
const FAINT: &str = "
    const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const over = ([r, g, b, a = 1], below) => [r, g, b].map((c, i) => a * c + (1 - a) * below[i]);
    const luminance = (colour) => {
        const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = colour.map((c) => linear(c / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        if (!element) return [255, 255, 255];
        const svg = element.closest('svg');
        if (svg) return parse(getComputedStyle(svg.querySelector('rect')).fill);
        const colour = parse(getComputedStyle(element).backgroundColor);
        return (colour[3] ?? 1) === 1 ? colour : over(colour, ground(element.parentElement));
    };
    const faint = [];
    let seen = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.data.trim();
        const element = walker.currentNode.parentElement;
        const isShown = element.getClientRects().length > 0 && !element.closest('script, style, title');
        if (text === '' || !isShown) continue;
        const style = getComputedStyle(element);
        const below = ground(element);
        const colour = over(parse(element.closest('svg') ? style.fill : style.color), below);
        const [dark, light] = [luminance(colour), luminance(below)].sort((a, b) => a - b);
        const contrast = (light + 0.05) / (dark + 0.05);
        seen += 1;
        const least = /[\\p{L}\\p{N}]/u.test(text) ? 4.5 : 3;
        if (contrast < least) faint.push(`${text.slice(0, 30)}: ${contrast.toFixed(2)}`);
    }
    return [seen, getComputedStyle(document.body).backgroundColor, faint]";

#[test]
fn text_stands_out_in_light_and_in_dark() {
    let Some(browser) = browser() else { return };
    for report in REPORTS.iter() {
        browser.open(&report.url());
        let [light, dark] = ["light", "dark"].map(|scheme| {
            browser.prefer(scheme);
            browser
                .run("document.querySelectorAll('details').forEach((it) => { it.open = true })", json!([]));
            let found = browser.run(FAINT, json!([]));
            assert!(found[0].as_u64().is_some_and(|seen| seen > 100), "few texts: {}", found[0]);
            assert_eq!(found[2], json!([]), "{scheme}, {}", report.url());
            found[1].clone()
        });
        assert_ne!(light, dark, "the page is not darker where people like that");
    }
}

#[test]
fn pages_are_not_wider_than_the_window() {
    let Some(browser) = browser() else { return };
    for report in REPORTS.iter() {
        for width in [360, 768, 1366] {
            browser.resize(width, 800);
            browser.open(&report.url());
            let widest = browser.run(
                "return [document.documentElement.scrollWidth, ...[...document.querySelectorAll('body *')]
                    .filter((element) => !element.closest('.wide > *, pre > *, svg *, .hidden'))
                    .map((element) => element.getBoundingClientRect().right)]
                    .reduce((a, b) => Math.max(a, b))",
                json!([]),
            );
            let widest = widest.as_f64().expect("a number");
            assert!(widest <= f64::from(width) + 0.5, "{} in {width}: {widest}", report.url());
        }
    }
}

#[test]
fn pages_say_the_same_where_scripts_may_not_run() {
    let Some(browser) = browser() else { return };
    browser.resize(1366, 768);
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    for report in REPORTS.iter() {
        browser.open(&report.url());
        let shot = browser.devtools("DOMSnapshot.captureSnapshot", json!({ "computedStyles": [] }));
        let strings = shot["strings"].as_array().expect("a list");
        let laid_out = shot["documents"][0]["layout"]["text"].as_array().expect("a list");
        let text: String = laid_out
            .iter()
            .filter_map(Value::as_i64)
            .filter_map(|index| strings.get(usize::try_from(index).ok()?)?.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        for heading in
            ["In short", "Scorecard", "The rules of each policy", "Glossary", "contribution", "manifest.json"]
        {
            assert!(text.contains(heading), "{heading} is not in {text}");
        }
        assert!(!text.contains("Choose a heading"), "nothing is promised that does not work");
        for name in report.names.iter().filter(|name| name.chars().count() < 30) {
            assert!(text.contains(name.as_str()), "{name} is not in {text}");
        }
    }
}
