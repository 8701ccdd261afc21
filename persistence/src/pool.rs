//! Connections with threads of their own, which read, and on PostgreSQL write, what waits for them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant as Moment},
};

use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

use crate::{
    connection::{self, Access, Opener, Pooled},
    error::StoreError,
    figures::{Connections, Counts, Fate, Lane},
    store::{Clock, Job, Settings, became},
    transaction::{Reading, Transaction},
};

/// Connections, and as many threads that do on them what waits in one queue. A thread that is done goes on with the next that
/// waits, without another having to be woken in between.
#[derive(Clone)]
pub(crate) struct Pool {
    errands: crossbeam_channel::Sender<Errand>,
    /// For each that is done or waits.
    places: Arc<Semaphore>,
    queue: usize,
    workers: Arc<Workers>,
}

pub(crate) struct Workers {
    connections: r2d2::Pool<Opener>,
    access: Access,
    /// How many of them work at this moment.
    busy: AtomicUsize,
    patience: Duration,
    clock: Clock,
    counts: Arc<Counts>,
}

/// A connection that a thread has for itself.
type Lent = r2d2::PooledConnection<Opener>;

/// What a thread of a pool does.
type Errand = Box<dyn FnOnce(&Workers) + Send>;

impl Pool {
    pub(crate) fn open(settings: &Settings, access: Access, counts: &Arc<Counts>) -> Result<Self, StoreError> {
        let opener = Opener { url: settings.url.clone(), access, patience: settings.patience };
        let connections = r2d2::Pool::builder()
            .max_size(settings.connections)
            .test_on_check_out(false)
            .connection_timeout(settings.patience)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(opener)
            .map_err(|error| StoreError::Busy(error.to_string()))?;
        let workers = Arc::new(Workers {
            connections,
            access,
            busy: AtomicUsize::new(0),
            patience: settings.patience,
            clock: settings.clock.clone(),
            counts: Arc::clone(counts),
        });
        let (errands, taken) = crossbeam_channel::unbounded();
        for _ in 0..settings.connections {
            let (workers, taken) = (Arc::clone(&workers), taken.clone());
            let name = if access == Access::Read { "reader" } else { "writer" };
            let thread = thread::Builder::new().name(name.into()).spawn(move || workers.serve(&taken));
            thread.map_err(|error| StoreError::Failed(error.to_string()))?;
        }
        let queue = settings.queue;
        let places = Arc::new(Semaphore::new(settings.connections as usize + queue));
        Ok(Self { errands, places, queue, workers })
    }

    pub(crate) fn figures(&self) -> Lane {
        let Workers { connections, access, busy, counts, .. } = &*self.workers;
        let idle = connections.state().idle_connections.into();
        let (busy, most) = (busy.load(Ordering::Relaxed), connections.max_size());
        let waiting = (most as usize + self.queue).saturating_sub(self.places.available_permits() + busy);
        let connections = Connections { busy: busy as u64, idle, most: most.into() };
        counts.read_lane(*access, Some(connections), waiting as u64, self.queue as u64)
    }

    /// Has one of the threads do `work`.
    pub(crate) async fn assign<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Workers) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, mut receiver) = oneshot::channel();
        let turn = Arc::new(Turn::default());
        let begun = Arc::clone(&turn);
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.workers.counts.turned_away(self.workers.access);
            return Err(self.workers.not_begun("the queue for connections is full"));
        };
        let errand: Errand = Box::new(move |workers| {
            let _place = place;
            if begun.take() {
                let _ = sender.send(work(workers));
            }
        });
        // The threads are there as long as this is; what they don't take is told as having died.
        let _ = self.errands.send(errand);
        let died = |_| Err(StoreError::Failed("a transaction ended with its thread".into()));
        if let Ok(done) = timeout(self.workers.patience, &mut receiver).await {
            return done.unwrap_or_else(died);
        }
        if turn.take() {
            return Err(self.workers.not_begun("no connection is free"));
        }
        // It was begun in time: what became of it has to be known.
        receiver.await.unwrap_or_else(died)
    }
}

impl Workers {
    fn serve(&self, errands: &crossbeam_channel::Receiver<Errand>) {
        for errand in errands {
            self.busy.fetch_add(1, Ordering::Relaxed);
            // Whoever waits for one that panics is told by its being dropped; the next one is done all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| errand(self)));
            self.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Tries connections until one works or patience is over, and gives it with what was tried. One that the server closed shows
    /// only when used.
    fn lend<T>(&self, attempt: impl Fn(&mut Pooled) -> Result<T, StoreError>) -> Result<(Lent, T), StoreError> {
        let (mut last, begun) = (String::new(), Moment::now());
        for tried in 0..=self.connections.max_size() {
            let rest = self.patience.saturating_sub(begun.elapsed());
            if tried > 0 && rest.is_zero() {
                break;
            }
            let lent = self.connections.get_timeout(rest);
            let mut pooled = lent.map_err(|error| self.not_begun(&error.to_string()))?;
            match attempt(&mut pooled) {
                Ok(done) => return Ok((pooled, done)),
                Err(error) => (pooled.dead, last) = (true, error.to_string()),
            }
        }
        Err(self.not_begun(&format!("no connection works: {last}")))
    }

    /// A connection with a transaction begun.
    fn begun(&self) -> Result<Lent, StoreError> {
        let (pooled, ()) = self.lend(|pooled| Ok(connection::begin(&mut pooled.db, self.access)?))?;
        Ok(pooled)
    }

    /// Reads in a transaction: [`Store::read`](crate::Store::read).
    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Reading<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        let mut pooled = self.begun()?;
        let read = Read::by(work, &mut pooled, &self.clock);
        pooled.dead |= read.is_lost || connection::undo(&mut pooled.db).is_err();
        Ok(read.told(&self.counts))
    }

    /// Reads where none is needed: [`Store::glance`](crate::Store::glance).
    pub(crate) fn glance<T, E: From<StoreError>>(
        &self,
        work: impl Fn(&mut Reading<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        let glanced = self.lend(|pooled| {
            connection::begin_glance(&mut pooled.db)?;
            let read = Read::by(&work, pooled, &self.clock);
            if let Some(error) = read.failed.as_ref().filter(|_| read.is_lost) {
                return Err(error.clone());
            }
            pooled.dead |= connection::end_glance(&mut pooled.db).is_err();
            Ok(read)
        });
        Ok(glanced?.1.told(&self.counts))
    }

    /// One job in a transaction of its own.
    pub(crate) fn run_alone(&self, job: Job) -> Result<(), StoreError> {
        let mut pooled = self.begun()?;
        let mut tx = Transaction::new(&mut pooled.db, &self.clock);
        let done = job(&mut tx);
        pooled.dead |= tx.is_lost;
        let fate = if done.keep {
            connection::keep(&mut pooled.db).map_err(|error| StoreError::OutcomeUnknown(error.to_string()))
        } else {
            pooled.dead |= connection::undo(&mut pooled.db).is_err();
            Ok(())
        };
        pooled.dead |= fate.is_err();
        (done.answer)(fate);
        Ok(())
    }

    fn not_begun(&self, why: &str) -> StoreError {
        self.counts.ended(self.access, Fate::Busy);
        StoreError::Busy(why.into())
    }
}

/// Whether something is begun or given up: whoever takes the turn first says which.
#[derive(Default)]
struct Turn(AtomicBool);

impl Turn {
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// What a closure has read.
struct Read<T, E> {
    outcome: thread::Result<Result<T, E>>,
    failed: Option<StoreError>,
    is_lost: bool,
}

impl<T, E: From<StoreError>> Read<T, E> {
    fn by(work: impl FnOnce(&mut Reading<'_>) -> Result<T, E>, pooled: &mut Pooled, clock: &Clock) -> Self {
        let mut reading = Reading::new(&mut pooled.db, clock);
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut reading)));
        Self { outcome, failed: reading.failed, is_lost: reading.is_lost }
    }

    fn told(self, counts: &Counts) -> Result<T, E> {
        counts.ended(Access::Read, became(&self.outcome, self.failed.as_ref()));
        match (self.outcome, self.failed) {
            (Err(_), _) => Err(StoreError::Failed("a read panicked".into()).into()),
            (Ok(Ok(_)), Some(error)) => Err(error.into()),
            (Ok(outcome), _) => outcome,
        }
    }
}
