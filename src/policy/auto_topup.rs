//! `auto_topup`.
use super::*;
/// The kind.
pub const KIND: Kind =
    Kind { name: "auto_topup", summary: "", rules: "", parameters: &[], read: |_, _| todo!() };
