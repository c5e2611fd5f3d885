//! `metering` of a policy, in place of the scenario's.

use super::Case;

/// 0.50 of credit, used by two requests.
fn case(policy: &str) -> Case {
    Case::hourly(0.25)
        .metering("delay = \"5h\"\nrefresh = \"6h\"")
        .policy("prepaid_pause", &format!("initial_purchase = 0.50\n{policy}"))
}

#[test]
fn each_key_of_a_policy_replaces_that_of_the_scenario_by_itself() {
    // Settled at 7 and judged at 12; settled at 2 and judged at 6; judged at 7; judged at 2.
    for (metering, served) in [
        ("", "11"),
        ("metering = {}", "11"),
        ("metering = { delay = \"0s\" }", "5"),
        ("metering = { refresh = \"0s\" }", "6"),
        ("metering = { delay = \"0s\", refresh = \"0s\" }", "2"),
    ] {
        case(metering).gives(&[("served", served), ("stops", "1")]);
    }
}

#[test]
fn other_policies_have_the_scenario_s() {
    let run = case("").policy("postpaid", "metering = { delay = \"0s\", refresh = \"0s\" }").run();
    run.gives(&[("served", "11")]);
}

#[test]
fn usage_is_settled_after_the_delay_of_the_policy_that_admitted_it() {
    let run = Case::hourly(1.00)
        .horizon("2d")
        .policy(
            "prepaid_pause",
            "initial_purchase = 100.00\nmetering = { delay = \"5h\" }\n\
             switch = { at = 2026-01-02, to = { kind = \"prepaid_pause\" } }",
        )
        .run();
    let at = |hour: u32| run.ledger.iter().filter(|row| row.starts_with(&format!("{hour}h "))).count();
    // Those of 18..23 settle beside those of 23..28, of which the first is one of them.
    assert_eq!([5, 6, 23, 24, 28, 29].map(at), [0, 1, 1, 2, 2, 1]);
}

/// Two requests of 0.25 are in flight at a time; each may cost twice as much.
#[test]
fn a_policy_may_authorize_in_its_own_way() {
    let run = |metering: &str| {
        Case::hourly(0.25).horizon("6h").policy(
            "prepaid_pause",
            &format!("initial_purchase = 1.00\nmetering = {{ delay = \"90m\"{metering} }}"),
        )
    };
    let hold = ", authorization = { hold = { output_tokens = 0, factor = 2 } }";
    run("").gives(&[("served", "5"), ("refused_on_hold", "0"), ("overshoot_usd", "0.25")]);
    // 0.50 is left for 0.50 at 2, nothing at 3; 0.50 for 0.50 at 4; a hold that does not fit at 5.
    run(hold).gives(&[("served", "3"), ("overshoot_usd", "0.00")]);
}

#[test]
fn what_was_admitted_without_a_hold_holds_nothing_after_a_move() {
    let to = "kind = \"prepaid_pause\"\nmetering = { authorization = { hold = { output_tokens = 0 } } }";
    let to = to.replace('\n', ", ");
    let case = Case::hourly(1.00).horizon("2d").policy(
        "prepaid_pause",
        &format!(
            "initial_purchase = 26.00\nmetering = {{ delay = \"2h\" }}\n\
             switch = {{ at = 2026-01-02, to = {{ {to} }} }}"
        ),
    );
    // At 24 three are unsettled and 5.00 is left, at 25 two and 3.00; settled at once from then on.
    case.gives(&[("served", "26"), ("overshoot_usd", "0.00")]);
}
