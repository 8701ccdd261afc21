//! Files that are sent: a body is taken piece by piece, so that however large it is, little of it is in memory.

use std::{
    collections::HashMap,
    future::{Ready, ready},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest, dev,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    web::{Bytes, Payload},
};
use domain::{Coded, id::PersonId, store_room::MediaType};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

use super::problem::{Code, Problem};
use crate::config::Deadlines;

/// How many files are taken at a time.
const AT_ONCE: usize = 64;
/// How many of them from one person.
const FROM_ONE: usize = 4;

/// A file on its way in, with what its headers say of it.
pub struct Upload {
    payload: Payload,
    /// What it is said to be; `None` where that is nothing that we know, or it is compressed on its way.
    pub said: Option<MediaType>,
    /// How many bytes it is said to have.
    pub declared: Option<u64>,
}

impl FromRequest for Upload {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let headers = request.headers();
        let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let taken = Payload::from_request(request, payload).into_inner();
        ready(taken.map(|payload| Self { payload, said: said(headers), declared }))
    }
}

fn said(headers: &HeaderMap) -> Option<MediaType> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let is_plain = headers.get_all(CONTENT_ENCODING).all(|encoding| encoding == "identity");
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    MediaType::from_code(&essence).filter(|_| is_plain)
}

/// A file's bytes, as they come.
pub struct Incoming {
    payload: Payload,
    patience: Duration,
    ends: Instant,
    left: u64,
    most: u64,
}

/// A file that is said to be so long is not too long.
///
/// # Errors
/// 413.
pub fn require_at_most(most: u64, declared: Option<u64>) -> Result<(), Problem> {
    if declared.is_some_and(|length| length > most) { Err(too_large(most)) } else { Ok(()) }
}

impl Upload {
    /// Takes so many bytes of it at most.
    pub fn take(self, most: u64, deadlines: &Deadlines) -> Incoming {
        let ends = Instant::now() + deadlines.upload;
        Incoming { payload: self.payload, patience: deadlines.body, ends, left: most, most }
    }
}

impl Incoming {
    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// 408 for a client that is too slow, 413 for a file that is too large, 400 for one that is broken off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let next = timeout_at(self.ends, timeout(self.patience, futures_util::StreamExt::next(&mut self.payload)));
        let next = next.await.map_err(drop).and_then(|next| next.map_err(drop));
        let Some(next) = next.map_err(|()| Problem::from(Code::RequestTimeout))? else { return Ok(None) };
        let bytes = next.map_err(|error| Problem::from(Code::BadRequest).because(error))?;
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| too_large(self.most))?;
        Ok(Some(bytes))
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::from(Code::BodyTooLarge).with("limit", limit)
}

/// Who may send files now: so many at a time, and so many of each person.
pub struct Turns {
    all: Arc<Semaphore>,
    of: Arc<Mutex<HashMap<PersonId, usize>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), of: Arc::default() }
    }
}

/// The right to send a file; it ends with it.
pub struct Turn {
    person: PersonId,
    of: Arc<Mutex<HashMap<PersonId, usize>>>,
    _one: OwnedSemaphorePermit,
}

impl Turns {
    /// A turn for a person.
    ///
    /// # Errors
    /// 503 where too many are at it, 429 for one who sends too many at a time.
    pub fn take(&self, person: PersonId) -> Result<Turn, Problem> {
        let one = Arc::clone(&self.all).try_acquire_owned();
        let one = one.map_err(|_| Problem::from(Code::Busy).because("too many files are sent"))?;
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let sending = of.entry(person).or_default();
        if *sending >= FROM_ONE {
            let problem = Problem::from(Code::TooManyRequests).with("retryAfter", 1).because("files at a time");
            return Err(problem.with_header(RETRY_AFTER, 1.into()));
        }
        *sending += 1;
        Ok(Turn { person, of: Arc::clone(&self.of), _one: one })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sending) = of.get_mut(&self.person) {
            *sending -= 1;
            if *sending == 0 {
                of.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_person_sends_a_few_at_a_time() {
        let turns = Turns::default();
        let [anna, emma] = [1, 2].map(|person| Uuid::from_u128(person).into());
        let mut held: Vec<_> = (0..FROM_ONE).map(|_| turns.take(anna).unwrap()).collect();
        assert_eq!(turns.take(anna).err().unwrap().code, Code::TooManyRequests);
        assert!(turns.take(emma).is_ok());
        held.pop();
        assert!(turns.take(anna).is_ok());
        held.clear();
        assert!(turns.of.lock().unwrap().is_empty());
        let others = (10..).take(AT_ONCE).map(|person| turns.take(Uuid::from_u128(person).into()).unwrap());
        let held: Vec<_> = others.collect();
        assert_eq!(turns.take(emma).err().unwrap().code, Code::Busy);
        drop(held);
    }
}
