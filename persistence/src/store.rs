//! The unit of work: a closure that reads, or one that decides and keeps, in one transaction.

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::{Duration, Instant as Moment},
};

use domain::Instant;
use tokio::{
    runtime::{Builder, Runtime},
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use crate::{
    connection::{self, Access, DatabaseUrl, Db},
    error::StoreError,
    figures::{Counts, Fate, Figures},
    pool::Pool,
    transaction::{Reading, Transaction},
};

/// Where a transaction takes its time from.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct Settings {
    /// Where the data are.
    pub url: DatabaseUrl,
    /// Whether this process serves the database, or only does something beside one that may.
    pub serves: bool,
    /// Connections for reading; on PostgreSQL as many again for writing.
    pub connections: u32,
    /// How many transactions may wait, of reads and of writes; one more is refused as busy.
    pub queue: usize,
    /// How many of them go into one commit.
    pub batch: usize,
    /// How long a transaction waits for a connection, and for a rival's lock.
    pub patience: Duration,
    /// The clock.
    pub clock: Clock,
}

impl Settings {
    /// What was found good on two cores.
    pub fn new(url: DatabaseUrl, clock: Clock) -> Self {
        Self { url, serves: true, connections: 4, queue: 1024, batch: 64, patience: Duration::from_secs(5), clock }
    }
}

/// The database, as everything above knows it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Pool,
    counts: Arc<Counts>,
    bells: Arc<Bells>,
    /// Held, never read: one process serves an SQLite file.
    _claim: Option<Arc<File>>,
}

/// Rung when a transaction was kept that left work for a worker.
#[derive(Default)]
struct Bells {
    /// Something was put into the outbox.
    posted: Notify,
    /// An administration is told of something.
    announced: Notify,
}

/// How long the writer waits for a rival's lock at a time: between, it turns away those whose patience is over.
const GLANCE: Duration = Duration::from_millis(100);
/// How often it is tried whether a database that took no writes takes them again, where nobody wants to write.
const PROBED: Duration = Duration::from_secs(1);

/// Where writes go.
#[derive(Clone)]
enum Writer {
    /// To one thread with one connection, which commits all that wait together.
    Queue(mpsc::Sender<Waiting>),
    /// To any of several connections, each transaction by itself.
    Pool(Pool),
}

/// A caller's closure with its types erased: runs in the transaction, says whether to keep it and how to answer.
pub(crate) type Job = Box<dyn FnOnce(&mut Transaction<'_>) -> Done + Send>;
/// Tells one caller what became of his transaction; called once that is known.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A job that waits for the writer.
struct Waiting {
    since: Moment,
    job: Job,
}

pub(crate) struct Done {
    pub(crate) keep: bool,
    pub(crate) answer: Answer,
}

impl Store {
    /// Opens the database; on SQLite, for this process alone, and migrated.
    ///
    /// # Errors
    /// It can't be opened, another process serves it, or its schema is too old.
    pub fn open(settings: &Settings) -> Result<Self, StoreError> {
        let claim = if settings.serves { settings.url.claim()? } else { None };
        settings.url.require_schema(settings.serves)?;
        let counts = Arc::new(Counts::new());
        let writer = if settings.url.has_one_writer() {
            Writer::Queue(start_writer(settings, &counts)?)
        } else {
            Writer::Pool(Pool::open(settings, Access::Write, &counts)?)
        };
        let readers = Pool::open(settings, Access::Read, &counts)?;
        Ok(Self { writer, readers, counts, bells: Arc::default(), _claim: claim.map(Arc::new) })
    }

    /// Waits until a transaction of this process has put something into the outbox, and was kept.
    pub async fn posted(&self) {
        self.bells.posted.notified().await;
    }

    /// Waits until a transaction of this process has told an administration of something, and was kept.
    pub async fn announced(&self) {
        self.bells.announced.notified().await;
    }

    /// What the store has counted until now, and who works or waits at this moment.
    pub fn figures(&self) -> Figures {
        let (writes, batches) = match &self.writer {
            Writer::Queue(queue) => {
                let places = queue.max_capacity();
                let waiting = (places - queue.capacity()) as u64;
                let lane = self.counts.read_lane(Access::Write, None, waiting, places as u64);
                (lane, Some(self.counts.read_batches()))
            }
            Writer::Pool(pool) => (pool.figures(), None),
        };
        Figures { reads: self.readers.figures(), writes, batches }
    }

    /// Runs a closure in one write transaction: kept if it returns `Ok`, undone if `Err` or panic.
    ///
    /// What the closure recorded is appended to the audit log last, in the same transaction: one is not kept without the
    /// other.
    ///
    /// A refusal that must change something (a wrong code that is counted) is therefore an `Ok` outcome. On SQLite
    /// closures of several callers share a commit, each within a savepoint: no hashing, rendering or network in one.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, answer) = job(work, Arc::clone(&self.counts), Arc::clone(&self.bells));
        match &self.writer {
            Writer::Queue(queue) => {
                queue.try_send(Waiting { since: Moment::now(), job }).map_err(|error| match error {
                    mpsc::error::TrySendError::Full(_) => {
                        self.counts.turned_away(Access::Write);
                        self.not_begun("the queue of writes is full")
                    }
                    mpsc::error::TrySendError::Closed(_) => StoreError::Failed("the writer is gone".into()),
                })?;
            }
            Writer::Pool(pool) => pool.assign(move |workers| workers.run_alone(job)).await?,
        }
        // A job that was dropped had not begun.
        answer.await.unwrap_or_else(|_| Err(self.not_begun("not begun").into()))
    }

    fn not_begun(&self, why: &str) -> StoreError {
        self.counts.ended(Access::Write, Fate::Busy);
        StoreError::Busy(why.into())
    }

    /// Runs a closure in one read transaction: all that it reads is of the same moment.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn read<T, E>(&self, work: impl FnOnce(&mut Reading<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.assign(move |workers| workers.read(work)).await?
    }

    /// Runs a closure that reads, for which it is all the same whether more is committed between its statements: anything else, what
    /// opens a thing and is asked after the thing was read above all, belongs into [`Store::read`].
    ///
    /// It saves PostgreSQL two of four round trips where a request is answered by one statement after that which finds who asks.
    /// Where a connection turns out to be lost, the closure is run again on another one, at most once for each connection and
    /// not after the patience of [`Settings`] is over.
    ///
    /// # Errors
    /// The closure's own, or the store's.
    pub async fn glance<T, E>(&self, work: impl Fn(&mut Reading<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.assign(move |workers| workers.glance(work)).await?
    }
}

/// What became of a closure, whose own errors are refusals unless the database failed it.
pub(crate) fn became<T, E>(outcome: &thread::Result<Result<T, E>>, failed: Option<&StoreError>) -> Fate {
    match (outcome, failed) {
        (Err(_), _) => Fate::Failed,
        (Ok(_), Some(error)) => Fate::of(error),
        (Ok(Ok(_)), None) => Fate::Kept,
        (Ok(Err(_)), None) => Fate::Refused,
    }
}

fn job<T, E>(
    work: impl FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send + 'static,
    counts: Arc<Counts>,
    bells: Arc<Bells>,
) -> (Job, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let job: Job = Box::new(move |tx| {
        let recorded = |tx: &mut Transaction<'_>| {
            let outcome = work(tx)?;
            tx.append_recorded()?;
            Ok(outcome)
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| recorded(tx)));
        let became = became(&outcome, tx.failed.as_ref());
        let outcome = outcome.unwrap_or_else(|_| Err(StoreError::Failed("a transaction panicked".into()).into()));
        let outcome = match (outcome, &tx.failed) {
            (Ok(_), Some(error)) => Err(error.clone().into()),
            (outcome, _) => outcome,
        };
        let keep = outcome.is_ok();
        let (has_posted, has_announced) = (keep && tx.has_posted, keep && tx.announced_at.is_some());
        let answer = move |fate: Result<(), StoreError>| {
            if has_posted && fate.is_ok() {
                bells.posted.notify_one();
            }
            if has_announced && fate.is_ok() {
                bells.announced.notify_one();
            }
            counts.ended(Access::Write, fate.as_ref().err().map_or(became, Fate::of));
            // Who has gone away is not told.
            let _ = sender.send(fate.map_err(E::from).and(outcome));
        };
        Done { keep, answer: Box::new(answer) }
    });
    (job, receiver)
}

fn start_writer(settings: &Settings, counts: &Arc<Counts>) -> Result<mpsc::Sender<Waiting>, StoreError> {
    let mut writer = BatchWriter { settings: settings.clone(), counts: Arc::clone(counts), db: None };
    writer.connect().map(drop).map_err(Broken::told)?;
    let timer = Builder::new_current_thread().enable_time().build();
    let timer = timer.map_err(|error| StoreError::Failed(error.to_string()))?;
    let (sender, receiver) = mpsc::channel(settings.queue);
    thread::Builder::new()
        .name("writer".into())
        .spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| writer.serve(receiver, &timer))).is_err() {
                tracing::error!("the writer of the database died; the process ends, so that it is started anew");
                std::process::abort();
            }
        })
        .map_err(|error| StoreError::Failed(error.to_string()))?;
    Ok(sender)
}

/// The thread that takes all jobs that wait into one transaction, a savepoint each.
struct BatchWriter {
    settings: Settings,
    counts: Arc<Counts>,
    /// Absent after a batch broke, until one can be opened again.
    db: Option<Db>,
}

/// Why a batch was not kept.
enum Broken {
    /// Another process has the lock: nothing was begun, and nothing is wrong with the database.
    Locked,
    /// What everybody in it is told.
    Told(StoreError),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl Broken {
    fn told(self) -> StoreError {
        match self {
            Self::Locked => StoreError::Busy("another process has the lock".into()),
            Self::Told(error) => error,
        }
    }

    /// Where nothing was begun.
    fn before_begin(error: &diesel::result::Error) -> Self {
        if connection::is_locked(error) { Self::Locked } else { Self::Told(StoreError::Busy(error.to_string())) }
    }
}

impl BatchWriter {
    /// After a batch broke, something is written before anything is begun: while that fails, everybody can be told that
    /// nothing was done, and once it is kept, nothing of a commit whose outcome was unknown can come back.
    fn connect(&mut self) -> Result<&mut Db, Broken> {
        if self.db.is_none() {
            let opened = self.settings.url.connect(Access::Write, self.settings.patience);
            let mut db = opened.map_err(|error| StoreError::Busy(error.to_string()))?;
            connection::wait_at_most(&mut db, GLANCE.min(self.settings.patience))
                .map_err(|error| Broken::before_begin(&error))?;
            if !self.counts.is_writable() {
                connection::probe(&mut db).map_err(|error| Broken::before_begin(&error))?;
                self.counts.can_write_again();
                tracing::info!("the database takes writes again");
            }
            self.db = Some(db);
        }
        self.db.as_mut().ok_or_else(|| StoreError::Busy("no connection".into()).into())
    }

    fn serve(mut self, mut queue: mpsc::Receiver<Waiting>, timer: &Runtime) {
        let most = self.settings.batch;
        let mut jobs = Vec::with_capacity(most);
        loop {
            let taken = if self.counts.is_writable() {
                Some(queue.blocking_recv_many(&mut jobs, most))
            } else {
                let taken = async { timeout(PROBED, queue.recv_many(&mut jobs, most)).await };
                timer.block_on(taken).ok()
            };
            match taken {
                Some(0) => return,
                Some(_) => self.commit(&mut jobs),
                // Nobody wants to write, and the figures say all the same whether one could.
                None => _ = self.connect(),
            }
        }
    }

    fn commit(&mut self, jobs: &mut Vec<Waiting>) {
        let mut answers = Vec::with_capacity(jobs.len());
        let fate = match self.commit_together(jobs, &mut answers) {
            Ok(()) => Ok(()),
            // Nobody was begun, so nobody is answered here.
            Err(Broken::Locked) => Err(Broken::Locked.told()),
            Err(Broken::Told(error)) => {
                self.db = None;
                // Once for each fault, however long it lasts.
                if self.counts.batch_broke() {
                    tracing::error!(%error, jobs = answers.len(), "a batch of writes was not kept");
                }
                Err(error)
            }
        };
        if fate.is_ok() {
            self.counts.batch_kept(answers.len());
        }
        for answer in answers {
            answer(fate.clone());
        }
        // Those never begun: their callers are told that nothing was done.
        jobs.clear();
    }

    /// Begins, as long as anybody has the patience to wait for it; who has not is told that nothing was done.
    fn begin(&mut self, jobs: &mut Vec<Waiting>) -> Result<&mut Db, Broken> {
        let patience = self.settings.patience;
        loop {
            jobs.retain(|waiting| waiting.since.elapsed() < patience);
            if jobs.is_empty() {
                return Err(Broken::Locked);
            }
            match connection::begin(self.connect()?, Access::Write).map_err(|error| Broken::before_begin(&error)) {
                Err(Broken::Locked) => (),
                begun => return begun.and_then(|()| self.connect()),
            }
        }
    }

    /// Nobody is answered before the commit, not even who was refused: the refusal may rest on a neighbour's row.
    fn commit_together(&mut self, jobs: &mut Vec<Waiting>, answers: &mut Vec<Answer>) -> Result<(), Broken> {
        let clock = self.settings.clock.clone();
        // Nothing of a batch that breaks before its commit is kept, so all in it may be tried again.
        let broken = |error: diesel::result::Error| StoreError::Busy(error.to_string());
        let db = self.begin(jobs)?;
        for Waiting { job, .. } in jobs.drain(..) {
            connection::savepoint(db).map_err(broken)?;
            let mut tx = Transaction::new(db, &clock);
            let done = job(&mut tx);
            let fatal = tx.is_fatal.then(|| tx.failed.clone()).flatten();
            if let Some(error) = fatal {
                // Whose statement it was is told what it was; the others may try again.
                (done.answer)(Err(error.clone()));
                return Err(StoreError::Busy(format!("a neighbour's statement failed: {error}")).into());
            }
            answers.push(done.answer);
            let ended = if done.keep { connection::keep(db) } else { connection::undo(db) };
            ended.map_err(broken)?;
            // A savepoint that a closure left open would turn the commit below into its release.
            if connection::depth(db) != Some(1) {
                return Err(StoreError::Busy("a savepoint was left open".into()).into());
            }
        }
        connection::keep(db).map_err(|error| StoreError::OutcomeUnknown(error.to_string()).into())
    }
}
