//! `prepaid_pause`.
use super::*;
/// The kind.
pub const KIND: Kind =
    Kind { name: "prepaid_pause", summary: "", rules: "", parameters: &[], read: |_, _| todo!() };
