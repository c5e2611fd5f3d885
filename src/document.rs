//! Documents: TOML read key by key, every fault kept with its place, every default written down.

use crate::money::Money;

/// One table of a document, read key by key.
///
/// Every method notes faults instead of returning them, so that all faults of a file are shown at once: read every
/// key first, then give up (`?`) on those that are `None`.
pub struct Table<'d> {
    _todo: std::marker::PhantomData<&'d ()>,
}

/// A value that can be read from a document.
pub trait Read: Sized {}
impl Read for String {}

/// An amount of money that is never charged to a card: zero or more, at most nine decimals.
pub struct Dollars(pub Money);
/// An amount charged to a card: zero or more, whole cents.
pub struct Charge(pub Money);
/// A probability or a share, in 0..1.
pub struct Probability(pub f64);

impl<'d> Table<'d> {
    /// The value of a key that may be absent.
    pub fn get<T: Read>(&mut self, _key: &str) -> Option<T> {
        todo!()
    }

    /// The value of a key, or of the default, which is given as TOML text and written down as if it stood there.
    /// `None` only where the value is at fault.
    pub fn get_or<T: Read>(&mut self, _key: &str, _default: &str) -> Option<T> {
        todo!()
    }

    /// The value of a key that must be there; the hint says how to write it, such as `amount = 25.00`.
    pub fn require<T: Read>(&mut self, _key: &str, _hint: &str) -> Option<T> {
        todo!()
    }

    /// The table under a key, if it is there.
    pub fn child(&mut self, _key: &str) -> Option<Table<'d>> {
        todo!()
    }

    /// The tables of the array under a key; none where it is absent.
    pub fn children(&mut self, _key: &str) -> Vec<Table<'d>> {
        todo!()
    }

    /// Whether a key is there.
    pub fn has(&self, _key: &str) -> bool {
        todo!()
    }

    /// Notes a fault at a key (or at the table, where the key is absent): what is wrong, and what would be right.
    pub fn fault(&mut self, _key: &str, _wrong: String, _hint: &str) {
        todo!()
    }
}
