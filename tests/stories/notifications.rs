//! Which notices a person is mailed: what he turned off is not sent, and what concerns himself is.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, World, crowd, invitation, text, wait_until};

crate::on_both_databases!(
    every_notice_is_wanted_until_it_is_turned_off,
    edits_at_once_follow_one_another,
    what_no_preference_is_called_is_refused_by_name,
    a_departure_is_told_to_those_who_want_to_know,
    a_join_request_is_told_to_those_who_want_to_know,
    an_answer_is_told_to_an_inviter_who_wants_to_know,
    what_concerns_oneself_is_mailed_whatever_is_turned_off,
);

const MINE: &str = "/v1/me/notification-preferences";
const ALL_OFF: [(&str, bool); 4] =
    [("invitationAnswers", false), ("joinRequests", false), ("memberDepartures", false), ("procedures", false)];

fn patch(actor: &Actor, body: &str) -> Reply {
    actor.send("PATCH", MINE, &[("content-type", "application/merge-patch+json")], body.as_bytes().to_vec())
}

fn turn(actor: &Actor, wishes: &[(&str, bool)]) -> Value {
    let body: Value = wishes.iter().map(|(field, is_wanted)| ((*field).to_owned(), json!(is_wanted))).collect();
    patch(actor, &body.to_string()).expect(200)
}

/// What is wanted of these three kinds, with all others.
fn preferences(answers: bool, requests: bool, departures: bool) -> Value {
    json!({ "invitationAnswers": answers, "joinRequests": requests, "memberDepartures": departures, "procedures": true })
}

/// How many mails with this subject went to a person.
fn mails(actor: &Actor, subject: &str) -> usize {
    actor.mails_to(&actor.email()).iter().filter(|(known, _)| known == subject).count()
}

fn newest_event(actor: &Actor) -> Value {
    actor.get("/v1/me/audit-events?limit=1").expect(200)["data"][0].clone()
}

/// Anna and Bert, who administer a space of hers, and its path.
fn two_administrators(world: &World) -> (Actor, Actor, String) {
    let (anna, bert) = (world.founder(), world.person());
    let space = anna.open_space("Boulangerie").header("location");
    anna.admit(&space, &bert, "administrator");
    (anna, bert, space)
}

fn leave(world: &World, administrator: &Actor, space: &str) {
    let carl = world.person();
    administrator.admit(space, &carl, "reader");
    carl.post(&format!("{space}/leave"), &json!({})).expect(200);
}

fn every_notice_is_wanted_until_it_is_turned_off(world: &World) {
    let (anna, bert) = (world.person(), world.person());
    assert_eq!(anna.get(MINE).expect(200), preferences(true, true, true));
    let before = newest_event(&anna);
    assert_eq!(patch(&anna, "{}").expect(200), preferences(true, true, true));
    assert_eq!(turn(&anna, &[("joinRequests", true)]), preferences(true, true, true));
    assert_eq!(newest_event(&anna), before, "an edit that changes nothing leaves no entry");

    assert_eq!(turn(&anna, &[("memberDepartures", false)]), preferences(true, true, false));
    assert_eq!(turn(&anna, &[("joinRequests", false)]), preferences(true, false, false), "what is absent stays");
    let both = turn(&anna, &[("invitationAnswers", false), ("memberDepartures", true)]);
    assert_eq!(both, preferences(false, false, true));
    assert_eq!(anna.get(MINE).expect(200), both);
    let event = newest_event(&anna);
    assert_eq!(event["act"], "notification_preferences_edited");
    assert_eq!(event["changed"], json!(["invitationAnswers", "memberDepartures"]));
    assert_eq!(event["object"], event["actor"]["person"]);
    assert_eq!(bert.get(MINE).expect(200), preferences(true, true, true), "they are each person's own");
}

fn edits_at_once_follow_one_another(world: &World) {
    let anna = world.person();
    let edits = crowd(24, 8, |job| turn(&anna, &[("joinRequests", job % 2 == 0), ("memberDepartures", job % 3 == 0)]));
    assert_eq!(edits.len(), 24);
    let mine = anna.get(MINE).expect(200);
    assert!(edits.contains(&mine), "{mine}");
    let changes = anna.get("/v1/me/audit-events?act=notification_preferences_edited&limit=100").expect(200);
    let changes = changes["data"].as_array().expect("events").iter().map(|event| &event["changed"]);
    let of_requests =
        changes.filter(|changed| changed.as_array().is_some_and(|fields| fields.contains(&json!("joinRequests"))));
    // Each that is recorded found what the one before had left.
    assert_eq!(of_requests.count() % 2 == 1, mine["joinRequests"] == false);
}

fn what_no_preference_is_called_is_refused_by_name(world: &World) {
    let mut anna = world.person();
    turn(&anna, &[("joinRequests", false)]);
    for (body, pointer) in [
        (r#"{"joinRequests": true, "purges": false}"#, "/purges"),
        (r#"{"join_requests": true}"#, "/join_requests"),
        (r#"{"joinRequests": null}"#, "/joinRequests"),
        (r#"{"joinRequests": "yes"}"#, "/joinRequests"),
        (r#"{"memberDepartures": false, "joinRequests": 1}"#, "/joinRequests"),
    ] {
        let problem = patch(&anna, body).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(anna.get(MINE).expect(200), preferences(true, false, true));
    anna.log_in_at(0, "low").expect(200);
    anna.get(MINE).expect(200);
    patch(&anna, r#"{"purges": false}"#).expect_problem(401, "insufficient_user_authentication");
    world.anonymous().get(MINE).expect_problem(401, "token_invalid");
}

fn a_departure_is_told_to_those_who_want_to_know(world: &World) {
    const SUBJECT: &str = "A member left a space";
    let (anna, bert, space) = two_administrators(world);
    turn(&anna, &[("memberDepartures", false)]);
    let told = || {
        leave(world, &anna, &space);
        (mails(&anna, SUBJECT), mails(&bert, SUBJECT))
    };
    assert_eq!(told(), (0, 1));
    turn(&anna, &[("memberDepartures", true)]);
    turn(&bert, &ALL_OFF);
    assert_eq!(told(), (1, 1));
    turn(&bert, &[("memberDepartures", true)]);
    assert_eq!(told(), (2, 2));
}

fn a_join_request_is_told_to_those_who_want_to_know(world: &World) {
    const SUBJECT: &str = "A request to join a space";
    let (anna, bert, space) = two_administrators(world);
    let identifier = text(&anna.get(&space).expect(200)["identifier"]);
    let ask = || {
        world.founder().post("/v1/join-requests", &json!({ "spaceIdentifier": identifier })).expect(201);
    };
    ask();
    // It holds for the mail, which is later than the request.
    turn(&anna, &[("joinRequests", false)]);
    world.wait(TimeDelta::minutes(2));
    wait_until("a mail to Bert", || mails(&bert, SUBJECT) == 1);
    turn(&anna, &[("joinRequests", true)]);
    ask();
    world.wait(TimeDelta::minutes(2));
    wait_until("a mail to both", || (mails(&anna, SUBJECT), mails(&bert, SUBJECT)) == (1, 2));
}

fn an_answer_is_told_to_an_inviter_who_wants_to_know(world: &World) {
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    let told_of = |answer: &str| {
        let bert = world.founder();
        let invited = anna.invite(&space, &bert, "reader").expect(201);
        bert.answer(&invited, answer).expect(200);
        mails(&anna, "Your invitation was accepted") + mails(&anna, "Your invitation was refused")
    };
    turn(&anna, &[("invitationAnswers", false)]);
    assert_eq!((told_of("accept"), told_of("refuse")), (0, 0));
    turn(&anna, &[("invitationAnswers", true), ("memberDepartures", false), ("joinRequests", false)]);
    assert_eq!((told_of("accept"), told_of("refuse")), (1, 2));
}

fn what_concerns_oneself_is_mailed_whatever_is_turned_off(world: &World) {
    let (anna, bert, space) = two_administrators(world);
    turn(&anna, &ALL_OFF);
    turn(&bert, &ALL_OFF);
    let carl = world.founder();
    let mut mistyped = invitation(&carl, "reader");
    mistyped["familyName"] = json!("Somebody-Else");
    let invited = anna.post(&format!("{space}/invitations"), &mistyped).expect(201);
    carl.answer(&invited, "accept").expect_problem(409, "invitation_name_mismatch");
    let list = anna.get(&format!("{space}/members")).expect(200);
    let member = format!("{space}/members/{}", text(&list["data"][1]["id"]));
    anna.patch(&member, "*", &json!({ "role": "reader" })).expect(200);
    anna.post(&format!("{member}/suspend"), &json!({})).expect(200);
    anna.post(&format!("{member}/resume"), &json!({})).expect(200);
    anna.send("DELETE", &member, &[("if-match", "*")], vec![]).expect(204);
    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    let subjects = |actor: &Actor| -> Vec<String> {
        actor.mails_to(&actor.email()).into_iter().map(|(subject, _)| subject).collect()
    };
    assert_eq!(subjects(&anna)[..2], ["A space was closed", "Your invitation reached another person"]);
    assert_eq!(
        subjects(&bert)[..4],
        [
            "You are no longer a member of a space",
            "Your access to a space was resumed",
            "Your access to a space was suspended",
            "Your role in a space was changed",
        ]
    );
}
