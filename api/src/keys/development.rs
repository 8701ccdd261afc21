//! The data keys of development, which makes them itself and keeps them in a file of the data folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    DataKeys,
    secret::{read_secret, replace_secret, write_secret},
};

/// Where they are.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("keys/data")
}

/// Those that are there; where there are none, a first one.
///
/// # Errors
/// A sentence for the operator.
pub fn keys_or_first(data_dir: &Path) -> Result<String, String> {
    let path = file(data_dir);
    if !path.exists() {
        write_secret(&path, &DataKeys::generate())?;
    }
    read_secret(&path)
}

/// Puts a key before those that are there; of several processes that do so at once, one after the other.
///
/// # Errors
/// A sentence for the operator: the server would refuse the keys, and none is written.
pub fn put_first(data_dir: &Path, entry: &str) -> Result<PathBuf, String> {
    let path = file(data_dir);
    // Made first, even where it is superseded at once: a server that starts now may be making it too.
    keys_or_first(data_dir)?;
    let lock = path.with_extension("lock");
    let locked = fs::File::create(&lock).and_then(|file| file.lock().map(|()| file));
    let _locked = locked.map_err(|error| format!("{}: {error}", lock.display()))?;
    let text = format!("{entry},{}", read_secret(&path)?.trim());
    DataKeys::parse(&text)?;
    replace_secret(&path, &text)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn of_keys_that_are_made_at_once_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        thread::scope(|scope| {
            for n in 0..8 {
                let folder = folder.path();
                scope.spawn(move || put_first(folder, &DataKeys::generate_as(&format!("n{n}"))).unwrap());
            }
        });
        let keys = DataKeys::parse(&read_secret(&file(folder.path())).unwrap()).unwrap();
        let mut ids: Vec<_> = keys.ids().collect();
        assert_eq!(ids.pop(), Some("k1"));
        ids.sort_unstable();
        assert_eq!(ids, ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"]);
    }
}
