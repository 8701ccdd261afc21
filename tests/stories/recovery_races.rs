//! A recovery is stopped and confirmed at once: never both, whichever server is asked.

use serde_json::json;

use crate::support::{Actor, Reply, crowd, text, unless_busy};

crate::however_served!(what_is_stopped_is_not_confirmed);

const ROUNDS: usize = 10;

fn what_is_stopped_is_not_confirmed(servers: &[Actor]) {
    let last = &servers[servers.len() - 1];
    let (agent, anna) = (Actor::agent(&servers[0]), Actor::newcomer(&servers[0], &["eid"]));
    anna.accept_terms();
    for _ in 0..ROUNDS {
        let carl = Actor::newcomer(&servers[0], &["eid"]);
        let space = anna.open_space("Boulangerie").header("location");
        let member = text(&anna.get(&format!("{space}/members")).expect(200)["data"][0]["id"]);
        let id = space.rsplit('/').next().expect("an id");
        let recovery = anna.recovery(id, &member, &text(&carl.current_product()["id"]));
        let stop = || anna.at(last).post(&format!("/v1/me/recoveries/{recovery}/stop"), &json!({}));
        let confirm =
            || agent.post(&format!("/v1/helpdesk/recoveries/{recovery}/confirm"), &json!({ "reason": "A letter" }));
        let mut replies = crowd(2, 2, |job| (job, unless_busy(|| if job == 0 { stop() } else { confirm() })));
        replies.sort_by_key(|(job, _)| *job);
        let [stopped, confirmed] = <[(usize, Reply); 2]>::try_from(replies).expect("two").map(|(_, reply)| reply);
        let (in_it, out) = if stopped.status == 200 {
            confirmed.expect_problem(409, "recovery_stopped");
            (&anna, &carl)
        } else {
            stopped.expect_problem(409, "recovery_decided");
            confirmed.expect(200);
            (&carl, &anna)
        };
        assert_eq!(in_it.get(&space).expect(200)["role"], "administrator");
        out.get(&space).expect_problem(404, "not_found");
    }
}
