//! Files are attached to procedures, given out as a whole or in part, and leave nothing behind where they are not wanted.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    path::PathBuf,
    time::Duration,
};

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Actor, Key, PNG, Reply, World, crowd, text, unless_busy, wait_until};

crate::on_both_databases!(
    a_file_is_attached_given_out_and_taken_away,
    the_same_file_is_attached_once,
    what_is_not_wanted_is_refused_and_leaves_nothing,
    a_file_is_as_large_as_its_slot_says_and_not_larger,
    an_upload_that_is_broken_off_leaves_nothing,
    what_takes_too_long_is_given_up,
    of_files_sent_at_once_a_slot_takes_as_many_as_it_may,
    a_part_is_given_out,
    another_file_makes_a_signature_void,
    nothing_is_sent_without_what_must_be_attached,
    who_has_left_gets_no_file,
    an_administration_gets_what_was_sent_to_it,
    files_go_with_their_draft,
    a_changed_file_is_not_given_out,
);

const IDENTITY: &str = "identity-document";

fn begun(world: &World) -> (Actor, String, String) {
    let founder = world.founder();
    let space = founder.open_space("Boulangerie").header("location");
    let procedure = text(&founder.begin_procedure(&space, "aed.vat-registration")["id"]);
    let path = format!("{space}/procedures/{procedure}");
    (founder, space, path)
}

/// A document of so many bytes.
fn document(size: usize) -> Vec<u8> {
    let bytes = (0..size).map(|place| u8::try_from(place % 251).expect("a byte"));
    b"%PDF-1.7\n".iter().copied().chain(bytes).take(size).collect()
}

fn attached(actor: &Actor, path: &str) -> Vec<Value> {
    actor.get(path).expect(200)["attachments"].as_array().expect("a list").clone()
}

fn file_of(path: &str, attachment: &Value) -> String {
    format!("{path}/attachments/{}", text(&attachment["id"]))
}

/// What lies in the store room.
fn stored(world: &World) -> Vec<PathBuf> {
    let shelves = fs::read_dir(world.folder().join("files")).expect("the store room");
    let files = shelves.flat_map(|shelf| fs::read_dir(shelf.expect("a shelf").path()).expect("a shelf"));
    files.map(|file| file.expect("a file").path()).collect()
}

/// Waits until the store room has so many files, and the database knows of these alone.
fn wait_for_files(world: &World, count: usize) {
    wait_until("the files that there are", || {
        let known = world.scratch().sql("SELECT COUNT(*) FROM stored_files");
        known == count.to_string() && stored(world).len() == count
    });
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn asked(actor: &Actor, file: &str, headers: &[(&str, &str)]) -> Reply {
    actor.send("GET", file, headers, vec![])
}

fn a_file_is_attached_given_out_and_taken_away(world: &World) {
    let (founder, space, path) = begun(world);
    let reply = founder.attach(&path, IDENTITY, "Carte d'identité.png", PNG);
    let attachment = reply.expect(201);
    let digest = sha256(PNG);
    assert_eq!(
        (&attachment["slot"], &attachment["name"], &attachment["mediaType"], &attachment["size"]),
        (&json!(IDENTITY), &json!("Carte d'identité.png"), &json!("image/png"), &json!(PNG.len()))
    );
    assert_eq!((&attachment["sha256"], &attachment["scan"]), (&json!(digest), &json!("not_scanned")));
    let file = reply.header("location");
    assert_eq!(file, file_of(&path, &attachment));
    assert_eq!(attached(&founder, &path), [attachment]);

    let given = founder.get(&file);
    assert_eq!((given.status, &given.bytes[..]), (200, PNG));
    for (name, value) in [
        ("content-type", "image/png"),
        ("etag", &format!("\"{digest}\"")),
        ("accept-ranges", "bytes"),
        ("content-length", &PNG.len().to_string()),
        (
            "content-disposition",
            "attachment; filename=\"Carte d'identit_.png\"; filename*=UTF-8''Carte%20d%27identit%C3%A9.png",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(given.header(name), value, "{name}");
    }
    let known = asked(&founder, &file, &[("if-none-match", &given.header("etag"))]);
    assert_eq!((known.status, known.text.as_str()), (304, ""));
    let head = founder.send("HEAD", &file, &[], vec![]);
    assert_eq!((head.status, head.text.as_str()), (200, ""));

    let reader = world.person();
    founder.admit(&space, &reader, "reader");
    assert_eq!(reader.get(&file).bytes, given.bytes);
    reader.attach(&path, IDENTITY, "carte.png", PNG).expect_problem(403, "role_insufficient");
    reader.send("DELETE", &file, &[], vec![]).expect_problem(403, "role_insufficient");

    let kept = fs::read(&stored(world)[0]).expect("a file");
    assert!(!kept.windows(4).any(|bytes| bytes == b"noth"), "it lies there as it is");
    assert!(!world.scratch().sql("SELECT name_sealed FROM attachments").contains("Carte"));

    assert_eq!(founder.send("DELETE", &file, &[], vec![]).status, 204);
    founder.get(&file).expect_problem(404, "not_found");
    founder.send("DELETE", &file, &[], vec![]).expect_problem(404, "not_found");
    wait_for_files(world, 0);
    let steps = founder.get(&format!("{path}/timeline")).expect(200);
    let acts: Vec<_> = steps["data"].as_array().expect("steps").iter().map(|step| text(&step["act"])).collect();
    assert_eq!(acts, ["begun", "attached", "detached"]);
}

fn the_same_file_is_attached_once(world: &World) {
    let (founder, _, path) = begun(world);
    let first = founder.attach(&path, IDENTITY, "carte.png", PNG).expect(201);
    assert_eq!(founder.attach(&path, IDENTITY, "carte.png", PNG).expect(200), first);
    wait_for_files(world, 1);
}

fn what_is_not_wanted_is_refused_and_leaves_nothing(world: &World) {
    let (founder, space, path) = begun(world);
    let pdf = document(20);
    founder.attach(&path, "nothing-such", "a.pdf", &pdf).expect_problem(404, "not_found");
    for (name, code) in [
        ("", "empty"),
        ("a/b.pdf", "barred_character"),
        ("a\\b.pdf", "barred_character"),
        ("a\0.pdf", "barred_character"),
        ("..", "malformed"),
        (&"a".repeat(201), "too_long"),
    ] {
        let problem = founder.attach(&path, IDENTITY, name, &pdf).expect_problem(400, "invalid_input");
        assert_eq!(problem["errors"][0]["code"], code, "{name:?}");
        assert_eq!(problem["errors"][0]["parameter"], "name", "{problem}");
    }
    let send = |query: &str, media_type: &str, body: &[u8]| {
        founder.send("POST", &format!("{path}/attachments{query}"), &[("content-type", media_type)], body.to_vec())
    };
    let missing = send("", "application/pdf", &pdf).expect_problem(400, "invalid_input");
    assert_eq!(missing["errors"].as_array().map(Vec::len), Some(2), "{missing}");

    let at = format!("?slot={IDENTITY}&name=a");
    for (media_type, body) in [
        ("application/pdf", PNG),
        ("image/png", &pdf[..]),
        ("application/pdf", b"<script>alert(1)</script>"),
        ("application/pdf", b"%PD"),
        ("application/pdf", b""),
        ("text/html", &pdf[..]),
        ("", &pdf[..]),
    ] {
        let problem = send(&at, media_type, body).expect_problem(415, "attachment_media_type");
        assert_eq!(problem["mediaTypes"], json!(["application/pdf", "image/jpeg", "image/png"]));
    }
    let zipped = [("content-type", "application/pdf"), ("content-encoding", "gzip")];
    let zipped = founder.send("POST", &format!("{path}/attachments{at}"), &zipped, pdf.clone());
    zipped.expect_problem(415, "attachment_media_type");
    let of_another = send("?slot=articles-of-association&name=a", "image/png", PNG);
    assert_eq!(of_another.expect_problem(415, "attachment_media_type")["mediaTypes"], json!(["application/pdf"]));

    founder.attach(&path, IDENTITY, "a.pdf", &pdf).expect(201);
    founder.attach(&path, IDENTITY, "b.pdf", &pdf).expect(201);
    let problem = founder.attach(&path, IDENTITY, "c.pdf", &pdf).expect_problem(409, "attachment_limit_reached");
    assert_eq!(problem["limit"], 2);
    let full = founder.fill_in(&space);
    let file = file_of(&full, &attached(&founder, &full)[0]);
    for act in ["sign", "send"] {
        founder.submit(&full, act).expect(200);
    }
    founder.attach(&full, IDENTITY, "a.pdf", &pdf).expect_problem(409, "procedure_state");
    founder.send("DELETE", &file, &[], vec![]).expect_problem(409, "procedure_state");
    founder.send("DELETE", &path, &[("if-match", "*")], vec![]).expect(204);
    founder.attach(&path, IDENTITY, "c.pdf", &pdf).expect_problem(409, "procedure_binned");
    wait_for_files(world, 3);
}

fn a_file_is_as_large_as_its_slot_says_and_not_larger(world: &World) {
    const MOST: usize = 5 * 1024 * 1024;
    let (founder, _, path) = begun(world);
    let problem = founder.attach(&path, IDENTITY, "a.pdf", &document(MOST + 1)).expect_problem(413, "body_too_large");
    assert_eq!(problem["limit"], MOST);
    let largest = document(MOST);
    let attachment = founder.attach(&path, IDENTITY, "a.pdf", &largest).expect(201);
    assert_eq!(attachment["sha256"], sha256(&largest));
    // Who does not say how much he sends is told when it is too much.
    let mut sending = Sending::begin(world, &founder, &path, "Transfer-Encoding: chunked");
    let mut left = &document(MOST + 1)[..];
    while !left.is_empty() {
        let (piece, rest) = left.split_at(left.len().min(64 * 1024));
        sending.send(&[format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
        left = rest;
    }
    assert!(sending.answer().starts_with("HTTP/1.1 413"));
    let part = asked(&founder, &file_of(&path, &attachment), &[("range", &format!("bytes={}-", MOST - 5))]);
    assert_eq!(part.header("content-range"), format!("bytes {}-{}/{MOST}", MOST - 5, MOST - 1));
    wait_for_files(world, 1);
}

/// A file on its way, byte by byte.
struct Sending(TcpStream);

impl Sending {
    fn begin(world: &World, actor: &Actor, path: &str, length: &str) -> Self {
        let address = world.url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        let token = actor.token.as_deref().expect("a token");
        let head = format!(
            "POST {path}/attachments?slot={IDENTITY}&name=a.pdf HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/pdf\r\n{length}\r\n\r\n"
        );
        let mut sending = Self(stream);
        sending.send(head.as_bytes());
        sending
    }

    fn send(&mut self, bytes: &[u8]) {
        // A server that has answered may have stopped reading.
        let _ = self.0.write_all(bytes);
    }

    fn answer(&mut self) -> String {
        let mut some = [0; 4096];
        let count = self.0.read(&mut some).unwrap_or_default();
        String::from_utf8_lossy(&some[..count]).into_owned()
    }
}

fn an_upload_that_is_broken_off_leaves_nothing(world: &World) {
    let (founder, _, path) = begun(world);
    let mut sending = Sending::begin(world, &founder, &path, "Content-Length: 4000000");
    sending.send(&document(3_000_000));
    wait_until("that it is being written", || !stored(world).is_empty());
    assert_eq!(world.scratch().sql("SELECT state FROM stored_files"), "writing");
    sending.0.shutdown(Shutdown::Both).expect("the end");
    wait_for_files(world, 0);
    assert!(attached(&founder, &path).is_empty());
}

fn what_takes_too_long_is_given_up(world: &World) {
    let (mut founder, _, path) = begun(world);
    let mut sending = Sending::begin(world, &founder, &path, "Content-Length: 4000000");
    sending.send(&document(3_000_000));
    wait_until("that it is being written", || !stored(world).is_empty());
    // As it is after a server was killed that was writing: a row, and a piece of a file.
    world.wait(TimeDelta::hours(2));
    wait_for_files(world, 0);
    sending.send(&document(4_000_000)[3_000_000..]);
    sending.answer();
    founder.log_in(0).expect(200);
    assert!(attached(&founder, &path).is_empty());
    wait_for_files(world, 0);
}

fn of_files_sent_at_once_a_slot_takes_as_many_as_it_may(world: &World) {
    let (founder, _, path) = begun(world);
    let (founder, path_of) = (&founder, &path);
    let statuses = crowd(8, 8, |one| {
        unless_busy(|| founder.attach(path_of, IDENTITY, &format!("{one}.pdf"), &document(100_000 + one))).status
    });
    let kept = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(kept, 2, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409, 429].contains(status)), "{statuses:?}");
    assert_eq!(attached(founder, &path).len(), 2);
    wait_for_files(world, 2);
}

fn a_part_is_given_out(world: &World) {
    let (founder, _, path) = begun(world);
    let pdf: Vec<u8> = b"%PDF-1.7\n"
        .iter()
        .copied()
        .chain((0..200_000_u32).map(|n| b'a' + u8::try_from(n % 26).expect("a byte")))
        .collect();
    let attachment = founder.attach(&path, IDENTITY, "a.pdf", &pdf).expect(201);
    let file = file_of(&path, &attachment);
    let size = pdf.len();
    for (range, part) in [
        ("bytes=0-4", 0..5),
        ("bytes=65535-65536", 65_535..65_537),
        ("bytes=60000-140000", 60_000..140_001),
        ("bytes=-7", size - 7..size),
        ("bytes=200000-", 200_000..size),
    ] {
        let given = asked(&founder, &file, &[("range", range)]);
        assert_eq!(given.status, 206, "{range}");
        assert_eq!(given.header("content-range"), format!("bytes {}-{}/{size}", part.start, part.end - 1));
        assert!(given.bytes == pdf[part], "{range}");
    }
    let beyond = asked(&founder, &file, &[("range", "bytes=900000-")]);
    beyond.expect_problem(416, "range_not_satisfiable");
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    let etag = founder.get(&file).header("etag");
    assert_eq!(asked(&founder, &file, &[("range", "bytes=0-4"), ("if-range", &etag)]).status, 206);
    assert_eq!(asked(&founder, &file, &[("range", "bytes=0-4"), ("if-range", "\"another\"")]).text.len(), size);
    assert_eq!(asked(&founder, &file, &[("range", "bytes=0-4,9-12")]).text.len(), size);
}

fn another_file_makes_a_signature_void(world: &World) {
    let (founder, space, _) = begun(world);
    let path = founder.fill_in(&space);
    let state = || text(&founder.get(&path).expect(200)["state"]);
    founder.submit(&path, "sign").expect(200);
    founder.attach(&path, IDENTITY, "carte.png", PNG).expect(200);
    assert_eq!(state(), "signed", "it was there");
    let seen = founder.get(&path).expect(200)["digest"].clone();
    let other = founder.attach(&path, IDENTITY, "dos.png", PNG).expect(201);
    assert_eq!(state(), "in_preparation");
    assert_ne!(founder.get(&path).expect(200)["digest"], seen);
    founder.submit(&path, "sign").expect(200);
    founder.send("DELETE", &file_of(&path, &other), &[], vec![]).expect(204);
    assert_eq!(state(), "in_preparation");
    assert_eq!(founder.get(&path).expect(200)["digest"], seen);
}

fn nothing_is_sent_without_what_must_be_attached(world: &World) {
    let (founder, space, _) = begun(world);
    let path = founder.fill_in(&space);
    let check = || founder.post(&format!("{path}/check"), &json!({})).expect(200);
    assert_eq!((&check()["isValid"], &check()["attachments"]), (&json!(true), &json!([])));
    let file = file_of(&path, &attached(&founder, &path)[0]);
    founder.send("DELETE", &file, &[], vec![]).expect(204);
    let missing = json!([{ "slot": IDENTITY, "code": "missing" }]);
    assert_eq!((&check()["isValid"], &check()["attachments"]), (&json!(false), &missing));
    let problem = founder.submit(&path, "sign").expect_problem(409, "attachments_incomplete");
    assert_eq!(problem["slots"], json!([IDENTITY]));
}

fn who_has_left_gets_no_file(world: &World) {
    let (founder, space, path) = begun(world);
    let file = file_of(&path, &founder.attach(&path, IDENTITY, "carte.png", PNG).expect(201));
    let member = world.person();
    founder.admit(&space, &member, "reader");
    let etag = member.get(&file).header("etag");
    let members = founder.get(&format!("{space}/members")).expect(200);
    let members = members["data"].as_array().expect("members").iter();
    let id = members.filter(|one| one["role"] == "reader").map(|one| text(&one["id"])).next().expect("the reader");
    founder.send("DELETE", &format!("{space}/members/{id}"), &[("if-match", "*")], vec![]);
    for headers in [&[][..], &[("range", "bytes=0-1")], &[("if-none-match", &etag[..])], &[("if-none-match", "*")]] {
        asked(&member, &file, headers).expect_problem(404, "not_found");
    }
    world.person().get(&file).expect_problem(404, "not_found");
}

fn an_administration_gets_what_was_sent_to_it(world: &World) {
    let (founder, space, _) = begun(world);
    let path = founder.fill_in(&space);
    let office = |administration: &str, scopes: &str| world.partner(administration, scopes, Key::strange()).log_in();
    let (aed, acd) = (office("aed", "read_procedures"), office("acd", "read_procedures"));
    let attachment = attached(&founder, &path)[0].clone();
    let id = path.rsplit('/').next().expect("an id");
    let file = format!("/v1/partner/procedures/{id}/attachments/{}", text(&attachment["id"]));
    aed.get(&file).expect_problem(404, "not_found");
    for act in ["sign", "send"] {
        founder.submit(&path, act).expect(200);
    }
    let shown = aed.get(&format!("/v1/partner/procedures/{id}")).expect(200);
    assert_eq!((&shown["attachments"], &shown["isAsSent"]), (&json!([attachment]), &json!(true)));
    let given = aed.get(&file);
    assert_eq!((given.status, &given.bytes[..]), (200, PNG));
    assert_eq!(asked(&aed, &file, &[("range", "bytes=1-3")]).text, "PNG");
    acd.get(&file).expect_problem(404, "not_found");
    office("aed", "handle_procedures").get(&file).expect_problem(403, "scope_not_granted");
}

fn files_go_with_their_draft(world: &World) {
    let (founder, _, path) = begun(world);
    let file = file_of(&path, &founder.attach(&path, IDENTITY, "carte.png", PNG).expect(201));
    founder.send("DELETE", &path, &[("if-match", "*")], vec![]).expect(204);
    assert_eq!(founder.get(&file).status, 200, "what is in the bin can be read");
    world.wait(TimeDelta::days(14));
    wait_for_files(world, 0);
}

fn a_changed_file_is_not_given_out(world: &World) {
    let (founder, _, path) = begun(world);
    let file = file_of(&path, &founder.attach(&path, IDENTITY, "carte.png", PNG).expect(201));
    let [kept] = &stored(world)[..] else { panic!("one file") };
    let mut bytes = fs::read(kept).expect("a file");
    bytes[3] ^= 1;
    fs::write(kept, bytes).expect("a changed file");
    founder.get(&file).expect_problem(500, "internal");
}
