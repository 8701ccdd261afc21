//! The places in this crate's source at which statements are asked for.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    panic::Location,
    path::Path,
};

use super::Statements;

/// A call of the one gate for statements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    file: String,
    line: u32,
}

impl Display for Site {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl From<&'static Location<'static>> for Site {
    fn from(location: &'static Location<'static>) -> Self {
        Self { file: location.file().to_owned(), line: location.line() }
    }
}

/// What ends a statement in diesel.
const SENDS: &[&str] = &[".execute(db", ".get_result(db", ".get_results(db", ".load(db", ".batch_execute("];

/// The sites at which fewer statements were seen than stand there.
pub fn missing(seen: &Statements) -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for (site, stand_there) in every_site(&here.join("src"), "persistence/src") {
        let were_seen = seen.get(&site).map_or(0, std::collections::BTreeSet::len);
        if were_seen < stand_there {
            missing.push(format!("{site}: of {stand_there} statements {were_seen} are in the census"));
        }
    }
    missing
}

/// Each call of `run` under a folder, and how many statements its closure can send.
fn every_site(folder: &Path, name: &str) -> Vec<(Site, usize)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            if !path.ends_with("tests") {
                found.extend(every_site(&path, &name));
            }
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for (at, _) in source.match_indices(".run(") {
            let line = source[..at].matches('\n').count() + 1;
            let closure = parenthesised(&source[at + ".run".len()..]);
            let sends = SENDS.iter().map(|send| closure.matches(send).count()).sum::<usize>().max(1);
            found.push((Site { file: name.clone(), line: line.try_into().unwrap() }, sends));
        }
    }
    found
}

/// What stands between the first parenthesis of a text and the one that closes it.
fn parenthesised(text: &str) -> &str {
    let mut depth = 0_usize;
    let end = text.find(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => (),
        }
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}
