//! Connections: each is watched, for actix sets no deadline to the headers of its second request, to what remains of a body
//! that nobody reads, or to a client that does not take what it is sent.

use std::{
    any::Any,
    cell::Cell,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::Extensions,
    rt::{net::TcpStream, spawn, task::JoinHandle, time::sleep},
    web::Bytes,
};
use socket2::{SockRef, Socket};

/// How long a client that was told to go may take to do so.
pub const FAREWELL: Duration = Duration::from_secs(2);
/// What is larger is still being sent when its answer has left us.
const AT_ONCE: u64 = 64 * 1024;

/// What watches over one connection; it lies in the connection's data.
#[derive(Clone)]
pub struct Watch(Rc<Watched>);

struct Watched {
    /// A second handle of the connection.
    socket: Socket,
    /// When we last did our part, unless we are at it.
    idle_since: Cell<Option<Instant>>,
    /// Who watches; he goes home with the connection.
    guard: Cell<Option<JoinHandle<()>>>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.abort();
        }
    }
}

/// Watches over a new connection: it is cut when its client has been waited for so long.
pub fn watch(stream: &dyn Any, data: &mut Extensions, patience: Duration) {
    let socket = stream.downcast_ref::<TcpStream>().and_then(|stream| SockRef::from(stream).try_clone().ok());
    let Some(socket) = socket else { return };
    let watched = Rc::new(Watched { socket, idle_since: Cell::new(Some(Instant::now())), guard: Cell::new(None) });
    let known = Rc::downgrade(&watched);
    let guard = spawn(async move {
        let mut wait = patience;
        loop {
            sleep(wait).await;
            // It is gone once its connection is.
            let Some(watched) = known.upgrade() else { return };
            let idle = watched.idle_since.get().map_or(Duration::ZERO, |since| since.elapsed());
            wait = patience.saturating_sub(idle);
            if wait.is_zero() {
                return watched.cut();
            }
        }
    });
    watched.guard.set(Some(guard));
    data.insert(Watch(watched));
}

impl Watched {
    fn cut(&self) {
        // The server notices, and ends the connection.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

impl Watch {
    /// The watch over a request's connection.
    pub fn over(request: &HttpRequest) -> Option<Self> {
        request.conn_data().cloned()
    }

    /// We are at work: it is not the client who is waited for.
    pub fn work(&self) {
        self.0.idle_since.set(None);
    }

    /// We did our part.
    pub fn wait(&self) {
        self.0.idle_since.set(Some(Instant::now()));
    }

    /// We did our part, and what the client still sends is not wanted.
    pub fn dismiss(&self) {
        let known: Weak<Watched> = Rc::downgrade(&self.0);
        spawn(async move {
            sleep(FAREWELL).await;
            if let Some(watched) = known.upgrade() {
                watched.cut();
            }
        });
    }

    /// A body under watch while it is sent; the client is waited for from when he took the last piece.
    pub fn over_body(self, body: BoxBody) -> BoxBody {
        match body.size() {
            BodySize::None => body,
            BodySize::Sized(size) if size <= AT_ONCE => body,
            _ => BoxBody::new(WatchedBody { body, watch: self }),
        }
    }
}

struct WatchedBody {
    body: BoxBody,
    watch: Watch,
}

impl MessageBody for WatchedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.watch.wait();
        Pin::new(&mut self.body).poll_next(cx)
    }
}
