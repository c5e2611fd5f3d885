//! `postpaid`.
use super::*;
/// The kind.
pub const KIND: Kind =
    Kind { name: "postpaid", summary: "", rules: "", parameters: &[], read: |_, _| todo!() };
