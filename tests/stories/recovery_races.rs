//! A recovery is stopped, confirmed and overtaken at once: it takes place once or not at all, whichever server is asked.

use serde_json::json;

use crate::support::{Actor, Reply, crowd, races, text, unless_busy};

crate::however_served!(
    what_is_stopped_is_not_confirmed,
    of_many_who_confirm_one_does,
    a_confirmation_ends_no_space_that_somebody_else_can_administer,
);

/// A space of Anna's, and an open recovery by which Carl is to be appointed in her place.
struct Case {
    anna: Actor,
    carl: Actor,
    space: String,
    recovery: String,
}

impl Case {
    fn at(server: &Actor) -> Self {
        let (anna, carl) = (Actor::newcomer(server, &["eid"]), Actor::newcomer(server, &["eid"]));
        anna.accept_terms();
        let space = anna.open_space("Boulangerie").header("location");
        let member = text(&anna.get(&format!("{space}/members")).expect(200)["data"][0]["id"]);
        let id = space.rsplit('/').next().expect("an id");
        let recovery = anna.recovery(id, &member, &text(&carl.current_product()["id"]));
        Self { anna, carl, space, recovery }
    }

    fn confirm(&self, agent: &Actor) -> Reply {
        agent.post(&format!("/v1/helpdesk/recoveries/{}/confirm", self.recovery), &json!({ "reason": "A letter" }))
    }

    /// Whether Carl administers the space in Anna's place; what that did was recorded once, or not at all.
    fn is_done(&self) -> bool {
        let is_done = self.carl.get(&self.space).status == 200;
        let (in_it, out) = if is_done { (&self.carl, &self.anna) } else { (&self.anna, &self.carl) };
        assert_eq!(in_it.get(&self.space).expect(200)["role"], "administrator");
        out.get(&self.space).expect_problem(404, "not_found");
        let log = in_it.get(&format!("{}/audit-events?limit=100", self.space)).expect(200);
        for act in ["recovery_confirmed", "member_removed", "member_appointed"] {
            let done = log["data"].as_array().expect("events").iter().filter(|event| event["act"] == act);
            assert_eq!(done.count(), usize::from(is_done), "{act}");
        }
        is_done
    }
}

/// Both at the same moment, in their order.
fn at_once(part: impl Fn(usize) -> Reply + Sync) -> [Reply; 2] {
    let mut replies = crowd(2, 2, |job| (job, unless_busy(|| part(job))));
    replies.sort_by_key(|(job, _)| *job);
    <[(usize, Reply); 2]>::try_from(replies).expect("two answers").map(|(_, reply)| reply)
}

fn what_is_stopped_is_not_confirmed(servers: &[Actor]) {
    let (last, agent) = (&servers[servers.len() - 1], Actor::agent(&servers[0]));
    for _ in 0..races() {
        let case = Case::at(&servers[0]);
        let [stopped, confirmed] = at_once(|job| match job {
            0 => case.anna.at(last).post(&format!("/v1/me/recoveries/{}/stop", case.recovery), &json!({})),
            _ => case.confirm(&agent),
        });
        if case.is_done() {
            confirmed.expect(200);
            stopped.expect_problem(409, "recovery_decided");
        } else {
            stopped.expect(200);
            confirmed.expect_problem(409, "recovery_stopped");
        }
    }
}

fn of_many_who_confirm_one_does(servers: &[Actor]) {
    let agents = [(); 4].map(|()| Actor::agent(&servers[0]));
    for _ in 0..races() {
        let case = Case::at(&servers[0]);
        let confirm = |job: usize| unless_busy(|| case.confirm(&agents[job].at(&servers[job % servers.len()])));
        let (done, late): (Vec<_>, Vec<_>) = crowd(4, 4, confirm).into_iter().partition(|reply| reply.status == 200);
        assert_eq!(done.len(), 1);
        for reply in late {
            reply.expect_problem(409, "recovery_decided");
        }
        assert!(case.is_done());
    }
}

/// Dora is let in as an administrator while the recovery, which does not name her, is confirmed.
fn a_confirmation_ends_no_space_that_somebody_else_can_administer(servers: &[Actor]) {
    let (last, agent) = (&servers[servers.len() - 1], Actor::agent(&servers[0]));
    for _ in 0..races() {
        let case = Case::at(&servers[0]);
        let dora = Actor::newcomer(&servers[0], &["eid"]).at(last);
        dora.accept_terms();
        let invited = case.anna.invite(&case.space, &dora, "administrator").expect(201);
        let [accepted, confirmed] = at_once(|job| match job {
            0 => dora.answer(&invited, "accept"),
            _ => case.confirm(&agent),
        });
        if case.is_done() {
            confirmed.expect(200);
            // Who invited her answers for nobody any more.
            accepted.expect_problem(410, "invitation_void");
        } else {
            accepted.expect(200);
            confirmed.expect_problem(409, "recovery_incomplete");
        }
    }
}
