//! The folder of results: filled out of sight, put in place whole.

use super::{Error, manifest};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempDir};

/// A folder of results that is being filled: a temporary one beside its target. Dropped before it is
/// published, it is gone, and the target is as it was.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    partial: TempDir,
}

impl Folder {
    /// Makes a temporary folder for results that shall be at `target`, and whatever folders lead there.
    ///
    /// # Errors
    /// If it cannot be made, or if what is at the target could not be replaced: so call this before the work
    /// begins.
    pub fn create(target: &Path) -> Result<Folder, Error> {
        let target = prepared(target)?;
        let partial = hidden_folder(&target, ".partial")?;
        Ok(Folder { target, partial })
    }

    /// The temporary folder, to be filled.
    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// Where the results will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the folder in place of what is at the target, and returns the target.
    ///
    /// # Errors
    /// If that fails; earlier results are then still there.
    pub fn publish(self) -> Result<PathBuf, Error> {
        let Folder { target, partial } = self;
        check_replaceable(&target)?;
        if target.exists() {
            let aside = hidden_folder(&target, ".old")?;
            let (_, name) = split(&target)?;
            let earlier = aside.path().join(name);
            fs::rename(&target, &earlier).map_err(Error::at(&target, "set the earlier results aside"))?;
            if let Err(source) = fs::rename(partial.path(), &target) {
                if fs::rename(&earlier, &target).is_err() {
                    let aside = aside.keep().join(name);
                    return Err(Error::SetAside { path: target, aside, source });
                }
                return Err(Error::at(&target, "put the new results in place")(source));
            }
        } else {
            fs::rename(partial.path(), &target).map_err(Error::at(&target, "put the results in place"))?;
        }
        // It bears another name now: nothing is left to be removed.
        let _ = partial.keep();
        Ok(target)
    }
}

/// The full path of a place for results, once there are folders that lead there.
///
/// # Errors
/// If they cannot be made, or if what is there could not be replaced.
pub fn prepared(target: &Path) -> Result<PathBuf, Error> {
    let target = match fs::canonicalize(target) {
        Ok(resolved) => resolved,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::path::absolute(target).map_err(Error::at(target, "find the folder"))?
        }
        Err(error) => return Err(Error::at(target, "find the folder")(error)),
    };
    check_replaceable(&target)?;
    let (parent, name) = split(&target)?;
    fs::create_dir_all(parent).map_err(Error::at(parent, "create the folder"))?;
    // Paths of other files as seen from the target lead astray unless the way up from it is free of links.
    Ok(fs::canonicalize(parent).map_err(Error::at(parent, "find the folder"))?.join(name))
}

/// The path of something hidden beside the target, named after it.
pub(super) fn beside(target: &Path, suffix: &str) -> Result<PathBuf, Error> {
    let (parent, name) = split(target)?;
    Ok(parent.join(format!(".{}{suffix}", name.to_string_lossy())))
}

/// A fresh folder beside the target, named after it.
fn hidden_folder(target: &Path, suffix: &str) -> Result<TempDir, Error> {
    let (parent, name) = split(target)?;
    let prefix = format!(".{}.", name.to_string_lossy());
    hidden(0o777)
        .prefix(&prefix)
        .suffix(suffix)
        .tempdir_in(parent)
        .map_err(Error::at(parent, "create a folder in it"))
}

/// Writes a file in place of what is there; where that fails, what is there stays.
///
/// # Errors
/// If it cannot be written.
pub(super) fn replace_file(path: &Path, content: &[u8]) -> Result<(), Error> {
    let (parent, _) = split(path)?;
    let mut file = hidden(0o666).tempfile_in(parent).map_err(Error::at(path, "create the file"))?;
    file.as_file_mut().write_all(content).map_err(Error::at(path, "write"))?;
    file.persist(path).map_err(|failed| Error::at(path, "write")(failed.error))?;
    Ok(())
}

/// How temporary files and folders are made: others may read results, as far as the user's umask lets them;
/// by default nobody else may.
fn hidden<'n>(mode: u32) -> Builder<'n, 'n> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder
}

fn split(target: &Path) -> Result<(&Path, &std::ffi::OsStr), Error> {
    target.parent().zip(target.file_name()).ok_or_else(|| Error::Foreign { path: target.to_owned() })
}

/// Nothing, an empty folder, or earlier results may be replaced.
fn check_replaceable(target: &Path) -> Result<(), Error> {
    let mut entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) if target.is_file() => return Err(Error::NotAFolder { path: target.to_owned() }),
        Err(error) => return Err(Error::at(target, "read the folder")(error)),
    };
    if entries.next().is_some() && !manifest::is_in(target) {
        return Err(Error::Foreign { path: target.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn publish_results(target: &Path, file: &str) {
        let folder = Folder::create(target).unwrap();
        sample::manifest().write(folder.path()).unwrap();
        fs::write(folder.path().join(file), "x").unwrap();
        folder.publish().unwrap();
    }

    #[test]
    fn results_appear_at_once_and_nothing_else_is_left() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("output/deep/run");
        publish_results(&target, "a.csv");
        assert_eq!(names_in(&target), ["a.csv", "manifest.json"]);
        assert_eq!(names_in(target.parent().unwrap()), ["run"]);
    }

    #[test]
    fn new_results_replace_earlier_ones_whole() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("run");
        publish_results(&target, "a.csv");
        publish_results(&target, "b.csv");
        assert_eq!(names_in(&target), ["b.csv", "manifest.json"]);
        assert_eq!(names_in(parent.path()), ["run"]);
    }

    #[test]
    fn an_interrupted_run_leaves_the_earlier_results_as_they_were() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("run");
        publish_results(&target, "a.csv");
        let folder = Folder::create(&target).unwrap();
        fs::write(folder.path().join("b.csv"), "x").unwrap();
        assert_eq!(names_in(parent.path()).len(), 2);
        drop(folder);
        assert_eq!(names_in(&target), ["a.csv", "manifest.json"]);
        assert_eq!(names_in(parent.path()), ["run"]);
    }

    #[test]
    fn an_empty_folder_is_replaced_and_a_foreign_one_never() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("run");
        fs::create_dir(&target).unwrap();
        publish_results(&target, "a.csv");

        let foreign = parent.path().join("thesis");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("thesis.tex"), "years of work").unwrap();
        let error = Folder::create(&foreign).unwrap_err();
        assert!(matches!(error, Error::Foreign { .. }), "{error}");
        assert_eq!(names_in(&foreign), ["thesis.tex"]);
        assert_eq!(names_in(parent.path()), ["run", "thesis"]);
    }

    #[test]
    fn a_folder_that_became_foreign_during_the_run_is_not_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("run");
        let folder = Folder::create(&target).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join("thesis.tex"), "years of work").unwrap();
        assert!(matches!(folder.publish(), Err(Error::Foreign { .. })));
        assert_eq!(names_in(&target), ["thesis.tex"]);
        assert_eq!(names_in(parent.path()), ["run"]);
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_an_error_that_says_so() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("run");
        fs::write(&file, "x").unwrap();
        let error = Folder::create(&file).unwrap_err();
        assert!(matches!(error, Error::NotAFolder { .. }), "{error}");
        let error = Folder::create(&file.join("below")).unwrap_err().to_string();
        assert!(error.contains("hint: a part of the path is a file"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "x");
    }

    #[test]
    fn the_root_and_the_working_folder_are_not_replaced() {
        assert!(matches!(Folder::create(Path::new("/")), Err(Error::Foreign { .. })));
        assert!(matches!(Folder::create(Path::new(".")), Err(Error::Foreign { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn results_behind_a_symbolic_link_are_replaced_where_they_are() {
        let parent = tempfile::tempdir().unwrap();
        let (target, link) = (parent.path().join("disk/run"), parent.path().join("link"));
        publish_results(&target, "a.csv");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        publish_results(&link, "b.csv");
        assert!(link.is_symlink());
        assert_eq!(names_in(&target), ["b.csv", "manifest.json"]);
    }
}
