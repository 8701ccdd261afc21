//! Crowds: many requests at once, and the patience that their answers ask for.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{scope, sleep},
    time::Duration,
};

use super::Reply;

/// Does jobs `0..jobs` on so many threads, which begin together; gives what came of them, in no order.
pub fn crowd<T: Send>(jobs: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (next, start) = (AtomicUsize::new(0), Barrier::new(threads));
    let drain = || {
        start.wait();
        let job = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|job| *job < jobs);
        std::iter::from_fn(job).map(&work).collect::<Vec<T>>()
    };
    scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(drain)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    })
}

/// Asks again while the answer is that the server is busy, as any client should: nothing was kept then.
pub fn unless_busy(request: impl Fn() -> Reply) -> Reply {
    let mut reply = request();
    for _ in 0..100 {
        if reply.status != 503 {
            break;
        }
        reply.expect_problem(503, "busy");
        sleep(Duration::from_millis(50));
        reply = request();
    }
    reply
}

/// Looks until there is something to see.
pub fn eventually<T>(awaited: &str, look: impl Fn() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(seen) = look() {
            return seen;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("still not: {awaited}");
}

/// Looks until it is so.
pub fn wait_until(awaited: &str, is_so: impl Fn() -> bool) {
    eventually(awaited, || is_so().then_some(()));
}
