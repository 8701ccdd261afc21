//! Procedures in preparation: begun, prefilled, edited, checked, put into the bin and taken out again.

use std::thread;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Actor, PNG, Reply, World, text, wait_until};

crate::on_both_databases!(
    a_draft_is_prefilled_edited_and_checked,
    a_draft_goes_into_the_bin_and_out_in_time,
    what_stays_in_the_bin_is_deleted,
    drafts_go_with_their_space,
    a_procedure_is_begun_where_nothing_keeps_it_from_that,
    each_role_drafts_or_only_reads,
    a_draft_is_given_to_who_may_draft,
    edits_within_an_hour_are_one_step,
    of_edits_at_once_one_is_kept,
    what_is_filled_in_has_bounds,
);

const VAT: &str = "aed.vat-registration";

fn opened(world: &World) -> (Actor, String) {
    let founder = world.founder();
    let space = founder.open_space("Boulangerie").header("location");
    (founder, space)
}

/// The path of a new draft in a space.
fn draft(actor: &Actor, space: &str) -> String {
    format!("{space}/procedures/{}", text(&actor.begin_procedure(space, VAT)["id"]))
}

fn edit(actor: &Actor, path: &str, etag: &str, content: &Value) -> Reply {
    actor.patch(path, etag, &json!({ "content": content }))
}

fn bin(actor: &Actor, path: &str, etag: &str) -> Reply {
    actor.send("DELETE", path, &[("if-match", etag)], vec![])
}

fn restore(actor: &Actor, path: &str) -> Reply {
    actor.post(&format!("{path}/restore"), &json!({}))
}

fn count(actor: &Actor, list: &str) -> usize {
    actor.get(list).expect(200)["data"].as_array().expect("a list").len()
}

fn acts(actor: &Actor, path: &str) -> Vec<String> {
    let steps = actor.get(&format!("{path}/timeline")).expect(200);
    steps["data"].as_array().expect("steps").iter().map(|step| text(&step["act"])).collect()
}

fn a_draft_is_prefilled_edited_and_checked(world: &World) {
    let (founder, space) = opened(world);
    let profile = json!({
        "legalName": "Boulangerie S.à r.l.", "rcsNumber": "B123456",
        "registeredOffice": { "street": "Grand-Rue", "postalCode": "L-1661", "locality": "Luxembourg", "country": "LU" },
    });
    founder.put(&format!("{space}/company-profile"), "*", &profile).expect(200);
    let begun = founder.post(&format!("{space}/procedures"), &json!({ "type": VAT }));
    let draft = begun.expect(201);
    assert_eq!((&draft["state"], &draft["type"]["version"]), (&json!("in_preparation"), &json!(1)));
    assert_eq!(draft["content"]["legalName"], "Boulangerie S.à r.l.");
    assert_eq!(draft["content"]["registeredOffice"]["locality"], "Luxembourg");
    let of_name = json!({ "pointer": "/legalName", "source": "/companyProfile/legalName" });
    assert!(draft["prefilled"].as_array().expect("a list").contains(&of_name));
    let (path, first) = (begun.header("location"), begun.header("etag"));
    assert_eq!(founder.get(&path).expect(200), draft);

    let change = json!({ "legalName": "Café", "activityStartedOn": "2026-02-30", "rcsNumber": null, "other": true });
    let edited = edit(&founder, &path, &first, &change);
    let after = edited.expect(200);
    assert_eq!((&after["content"]["legalName"], after["content"].get("rcsNumber")), (&json!("Café"), None));
    let prefilled: Vec<_> = after["prefilled"].as_array().expect("a list").iter().map(|of| &of["pointer"]).collect();
    assert!(!prefilled.contains(&&json!("/legalName")) && prefilled.contains(&&json!("/registeredOffice/street")));
    edit(&founder, &path, &first, &json!({})).expect_problem(412, "version_changed");
    let blind = founder.send("PATCH", &path, &[("content-type", "application/json")], br#"{"content":{}}"#.to_vec());
    blind.expect_problem(428, "if_match_required");
    let same = edit(&founder, &path, &edited.header("etag"), &json!({ "legalName": "Café" }));
    assert_eq!((same.expect(200), same.header("etag")), (after, edited.header("etag")), "nothing was changed");

    let check = |language: &str| {
        let headers = [("accept-language", language), ("content-type", "application/json")];
        founder.send("POST", &format!("{path}/check"), &headers, b"{}".to_vec()).expect(200)
    };
    let (german, english) = (check("de"), check("en"));
    assert_eq!(german["isValid"], false);
    let told = |checked: &Value, pointer: &str| {
        let errors = checked["errors"].as_array().expect("errors").iter();
        errors.filter(|error| error["pointer"] == pointer).cloned().collect::<Vec<_>>()
    };
    let missing =
        json!({ "pointer": "/filingPeriod", "code": "required", "detail": "Ist erforderlich.", "parameters": {} });
    assert_eq!(told(&german, "/filingPeriod"), [missing]);
    assert_eq!(told(&english, "/activityStartedOn")[0]["code"], "format");
    assert_eq!(told(&english, "/other")[0]["detail"], "Is not part of the form.");
    assert_eq!(founder.get(&path).header("etag"), edited.header("etag"), "a check saves nothing");
    let rest = json!({
        "other": null, "activityStartedOn": "2026-12-01", "activityDescription": "Pain", "expectedTurnover": 90_000,
        "filingPeriod": "yearly", "contactName": "Anna", "contactEmail": "anna@example.lu",
    });
    edit(&founder, &path, &edited.header("etag"), &rest).expect(200);
    let missing = json!([{ "slot": "identity-document", "code": "missing" }]);
    assert_eq!(check("fr"), json!({ "isValid": false, "errors": [], "attachments": missing }));
    founder.attach(&path, "identity-document", "carte.png", PNG).expect(201);
    assert_eq!(check("fr"), json!({ "isValid": true, "errors": [], "attachments": [] }));
}

fn a_draft_goes_into_the_bin_and_out_in_time(world: &World) {
    let (mut founder, space) = opened(world);
    let (list, in_bin) = (format!("{space}/procedures"), format!("{space}/procedures?bin=true"));
    let path = draft(&founder, &space);
    let content = founder.get(&path).expect(200)["content"].clone();
    restore(&founder, &path).expect_problem(409, "procedure_not_binned");
    bin(&founder, &path, "\"7-x\"").expect_problem(412, "version_changed");
    bin(&founder, &path, "*").expect(204);
    bin(&founder, &path, "*").expect_problem(409, "procedure_binned");
    edit(&founder, &path, "*", &json!({ "legalName": "x" })).expect_problem(409, "procedure_binned");
    assert_eq!((count(&founder, &list), count(&founder, &in_bin)), (0, 1));
    world.wait(TimeDelta::days(13));
    founder.log_in(0).expect(200);
    let restored = restore(&founder, &path).expect(200);
    assert_eq!((&restored["content"], restored.get("binnedAt")), (&content, None));
    assert_eq!((count(&founder, &list), count(&founder, &in_bin)), (1, 0));
    assert_eq!(count(&founder, &format!("{list}?type={VAT}")), 1);
    assert_eq!(count(&founder, &format!("{list}?type=aed.other")), 0);
    assert_eq!(acts(&founder, &path), ["begun", "binned", "restored"]);
    let log = founder.get(&format!("{space}/audit-events")).expect(200);
    let audited: Vec<_> = log["data"].as_array().expect("a list").iter().map(|event| text(&event["act"])).collect();
    for act in ["procedure_begun", "procedure_binned", "procedure_restored"] {
        assert_eq!(audited.iter().filter(|known| *known == act).count(), 1, "{act}");
    }
}

fn what_stays_in_the_bin_is_deleted(world: &World) {
    let (mut founder, space) = opened(world);
    let path = draft(&founder, &space);
    bin(&founder, &path, "*").expect(204);
    world.wait(TimeDelta::days(14));
    founder.log_in(0).expect(200);
    founder.get(&path).expect_problem(404, "not_found");
    restore(&founder, &path).expect_problem(404, "not_found");
    wait_until("a purge", || left(world) == ["0", "0"]);
}

fn left(world: &World) -> [String; 2] {
    ["procedures", "procedure_steps"].map(|table| world.scratch().sql(&format!("SELECT COUNT(*) FROM {table}")))
}

fn drafts_go_with_their_space(world: &World) {
    let (founder, space) = opened(world);
    bin(&founder, &draft(&founder, &space), "*").expect(204);
    draft(&founder, &space);
    founder.post(&format!("{space}/close"), &json!({})).expect(200);
    world.wait(TimeDelta::days(10));
    assert_eq!(left(world), ["2", "3"]);
    world.wait(TimeDelta::days(13));
    wait_until("a reminder", || {
        world.scratch().sql("SELECT COUNT(*) FROM spaces WHERE purge_reminded_at IS NULL") == "0"
    });
    world.wait(TimeDelta::days(7));
    wait_until("a purge", || left(world) == ["0", "0"]);
}

fn a_procedure_is_begun_where_nothing_keeps_it_from_that(world: &World) {
    let (founder, space) = opened(world);
    let food = json!({ "type": "alva.food-establishment-registration" });
    let list = format!("{space}/procedures");
    let problem = founder.post(&list, &food).expect_problem(403, "certification_required");
    assert_eq!((&problem["service"], &problem["sector"]), (&json!("alva.food-establishments"), &json!("food-safety")));
    founder.certified(&space, "alva.food-establishments");
    founder.post(&list, &food).expect(201);
    founder.post(&list, &json!({ "type": "aed.nothing" })).expect_problem(409, "procedure_type_not_offered");
    let private = founder.open_private_space().header("location");
    let vat = json!({ "type": VAT });
    founder.post(&format!("{private}/procedures"), &vat).expect_problem(409, "procedure_audience");
    let path = draft(&founder, &space);
    let elsewhere = path.replace(&space, &private);
    founder.get(&elsewhere).expect_problem(404, "not_found");
    edit(&founder, &elsewhere, "*", &json!({})).expect_problem(404, "not_found");
    world.founder().get(&path).expect_problem(404, "not_found");
    founder.post(&format!("{space}/close"), &json!({})).expect(200);
    founder.post(&list, &vat).expect_problem(409, "space_closed");
    edit(&founder, &path, "*", &json!({})).expect_problem(409, "space_closed");
}

fn each_role_drafts_or_only_reads(world: &World) {
    let (founder, space) = opened(world);
    let path = draft(&founder, &space);
    for role in ["administrator", "manager", "contributor"] {
        let member = world.person();
        founder.admit(&space, &member, role);
        let own = draft(&member, &space);
        edit(&member, &path, "*", &json!({ "contactName": role })).expect(200);
        member.post(&format!("{path}/check"), &json!({})).expect(200);
        bin(&member, &own, "*").expect(204);
        restore(&member, &own).expect(200);
    }
    let reader = world.person();
    founder.admit(&space, &reader, "reader");
    assert_eq!(reader.get(&path).expect(200)["content"]["contactName"], "contributor");
    assert_eq!(count(&reader, &format!("{space}/procedures")), 4);
    let refused = [
        reader.post(&format!("{space}/procedures"), &json!({ "type": VAT })),
        edit(&reader, &path, "*", &json!({})),
        reader.post(&format!("{path}/check"), &json!({})),
        bin(&reader, &path, "*"),
        restore(&reader, &path),
    ];
    for reply in refused {
        reply.expect_problem(403, "role_insufficient");
    }
}

fn a_draft_is_given_to_who_may_draft(world: &World) {
    let (founder, space) = opened(world);
    let path = draft(&founder, &space);
    let mine = draft(&founder, &space);
    let id = |member: String| member.rsplit('/').next().expect("an id").to_owned();
    let (colleague, reader, stranger) = (world.person(), world.person(), world.founder());
    let contributor = id(founder.admit(&space, &colleague, "contributor"));
    let only_reads = id(founder.admit(&space, &reader, "reader"));
    let give =
        |actor: &Actor, member: &str| actor.put(&format!("{path}/assignee"), "*", &json!({ "memberId": member }));
    let given = give(&founder, &contributor);
    assert_eq!(
        (&given.expect(200)["assigneeId"], given.header("etag").starts_with("\"2-")),
        (&json!(contributor), true)
    );
    assert_eq!(give(&colleague, &contributor).header("etag"), given.header("etag"), "he has it already");
    let list = |member: &str| founder.get(&format!("{space}/procedures?assignee={member}")).expect(200)["data"].clone();
    assert_eq!((list(&contributor).as_array().map(Vec::len), list(&only_reads)), (Some(1), json!([])));
    assert_eq!(list(&contributor)[0]["assigneeId"], json!(contributor));

    for nobody in [only_reads.as_str(), "019d6c3e-8c00-7000-8000-000000000002"] {
        give(&founder, nobody).expect_problem(409, "assignee_may_not_draft");
    }
    give(&reader, &contributor).expect_problem(403, "role_insufficient");
    give(&stranger, &contributor).expect_problem(404, "not_found");
    let malformed = founder.get(&format!("{space}/procedures?assignee=x")).expect_problem(400, "invalid_input").clone();
    assert_eq!(malformed["errors"][0]["parameter"], "assignee");

    // Who has left looks after nothing new; what he had says so until somebody takes it over.
    founder.post(&format!("{space}/members/{contributor}/suspend"), &json!({})).expect(200);
    assert_eq!(founder.get(&path).expect(200)["assigneeId"], json!(contributor));
    let other = founder.put(&format!("{mine}/assignee"), "*", &json!({ "memberId": contributor }));
    other.expect_problem(409, "assignee_may_not_draft");
    for _ in 0..2 {
        founder.send("DELETE", &format!("{path}/assignee"), &[], vec![]).expect(204);
    }
    assert_eq!(founder.get(&path).expect(200).get("assigneeId"), None);
    assert_eq!(acts(&founder, &path), ["begun", "assigned", "unassigned"]);
}

fn edits_within_an_hour_are_one_step(world: &World) {
    let (founder, space) = opened(world);
    let path = draft(&founder, &space);
    let colleague = world.person();
    founder.admit(&space, &colleague, "contributor");
    let write = |actor: &Actor, name: &str| drop(edit(actor, &path, "*", &json!({ "contactName": name })).expect(200));
    write(&founder, "a");
    write(&founder, "b");
    write(&colleague, "c");
    write(&founder, "d");
    assert_eq!(acts(&founder, &path), ["begun", "edited", "edited", "edited"]);
    let steps = founder.get(&format!("{path}/timeline?limit=2")).expect(200);
    assert_eq!((&steps["data"][1]["version"], &steps["page"]["hasMore"]), (&json!(2), &json!(true)));
}

fn of_edits_at_once_one_is_kept(world: &World) {
    let (founder, space) = opened(world);
    let path = draft(&founder, &space);
    let etag = founder.get(&path).header("etag");
    let replies: Vec<Reply> = thread::scope(|scope| {
        let (founder, path, etag) = (&founder, &path, &etag);
        let edits =
            (0..4).map(|n| scope.spawn(move || edit(founder, path, etag, &json!({ "contactName": n.to_string() }))));
        let binning = scope.spawn(move || bin(founder, path, etag));
        edits.collect::<Vec<_>>().into_iter().chain([binning]).map(|one| one.join().expect("a reply")).collect()
    });
    let kept = replies.iter().filter(|reply| [200, 204].contains(&reply.status)).count();
    let told = replies.iter().filter(|reply| reply.json["code"] == "version_changed").count();
    assert_eq!((kept, told), (1, 4), "{:?}", replies.iter().map(|reply| &reply.text).collect::<Vec<_>>());
    assert_eq!(acts(&founder, &path).len(), 2);
}

fn what_is_filled_in_has_bounds(world: &World) {
    let (founder, space) = opened(world);
    let path = draft(&founder, &space);
    let before = founder.get(&path).expect(200);
    let deep = (0..17).fold(json!(1), |inner, _| json!({ "a": inner }));
    for content in [deep, json!({ "a": vec![0; 5000] })] {
        let problem = edit(&founder, &path, "*", &content).expect_problem(400, "invalid_input");
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/content"), &json!("too_large")));
    }
    let half = "a".repeat(150_000);
    edit(&founder, &path, "*", &json!({ "a": half })).expect(200);
    edit(&founder, &path, "*", &json!({ "b": half })).expect_problem(400, "invalid_input");
    edit(&founder, &path, "*", &json!({ "a": null })).expect(200);
    assert_eq!(founder.get(&path).expect(200)["content"], before["content"]);
    let sealed = founder.backstage().sql("SELECT content_sealed FROM procedures");
    assert!(!sealed.contains("Boulangerie") && !sealed.contains("office"));
}
