//! What a scenario says, in plain words.

mod conditions;
mod inert;

pub use inert::inert;

use super::Scenario;
use crate::money::grouped;
use crate::time::Span;
use crate::workload::distribution::Shape;
use crate::workload::{Arrivals, Cohort, Signup, Workload};
use conditions::{customers, metering, payments, rules};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a scenario says: what it asks, who sends how much over which time, what is assumed, what each policy's rules
/// are, and what it cannot show. Lists are of sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The scenario's name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// How many accounts there are, over which time, and how often it is run.
    pub overview: String,
    /// The groups of customers, in the order of the scenario.
    pub cohorts: Vec<CohortDescription>,
    /// What serving costs the provider.
    pub serving: String,
    /// How payments fare.
    pub payments: Vec<String>,
    /// When usage is known, and what the gate does until then.
    pub metering: Vec<String>,
    /// The policies, in the order of the scenario.
    pub policies: Vec<PolicyDescription>,
    /// What the results will say nothing about, each with its remedy.
    pub cannot_show: Vec<String>,
}

/// A group of customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortDescription {
    /// Its name.
    pub name: String,
    /// How many they are, and what they send.
    pub demand: String,
    /// What they are assumed to do.
    pub assumptions: Vec<String>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDescription {
    /// Its name in the scenario.
    pub name: String,
    /// The name of its kind.
    pub kind: String,
    /// Its rules with their figures, as a customer would be told.
    pub rules: Vec<String>,
}

/// Puts a scenario into words.
pub fn describe(scenario: &Scenario) -> Description {
    let cohorts = scenario.cohorts.iter().map(|cohort| CohortDescription {
        name: cohort.name.clone(),
        demand: demand(scenario, cohort),
        assumptions: customers(cohort),
    });
    let policies = scenario.policies.iter().map(|policy| PolicyDescription {
        name: policy.name.clone(),
        kind: policy.plan.kind.to_owned(),
        rules: rules(policy),
    });
    Description {
        name: scenario.name.clone(),
        question: scenario.question(),
        overview: overview(scenario),
        cohorts: cohorts.collect(),
        serving: format!("Serving a request costs {:#} of its list price.", scenario.serving_cost),
        payments: payments(&scenario.payments),
        metering: metering(scenario),
        policies: policies.collect(),
        cannot_show: sentences(limits(scenario)),
    }
}

/// A few paragraphs, each in one line, and a line for each policy.
impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description { name, question, overview, serving, payments, metering, .. } = self;
        write!(f, "{name}: {question}\n{overview}")?;
        for CohortDescription { name, demand, assumptions } in &self.cohorts {
            write!(f, "\n{name}: {demand} Assumptions: {}", assumptions.join(" "))?;
        }
        write!(f, "\n{serving}\nPayments: {}\nMetering: {}", payments.join(" "), metering.join(" "))?;
        write!(f, "\n{}:", counted(self.policies.len() as f64, "policy"))?;
        for PolicyDescription { name, kind, rules } in &self.policies {
            let kind = if name == kind { String::new() } else { format!(" ({kind})") };
            write!(f, "\n  {name}{kind}: {}", rules.join(" "))?;
        }
        match &self.cannot_show[..] {
            [] => Ok(()),
            limits => write!(f, "\nWhat it cannot show: {}", limits.join(" ")),
        }
    }
}

impl Scenario {
    /// What it asks: in its author's words, or made from the rest.
    pub fn question(&self) -> String {
        self.question.clone().unwrap_or_else(|| {
            let names: Vec<&str> = self.policies.iter().map(|policy| policy.name.as_str()).collect();
            let ways = match &names[..] {
                [only] => (*only).to_owned(),
                [others @ .., last] if names.len() <= 6 => format!("{} or {last}", others.join(", ")),
                _ => format!("one of {} policies", names.len()),
            };
            let accounts = counted(accounts(self), "account");
            format!("What happens to {accounts} over {:#} if they are billed by {ways}?", self.horizon)
        })
    }
}

/// Clauses as sentences.
fn sentences(clauses: impl IntoIterator<Item = String>) -> Vec<String> {
    let sentence = |clause: String| {
        let mut letters = clause.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).chain(['.']).collect()
    };
    clauses.into_iter().map(sentence).collect()
}

/// How many accounts there are.
fn accounts(scenario: &Scenario) -> f64 {
    scenario.cohorts.iter().map(|cohort| f64::from(cohort.accounts)).sum()
}

fn overview(scenario: &Scenario) -> String {
    let Scenario { start, horizon, warmup, runoff, replications, seed, .. } = scenario;
    let mut text = format!(
        "{} in {} from {start} on, for {horizon:#}",
        counted(accounts(scenario), "account"),
        counted(scenario.cohorts.len() as f64, "cohort"),
    );
    if *warmup > Span::ZERO {
        text += &format!(", of which the first {warmup:#} are left out of the measures");
    }
    if *runoff > Span::ZERO {
        text += &format!("; then {runoff:#} in which invoices are still collected");
    }
    text + &format!(". {} with seed {seed}.", counted(f64::from(*replications), "replication"))
}

fn demand(scenario: &Scenario, cohort: &Cohort) -> String {
    let Cohort { accounts, signup, workload, .. } = cohort;
    let calendar = scenario.calendar();
    let requests = workload.expected_requests(&calendar, *signup);
    let cost = workload.expected_cost_per_request(&scenario.tariff);
    let months = months_signed_up(scenario.horizon, *signup);
    let signup = match signup {
        Signup::AtStart => String::new(),
        Signup::Over(window) => format!(", who sign up over {window:#}"),
    };
    format!(
        "{}{signup}. Expected are {} of about {} each at list price: {} an account and month (30 days).",
        counted(f64::from(*accounts), "account"),
        counted(requests * f64::from(*accounts), "request"),
        dollars(cost),
        dollars(requests * cost / months),
    ) + &habits(scenario.horizon, workload)
}

/// How the accounts of a cohort differ from a steady stream of requests, in sentences.
fn habits(horizon: Span, workload: &Workload) -> String {
    let mut text = String::new();
    if let Arrivals::OnOff { phases, .. } = &workload.arrivals {
        text += &format!(
            " An account is on {} of the time, for {} at a stretch (on average).",
            percent(phases.active_share.mean()),
            about(phases.on.mean()),
        );
    }
    if let Arrivals::Gamma { cv, .. } | Arrivals::OnOff { cv, .. } = &workload.arrivals
        && !matches!(cv.shape, Shape::Constant(_))
    {
        text += &format!(" The cv of its gaps is an account's own, {} on average.", digits(cv.mean()));
    }
    let day_level = workload.modulation.day_level;
    if day_level > 0.0 {
        text += &format!(
            " The rate of a day is higher or lower by a factor of {}.",
            digits(libm::exp(day_level))
        );
    }
    for burst in &workload.modulation.bursts {
        text += &format!(
            " {} times a day the rate is multiplied by {} for {} (on average): {} times the requests.",
            digits(burst.per_day),
            digits(burst.factor.mean()),
            about(burst.duration.mean_up_to(horizon.micros() as f64)),
            digits(burst.mean_factor(horizon)),
        );
    }
    if workload.loyalty > 0.0 && workload.models.len() > 1 {
        text += &format!(" {} of the accounts keep to one model.", percent(workload.loyalty));
    }
    text
}

/// What the results will say nothing about.
fn limits(scenario: &Scenario) -> Vec<String> {
    let mut limits = inert(scenario);
    for Cohort { name, customer, .. } in &scenario.cohorts {
        let answers = [&customer.adds_payment_method, &customer.replaces_card, &customer.buys_credit];
        if answers.iter().all(|answer| answer.is_none()) {
            limits.push(format!("in {name} nobody reacts to a stop (set `buys_credit` and other answers)"));
        } else if customer.payment_method < 1.0 && customer.adds_payment_method.is_none() {
            limits.push(format!("in {name} nobody adds a payment method later (set `adds_payment_method`)"));
        }
        if customer.patience.is_none() {
            limits.push(format!("in {name} nobody leaves (set `patience`)"));
        }
    }
    let payments = &scenario.payments;
    if payments.decline == 0.0 && payments.first_decline == 0.0 && payments.card_lifetime.is_none() {
        limits.push("no payment is ever declined (set `decline` or `card_lifetime`)".to_owned());
    }
    let is_postpaid = scenario.policies.iter().any(|plan| plan.plan.policy.is_postpaid());
    if is_postpaid && scenario.runoff == Span::ZERO {
        limits.push("the last usage billed is never collected (set `runoff`)".to_owned());
    }
    if scenario.serving_cost.billionths() == 0 {
        limits.push("serving costs nothing (set `serving_cost`)".to_owned());
    }
    if scenario.replications == 1 {
        limits.push("one replication tells nothing of chance (set `replications`)".to_owned());
    }
    limits
}

/// How long an account is signed up on average, in months of 30 days.
fn months_signed_up(horizon: Span, signup: Signup) -> f64 {
    let days = horizon.as_days_f64();
    let signed_up = match signup {
        Signup::AtStart => days,
        Signup::Over(window) if window <= horizon => days - window.as_days_f64() / 2.0,
        Signup::Over(window) => days * days / (2.0 * window.as_days_f64()),
    };
    signed_up / 30.0
}

/// A number of things, to three digits where it is large.
fn counted(count: f64, of: &str) -> String {
    let plural = match of.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{of}s"),
    };
    match count {
        1.0 => format!("1 {of}"),
        _ if count < 10_000.0 => format!("{count:.0} {plural}"),
        _ if count < 1e6 => format!("{} thousand {plural}", digits(count / 1e3)),
        _ if count < 1e9 => format!("{} million {plural}", digits(count / 1e6)),
        _ => format!("{} billion {plural}", digits(count / 1e9)),
    }
}

/// An amount, to the cent or to three digits.
fn dollars(amount: f64) -> String {
    if amount.is_infinite() {
        return "any amount (bound it by a `max` of `prompt` and `output`)".to_owned();
    }
    if amount >= 1.0 || amount == 0.0 {
        let text = format!("{amount:.2}");
        let (whole, cents) = text.split_once('.').expect("it has two decimals");
        return format!("${}.{cents}", grouped(whole));
    }
    let digits = digits(amount);
    let is_short = digits.len() < "0.10".len();
    if is_short { format!("${amount:.2}") } else { format!("${digits}") }
}

/// A share, to three digits.
fn percent(share: f64) -> String {
    format!("{} %", digits(100.0 * share))
}

/// A length of time in microseconds, by its two largest units.
fn about(micros: f64) -> String {
    let span = format!("{:#}", Span::from_micros_f64(micros));
    span.split(' ').take(4).collect::<Vec<_>>().join(" ")
}

/// A number from 0 on to three digits.
fn digits(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let magnitude = libm::floor(libm::log10(number)) as i32;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Kinds;
    use std::path::Path;

    fn described(text: &str) -> String {
        let loaded = Scenario::parse(Path::new("short.toml"), text.as_bytes(), &Kinds::built_in());
        describe(&loaded.expect("a valid scenario").scenario).to_string()
    }

    #[test]
    fn a_scenario_is_told_with_its_size_and_what_it_leaves_out() {
        let text = r#"
            [prices]
            "m" = { input = 1.00, output = 2.00 }
            [[cohort]]
            accounts = 100
            workload.arrivals.poisson.per_day = 100
            workload.tokens = { prompt = 500, output = 100 }
            workload.models.m = 1
            [[policy]]
            kind = "postpaid"
        "#;
        assert_eq!(
            described(text),
            "short: What happens to 100 accounts over 90 days if they are billed by postpaid?\n\
             100 accounts in 1 cohort from 2026-01-01 on, for 90 days. 1 replication with seed 0.\n\
             cohort-1: 100 accounts. Expected are 900 thousand requests of about $0.0007 each at list price: \
             $2.10 an account and month (30 days). Assumptions: All have a payment method. A request that is \
             refused is lost.\n\
             Serving a request costs 0 % of its list price.\n\
             Payments: Payments take effect at once, cost nothing, and are never declined.\n\
             Metering: Usage is known as it arrives, so only the last request before a stop can overrun.\n\
             1 policy:\n  \
             postpaid: Requests are refused while no payment method is on file. There is no limit on a month's \
             usage but the customer's own. Usage that credit does not cover is invoiced on the first of the \
             month. An invoice is charged to the payment method when it is issued. An account whose invoice is \
             declined is past due, and refused until a new card has paid.\n\
             What it cannot show: In cohort-1 nobody reacts to a stop (set `buys_credit` and other answers). \
             In cohort-1 nobody leaves (set `patience`). No payment is ever declined (set `decline` or \
             `card_lifetime`). The last usage billed is never collected (set `runoff`). Serving costs nothing \
             (set `serving_cost`). One replication tells nothing of chance (set `replications`)."
        );
    }

    #[test]
    fn a_question_is_asked_in_the_words_of_its_author_or_made_from_the_rest() {
        let asked = |settings: &str, policies: &[&str]| {
            let policies =
                policies.iter().map(|name| format!("[[policy]]\nname = '{name}'\nkind = 'postpaid'\n"));
            let policies: String = policies.collect();
            let text = format!(
                "[scenario]\n{settings}\n[prices]\nm = {{ input = 1, output = 2 }}\n[[cohort]]\naccounts = 1\n\
                 workload = {{ arrivals.poisson.per_day = 1, tokens = {{ prompt = 1, output = 1 }}, models.m = 1 }}\n\
                 {policies}"
            );
            described(&text).lines().next().expect("a first line").to_owned()
        };
        assert_eq!(asked("question = 'Who pays?'", &["a"]), "short: Who pays?");
        assert_eq!(
            asked("horizon = '1h'", &["a", "b", "c"]),
            "short: What happens to 1 account over 1 hour if they are billed by a, b or c?"
        );
        let many = ["a", "b", "c", "d", "e", "f", "g"];
        assert!(asked("", &many).ends_with("if they are billed by one of 7 policies?"));
    }

    const FULL: &str = r#"
        [scenario]
        horizon = "60d"
        [prices]
        "m" = { input = 1.00, output = 2.00 }
        [payments]
        latency = { exponential = { mean = "2s" } }
        posting_delay = "2m"
        decline = 0.05
        first_decline = 0.125
        decline_lasts = "2d"
        card_updater = 0.6
        fee_percent = 2.9
        fee_fixed = 0.30
        card_lifetime = "400d"
        outages = [{ from = "10d", for = "3h" }]
        dispute = { probability = 0.003, delay = "20d", fee = 15.00 }
        [metering]
        delay = "1m"
        refresh = "5m"
        authorization = { in_flight = { amount = 5.00, output_tokens = 1024, factor = 1.5 } }
        [[cohort]]
        name = "users"
        accounts = 100
        workload.arrivals.poisson.per_day = 100
        workload.tokens = { prompt = 500, output = 100 }
        workload.models.m = 1
        workload.service = { first_token = "300ms", per_output_token = "15ms" }
        [cohort.customer]
        payment_method = 0.8
        adds_payment_method = { probability = 0.2 }
        buys_credit = { probability = 0.9, delay = "8h", amount = 25.00 }
        heeds_alert = { probability = 0.5, delay = "6h" }
        patience = { exponential = { mean = "14d" } }
        spend_limit = 200
        on_refusal = { retry = { attempts = 3, backoff = "1s", factor = 2, http_status = [429, 503] } }
        [[policy]]
        name = "first"
        kind = "trial"
        credit = 1.00
        then = { kind = "prepaid_pause", alert_at = 2.00 }
        [[policy]]
        kind = "postpaid"
        rate_limit = { requests_per_minute = 60, without_payment_method = { tokens_per_minute = 10 } }
        credit_expires_after = "365d"
        http_status = { rate_limited = 503 }
        metering = { delay = "1h" }
        [policy.switch]
        at = 2026-02-01
        grandfather = true
        to = { kind = "auto_topup", threshold = 1.00, amount = 5.00, max_per_day = 1 }
    "#;

    #[test]
    fn all_that_shapes_a_result_is_told() {
        let text = described(FULL);
        for sentence in [
            "Assumptions: A request runs for 300 milliseconds, and 15 milliseconds for each output token. 80 % have \
             a payment method at signup. When stopped for want of a payment method, 20 % add one at once. When \
             stopped for want of credit, or at a limit that paying raises, 90 % buy $25 of credit after 8 hours. \
             When alerted that little is left, 50 % buy $25 of credit after 6 hours. Each is willing to pay $200.00 \
             a month. A request refused with 429 or 503 is tried again up to 3 times, after 1 second, then 2 times \
             as long each. A customer who is stopped leaves for good after 14 days on average.\n",
            "Payments: 5 % of attempts are declined (12.5 % until an account's first success), in spells of 2 days \
             on average. Cards live for 400 days, and 60 % are then renewed unnoticed. The result of an attempt \
             comes after 2 seconds on average. Bought credit can be used 2 minutes later. No payment is processed \
             for 3 hours, beginning 10 days after the start. 0.3 % of payments are disputed after 20 days, for a fee of \
             $15. The processor takes 2.9 % and $0.30 of each payment.\n",
            "Metering: Usage is known 1 minute after a request's end. Whether an account is stopped is judged every \
             5 minutes. Requests are refused while those in flight hold $5 or more, each 1.5 times its cost with \
             1,024 output tokens.\n",
            "\n  first (trial): $1 of free credit is granted at signup. When it is gone, an account with a payment \
             method is billed by prepaid_pause; one without is refused until it adds one. After the trial, requests \
             run while the balance is above zero; at zero they are refused until the customer buys more. After the \
             trial, the customer is alerted when $2 is left.\n",
            " At most 60 requests a minute are admitted. At most 10 tokens a minute are admitted while no payment \
             method is on file. Paid credit lapses after 365 days. Usage is known 1 hour after a request's end. \
             A request refused as rate_limited gets HTTP status 503. Who signs up from 2026-02-01 on is billed by auto_topup \
             instead. For those who sign up from 2026-02-01 on, requests run while the balance is above zero; at zero \
             they are refused until credit is bought. For those who sign up from 2026-02-01 on, whenever the balance \
             is at $1 or below, $5 of credit is bought automatically. For those who sign up from 2026-02-01 on, after \
             1 purchase in a day, top-ups wait for the next day. ",
            "What it cannot show: Paid credit lapses only after the run, so never (set `horizon` or \
             `credit_expires_after`). The last usage billed",
        ] {
            assert!(text.contains(sentence), "{sentence}\n--- is not in\n{text}");
        }
    }

    #[test]
    fn what_is_set_and_can_have_no_effect_is_told() {
        let cannot_show = |from: &str, to: &str| {
            assert!(FULL.contains(from), "{from}");
            described(&FULL.replace(from, to)).lines().last().expect("a last line").to_owned()
        };
        for (from, to, told) in [
            (
                "at = 2026-02-01",
                "at = 2026-03-02",
                "The switch of postpaid on 2026-03-02 comes after the horizon, so never",
            ),
            ("at = 2026-02-01", "at = 2026-01-01", "comes before anybody signs up"),
            (
                ", alert_at = 2.00",
                "",
                "Customers of users would heed an alert, and no policy alerts (set `alert_at`)",
            ),
            (
                "heeds_alert = { probability = 0.5, delay = \"6h\" }",
                "",
                "Nobody heeds an alert, so alerts change nothing (set",
            ),
            ("[429, 503]", "[404]", "Clients of users react to status codes with which no policy refuses"),
        ] {
            let last = cannot_show(from, to);
            assert!(last.contains(told), "{told} is not in {last}");
        }
        let as_it_is = cannot_show("60d", "60d");
        assert!(!as_it_is.contains("switch") && !as_it_is.contains("alert"), "{as_it_is}");
    }

    #[test]
    fn what_makes_accounts_uneven_is_told() {
        let text = r#"
            [prices]
            "m" = { input = 1.00, output = 2.00 }
            "n" = { input = 1.00, output = 2.00 }
            [[cohort]]
            accounts = 100
            [cohort.workload]
            arrivals.on_off = { per_day = 100, cv = { uniform = { min = 1, max = 2 } }, active_share = 0.3, on = "28m" }
            day_level = 0.9
            bursts = [{ per_day = 0.1, factor = 30, duration = "20m" }, { per_day = 0, factor = 0, duration = "1ms" }]
            models = { "m" = 1, "n" = 1 }
            loyalty = 0.85
            tokens = { prompt = 500, output = 100 }
            [[policy]]
            kind = "postpaid"
        "#;
        let described = described(text);
        let (_, habits) = described.split_once("(30 days). ").expect("the size is told first");
        assert_eq!(
            habits.lines().next(),
            Some(
                "An account is on 30 % of the time, for 28 minutes at a stretch (on average). The cv of its gaps is \
                 an account's own, 1.5 on average. The rate of a day is higher or lower by a factor of 2.46. 0.1 \
                 times a day the rate is multiplied by 30 for 20 minutes (on average): 1.04 times the requests. 0 \
                 times a day the rate is multiplied by 0 for 1 millisecond (on average): 1 times the requests. \
                 85 % of the accounts keep to one model. Assumptions: All have a payment method. A request that \
                 is refused is lost."
            )
        );
    }

    #[test]
    fn numbers_are_told_to_three_digits() {
        for (number, text) in
            [(900.0, "900"), (1.234, "1.23"), (0.00071849, "0.000718"), (12.0, "12"), (0.5, "0.5")]
        {
            assert_eq!(digits(number), text);
        }
        assert_eq!(counted(123_456_789.0, "request"), "123 million requests");
        assert_eq!(counted(0.0, "request"), "0 requests");
        assert_eq!(
            [0.0, 0.1, 0.25, 0.0123, 12.0, 1234.5].map(dollars),
            ["$0.00", "$0.10", "$0.25", "$0.0123", "$12.00", "$1,234.50"]
        );
    }

    #[test]
    fn an_account_that_signs_up_later_spends_in_fewer_months() {
        assert_eq!(months_signed_up(Span::days(90), Signup::AtStart), 3.0);
        assert_eq!(months_signed_up(Span::days(90), Signup::Over(Span::days(60))), 2.0);
        assert_eq!(months_signed_up(Span::days(30), Signup::Over(Span::days(60))), 0.25);
    }
}
