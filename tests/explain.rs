//! Stories of accounts: `tests/explain/NAME.toml` beside `NAME.txt`, what is told of account 0.
//!
//! `UPDATE_EXPECTED=1 cargo test --test explain` writes the texts anew: read the difference before it is kept.

use billsim::policy::Kinds;
use billsim::report::story::{self, StoryError, Subject};
use billsim::scenario::Scenario;
use std::fs;
use std::path::{Path, PathBuf};

const SUBJECT: Subject = Subject { policy: 0, cohort: 0, replication: 0, account: 0 };

fn scenario(name: &str) -> Scenario {
    let path = folder().join(name).with_extension("toml");
    Scenario::read(&path, &Kinds::built_in()).unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain")
}

fn told(scenario: &Scenario, subject: Subject, shows_postings: bool) -> String {
    let mut text = Vec::new();
    story::tell(scenario, subject, shows_postings, &mut text).expect("the story is told");
    String::from_utf8(text).expect("text")
}

fn is_told_as_expected(name: &str, shows_postings: bool) {
    let told = told(&scenario(name), SUBJECT, shows_postings);
    let file = folder().join(name).with_extension("txt");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, &told).expect("the folder can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(told == expected, "--- expected\n{expected}--- told\n{told}");
    let widest = told.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?} characters in a line");
}

#[test]
fn declined_top_ups_are_retried_and_a_new_card_enables_them_again() {
    is_told_as_expected("auto-topup", false);
}

#[test]
fn prepaid_credit_is_bought_in_stops_until_the_customer_leaves() {
    is_told_as_expected("prepaid", true);
}

#[test]
fn post_paid_invoices_are_past_due_paid_by_a_new_card_or_written_off() {
    is_told_as_expected("postpaid", false);
}

#[test]
fn an_invoice_unpaid_for_too_long_closes_the_account() {
    is_told_as_expected("write-off", false);
}

#[test]
fn a_trial_converts_when_a_payment_method_is_added() {
    is_told_as_expected("trial", false);
}

#[test]
fn usage_in_flight_settles_late_and_overshoots() {
    is_told_as_expected("lag", false);
}

#[test]
fn a_hold_that_does_not_fit_stops_the_account_and_tops_it_up() {
    is_told_as_expected("hold", false);
}

#[test]
fn a_client_tries_again_at_a_rate_limit_and_in_a_stop() {
    is_told_as_expected("retry", false);
}

#[test]
fn a_client_queues_until_service_resumes() {
    is_told_as_expected("queue", false);
}

#[test]
fn a_disputed_payment_closes_the_account() {
    is_told_as_expected("dispute", false);
}

#[test]
fn at_a_date_the_policy_changes() {
    is_told_as_expected("switch", false);
}

#[test]
fn invoices_come_within_the_month_and_a_limit_rises_with_time() {
    is_told_as_expected("progressive", false);
}

#[test]
fn alerts_are_heeded_in_time_or_not_and_credit_lapses() {
    is_told_as_expected("alerts", false);
}

#[test]
fn a_story_stays_short_however_many_requests_there_are() {
    let mut scenario = scenario("trial");
    scenario.tariff.models[0].1.input = 0;
    scenario.tariff.models[0].1.output = 0;
    let told = told(&scenario, SUBJECT, false);
    assert!(told.contains(" 1,199 requests served for 0.00, since"), "{told}");
    assert!(told.lines().count() < 50, "{told}");
}

#[test]
fn an_account_that_is_not_there_is_an_error() {
    let subject = Subject { account: 3, ..SUBJECT };
    let error = story::tell(&scenario("trial"), subject, false, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, StoryError::NoSuchAccount { account: 3, accounts: 3, .. }));
    assert_eq!(error.to_string(), "there is no account 3: cohort `cohort-1` has 0 to 2");
}
