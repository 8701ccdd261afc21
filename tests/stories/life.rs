//! The life of a space: closed, seen by its administrators alone, restored in time, or purged.

use std::{thread::sleep, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Reply, Rival, World, crowd, eventually, text, unless_busy, wait_until};

crate::on_both_databases!(
    a_space_is_closed_and_comes_back_as_it_was,
    a_closed_space_is_remembered_for_thirty_days,
    a_closing_that_is_sent_again_is_answered_again,
    a_closed_private_space_makes_room_once_it_is_purged,
    many_closed_spaces_keep_others_from_being_opened,
    nobody_loses_a_space_of_which_he_was_not_reminded,
);

const CLOSED: &str = "A space was closed";
const RESTORED: &str = "A space was restored";
const SOON: &str = "A closed space will soon be erased";
/// Longer than the worker rests.
const A_ROUND: Duration = Duration::from_millis(2500);

fn turn(actor: &Actor, path: &str, action: &str) -> Reply {
    actor.send("POST", &format!("{path}/{action}"), &[], vec![])
}

fn with_status(actor: &Actor, status: &str) -> Vec<String> {
    let list = actor.get(&format!("/v1/spaces?status={status}")).expect(200);
    list["data"].as_array().expect("spaces").iter().map(|space| text(&space["id"])).collect()
}

fn used(actor: &Actor) -> Value {
    actor.get("/v1/me/authentication-products").expect(200)["data"][0]["spacesUsed"].clone()
}

fn acts(actor: &Actor, path: &str) -> Vec<String> {
    let log = actor.get(&format!("{path}/audit-events")).expect(200);
    log["data"].as_array().expect("events").iter().map(|event| text(&event["act"])).collect()
}

/// The texts of the mails to a person with this subject, newest first.
fn mails(actor: &Actor, subject: &str) -> Vec<String> {
    let mails = actor.get(&format!("/sandbox/mails?to={}", actor.email())).expect(200);
    let mails = mails["data"].as_array().expect("mails").iter().filter(|mail| mail["subject"] == subject);
    mails.map(|mail| text(&mail["text"])).collect()
}

/// As mails write it.
fn day_and_hour(moment: &Value) -> String {
    let moment: chrono::DateTime<chrono::Utc> = text(moment).parse().expect("a moment");
    moment.format("%d.%m.%Y %H:%M UTC").to_string()
}

fn a_space_is_closed_and_comes_back_as_it_was(world: &World) {
    let (anna, stranger) = (world.founder(), world.founder());
    let other = text(&anna.open_space("Café").expect(201)["id"]);
    let opened = anna.open_space("Boulangerie");
    let (path, mut expected) = (opened.header("location"), opened.expect(201));
    let id = text(&expected["id"]);
    assert_eq!(used(&anna), 2);

    let closing = turn(&anna, &path, "close");
    let closed = closing.expect(200);
    assert_eq!(closed["state"], "closed");
    let moment = |field: &str| text(&closed[field]).parse::<chrono::DateTime<chrono::Utc>>().expect("a moment");
    assert_eq!(moment("purgeAt") - moment("closedAt"), TimeDelta::days(30));
    let seen = anna.get(&path);
    assert_eq!((seen.expect(200), seen.header("etag")), (closed.clone(), closing.header("etag")));

    assert_eq!(used(&anna), 1);
    let landing = anna.get("/v1/me/landing").expect(200);
    assert_eq!((&landing["page"], &landing["spaces"][0]["id"]), (&json!("space_home"), &json!(other)));
    assert_eq!(landing["spaces"].as_array().map(Vec::len), Some(1));
    assert_eq!(anna.spaces().into_iter().collect::<Vec<_>>(), std::slice::from_ref(&other));
    assert_eq!((with_status(&anna, "open"), with_status(&anna, "closed")), (vec![other.clone()], vec![id.clone()]));
    assert_eq!((with_status(&anna, "suspended"), with_status(&stranger, "closed")), (vec![], vec![]));

    assert_eq!(acts(&anna, &path), ["space_closed", "space_opened"]);
    let edit = json!({ "title": "Pâtisserie" });
    anna.patch(&path, "*", &edit).expect_problem(409, "space_closed");
    turn(&anna, &path, "close").expect_problem(409, "space_closed");
    stranger.get(&path).expect_problem(404, "not_found");
    stranger.patch(&path, "*", &edit).expect_problem(404, "not_found");
    turn(&stranger, &path, "restore").expect_problem(404, "not_found");
    assert_eq!(anna.get(&path).expect(200), closed);

    let restored = turn(&anna, &path, "restore");
    let now = restored.expect(200);
    expected["updatedAt"] = now["updatedAt"].clone();
    assert_eq!(now, expected);
    assert_eq!(anna.get(&path).expect(200), expected);
    turn(&anna, &path, "restore").expect_problem(409, "space_not_closed");
    assert_eq!((used(&anna), anna.spaces().len(), with_status(&anna, "closed").len()), (json!(2), 2, 0));
    assert_eq!(acts(&anna, &path), ["space_restored", "space_closed", "space_opened"]);
    // What was read before the closing is not edited after it.
    anna.patch(&path, &opened.header("etag"), &edit).expect_problem(412, "version_changed");
    assert_eq!(anna.patch(&path, &restored.header("etag"), &edit).expect(200)["title"], "Pâtisserie");

    let told = eventually("a mail", || mails(&anna, CLOSED).pop());
    assert!(
        told.contains(&text(&expected["identifier"])) && told.contains(&day_and_hour(&closed["purgeAt"])),
        "{told}"
    );
    assert!(!told.contains("Boulangerie"), "{told}");
    let told = eventually("a mail", || mails(&anna, RESTORED).pop());
    assert!(told.contains(&text(&expected["identifier"])), "{told}");
}

fn a_closed_space_is_remembered_for_thirty_days(world: &World) {
    let mut anna = world.founder();
    let opened = anna.open_space("Boulangerie");
    let (path, identifier) = (opened.header("location"), text(&opened.expect(201)["identifier"]));
    let restored = anna.open_space("Café").header("location");
    let mut closed = Value::Null;
    for path in [&restored, &path] {
        closed = turn(&anna, path, "close").expect(200);
    }

    world.wait(TimeDelta::days(22));
    wait_until("two reminders", || mails(&anna, SOON).len() == 2);
    let told = mails(&anna, SOON).concat();
    assert!(told.contains(&identifier) && told.contains(&day_and_hour(&closed["purgeAt"])), "{told}");
    anna.log_in(0).expect(200);
    turn(&anna, &restored, "restore").expect(200);
    // The jobs come round again, and nobody is reminded twice.
    world.wait(TimeDelta::days(1));
    sleep(A_ROUND);
    assert_eq!(mails(&anna, SOON).len(), 2);
    anna.log_in(0).expect(200);
    assert_eq!(anna.get(&path).expect(200), closed);

    world.wait(TimeDelta::days(7));
    anna.log_in(0).expect(200);
    wait_until("a purge", || anna.get(&path).status == 404);
    for gone in [turn(&anna, &path, "restore"), turn(&anna, &path, "close"), anna.get(&format!("{path}/audit-events"))]
    {
        gone.expect_problem(404, "not_found");
    }
    assert_eq!((with_status(&anna, "closed").len(), used(&anna), mails(&anna, SOON).len()), (0, json!(1), 2));
    anna.get(&restored).expect(200);
    world.operate(&["audit", "verify"]);
}

fn a_closing_that_is_sent_again_is_answered_again(world: &World) {
    let anna = world.founder();
    let path = anna.open_space("Boulangerie").header("location");
    let with_key = |action: &str| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "order-1")];
        anna.send("POST", &format!("{path}/{action}"), &headers, b"{}".to_vec())
    };
    for action in ["close", "restore"] {
        let (first, again) = (with_key(action), with_key(action));
        first.expect(200);
        assert_eq!((again.status, &again.text, again.header("etag")), (200, &first.text, first.header("etag")));
        assert_eq!(
            (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
            (String::new(), "true".into())
        );
    }
    // The closing was done, and undone: to answer it again is not to close again.
    assert_eq!(with_key("close").expect(200)["state"], "closed");
    assert_eq!(anna.get(&path).expect(200)["state"], "open");
    assert_eq!(acts(&anna, &path), ["space_restored", "space_closed", "space_opened"]);
}

fn a_closed_private_space_makes_room_once_it_is_purged(world: &World) {
    let mut anna = world.founder();
    let opened = anna.open_private_space();
    let path = opened.header("location");
    turn(&anna, &path, "close").expect(200);
    anna.open_private_space().expect_problem(409, "private_space_exists");
    turn(&anna, &path, "restore").expect(200);
    turn(&anna, &path, "close").expect(200);
    world.wait(TimeDelta::days(22));
    wait_until("a reminder", || mails(&anna, SOON).len() == 1);
    world.wait(TimeDelta::days(8));
    anna.log_in(0).expect(200);
    wait_until("a purge", || anna.get(&path).status == 404);
    let next = anna.open_private_space().expect(201);
    assert_ne!(next["identifier"], opened.json["identifier"]);
}

fn many_closed_spaces_keep_others_from_being_opened(world: &World) {
    let anna = world.founder();
    let closed = crowd(200, 8, |_| {
        let opened = unless_busy(|| anna.open_space("Boulangerie"));
        opened.expect(201);
        let path = opened.header("location");
        unless_busy(|| turn(&anna, &path, "close")).expect(200);
        path
    });
    assert_eq!(used(&anna), 0);
    let refused = anna.open_space("Café").expect_problem(409, "closed_space_limit_reached");
    assert_eq!(refused["limit"], 200);
    anna.open_private_space().expect(201);
    turn(&anna, &closed[0], "restore").expect(200);
    let next = anna.open_space("Café");
    next.expect(201);
    // Whoever has an open space may close it.
    for path in [&next.header("location"), &closed[0]] {
        turn(&anna, path, "close").expect(200);
    }
}

fn nobody_loses_a_space_of_which_he_was_not_reminded(world: &World) {
    let mut anna = world.founder();
    let path = anna.open_space("Boulangerie").header("location");
    let closed = turn(&anna, &path, "close").expect(200);
    // As if nobody had worked for a month.
    world.wait(TimeDelta::days(31));
    wait_until("a reminder", || mails(&anna, SOON).len() == 1);
    anna.log_in(0).expect(200);
    let reminded = anna.get(&path).expect(200);
    let moved = day_and_hour(&reminded["purgeAt"]);
    assert_eq!(moved, (world.now() + TimeDelta::days(7)).format("%d.%m.%Y %H:%M UTC").to_string());
    assert_ne!(moved, day_and_hour(&closed["purgeAt"]));
    assert!(mails(&anna, SOON)[0].contains(&moved));
    world.wait(TimeDelta::days(6));
    sleep(A_ROUND);
    anna.log_in(0).expect(200);
    assert_eq!(anna.get(&path).expect(200), reminded);
    world.wait(TimeDelta::days(1));
    anna.log_in(0).expect(200);
    wait_until("a purge", || anna.get(&path).status == 404);
}

#[test]
fn a_space_that_can_not_be_read_stops_no_purge() {
    let world = World::start(Database::Postgres);
    let mut anna = world.founder();
    let paths = ["Boulangerie", "Café"].map(|title| anna.open_space(title).header("location"));
    for path in &paths {
        turn(&anna, path, "close").expect(200);
    }
    world.scratch().psql("UPDATE spaces SET notification_email = 'nowhere' WHERE title = 'Boulangerie'");
    world.wait(TimeDelta::days(22));
    wait_until("a reminder", || mails(&anna, SOON).len() == 1);
    world.wait(TimeDelta::days(8));
    let purged = "SELECT title FROM spaces WHERE state = 'purged'";
    wait_until("a purge", || world.scratch().psql(purged) == "—");
    world.scratch().psql("UPDATE spaces SET notification_email = 'office@example.lu' WHERE title = 'Boulangerie'");
    // It gets its reminder, and its week.
    world.wait(TimeDelta::hours(1));
    wait_until("a reminder", || mails(&anna, SOON).len() == 2);
    anna.log_in(0).expect(200);
    anna.get(&paths[0]).expect(200);
}

#[test]
fn a_space_that_waits_for_its_purge_is_not_restored() {
    let world = World::start(Database::Postgres);
    let mut anna = world.founder();
    let path = anna.open_space("Boulangerie").header("location");
    let closed = turn(&anna, &path, "close").expect(200);
    // Who holds the job at this moment would say when it is due next.
    let resting = "UPDATE recurring_jobs SET due_at = '2100-01-01' \
                   WHERE name = 'purge_spaces' AND lease IS NULL RETURNING name";
    wait_until("the job's rest", || world.scratch().psql(resting) == "purge_spaces");
    world.wait(TimeDelta::days(22));
    wait_until("a reminder", || mails(&anna, SOON).len() == 1);
    world.wait(TimeDelta::days(8));
    anna.log_in(0).expect(200);
    turn(&anna, &path, "restore").expect_problem(410, "space_purged");
    assert_eq!(anna.get(&path).expect(200), closed);
}

/// A space of Anna's on PostgreSQL, and Marc, who is in it as an administrator.
fn with_a_colleague(world: &World) -> (Actor, Actor, String) {
    let (anna, marc) = (world.founder(), world.founder());
    let path = anna.open_space("Boulangerie").header("location");
    anna.admit(&path, &marc, "administrator");
    marc.get(&path).expect(200);
    (anna, marc, path)
}

#[test]
fn a_colleague_restores_at_the_expense_of_the_product_that_opened_the_space() {
    let world = World::start(Database::Postgres);
    let (anna, marc, path) = with_a_colleague(&world);
    turn(&marc, &path, "close").expect(200);
    assert_eq!((used(&anna), used(&marc)), (json!(0), json!(0)));
    world.scratch().psql("UPDATE products SET space_limit = 1");
    anna.open_space("Café").expect(201);
    let full = turn(&marc, &path, "restore").expect_problem(409, "space_limit_reached");
    assert_eq!((&full["used"], &full["limit"]), (&json!(1), &json!(1)));
    assert_eq!(marc.get(&path).expect(200)["state"], "closed");
    world.scratch().psql("UPDATE products SET space_limit = 2");
    turn(&marc, &path, "restore").expect(200);
    assert_eq!((used(&anna), used(&marc)), (json!(2), json!(0)));
    for administrator in [&anna, &marc] {
        wait_until("both mails", || mails(administrator, CLOSED).len() + mails(administrator, RESTORED).len() == 2);
    }
}

#[test]
fn a_closed_space_is_nothing_to_those_who_do_not_administer_it() {
    let world = World::start(Database::Postgres);
    let (anna, marc, path) = with_a_colleague(&world);
    // The colleague's membership is the newer one.
    let newer = "id = (SELECT max(id) FROM memberships)";
    let set = |what: &str| world.scratch().psql(&format!("UPDATE memberships SET {what} WHERE {newer}"));
    let headers = [("idempotency-key", "order-1")];
    marc.send("POST", &format!("{path}/close"), &headers, vec![]).expect(200);
    turn(&anna, &path, "restore").expect(200);
    for role in ["manager", "contributor", "reader"] {
        set(&format!("role = '{role}'"));
        for action in ["close", "restore"] {
            turn(&marc, &path, action).expect_problem(403, "administrator_required");
        }
        turn(&anna, &path, "close").expect(200);
        let (list, landing) = (with_status(&marc, "closed"), marc.get("/v1/me/landing").expect(200));
        assert_eq!((list, &landing["page"]), (vec![], &json!("manage_spaces")));
        for theirs in [
            marc.get(&path),
            marc.patch(&path, "*", &json!({ "title": "x" })),
            marc.get(&format!("{path}/audit-events")),
            turn(&marc, &path, "close"),
            turn(&marc, &path, "restore"),
            marc.send("POST", &format!("{path}/close"), &headers, vec![]),
        ] {
            theirs.expect_problem(404, "not_found");
        }
        turn(&anna, &path, "restore").expect(200);
    }
    // Only active administrators are written to.
    set("role = 'administrator', status = 'suspended'");
    let before = mails(&marc, CLOSED).len();
    turn(&anna, &path, "close").expect(200);
    wait_until("a mail", || mails(&anna, CLOSED).len() == 5);
    assert_eq!((mails(&marc, CLOSED).len(), before), (1, 1));
}

#[test]
fn a_space_is_not_restored_to_nobody_who_is_able() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let opened = anna.open_space("Boulangerie");
    let path = opened.header("location");
    turn(&anna, &path, "close").expect(200);
    world.scratch().psql("UPDATE memberships SET ends_at = '2100-01-01'");
    let refused = turn(&anna, &path, "restore").expect_problem(409, "last_administrator");
    let named = json!([{ "id": opened.json["id"], "identifier": opened.json["identifier"] }]);
    assert_eq!((&refused["spaces"], anna.get(&path).expect(200)["state"].clone()), (&named, json!("closed")));
    world.scratch().psql("UPDATE memberships SET ends_at = NULL");
    turn(&anna, &path, "restore").expect(200);
}

/// The closed space of a person who has one product left, which is not the one that opened it: the restoring and the
/// withdrawal meet at the space alone.
#[test]
fn a_withdrawal_and_a_restoring_leave_no_open_space_alone() {
    let world = World::start(Database::Postgres);
    for withdrawal_comes_first in [true, false] {
        let mut anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
        anna.accept_terms();
        let path = anna.open_space("Boulangerie").header("location");
        let product = |anna: &Actor| format!("/v1/me/authentication-products/{}", text(&anna.current_product()["id"]));
        anna.post("/v1/me/authentication-products", &json!({ "assertion": anna.assertion(1) })).expect(201);
        let withdraw = |anna: &Actor| anna.send("DELETE", &product(anna), &[], vec![]);
        withdraw(&anna).expect(204);
        anna.log_in(1).expect(200);
        turn(&anna, &path, "close").expect(200);

        let space = path.rsplit('/').next().expect("an id");
        let rival = Rival::hold(&world, &format!("UPDATE spaces SET lock_seq = lock_seq WHERE id = '{space}'"));
        let [withdrawn, restored] = std::thread::scope(|scope| {
            let begin = |is_withdrawal: bool| {
                let (anna, path) = (&anna, &path);
                scope.spawn(move || if is_withdrawal { withdraw(anna) } else { turn(anna, path, "restore") })
            };
            let first = begin(withdrawal_comes_first);
            rival.wait_for(1);
            let second = begin(!withdrawal_comes_first);
            rival.wait_for(2);
            rival.give_up();
            let replies = [first, second].map(|request| request.join().expect("an answer"));
            let [first, second] = replies;
            if withdrawal_comes_first { [first, second] } else { [second, first] }
        });
        if withdrawal_comes_first {
            withdrawn.expect(204);
            restored.expect_problem(409, "last_administrator");
            anna.get(&path).expect_problem(401, "token_invalid");
            // It comes back with the product.
            anna.register_product(1).expect(200);
            anna.log_in(1).expect(200);
            turn(&anna, &path, "restore").expect(200);
        } else {
            restored.expect(200);
            withdrawn.expect_problem(409, "last_administrator");
            assert_eq!(anna.get(&path).expect(200)["state"], "open");
        }
    }
}

#[test]
fn a_suspended_space_is_neither_closed_nor_restored() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let path = anna.open_space("Boulangerie").header("location");
    world.scratch().psql("UPDATE spaces SET state = 'suspended'");
    turn(&anna, &path, "close").expect_problem(409, "space_suspended");
    turn(&anna, &path, "restore").expect_problem(409, "space_not_closed");
    assert_eq!((with_status(&anna, "suspended").len(), used(&anna)), (1, json!(1)));
}

#[test]
fn a_purge_leaves_what_the_law_wants_kept() {
    let world = World::start(Database::Postgres);
    let mut anna = world.founder();
    // More than are purged at once.
    let paths: Vec<String> = (0..103).map(|n| anna.open_space(&format!("Espace {n}")).header("location")).collect();
    for path in &paths {
        turn(&anna, path, "close").expect(200);
    }
    let kept = anna.open_space("Café").header("location");
    let psql = |statement: &str| world.scratch().psql(statement);
    world.wait(TimeDelta::days(22));
    let reminded = "SELECT count(*) FROM spaces WHERE purge_reminded_at IS NOT NULL";
    wait_until("the reminders", || psql(reminded) == "103");
    world.wait(TimeDelta::days(8));
    wait_until("a purge", || psql("SELECT count(*) FROM spaces WHERE state = 'purged'") == "103");
    anna.log_in(0).expect(200);
    assert_eq!(anna.get(&kept).expect(200)["title"], "Café");
    assert_eq!(
        psql("SELECT DISTINCT title, notification_email FROM spaces WHERE state = 'purged'"),
        "—|nobody@forgotten.invalid"
    );
    assert_eq!(psql("SELECT status, count(*) FROM memberships GROUP BY status ORDER BY status"), "active|1\nended|103");
    assert_eq!(
        psql("SELECT actor_kind, count(*) FROM audit_entries WHERE act = 'space_purged' GROUP BY actor_kind"),
        "system|103"
    );
    let verified = world.operate(&["audit", "verify"]);
    assert!(verified.contains(&format!("entries: {}", 104 + 2 * 103 + 2)), "{verified}");
}
