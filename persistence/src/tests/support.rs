//! A database of its own for each test, and short ways to write to it and to look.

use std::{
    pin::Pin,
    sync::{Arc, mpsc},
    task::{Context, Poll, Waker},
    time::Duration,
};

use chrono::TimeDelta;
use diesel::{connection::SimpleConnection, prelude::*};
use domain::{
    Instant, Refusal,
    catalogue::{
        Administration, Capacity, Catalogue, CatalogueName, LocalText, Sector, SectorCode, Service, ServiceCode,
        ServiceDomain, ServiceDomainCode, ServiceStatus, WayIn,
    },
    form::Form,
    id::{PartnerId, ProductId},
    identity::{Assurance, Person, Product, ProductKind, ProductStatus, Protected, Serial},
    partner::{Partner, PartnerScopes, PartnerStatus},
    procedure::{AttachmentCode, AttachmentSlot, ProcedureType, ProcedureTypeCode, SignatureKind, TypeWithForm},
    source::{AuthenticSource, SourceCode, SourceWithForm},
    space::{EntityType, Founder, Opening, SpaceIdentifier, SpaceKind},
    store_room::MediaType,
    text::{EmailAddress, Language, PartnerName, PersonName, Title},
};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{
    AssertionPurpose, DatabaseUrl, Settings, Store, StoreError, Transaction,
    connection::{Access, Db},
    schema::assertion_uses,
};

/// A database that goes when this is dropped.
pub struct Database {
    pub url: DatabaseUrl,
    home: Home,
}

enum Home {
    /// Held, never read: the folder goes with it.
    Folder(#[expect(dead_code, reason = "held for its drop")] TempDir),
    Cluster {
        admin: String,
        name: String,
    },
}

impl Database {
    /// An empty one in a folder of its own.
    pub fn sqlite() -> Self {
        Self::sqlite_named("test.db")
    }
    pub fn sqlite_named(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: DatabaseUrl::Sqlite(folder.path().join(name)), home: Home::Folder(folder) }
    }

    /// An empty one in the cluster of `scripts/with-postgres`.
    pub fn postgres() -> Self {
        #[expect(clippy::disallowed_methods, reason = "where the test cluster is, only the environment says")]
        let admin = std::env::var("ESPACE_PRO_TEST_POSTGRES_URL")
            .expect("ESPACE_PRO_TEST_POSTGRES_URL names no cluster: run the tests under scripts/with-postgres");
        let name = format!("test_{:016x}", rand::random::<u64>());
        PgConnection::establish(&admin).unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let (cluster, _) = admin.rsplit_once('/').unwrap();
        Self { url: DatabaseUrl::Postgres(format!("{cluster}/{name}")), home: Home::Cluster { admin, name } }
    }

    /// Settings that wait long, so that a slow machine changes no outcome.
    pub fn settings(&self) -> Settings {
        Settings { patience: Duration::from_secs(30), ..Settings::new(self.url.clone(), Arc::new(now)) }
    }

    /// Brings the schema up to date and opens the store.
    pub fn open(&self) -> Store {
        self.open_with(|_| ())
    }
    pub fn open_with(&self, change: impl FnOnce(&mut Settings)) -> Store {
        let mut settings = self.settings();
        change(&mut settings);
        self.url.migrate().unwrap();
        Store::open(&settings).unwrap()
    }

    /// A connection beside the store's, as another process would have it.
    pub fn rival(&self) -> Db {
        self.url.connect(Access::Write, Duration::from_secs(30)).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Home::Cluster { admin, name } = &self.home {
            // `scripts/with-postgres` throws the whole cluster away, so it doesn't matter if this fails.
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            let _ = PgConnection::establish(admin).map(|mut db| db.batch_execute(&drop));
        }
    }
}

/// Ends every other connection to a PostgreSQL database, and returns when they are gone.
pub fn end_the_others(rival: &mut Db) {
    let others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    rival.batch_execute(&format!("SELECT pg_terminate_backend(pid, 10000) FROM {others}")).unwrap();
}

/// The moment at which all tests take place.
pub fn now() -> Instant {
    Instant::from_timestamp(1_800_000_000, 0).unwrap()
}

/// What a closure of a test fails with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Refused(Refusal),
    Store(StoreError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Keeps one row under a name, which nobody else can have then.
pub fn mark(tx: &mut Transaction<'_>, name: &str) -> Result<(), StoreError> {
    let now = tx.now();
    tx.use_assertion(name, AssertionPurpose::Token, now)
}

/// The names under which rows are kept.
pub async fn marks(store: &Store) -> Vec<String> {
    let names = store.read(|reading| reading.run(|db| assertion_uses::table.select(assertion_uses::digest).load(db)));
    let mut names: Vec<String> = names.await.unwrap();
    names.sort_unstable();
    names
}

/// A person with a product.
#[derive(Clone)]
pub struct Owner {
    pub person: Person,
    pub product: ProductId,
}

/// Registers a person with a product that may open so many spaces.
pub async fn register(store: &Store, space_limit: u32) -> Owner {
    store.write(move |tx| insert_owner(tx, space_limit)).await.unwrap()
}

/// The same in a transaction.
pub fn insert_owner(tx: &mut Transaction<'_>, space_limit: u32) -> Result<Owner, StoreError> {
    let number: u64 = tx.random() % 10_u64.pow(19);
    let person = Person {
        id: tx.new_id(),
        number: Protected { digest: number.to_string(), sealed: "sealed".into() },
        given_name: PersonName::parse("Anna").unwrap(),
        family_name: PersonName::parse("Weber").unwrap(),
        email: EmailAddress::parse("anna@example.lu").unwrap(),
        language: Language::Fr,
        created_at: tx.now(),
        updated_at: tx.now(),
        version: 1,
    };
    let product = Product {
        id: tx.new_id(),
        person: person.id,
        serial: Serial::parse(&format!("{number:020}")).unwrap(),
        kind: ProductKind::LuxtrustProfessional,
        status: ProductStatus::Registered,
        space_limit,
        created_at: tx.now(),
    };
    tx.insert_person(&person)?;
    tx.save_product(&product)?;
    Ok(Owner { person, product: product.id })
}

/// Opens a professional space: the lock, the count, the rule, the rows.
pub fn open_space(tx: &mut Transaction<'_>, owner: &Owner) -> Result<(), Failure> {
    let product = tx.lock_product(owner.product)?;
    let founder = Founder {
        person: &owner.person,
        spaces: tx.spaces_opened(product.id)?,
        product: &product,
        terms_accepted: true,
        has_private_space: false,
    };
    let wish = Opening::Professional {
        title: Title::parse("Weber & Cie").unwrap(),
        entity_type: EntityType::LegalPerson,
        language: Language::Fr,
        notification_email: owner.person.email.clone(),
    };
    let identifier = SpaceIdentifier::draw(EntityType::LegalPerson, tx.random());
    let opened = founder.open(wish, identifier, (tx.new_id(), tx.new_id()), tx.now())?;
    Ok(tx.insert_space(&opened)?)
}

/// A text in two languages.
pub fn local(text: &str) -> LocalText {
    LocalText::new([(Language::Fr, text.to_owned()), (Language::De, format!("{text} auf Deutsch"))]).unwrap()
}

/// A service that has all that a service can have.
pub fn service(code: &str, domains: &[&str]) -> Service {
    let code = ServiceCode::parse(code).unwrap();
    let domain = |code: &&str| ServiceDomain {
        code: ServiceDomainCode::parse(code).unwrap(),
        titles: local(code),
        status: ServiceStatus::Offered,
    };
    Service {
        administration: code.administration(),
        code,
        sector: SectorCode::parse("taxes").unwrap(),
        titles: local("Fiches d'impôt"),
        descriptions: local("Ce sont des fiches."),
        ways_in: [WayIn::AccessCode, WayIn::Request].into(),
        applicants: [Capacity::Holder, Capacity::Agent].into(),
        reapply_after: Some(TimeDelta::hours(72)),
        has_security_code: true,
        least_assurance: Assurance::High,
        code_valid_for: TimeDelta::days(30),
        valid_for: Some(TimeDelta::days(365)),
        domains: domains.iter().map(domain).collect(),
        status: ServiceStatus::Offered,
    }
}

/// A version of a catalogue with these services, which are all of one administration and one sector.
pub fn catalogue_of(version: u32, services: Vec<Service>) -> Catalogue {
    let (administration, sector) = (service("acd.any", &[]).administration, SectorCode::parse("taxes").unwrap());
    Catalogue {
        name: CatalogueName::parse("luxembourg").unwrap(),
        version,
        administrations: vec![Administration { code: administration, titles: local("ACD"), is_retired: false }],
        sectors: vec![Sector { code: sector, titles: local("Impôts"), is_retired: false }],
        services,
        procedure_types: vec![],
        sources: vec![],
    }
}

/// A type of procedure of that administration and sector, which wants a certification for one of its services.
pub fn procedure_type(code: &str, certification: Option<&Service>) -> TypeWithForm {
    let code = ProcedureTypeCode::parse(code).unwrap();
    let slot = AttachmentSlot {
        code: AttachmentCode::parse("statutes").unwrap(),
        titles: local("Statuts"),
        is_required: true,
        media_types: [MediaType::Pdf, MediaType::Png].into(),
        max_megabytes: 10,
        max_files: 1,
    };
    let kind = ProcedureType {
        administration: code.administration(),
        code,
        version: 1,
        theme: SectorCode::parse("taxes").unwrap(),
        audience: SpaceKind::Professional,
        titles: local("Demande"),
        descriptions: local("—"),
        keywords: Some(local("impôt")),
        certification: certification.map(|service| service.code.clone()),
        least_assurance: Assurance::Substantial,
        attachments: vec![slot],
        signature: SignatureKind::Double,
        replies_allowed: true,
        status: ServiceStatus::Offered,
    };
    let form = json!({ "type": "object", "properties": { "name": { "type": "string", "maxLength": 20 } } });
    TypeWithForm { kind, form: Form::parse(form).unwrap() }
}

/// An authentic source of that administration and sector, which opens to whom is certified for one of its services.
pub fn source(code: &str, service: &Service) -> SourceWithForm {
    let code = SourceCode::parse(code).unwrap();
    let source = AuthenticSource {
        administration: code.administration(),
        code,
        theme: SectorCode::parse("taxes").unwrap(),
        audience: SpaceKind::Professional,
        titles: local("Fiches"),
        descriptions: local("—"),
        certification: Some(service.code.clone()),
        domain: service.domains.first().map(|domain| domain.code.clone()),
        fresh_for: TimeDelta::days(30),
        status: ServiceStatus::Offered,
    };
    let form = json!({ "type": "object", "properties": { "name": { "type": "string", "maxLength": 20 } } });
    SourceWithForm { source, form: Form::parse(form).unwrap() }
}

/// A partner of that administration, with every scope.
pub fn partner(id: PartnerId) -> Partner {
    Partner {
        id,
        administration: service("acd.any", &[]).administration,
        name: PartnerName::parse("Office").unwrap(),
        scopes: PartnerScopes::all(),
        status: PartnerStatus::Active,
        created_at: now(),
    }
}

/// A closure among others.
pub type Work = Box<dyn FnOnce(&mut Transaction<'_>) -> Result<(), Failure> + Send>;

pub fn work(work: impl FnOnce(&mut Transaction<'_>) -> Result<(), Failure> + Send + 'static) -> Work {
    Box::new(work)
}

/// Runs closures together: on SQLite in one batch and in this order, on PostgreSQL several at a time.
pub async fn together(store: &Store, works: Vec<Work>) -> Vec<Result<(), Failure>> {
    let gate = Gate::hold(store).await;
    let waiting: Vec<_> = works.into_iter().map(|work| begin(store.write(work))).collect();
    gate.open().await;
    let mut outcomes = Vec::with_capacity(waiting.len());
    for outcome in waiting {
        outcomes.push(outcome.await);
    }
    outcomes
}

/// Polls a write once: on SQLite its closure is in the queue then.
pub fn begin<F: Future>(write: F) -> impl Future<Output = F::Output> {
    let mut write = Box::pin(write);
    let early = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    async move {
        match early {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => write.await,
        }
    }
}

/// A write that doesn't end before it is told to: nothing goes past it through SQLite's one writer.
pub struct Gate<'s> {
    opening: mpsc::Sender<()>,
    held: Pin<Box<dyn Future<Output = Result<(), StoreError>> + 's>>,
}

impl<'s> Gate<'s> {
    /// Returns when the write has begun.
    pub async fn hold(store: &'s Store) -> Self {
        let (opening, opened) = mpsc::channel();
        let (beginning, begun) = oneshot::channel();
        let held = begin(store.write(move |_| {
            let _ = beginning.send(());
            // A test that failed and dropped its gate opens it too.
            let _ = opened.recv();
            Ok(())
        }));
        begun.await.unwrap();
        Self { opening, held: Box::pin(held) }
    }

    pub async fn open(self) {
        self.opening.send(()).unwrap();
        self.held.await.unwrap();
    }
}
