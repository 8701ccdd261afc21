//! The worker beside its server: what comes round by the clock, and who does it.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Database, Rival, World, wait_until};

crate::on_both_databases!(a_registration_is_forgotten_after_a_week_and_the_person_is_not);

fn a_registration_is_forgotten_after_a_week_and_the_person_is_not(world: &World) {
    let mut anna = world.anonymous();
    anna.become_test_person(&json!({ "products": ["eid", "luxtrust_private"], "helpdesk": false }));
    let begin = |product| {
        let registration = anna.begin_registration(product).expect(201);
        format!("/v1/registrations/{}", registration["id"].as_str().expect("an id"))
    };
    let (old, confirmed) = (begin(0), begin(1));
    anna.post(&format!("{confirmed}/confirm"), &json!({ "code": anna.mailed_code() })).expect(200);
    anna.get(&confirmed).expect(200);
    world.wait(TimeDelta::days(6));
    let young = begin(0);
    assert_eq!(anna.get(&old).expect(200)["status"], "superseded");
    world.wait(TimeDelta::days(2));
    wait_until("a purge", || anna.get(&old).status == 404);
    assert_eq!(anna.get(&young).expect(200)["status"], "awaiting_confirmation");
    wait_until("a purge", || anna.get(&confirmed).status == 404);
    anna.log_in(1).expect(200);
}

#[test]
fn a_job_that_was_kept_waiting_goes_on_soon_afterwards() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let path = anna.open_space("Café").header("location");
    anna.send("POST", &format!("{path}/close"), &[], vec![]).expect(200);
    let rival = Rival::hold(&world, "UPDATE spaces SET lock_seq = lock_seq");
    world.wait(TimeDelta::days(23));
    let psql = |statement: &str| world.scratch().psql(statement);
    let held = || psql("SELECT lease IS NOT NULL FROM recurring_jobs WHERE name = 'remind_of_purges'") == "t";
    wait_until("the job's turn", held);
    wait_until("its giving up", || !held());
    rival.give_up();
    wait_until("a reminder", || psql("SELECT count(*) FROM spaces WHERE purge_reminded_at IS NOT NULL") == "1");
}

#[test]
fn what_becomes_due_while_a_job_is_done_waits_for_no_later_turn() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let path = anna.open_space("Café").header("location");
    anna.send("POST", &format!("{path}/close"), &[], vec![]).expect(200);
    let psql = |statement: &str| world.scratch().psql(statement);
    let rests = "SELECT count(*) FROM recurring_jobs WHERE name = 'remind_of_purges' AND lease IS NULL";
    wait_until("its first turn", || psql(rests) == "1");
    let rival = Rival::hold(&world, "LOCK TABLE spaces IN ACCESS EXCLUSIVE MODE");
    world.wait(TimeDelta::hours(2));
    rival.wait_for(1);
    world.wait(TimeDelta::days(23));
    rival.give_up();
    wait_until("a reminder", || psql("SELECT count(*) FROM spaces WHERE purge_reminded_at IS NOT NULL") == "1");
}

#[test]
fn one_process_works_on_an_sqlite_file() {
    let world = World::start(Database::Sqlite);
    let rival = world.operator(&["worker"]);
    let told = String::from_utf8_lossy(&rival.stderr).into_owned();
    assert!(!rival.status.success() && told.contains("is served by another process"), "{told}");
}
