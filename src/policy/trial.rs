//! `trial`.
use super::*;
/// The kind.
pub const KIND: Kind = Kind { name: "trial", summary: "", rules: "", parameters: &[], read: |_, _| todo!() };
