//! The walk that README.md offers to copy and paste, pasted.

use std::process::Command;

use crate::support::{Database, World};

const README: &str = include_str!("../../README.md");

#[test]
fn the_readmes_walk_works_as_printed() {
    let world = World::start(Database::Sqlite);
    let (_, walk) = README.split_once("## The walk").expect("the walk");
    let (walk, _) = walk.split_once("\n## ").expect("what comes after the walk");
    let blocks = walk.split("```sh\n").skip(1).map(|block| block.split_once("```").expect("the end of a block").0);
    let script: String = blocks.collect::<String>().replace("http://127.0.0.1:8080", &world.url());
    assert!(script.matches("curl").count() >= 10, "the walk is shorter than it should be:\n{script}");

    // `-f` of every curl, so that an error ends the script.
    let script = format!("set -eu\ncurl() {{ command curl -fsS \"$@\"; }}\n{script}");
    let output = Command::new("sh").arg("-c").arg(&script).output().expect("a shell");
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{printed}\n{errors}");
    for expected in [
        r#""page":"manage_spaces""#,
        r#""page":"select_space""#,
        r#""identifier":"PM-"#,
        r#""title":"Boulangerie du Coin""#,
    ] {
        assert!(printed.contains(expected), "{expected} is not in:\n{printed}");
    }
}
