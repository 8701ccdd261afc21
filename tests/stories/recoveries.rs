//! Recoveries: two agents and a week appoint an administrator where none can act, unless one of the named stops it.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, World, text, wait_until};

crate::on_both_databases!(
    another_agent_confirms_after_a_week_and_somebody_is_appointed,
    a_member_who_is_appointed_becomes_able,
    each_of_the_named_sees_it_and_can_stop_it,
    a_recovery_names_all_who_are_able_then_and_now,
    no_agent_decides_a_case_of_his_own,
    whatever_became_of_the_named_meanwhile_ends_with_the_recovery,
    a_recovery_can_be_withdrawn_and_waits_for_a_closed_space,
    a_purge_withdraws_what_is_open,
);

/// A space with two administrators, who have lost what they log in with, and two agents.
struct Scene {
    anna: Actor,
    bert: Actor,
    agents: [Actor; 2],
    space: String,
    members: Vec<String>,
}

fn id(path: &str) -> String {
    path.rsplit('/').next().expect("an id").to_owned()
}

fn product(of: &Actor) -> String {
    text(&of.current_product()["id"])
}

fn mails(actor: &Actor, subject: &str) -> Vec<String> {
    let mails = actor.get(&format!("/sandbox/mails?to={}", actor.email())).expect(200);
    let mails = mails["data"].as_array().expect("mails").iter().filter(|mail| mail["subject"] == subject);
    mails.map(|mail| text(&mail["text"])).collect()
}

fn stop(actor: &Actor, recovery: &str) -> Reply {
    actor.post(&format!("/v1/me/recoveries/{}/stop", id(recovery)), &json!({}))
}

impl Scene {
    fn in_world(world: &World) -> Self {
        let (anna, bert) = (world.founder(), world.person());
        let space = anna.open_space("Boulangerie").header("location");
        let of_bert = id(&anna.admit(&space, &bert, "administrator"));
        let of_anna = text(&anna.get(&format!("{space}/members")).expect(200)["data"][0]["id"]);
        Self { anna, bert, agents: [world.agent(), world.agent()], space, members: vec![of_anna, of_bert] }
    }

    fn open_as(&self, agent: &Actor, appointee: &str, unable: &[String]) -> Reply {
        let wish = json!({
            "spaceId": id(&self.space), "productId": appointee, "unable": unable, "reason": "A certificate of death",
        });
        agent.post("/v1/helpdesk/recoveries", &wish)
    }

    /// Opens one that names both, and gives its path.
    fn open(&self, appointee: &Actor) -> String {
        let opened = self.open_as(&self.agents[0], &product(appointee), &self.members);
        opened.expect(201);
        opened.header("location")
    }

    fn act(&self, agent: usize, recovery: &str, act: &str) -> Reply {
        self.agents[agent].post(&format!("{recovery}/{act}"), &json!({ "reason": "A second look" }))
    }

    fn wait_a_week(&mut self, world: &World) {
        world.wait(TimeDelta::days(7));
        let [one, other] = &mut self.agents;
        for person in [&mut self.anna, &mut self.bert, one, other] {
            person.log_in(0).expect(200);
        }
    }
}

fn another_agent_confirms_after_a_week_and_somebody_is_appointed(world: &World) {
    let mut scene = Scene::in_world(world);
    let (reader, mut carl) = (world.person(), world.person());
    scene.anna.admit(&scene.space, &reader, "reader");
    let recovery = scene.open(&carl);
    let opened = scene.agents[1].get(&recovery).expect(200);
    assert_eq!((&opened["status"], &opened["unable"]), (&json!("open"), &json!(scene.members)));
    for (person, subject) in [
        (&scene.anna, "Your access as administrator is to end"),
        (&scene.bert, "Your access as administrator is to end"),
        (&reader, "An administrator is to be appointed for a space"),
    ] {
        assert_eq!(mails(person, subject).len(), 1, "{subject}");
    }
    let again = scene.open_as(&scene.agents[1], &product(&carl), &scene.members);
    assert_eq!(again.expect_problem(409, "recovery_open")["recovery"], opened["id"]);
    scene.act(0, &recovery, "confirm").expect_problem(409, "recovery_same_agent");
    let early = scene.act(1, &recovery, "confirm").expect_problem(409, "recovery_too_early");
    assert_eq!(early["confirmableAt"], opened["confirmableAt"]);

    scene.wait_a_week(world);
    carl.log_in(0).expect(200);
    let confirmed = scene.act(1, &recovery, "confirm").expect(200);
    assert_eq!(confirmed["status"], "confirmed");
    for out in [&scene.anna, &scene.bert] {
        out.get(&scene.space).expect_problem(404, "not_found");
        stop(out, &recovery).expect_problem(409, "recovery_decided");
    }
    assert_eq!(carl.get(&scene.space).expect(200)["role"], "administrator");
    let log = carl.get(&format!("{}/audit-events", scene.space)).expect(200)["data"].clone();
    let events: Vec<_> = log.as_array().expect("events").iter().take(5).collect();
    let acts: Vec<String> = events.iter().map(|event| text(&event["act"])).collect();
    assert_eq!(acts, ["member_appointed", "member_removed", "member_removed", "recovery_confirmed", "recovery_opened"]);
    assert!(events[..4].iter().all(|event| event["reason"]["text"] == "A second look"), "{events:?}");
    for told in [&scene.anna, &scene.bert, &reader, &carl] {
        assert_eq!(mails(told, "An administrator was appointed for a space").len(), 1);
    }
    scene.act(1, &recovery, "confirm").expect_problem(409, "recovery_decided");
    let list =
        |status: &str| scene.agents[0].get(&format!("/v1/helpdesk/recoveries{status}")).expect(200)["data"].clone();
    assert_eq!((list("?status=confirmed"), list("?status=open")), (json!([confirmed]), json!([])));
}

fn a_member_who_is_appointed_becomes_able(world: &World) {
    let mut scene = Scene::in_world(world);
    let mut carl = world.person();
    let member = scene.anna.admit(&scene.space, &carl, "reader");
    let narrow = json!({ "accessScope": "this_product", "endsAt": "2028-01-01T00:00:00Z" });
    scene.anna.patch(&member, "*", &narrow).expect(200);
    scene.anna.post(&format!("{member}/suspend"), &json!({})).expect(200);
    let recovery = scene.open(&carl);
    scene.wait_a_week(world);
    carl.log_in(0).expect(200);
    scene.act(1, &recovery, "confirm").expect(200);
    let seen = carl.get(&member).expect(200);
    assert_eq!(
        (&seen["role"], &seen["accessScope"], &seen["endsAt"], &seen["status"]),
        (&json!("administrator"), &json!("all_products"), &Value::Null, &json!("active"))
    );
    let left = carl.get(&format!("{}/members", scene.space)).expect(200);
    assert_eq!(left["data"].as_array().map(Vec::len), Some(1));
}

fn each_of_the_named_sees_it_and_can_stop_it(world: &World) {
    let mut scene = Scene::in_world(world);
    let (reader, mut carl) = (world.person(), world.person());
    scene.anna.admit(&scene.space, &reader, "reader");
    let recovery = scene.open(&carl);
    let listed = |actor: &Actor| actor.get("/v1/me/recoveries").expect(200)["data"].clone();
    let seen = listed(&scene.bert)[0].clone();
    assert_eq!((&seen["id"], &seen["status"]), (&json!(id(&recovery)), &json!("open")));
    assert_eq!(seen["familyName"], carl.get("/v1/me").expect(200)["familyName"]);
    for other in [&reader, &carl, &scene.agents[0]] {
        assert_eq!(listed(other), json!([]));
        stop(other, &recovery).expect_problem(404, "not_found");
    }
    assert_eq!(stop(&scene.bert, &recovery).expect(200)["status"], "stopped");
    stop(&scene.anna, &recovery).expect_problem(409, "recovery_stopped");
    for told in [&scene.anna, &scene.bert, &reader] {
        assert_eq!(mails(told, "No administrator will be appointed").len(), 1);
    }
    scene.wait_a_week(world);
    scene.act(1, &recovery, "confirm").expect_problem(409, "recovery_stopped");
    scene.act(0, &recovery, "withdraw").expect_problem(409, "recovery_stopped");
    let log = scene.anna.get(&format!("{}/audit-events", scene.space)).expect(200);
    assert_eq!(
        (&log["data"][0]["act"], &log["data"][0]["actor"]["kind"]),
        (&json!("recovery_stopped"), &json!("person"))
    );
    carl.log_in(0).expect(200);
    scene.open(&carl);
}

fn a_recovery_names_all_who_are_able_then_and_now(world: &World) {
    let mut scene = Scene::in_world(world);
    let mut carl = world.person();
    let agent = &scene.agents[0];
    let (all, stranger) = (&scene.members, "019d6c3e-8c00-7000-8000-000000000000".to_owned());
    for unable in [&all[..1], &[], &[all[0].clone(), all[1].clone(), stranger.clone()]] {
        let problem = scene.open_as(agent, &product(&carl), unable).expect_problem(409, "recovery_incomplete");
        assert_eq!(problem["able"], json!(all));
    }
    scene.open_as(agent, &product(&scene.anna), all).expect_problem(409, "recovery_incomplete");
    scene.open_as(agent, &stranger, all).expect_problem(404, "not_found");
    let recovery = scene.open(&carl);
    let dora = world.person();
    scene.anna.admit(&scene.space, &dora, "administrator");
    scene.wait_a_week(world);
    scene.act(1, &recovery, "confirm").expect_problem(409, "recovery_incomplete");
    scene.anna.get(&scene.space).expect(200);
    carl.log_in(0).expect(200);
    carl.get(&scene.space).expect_problem(404, "not_found");

    // Whoever is to be appointed must be able by it.
    let mut other = Scene::in_world(world);
    let recovery = other.open(&carl);
    carl.send("DELETE", &format!("/v1/me/authentication-products/{}", product(&carl)), &[], vec![]).expect(204);
    other.wait_a_week(world);
    other.act(1, &recovery, "confirm").expect_problem(409, "last_administrator");
    other.anna.get(&other.space).expect(200);
}

fn no_agent_decides_a_case_of_his_own(world: &World) {
    let mut scene = Scene::in_world(world);
    let carl = world.person();
    let insider = world.agent();
    scene.anna.admit(&scene.space, &insider, "reader");
    scene.open_as(&insider, &product(&carl), &scene.members).expect_problem(409, "own_case");
    scene.open_as(&insider, &product(&insider), &scene.members).expect_problem(409, "own_case");
    // Nor does it help to leave.
    insider.post(&format!("{}/leave", scene.space), &json!({})).expect(200);
    scene.open_as(&insider, &product(&carl), &scene.members).expect_problem(409, "own_case");
    let recovery = scene.open(&scene.agents[1]);
    scene.wait_a_week(world);
    scene.act(1, &recovery, "confirm").expect_problem(409, "own_case");
    scene.act(1, &recovery, "withdraw").expect_problem(409, "own_case");
    let private = text(&carl_with_private_space(world)["id"]);
    let wish = json!({ "spaceId": private, "productId": product(&world.person()), "unable": [], "reason": "A letter" });
    scene.agents[0].post("/v1/helpdesk/recoveries", &wish).expect_problem(404, "not_found");
}

fn carl_with_private_space(world: &World) -> Value {
    world.founder().open_private_space().expect(201)
}

fn a_recovery_can_be_withdrawn_and_waits_for_a_closed_space(world: &World) {
    let mut scene = Scene::in_world(world);
    let carl = world.person();
    let first = scene.open(&carl);
    assert_eq!(scene.act(0, &first, "withdraw").expect(200)["status"], "withdrawn");
    scene.act(1, &first, "confirm").expect_problem(409, "recovery_decided");
    let second = scene.open(&carl);
    scene.anna.post(&format!("{}/close", scene.space), &json!({})).expect(200);
    scene.wait_a_week(world);
    scene.act(1, &second, "confirm").expect_problem(409, "space_closed");
    scene.anna.post(&format!("{}/restore", scene.space), &json!({})).expect(200);
    scene.act(1, &second, "confirm").expect(200);
}

fn whatever_became_of_the_named_meanwhile_ends_with_the_recovery(world: &World) {
    let mut scene = Scene::in_world(world);
    let mut carl = world.person();
    let recovery = scene.open(&carl);
    let of_bert = format!("{}/members/{}", scene.space, scene.members[1]);
    scene.anna.patch(&of_bert, "*", &json!({ "role": "reader" })).expect(200);
    let suspend = format!("/v1/helpdesk/spaces/{}/suspend", id(&scene.space));
    scene.agents[0].post(&suspend, &json!({ "reason": "A letter" })).expect(200);
    scene.wait_a_week(world);
    scene.act(1, &recovery, "confirm").expect(200);
    carl.log_in(0).expect(200);
    assert_eq!(carl.get(&scene.space).expect(200)["role"], "administrator");
    for out in [&scene.anna, &scene.bert] {
        out.get(&scene.space).expect_problem(404, "not_found");
    }

    // A new membership is none that was named.
    let mut scene = Scene::in_world(world);
    let recovery = scene.open(&carl);
    let of_bert = format!("{}/members/{}", scene.space, scene.members[1]);
    scene.anna.send("DELETE", &of_bert, &[("if-match", "*")], vec![]).expect(204);
    scene.anna.admit(&scene.space, &scene.bert, "administrator");
    scene.wait_a_week(world);
    scene.act(1, &recovery, "confirm").expect_problem(409, "recovery_incomplete");
    scene.bert.get(&scene.space).expect(200);
    // Who was named can stop it still.
    assert_eq!(stop(&scene.bert, &recovery).expect(200)["status"], "stopped");

    // One who is suspended is told all the same what became of it.
    let mut scene = Scene::in_world(world);
    carl.log_in(0).expect(200);
    let recovery = scene.open(&carl);
    let suspend = format!("{}/members/{}/suspend", scene.space, scene.members[1]);
    scene.anna.post(&suspend, &json!({})).expect(200);
    scene.wait_a_week(world);
    scene.act(1, &recovery, "confirm").expect(200);
    wait_until("a mail", || mails(&scene.bert, "An administrator was appointed for a space").len() == 1);
}

fn a_purge_withdraws_what_is_open(world: &World) {
    let mut scene = Scene::in_world(world);
    let (mut bert, carl) = (world.founder(), world.person());
    let identifier = scene.anna.get(&scene.space).expect(200)["identifier"].clone();
    let asked = bert.post("/v1/join-requests", &json!({ "spaceIdentifier": identifier }));
    asked.expect(201);
    let recovery = scene.open(&carl);
    scene.anna.post(&format!("{}/close", scene.space), &json!({})).expect(200);
    let count = |which: &str| world.scratch().sql(&format!("SELECT count(*) FROM {which}"));
    world.wait(TimeDelta::days(22));
    wait_until("a reminder", || count("spaces WHERE purge_reminded_at IS NOT NULL") == "1");
    let open = ["recoveries WHERE status = 'open'", "join_requests WHERE space_id IS NOT NULL"];
    assert_eq!(open.map(count), ["1", "1"]);
    world.wait(TimeDelta::days(2));
    scene.wait_a_week(world);
    wait_until("a purge", || count("spaces WHERE state = 'purged'") == "1");
    let seen = scene.agents[1].get(&recovery).expect(200);
    assert_eq!((&seen["status"], seen["endedAt"].is_string()), (&json!("withdrawn"), true));
    scene.act(1, &recovery, "confirm").expect_problem(409, "recovery_decided");
    stop(&scene.bert, &recovery).expect_problem(409, "recovery_decided");
    assert_eq!(scene.anna.get("/v1/me/recoveries").expect(200)["data"][0]["status"], "withdrawn");
    bert.log_in(0).expect(200);
    assert_eq!(bert.get(&asked.header("location")).expect(200)["status"], "ended");
    assert_eq!(open.map(count), ["0", "0"]);
}
