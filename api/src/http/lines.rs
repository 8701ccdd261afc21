//! Bodies of many lines, read batch by batch as fast as they are dealt with: never more than one batch is in memory.

use std::{future::poll_fn, pin::Pin, time::Duration};

use actix_web::{
    HttpRequest,
    body::{BodyStream, MessageBody},
    dev,
    web::{Bytes, Data, Payload},
};
use tokio::time::{Instant, timeout_at};

use super::{
    body::is_plain,
    problem::{Code, Problem},
};
use crate::app::App;

/// The most lines of a request.
pub const MOST: usize = 10_000;
/// The most bytes of a line.
pub const LONGEST: usize = 64 * 1024;
/// A batch is full with so many lines, or with so many bytes.
const BATCH: (usize, usize) = (200, 512 * 1024);

/// The media type of such a body.
pub const MEDIA_TYPE: &str = "application/x-ndjson";

/// A line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1; blank lines count.
    pub number: usize,
    /// What stands in it; `None` if it is too long.
    pub text: Option<Vec<u8>>,
}

/// A body on its way in.
pub struct Lines<B = BodyStream<dev::Payload>> {
    body: Pin<Box<B>>,
    patience: Duration,
    /// What came and is not parted into lines yet.
    rest: Bytes,
    /// The line that has begun.
    begun: Line,
}

impl Lines {
    /// The lines of a request.
    pub fn of(request: &HttpRequest, payload: Payload) -> Self {
        let patience = request.app_data::<Data<App>>().map_or(Duration::ZERO, |app| app.config.deadlines.body);
        Self::new(BodyStream::new(payload.into_inner()), patience)
    }
}

/// That a request says that it has lines.
///
/// # Errors
/// 415 for another media type.
pub fn require(request: &HttpRequest) -> Result<(), Problem> {
    if is_plain(request.headers(), &[MEDIA_TYPE]) {
        return Ok(());
    }
    Err(Problem::from(Code::UnsupportedMediaType).with("mediaType", MEDIA_TYPE))
}

impl<B: MessageBody> Lines<B> {
    fn new(body: B, patience: Duration) -> Self {
        Self { body: Box::pin(body), patience, rest: Bytes::new(), begun: Line { number: 1, text: Some(vec![]) } }
    }

    /// The next lines, at least one until the body has ended; those that have come when the client takes his time.
    ///
    /// # Errors
    /// 408 if no line comes in time, 413 after so many lines, 400 if the body breaks off.
    pub async fn batch(&mut self) -> Result<Vec<Line>, Problem> {
        let (mut batch, mut bytes, deadline) = (vec![], 0, Instant::now() + self.patience);
        loop {
            while let Some(line) = self.next_line() {
                if line.text.as_ref().is_some_and(|text| text.trim_ascii().is_empty()) {
                    continue;
                }
                if line.number > MOST {
                    return Err(Problem::from(Code::TooManyLines).with("limit", MOST));
                }
                bytes += line.text.as_ref().map_or(0, Vec::len);
                batch.push(line);
                if batch.len() >= BATCH.0 || bytes >= BATCH.1 {
                    return Ok(batch);
                }
            }
            match timeout_at(deadline, poll_fn(|context| self.body.as_mut().poll_next(context))).await {
                Err(_) if batch.is_empty() => return Err(Code::RequestTimeout.into()),
                Err(_) => return Ok(batch),
                Ok(Some(Ok(bytes))) => self.rest = bytes,
                Ok(Some(Err(_))) => return Err(Code::BadRequest.into()),
                Ok(None) if self.begun.text.as_ref().is_some_and(Vec::is_empty) => return Ok(batch),
                // The last line needs no end.
                Ok(None) => self.rest = Bytes::from_static(b"\n"),
            }
        }
    }

    /// A line that has ended; without one, all that came is in the line that has begun.
    fn next_line(&mut self) -> Option<Line> {
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let more = self.rest.split_to(end.unwrap_or(self.rest.len()));
        let fits = |text: &Vec<u8>| text.len() + more.len() <= LONGEST;
        match &mut self.begun.text {
            Some(text) if fits(text) => text.extend_from_slice(&more),
            too_long => *too_long = None,
        }
        end?;
        let _ = self.rest.split_to(1);
        let next = Line { number: self.begun.number + 1, text: Some(vec![]) };
        Some(std::mem::replace(&mut self.begun, next))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        convert::Infallible,
        rc::Rc,
        task::{Context, Poll},
    };

    use actix_web::{body::BodySize, rt::System};

    use super::*;

    /// A body that comes in these pieces, and counts how many were taken; after them it ends, or never does.
    struct Pieces {
        left: Vec<Bytes>,
        taken: Rc<Cell<usize>>,
        ends: bool,
    }

    impl MessageBody for Pieces {
        type Error = Infallible;
        fn size(&self) -> BodySize {
            BodySize::Stream
        }
        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
            if self.left.is_empty() {
                return if self.ends { Poll::Ready(None) } else { Poll::Pending };
            }
            self.taken.set(self.taken.get() + 1);
            Poll::Ready(Some(Ok(self.left.remove(0))))
        }
    }

    fn lines(pieces: &[&[u8]], ends: bool) -> (Lines<Pieces>, Rc<Cell<usize>>) {
        let taken = Rc::new(Cell::new(0));
        let left = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
        (Lines::new(Pieces { left, taken: Rc::clone(&taken), ends }, Duration::from_millis(20)), taken)
    }

    fn line(number: usize, text: &str) -> Line {
        Line { number, text: Some(text.into()) }
    }

    #[test]
    fn lines_are_put_together_wherever_they_were_broken() {
        System::new().block_on(async {
            let (mut of, _) = lines(&[b"one\ntw", b"o\r\n", b"\n  \n", b"", b"fi", b"ve"], true);
            let expected = [line(1, "one"), line(2, "two\r"), line(5, "five")];
            assert_eq!(of.batch().await.unwrap(), expected);
            assert_eq!(of.batch().await.unwrap(), []);
            let (mut none, _) = lines(&[], true);
            assert_eq!(none.batch().await.unwrap(), []);
        });
    }

    #[test]
    fn a_line_that_is_too_long_is_told_by_its_number_and_never_kept() {
        System::new().block_on(async {
            let (longest, piece) = ("a".repeat(LONGEST), vec![b'b'; 40_000]);
            let (mut of, _) = lines(&[longest.as_bytes(), b"\n", &piece, &piece, &piece, b"\nnext"], true);
            let expected = [line(1, &longest), Line { number: 2, text: None }, line(3, "next")];
            assert_eq!(of.batch().await.unwrap(), expected);
        });
    }

    #[test]
    fn no_more_is_taken_than_a_batch_holds() {
        System::new().block_on(async {
            let piece = "x\n".repeat(100);
            let (mut of, taken) = lines(&[piece.as_bytes(); 5], true);
            let mut sizes = vec![];
            for _ in 0..4 {
                sizes.push((of.batch().await.unwrap().len(), taken.get()));
            }
            assert_eq!(sizes, [(200, 2), (200, 4), (100, 5), (0, 5)]);
            let large = format!("{}\n", "y".repeat(LONGEST));
            let (mut of, taken) = lines(&[large.as_bytes(); 20], true);
            assert_eq!((of.batch().await.unwrap().len(), taken.get()), (8, 8));
        });
    }

    #[test]
    fn a_request_has_so_many_lines_and_comes_in_time() {
        System::new().block_on(async {
            let many = "x\n".repeat(MOST + 1);
            let (mut of, _) = lines(&[many.as_bytes()], true);
            let mut seen = 0;
            let refused = loop {
                match of.batch().await {
                    Ok(batch) => seen += batch.len(),
                    Err(problem) => break problem.code,
                }
            };
            assert_eq!((seen, refused), (MOST, Code::TooManyLines));
            let (mut slow, _) = lines(&[b"one\ntw"], false);
            assert_eq!(slow.batch().await.unwrap(), [line(1, "one")]);
            assert_eq!(slow.batch().await.unwrap_err().code, Code::RequestTimeout);
        });
    }
}
