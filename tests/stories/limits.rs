//! What the server takes from one caller, from one address, from a slow client and from a page of the web.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use crate::support::{Actor, Database, Reply, Scratch, World};

fn world_with(database: Database, settings: &[(&str, &str)]) -> World {
    let mut scratch = Scratch::new(database);
    for (name, value) in settings {
        scratch.set(name, value);
    }
    World::start_in(scratch)
}

/// A world with limits on, and with these settings.
fn limited(settings: &[(&str, &str)]) -> World {
    world_with(Database::Sqlite, &[&[("ESPACE_PRO_LIMITS", "on")], settings].concat())
}

fn ask(actor: &Actor, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    actor.send(method, path, headers, vec![])
}

fn expect_refused(reply: &Reply, policy: &str) -> u64 {
    let problem = reply.expect_problem(429, "too_many_requests");
    let wait = problem["retryAfter"].as_u64().expect("seconds");
    assert!(wait > 0);
    assert_eq!(reply.header("retry-after"), wait.to_string());
    assert!(reply.header("ratelimit").contains(&format!("\"{policy}\";r=0;t={wait}")), "{}", reply.header("ratelimit"));
    assert!(reply.header("ratelimit-policy").contains(&format!("\"{policy}\";q=")));
    wait
}

#[test]
fn a_person_is_limited_with_all_his_tokens_and_nobody_else_with_him() {
    let world = limited(&[("ESPACE_PRO_LIMIT_PERSON", "5/3600")]);
    let (mut anna, marc) = (world.person(), world.person());
    for left in (0..5).rev() {
        let reply = anna.get("/v1/me/landing");
        reply.expect(200);
        assert!(
            reply.header("ratelimit").contains(&format!("\"person\";r={left};t=")),
            "{}",
            reply.header("ratelimit")
        );
        assert_eq!(reply.header("ratelimit-policy"), "\"address\";q=6000;w=60, \"person\";q=5;w=3600");
    }
    expect_refused(&anna.get("/v1/me/landing"), "person");
    // A new token is the same person's.
    anna.token = None;
    anna.log_in(0).expect(200);
    expect_refused(&anna.get("/v1/spaces"), "person");
    marc.get("/v1/me/landing").expect(200);
    world.get("/v1/terms").expect(200);
}

#[test]
fn a_forged_token_uses_up_nobodys_allowance() {
    let world = limited(&[("ESPACE_PRO_LIMIT_PERSON", "5/3600")]);
    let marc = world.person();
    let mut forger = marc.clone();
    let token = marc.token.clone().expect("a token");
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let other: String = signature.chars().rev().collect();
    forger.token = Some(format!("{signed}.{other}"));
    for _ in 0..10 {
        let reply = forger.get("/v1/me/landing");
        reply.expect_problem(401, "token_invalid");
        assert!(!reply.header("ratelimit").contains("person"));
    }
    let reply = marc.get("/v1/me/landing");
    reply.expect(200);
    assert!(reply.header("ratelimit").contains("\"person\";r=4;"), "{}", reply.header("ratelimit"));
}

#[test]
fn what_was_used_up_comes_back() {
    let world = limited(&[("ESPACE_PRO_LIMIT_PERSON", "2/4")]);
    let anna = world.person();
    let refused = (0..1000).map(|_| anna.get("/v1/me/landing")).find(|reply| reply.status != 200).expect("a refusal");
    sleep(Duration::from_secs(expect_refused(&refused, "person")));
    anna.get("/v1/me/landing").expect(200);
}

#[test]
fn an_address_is_limited_whatever_a_client_says_of_it() {
    let world = limited(&[("ESPACE_PRO_LIMIT_ADDRESS", "20/3600")]);
    let somebody = world.anonymous();
    for n in 0..30 {
        let (x_forwarded_for, forwarded) = (format!("203.0.113.{n}"), format!("for=203.0.113.{n}"));
        let headers = [("x-forwarded-for", x_forwarded_for.as_str()), ("forwarded", forwarded.as_str())];
        let reply = ask(&somebody, "GET", "/v1/terms", &headers);
        if n < 20 {
            reply.expect(200);
        } else {
            expect_refused(&reply, "address");
        }
    }
    // Nor by a path or a method that leads nowhere; but probes and papers are for all.
    expect_refused(&somebody.get("/nowhere"), "address");
    expect_refused(&ask(&somebody, "OPTIONS", "/v1/terms", &[]), "address");
    for path in ["/health/live", "/health/ready", "/docs/", "/v1/openapi.json", "/problems/too_many_requests"] {
        let reply = somebody.get(path);
        assert_eq!((reply.status, reply.header("ratelimit")), (200, String::new()), "{path}");
    }
}

#[test]
fn an_address_is_what_our_proxy_says() {
    type Written = fn(&str) -> String;
    let ways = [
        ("x-forwarded-for", str::to_owned as Written),
        ("forwarded", |address| format!("for=\"{address}\";proto=https")),
    ];
    for (header, written) in ways {
        let world = limited(&[
            ("ESPACE_PRO_LIMIT_ADDRESS", "5/3600"),
            ("ESPACE_PRO_TRUSTED_PROXIES", "127.0.0.0/8, ::1"),
            ("ESPACE_PRO_FORWARDED_HEADER", header),
        ]);
        let send = |addresses: &[&str]| {
            let said: Vec<String> = addresses.iter().map(|address| written(address)).collect();
            ask(&world.anonymous(), "GET", "/v1/terms", &[(header, &said.join(", "))])
        };
        for n in 0..5 {
            // What stands on the left the client wrote himself.
            send(&[&format!("198.51.100.{n}"), "203.0.113.5"]).expect(200);
        }
        expect_refused(&send(&["203.0.113.5"]), "address");
        expect_refused(&send(&["198.51.100.9", "203.0.113.5"]), "address");
        send(&["203.0.113.6"]).expect(200);
        for n in 0..5 {
            send(&[&format!("[2001:db8::{n}]:4711")]).expect(200);
        }
        expect_refused(&send(&["[2001:db8::ffff]"]), "address");
        send(&["[2001:db8:0:1::1]"]).expect(200);
    }
}

#[test]
fn who_is_not_known_yet_gets_less() {
    let world = limited(&[("ESPACE_PRO_LIMIT_TOKENS", "3/3600"), ("ESPACE_PRO_LIMIT_REGISTRATIONS", "2/3600")]);
    let somebody = world.anonymous();
    for _ in 0..3 {
        somebody.post_form("/v1/token", &[("grant_type", "nonsense")]).expect(400);
    }
    for path in ["/v1/token", "/v1/%74oken"] {
        expect_refused(&somebody.post_form(path, &[("grant_type", "nonsense")]), "tokens");
    }
    let nothing = serde_json::json!({});
    for path in ["/v1/registrations", "/v1/registrations/019d6c3e-8c00-7000-8000-000000000000/confirm"] {
        assert!(matches!(somebody.post(path, &nothing).status, 400 | 404));
    }
    expect_refused(&somebody.post("/v1/registrations", &nothing), "registrations");
    somebody.get("/v1/terms").expect(200);
}

#[test]
fn a_slow_client_is_not_waited_for() {
    let world = world_with(
        Database::Sqlite,
        &[("ESPACE_PRO_HEADER_SECONDS", "1"), ("ESPACE_PRO_BODY_SECONDS", "1"), ("ESPACE_PRO_KEEP_ALIVE_SECONDS", "1")],
    );
    let whole = "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let form = "host: localhost\r\ncontent-type: application/x-www-form-urlencoded";
    let post = format!("POST /v1/token HTTP/1.1\r\n{form}");
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    for (what, begin, piece, answers) in [
        ("headers", "GET /health/live HTTP/1.1\r\nhost: localhost\r\n".to_owned(), "x: y\r\n", &["408"][..]),
        ("headers after a request", whole.to_owned(), "x", &["200"]),
        ("a body", format!("{post}\r\ncontent-length: 9999\r\n\r\n"), "a", &["408", "request_timeout"]),
        ("a body in chunks", format!("{post}\r\n{chunked}"), "1\r\na\r\n", &["408", "request_timeout"]),
        ("a body that nobody reads", format!("GET /v1/terms HTTP/1.1\r\n{form}\r\n{chunked}"), "1\r\na\r\n", &["200"]),
        ("nothing", whole.to_owned(), "", &["200"]),
        ("nothing at all", String::new(), "", &[]),
    ] {
        let said = dribble(&world, &begin, piece).unwrap_or_else(|| panic!("{what}: the connection was not ended"));
        for answer in answers {
            assert!(said.contains(answer), "{what}: {said}");
        }
    }
}

#[test]
fn a_slow_client_gives_its_place_back() {
    let world = world_with(
        Database::Sqlite,
        &[("ESPACE_PRO_CONNECTIONS", "1"), ("ESPACE_PRO_BACKLOG", "64"), ("ESPACE_PRO_BODY_SECONDS", "1")],
    );
    let body = "POST /v1/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n";
    scope(|scope| {
        // More than there are places, whatever the number of cores.
        for _ in 0..2 * std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| dribble(&world, body, "a").expect("an end"));
        }
        sleep(Duration::from_millis(300));
        world.get("/health/live").expect(200);
    });
}

/// Sends the beginning, then a piece now and then, until the server ends the connection; what it said until then.
fn dribble(world: &World, begin: &str, piece: &str) -> Option<String> {
    let mut stream = TcpStream::connect(world.url().trim_start_matches("http://")).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a deadline");
    stream.write_all(begin.as_bytes()).expect("the beginning");
    let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
    // A long time for a server that has one second.
    let patience = Instant::now() + Duration::from_mins(1);
    while Instant::now() < patience {
        let _ = stream.write_all(piece.as_bytes());
        match stream.read(&mut buffer) {
            Ok(0) => return Some(String::from_utf8_lossy(&said).into_owned()),
            Ok(read) => said.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return Some(String::from_utf8_lossy(&said).into_owned()),
        }
    }
    None
}

#[test]
fn a_compressed_body_is_not_unpacked() {
    let world = World::start(Database::Sqlite);
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let reply = world.founder().send("POST", "/v1/spaces", &headers, vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    reply.expect_problem(415, "unsupported_media_type");
}

fn a_full_queue_is_told_at_once(database: Database) {
    let world = world_with(database, &[("ESPACE_PRO_DATABASE_CONNECTIONS", "1"), ("ESPACE_PRO_DATABASE_QUEUE", "2")]);
    let anna = world.founder();
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..5 {
        let replies: Vec<Reply> = scope(|scope| {
            let requests: Vec<_> = (0..32).map(|_| scope.spawn(|| anna.open_space("Boulangerie"))).collect();
            requests.into_iter().map(|request| request.join().expect("an answer")).collect()
        });
        for reply in replies {
            if reply.status == 201 {
                opened += 1;
            } else {
                reply.expect_problem(503, "busy");
                assert_eq!(reply.header("retry-after"), "1");
                refused += 1;
            }
        }
    }
    assert!(opened > 0 && refused > 0, "{opened} were opened, {refused} refused");
    // Nothing was kept of what was refused.
    let products = anna.get("/v1/me/authentication-products").expect(200);
    assert_eq!(products["data"][0]["spacesUsed"], opened);
}

#[test]
fn a_full_queue_is_told_at_once_on_sqlite() {
    a_full_queue_is_told_at_once(Database::Sqlite);
}

#[test]
fn a_full_queue_is_told_at_once_on_postgres() {
    a_full_queue_is_told_at_once(Database::Postgres);
}

const PORTAL: &str = "https://portal.example.lu";

/// A world for pages of two origins.
fn world_for_pages(settings: &[(&str, &str)]) -> World {
    let origins = format!("{PORTAL},http://localhost:5173");
    limited(&[&[("ESPACE_PRO_CORS_ORIGINS", origins.as_str())], settings].concat())
}

fn shared_with(reply: &Reply) -> String {
    assert_eq!(reply.header("access-control-allow-credentials"), "");
    reply.header("access-control-allow-origin")
}

#[test]
fn an_answer_is_for_pages_of_our_origins_and_no_other() {
    let world = world_for_pages(&[]);
    for origin in [PORTAL, "http://localhost:5173"] {
        let reply = ask(&world.anonymous(), "GET", "/v1/terms", &[("origin", origin)]);
        assert_eq!(shared_with(&reply), origin);
        for header in ["etag", "location", "link", "ratelimit", "retry-after", "x-request-id", "www-authenticate"] {
            let exposed = reply.header("access-control-expose-headers");
            assert!(exposed.split(", ").any(|exposed| exposed == header), "{header} is not in {exposed}");
        }
    }
    for origin in [
        "https://portal.example.lu.evil.example",
        "https://portal.example.lu:8443",
        "http://portal.example.lu",
        "https://PORTAL.example.lu",
        "https://portal.example.lu, http://localhost:5173",
        "https://evil.example",
        "null",
        "*",
        "",
    ] {
        let reply = ask(&world.anonymous(), "GET", "/v1/terms", &[("origin", origin)]);
        assert_eq!((reply.status, shared_with(&reply)), (200, String::new()), "{origin}");
        assert!(varies_by_origin(&reply));
    }
    assert!(varies_by_origin(&world.get("/v1/terms")));
    let reply = ask(&World::start(Database::Sqlite).anonymous(), "GET", "/v1/terms", &[("origin", PORTAL)]);
    assert_eq!(shared_with(&reply), "", "nobody is welcome where nobody was named");
}

fn varies_by_origin(reply: &Reply) -> bool {
    reply.headers.get_all("vary").iter().any(|vary| vary.as_bytes().eq_ignore_ascii_case(b"origin"))
}

#[test]
fn an_error_can_be_read_by_the_page_too() {
    let world = world_for_pages(&[("ESPACE_PRO_LIMIT_PERSON", "3/3600"), ("ESPACE_PRO_BODY_SECONDS", "1")]);
    let anna = world.person();
    let json = [("origin", PORTAL), ("content-type", "application/json")];
    let text = [("origin", PORTAL), ("content-type", "text/plain")];
    for (status, reply) in [
        (401, ask(&world.anonymous(), "GET", "/v1/spaces", &json)),
        (404, ask(&world.anonymous(), "GET", "/nowhere", &json)),
        (405, ask(&world.anonymous(), "DELETE", "/v1/spaces", &json)),
        (400, anna.send("POST", "/v1/spaces", &json, b"{".to_vec())),
        (413, anna.send("POST", "/v1/spaces", &json, vec![b' '; 300 * 1024])),
        (415, anna.send("POST", "/v1/spaces", &text, b"{}".to_vec())),
        (429, anna.send("POST", "/v1/spaces", &json, b"{}".to_vec())),
    ] {
        assert_eq!((reply.status, shared_with(&reply).as_str()), (status, PORTAL), "{}", reply.text);
        assert!(varies_by_origin(&reply) && !reply.header("x-request-id").is_empty(), "{status}");
        assert!(reply.header("ratelimit").contains("\"address\";r="), "{status}");
    }
    let late = format!("POST /v1/token HTTP/1.1\r\nhost: localhost\r\norigin: {PORTAL}\r\ncontent-length: 9\r\n\r\n");
    let late = dribble(&world, &late, "").expect("an end");
    assert!(late.starts_with("HTTP/1.1 408 ") && late.contains(PORTAL) && late.contains("connection: close"), "{late}");
}

#[test]
fn a_browser_that_asks_first_is_told() {
    let world = world_for_pages(&[("ESPACE_PRO_LIMIT_ADDRESS", "3/3600")]);
    let somebody = world.anonymous();
    let ask_first = |path: &str, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,if-match"),
        ];
        ask(&somebody, "OPTIONS", path, &headers)
    };
    // It is not counted: a browser would not show the page a refusal of it.
    for _ in 0..10 {
        let reply = ask_first("/v1/spaces/019d6c3e-8c00-7000-8000-000000000000", PORTAL);
        assert_eq!((reply.status, shared_with(&reply).as_str()), (204, PORTAL));
        assert_eq!(reply.header("access-control-allow-methods"), "GET, POST, PUT, PATCH, DELETE");
        let allowed = reply.header("access-control-allow-headers");
        assert_eq!(
            allowed,
            "authorization, content-type, if-match, if-none-match, idempotency-key, accept-language, x-request-id"
        );
        assert!(varies_by_origin(&reply) && !reply.header("x-request-id").is_empty());
    }
    let stranger = ask_first("/v1/spaces", "https://evil.example");
    assert_eq!((stranger.status, shared_with(&stranger)), (405, String::new()));
    assert_eq!(stranger.header("access-control-allow-methods"), "");
}

#[test]
fn the_sandbox_is_for_no_page_and_the_contract_for_every_page() {
    let world = world_for_pages(&[]);
    for path in ["/sandbox/persons", "/%73andbox/persons"] {
        let reply = ask(&world.anonymous(), "GET", path, &[("origin", PORTAL)]);
        assert_eq!((reply.status, shared_with(&reply)), (200, String::new()), "{path}");
        let headers = [("origin", PORTAL), ("access-control-request-method", "POST")];
        assert_eq!(shared_with(&ask(&world.anonymous(), "OPTIONS", path, &headers)), "", "{path}");
        // Nor for a page whose name leads here.
        let rebound = ask(&world.anonymous(), "GET", path, &[("host", "evil.example")]);
        rebound.expect_problem(404, "not_found");
    }
    for path in ["/v1/openapi.json", "/v1/openapi.yaml"] {
        for origin in [PORTAL, "https://evil.example"] {
            assert_eq!(shared_with(&ask(&world.anonymous(), "GET", path, &[("origin", origin)])), "*", "{path}");
        }
    }
}
