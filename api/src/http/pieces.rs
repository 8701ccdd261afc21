//! Bodies of answers that are written piece by piece, as fast as the client takes them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    web::Bytes,
};
use tokio::sync::mpsc;

/// Where the pieces go in: one that nobody took yet, and no more. A failure breaks the answer off, so that nobody takes a part for
/// the whole.
pub type Sender = mpsc::Sender<Result<Bytes, Error>>;

/// A body that comes piece by piece.
pub struct Pieces {
    pieces: mpsc::Receiver<Result<Bytes, Error>>,
    size: BodySize,
}

impl Pieces {
    /// A body of this size, with where its pieces go in.
    pub fn new(size: BodySize) -> (Sender, Self) {
        let (sender, pieces) = mpsc::channel(1);
        (sender, Self { pieces, size })
    }
}

impl MessageBody for Pieces {
    type Error = Error;

    fn size(&self) -> BodySize {
        self.size
    }
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        self.get_mut().pieces.poll_recv(context)
    }
}
