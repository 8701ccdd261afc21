//! Invitations that many answer at once: whoever comes in comes in once, and by nothing that was taken back.

use serde_json::{Value, json};

use crate::support::{Actor, Reply, crowd, invitation, races, text, unless_busy};

crate::however_served!(
    of_50_acceptances_one_makes_a_member,
    of_an_acceptance_and_a_cancelling_at_once_one_takes_effect,
    of_an_acceptance_and_a_refusal_at_once_one_takes_effect,
    of_16_invitations_of_a_product_at_once_one_is_kept,
    with_two_products_at_once_a_person_comes_in_once,
    an_acceptance_makes_nobody_able_by_a_product_that_is_withdrawn_at_once,
    who_is_removed_while_he_is_invited_anew_is_in_or_out,
);

fn founder(servers: &[Actor], kinds: &[&str]) -> Actor {
    let founder = Actor::newcomer(&servers[0], kinds);
    founder.accept_terms();
    founder
}

/// The same person at the server whose turn it is.
fn at(person: &Actor, servers: &[Actor], job: usize) -> Actor {
    person.at(&servers[job % servers.len()])
}

fn host(servers: &[Actor]) -> (Actor, String) {
    let owner = founder(servers, &["luxtrust_professional"]);
    let space = owner.open_space("Boulangerie").header("location");
    (owner, space)
}

fn cancel(owner: &Actor, space: &str, invitation: &Value) -> Reply {
    owner.post(&format!("{space}/invitations/{}/cancel", text(&invitation["id"])), &json!({}))
}

/// How often something was done in the space.
fn times(owner: &Actor, space: &str, act: &str) -> usize {
    let log = owner.get(&format!("{space}/audit-events?limit=100")).expect(200);
    log["data"].as_array().expect("events").iter().filter(|event| event["act"] == act).count()
}

/// How many memberships of the space there are, over or not.
fn memberships(owner: &Actor, space: &str) -> String {
    let id = space.rsplit('/').next().expect("an id");
    owner.backstage().sql(&format!("SELECT count(*) FROM memberships WHERE space_id = '{id}'"))
}

fn of_50_acceptances_one_makes_a_member(servers: &[Actor]) {
    for _ in 0..races() {
        let ((anna, space), marc) = (host(servers), founder(servers, &["eid"]));
        let invited = anna.invite(&space, &marc, "reader").expect(201);
        let accept = |job| unless_busy(|| at(&marc, servers, job).answer(&invited, "accept")).expect(200);
        let replies = crowd(50, 50, accept);
        assert!(replies.iter().all(|reply| *reply == replies[0]));
        assert_eq!((memberships(&anna, &space).as_str(), times(&anna, &space, "invitation_accepted")), ("2", 1));
    }
}

fn of_an_acceptance_and_a_cancelling_at_once_one_takes_effect(servers: &[Actor]) {
    for _ in 0..races() {
        let ((anna, space), marc) = (host(servers), founder(servers, &["eid"]));
        let invited = anna.invite(&space, &marc, "reader").expect(201);
        let replies = crowd(2, 2, |job| match job {
            0 => (job, unless_busy(|| at(&marc, servers, 0).answer(&invited, "accept"))),
            _ => (job, unless_busy(|| cancel(&at(&anna, servers, 1), &space, &invited))),
        });
        let done: Vec<_> = replies.iter().filter(|(_, reply)| reply.status == 200).collect();
        let too_late = replies.iter().find(|(_, reply)| reply.status != 200).expect("one that is too late");
        assert_eq!(done.len(), 1);
        let code = if done[0].0 == 0 { "invitation_used" } else { "invitation_cancelled" };
        too_late.1.expect_problem(410, code);
        assert_eq!(marc.get(&space).status == 200, done[0].0 == 0);
        let ended = ["invitation_accepted", "invitation_cancelled"].map(|act| times(&anna, &space, act));
        assert_eq!(ended, if done[0].0 == 0 { [1, 0] } else { [0, 1] });
    }
}

fn of_an_acceptance_and_a_refusal_at_once_one_takes_effect(servers: &[Actor]) {
    for _ in 0..races() {
        let ((anna, space), marc) = (host(servers), founder(servers, &["eid"]));
        let invited = anna.invite(&space, &marc, "reader").expect(201);
        let replies =
            crowd(2, 2, |job| unless_busy(|| at(&marc, servers, job).answer(&invited, ["accept", "refuse"][job])));
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        let is_in = replies.iter().any(|reply| reply.json["spaceId"].is_string());
        assert_eq!(marc.get(&space).status == 200, is_in);
        let ended = ["invitation_accepted", "invitation_refused"].map(|act| times(&anna, &space, act));
        assert_eq!(ended, if is_in { [1, 0] } else { [0, 1] });
    }
}

fn of_16_invitations_of_a_product_at_once_one_is_kept(servers: &[Actor]) {
    let ((anna, space), marc) = (host(servers), founder(servers, &["eid"]));
    let replies = crowd(16, 16, |job| unless_busy(|| at(&anna, servers, job).invite(&space, &marc, "reader")));
    let (kept, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!(kept.len(), 1);
    for refusal in refused {
        assert_eq!(refusal.expect_problem(409, "invitation_pending")["invitation"], kept[0].json["id"]);
    }
    assert_eq!(times(&anna, &space, "invitation_sent"), 1);
}

fn with_two_products_at_once_a_person_comes_in_once(servers: &[Actor]) {
    let ((anna, space), by_first) = (host(servers), founder(servers, &["luxtrust_professional", "eid"]));
    by_first.register_product(1).expect(200);
    let mut by_second = by_first.clone();
    by_second.log_in(1).expect(200);
    let first = anna.invite(&space, &by_first, "reader").expect(201);
    let mut wish = invitation(&by_first, "manager");
    wish["subjectSerialNumber"] = json!(by_first.products[1].serial);
    let second = anna.post(&format!("{space}/invitations"), &wish).expect(201);
    let replies = crowd(2, 2, |job| match job {
        0 => unless_busy(|| at(&by_first, servers, 0).answer(&first, "accept")),
        _ => unless_busy(|| at(&by_second, servers, 1).answer(&second, "accept")),
    });
    let (done, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(done.len(), 1);
    refused[0].expect_problem(409, "already_member");
    assert_eq!(memberships(&anna, &space), "2");
}

fn an_acceptance_makes_nobody_able_by_a_product_that_is_withdrawn_at_once(servers: &[Actor]) {
    for _ in 0..races() {
        let ((anna, space), marc) = (host(servers), founder(servers, &["luxtrust_professional"]));
        let mut wish = invitation(&marc, "administrator");
        wish["accessScope"] = json!("this_product");
        let invited = anna.post(&format!("{space}/invitations"), &wish).expect(201);
        let product = format!("/v1/me/authentication-products/{}", text(&marc.current_product()["id"]));
        let replies = crowd(2, 2, |job| match job {
            0 => (job, unless_busy(|| at(&marc, servers, 0).answer(&invited, "accept"))),
            _ => (job, unless_busy(|| at(&marc, servers, 1).send("DELETE", &product, &[], vec![]))),
        });
        for (job, reply) in replies {
            // Either may come first; a withdrawal ends the session.
            let statuses: &[u16] = if job == 0 { &[200, 401, 404] } else { &[204] };
            assert!(statuses.contains(&reply.status), "{}", reply.text);
        }
        anna.post(&format!("{space}/leave"), &json!({})).expect_problem(409, "last_administrator");
    }
}

fn who_is_removed_while_he_is_invited_anew_is_in_or_out(servers: &[Actor]) {
    for _ in 0..races() {
        let ((anna, space), marc) = (host(servers), founder(servers, &["eid"]));
        let member = anna.admit(&space, &marc, "reader");
        let replies = crowd(2, 2, |job| match job {
            0 => (job, unless_busy(|| at(&anna, servers, 0).send("DELETE", &member, &[("if-match", "*")], vec![]))),
            _ => (job, unless_busy(|| at(&anna, servers, 1).invite(&space, &marc, "reader"))),
        });
        marc.get(&space).expect_problem(404, "not_found");
        for (job, reply) in replies {
            match (job, reply.status) {
                (0, status) => assert_eq!(status, 204),
                (_, 201) => drop(cancel(&anna, &space, &reply.json).expect(200)),
                _ => drop(reply.expect_problem(409, "already_member")),
            }
        }
    }
}
