pub fn describe(_: &super::Scenario) -> String {
    String::new()
}
