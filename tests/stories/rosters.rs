//! Many decide at once who is in a space: somebody able always stays, whichever server is asked.

use serde_json::{Value, json};

use crate::support::{Actor, Reply, crowd, races, text, unless_busy};

crate::however_served!(
    of_two_administrators_who_remove_each_other_one_stays,
    of_two_administrators_who_demote_each_other_one_stays,
    of_two_administrators_who_leave_at_once_one_stays,
    of_one_who_removes_and_one_who_suspends_the_other_one_stays,
    of_one_who_leaves_and_one_who_withdraws_his_product_one_stays,
    a_promotion_and_a_withdrawal_at_once_leave_somebody_able,
    of_many_suspensions_and_resumptions_each_that_took_effect_is_recorded,
    what_is_asked_after_a_removal_was_answered_is_refused,
);

/// Two persons, each at one server, the last one's requests going to the last of them.
fn two_persons(servers: &[Actor]) -> [Actor; 2] {
    let (anna, bert) = (Actor::newcomer(&servers[0], &["eid"]), Actor::newcomer(&servers[0], &["eid"]));
    anna.accept_terms();
    [anna, bert.at(&servers[servers.len() - 1])]
}

/// The rounds of a race, each with two persons; others come before one reaches a limit of spaces or invitations.
fn rounds(servers: &[Actor]) -> impl Iterator<Item = (usize, [Actor; 2])> {
    let mut persons = two_persons(servers);
    (0..races()).map(move |round| {
        if round % 100 == 99 {
            persons = two_persons(servers);
        }
        (round, persons.clone())
    })
}

/// A space of the first person's that both administer, and their paths as members.
fn shared([anna, bert]: &[Actor; 2]) -> (String, [String; 2]) {
    let space = anna.open_space("Boulangerie").header("location");
    let of_anna = text(&anna.get(&format!("{space}/members")).expect(200)["data"][0]["id"]);
    let of_bert = anna.admit(&space, bert, "administrator");
    (space.clone(), [format!("{space}/members/{of_anna}"), of_bert])
}

/// Both do their part at the same moment; their answers, in their order.
fn at_once(persons: &[Actor; 2], part: impl Fn(usize, &Actor) -> Reply + Sync) -> [Reply; 2] {
    let mut replies = crowd(2, 2, |job| (job, unless_busy(|| part(job, &persons[job]))));
    replies.sort_by_key(|(job, _)| *job);
    let [first, second] = <[(usize, Reply); 2]>::try_from(replies).expect("two answers");
    [first.1, second.1]
}

fn remove(actor: &Actor, member: &str) -> Reply {
    actor.send("DELETE", member, &[("if-match", "*")], vec![])
}

/// Exactly one came first, and the other one was told so in one of these ways.
#[track_caller]
fn assert_one_of(replies: &[Reply; 2], refusals: &[(u16, &str)]) {
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status >= 300).collect();
    assert_eq!(refused.len(), 1, "{} {}", replies[0].text, replies[1].text);
    let code = refused[0].json["code"].as_str().unwrap_or_default();
    assert!(refusals.contains(&(refused[0].status, code)), "{}", refused[0].text);
}

/// Exactly one of the two, who is given, gets in as an administrator; each act that took effect was recorded, and nothing else.
#[track_caller]
fn assert_one_gets_in<'p>(persons: &'p [Actor; 2], space: &str, recorded: usize) -> &'p Actor {
    let logs = persons.each_ref().map(|person| person.get(&format!("{space}/audit-events")));
    let in_it: Vec<_> = persons.iter().zip(&logs).filter(|(_, log)| log.status == 200).collect();
    let [(one, log)] = in_it[..] else { panic!("{} {}", logs[0].text, logs[1].text) };
    let acts = log.json["data"].as_array().expect("events");
    let of_members = acts.iter().filter(|event| text(&event["act"]).starts_with("member_"));
    assert_eq!(of_members.count(), recorded, "{acts:?}");
    one
}

/// The same where the other one's membership does not give anything any more.
#[track_caller]
fn assert_one_administers(persons: &[Actor; 2], space: &str, recorded: usize) {
    let one = assert_one_gets_in(persons, space, recorded);
    let left = one.get(&format!("{space}/members?role=administrator&status=active")).expect(200);
    assert_eq!((left["data"].as_array().map(Vec::len), &left["data"][0]["isMe"]), (Some(1), &json!(true)));
}

fn of_two_administrators_who_remove_each_other_one_stays(servers: &[Actor]) {
    for (_, persons) in rounds(servers) {
        let (space, members) = shared(&persons);
        let replies = at_once(&persons, |job, person| remove(person, &members[1 - job]));
        assert_one_of(&replies, &[(404, "not_found")]);
        assert_one_administers(&persons, &space, 1);
    }
}

fn of_two_administrators_who_demote_each_other_one_stays(servers: &[Actor]) {
    for (_, persons) in rounds(servers) {
        let (space, members) = shared(&persons);
        let demotion = json!({ "role": "manager" });
        let replies = at_once(&persons, |job, person| person.patch(&members[1 - job], "*", &demotion));
        assert_one_of(&replies, &[(403, "administrator_required")]);
        assert_one_administers(&persons, &space, 1);
    }
}

fn of_two_administrators_who_leave_at_once_one_stays(servers: &[Actor]) {
    for (_, persons) in rounds(servers) {
        let (space, _) = shared(&persons);
        let replies = at_once(&persons, |_, person| person.post(&format!("{space}/leave"), &json!({})));
        assert_one_of(&replies, &[(409, "last_administrator")]);
        assert_one_administers(&persons, &space, 1);
    }
}

fn of_one_who_removes_and_one_who_suspends_the_other_one_stays(servers: &[Actor]) {
    for (round, persons) in rounds(servers) {
        let (space, members) = shared(&persons);
        let replies = at_once(&persons, |job, person| match (job + round) % 2 {
            0 => remove(person, &members[1 - job]),
            _ => person.post(&format!("{}/suspend", members[1 - job]), &json!({})),
        });
        assert_one_of(&replies, &[(404, "not_found")]);
        assert_one_administers(&persons, &space, 1);
    }
}

/// The path of the product that a session began with.
fn product(of: &Actor) -> String {
    format!("/v1/me/authentication-products/{}", text(&of.current_product()["id"]))
}

fn of_one_who_leaves_and_one_who_withdraws_his_product_one_stays(servers: &[Actor]) {
    for _ in 0..races() {
        let persons = two_persons(servers);
        let (space, _) = shared(&persons);
        let of_bert = product(&persons[1]);
        let replies = at_once(&persons, |job, person| match job {
            0 => person.post(&format!("{space}/leave"), &json!({})),
            _ => person.send("DELETE", &of_bert, &[], vec![]),
        });
        assert_one_of(&replies, &[(409, "last_administrator")]);
        assert_one_gets_in(&persons, &space, usize::from(replies[0].status == 200));
    }
}

/// Bert is made an administrator, and Anna leaves, while he withdraws his only product.
fn a_promotion_and_a_withdrawal_at_once_leave_somebody_able(servers: &[Actor]) {
    for _ in 0..races() {
        let persons = two_persons(servers);
        let (space, members) = shared(&persons);
        let role = |role: &str| persons[0].patch(&members[1], "*", &json!({ "role": role }));
        role("manager").expect(200);
        let of_bert = product(&persons[1]);
        let replies = at_once(&persons, |job, person| match job {
            0 => {
                unless_busy(|| role("administrator")).expect(200);
                person.post(&format!("{space}/leave"), &json!({}))
            }
            _ => person.send("DELETE", &of_bert, &[], vec![]),
        });
        // The withdrawal may find that it would have had to lock the space.
        let refusals = [(409, "last_administrator"), (409, "try_again")];
        assert_one_of(&replies, &refusals);
        assert_one_gets_in(&persons, &space, 2 + usize::from(replies[0].status == 200));
    }
}

fn of_many_suspensions_and_resumptions_each_that_took_effect_is_recorded(servers: &[Actor]) {
    let persons = two_persons(servers);
    let (space, members) = shared(&persons);
    let anna = servers.iter().map(|server| persons[0].at(server)).collect::<Vec<_>>();
    let replies = crowd(64, 16, |job| {
        let (act, too_late) = [("suspend", "member_suspended"), ("resume", "member_not_suspended")][job % 2];
        let reply = unless_busy(|| anna[job / 2 % anna.len()].post(&format!("{}/{act}", members[1]), &json!({})));
        if reply.status != 200 {
            reply.expect_problem(409, too_late);
        }
        reply.status
    });
    let turns = replies.iter().filter(|status| **status == 200).count();
    let log = anna[0].get(&format!("{space}/audit-events?limit=100")).expect(200);
    let mut acts: Vec<String> =
        log["data"].as_array().expect("events").iter().map(|event| text(&event["act"])).collect();
    acts.reverse();
    acts.retain(|act| act.starts_with("member_"));
    let expected: Vec<&str> = ["member_suspended", "member_resumed"].into_iter().cycle().take(turns).collect();
    assert_eq!(acts, expected);
    let member = anna[0].get(&members[1]).expect(200);
    let status = if turns % 2 == 0 { "active" } else { "suspended" };
    assert_eq!((&member["status"], &member["version"]), (&json!(status), &json!(turns + 1)));
}

fn what_is_asked_after_a_removal_was_answered_is_refused(servers: &[Actor]) {
    for (_, persons) in rounds(servers) {
        let bert = servers.iter().map(|server| persons[1].at(server)).collect::<Vec<_>>();
        let (space, members) = shared(&persons);
        // Whatever is cached of him, it is of use no more.
        crowd(8, 4, |job| bert[job % bert.len()].get(&space).expect(200));
        remove(&persons[0], &members[1]).expect(204);
        let edit: Value = json!({ "title": "Café" });
        let replies = crowd(8, 4, |job| {
            let bert = &bert[job % bert.len()];
            if job < 4 { bert.get(&space) } else { unless_busy(|| bert.patch(&space, "*", &edit)) }
        });
        for reply in replies {
            reply.expect_problem(404, "not_found");
        }
    }
}
