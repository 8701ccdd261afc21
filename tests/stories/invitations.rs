//! Invitations, as the help page tells it: a product is named, a mail goes out, and whoever logs in with the product
//! accepts or refuses.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, World, invitation, text, wait_until};

crate::on_both_databases!(
    who_is_invited_logs_in_accepts_and_acts_in_his_role,
    only_the_product_that_is_named_answers,
    who_refuses_stays_out_and_the_inviter_is_told,
    what_is_cancelled_is_over_until_he_is_invited_anew,
    an_acceptance_is_answered_again_while_the_membership_lives,
    an_expired_invitation_is_renewed_or_gives_way,
    an_invitation_is_void_without_its_inviter_and_taken_over_by_another,
    who_has_another_name_stays_out_and_the_inviter_is_told_once,
    one_invitation_of_a_product_is_pending_and_a_member_needs_none,
    a_mail_rests_ten_minutes_and_goes_out_five_times_a_day,
    a_scope_and_an_end_date_are_kept,
    texts_of_others_stay_texts,
    a_suspended_or_closed_space_lets_nobody_in,
);

/// Somebody of the sandbox whom nobody knows, with products of these kinds.
fn test_person(world: &World, kinds: &[&str]) -> Actor {
    let mut person = world.anonymous();
    person.become_test_person(&json!({ "products": kinds, "helpdesk": false }));
    person
}

/// An owner with a space, and its path.
fn host(world: &World) -> (Actor, String) {
    let owner = world.founder();
    let space = owner.open_space("Boulangerie").header("location");
    (owner, space)
}

fn log_of(owner: &Actor, space: &str) -> Vec<String> {
    let log = owner.get(&format!("{space}/audit-events?limit=100")).expect(200);
    let events = log["data"].as_array().expect("events").iter();
    let mut acts: Vec<String> = events.map(|event| text(&event["act"])).collect();
    acts.reverse();
    acts
}

/// The mails to an address with this subject.
fn mails(actor: &Actor, address: &str, subject: &str) -> Vec<String> {
    let mails = actor.mails_to(address).into_iter();
    mails.filter(|(of, _)| of == subject).map(|(_, text)| text).collect()
}

fn act(owner: &Actor, space: &str, invitation: &Value, action: &str) -> Reply {
    owner.post(&format!("{space}/invitations/{}/{action}", text(&invitation["id"])), &json!({}))
}

fn status_of(owner: &Actor, space: &str, invitation: &Value) -> String {
    text(&owner.get(&format!("{space}/invitations/{}", text(&invitation["id"]))).expect(200)["status"])
}

fn who_is_invited_logs_in_accepts_and_acts_in_his_role(world: &World) {
    let (anna, space) = host(world);
    let mut marc = test_person(world, &["luxtrust_professional"]);
    let serial = marc.products[0].serial.clone();
    let masked = format!("{}{}", "*".repeat(16), &serial[16..]);
    let reply = anna.invite(&space, &marc, "manager");
    let invited = reply.expect(201);
    let address = reply.header("location");
    assert_eq!(address, format!("{space}/invitations/{}", text(&invited["id"])));
    assert_eq!((&invited["status"], &invited["maskedSerial"]), (&json!("pending"), &json!(masked)));
    assert_eq!(invited["invitedBy"], json!({ "givenName": anna.given_name, "familyName": anna.family_name }));
    assert!(!reply.text.contains(&serial));
    assert_eq!(anna.get(&address).expect(200), invited);

    let subject = "Invitation à rejoindre un espace professionnel";
    wait_until("an invitation", || mails(&anna, &marc.email(), subject).len() == 1);
    let told = mails(&anna, &marc.email(), subject).remove(0);
    let identifier = text(&anna.get(&space).expect(200)["identifier"]);
    for named in [&identifier, "Boulangerie", &anna.given_name, &anna.family_name, "gestionnaire", &masked] {
        assert!(told.contains(named), "{named} is not in {told}");
    }
    for secret in [serial.as_str(), &text(&invited["id"]), "http"] {
        assert!(!told.contains(secret), "{secret} is in {told}");
    }

    marc.register_product(0).expect(200);
    marc.log_in_at(0, "low").expect(200);
    let received = marc.get("/v1/me/invitations").expect(200)["data"].clone();
    assert_eq!(received.as_array().map(Vec::len), Some(1));
    assert_eq!((&received[0]["id"], &received[0]["acceptableNow"]), (&invited["id"], &json!(true)));
    assert_eq!((&received[0]["space"]["title"], &received[0]["role"]), (&json!("Boulangerie"), &json!("manager")));
    assert_eq!(marc.get(&format!("/v1/me/invitations/{}", text(&invited["id"]))).expect(200), received[0]);
    marc.get(&space).expect_problem(404, "not_found");
    marc.answer(&invited, "accept").expect_problem(409, "terms_not_accepted");
    marc.accept_terms();
    let accepted = marc.answer(&invited, "accept");
    let member = accepted.expect(200);
    assert_eq!(
        (&member["role"], &member["status"], &member["isMe"]),
        (&json!("manager"), &json!("active"), &json!(true))
    );
    assert!(accepted.header("etag").starts_with("\"1-"));
    assert_eq!(format!("/v1/spaces/{}", text(&member["spaceId"])), space);

    marc.log_in(0).expect(200);
    marc.get(&space).expect(200);
    assert_eq!(marc.get("/v1/me/landing").expect(200)["page"], "space_home");
    marc.patch(&space, "*", &json!({ "title": "Café" })).expect_problem(403, "administrator_required");
    assert_eq!(marc.get("/v1/me/invitations").expect(200)["data"], json!([]));
    let ended = anna.get(&address).expect(200);
    assert_eq!((&ended["status"], &ended["memberId"]), (&json!("accepted"), &member["id"]));
    assert_eq!(anna.get(&format!("{space}/members")).expect(200)["data"][1]["id"], member["id"]);
    wait_until("a mail", || mails(&anna, &anna.email(), "Your invitation was accepted").len() == 1);
    assert_eq!(log_of(&anna, &space), ["space_opened", "invitation_sent", "invitation_accepted"]);
}

fn only_the_product_that_is_named_answers(world: &World) {
    let (anna, space) = host(world);
    let mut marc = test_person(world, &["luxtrust_professional", "eid"]);
    for product in [0, 1] {
        marc.register_product(product).expect(200);
    }
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    marc.log_in(1).expect(200);
    marc.accept_terms();
    let received = marc.get("/v1/me/invitations").expect(200)["data"][0].clone();
    assert_eq!((&received["id"], &received["acceptableNow"]), (&invited["id"], &json!(false)));
    for answer in ["accept", "refuse"] {
        let problem = marc.answer(&invited, answer).expect_problem(403, "invitation_for_other_product");
        assert_eq!(problem["maskedSerial"], invited["maskedSerial"]);
    }
    let stranger = world.founder();
    let unknown = json!({ "id": "019d6c3e-8c00-7000-8000-000000000000" });
    for answer in ["accept", "refuse"] {
        let [theirs, nobodys] = [&invited, &unknown].map(|invitation| stranger.answer(invitation, answer));
        theirs.expect_problem(404, "not_found");
        assert_eq!(theirs.json["detail"], nobodys.json["detail"]);
        assert_eq!(
            theirs.json.as_object().map(serde_json::Map::len),
            nobodys.json.as_object().map(serde_json::Map::len)
        );
    }
    assert_eq!(stranger.get("/v1/me/invitations").expect(200)["data"], json!([]));
    // An invitation belongs to its space alone.
    let elsewhere = anna.open_space("Café").header("location");
    for action in ["resend", "cancel"] {
        act(&anna, &elsewhere, &invited, action).expect_problem(404, "not_found");
    }
    assert_eq!(log_of(&anna, &space), ["space_opened", "invitation_sent"]);
    marc.log_in(0).expect(200);
    marc.answer(&invited, "accept").expect(200);
    // With all his products, once he is in.
    marc.log_in(1).expect(200);
    marc.get(&space).expect(200);
}

fn who_refuses_stays_out_and_the_inviter_is_told(world: &World) {
    let ((anna, space), marc) = (host(world), world.person());
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    assert_eq!(marc.answer(&invited, "refuse").expect(200)["status"], "refused");
    for answer in ["refuse", "accept"] {
        marc.answer(&invited, answer).expect_problem(410, "invitation_refused");
    }
    for action in ["resend", "cancel"] {
        act(&anna, &space, &invited, action).expect_problem(410, "invitation_refused");
    }
    marc.get(&space).expect_problem(404, "not_found");
    wait_until("a mail", || mails(&anna, &anna.email(), "Your invitation was refused").len() == 1);
    assert_eq!(log_of(&anna, &space), ["space_opened", "invitation_sent", "invitation_refused"]);
}

fn what_is_cancelled_is_over_until_he_is_invited_anew(world: &World) {
    let ((anna, space), marc) = (host(world), world.founder());
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    let cancelled = act(&anna, &space, &invited, "cancel").expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert!(cancelled["endedAt"].is_string());
    for answer in ["refuse", "accept"] {
        marc.answer(&invited, answer).expect_problem(410, "invitation_cancelled");
    }
    act(&anna, &space, &invited, "cancel").expect_problem(410, "invitation_cancelled");
    wait_until("a mail", || mails(&anna, &marc.email(), "Invitation annulée").len() == 1);
    assert_eq!(log_of(&anna, &space), ["space_opened", "invitation_sent", "invitation_cancelled"]);
    let anew = anna.invite(&space, &marc, "contributor").expect(201);
    marc.answer(&invited, "accept").expect_problem(410, "invitation_cancelled");
    assert_eq!(marc.answer(&anew, "accept").expect(200)["role"], "contributor");
    for (filter, count) in [("cancelled", 1), ("accepted", 1), ("pending", 0), ("expired", 0), ("void", 0)] {
        let list = anna.get(&format!("{space}/invitations?status={filter}")).expect(200);
        assert_eq!(list["data"].as_array().map(Vec::len), Some(count), "{filter}");
    }
    let first = anna.get(&format!("{space}/invitations?limit=1")).expect(200);
    assert_eq!(first["data"][0]["id"], anew["id"]);
    let next = text(&first["page"]["next"]);
    let second = anna.get(&format!("{space}/invitations?limit=1&cursor={next}")).expect(200);
    assert_eq!((&second["data"][0]["id"], &second["page"]["hasMore"]), (&invited["id"], &json!(false)));
}

fn an_acceptance_is_answered_again_while_the_membership_lives(world: &World) {
    let ((anna, space), marc) = (host(world), world.founder());
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    let first = marc.answer(&invited, "accept").expect(200);
    let member = format!("{space}/members/{}", text(&first["id"]));
    assert_eq!(marc.answer(&invited, "accept").expect(200), first);
    anna.patch(&member, "*", &json!({ "role": "manager" })).expect(200);
    let again = marc.answer(&invited, "accept").expect(200);
    assert_eq!((&again["id"], &again["role"]), (&first["id"], &json!("manager")));
    marc.answer(&invited, "refuse").expect_problem(410, "invitation_used");
    anna.send("DELETE", &member, &[("if-match", "*")], vec![]).expect(204);
    marc.answer(&invited, "accept").expect_problem(410, "invitation_used");
    let acts = ["space_opened", "invitation_sent", "invitation_accepted", "member_edited", "member_removed"];
    assert_eq!(log_of(&anna, &space), acts);
    // Who was removed comes back by another invitation alone.
    let anew = anna.invite(&space, &marc, "reader").expect(201);
    assert_ne!(marc.answer(&anew, "accept").expect(200)["id"], first["id"]);
}

fn an_expired_invitation_is_renewed_or_gives_way(world: &World) {
    let ((mut anna, space), mut marc, mut bert) = (host(world), world.founder(), world.founder());
    let [of_marc, of_bert] = [&marc, &bert].map(|invitee| anna.invite(&space, invitee, "reader").expect(201));
    world.wait(TimeDelta::days(21));
    for actor in [&mut anna, &mut marc, &mut bert] {
        actor.log_in(0).expect(200);
    }
    marc.answer(&of_marc, "accept").expect_problem(410, "invitation_expired");
    marc.answer(&of_marc, "refuse").expect_problem(410, "invitation_expired");
    assert_eq!(status_of(&anna, &space, &of_marc), "expired");
    assert_eq!(marc.get("/v1/me/invitations").expect(200)["data"][0]["status"], "expired");
    let renewed = act(&anna, &space, &of_marc, "resend").expect(200);
    assert_eq!((&renewed["id"], &renewed["status"]), (&of_marc["id"], &json!("pending")));
    marc.answer(&of_marc, "accept").expect(200);
    let anew = anna.invite(&space, &bert, "reader").expect(201);
    assert_eq!(status_of(&anna, &space, &of_bert), "cancelled");
    bert.answer(&of_bert, "accept").expect_problem(410, "invitation_cancelled");
    bert.answer(&anew, "accept").expect(200);
    let acts = log_of(&anna, &space);
    assert_eq!(
        acts[3..],
        ["invitation_resent", "invitation_accepted", "invitation_cancelled", "invitation_sent", "invitation_accepted"]
    );
}

fn an_invitation_is_void_without_its_inviter_and_taken_over_by_another(world: &World) {
    let ((anna, space), bert, marc) = (host(world), world.founder(), world.founder());
    let of_anna = text(&anna.get(&format!("{space}/members")).expect(200)["data"][0]["id"]);
    anna.admit(&space, &bert, "administrator");
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    bert.patch(&format!("{space}/members/{of_anna}"), "*", &json!({ "role": "manager" })).expect(200);
    marc.answer(&invited, "accept").expect_problem(410, "invitation_void");
    assert_eq!(status_of(&bert, &space, &invited), "void");
    let void = bert.get(&format!("{space}/invitations?status=void")).expect(200);
    assert_eq!(void["data"][0]["id"], invited["id"]);
    assert_eq!(bert.get(&format!("{space}/invitations?status=pending")).expect(200)["data"], json!([]));
    assert_eq!(marc.get("/v1/me/invitations").expect(200)["data"][0]["acceptableNow"], false);
    world.wait(TimeDelta::minutes(10));
    let taken_over = act(&bert, &space, &invited, "resend").expect(200);
    assert_eq!(
        (&taken_over["status"], &taken_over["invitedBy"]["familyName"]),
        (&json!("pending"), &json!(bert.family_name))
    );
    marc.answer(&invited, "accept").expect(200);
    wait_until("a mail", || mails(&bert, &bert.email(), "Your invitation was accepted").len() == 1);
}

fn who_has_another_name_stays_out_and_the_inviter_is_told_once(world: &World) {
    let ((anna, space), marc) = (host(world), world.founder());
    let mut wish = invitation(&marc, "administrator");
    wish["familyName"] = json!("Nobody Else");
    let invited = anna.post(&format!("{space}/invitations"), &wish).expect(201);
    let told = || mails(&anna, &anna.email(), "Your invitation reached another person");
    for _ in 0..3 {
        marc.answer(&invited, "accept").expect_problem(409, "invitation_name_mismatch");
    }
    wait_until("a mail", || told().len() == 1);
    assert!(!told()[0].contains(&marc.family_name), "{}", told()[0]);
    world.wait(TimeDelta::minutes(10));
    act(&anna, &space, &invited, "resend").expect(200);
    marc.answer(&invited, "accept").expect_problem(409, "invitation_name_mismatch");
    wait_until("another mail", || told().len() == 2);
    assert_eq!(log_of(&anna, &space), ["space_opened", "invitation_sent", "invitation_resent"]);
    marc.get(&space).expect_problem(404, "not_found");
    // Neither case nor accents are heeded.
    act(&anna, &space, &invited, "cancel").expect(200);
    wish["familyName"] = json!(marc.family_name.to_uppercase().replace('E', "É"));
    let anew = anna.post(&format!("{space}/invitations"), &wish).expect(201);
    marc.answer(&anew, "accept").expect(200);
}

fn one_invitation_of_a_product_is_pending_and_a_member_needs_none(world: &World) {
    let ((anna, space), mut marc) = (host(world), test_person(world, &["luxtrust_professional", "eid"]));
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    let problem = anna.invite(&space, &marc, "manager").expect_problem(409, "invitation_pending");
    assert_eq!(problem["invitation"], invited["id"]);
    // A registered product is answered as one that nobody knows.
    let known = world.person();
    let [of_known, of_unknown] =
        [&known, &test_person(world, &["eid"])].map(|invitee| anna.invite(&space, invitee, "reader"));
    let fields = |reply: &Reply| reply.expect(201).as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&of_known), fields(&of_unknown));
    for product in [0, 1] {
        marc.register_product(product).expect(200);
    }
    marc.log_in(0).expect(200);
    marc.accept_terms();
    let mut by_other = invitation(&marc, "reader");
    by_other["subjectSerialNumber"] = json!(marc.products[1].serial);
    let twin = anna.post(&format!("{space}/invitations"), &by_other).expect(201);
    marc.answer(&invited, "accept").expect(200);
    marc.log_in(1).expect(200);
    marc.answer(&twin, "accept").expect_problem(409, "already_member");
    act(&anna, &space, &twin, "cancel").expect(200);
    anna.post(&format!("{space}/invitations"), &by_other).expect_problem(409, "already_member");
    anna.invite(&space, &anna, "reader").expect_problem(409, "already_member");
}

fn a_mail_rests_ten_minutes_and_goes_out_five_times_a_day(world: &World) {
    let (mut anna, space) = host(world);
    let invited = anna.invite(&space, &test_person(world, &["eid"]), "reader").expect(201);
    for _ in 0..4 {
        act(&anna, &space, &invited, "resend").expect_problem(409, "invitation_resend_too_soon");
        world.wait(TimeDelta::minutes(10));
        anna.refresh().expect(200);
        act(&anna, &space, &invited, "resend").expect(200);
    }
    world.wait(TimeDelta::minutes(10));
    anna.refresh().expect(200);
    let problem = act(&anna, &space, &invited, "resend").expect_problem(409, "invitation_resend_too_soon");
    let until: chrono::DateTime<chrono::Utc> = text(&problem["until"]).parse().expect("a moment");
    let made: chrono::DateTime<chrono::Utc> = text(&invited["createdAt"]).parse().expect("a moment");
    assert_eq!(until, made + TimeDelta::days(1));
    world.wait(TimeDelta::days(1));
    anna.log_in(0).expect(200);
    act(&anna, &space, &invited, "resend").expect(200);
}

fn a_scope_and_an_end_date_are_kept(world: &World) {
    let ((anna, space), mut marc) = (host(world), test_person(world, &["luxtrust_professional", "eid"]));
    for product in [0, 1] {
        marc.register_product(product).expect(200);
    }
    let mut wish = invitation(&marc, "reader");
    wish["accessScope"] = json!("this_product");
    wish["membershipEndsAt"] = json!(world.now() + TimeDelta::hours(1));
    wish["validDays"] = json!(90);
    let path = format!("{space}/invitations");
    let past = json!(world.now());
    let mut late = wish.clone();
    late["membershipEndsAt"] = past;
    let problem = anna.post(&path, &late).expect_problem(400, "invalid_input");
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/membershipEndsAt"), &json!("not_in_future"))
    );
    for days in [0, 91] {
        let mut bad = wish.clone();
        bad["validDays"] = json!(days);
        assert_eq!(anna.post(&path, &bad).expect_problem(400, "invalid_input")["errors"][0]["code"], "out_of_range");
    }
    let invited = anna.post(&path, &wish).expect(201);
    // Nobody comes in whose membership would be over.
    assert_eq!(invited["expiresAt"], invited["membershipEndsAt"]);
    marc.log_in(0).expect(200);
    marc.accept_terms();
    let member = marc.answer(&invited, "accept").expect(200);
    assert_eq!((&member["accessScope"], &member["endsAt"]), (&json!("this_product"), &invited["membershipEndsAt"]));
    marc.get(&space).expect(200);
    marc.log_in(1).expect(200);
    marc.get(&space).expect_problem(404, "not_found");
    world.wait(TimeDelta::hours(1));
    marc.log_in(0).expect(200);
    marc.get(&space).expect_problem(404, "not_found");
    marc.answer(&invited, "accept").expect_problem(410, "invitation_used");
    let mut anna = anna;
    anna.log_in(0).expect(200);
    let anew = anna.invite(&space, &marc, "reader").expect(201);
    marc.answer(&anew, "accept").expect(200);
}

fn texts_of_others_stay_texts(world: &World) {
    let owner = world.founder();
    let title = "{{ inviter }} {% raw %} <b>";
    let space = owner.open_space(title).header("location");
    let invitee = test_person(world, &["eid"]);
    let mut wish = invitation(&invitee, "reader");
    wish["givenName"] = json!("{{ role }}");
    let sent = owner.post(&format!("{space}/invitations"), &wish).expect(201);
    assert_eq!(sent["givenName"], "{{ role }}");
    let subject = "Invitation à rejoindre un espace professionnel";
    wait_until("an invitation", || mails(&owner, &invitee.email(), subject).len() == 1);
    assert!(mails(&owner, &invitee.email(), subject)[0].contains(title));
    for (field, value, code) in [
        ("givenName", "Marc\r\nBcc: all@example.lu", "barred_character"),
        ("familyName", "Schmit\u{202e}", "barred_character"),
        ("email", "marc@example.lu\r\nBcc: all@example.lu", "barred_character"),
        ("email", "Marc <marc@example.lu>", "malformed"),
        ("subjectSerialNumber", "1000000000000000002x", "malformed"),
    ] {
        let mut bad = invitation(&test_person(world, &["eid"]), "reader");
        bad[field] = json!(value);
        let problem = owner.post(&format!("{space}/invitations"), &bad).expect_problem(400, "invalid_input");
        let fault = &problem["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!(format!("/{field}")), &json!(code)));
    }
}

fn a_suspended_or_closed_space_lets_nobody_in(world: &World) {
    let ((anna, space), marc, agent) = (host(world), world.founder(), world.agent());
    let invited = anna.invite(&space, &marc, "reader").expect(201);
    let id = space.rsplit('/').next().expect("an id");
    let turn =
        |action: &str| agent.post(&format!("/v1/helpdesk/spaces/{id}/{action}"), &json!({ "reason": "A letter" }));
    turn("suspend").expect(200);
    marc.answer(&invited, "accept").expect_problem(410, "invitation_void");
    anna.invite(&space, &world.person(), "reader").expect_problem(409, "space_suspended");
    for action in ["resend", "cancel"] {
        act(&anna, &space, &invited, action).expect_problem(409, "space_suspended");
    }
    assert_eq!(status_of(&anna, &space, &invited), "void");
    assert_eq!(anna.get(&format!("{space}/invitations?status=void")).expect(200)["data"][0]["id"], invited["id"]);
    turn("resume").expect(200);
    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    marc.answer(&invited, "accept").expect_problem(410, "invitation_void");
    anna.invite(&space, &world.person(), "reader").expect_problem(409, "space_closed");
    anna.get(&format!("{space}/invitations")).expect_problem(409, "space_closed");
    anna.post(&format!("{space}/restore"), &json!({})).expect(200);
    marc.answer(&invited, "accept").expect(200);
}
