//! What comes to invitations by the clock: a reminder before they expire, and in the end they are forgotten.

use std::{thread::sleep, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, Database, World, invitation, text, wait_until};

crate::on_both_databases!(who_has_not_answered_is_reminded_once, an_invitation_is_forgotten_half_a_year_after_its_end);

const REMINDER: &str = "Votre invitation expire bientôt";
/// Longer than the worker rests when nobody rings.
const A_ROUND: Duration = Duration::from_millis(2500);

fn host(world: &World) -> (Actor, String) {
    let owner = world.founder();
    let space = owner.open_space("Boulangerie").header("location");
    (owner, space)
}

fn reminders(anna: &Actor, invitee: &Actor) -> Vec<String> {
    let mails = anna.mails_to(&invitee.email()).into_iter();
    mails.filter(|(subject, _)| subject == REMINDER).map(|(_, text)| text).collect()
}

fn invite_for(owner: &Actor, space: &str, invitee: &Actor, days: u32) -> Value {
    let mut wish = invitation(invitee, "reader");
    wish["validDays"] = json!(days);
    owner.post(&format!("{space}/invitations"), &wish).expect(201)
}

fn who_has_not_answered_is_reminded_once(world: &World) {
    let (mut anna, space) = host(world);
    let [mut late, done, gone, brief] = [(); 4].map(|()| world.founder());
    let invited = anna.invite(&space, &late, "reader").expect(201);
    let accepted = anna.invite(&space, &done, "reader").expect(201);
    done.answer(&accepted, "accept").expect(200);
    let cancelled = text(&anna.invite(&space, &gone, "reader").expect(201)["id"]);
    anna.post(&format!("{space}/invitations/{cancelled}/cancel"), &json!({})).expect(200);
    invite_for(&anna, &space, &brief, 6);
    world.wait(TimeDelta::days(17));
    sleep(A_ROUND);
    assert_eq!(reminders(&anna, &late).len(), 0);
    world.wait(TimeDelta::days(1));
    wait_until("a reminder", || reminders(&anna, &late).len() == 1);
    let expires_at: chrono::DateTime<chrono::Utc> = text(&invited["expiresAt"]).parse().expect("a moment");
    let until = expires_at.format("%d.%m.%Y %H:%M UTC").to_string();
    let told = reminders(&anna, &late).remove(0);
    assert!(told.contains(&until) && told.contains(&text(&invited["maskedSerial"])), "{told}");
    world.wait(TimeDelta::hours(2));
    sleep(A_ROUND);
    let others = [&late, &done, &gone, &brief].map(|invitee| reminders(&anna, invitee).len());
    assert_eq!(others, [1, 0, 0, 0]);
    // Once it is renewed, the time begins anew.
    anna.log_in(0).expect(200);
    anna.post(&format!("{space}/invitations/{}/resend", text(&invited["id"])), &json!({})).expect(200);
    world.wait(TimeDelta::days(18));
    wait_until("another reminder", || reminders(&anna, &late).len() == 2);
    late.log_in(0).expect(200);
    late.answer(&invited, "accept").expect(200);
}

#[test]
fn an_invitation_that_is_void_reminds_nobody() {
    let world = World::start(Database::Sqlite);
    let ((anna, space), agent) = (host(&world), world.agent());
    let invitee = world.person();
    anna.invite(&space, &invitee, "reader").expect(201);
    let suspend = format!("/v1/helpdesk/spaces/{}/suspend", space.rsplit('/').next().expect("an id"));
    agent.post(&suspend, &json!({ "reason": "A letter" })).expect(200);
    let (other, elsewhere) = host(&world);
    let witness = world.person();
    other.invite(&elsewhere, &witness, "reader").expect(201);
    world.wait(TimeDelta::days(18));
    wait_until("another's reminder", || reminders(&other, &witness).len() == 1);
    assert_eq!(reminders(&anna, &invitee).len(), 0);
}

fn an_invitation_is_forgotten_half_a_year_after_its_end(world: &World) {
    let ((mut anna, space), marc) = (host(world), world.founder());
    let expired = invite_for(&anna, &space, &world.person(), 1);
    let accepted = invite_for(&anna, &space, &marc, 1);
    let member = marc.answer(&accepted, "accept").expect(200);
    let path = |invitation: &Value| format!("{space}/invitations/{}", text(&invitation["id"]));
    world.wait(TimeDelta::days(180));
    sleep(A_ROUND);
    anna.log_in(0).expect(200);
    anna.get(&path(&expired)).expect(200);
    anna.get(&path(&accepted)).expect(200);
    world.wait(TimeDelta::days(2));
    anna.log_in(0).expect(200);
    wait_until("a purge", || [&expired, &accepted].iter().all(|invitation| anna.get(&path(invitation)).status == 404));
    anna.get(&format!("{space}/members/{}", text(&member["id"]))).expect(200);
}
