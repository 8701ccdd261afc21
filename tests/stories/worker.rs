//! The worker beside its server: what comes round by the clock, and who does it.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Database, World, wait_until};

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
fn one_process_works_on_an_sqlite_file() {
    let world = World::start(Database::Sqlite);
    let rival = world.operator(&["worker"]);
    let told = String::from_utf8_lossy(&rival.stderr).into_owned();
    assert!(!rival.status.success() && told.contains("is served by another process"), "{told}");
}
