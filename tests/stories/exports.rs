//! Members and invitations, exported: what the list shows to its reader, whole, once, and harmless to a spreadsheet.

use std::io::Read;

use api::http::strength::Levels;
use serde_json::{Value, json};

use crate::support::{Actor, World, client, invitation, text};

crate::on_both_databases!(
    members_are_exported_as_their_reader_sees_them,
    invitations_are_exported_for_administrators,
    whatever_is_written_stays_in_its_cell,
    more_members_than_a_page_are_exported_each_once,
    what_changes_meanwhile_neither_doubles_nor_loses_a_row,
    who_stops_reading_is_in_nobodys_way,
    who_may_not_read_any_more_reads_no_further,
);

/// Each digit, for the making of many rows.
const DIGITS: &str = "WITH d(n) AS (VALUES ('0'), ('1'), ('2'), ('3'), ('4'), ('5'), ('6'), ('7'), ('8'), ('9'))";

/// The lines of a CSV (RFC 4180), cell by cell.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell) = (vec![], vec![], String::new());
    let (mut is_quoted, mut letters) = (false, csv.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {
                assert_eq!(letters.next(), Some('\n'));
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            letter => cell.push(letter),
        }
    }
    assert!(line.is_empty() && cell.is_empty() && !is_quoted, "it ends within a line");
    lines
}

fn objects(ndjson: &str) -> Vec<Value> {
    ndjson.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

/// The first line of the example of a list's CSV in the contract.
fn promised(list: &str) -> Vec<String> {
    let contract = serde_json::to_value(api::openapi::contract(true, &Levels::default())).expect("a document");
    let content = &contract["paths"][format!("/v1/spaces/{{id}}/{list}")]["get"]["responses"]["200"]["content"];
    cells(&text(&content["text/csv"]["example"])).remove(0)
}

/// What an actor exports, as lines of CSV and as objects; both hold as many.
fn export(actor: &Actor, path: &str) -> (Vec<Vec<String>>, Vec<Value>) {
    let csv = actor.send("GET", path, &[("accept", "text/csv")], vec![]);
    csv.expect(200);
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let list = path.rsplit('/').next().expect("a list").split('?').next().expect("a list");
    assert_eq!(csv.header("content-disposition"), format!("attachment; filename=\"{list}.csv\""));
    let ndjson = actor.send("GET", path, &[("accept", "application/x-ndjson")], vec![]);
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson; charset=utf-8");
    let (mut lines, objects) = (cells(&csv.text), objects(&ndjson.text));
    let columns = lines.remove(0);
    assert_eq!(columns, promised(list));
    assert!(lines.iter().all(|line| line.len() == columns.len()), "{lines:?}");
    assert_eq!(lines.len(), objects.len());
    (lines, objects)
}

fn ids(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|object| text(&object["id"])).collect()
}

fn in_space(world: &World) -> (Actor, String) {
    let anna = world.founder();
    let space = anna.open_space("Boulangerie").header("location");
    (anna, space)
}

fn members_are_exported_as_their_reader_sees_them(world: &World) {
    let (mut anna, space) = in_space(world);
    let (bert, carl, agent) = (world.person(), world.person(), world.agent());
    anna.admit(&space, &bert, "reader");
    let member = anna.admit(&space, &carl, "manager");
    let path = format!("{space}/members");
    let (lines, objects) = export(&anna, &path);
    assert_eq!(Value::from(objects.clone()), anna.get(&path).expect(200)["data"]);
    let masked = format!("****************{}", &bert.products[0].serial[16..]);
    assert_eq!((&lines[1][0], lines[1][2].as_str()), (&ids(&objects)[1], bert.given_name.as_str()));
    assert_eq!(lines[1][4..9], ["false", "reader", "active", "all_products", ""]);
    assert_eq!((&lines[1][9], &lines[1][11], &lines[1][12]), (&text(&objects[1]["createdAt"]), &bert.email(), &masked));
    let whole = anna.get(&format!("{path}?format=csv")).text;
    assert!(!whole.contains(&bert.products[0].serial), "{whole}");

    let (lines, objects) = export(&bert, &path);
    assert!(lines.len() == 3 && lines.iter().all(|line| line[11].is_empty() && line[12].is_empty()), "{lines:?}");
    assert!(objects.iter().all(|object| object.get("email").is_none()), "{objects:?}");
    bert.get(&format!("{path}?status=ended&format=csv")).expect_problem(403, "administrator_required");
    assert_eq!(export(&anna, &format!("{path}?role=manager")).0.len(), 1);
    let next = text(&anna.get(&format!("{path}?limit=1")).expect(200)["page"]["next"]);
    let rest = anna.get(&format!("{path}?format=ndjson&cursor={next}"));
    assert_eq!(self::objects(&rest.text).len(), 2, "it begins where a page would");
    anna.get(&format!("{path}?format=csv&cursor=forged")).expect_problem(400, "invalid_cursor");
    let problem = anna.get(&format!("{path}?format=pdf")).expect_problem(400, "invalid_input");
    assert_eq!(problem["errors"][0]["parameter"], "format");

    anna.post(&format!("{member}/suspend"), &json!({})).expect(200);
    carl.get(&format!("{path}?format=csv")).expect_problem(404, "not_found");
    world.founder().get(&format!("{path}?format=csv")).expect_problem(404, "not_found");
    assert_eq!((export(&anna, &path).0.len(), export(&bert, &path).0.len()), (3, 2));
    agent.post(&format!("/v1/helpdesk{}/suspend", space.trim_start_matches("/v1")), &json!({ "reason": "A letter" }));
    assert_eq!(export(&bert, &path).0.len(), 2, "a suspended space is read");
    let authorization = format!("Authorization: Bearer {}", anna.token.clone().expect("a token"));
    let head = world.send_raw(&format!("HEAD {path}?format=csv"), &[&authorization], b"");
    assert_eq!((head.status, head.header("content-type"), head.body.as_str()), (200, "text/csv; charset=utf-8", ""));
    anna.log_in_at(0, "low").expect(200);
    anna.get(&format!("{path}?format=csv")).expect_problem(401, "insufficient_user_authentication");
}

fn invitations_are_exported_for_administrators(world: &World) {
    let (anna, space) = in_space(world);
    let (bert, carl) = (world.person(), world.person());
    anna.admit(&space, &bert, "manager");
    let invited = anna.invite(&space, &carl, "reader").expect(201);
    let path = format!("{space}/invitations");
    let (lines, objects) = export(&anna, &path);
    assert_eq!(Value::from(objects.clone()), anna.get(&path).expect(200)["data"]);
    assert_eq!(objects[0], invited);
    let masked = format!("****************{}", &carl.products[0].serial[16..]);
    assert_eq!(lines[0][2..6], [carl.given_name.clone(), carl.family_name.clone(), carl.email(), masked]);
    assert_eq!((lines[0][9].as_str(), lines[0][10].as_str()), ("pending", anna.given_name.as_str()));
    assert_eq!((lines[1][9].as_str(), &lines[1][16]), ("accepted", &text(&objects[1]["memberId"])));
    assert_eq!(export(&anna, &format!("{path}?status=pending")).0.len(), 1);
    assert_eq!(export(&anna, &format!("{path}?status=void")), (vec![], vec![]), "CSV has its first line even so");
    bert.get(&format!("{path}?format=csv")).expect_problem(403, "administrator_required");
    bert.get(&format!("{path}?format=nonsense")).expect_problem(403, "administrator_required");
    world.founder().get(&format!("{path}?format=ndjson")).expect_problem(404, "not_found");
    world.anonymous().get(&format!("{path}?format=ndjson")).expect_problem(401, "token_invalid");
    let log = anna.get(&format!("{space}/audit-events")).expect(200);
    assert_eq!(log["data"][0]["act"], "invitation_sent", "a read is not recorded");
    anna.post(&format!("{space}/close"), &json!({})).expect(200);
    anna.get(&format!("{path}?format=csv")).expect_problem(409, "space_closed");
}

fn whatever_is_written_stays_in_its_cell(world: &World) {
    let (anna, space) = in_space(world);
    let wishes = [
        ("=HYPERLINK(\"http://x.example\")", "Müller, dit \"Jos\"", "+352@example.lu"),
        ("＝1+1", "@SUM(A1)", "=1@example.lu"),
        ("-Élodie", "'-1", "jos@example.lu"),
    ];
    for (given_name, family_name, email) in wishes {
        let mut wish = invitation(&world.person(), "reader");
        wish["givenName"] = json!(given_name);
        wish["familyName"] = json!(family_name);
        wish["email"] = json!(email);
        anna.post(&format!("{space}/invitations"), &wish).expect(201);
    }
    let (mut lines, mut objects) = export(&anna, &format!("{space}/invitations"));
    lines.reverse();
    objects.reverse();
    assert_eq!(lines[0][2..5], ["'=HYPERLINK(\"http://x.example\")", "Müller, dit \"Jos\"", "'+352@example.lu"]);
    assert_eq!(lines[1][2..5], ["'＝1+1", "'@SUM(A1)", "'=1@example.lu"]);
    assert_eq!(lines[2][2..5], ["'-Élodie", "'-1", "jos@example.lu"]);
    for (object, (given_name, family_name, email)) in objects.iter().zip(wishes) {
        let [given, family, to] = ["givenName", "familyName", "email"].map(|name| text(&object[name]));
        assert_eq!(
            (given.as_str(), family.as_str(), to.as_str()),
            (given_name, family_name, email),
            "JSON is no sheet"
        );
    }
}

fn more_members_than_a_page_are_exported_each_once(world: &World) {
    let (anna, space) = in_space(world);
    world.scratch().sql(&format!(
        "{DIGITS} INSERT INTO memberships (id, space_id, person_id, role, scope, product_id, status, created_at)
         SELECT '019d6c3e-8c00-7000-8000-000000000' || a.n || b.n || c.n, space_id, person_id, role, scope, product_id, 'ended', created_at
         FROM memberships, d a, d b, d c"
    ));
    let (lines, objects) = export(&anna, &format!("{space}/members?status=ended"));
    let expected: Vec<String> =
        (0..1000).map(|number| format!("019d6c3e-8c00-7000-8000-000000000{number:03}")).collect();
    assert_eq!(ids(&objects), expected);
    assert!(lines.iter().zip(&expected).all(|(line, id)| line[0] == *id));
}

/// More invitations than what lies between a server and a client that does not read holds, all cancelled; each has an id with
/// these digits.
const MANY: u32 = 20_000;

/// Makes so many out of the one that there is.
fn with_many_invitations(world: &World) -> (Actor, String) {
    let (anna, space) = in_space(world);
    anna.invite(&space, &world.person(), "reader").expect(201);
    world.scratch().sql(&format!(
        "{DIGITS} INSERT INTO invitations (id, space_id, inviter_id, given_name, family_name, email, serial, role, scope, valid_days,
             created_at, expires_at, mailed_at, mails_counted_from, mails_count, mismatch_told, outcome, ended_at)
         SELECT '019d6c3e-8c00-7000-8000-0000000' || e.n || a.n || b.n || c.n || f.n, space_id, inviter_id, given_name, family_name,
             email, serial, role, scope, valid_days, '2026-01-15 08:00:00', expires_at, mailed_at, mails_counted_from, mails_count,
             mismatch_told, 'cancelled', created_at
         FROM invitations, d a, d b, d c, d e, d f WHERE e.n < '2'"
    ));
    (anna, format!("{space}/invitations"))
}

/// An export as it comes.
fn reading(world: &World, actor: &Actor, path: &str) -> impl Read {
    let token = actor.token.clone().expect("a token");
    let url = format!("{}{path}?format=ndjson", world.url());
    let reply = client().get(url).header("authorization", format!("Bearer {token}")).call().expect("an answer");
    assert_eq!(reply.status(), 200);
    reply.into_body().into_reader()
}

fn what_changes_meanwhile_neither_doubles_nor_loses_a_row(world: &World) {
    let (anna, path) = with_many_invitations(world);
    let pending = anna.get(&format!("{path}?limit=1")).expect(200)["data"][0].clone();
    let mut export = reading(world, &anna, &path);
    let mut begun = vec![0; 50_000];
    export.read_exact(&mut begun).expect("its beginning");
    anna.post(&format!("{path}/{}/cancel", text(&pending["id"])), &json!({})).expect(200);
    anna.invite(path.trim_end_matches("/invitations"), &world.person(), "reader").expect(201);
    // A page that counted rows from the front would lose as many.
    world.scratch().sql("DELETE FROM invitations WHERE id > '019d6c3e-8c00-7000-8000-000000019990'");
    export.read_to_end(&mut begun).expect("the rest");
    let read = ids(&objects(&String::from_utf8(begun).expect("text")));
    assert_eq!((read[0].clone(), read.len()), (text(&pending["id"]), MANY as usize + 1));
    assert!(read.windows(2).all(|pair| pair[0] > pair[1]), "in order, so none twice");
}

fn who_stops_reading_is_in_nobodys_way(world: &World) {
    let (anna, path) = with_many_invitations(world);
    // More than there are connections to the database.
    let mut stopped: Vec<_> = (0..6).map(|_| reading(world, &anna, &path)).collect();
    for export in &mut stopped {
        export.read_exact(&mut [0; 1000]).expect("its beginning");
    }
    for _ in 0..20 {
        anna.get(&path).expect(200);
        anna.open_space("Konditorei").expect(201);
    }
    drop(stopped);
    assert_eq!(export(&anna, &format!("{path}?status=pending")).0.len(), 1);
}

fn who_may_not_read_any_more_reads_no_further(world: &World) {
    let (anna, path) = with_many_invitations(world);
    let mut export = reading(world, &anna, &path);
    let mut begun = vec![0; 1000];
    export.read_exact(&mut begun).expect("its beginning");
    world.scratch().sql("UPDATE memberships SET role = 'manager'");
    export.read_to_end(&mut begun).expect_err("it was broken off");
    let rows = begun.split(|byte| *byte == b'\n').count();
    assert!(rows < MANY as usize, "{rows}");
}
