//! Catalogues: what operators load from files, and the services that persons find.

use std::{fs, process::Output};

use serde_json::{Value, json};

use crate::support::{Actor, Database, Process, Reply, Scratch, World};

crate::on_both_databases!(
    a_sandbox_has_services_to_find,
    services_are_found_by_what_people_type,
    texts_come_in_the_language_that_is_asked_for_or_in_french,
    pages_go_on_where_they_ended,
    a_catalogue_is_loaded_once_and_a_newer_version_takes_its_place,
    a_wrong_file_is_told_of_every_field_and_changes_nothing,
);

const SERVICES: &str = "/v1/certifiable-services";
const SHIPPED: [&str; 5] =
    ["acd.tax-cards", "aed.vat-account", "alva.food-establishments", "ccss.employer-data", "itm.social-elections"];

/// A catalogue of the operator's own, which rests on the shipped one's administration and sector.
fn own(version: u32, services: &[&str]) -> String {
    let service = |code: &&str| {
        format!(
            "  {code}: {{ sector: taxes, title: {{ fr: Impôt foncier }}, description: {{ fr: Sur le sol }}, waysIn: [access_code] }}\n"
        )
    };
    format!("name: own\nversion: {version}\nservices:\n{}", services.iter().map(service).collect::<String>())
}

fn codes(list: &Value) -> Vec<&str> {
    list["data"].as_array().expect("services").iter().map(|service| service["code"].as_str().expect("a code")).collect()
}

fn load(world: &World, subcommand: &str, text: &str) -> Output {
    let file = world.folder().join("catalogue.yaml");
    fs::write(&file, text).expect("a file");
    world.operator(&["catalogue", subcommand, file.to_str().expect("a path")])
}

fn loaded(world: &World, text: &str) -> String {
    let done = load(world, "load", text);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("a text")
}

fn refused(done: &Output) -> String {
    assert_eq!((done.status.code(), &*done.stdout), (Some(1), &b""[..]));
    String::from_utf8_lossy(&done.stderr).into_owned()
}

fn in_language(actor: &Actor, path: &str, language: &str) -> Reply {
    actor.send("GET", path, &[("accept-language", language)], vec![])
}

fn a_sandbox_has_services_to_find(world: &World) {
    let anna = world.person();
    let list = anna.get(SERVICES).expect(200);
    assert_eq!(codes(&list), SHIPPED);
    assert_eq!(list["page"], json!({ "hasMore": false }));
    let tax_cards = json!({
        "code": "acd.tax-cards",
        "status": "offered",
        "title": "Tax cards",
        "description": "View and download the electronic tax cards of employees and pensioners.",
        "administration": { "code": "acd", "title": "Luxembourg Inland Revenue" },
        "sector": { "code": "taxes", "title": "Taxes and duties" },
        "waysIn": ["access_code", "request"],
        "applicants": ["holder", "agent"],
        "reapplyAfterHours": 72,
        "hasSecurityCode": true,
        "leastAssurance": "substantial",
        "codeValidDays": 30,
        "domains": [],
    });
    assert_eq!(in_language(&anna, &format!("{SERVICES}/acd.tax-cards"), "en").expect(200), tax_cards);
    assert_eq!(in_language(&anna, SERVICES, "en").expect(200)["data"][0], tax_cards);
    let ccss = anna.get(&format!("{SERVICES}/ccss.employer-data")).expect(200);
    assert_eq!((&ccss["applicants"], ccss.get("reapplyAfterHours")), (&json!(["holder"]), None));
    assert_eq!(ccss["domains"][1], json!({ "code": "remunerations", "title": "Salaries", "status": "offered" }));
    let nobodys = anna.get(&format!("{SERVICES}/acd.nothing"));
    for wrong in ["acd", "ACD.tax-cards", "acd.tax-cards.", "..", &format!("acd.{}", "a".repeat(200))] {
        let reply = anna.get(&format!("{SERVICES}/{wrong}"));
        assert_eq!(reply.expect_problem(404, "not_found")["title"], nobodys.expect_problem(404, "not_found")["title"]);
    }
    world.anonymous().get(SERVICES).expect_problem(401, "token_invalid");
}

fn services_are_found_by_what_people_type(world: &World) {
    let anna = world.person();
    let found = |query: &str, language: &str| {
        let list = in_language(&anna, &format!("{SERVICES}?{query}"), language).expect(200);
        codes(&list).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("sector=taxes", "fr"), ["acd.tax-cards", "aed.vat-account"]);
    assert_eq!(found("administration=itm", "fr"), ["itm.social-elections"]);
    assert_eq!(found("sector=taxes&administration=aed", "fr"), ["aed.vat-account"]);
    assert_eq!(found("sector=taxes&administration=itm", "fr"), [""; 0]);
    assert_eq!(found("administration=nobody", "fr"), [""; 0]);
    for elections in
        ["search=ELECTIONS", "search=%C3%A9lections%20sociales", "search=e%CC%81lec", "search=itm.social-el"]
    {
        assert_eq!(found(elections, "fr"), ["itm.social-elections"], "{elections}");
    }
    // "de retenue d'impôt", by the whole and by its parts, with either apostrophe.
    for tax in [
        "search=d'imp%C3%B4t",
        "search=d%E2%80%99impot",
        "search=l'imp%C3%B4t",
        "search=retenue-impot",
        "search=dimpot",
    ] {
        assert_eq!(found(tax, "fr"), ["acd.tax-cards"], "{tax}");
    }
    assert_eq!(found("search=wahlen", "fr"), [""; 0]);
    assert_eq!(found("search=wahlen", "de"), ["itm.social-elections"]);
    assert_eq!(found("search=imp%C3%B4t&sector=taxes", "fr"), ["acd.tax-cards"]);
    for (wrong, parameter, code) in [
        ("sector=Taxes", "sector", "malformed"),
        ("administration=acd.tax-cards", "administration", "malformed"),
        ("search=", "search", "empty"),
        ("search=%00", "search", "barred_character"),
        (&format!("search={}", "a".repeat(101)), "search", "too_long"),
        ("search=a&search=b", "search", "duplicate"),
        ("language=fr", "language", "unknown"),
    ] {
        let problem = anna.get(&format!("{SERVICES}?{wrong}")).expect_problem(400, "invalid_input");
        assert_eq!(
            (&problem["errors"][0]["parameter"], &problem["errors"][0]["code"]),
            (&json!(parameter), &json!(code))
        );
    }
}

fn texts_come_in_the_language_that_is_asked_for_or_in_french(world: &World) {
    let anna = world.person();
    loaded(world, &own(1, &["acd.land"]));
    for (language, tax_cards, land) in [
        ("fr", "Fiches de retenue d'impôt", "Impôt foncier"),
        ("de-LU, fr;q=0.5", "Steuerkarten", "Impôt foncier"),
        ("en", "Tax cards", "Impôt foncier"),
        ("lb", "Steierkaarten", "Impôt foncier"),
        ("pt", "Fiches de retenue d'impôt", "Impôt foncier"),
    ] {
        let (first, other) = (in_language(&anna, SERVICES, language), format!("{SERVICES}/acd.land"));
        let titles = [&first.expect(200)["data"][0]["title"], &first.expect(200)["data"][1]["title"]].map(Value::clone);
        assert_eq!(titles, [land, tax_cards], "{language}");
        // The sector and the administration of the service that has only a French title have titles in all languages.
        let spoken = match &language[..2] {
            "fr" | "pt" => "fr".to_owned(),
            spoken => format!("fr, {spoken}"),
        };
        for reply in [&first, &in_language(&anna, &other, language)] {
            assert_eq!((&*reply.header("content-language"), &*reply.header("vary")), (&*spoken, "accept-language"));
        }
        let only_shipped = in_language(&anna, &format!("{SERVICES}/acd.tax-cards"), language);
        assert_eq!(only_shipped.header("content-language"), spoken.rsplit(", ").next().expect("a language"));
    }
    let nothing = in_language(&anna, &format!("{SERVICES}?search=xyzzy"), "de");
    assert_eq!((nothing.headers.get("content-language"), &*nothing.header("vary")), (None, "accept-language"));
}

fn pages_go_on_where_they_ended(world: &World) {
    let anna = world.person();
    let (mut seen, mut next) = (vec![], Some(format!("{SERVICES}?limit=2")));
    while let Some(path) = next {
        let reply = anna.get(&path);
        seen.push(codes(&reply.expect(200)).into_iter().map(str::to_owned).collect::<Vec<_>>());
        let link = reply.headers.get("link").map(|link| link.to_str().expect("a text").to_owned());
        next = link.map(|link| link.trim_start_matches('<').split('>').next().expect("a path").to_owned());
    }
    assert_eq!(seen, [&SHIPPED[..2], &SHIPPED[2..4], &SHIPPED[4..]]);
    let first = anna.get(&format!("{SERVICES}?limit=1&sector=taxes&search=t")).expect(200);
    let cursor = first["page"]["next"].as_str().expect("a cursor");
    let second = format!("{SERVICES}?limit=1&sector=taxes&search=t&cursor={cursor}");
    assert_eq!(codes(&anna.get(&second).expect(200)), ["aed.vat-account"]);
    for other in
        [format!("{SERVICES}?limit=1&cursor={cursor}"), format!("{second}x"), second.replace("taxes", "employment")]
    {
        anna.get(&other).expect_problem(400, "invalid_cursor");
    }
    world.person().get(&second).expect_problem(400, "invalid_cursor");
}

fn a_catalogue_is_loaded_once_and_a_newer_version_takes_its_place(world: &World) {
    let anna = world.person();
    assert_eq!(world.operate(&["seed"]), "luxembourg 3 was loaded before: nothing to do\n");
    let added = loaded(world, &own(1, &["acd.land", "acd.wealth"]));
    assert_eq!(added, "own 1 is loaded\n  service acd.land: added\n  service acd.wealth: added\n");
    assert_eq!(loaded(world, &own(1, &["acd.land", "acd.wealth"])), "own 1 was loaded before: nothing to do\n");
    assert_eq!(codes(&anna.get(&format!("{SERVICES}?search=foncier")).expect(200)), ["acd.land", "acd.wealth"]);

    let other = refused(&load(world, "load", &own(1, &["acd.land"])));
    assert!(other.contains("version 1 is loaded with another content: give this one a higher version"), "{other}");
    assert_eq!(loaded(world, &own(3, &["acd.land"])), "own 3 is loaded\n  service acd.wealth: retired\n");
    let older = refused(&load(world, "load", &own(2, &["acd.land", "acd.wealth"])));
    assert!(older.contains("version 2 is older than version 3, which is loaded"), "{older}");
    assert_eq!(codes(&anna.get(&format!("{SERVICES}?search=foncier")).expect(200)), ["acd.land"]);
    let retired = anna.get(&format!("{SERVICES}/acd.wealth")).expect(200);
    assert_eq!((&retired["status"], &retired["title"]), (&json!("retired"), &json!("Impôt foncier")));
    assert_eq!(loaded(world, &own(4, &["acd.land", "acd.wealth"])), "own 4 is loaded\n  service acd.wealth: changed\n");

    let taking = refused(&load(world, "load", &own(5, &["acd.tax-cards", "cadastre.land"])));
    for told in [
        "own 5 is not loaded:",
        "service acd.tax-cards is of catalogue luxembourg",
        "service cadastre.land is of administration cadastre, which no catalogue would have",
    ] {
        assert!(taking.contains(told), "{taking}");
    }
    assert_eq!(anna.get(&format!("{SERVICES}/acd.tax-cards")).expect(200)["title"], "Tax cards");
}

fn a_wrong_file_is_told_of_every_field_and_changes_nothing(world: &World) {
    let anna = world.person();
    let before = anna.get(SERVICES).expect(200);
    let wrong = own(1, &["acd.land"]).replace("taxes", "Taxes").replace("Sur le sol", "''").replace("own", "Own");
    let wrong = wrong.replace("[access_code]", "[letter], colour: red");
    for subcommand in ["check", "load"] {
        let told = refused(&load(world, subcommand, &wrong));
        for line in [
            "is no catalogue:",
            "  /name: Does not have the expected format.",
            "  /services/acd.land/sector: Does not have the expected format.",
            "  /services/acd.land/description/fr: Must not be empty.",
            "  /services/acd.land/waysIn/0: Is not an allowed value.",
            "  /services/acd.land/colour: Is unknown here.",
        ] {
            assert!(told.contains(line), "{line} is not in {told}");
        }
    }
    let no_yaml = refused(&load(world, "check", "name: [\n"));
    assert!(no_yaml.contains("catalogue.yaml: ") && no_yaml.contains("line"), "{no_yaml}");
    let missing = world.operator(&["catalogue", "check", "/nowhere/catalogue.yaml"]);
    assert!(refused(&missing).contains("/nowhere/catalogue.yaml: No such file"));
    let good = load(world, "check", &own(1, &["acd.land"]));
    assert_eq!(String::from_utf8_lossy(&good.stdout), "own 1 is a catalogue of these services:\n  acd.land\n");
    assert_eq!(anna.get(SERVICES).expect(200), before);
}

#[test]
fn without_a_sandbox_nothing_is_seeded_until_the_operator_does() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut scratch = Scratch::unmigrated(database);
        let seed = |scratch: &Scratch| {
            let mut seeding = Process::start(scratch, "seed");
            (seeding.ended().success(), seeding.log())
        };
        let (is_done, told) = seed(&scratch);
        assert!(!is_done && told.contains("run `espace-pro migrate` first"), "{told}");
        assert!(Process::start(&scratch, "migrate").ended().success());
        scratch.set("ESPACE_PRO_SANDBOX", "off");
        drop(Process::serve(&mut scratch));
        assert_eq!(scratch.sql("SELECT COUNT(*) FROM services"), "0");
        // Of two who seed at once one waits, and finds it done.
        let mut rivals = [Process::start(&scratch, "seed"), Process::start(&scratch, "seed")];
        assert!(rivals.iter_mut().all(|rival| rival.ended().success()), "{}", rivals[0].log() + &rivals[1].log());
        let told = rivals.map(|rival| rival.log());
        assert_eq!(told.iter().filter(|told| told.starts_with("luxembourg 3 is loaded\n")).count(), 1, "{told:?}");
        assert!(told.contains(&"luxembourg 3 was loaded before: nothing to do\n".to_owned()), "{told:?}");
        assert_eq!(scratch.sql("SELECT COUNT(*) FROM services"), SHIPPED.len().to_string());
    }
}
