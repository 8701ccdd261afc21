//! Many at once: what is decided together is decided once, whichever server is asked.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::support::{Actor, Reply, another, crowd, professional, text, unless_busy, wait_until};

crate::however_served!(
    of_400_creations_by_64_clients_200_succeed,
    of_400_creations_by_400_clients_200_succeed,
    of_64_creations_for_the_last_place_one_succeeds,
    of_50_first_private_spaces_one_is_opened,
    a_place_that_is_freed_while_50_create_is_given_once,
    of_50_restorings_and_50_creations_one_takes_the_last_place,
    a_space_that_many_close_and_restore_is_one_or_the_other,
    of_50_uses_of_an_assertion_one_logs_in,
    of_50_uses_of_a_refresh_token_one_succeeds_and_the_session_ends,
    of_50_wrong_codes_five_are_tries,
    of_50_wrong_codes_of_an_address_five_are_tries,
    of_two_products_withdrawn_at_once_the_one_that_a_space_hangs_on_stays,
    of_30_addresses_asked_for_at_once_five_are,
    of_30_spaces_with_addresses_of_others_20_are_opened,
    a_withdrawal_and_a_restoring_at_once_leave_somebody_able,
    a_session_that_one_server_ends_is_ended_on_every_server,
    fifty_acceptances_of_the_terms_are_one,
    thirty_persons_register_at_once,
    two_products_confirmed_at_once_are_of_one_person,
    of_16_requests_for_a_higher_limit_one_is_open,
    of_16_decisions_on_a_request_one_is_taken,
    two_limits_at_once_break_no_count,
    what_is_answered_after_a_suspension_is_refused,
);

fn of_400_creations_by_64_clients_200_succeed(servers: &[Actor]) {
    of_400_creations_200_succeed(servers, 64);
}

fn of_400_creations_by_400_clients_200_succeed(servers: &[Actor]) {
    of_400_creations_200_succeed(servers, 400);
}

fn of_400_creations_200_succeed(servers: &[Actor], clients: usize) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let replies = crowd(400, clients, |job| unless_busy(|| at(&founder, job).open_space("Boulangerie")));

    let (opened, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((opened.len(), refused.len()), (200, 200));
    for refusal in refused {
        let problem = refusal.expect_problem(409, "space_limit_reached");
        assert_eq!((&problem["used"], &problem["limit"]), (&json!(200), &json!(200)));
    }
    let acknowledged: BTreeSet<String> = opened.iter().map(|reply| text(&reply.json["id"])).collect();
    let identifiers: BTreeSet<String> = opened.iter().map(|reply| text(&reply.json["identifier"])).collect();
    assert_eq!((acknowledged.len(), identifiers.len()), (200, 200));
    for founder in &founder {
        assert_eq!(founder.spaces(), acknowledged);
        let products = founder.get("/v1/me/authentication-products").expect(200);
        assert_eq!(products["data"][0]["spacesUsed"], 200);
    }
}

fn of_64_creations_for_the_last_place_one_succeeds(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let first = crowd(199, 4, |job| unless_busy(|| at(&founder, job).open_space("Boulangerie")).status);
    assert_eq!(first, [201; 199]);

    let replies = crowd(64, 64, |job| unless_busy(|| at(&founder, job).open_space("Boulangerie")));
    assert_one(&replies, 201, |other| _ = other.expect_problem(409, "space_limit_reached"));
    assert_eq!(founder[0].spaces().len(), 200);
}

fn of_50_first_private_spaces_one_is_opened(servers: &[Actor]) {
    let owner = newcomers(servers, &["eid"]);
    let replies = crowd(50, 50, |job| unless_busy(|| at(&owner, job).open_private_space()));
    assert_one(&replies, 201, |other| _ = other.expect_problem(409, "private_space_exists"));
    assert_eq!(owner[0].spaces().len(), 1);
}

fn a_place_that_is_freed_while_50_create_is_given_once(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let opened =
        crowd(200, 4, |job| text(&unless_busy(|| at(&founder, job).open_space("Boulangerie")).expect(201)["id"]));

    let replies = crowd(51, 51, |job| match job {
        25 => unless_busy(|| turn(at(&founder, job), &opened[0], "close")),
        _ => unless_busy(|| at(&founder, job).open_space("Boulangerie")),
    });
    assert_one(&replies, 200, |creation| {
        if creation.status != 201 {
            assert_eq!(creation.expect_problem(409, "space_limit_reached")["used"], 200);
        }
    });
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert!(created <= 1, "{created} took the one place");
    assert_eq!(used(&founder[0]), 199 + created as u64);
    assert_eq!(founder[0].spaces().len(), 199 + created);
}

fn of_50_restorings_and_50_creations_one_takes_the_last_place(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let open = |job| text(&unless_busy(|| at(&founder, job).open_space("Boulangerie")).expect(201)["id"]);
    let closed = crowd(200, 4, open).split_off(150);
    crowd(50, 4, |job| unless_busy(|| turn(at(&founder, job), &closed[job], "close")).expect(200));
    crowd(49, 4, open);
    assert_eq!(used(&founder[0]), 199);

    let replies = crowd(100, 100, |job| {
        let founder = at(&founder, job / 2);
        match closed.get(job / 2).filter(|_| job % 2 == 0) {
            Some(closed) => unless_busy(|| turn(founder, closed, "restore")),
            None => unless_busy(|| founder.open_space("Boulangerie")),
        }
    });
    let (won, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status < 300);
    assert_eq!(won.len(), 1);
    for refusal in refused {
        let problem = refusal.expect_problem(409, "space_limit_reached");
        assert_eq!((&problem["used"], &problem["limit"]), (&json!(200), &json!(200)));
    }
    assert_eq!((used(&founder[0]), founder[0].spaces().len()), (200, 200));
}

fn a_space_that_many_close_and_restore_is_one_or_the_other(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let id = text(&founder[0].open_space("Boulangerie").expect(201)["id"]);
    let replies = crowd(64, 64, |job| {
        let (action, too_late) = [("close", "space_closed"), ("restore", "space_not_closed")][job % 2];
        let reply = unless_busy(|| turn(at(&founder, job / 2), &id, action));
        if reply.status != 200 {
            reply.expect_problem(409, too_late);
        }
        reply.status
    });
    let turns = replies.iter().filter(|status| **status == 200).count();
    assert!(turns >= 1);
    let log = founder[0].get(&format!("/v1/spaces/{id}/audit-events?limit=100")).expect(200);
    let mut acts: Vec<String> =
        log["data"].as_array().expect("events").iter().map(|event| text(&event["act"])).collect();
    acts.reverse();
    let expected: Vec<&str> = ["space_closed", "space_restored"].into_iter().cycle().take(turns).collect();
    assert_eq!(acts[1..], expected);
    let state = &founder[0].get(&format!("/v1/spaces/{id}")).expect(200)["state"];
    let is_open = turns % 2 == 0;
    assert_eq!((state, used(&founder[0])), (&json!(if is_open { "open" } else { "closed" }), u64::from(is_open)));
}

fn of_50_uses_of_an_assertion_one_logs_in(servers: &[Actor]) {
    let anna = newcomers(servers, &["eid"]);
    let assertion = anna[0].assertion(0);
    let replies = crowd(50, 50, |job| unless_busy(|| at(&anna, job).exchange(&assertion)));
    assert_one(&replies, 200, |other| assert_eq!(other.expect_grant_refused(), "the assertion was used before"));
}

fn of_50_uses_of_a_refresh_token_one_succeeds_and_the_session_ends(servers: &[Actor]) {
    let anna = newcomers(servers, &["eid"]);
    let token = anna[0].refresh_token.clone().expect("a refresh token");
    let replies = crowd(50, 50, |job| unless_busy(|| at(&anna, job).refresh_with(&token)));
    assert_one(&replies, 200, |other| _ = other.expect_grant_refused());
    for anna in &anna {
        anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    }
}

fn of_50_wrong_codes_five_are_tries(servers: &[Actor]) {
    let mut anna = servers[0].clone();
    anna.become_test_person(&json!({ "products": ["eid"] }));
    let registration = anna.begin_registration(0).expect(201);
    let confirm = format!("/v1/registrations/{}/confirm", text(&registration["id"]));
    let (right, wrong) = (anna.mailed_code(), json!({ "code": another(&anna.mailed_code()) }));

    five_are_tries(servers, &anna, &confirm, &wrong);
    anna.post(&confirm, &json!({ "code": right })).expect_problem(409, "code_tries_used_up");
}

/// Of fifty wrong codes at once five are counted, and the others refused.
fn five_are_tries(servers: &[Actor], actor: &Actor, confirm: &str, wrong: &Value) {
    let replies = crowd(50, 50, |job| unless_busy(|| actor.at(&servers[job % servers.len()]).post(confirm, wrong)));
    let (tries, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 400);
    let left: BTreeSet<u64> =
        tries.iter().filter_map(|reply| reply.expect_problem(400, "code_wrong")["triesLeft"].as_u64()).collect();
    assert_eq!((tries.len(), left), (5, BTreeSet::from([0, 1, 2, 3, 4])));
    for refusal in refused {
        refusal.expect_problem(409, "code_tries_used_up");
    }
}

fn of_50_wrong_codes_of_an_address_five_are_tries(servers: &[Actor]) {
    let anna = &newcomers(servers, &["eid"])[0];
    let code_to = |address: &str| {
        let mails = anna.get(&format!("/sandbox/mails?to={address}")).expect(200);
        text(&mails["data"][0]["code"])
    };
    let next = format!("next-{}", anna.email());
    anna.patch("/v1/me", "*", &json!({ "email": next })).expect(200);
    let mut wish = professional("Boulangerie");
    wish["notificationEmail"] = json!(format!("office-{}", anna.email()));
    let space = anna.post("/v1/spaces", &wish).expect(201);
    let of_space = format!("/v1/spaces/{}/notification-email/confirm", text(&space["id"]));
    for (confirm, address) in [("/v1/me/email/confirm", next), (&*of_space, text(&wish["notificationEmail"]))] {
        let right = code_to(&address);
        five_are_tries(servers, anna, confirm, &json!({ "code": another(&right) }));
        anna.post(confirm, &json!({ "code": right })).expect_problem(409, "code_tries_used_up");
    }
}

fn of_30_addresses_asked_for_at_once_five_are(servers: &[Actor]) {
    let anna = newcomers(servers, &["eid"]);
    let ask = |job: usize| {
        let next = json!({ "email": format!("next-{job}-{}", anna[0].email()) });
        unless_busy(|| at(&anna, job).patch("/v1/me", "*", &next))
    };
    let replies = crowd(30, 30, ask);
    let (asked, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!((asked.len(), refused.len()), (5, 25));
    for refusal in refused {
        refusal.expect_problem(409, "address_limit_reached");
    }
}

/// With two products, which share no lock but their person's.
fn of_30_spaces_with_addresses_of_others_20_are_opened(servers: &[Actor]) {
    let by_first = Actor::newcomer(&servers[0], &["luxtrust_professional", "eid"]);
    by_first.accept_terms();
    by_first.register_product(1).expect(200);
    let mut by_second = by_first.at(&servers[servers.len() - 1]);
    by_second.log_in(1).expect(200);
    let replies = crowd(30, 30, |job| {
        let mut wish = professional("Boulangerie");
        wish["notificationEmail"] = json!(format!("office-{job}-{}", by_first.email()));
        unless_busy(|| [&by_first, &by_second][job % 2].post("/v1/spaces", &wish))
    });
    let (opened, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((opened.len(), refused.len()), (20, 10));
    for refusal in refused {
        assert_eq!(refusal.expect_problem(409, "address_limit_reached")["limit"], 20);
    }
    assert_eq!(by_first.spaces().len(), 20);
}

fn a_withdrawal_and_a_restoring_at_once_leave_somebody_able(servers: &[Actor]) {
    for _ in 0..5 {
        let mut anna = Actor::newcomer(&servers[0], &["luxtrust_professional", "eid"]);
        anna.accept_terms();
        let id = text(&anna.open_space("Boulangerie").expect(201)["id"]);
        // The product that opened the space is gone, so that restoring it and withdrawing the other share no product.
        let current = |anna: &Actor| format!("/v1/me/authentication-products/{}", text(&anna.current_product()["id"]));
        anna.register_product(1).expect(200);
        anna.send("DELETE", &current(&anna), &[], vec![]).expect(204);
        anna.log_in(1).expect(200);
        turn(&anna, &id, "close").expect(200);

        let (last, elsewhere) = (current(&anna), anna.at(&servers[servers.len() - 1]));
        let replies = crowd(2, 2, |job| match job {
            0 => (job, unless_busy(|| anna.send("DELETE", &last, &[], vec![]))),
            _ => (job, unless_busy(|| turn(&elsewhere, &id, "restore"))),
        });
        let of = |job: usize| &replies.iter().find(|(done, _)| *done == job).expect("a reply").1;
        let (withdrawn, restored) = (of(0), of(1));
        if withdrawn.status == 204 {
            // The session may have ended before the restoring began.
            let refused = (restored.status, restored.json["code"].as_str().expect("a code"));
            assert!([(409, "last_administrator"), (401, "token_invalid")].contains(&refused), "{}", restored.text);
        } else {
            withdrawn.expect_problem(409, "last_administrator");
            restored.expect(200);
        }
    }
}

fn of_two_products_withdrawn_at_once_the_one_that_a_space_hangs_on_stays(servers: &[Actor]) {
    for _ in 0..5 {
        let by_first = Actor::newcomer(&servers[0], &["luxtrust_professional", "eid"]);
        by_first.accept_terms();
        let products = "/v1/me/authentication-products";
        by_first.post(products, &json!({ "assertion": by_first.assertion(1) })).expect(201);
        let mut by_second = by_first.at(&servers[servers.len() - 1]);
        by_second.log_in(1).expect(200);
        let space = by_first.open_space("Boulangerie").expect(201);
        let listed = by_first.get(products).expect(200)["data"].clone();

        // Each session withdraws the product that it began with, so that the one who is refused can still be told.
        let replies = crowd(2, 2, |job| {
            let actor = if job == 0 { &by_first } else { &by_second };
            let product = format!("{products}/{}", text(&listed[job]["id"]));
            unless_busy(|| actor.send("DELETE", &product, &[], vec![]))
        });
        assert_one(&replies, 204, |other| {
            let named = &other.expect_problem(409, "last_administrator")["spaces"];
            assert_eq!(named, &json!([{ "id": space["id"], "identifier": space["identifier"] }]));
        });
        let left = [&by_first, &by_second].map(|actor| actor.get(products).status);
        assert!(left == [200, 401] || left == [401, 200], "{left:?}");
    }
}

fn a_session_that_one_server_ends_is_ended_on_every_server(servers: &[Actor]) {
    let (first, last) = (&servers[0], &servers[servers.len() - 1]);
    let mut anna = Actor::newcomer(first, &["eid"]);
    let spent = anna.refresh_token.clone().expect("a refresh token");
    anna = anna.at(last);
    anna.refresh().expect(200);
    anna.get("/v1/me/landing").expect(200);

    let reused = anna.at(first).refresh_with(&spent).expect_grant_refused();
    assert_eq!(reused, "the refresh token was used before; the session is ended");
    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    anna.open_private_space().expect_problem(401, "token_invalid");
    anna.refresh().expect_grant_refused();
}

fn fifty_acceptances_of_the_terms_are_one(servers: &[Actor]) {
    let anna = Actor::newcomer(&servers[0], &["eid"]);
    let version = json!({ "version": anna.get("/v1/terms").expect(200)["version"] });
    let accept =
        |job: usize| unless_busy(|| anna.at(&servers[job % servers.len()]).post("/v1/me/terms-acceptances", &version));
    let replies = crowd(50, 50, accept);
    assert_one(&replies, 201, |again| _ = again.expect(200));
    let answers: BTreeSet<&String> = replies.iter().map(|reply| &reply.text).collect();
    assert_eq!(answers, BTreeSet::from([&accept(0).text]));
}

fn thirty_persons_register_at_once(servers: &[Actor]) {
    let persons = crowd(30, 30, |job| Actor::newcomer(&servers[job % servers.len()], &["luxtrust_private"]));
    let serials: BTreeSet<&String> = persons.iter().map(|person| &person.products[0].serial).collect();
    assert_eq!(serials.len(), 30);
    for person in &persons {
        assert_eq!(person.get("/v1/me/landing").expect(200)["page"], "manage_spaces");
        let products = person.get("/v1/me/authentication-products").expect(200);
        assert_eq!(products["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&products["data"][0]["kind"], &*person.products[0].kind),
            (&json!("luxtrust_private"), "luxtrust_private")
        );
    }
}

fn two_products_confirmed_at_once_are_of_one_person(servers: &[Actor]) {
    for _ in 0..5 {
        let mut anna = servers[0].clone();
        anna.become_test_person(&json!({ "products": ["luxtrust_professional", "eid"] }));
        let confirmations: Vec<(String, Value)> = (0..2)
            .map(|product| {
                let id = text(&anna.begin_registration(product).expect(201)["id"]);
                (format!("/v1/registrations/{id}/confirm"), json!({ "code": anna.mailed_code() }))
            })
            .collect();
        crowd(2, 2, |job| {
            let (confirm, code) = &confirmations[job];
            let post = || unless_busy(|| anna.at(&servers[job % servers.len()]).post(confirm, code));
            let first = post();
            if first.status != 200 {
                first.expect_problem(409, "try_again");
                assert_eq!(post().expect(200)["status"], "confirmed");
            }
        });
        for product in 0..2 {
            anna.log_in(product).expect(200);
            let products = anna.get("/v1/me/authentication-products").expect(200);
            let kinds: BTreeSet<String> =
                products["data"].as_array().expect("products").iter().map(|product| text(&product["kind"])).collect();
            assert_eq!(kinds, BTreeSet::from(["eid".to_owned(), "luxtrust_professional".to_owned()]));
        }
    }
}

fn of_16_requests_for_a_higher_limit_one_is_open(servers: &[Actor]) {
    let anna = newcomers(servers, &["eid"]);
    let requests = format!("/v1/me/authentication-products/{}/limit-requests", text(&anna[0].current_product()["id"]));
    let replies = crowd(16, 16, |job| {
        unless_busy(|| at(&anna, job).post(&requests, &json!({ "limit": 201 + job, "reason": "Plus" })))
    });
    let open = anna[0].get(&requests).expect(200)["data"].clone();
    assert_one(&replies, 201, |other| {
        assert_eq!(other.expect_problem(409, "limit_request_open")["limitRequest"], open[0]["id"]);
    });
    assert_eq!(open.as_array().map(Vec::len), Some(1));
}

fn of_16_decisions_on_a_request_one_is_taken(servers: &[Actor]) {
    let anna = Actor::newcomer(&servers[0], &["eid"]);
    let agents = [Actor::agent(&servers[0]), Actor::agent(&servers[servers.len() - 1])];
    let product = format!("/v1/me/authentication-products/{}", text(&anna.current_product()["id"]));
    let asked = anna.post(&format!("{product}/limit-requests"), &json!({ "limit": 300, "reason": "Plus" })).expect(201);
    let case = format!("/v1/helpdesk/limit-requests/{}", text(&asked["id"]));

    let replies = crowd(16, 16, |job| {
        let (act, body) = match job % 4 {
            0 => ("refuse", json!({ "reason": "Non" })),
            _ => ("grant", json!({ "limit": 201 + job, "reason": "Oui" })),
        };
        unless_busy(|| agents[job % 2].post(&format!("{case}/{act}"), &body))
    });
    assert_one(&replies, 200, |other| _ = other.expect_problem(409, "limit_request_decided"));
    let decided = &replies.iter().find(|reply| reply.status == 200).expect("a decision").json["request"];
    assert_eq!(&anna.get(&format!("{product}/limit-requests")).expect(200)["data"], &json!([decided]));
    let limit = if decided["status"] == "granted" { decided["grantedLimit"].clone() } else { json!(200) };
    assert_eq!(anna.current_product()["spaceLimit"], limit);
    let mine = anna.get("/v1/me/audit-events").expect(200);
    let acts: Vec<String> = mine["data"].as_array().expect("events").iter().map(|event| text(&event["act"])).collect();
    let act = if decided["status"] == "granted" { "space_limit_changed" } else { "limit_refused" };
    assert_eq!(acts, [act, "limit_requested", "product_registered"]);
}

fn two_limits_at_once_break_no_count(servers: &[Actor]) {
    let founder = newcomers(servers, &["luxtrust_professional"]);
    let agents = [Actor::agent(&servers[0]), Actor::agent(&servers[servers.len() - 1])];
    let limit = format!("/v1/helpdesk/products/{}/limit", text(&founder[0].current_product()["id"]));
    let set =
        |agent: &Actor, to: u32| unless_busy(|| agent.post(&limit, &json!({ "limit": to, "reason": "Un appel" })));
    set(&agents[0], 5).expect(200);

    let replies = crowd(52, 52, |job| match job {
        20 => set(&agents[0], 10),
        30 => set(&agents[1], 30),
        _ => unless_busy(|| at(&founder, job).open_space("Boulangerie")),
    });
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 2, "both limits were set");
    let opened = replies.iter().filter(|reply| reply.status == 201).count();
    for refused in replies.iter().filter(|reply| reply.status > 201) {
        let problem = refused.expect_problem(409, "space_limit_reached");
        let (used, limit) = (problem["used"].as_u64().expect("a number"), problem["limit"].as_u64().expect("a number"));
        assert!(used >= limit && [5, 10, 30].contains(&limit), "{used} of {limit}");
    }
    let product = founder[0].current_product();
    assert!((5..=30).contains(&opened), "{opened}");
    assert_eq!((founder[0].spaces().len(), &product["spacesUsed"]), (opened, &json!(opened)));
    assert!([json!(10), json!(30)].contains(&product["spaceLimit"]), "{product}");
    let changes = founder[0].get("/v1/me/audit-events?act=space_limit_changed").expect(200);
    assert_eq!(changes["data"].as_array().map(Vec::len), Some(3));
}

fn what_is_answered_after_a_suspension_is_refused(servers: &[Actor]) {
    let (founder, agent) = (newcomers(servers, &["eid"]), Actor::agent(&servers[servers.len() - 1]));
    let path = founder[0].open_space("Boulangerie").header("location");
    let suspend = format!("/v1/helpdesk{}/suspend", path.trim_start_matches("/v1"));
    let is_suspended = AtomicBool::new(false);
    let edits = crowd(81, 27, |job| {
        // However slow the suspension is, some come after it.
        if job >= 54 {
            wait_until("the suspension is answered", || is_suspended.load(Ordering::SeqCst));
        }
        let came_after = is_suspended.load(Ordering::SeqCst);
        let reply = if job == 30 {
            let reply = unless_busy(|| agent.post(&suspend, &json!({ "reason": "Une lettre" })));
            is_suspended.store(true, Ordering::SeqCst);
            reply
        } else {
            unless_busy(|| at(&founder, job).patch(&path, "*", &json!({ "title": format!("Titre {job}") })))
        };
        (came_after, reply)
    });
    for (came_after, reply) in &edits {
        if *came_after || reply.status != 200 {
            reply.expect_problem(409, "space_suspended");
        }
    }
    let done = edits.iter().filter(|(_, reply)| reply.status == 200).count();
    // Each edit that was kept, the suspension, and the first version.
    let etag = founder[0].get(&path).header("etag");
    assert!(etag.starts_with(&format!("\"{}-", done + 1)), "{etag} after {done}");
}

/// A new person who may open spaces, at each server.
fn newcomers(servers: &[Actor], kinds: &[&str]) -> Vec<Actor> {
    let newcomer = Actor::newcomer(&servers[0], kinds);
    newcomer.accept_terms();
    servers.iter().map(|server| newcomer.at(server)).collect()
}

/// The one who does this job: the servers take turns.
fn at(person: &[Actor], job: usize) -> &Actor {
    &person[job % person.len()]
}

/// Closes or restores a space.
fn turn(administrator: &Actor, id: &str, action: &str) -> Reply {
    administrator.post(&format!("/v1/spaces/{id}/{action}"), &json!({}))
}

/// How many spaces count against the person's one product.
fn used(person: &Actor) -> u64 {
    let products = person.get("/v1/me/authentication-products").expect(200);
    products["data"][0]["spacesUsed"].as_u64().expect("a number")
}

/// Exactly one reply has the status; the others are looked at.
#[track_caller]
fn assert_one(replies: &[Reply], status: u16, check: impl Fn(&Reply)) {
    let (wanted, others): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == status);
    others.into_iter().for_each(check);
    assert_eq!(wanted.len(), 1);
}
