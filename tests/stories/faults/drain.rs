//! The server is told to stop while requests are in flight: readiness fails first, all that came in is answered, and it ends in time.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use crate::support::{Actor, Database, Process, Scratch, Signal, eventually, wait_until};

/// How long readiness fails before the server stops listening, and how long open requests then have, at most.
const DRAIN: Duration = Duration::from_secs(3);
const LAST_REQUESTS: Duration = Duration::from_secs(20);
/// How long a body may take: who never sends his is answered too, and holds nobody up for longer.
const BODY: Duration = Duration::from_secs(8);
/// Until then a balancer has seen that readiness fails, and sends nobody here any more.
const NOTICED: Duration = Duration::from_secs(2);

#[test]
fn told_to_terminate_it_answers_all_that_is_in_flight_on_sqlite() {
    drains_on(Signal::TERM, Database::Sqlite);
}

#[test]
fn told_to_terminate_it_answers_all_that_is_in_flight_on_postgres() {
    drains_on(Signal::TERM, Database::Postgres);
}

#[test]
fn interrupted_it_does_the_same() {
    drains_on(Signal::INT, Database::Sqlite);
}

fn drains_on(signal: Signal, database: Database) {
    let mut scratch = Scratch::new(database);
    scratch.set("ESPACE_PRO_PUBLIC_URL", "http://espace-pro.test");
    scratch.set("ESPACE_PRO_DRAIN_SECONDS", &DRAIN.as_secs().to_string());
    scratch.set("ESPACE_PRO_BODY_SECONDS", &BODY.as_secs().to_string());
    let mut server = Process::serve(&mut scratch);
    let anna = Actor::newcomer(&server.anonymous(), &["luxtrust_professional"]);
    anna.accept_terms();
    let mut slow: Vec<Halved> = (0..30).map(|_| Halved::begin(&server, &anna)).collect();
    let (after, during) = (slow.split_off(10), slow);
    let stalled = Halved::begin(&server, &anna);
    let mut idle = connect(&server);
    write!(idle, "GET /v1/terms HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").expect("a request");
    assert_eq!(idle.read(&mut [0; 12]).expect("an answer"), 12);

    let begun = Instant::now();
    server.signal(signal);
    let opened = newcomers_are_served(&server, &anna, begun);
    let ended_in_time: Vec<String> = during.into_iter().map(Halved::end).collect();

    wait_until("nobody listens", || TcpStream::connect(address(&server)).is_err());
    assert!(begun.elapsed() >= DRAIN, "it stopped listening after {:?}", begun.elapsed());
    let ended_late: Vec<String> = after.into_iter().map(Halved::end).collect();
    for answer in ended_in_time.iter().chain(&ended_late) {
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
    // Open requests hold the server up; the connection that only waits for a next one does not.
    idle.read_to_end(&mut vec![]).expect("its end");
    let answer = stalled.read();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(server.ended().code(), Some(0), "{}", server.log());
    assert!(begun.elapsed() < DRAIN + LAST_REQUESTS, "it ended after {:?}", begun.elapsed());

    let restarted = Process::serve(&mut scratch);
    assert_eq!(anna.at(&restarted.anonymous()).spaces().len(), opened + 30);
}

/// Who comes on a new connection is served, also once readiness fails. Gives how many spaces were opened.
fn newcomers_are_served(server: &Process, anna: &Actor, begun: Instant) -> usize {
    let (is_failing, opened_since) = (AtomicBool::new(false), AtomicUsize::new(0));
    let opened = scope(|scope| {
        let come = || {
            let mut opened = 0;
            while begun.elapsed() < NOTICED {
                let mut newcomer = server.anonymous();
                newcomer.token.clone_from(&anna.token);
                let was_failing = is_failing.load(Ordering::Relaxed);
                newcomer.post("/v1/spaces", &anna.own_professional("Atelier")).expect(201);
                opened += 1;
                opened_since.fetch_add(was_failing.into(), Ordering::Relaxed);
                sleep(Duration::from_millis(100));
            }
            opened
        };
        let newcomers: Vec<_> = (0..4).map(|_| scope.spawn(come)).collect();
        let not_ready = eventually("readiness fails", || {
            Some(server.anonymous().get("/health/ready")).filter(|reply| reply.status != 200)
        });
        not_ready.expect_problem(503, "busy");
        is_failing.store(true, Ordering::Relaxed);
        server.anonymous().get("/health/live").expect(200);
        newcomers.into_iter().map(|newcomer| newcomer.join().expect("a newcomer")).sum()
    });
    assert!(opened_since.into_inner() > 0, "nobody came after readiness failed");
    opened
}

fn address(server: &Process) -> &str {
    server.url().trim_start_matches("http://")
}

fn connect(server: &Process) -> TcpStream {
    let stream = TcpStream::connect(address(server)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    stream
}

/// A request to open a space, of which the server has one half.
struct Halved {
    stream: TcpStream,
    rest: String,
}

impl Halved {
    fn begin(server: &Process, anna: &Actor) -> Self {
        let wish = anna.own_professional("Atelier").to_string();
        let (first, rest) = wish.split_at(20);
        let mut stream = connect(server);
        let (token, length) = (anna.token.as_deref().expect("a token"), wish.len());
        let head = format!(
            "POST /v1/spaces HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        write!(stream, "{head}{first}").expect("half a request");
        Self { stream, rest: rest.to_owned() }
    }

    /// Sends the other half, and reads the answer.
    fn end(mut self) -> String {
        write!(self.stream, "{}", self.rest).expect("the other half");
        self.read()
    }

    fn read(mut self) -> String {
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}
