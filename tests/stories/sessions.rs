//! Sessions: kept alive by refreshing, ended by idleness, by age and by a refresh token used twice.

use std::{sync::Barrier, thread};

use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Database, Rival, World};

crate::on_both_databases!(
    a_refresh_token_is_rotated,
    a_spent_refresh_token_ends_the_session,
    of_twenty_parallel_uses_one_succeeds_and_the_session_ends,
    a_person_sees_and_ends_his_sessions,
    a_token_given_back_ends_its_session,
);

fn a_person_sees_and_ends_his_sessions(world: &World) {
    let anna = world.person();
    let mut elsewhere = anna.clone();
    elsewhere.log_in(0).expect(200);
    let sessions = anna.get("/v1/me/sessions").expect(200)["data"].as_array().expect("sessions").clone();
    let current: Vec<_> = sessions.iter().map(|session| session["isCurrent"] == true).collect();
    assert_eq!(current, [true, false]);
    assert_eq!(
        (&sessions[1]["productKind"], &sessions[1]["assurance"]),
        (&json!("luxtrust_professional"), &json!("substantial"))
    );

    let of_elsewhere = format!("/v1/me/sessions/{}", sessions[1]["id"].as_str().expect("an id"));
    world.person().send("DELETE", &of_elsewhere, &[], vec![]).expect_problem(404, "not_found");
    elsewhere.get("/v1/me/landing").expect(200);
    anna.send("DELETE", &of_elsewhere, &[], vec![]).expect(204);
    elsewhere.get("/v1/me/landing").expect_problem(401, "token_invalid");
    assert_eq!(elsewhere.refresh().expect_grant_refused(), UNKNOWN);
    anna.send("DELETE", &of_elsewhere, &[], vec![]).expect_problem(404, "not_found");
    assert_eq!(anna.get("/v1/me/sessions").expect(200)["data"].as_array().map(Vec::len), Some(1));

    let ended = &anna.get("/v1/me/audit-events").expect(200)["data"][0];
    assert_eq!((&ended["act"], &ended["object"]), (&json!("session_ended"), &sessions[1]["id"]));
}

fn a_token_given_back_ends_its_session(world: &World) {
    for by_refresh_token in [true, false] {
        let mut anna = world.person();
        let token = if by_refresh_token { anna.refresh_token.clone() } else { anna.token.clone() };
        let form = [("token", token.as_deref().expect("a token")), ("token_type_hint", "refresh_token")];
        // Given back twice, or never seen: it is good for nothing, which is what was asked for.
        for _ in 0..2 {
            world.anonymous().post_form("/v1/token/revoke", &form).expect(200);
        }
        anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
        assert_eq!(anna.refresh().expect_grant_refused(), UNKNOWN);
    }
    world.anonymous().post_form("/v1/token/revoke", &[("token", "nonsense")]).expect(200);
    let missing = world.anonymous().post_form("/v1/token/revoke", &[("other", "x")]);
    assert_eq!(missing.expect(400)["error"], "invalid_request");
}

const UNKNOWN: &str = "the refresh token is unknown or its session has ended";
const REUSED: &str = "the refresh token was used before; the session is ended";

fn a_refresh_token_is_rotated(world: &World) {
    let mut anna = world.person();
    let before = anna.clone();
    let reply = anna.refresh();
    let tokens = reply.expect(200);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(tokens["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_ne!(anna.token, before.token);
    assert_ne!(anna.refresh_token, before.refresh_token);
    for session in [&before, &anna] {
        session.get("/v1/me/landing").expect(200);
    }
    anna.refresh().expect(200);
    anna.get("/v1/me/landing").expect(200);
}

fn a_spent_refresh_token_ends_the_session(world: &World) {
    let mut anna = world.person();
    let mut elsewhere = anna.clone();
    elsewhere.log_in(0).expect(200);
    let spent = anna.refresh_token.clone().expect("a token");
    anna.refresh().expect(200);
    anna.get("/v1/me/landing").expect(200);

    assert_eq!(anna.refresh_with(&spent).expect_grant_refused(), REUSED);
    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    assert_eq!(anna.refresh().expect_grant_refused(), UNKNOWN);
    assert_eq!(anna.refresh_with(&spent).expect_grant_refused(), UNKNOWN);
    elsewhere.get("/v1/me/landing").expect(200);
    elsewhere.refresh().expect(200);
}

fn of_twenty_parallel_uses_one_succeeds_and_the_session_ends(world: &World) {
    let anna = world.person();
    let token = anna.refresh_token.clone().expect("a token");
    let ready = Barrier::new(20);
    let replies: Vec<_> = thread::scope(|scope| {
        let one = || {
            ready.wait();
            anna.refresh_with(&token)
        };
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let (given, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(given.len(), 1);
    let told: Vec<_> = refused.iter().map(|reply| reply.expect_grant_refused()).collect();
    assert_eq!(told.iter().filter(|told| *told == REUSED).count(), 1);
    assert_eq!(told.iter().filter(|told| *told == UNKNOWN).count(), 18);

    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    let mut winner = world.anonymous();
    winner.token = given[0].json["access_token"].as_str().map(str::to_owned);
    winner.get("/v1/me/landing").expect_problem(401, "token_invalid");
    winner.token = None;
    let newest = given[0].json["refresh_token"].as_str().expect("a token");
    assert_eq!(winner.refresh_with(newest).expect_grant_refused(), UNKNOWN);
}

#[test]
fn uses_of_a_refresh_token_that_meet_on_postgres_are_told_apart() {
    let world = World::start(Database::Postgres);
    let anna = world.person();
    let token = anna.refresh_token.clone().expect("a token");
    let rival = Rival::hold(&world, "UPDATE sessions SET lock_seq = lock_seq");
    let mut told: Vec<_> = thread::scope(|scope| {
        let one = || anna.refresh_with(&token).json["error_description"].as_str().unwrap_or_default().to_owned();
        let uses: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        rival.wait_for(4);
        rival.release();
        uses.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    told.sort();
    assert_eq!(told, ["", UNKNOWN, UNKNOWN, REUSED]);
}

#[test]
fn a_session_ends_after_thirty_idle_minutes() {
    let world = World::start(Database::Sqlite);
    let (mut anna, mut bert) = (world.person(), world.person());
    world.wait(TimeDelta::seconds(29 * 60 + 50));
    anna.refresh().expect(200);
    world.wait(TimeDelta::seconds(10));
    assert_eq!(bert.refresh().expect_grant_refused(), UNKNOWN);
    anna.get("/v1/me/landing").expect(200);
    anna.refresh().expect(200);
}

#[test]
fn a_session_ends_after_twelve_hours_however_often_it_is_refreshed() {
    let world = World::start(Database::Sqlite);
    let mut anna = world.person();
    for _ in 0..24 {
        world.wait(TimeDelta::minutes(29));
        assert_eq!(anna.refresh().expect(200)["expires_in"], 600);
    }
    world.wait(TimeDelta::minutes(12 * 60 - 24 * 29 - 5));
    let expires_in = anna.refresh().expect(200)["expires_in"].as_i64().expect("seconds");
    assert!((290..=300).contains(&expires_in), "{expires_in}");
    anna.get("/v1/me/landing").expect(200);
    world.wait(TimeDelta::minutes(4));
    let expires_in = anna.refresh().expect(200)["expires_in"].as_i64().expect("seconds");
    assert!((50..=60).contains(&expires_in), "{expires_in}");
    anna.get("/v1/me/landing").expect(200);
    world.wait(TimeDelta::minutes(1));
    anna.get("/v1/me/landing").expect_problem(401, "token_invalid");
    assert_eq!(anna.refresh().expect_grant_refused(), UNKNOWN);
}

#[test]
fn errors_of_the_token_endpoint_are_those_of_oauth() {
    const FORM: &str = "application/x-www-form-urlencoded";
    const EXCHANGE: &str = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange";
    const ID_TOKEN: &str = "subject_token_type=urn:ietf:params:oauth:token-type:id_token";
    const ACCESS_TOKEN: &str = "subject_token_type=urn:ietf:params:oauth:token-type:access_token";
    let world = World::start(Database::Sqlite);
    let anna = world.person();
    let (access, refresh) = (anna.token.clone().expect("a token"), anna.refresh_token.clone().expect("a token"));
    let (request, grant) = ("invalid_request", "invalid_grant");
    let cases = [
        (FORM, String::new(), request, "grant_type is missing"),
        (FORM, "grant_type=".into(), request, "grant_type is missing"),
        (FORM, "refresh_token=x".into(), request, "grant_type is missing"),
        (
            FORM,
            "grant_type=password".into(),
            "unsupported_grant_type",
            "the grants are token exchange, refresh_token and client_credentials",
        ),
        (
            FORM,
            "grant_type=Refresh_Token".into(),
            "unsupported_grant_type",
            "the grants are token exchange, refresh_token and client_credentials",
        ),
        (FORM, "grant_type=refresh_token".into(), request, "refresh_token is missing"),
        (FORM, "grant_type=refresh_token&refresh_token=".into(), request, "refresh_token is missing"),
        (
            FORM,
            "grant_type=refresh_token&refresh_token=x&refresh_token=x".into(),
            request,
            "a parameter is given more than once",
        ),
        (
            FORM,
            format!("grant_type=refresh_token&grant_type=refresh_token&refresh_token={refresh}"),
            request,
            "a parameter is given more than once",
        ),
        (FORM, "grant_type=refresh_token&refresh_token=unheard-of".into(), grant, UNKNOWN),
        (FORM, format!("grant_type=refresh_token&refresh_token={access}"), grant, UNKNOWN),
        (FORM, format!("grant_type=refresh_token&refresh_token=+{refresh}"), grant, UNKNOWN),
        (FORM, EXCHANGE.into(), request, "subject_token_type is missing"),
        (FORM, format!("{EXCHANGE}&{ID_TOKEN}"), request, "subject_token is missing"),
        (
            FORM,
            format!("{EXCHANGE}&{ACCESS_TOKEN}&subject_token={access}"),
            request,
            "subject_token_type must be that of an ID token",
        ),
        (FORM, format!("{EXCHANGE}&{ID_TOKEN}&subject_token={access}"), grant, "the assertion is not valid"),
        (
            FORM,
            format!("{EXCHANGE}&{ID_TOKEN}&subject_token=x&subject_token={access}"),
            request,
            "a parameter is given more than once",
        ),
        (
            "application/json",
            json!({ "grant_type": "refresh_token", "refresh_token": refresh }).to_string(),
            request,
            "the body must be application/x-www-form-urlencoded",
        ),
        (
            "",
            format!("grant_type=refresh_token&refresh_token={refresh}"),
            request,
            "the body must be application/x-www-form-urlencoded",
        ),
    ];
    for (content_type, body, error, description) in cases {
        let headers: Vec<_> =
            Some(("content-type", content_type)).filter(|_| !content_type.is_empty()).into_iter().collect();
        let reply = world.anonymous().send("POST", "/v1/token", &headers, body.clone().into_bytes());
        assert_eq!(reply.status, 400, "{body}: {}", reply.text);
        assert_eq!(reply.json, json!({ "error": error, "error_description": description }), "{body}");
        assert_eq!(
            (reply.header("content-type"), reply.header("cache-control")),
            ("application/json".into(), "no-store".into())
        );
    }
    anna.refresh_with(&refresh).expect(200);
}
