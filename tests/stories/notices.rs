//! A space's address of notices: it gets a code until that comes back.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, Reply, Rival, World, another, professional, text};

crate::on_both_databases!(
    an_address_of_notices_is_confirmed_by_its_code,
    another_address_voids_the_code,
    one_space_asks_for_five_addresses_in_a_day,
    one_person_asks_for_twenty_addresses_in_a_day,
    a_code_is_sent_again_to_an_address_of_notices,
);

/// An address that nobody else writes to.
fn fresh(actor: &Actor, name: &str) -> String {
    format!("{name}-{}", actor.email())
}

fn codes_to(actor: &Actor, address: &str) -> Vec<Value> {
    actor.get(&format!("/sandbox/mails?to={address}")).expect(200)["data"].as_array().expect("mails").clone()
}

fn code_to(actor: &Actor, address: &str) -> String {
    text(&codes_to(actor, address)[0]["code"])
}

/// Opens a space with this address of notices: its path, and what was answered.
fn open(actor: &Actor, address: &str) -> (String, Reply) {
    let mut wish = professional("Boulangerie");
    wish["notificationEmail"] = json!(address);
    let opened = actor.post("/v1/spaces", &wish);
    opened.expect(201);
    (opened.header("location"), opened)
}

fn confirm(actor: &Actor, space: &str, code: &str) -> Reply {
    actor.post(&format!("{space}/notification-email/confirm"), &json!({ "code": code }))
}

fn resend(actor: &Actor, space: &str) -> Reply {
    actor.send("POST", &format!("{space}/notification-email/resend"), &[], vec![])
}

fn an_address_of_notices_is_confirmed_by_its_code(world: &World) {
    let (anna, stranger) = (world.founder(), world.founder());
    let address = fresh(&anna, "office");
    let (space, opened) = open(&anna, &address);
    assert_eq!(opened.json["notificationEmailConfirmed"], false);
    let mails = codes_to(&anna, &address);
    assert_eq!((mails.len(), &mails[0]["subject"]), (1, &json!("Votre code de confirmation")), "the space's language");
    let code = code_to(&anna, &address);

    confirm(&stranger, &space, &code).expect_problem(404, "not_found");
    resend(&stranger, &space).expect_problem(404, "not_found");
    let wrong = confirm(&anna, &space, &another(&code)).expect_problem(400, "code_wrong");
    assert_eq!(wrong["triesLeft"], 4);
    assert_eq!(anna.get(&space).expect(200), opened.json);

    let confirmed = confirm(&anna, &space, &code);
    assert_eq!(confirmed.expect(200)["notificationEmailConfirmed"], true);
    assert_eq!(
        (anna.get(&space).json, anna.get(&space).header("etag")),
        (confirmed.json.clone(), confirmed.header("etag"))
    );
    let stale = anna.patch(&space, &opened.header("etag"), &json!({ "title": "Trop tard" }));
    stale.expect_problem(412, "version_changed");
    let event = anna.get(&format!("{space}/audit-events")).expect(200)["data"][0].clone();
    assert_eq!((&event["act"], &event["changed"]), (&json!("space_edited"), &json!(["notificationEmailConfirmed"])));
    for again in [&code, &another(&code)] {
        confirm(&anna, &space, again).expect_problem(409, "nothing_to_confirm");
    }
    resend(&anna, &space).expect_problem(409, "nothing_to_confirm");
    assert_eq!(codes_to(&anna, &address).len(), 1);

    // Confirmed is the address of this space alone; set again there, it needs no other code.
    let same = anna.patch(&space, "*", &json!({ "notificationEmail": address, "title": "Pâtisserie" })).expect(200);
    assert_eq!(same["notificationEmailConfirmed"], true);
    let (second, opened) = open(&anna, &address);
    assert_eq!(opened.json["notificationEmailConfirmed"], false);
    confirm(&anna, &second, &code_to(&anna, &address)).expect(200);
    let (private, own) = (anna.open_private_space(), anna.email());
    assert_eq!(private.expect(201)["notificationEmailConfirmed"], false);
    let own = anna.patch(&private.header("location"), "*", &json!({ "notificationEmail": own })).expect(200);
    assert_eq!(own["notificationEmailConfirmed"], true);
    resend(&anna, &private.header("location")).expect_problem(409, "nothing_to_confirm");
}

fn another_address_voids_the_code(world: &World) {
    let anna = world.founder();
    let [first, second] = ["first", "second"].map(|name| fresh(&anna, name));
    let (space, _) = open(&anna, &first);
    let of_first = code_to(&anna, &first);
    // An edit of anything else, or one that names the same address, sends nothing.
    for edit in [json!({ "title": "Pâtisserie" }), json!({ "language": "de" }), json!({ "notificationEmail": first })]
    {
        anna.patch(&space, "*", &edit).expect(200);
    }
    assert_eq!(codes_to(&anna, &first).len(), 1);

    anna.patch(&space, "*", &json!({ "notificationEmail": second })).expect(200);
    let of_second = code_to(&anna, &second);
    assert_eq!(codes_to(&anna, &second)[0]["subject"], "Ihr Bestätigungscode", "the space speaks German now");
    if of_first != of_second {
        confirm(&anna, &space, &of_first).expect_problem(400, "code_wrong");
    }
    // The editor's own address needs none.
    let own = anna.patch(&space, "*", &json!({ "notificationEmail": anna.email() })).expect(200);
    assert_eq!(own["notificationEmailConfirmed"], true);
    confirm(&anna, &space, &of_second).expect_problem(409, "nothing_to_confirm");
    let back = anna.patch(&space, "*", &json!({ "notificationEmail": second })).expect(200);
    assert_eq!(back["notificationEmailConfirmed"], false);
    assert_eq!(confirm(&anna, &space, &code_to(&anna, &second)).expect(200)["notificationEmail"], json!(second));
}

fn one_space_asks_for_five_addresses_in_a_day(world: &World) {
    let mut anna = world.founder();
    let addresses: Vec<String> = (0..6).map(|number| fresh(&anna, &format!("office-{number}"))).collect();
    let (space, _) = open(&anna, &addresses[0]);
    for address in &addresses[1..5] {
        anna.patch(&space, "*", &json!({ "notificationEmail": address })).expect(200);
    }
    let before = anna.get(&space);
    let sixth = json!({ "notificationEmail": addresses[5], "title": "Pâtisserie" });
    let refused = anna.patch(&space, "*", &sixth).expect_problem(409, "address_limit_reached");
    assert_eq!(refused["limit"], 5);
    assert_eq!((anna.get(&space).json, codes_to(&anna, &addresses[5]).len()), (before.json.clone(), 0));
    open(&anna, &addresses[5]);
    confirm(&anna, &space, &code_to(&anna, &addresses[4])).expect(200);
    world.wait(TimeDelta::hours(24));
    anna.log_in(0).expect(200);
    anna.patch(&space, "*", &sixth).expect(200);
}

/// For himself and for all his spaces, so that no further space makes room for further strangers.
fn one_person_asks_for_twenty_addresses_in_a_day(world: &World) {
    let mut anna = world.founder();
    for number in 0..18 {
        let (space, _) = open(&anna, &fresh(&anna, &format!("office-{number}")));
        anna.send("POST", &format!("{space}/close"), &[], vec![]).expect(200);
    }
    anna.patch("/v1/me", "*", &json!({ "email": fresh(&anna, "next") })).expect(200);
    let own = anna.open_space("Boulangerie").header("location");
    anna.patch(&own, "*", &json!({ "notificationEmail": fresh(&anna, "office") })).expect(200);

    let address = fresh(&anna, "twenty-first");
    let (edit, mut wish) = (json!({ "notificationEmail": address }), professional("Café"));
    wish["notificationEmail"] = json!(address);
    let private = json!({ "kind": "private", "notificationEmail": address, "language": "fr" });
    for refused in [
        anna.post("/v1/spaces", &wish),
        anna.post("/v1/spaces", &private),
        anna.patch(&own, "*", &edit),
        anna.patch("/v1/me", "*", &json!({ "email": address })),
    ] {
        assert_eq!(refused.expect_problem(409, "address_limit_reached")["limit"], 20);
    }
    assert_eq!((codes_to(&anna, &address).len(), anna.spaces().len()), (0, 1));

    // What needs no code goes on, and so does everybody else.
    anna.open_space("Café").expect(201);
    anna.patch(&own, "*", &json!({ "notificationEmail": anna.email(), "title": "Pâtisserie" })).expect(200);
    open(&world.founder(), &address);
    world.wait(TimeDelta::hours(24));
    anna.log_in(0).expect(200);
    anna.post("/v1/spaces", &wish).expect(201);
}

fn a_code_is_sent_again_to_an_address_of_notices(world: &World) {
    let mut anna = world.founder();
    let address = fresh(&anna, "office");
    let (space, _) = open(&anna, &address);
    let first = code_to(&anna, &address);
    world.wait(TimeDelta::minutes(15));
    anna.refresh().expect(200);
    confirm(&anna, &space, &first).expect_problem(409, "code_expired");
    for left in [2, 1, 0] {
        let resent = resend(&anna, &space).expect(200);
        assert_eq!((&resent["email"], &resent["resendsLeft"]), (&json!(address), &json!(left)));
    }
    resend(&anna, &space).expect_problem(409, "code_resends_used_up");
    let last = code_to(&anna, &address);
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(confirm(&anna, &space, &another(&last)).expect_problem(400, "code_wrong")["triesLeft"], left);
    }
    confirm(&anna, &space, &last).expect_problem(409, "code_tries_used_up");
    // Named again, it begins anew.
    anna.patch(&space, "*", &json!({ "notificationEmail": address })).expect(200);
    confirm(&anna, &space, &code_to(&anna, &address)).expect(200);
}

/// Whichever space and product they are asked for with, they are counted one after the other.
#[test]
fn addresses_that_are_asked_for_at_once_are_all_counted() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let own = anna.open_space("Boulangerie").header("location");
    let others = "UPDATE persons SET lock_seq = lock_seq; \
                  INSERT INTO awaiting_addresses (id, owner, asked_by, email, code_digest, code_expires_at, tries_left, \
                  resends_left, created_at) SELECT gen_random_uuid(), 'space:' || n, persons.id, NULL, '', \
                  persons.created_at + interval '1 day', 5, 3, persons.created_at FROM persons, generate_series(1, 20) n";
    let rival = Rival::hold(&world, others);
    let (opened, edited) = std::thread::scope(|scope| {
        let opened = scope.spawn(|| anna.post("/v1/spaces", &professional("Café")));
        let edited = scope.spawn(|| anna.patch(&own, "*", &json!({ "notificationEmail": fresh(&anna, "office") })));
        rival.wait_for(2);
        rival.release();
        (opened.join().expect("an answer"), edited.join().expect("an answer"))
    });
    for refused in [opened, edited] {
        assert_eq!(refused.expect_problem(409, "address_limit_reached")["limit"], 20);
    }
}

#[test]
fn only_administrators_of_an_open_space_confirm_its_address() {
    let world = World::start(Database::Postgres);
    let anna = world.founder();
    let address = fresh(&anna, "office");
    let (space, _) = open(&anna, &address);
    let code = code_to(&anna, &address);
    let expect = |status: u16, expected: &str| {
        confirm(&anna, &space, &another(&code)).expect_problem(status, expected);
        resend(&anna, &space).expect_problem(status, expected);
    };
    world.scratch().psql("UPDATE memberships SET role = 'manager'");
    expect(403, "administrator_required");
    world.scratch().psql("UPDATE memberships SET role = 'administrator'; UPDATE spaces SET state = 'suspended'");
    expect(409, "space_suspended");
    world.scratch().psql("UPDATE spaces SET state = 'open'");
    assert_eq!(codes_to(&anna, &address).len(), 1);
    let wrong = confirm(&anna, &space, &another(&code)).expect_problem(400, "code_wrong");
    assert_eq!(wrong["triesLeft"], 4, "no refusal before was a try");
    // A server of an older release, which knows of no codes, changed the address: the code was not sent there.
    world.scratch().psql("UPDATE spaces SET notification_email = 'elsewhere@example.lu'");
    confirm(&anna, &space, &code).expect_problem(409, "nothing_to_confirm");
    world.scratch().psql(&format!("UPDATE spaces SET notification_email = '{address}'"));
    confirm(&anna, &space, &code).expect(200);
}
