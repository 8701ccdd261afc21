//! Files that hold secrets: nobody else reads them, and each is written whole or not at all.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::TimeDelta;
use domain::Instant;

/// How a file ends that has no name yet.
const DRAFT: &str = "draft";
/// Longer than a file is without one while its process lives.
const DRAFTED: TimeDelta = TimeDelta::minutes(1);

fn told(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

/// Reads a file that nobody else may read.
///
/// # Errors
/// A sentence for the operator: it is not there, or its mode is wider than 0600.
pub fn read_secret(path: &Path) -> Result<String, String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(told(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("{} can be read by others (mode {:o}): make it 0600", path.display(), mode & 0o777));
    }
    fs::read_to_string(path).map_err(told(path))
}

/// Writes a new file that nobody else may read. Says whether it did: another process that was faster wins.
///
/// # Errors
/// A sentence for the operator.
pub fn write_secret(path: &Path, text: &str) -> Result<bool, String> {
    let draft = draft(path, text)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(told(path))?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        linked => linked.map_err(told(path)).and_then(|()| sync_folder(path)).map(|()| true),
    }
}

/// Writes a file anew that nobody else may read.
///
/// # Errors
/// A sentence for the operator; the file is then what it was.
pub fn replace_secret(path: &Path, text: &str) -> Result<(), String> {
    let draft = draft(path, text)?;
    fs::rename(&draft, path).map_err(told(path))?;
    sync_folder(path)
}

/// Removes what a process that died left beside the secrets of a folder: files that never got their names.
///
/// # Errors
/// A sentence for the operator. A folder that is not there holds none.
pub fn remove_old_drafts(folder: &Path, now: Instant) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let written = || fs::metadata(&path).and_then(|file| file.modified()).map(Instant::from);
        // A younger one may be a living process's; one that is gone was removed by another.
        if path.extension() == Some(DRAFT.as_ref()) && written().is_ok_and(|written| written + DRAFTED <= now) {
            fs::remove_file(&path).map_err(told(&path))?;
        }
    }
    Ok(())
}

/// The text in a file beside, which gets its name once it is written and on the disk.
fn draft(path: &Path, text: &str) -> Result<PathBuf, String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(told(path))?;
    }
    let draft = path.with_extension(format!("{}.{DRAFT}", BASE64URL.encode(rand::random::<[u8; 9]>())));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(told(path))?;
    give_to_owner_of_folder(&file, path);
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        told(path)(error)
    })?;
    Ok(draft)
}

/// Who reads the secrets of a folder is its owner; whoever else makes one there, root above all, makes it for him.
fn give_to_owner_of_folder(file: &fs::File, path: &Path) {
    let (Ok(owner), Ok(ours)) = (fs::metadata(folder_of(path)), file.metadata()) else { return };
    if owner.uid() == ours.uid() {
        return;
    }
    if let Err(error) = fchown(file, Some(owner.uid()), Some(owner.gid())) {
        let path = path.display();
        eprintln!("espace-pro: {path} could not be given to the owner of its folder, who can't read it so: {error}");
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name outlives a crash once its folder is on the disk.
fn sync_folder(path: &Path) -> Result<(), String> {
    let folder = folder_of(path);
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(told(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_is_removed_and_what_a_living_one_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let written = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        for name in ["key.x.draft", "key.pem"] {
            let file = fs::File::create(folder.join(name)).unwrap();
            file.set_modified(written.into()).unwrap();
        }
        remove_old_drafts(folder, written + TimeDelta::seconds(59)).unwrap();
        assert!(folder.join("key.x.draft").exists());
        remove_old_drafts(folder, written + DRAFTED).unwrap();
        assert!(!folder.join("key.x.draft").exists() && folder.join("key.pem").exists());
        remove_old_drafts(&folder.join("nowhere"), written).unwrap();
    }

    #[test]
    fn of_two_who_write_the_same_file_one_is_told_that_he_did() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!((write_secret(&path, "a"), write_secret(&path, "b")), (Ok(true), Ok(false)));
        assert_eq!(read_secret(&path).as_deref(), Ok("a"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
