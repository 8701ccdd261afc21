//! Files that hold secrets: nobody else reads them, and each is written whole or not at all.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};

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

/// Writes a new file that nobody else may read; another process that was faster wins.
///
/// # Errors
/// A sentence for the operator.
pub fn write_secret(path: &Path, text: &str) -> Result<(), String> {
    let draft = draft(path, text)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(told(path))?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(told(path)(error)),
        _ => sync_folder(path),
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

/// The text in a file beside, which gets its name once it is written and on the disk.
fn draft(path: &Path, text: &str) -> Result<PathBuf, String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(told(path))?;
    }
    let draft = path.with_extension(format!("{}.draft", BASE64URL.encode(rand::random::<[u8; 9]>())));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(told(path))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        told(path)(error)
    })?;
    Ok(draft)
}

/// A name outlives a crash once its folder is on the disk.
fn sync_folder(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(told(folder))
}
