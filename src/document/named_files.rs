//! The files that documents name.

use crate::stopwatch::Stopwatch;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What documents have read from the files that they name. Each file is read once, however many documents
/// name it.
#[derive(Default)]
pub struct NamedFiles {
    /// By path, and by how it was read.
    contents: RefCell<BTreeMap<(PathBuf, String), Box<dyn Any>>>,
    took: RefCell<Duration>,
}

impl NamedFiles {
    /// What a file holds; `how` tells one way of reading it from another.
    pub(super) fn read<T: Clone + 'static>(
        &self,
        path: &Path,
        how: &impl Debug,
        read: impl FnOnce() -> T,
    ) -> T {
        let key = (path.to_owned(), format!("{how:?}"));
        if let Some(known) = self.contents.borrow().get(&key).and_then(|content| content.downcast_ref()) {
            return T::clone(known);
        }
        let mut watch = Stopwatch::new(true);
        let content = read();
        watch.lap(&mut self.took.borrow_mut());
        self.contents.borrow_mut().insert(key, Box::new(content.clone()));
        content
    }

    /// Which files they are, in alphabetical order.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.contents.borrow().keys().map(|(path, _)| path.clone()).collect();
        paths.dedup();
        paths
    }

    /// How long it took to read them.
    pub fn took(&self) -> Duration {
        *self.took.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_once_for_each_way_of_reading_it() {
        let files = NamedFiles::default();
        let read = |path: &str, how: u32, content: u32| files.read(Path::new(path), &how, || content);
        assert_eq!(
            [read("b", 1, 10), read("b", 1, 20), read("b", 2, 30), read("a", 1, 40)],
            [10, 10, 30, 40]
        );
        assert_eq!(files.paths(), [PathBuf::from("a"), PathBuf::from("b")]);
    }
}
