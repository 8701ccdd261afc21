//! Spaces: editing, listing, landing, and what counts against which product.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Actor, Database, Reply, World, professional};

crate::on_both_databases!(
    a_merge_patch_changes_what_it_names,
    of_two_edits_of_one_version_one_is_kept,
    pages_show_each_space_once_oldest_first,
    a_space_is_its_members_alone,
    each_product_has_a_limit_of_its_own,
);

fn id(of: &Value) -> &str {
    of["id"].as_str().expect("an id")
}

fn a_merge_patch_changes_what_it_names(world: &World) {
    let founder = world.founder();
    let opened = founder.post("/v1/spaces", &professional("Boulangerie"));
    let path = opened.header("location");
    let mut expected = opened.expect(201);
    let mut etag = opened.header("etag");
    for (patch, changes) in [
        (json!({}), false),
        (json!({ "title": "Boulangerie" }), false),
        (json!({ "title": " Boulangerie " }), false),
        (json!({ "title": "Pâtisserie" }), true),
        (json!({ "language": "lb" }), true),
        (json!({ "notificationEmail": "other@example.lu" }), true),
        (json!({ "title": "Café", "language": "de", "notificationEmail": "cafe@example.lu" }), true),
        (json!({ "title": "Café", "language": "de", "notificationEmail": "cafe@example.lu" }), false),
    ] {
        let edited = founder.patch(&path, &etag, &patch);
        let mut seen = edited.expect(200);
        for (field, value) in patch.as_object().expect("an object") {
            expected[field] = value.as_str().expect("text").trim().into();
        }
        assert_eq!(seen["updatedAt"] != expected["updatedAt"], changes, "{patch}");
        assert_eq!(edited.header("etag") != etag, changes, "{patch}");
        let version = |etag: &str| etag.split('-').next().map(str::to_owned);
        assert_eq!(version(&edited.header("etag")) != version(&etag), changes, "{patch}");
        assert_eq!(founder.get(&path).expect(200), seen);
        expected["updatedAt"] = seen["updatedAt"].take();
        seen["updatedAt"] = expected["updatedAt"].clone();
        assert_eq!(seen, expected, "{patch}");
        etag = edited.header("etag");
    }
    for fixed in [
        "id",
        "identifier",
        "kind",
        "entityType",
        "state",
        "role",
        "notificationEmailConfirmed",
        "createdAt",
        "version",
    ] {
        let problem =
            founder.patch(&path, &etag, &json!({ fixed: expected[fixed] })).expect_problem(400, "invalid_input");
        assert_eq!(
            problem["errors"][0],
            json!({ "pointer": format!("/{fixed}"), "code": "unknown", "detail": "Is unknown here." })
        );
    }
    for field in ["title", "language", "notificationEmail"] {
        let problem = founder.patch(&path, &etag, &json!({ field: null })).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["code"], "wrong_type", "{field}");
    }
    assert_eq!(founder.get(&path).expect(200), expected);

    let private = founder.open_private_space();
    let titled = founder.patch(
        &private.header("location"),
        &private.header("etag"),
        &json!({ "title": "Chez moi", "language": "en" }),
    );
    let problem = titled.expect_problem(400, "invalid_input");
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/title"), &json!("not_applicable"))
    );
    let kept = founder.get(&private.header("location"));
    assert_eq!(
        (kept.json, kept.headers["etag"].to_str().expect("text")),
        (private.json.clone(), &*private.header("etag"))
    );
    let edited =
        founder.patch(&private.header("location"), &private.header("etag"), &json!({ "language": "en" })).expect(200);
    assert_eq!(
        (&edited["title"], &edited["language"], &edited["kind"]),
        (&Value::Null, &json!("en"), &json!("private"))
    );
}

fn of_two_edits_of_one_version_one_is_kept(world: &World) {
    let founder = world.founder();
    let opened = founder.open_space("Boulangerie");
    let path = opened.header("location");
    let mut etag = opened.header("etag");
    for round in 0..10 {
        let edit = |title: String| founder.patch(&path, &etag, &json!({ "title": title }));
        let replies: Vec<Reply> = std::thread::scope(|scope| {
            let rivals = ["a", "b"].map(|rival| scope.spawn(move || edit(format!("{rival}{round}"))));
            rivals.into_iter().map(|rival| rival.join().expect("an answer")).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 1));
        lost[0].expect_problem(412, "version_changed");
        let now = founder.get(&path);
        assert_eq!((now.expect(200), now.header("etag")), (won[0].json.clone(), won[0].header("etag")));
        etag = now.header("etag");
    }
}

fn pages_show_each_space_once_oldest_first(world: &World) {
    let founder = world.founder();
    founder.open_private_space().expect(201);
    let opened: Vec<Value> =
        (0..60).map(|number| founder.open_space(&format!("Espace {number}")).expect(201)).collect();
    // Those of others are in between, and are not seen.
    world.founder().open_space("Ailleurs").expect(201);

    let follow = |first: &str| {
        let mut pages = vec![];
        let mut next = Some(first.to_owned());
        while let Some(path) = next {
            let reply = founder.get(&path);
            let page = reply.expect(200);
            let link = reply.header("link");
            let linked = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            assert_eq!(page["page"]["hasMore"], linked.is_some());
            assert_eq!(page["page"]["next"].is_string(), linked.is_some());
            if let Some(cursor) = page["page"]["next"].as_str() {
                assert!(linked.is_some_and(|linked| linked.ends_with(&format!("cursor={cursor}"))));
            }
            next = linked.map(str::to_owned);
            pages.push(page["data"].as_array().expect("spaces").clone());
        }
        pages
    };
    let ids = |pages: &[Vec<Value>]| pages.concat().iter().map(|space| id(space).to_owned()).collect::<Vec<_>>();
    let professional: Vec<String> = opened.iter().map(|space| id(space).to_owned()).collect();

    let pages = follow("/v1/spaces?kind=professional&limit=25");
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [25, 25, 10]);
    assert_eq!(ids(&pages), professional);
    let summary = json!({
        "id": opened[0]["id"], "identifier": opened[0]["identifier"], "kind": "professional",
        "title": "Espace 0", "state": "open", "role": "administrator",
    });
    assert_eq!(pages[0][0], summary);

    let all = follow("/v1/spaces");
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [25, 25, 11]);
    assert_eq!(all[0][0]["kind"], "private");
    assert_eq!(ids(&all)[1..], professional);
    assert_eq!(follow("/v1/spaces?limit=30").iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 1]);
    assert_eq!(follow("/v1/spaces?limit=20&kind=professional").iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 20]);
    assert_eq!(follow("/v1/spaces?limit=100").iter().map(Vec::len).collect::<Vec<_>>(), [61]);
    let private = follow("/v1/spaces?kind=private").concat();
    assert_eq!((private.len(), &private[0]["title"], &private[0]["kind"]), (1, &Value::Null, &json!("private")));
    let identifiers: BTreeSet<_> = all.concat().iter().map(|space| space["identifier"].to_string()).collect();
    assert_eq!(identifiers.len(), 61);

    // What is opened meanwhile comes last; nothing is shown twice.
    let first = founder.get("/v1/spaces?limit=50").expect(200);
    let late = founder.open_space("Tard venu").expect(201);
    let rest =
        founder.get(&format!("/v1/spaces?limit=50&cursor={}", first["page"]["next"].as_str().expect("a cursor")));
    let rest = rest.expect(200)["data"].as_array().expect("spaces").clone();
    assert_eq!((rest.len(), id(&rest[11])), (12, id(&late)));
}

fn a_space_is_its_members_alone(world: &World) {
    let (founder, stranger) = (world.founder(), world.founder());
    let space = founder.open_space("Boulangerie");
    let path = space.header("location");
    stranger.get(&path).expect_problem(404, "not_found");
    stranger.patch(&path, &space.header("etag"), &json!({ "title": "À moi" })).expect_problem(404, "not_found");
    assert_eq!(stranger.get("/v1/spaces").expect(200), json!({ "data": [], "page": { "hasMore": false } }));
    let nothing = json!({ "page": "manage_spaces", "spaces": [], "hasMore": false });
    assert_eq!(stranger.get("/v1/me/landing").expect(200), nothing);
    assert_eq!(founder.get(&path).expect(200), space.json);
}

#[test]
fn landing_goes_by_how_many_spaces_are_seen() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    let landing = || {
        let landing = founder.get("/v1/me/landing").expect(200);
        let spaces = landing["spaces"].as_array().expect("spaces").clone();
        (landing["page"].as_str().expect("a page").to_owned(), spaces, landing["hasMore"].as_bool().expect("a flag"))
    };
    let shown = |page: &str, count: usize, has_more: bool| {
        let (seen, spaces, more) = landing();
        assert_eq!((seen.as_str(), spaces.len(), more), (page, count, has_more));
        spaces
    };
    shown("manage_spaces", 0, false);
    founder.open_private_space().expect(201);
    assert_eq!(shown("space_home", 1, false)[0]["kind"], "private");
    founder.open_space("Boulangerie").expect(201);
    let spaces = shown("select_space", 2, false);
    assert_eq!(founder.get("/v1/spaces").expect(200)["data"], Value::Array(spaces));
    for number in 2..100 {
        founder.open_space(&format!("Espace {number}")).expect(201);
    }
    shown("select_space", 100, false);
    founder.open_space("Espace 100").expect(201);
    shown("select_space", 100, true);
}

#[test]
fn an_address_of_notices_is_confirmed_if_it_is_the_persons_own() {
    let world = World::start(Database::Sqlite);
    let founder = world.founder();
    let own = founder.email();
    let with = |address: &str| {
        let mut wish = professional("Boulangerie");
        wish["notificationEmail"] = json!(address);
        founder.post("/v1/spaces", &wish)
    };
    let strangers = world.person().email();
    for (address, confirmed) in [
        (own.clone(), true),
        (own.to_uppercase(), true),
        (format!(" {own} "), true),
        ("office@example.lu".to_owned(), false),
        (strangers.clone(), false),
        (format!("x{own}"), false),
        (format!("{own}x"), false),
    ] {
        assert_eq!(with(&address).expect(201)["notificationEmailConfirmed"], confirmed, "{address}");
    }
    let opened = with(&own);
    let (path, mut etag) = (opened.header("location"), opened.header("etag"));
    for (address, confirmed) in
        [(strangers, false), (own.to_uppercase(), true), (own, true), ("office@example.lu".to_owned(), false)]
    {
        let edited = founder.patch(&path, &etag, &json!({ "notificationEmail": address }));
        assert_eq!(edited.expect(200)["notificationEmailConfirmed"], confirmed, "{address}");
        etag = edited.header("etag");
    }
    let edited = founder.patch(&path, &etag, &json!({ "title": "Pâtisserie" }));
    assert_eq!(edited.expect(200)["notificationEmailConfirmed"], false);
}

fn each_product_has_a_limit_of_its_own(world: &World) {
    let mut anna = Actor::newcomer(&world.anonymous(), &["luxtrust_professional", "eid"]);
    anna.accept_terms();
    anna.register_product(1).expect(200);
    let products = |anna: &Actor| anna.get("/v1/me/authentication-products").expect(200);
    let used = |anna: &Actor| {
        let products = products(anna)["data"].as_array().expect("products").clone();
        products.iter().map(|product| product["spacesUsed"].as_u64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!(used(&anna), [0, 0]);
    anna.open_space("Un").expect(201);
    anna.open_space("Deux").expect(201);
    anna.open_private_space().expect(201);
    assert_eq!(used(&anna), [2, 0], "a private space counts against none");
    anna.log_in(1).expect(200);
    anna.open_space("Trois").expect(201);
    assert_eq!(used(&anna), [2, 1]);
    anna.open_private_space().expect_problem(409, "private_space_exists");

    let mut list = products(&anna);
    let serials: Vec<String> =
        anna.products.iter().map(|product| format!("{}{}", "*".repeat(16), &product.serial[16..])).collect();
    for product in list["data"].as_array_mut().expect("products") {
        for varies in ["id", "createdAt"] {
            assert!(product.as_object_mut().expect("a product").remove(varies).is_some_and(|value| value.is_string()));
        }
    }
    assert_eq!(
        list,
        json!({
            "data": [
                { "kind": "luxtrust_professional", "maskedSerial": serials[0], "spaceLimit": 200, "spacesUsed": 2, "isCurrent": false },
                { "kind": "eid", "maskedSerial": serials[1], "spaceLimit": 200, "spacesUsed": 1, "isCurrent": true },
            ],
            "page": { "hasMore": false },
        })
    );
    assert_eq!(anna.get("/v1/spaces").expect(200)["data"].as_array().map(Vec::len), Some(4));
}
