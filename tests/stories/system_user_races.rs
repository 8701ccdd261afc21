//! Software at several servers at once: an assertion serves once in all, and what is ended opens nothing anywhere.

use serde_json::json;

use crate::support::{Actor, Key, crowd, unless_busy};

crate::however_served!(
    of_many_uses_of_an_assertion_one_succeeds,
    whoever_got_a_token_while_it_was_ended_opens_nothing,
    of_thirty_approvals_at_once_twenty_are_kept,
);

fn founder(server: &Actor) -> (Actor, String) {
    let anna = Actor::newcomer(server, &["eid"]);
    anna.accept_terms();
    let space = anna.open_space("Boulangerie").header("location");
    (anna, space)
}

fn of_many_uses_of_an_assertion_one_succeeds(servers: &[Actor]) {
    let (anna, space) = founder(&servers[0]);
    let payroll = anna.approve(&space, &["read"], Key::strange());
    for _ in 0..5 {
        let assertion = payroll.assertion().sign(&payroll.key);
        let replies = crowd(12, 6, |job| {
            let server = &servers[job % servers.len()];
            unless_busy(|| server.exchange_client_assertion(&assertion, None))
        });
        let (good, others): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!(good.len(), 1);
        for reply in others {
            reply.expect_unknown_client();
        }
    }
}

fn whoever_got_a_token_while_it_was_ended_opens_nothing(servers: &[Actor]) {
    let (anna, space) = founder(&servers[0]);
    let last = &servers[servers.len() - 1];
    for _ in 0..10 {
        let payroll = anna.approve(&space, &["read"], Key::strange());
        let replies = crowd(5, 5, |job| {
            if job == 2 {
                return (job, unless_busy(|| anna.send("DELETE", &payroll.path, &[("if-match", "*")], vec![])));
            }
            let assertion = payroll.assertion().sign(&payroll.key);
            (job, unless_busy(|| last.exchange_client_assertion(&assertion, None)))
        });
        for (job, reply) in replies {
            match reply.status {
                204 => assert_eq!(job, 2),
                200 => {
                    for server in servers {
                        server.with_token(&reply).get(&space).expect_problem(401, "token_invalid");
                    }
                }
                _ => reply.expect_unknown_client(),
            }
        }
    }
}

fn of_thirty_approvals_at_once_twenty_are_kept(servers: &[Actor]) {
    let (anna, space) = founder(&servers[0]);
    let key = Key::strange();
    let wish = anna.software(&space, &["read"], &json!({ "keys": [key.public("k")] }));
    let replies = crowd(30, 10, |job| {
        let anna = anna.at(&servers[job % servers.len()]);
        unless_busy(|| anna.post(&format!("{space}/system-users"), &wish))
    });
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 20);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.expect_problem(409, "system_user_limit_reached");
    }
}
