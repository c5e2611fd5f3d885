//! What a scenario says, in plain words.

mod conditions;
mod inert;

pub use inert::inert;

use super::Scenario;
use crate::time::Span;
use crate::workload::distribution::Shape;
use crate::workload::{Arrivals, Cohort, Signup, Workload};
use conditions::{customers, metering, payments, policy};

/// What a scenario says: who sends how much over which time, what customers do, how payments fare, what each policy's
/// rules are, and what it cannot show. A few paragraphs, each in one line, and a line for each policy.
pub fn describe(scenario: &Scenario) -> String {
    let mut paragraphs = vec![overview(scenario)];
    for cohort in &scenario.cohorts {
        paragraphs.push(format!("{} {}", size(scenario, cohort), customers(cohort)));
    }
    paragraphs.push(payments(&scenario.payments));
    paragraphs.push(metering(scenario));
    paragraphs.push(format!("{}:", counted(scenario.policies.len() as f64, "policy")));
    paragraphs.extend(scenario.policies.iter().map(policy));
    let limits = limits(scenario);
    if !limits.is_empty() {
        paragraphs.push(format!("What it cannot show: {}.", limits.join("; ")));
    }
    paragraphs.join("\n")
}

fn overview(scenario: &Scenario) -> String {
    let Scenario { name, start, horizon, warmup, runoff, replications, seed, .. } = scenario;
    let accounts: f64 = scenario.cohorts.iter().map(|cohort| f64::from(cohort.accounts)).sum();
    let mut text = format!(
        "{name}: {} in {} from {start} on, for {horizon}",
        counted(accounts, "account"),
        counted(scenario.cohorts.len() as f64, "cohort"),
    );
    if *warmup > Span::ZERO {
        text += &format!(", of which the first {warmup} are left out of the measures");
    }
    if *runoff > Span::ZERO {
        text += &format!("; then {runoff} in which invoices are still collected");
    }
    text + &format!(". {} with seed {seed}.", counted(f64::from(*replications), "replication"))
}

fn size(scenario: &Scenario, cohort: &Cohort) -> String {
    let Cohort { name, accounts, signup, workload, .. } = cohort;
    let calendar = scenario.calendar();
    let requests = workload.expected_requests(&calendar, *signup);
    let cost = workload.expected_cost_per_request(&scenario.tariff);
    let months = months_signed_up(scenario.horizon, *signup);
    let signup = match signup {
        Signup::AtStart => String::new(),
        Signup::Over(window) => format!(", who sign up over {window}"),
    };
    format!(
        "{name}: {}{signup}. Expected are {} of about {} each at list price: \
         {} an account and month (30 days).",
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
        return format!("${amount:.2}");
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
    let span = Span::from_micros_f64(micros).to_string();
    span.split(' ').take(2).collect::<Vec<_>>().join(" ")
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
        describe(&loaded.expect("a valid scenario").scenario)
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
            "short: 100 accounts in 1 cohort from 2026-01-01 on, for 90d. 1 replication with seed 0.\n\
             cohort-1: 100 accounts. Expected are 900 thousand requests of about $0.0007 each at list price: \
             $2.10 an account and month (30 days). All have a payment method.\n\
             Payments: at once, for nothing, and never declined.\n\
             Metering: usage is known as it arrives, so only the last request before a stop can overrun.\n\
             1 policy:\n  \
             postpaid: usage beyond credit is invoiced on the first of the month.\n\
             What it cannot show: in cohort-1 nobody reacts to a stop (set `buys_credit` and other answers); \
             in cohort-1 nobody leaves (set `patience`); no payment is ever declined (set `decline` or \
             `card_lifetime`); the last usage billed is never collected (set `runoff`); serving costs nothing \
             (set `serving_cost`); one replication tells nothing of chance (set `replications`)."
        );
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
            "A request runs for 300ms and 15ms for each output token. 80 % have a payment method at signup. Asked \
             to, 20 % add a payment method at once, 90 % buy 25.00 of credit after 8h. 50 % heed an alert and buy \
             as much after 6h. Each is willing to pay $200.00 a month. A request refused with 429 or 503 is tried \
             again up to 3 times, after 1s, then 2 times as long each. A stop is borne for 14d on average.\n",
            "Payments: 5 % of attempts are declined (12.5 % until the first success), in spells of 2d on average; \
             cards live for 400d and 60 % are then renewed unnoticed; results come after 2s on average; bought \
             credit is posted 2m later; nothing is processed for 3h from 10d on; 0.3 % are disputed after 20d, for \
             a fee of 15.00; the processor takes 2.9 % and 0.30.\n",
            "Metering: usage settles 1m after a request's end; accounts are judged every 5m; requests are refused \
             while those in flight hold 5.00 or more, each 1.5 times its cost with 1024 output tokens.\n",
            "\n  first (trial): 1.00 of promotional credit; then requests run while the balance is above zero; the \
             customer is alerted when 2.00 is left.\n",
            "\n  postpaid: usage beyond credit is invoiced on the first of the month; at most 60 requests a minute; \
             at most 10 tokens a minute while nothing is on file; paid credit lapses 365d after its posting; usage \
             settles 1h after a request's end; rate_limited is refused with 503; for those who sign up from \
             2026-02-01 on auto_topup: at a balance of 1.00 or below, 5.00 is bought; at most 1 purchase a day.\n",
            "What it cannot show: paid credit lapses only after the run, so never (set `horizon` or `credit_expires_after`); \
             the last usage billed",
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
                "the switch of postpaid on 2026-03-02 comes after the horizon, so never",
            ),
            ("at = 2026-02-01", "at = 2026-01-01", "comes before anybody signs up"),
            (", alert_at = 2.00", "", "users would heed an alert, and no policy alerts (set `alert_at`)"),
            (
                "heeds_alert = { probability = 0.5, delay = \"6h\" }",
                "",
                "nobody heeds an alert, so alerts change nothing (set",
            ),
            ("[429, 503]", "[404]", "clients of users react to status codes with which no policy refuses"),
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
                "An account is on 30 % of the time, for 28m at a stretch (on average). The cv of its gaps is an \
                 account's own, 1.5 on average. The rate of a day is higher or lower by a factor of 2.46. 0.1 \
                 times a day the rate is multiplied by 30 for 20m (on average): 1.04 times the requests. 0 times \
                 a day the rate is multiplied by 0 for 1ms (on average): 1 times the requests. 85 % of the \
                 accounts keep to one model. All have a payment method."
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
            [0.0, 0.1, 0.25, 0.0123, 12.0].map(dollars),
            ["$0.00", "$0.10", "$0.25", "$0.0123", "$12.00"]
        );
    }

    #[test]
    fn an_account_that_signs_up_later_spends_in_fewer_months() {
        assert_eq!(months_signed_up(Span::days(90), Signup::AtStart), 3.0);
        assert_eq!(months_signed_up(Span::days(90), Signup::Over(Span::days(60))), 2.0);
        assert_eq!(months_signed_up(Span::days(30), Signup::Over(Span::days(60))), 0.25);
    }
}
