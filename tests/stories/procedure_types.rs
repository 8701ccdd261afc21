//! Types of procedures: what people find, and what keeps a space from beginning one.

use serde_json::{Value, json};

use crate::support::{Actor, Reply, World};

crate::on_both_databases!(
    a_type_is_found_by_what_people_type,
    a_type_is_shown_with_its_form,
    a_space_is_told_what_keeps_it_from_a_procedure,
    another_content_is_the_next_version,
);

const TYPES: &str = "/v1/procedure-types";
const FOOD: &str = "alva.food-establishment-registration";

fn codes(list: &Value) -> Vec<String> {
    let code = |of: &Value| of.get("procedureType").unwrap_or(of)["code"].as_str().expect("a code").to_owned();
    list["data"].as_array().expect("types").iter().map(code).collect()
}

fn in_language(actor: &Actor, path: &str, language: &str) -> Reply {
    actor.send("GET", path, &[("accept-language", language)], vec![])
}

fn a_type_is_found_by_what_people_type(world: &World) {
    let anna = world.person();
    let found =
        |query: &str, language: &str| codes(&in_language(&anna, &format!("{TYPES}?{query}"), language).expect(200));
    let all = [
        "aed.vat-registration",
        FOOD,
        "ccss.certification-request",
        "itm.social-elections-result",
        "meco.business-permit",
    ];
    assert_eq!(found("", "fr"), all);
    assert_eq!(found("audience=professional", "fr"), all);
    assert_eq!(found("audience=private", "fr"), [""; 0]);
    assert_eq!(found("theme=food-safety", "fr"), [FOOD]);
    assert_eq!(found("administration=itm&theme=employment", "fr"), ["itm.social-elections-result"]);
    assert_eq!(found("administration=itm&theme=taxes", "fr"), [""; 0]);
    for restaurant in ["search=RESTAURANT", "search=hygi%C3%A8ne", "search=hygie%CC%80ne", "search=alva.food-est"] {
        assert_eq!(found(restaurant, "fr"), [FOOD], "{restaurant}");
    }
    assert_eq!(found("search=gewerkschaft", "de"), [""; 0], "a form is not looked through");
    assert_eq!(found("search=personalvertretung", "de"), ["itm.social-elections-result"]);
    assert_eq!(found("search=personalvertretung", "fr"), [""; 0]);
    let first = anna.get(&format!("{TYPES}?limit=2")).expect(200);
    let cursor = first["page"]["next"].as_str().expect("a cursor");
    let second = anna.get(&format!("{TYPES}?limit=2&cursor={cursor}")).expect(200);
    assert_eq!((&*codes(&first), &*codes(&second)), (&all.map(str::to_owned)[..2], &all.map(str::to_owned)[2..4]));
    for (wrong, parameter, code) in [
        ("theme=Taxes", "theme", "malformed"),
        ("audience=everybody", "audience", "wrong_value"),
        ("search=", "search", "empty"),
        ("sector=taxes", "sector", "unknown"),
    ] {
        let problem = anna.get(&format!("{TYPES}?{wrong}")).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["parameter"], parameter);
        assert_eq!(problem["errors"][0]["code"], code);
    }
    world.anonymous().get(TYPES).expect_problem(401, "token_invalid");
}

fn a_type_is_shown_with_its_form(world: &World) {
    let anna = world.person();
    let shown = in_language(&anna, &format!("{TYPES}/{FOOD}"), "en").expect(200);
    assert_eq!(shown["title"], "Registration of a food establishment");
    assert_eq!(shown["administration"]["code"], "alva");
    assert_eq!(shown["theme"], json!({ "code": "food-safety", "title": "Food safety" }));
    assert_eq!((&shown["certification"], &shown["version"]), (&json!("alva.food-establishments"), &json!(1)));
    let plan = json!({
        "code": "floor-plan", "title": "Floor plan", "isRequired": false,
        "mediaTypes": ["application/pdf", "image/png"], "maxMegabytes": 20, "maxFiles": 1,
    });
    assert_eq!(shown["attachments"], json!([plan]));
    let field = &shown["form"]["properties"]["legalName"];
    assert_eq!(
        (&field["x-titles"]["de"], &field["x-prefill"]),
        (&json!("Firmenname"), &json!("/companyProfile/legalName"))
    );
    assert_eq!(anna.get(TYPES).expect(200)["data"][1].get("form"), None);
    for wrong in ["alva", "alva.nothing", "ALVA.food", ".."] {
        anna.get(&format!("{TYPES}/{wrong}")).expect_problem(404, "not_found");
    }
}

fn a_space_is_told_what_keeps_it_from_a_procedure(world: &World) {
    let founder = world.founder();
    let space = founder.open_space("Boulangerie").header("location");
    let of = |actor: &Actor, code: &str| {
        let list = actor.get(&format!("{space}/procedure-types?limit=100")).expect(200);
        let found = list["data"].as_array().expect("types").iter().find(|of| of["procedureType"]["code"] == code);
        found.map(|of| (of["isOpen"].clone(), of["hindrances"].clone())).expect("the type")
    };
    assert_eq!(of(&founder, "aed.vat-registration"), (json!(true), json!([])));
    let service = "alva.food-establishments";
    let uncertified = json!([{ "code": "certification_required", "service": service, "sector": "food-safety" }]);
    assert_eq!(of(&founder, FOOD), (json!(false), uncertified));
    founder.certified(&space, service);
    assert_eq!(of(&founder, FOOD), (json!(true), json!([])));
    assert_eq!(
        codes(&founder.get(&format!("{space}/procedure-types?theme=taxes")).expect(200)),
        ["aed.vat-registration"]
    );

    let wish = json!({ "kind": "private", "notificationEmail": "anna@example.lu", "language": "fr" });
    let private = founder.post("/v1/spaces", &wish).header("location");
    assert_eq!(
        founder.get(&format!("{private}/procedure-types?theme=taxes")).expect(200)["data"][0]["hindrances"],
        json!([{ "code": "audience" }])
    );
    let stranger = world.founder();
    stranger.get(&format!("{space}/procedure-types")).expect_problem(404, "not_found");
    founder.post(&format!("{space}/close"), &json!({})).expect(200);
    founder.get(&format!("{space}/procedure-types")).expect_problem(409, "space_closed");
}

fn another_content_is_the_next_version(world: &World) {
    let anna = world.founder();
    let wish = json!({ "kind": "private", "notificationEmail": "anna@example.lu", "language": "fr" });
    let procedures = format!("{}/procedures", anna.post("/v1/spaces", &wish).header("location"));
    let catalogue = |version: u32, maximum: u32| {
        format!(
            "name: own\nversion: {version}\nprocedureTypes:\n  acd.land:\n    theme: taxes\n    audience: private\n    title: {{ fr: Terrain }}\n    description: {{ fr: Un terrain }}\n    form: {{ type: object, properties: {{ area: {{ type: integer, maximum: {maximum} }} }} }}\n"
        )
    };
    let load = |text: String| {
        let file = world.folder().join("types.yaml");
        std::fs::write(&file, text).expect("a file");
        world.operate(&["catalogue", "load", file.to_str().expect("a path")])
    };
    let shown = || anna.get(&format!("{TYPES}/acd.land")).expect(200);
    assert_eq!(load(catalogue(1, 10)), "own 1 is loaded\n  procedure type acd.land: added\n");
    assert_eq!((&shown()["version"], &shown()["status"]), (&json!(1), &json!("offered")));
    let begin = || anna.post(&procedures, &json!({ "type": "acd.land" }));
    let draft = begin().header("location");
    anna.patch(&draft, "*", &json!({ "content": { "area": 15 } })).expect(200);
    let is_valid = || anna.post(&format!("{draft}/check"), &json!({})).expect(200)["isValid"].clone();
    assert_eq!(load(catalogue(2, 10)), "own 2 is loaded\n");
    assert_eq!(load(catalogue(3, 20)), "own 3 is loaded\n  procedure type acd.land: changed\n");
    assert_eq!((&shown()["version"], &shown()["form"]["properties"]["area"]["maximum"]), (&json!(2), &json!(20)));
    assert_eq!(begin().expect(201)["type"]["version"], 2);
    assert_eq!((&anna.get(&draft).expect(200)["type"]["version"], is_valid()), (&json!(1), json!(false)));
    assert_eq!(load("name: own\nversion: 4\n".to_owned()), "own 4 is loaded\n  procedure type acd.land: retired\n");
    assert_eq!(shown()["status"], "retired");
    assert_eq!(is_valid(), false, "a draft keeps its version, even of a type that is retired");
    begin().expect_problem(409, "procedure_type_not_offered");
    assert_eq!(codes(&anna.get(&format!("{TYPES}?audience=private")).expect(200)), [""; 0]);
}
