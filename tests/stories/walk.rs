//! The main walk: from nothing to a landing page with two spaces.

use serde_json::json;

use crate::support::{Actor, World};

crate::on_both_databases!(from_nothing_to_two_spaces, a_second_product_of_the_same_person_sees_the_same_spaces);

fn from_nothing_to_two_spaces(world: &World) {
    let mut anna = world.anonymous();
    anna.become_test_person(&json!({ "products": ["luxtrust_professional", "eid"], "helpdesk": false }));

    let unregistered = anna.log_in(0).expect_grant_refused();
    assert!(unregistered.contains("not registered"), "{unregistered}");
    let registration = anna.begin_registration(0).expect(201);
    assert_eq!(registration["status"], "awaiting_confirmation");
    let unconfirmed = anna.log_in(0).expect_grant_refused();
    assert!(unconfirmed.contains("not confirmed"), "{unconfirmed}");
    let confirm = format!("/v1/registrations/{}/confirm", registration["id"].as_str().expect("an id"));
    assert_eq!(anna.post(&confirm, &json!({ "code": anna.mailed_code() })).expect(200)["status"], "confirmed");

    let tokens = anna.log_in(0).expect(200);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    let landing = anna.get("/v1/me/landing").expect(200);
    assert_eq!(landing, json!({ "page": "manage_spaces", "spaces": [], "hasMore": false }));

    anna.open_space("Boulangerie").expect_problem(409, "terms_not_accepted");
    anna.accept_terms();
    let opened = anna.open_space("Boulangerie");
    let space = opened.expect(201);
    let path = format!("/v1/spaces/{}", space["id"].as_str().expect("an id"));
    assert_eq!(opened.header("location"), path);
    assert!(space["identifier"].as_str().is_some_and(|identifier| identifier.starts_with("PM-")));
    assert_eq!((&space["role"], &space["title"]), (&json!("administrator"), &json!("Boulangerie")));
    assert_eq!(anna.get("/v1/me/landing").expect(200)["page"], "space_home");

    assert!(
        anna.open_private_space().expect(201)["identifier"]
            .as_str()
            .is_some_and(|identifier| identifier.starts_with("PP-"))
    );
    anna.open_private_space().expect_problem(409, "private_space_exists");
    let landing = anna.get("/v1/me/landing").expect(200);
    assert_eq!((&landing["page"], landing["spaces"].as_array().map(Vec::len)), (&json!("select_space"), Some(2)));

    let seen = anna.get(&path);
    assert_eq!(seen.expect(200), space);
    assert_eq!(seen.header("etag"), opened.header("etag"));
    let edited = anna.patch(&path, &seen.header("etag"), &json!({ "title": "Boulangerie du Coin" }));
    assert_eq!(edited.expect(200)["title"], "Boulangerie du Coin");
    anna.patch(&path, &seen.header("etag"), &json!({ "title": "Trop tard" })).expect_problem(412, "version_changed");
}

fn a_second_product_of_the_same_person_sees_the_same_spaces(world: &World) {
    let mut anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    anna.accept_terms();
    let space = anna.open_space("Boulangerie").expect(201);
    anna.register_product(1).expect(200);
    anna.log_in(1).expect(200);
    assert_eq!(anna.get("/v1/me/landing").expect(200)["spaces"][0]["id"], space["id"]);

    let products = anna.get("/v1/me/authentication-products").expect(200);
    let used: Vec<_> =
        products["data"].as_array().expect("products").iter().map(|product| &product["spacesUsed"]).collect();
    assert_eq!(used, [&json!(1), &json!(0)]);

    let mails = anna.get(&format!("/sandbox/mails?to={}", anna.email())).expect(200);
    assert_eq!(mails["data"][0]["subject"], "An authentication product was added");

    let stranger = world.person();
    let (theirs, nobodys) = (space["id"].as_str().expect("an id"), "019d6c3e-8c00-7000-8000-000000000000");
    let answer = |id: &str| {
        let mut problem = stranger.get(&format!("/v1/spaces/{id}")).expect_problem(404, "not_found");
        for of_this_request in ["requestId", "instance"] {
            problem.as_object_mut().expect("a problem").remove(of_this_request);
        }
        problem
    };
    assert_eq!(answer(theirs), answer(nobodys));
    assert_eq!(answer(theirs), answer("not-an-id"));
}
