//! The program `billsim`, with the kinds of policy that the library brings.

use std::process::ExitCode;

fn main() -> ExitCode {
    billsim::cli::main(billsim::policy::Kinds::built_in())
}
