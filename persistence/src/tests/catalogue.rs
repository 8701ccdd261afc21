//! Catalogues: what is loaded is read as it was, and of two loaders one waits.

use chrono::TimeDelta;
use domain::{
    catalogue::{Catalogue, Change, LoadingFault, LocalText, ServiceCode, ServiceStatus},
    form::Form,
    procedure::TypeWithForm,
    source::{AuthenticSource, SourceWithForm},
    space::SpaceKind,
};
use serde_json::json;

use super::support::{Database, catalogue_of, local, procedure_type, service, source, together, work};
use crate::{ProcedureTypeFilter, ServiceFilter, Store, StoreError, Transaction};

on_both! {
    what_is_loaded_is_read_as_it_was,
    what_is_left_out_is_retired_and_read_by_its_code_alone,
    a_source_is_read_as_it_was_loaded_while_it_is_offered,
    of_two_loaders_one_waits_and_finds_it_done,
    a_type_of_procedure_keeps_every_version,
    a_loading_that_fails_leaves_nothing_behind,
}

/// How many entries a catalogue changes, or why it is not loaded.
type Outcome = Result<usize, Vec<LoadingFault>>;

fn load(tx: &mut Transaction<'_>, catalogue: Catalogue) -> Result<Outcome, StoreError> {
    match tx.lock_catalogues()?.load(catalogue) {
        Err(faults) => Ok(Err(faults)),
        Ok(loading) => {
            tx.save_loading(&loading)?;
            Ok(Ok(loading.changes().count()))
        }
    }
}

async fn loaded(store: &Store, catalogue: Catalogue) -> Outcome {
    store.write(move |tx| load(tx, catalogue)).await.unwrap()
}

async fn offered(store: &Store, filter: ServiceFilter) -> Vec<String> {
    let titles = store.read(move |tx| tx.service_titles(&filter)).await;
    titles.unwrap().into_iter().map(|(code, _): (ServiceCode, LocalText)| code.to_string()).collect()
}

async fn what_is_loaded_is_read_as_it_was(database: Database) {
    let store = database.open();
    let services = vec![service("acd.files", &[]), service("acd.tax-cards", &["a", "b"])];
    let first = catalogue_of(1, services.clone());
    assert_eq!(loaded(&store, first.clone()).await, Ok(4));
    assert_eq!(loaded(&store, first.clone()).await, Ok(0), "nothing that is read differs from the file");
    let other = Catalogue { version: 1, ..catalogue_of(1, vec![]) };
    assert_eq!(loaded(&store, other).await, Err(vec![LoadingFault::VersionUsed { version: 1 }]));

    let code = services[1].code.clone();
    let found = store.read(move |tx| tx.service(&code)).await.map_err(|error: StoreError| error);
    assert_eq!(found.unwrap().as_ref(), Some(&services[1]));
    let called = services.iter().map(|service| (service.code.clone(), service.titles.clone())).collect::<Vec<_>>();
    let codes = [&services[1], &services[0]].map(|service| service.code.clone());
    let (found, all, second) = store
        .read(move |tx| {
            let found = tx.service_titles(&ServiceFilter::default())?;
            Ok::<_, StoreError>((found, tx.services(&codes)?, tx.services(&codes[..1])?))
        })
        .await
        .unwrap();
    assert_eq!((found, all.as_slice(), second.as_slice()), (called, &services[..], &services[1..]));
    let (administrations, sectors, one) = store
        .read(move |tx| {
            let acd = services[0].administration.clone();
            assert_eq!((tx.administrations_of(&[])?, tx.sectors_of(&[])?), (vec![], vec![]));
            let administrations: Vec<_> = services.iter().map(|service| &service.administration).collect();
            let sectors: Vec<_> = services.iter().map(|service| &service.sector).collect();
            assert_eq!(tx.administrations()?, tx.administrations_of(&administrations)?);
            Ok::<_, StoreError>((tx.administrations()?, tx.sectors_of(&sectors)?, tx.administration(&acd)?))
        })
        .await
        .unwrap();
    assert_eq!((&administrations, sectors), (&first.administrations, first.sectors));
    assert_eq!(one.as_ref(), administrations.first());
}

async fn what_is_left_out_is_retired_and_read_by_its_code_alone(database: Database) {
    let store = database.open();
    let (kept, gone) = (service("acd.files", &["a", "b"]), service("acd.tax-cards", &["a"]));
    loaded(&store, catalogue_of(1, vec![kept.clone(), gone.clone()])).await.unwrap();
    let narrower = service("acd.files", &["b"]);
    let loading = store.write(move |tx| {
        let loading = tx.lock_catalogues()?.load(catalogue_of(2, vec![narrower])).unwrap();
        tx.save_loading(&loading)?;
        Ok::<_, StoreError>(loading)
    });
    let loading = loading.await.unwrap();
    let changes: Vec<_> = loading.changes().collect();
    let expected = [("service", "acd.files", Change::Changed), ("service", "acd.tax-cards", Change::Retired)];
    assert_eq!(changes, expected);
    assert_eq!(offered(&store, ServiceFilter::default()).await, ["acd.files"]);
    let found = store.read(move |tx| Ok::<_, StoreError>([tx.service(&kept.code)?, tx.service(&gone.code)?]));
    let [kept, gone] = found.await.unwrap().map(Option::unwrap);
    let statuses = kept.domains.iter().map(|domain| domain.status).collect::<Vec<_>>();
    assert_eq!(statuses, [ServiceStatus::Retired, ServiceStatus::Offered]);
    assert_eq!((kept.status, gone.status), (ServiceStatus::Offered, ServiceStatus::Retired));

    let nobody = ServiceFilter { sector: Some(kept.sector.clone()), administration: "ccss".parse().ok() };
    assert_eq!(offered(&store, nobody).await, [""; 0]);
    let both = ServiceFilter { sector: Some(kept.sector), administration: Some(kept.administration) };
    assert_eq!(offered(&store, both).await, ["acd.files"]);
}

async fn a_type_of_procedure_keeps_every_version(database: Database) {
    let store = database.open();
    let service = service("acd.tax-cards", &[]);
    let first = procedure_type("acd.request", Some(&service));
    let other = TypeWithForm {
        form: Form::parse(json!({ "type": "object", "required": ["name"] })).unwrap(),
        ..procedure_type("acd.request", Some(&service))
    };
    let typed = |version, types: &[&TypeWithForm]| Catalogue {
        procedure_types: types.iter().copied().cloned().collect(),
        ..catalogue_of(version, vec![service.clone()])
    };
    let code = first.kind.code.clone();
    let read = async |store: &Store| {
        let code = code.clone();
        store.read(move |tx| Ok::<_, StoreError>(tx.procedure_type(&code)?.unwrap())).await.unwrap()
    };
    assert_eq!(loaded(&store, typed(1, &[&first])).await, Ok(4));
    assert_eq!(read(&store).await, first, "it is read as it was");
    assert_eq!(loaded(&store, typed(1, &[&first])).await, Ok(0), "nothing that is read differs from the file");
    assert_eq!(loaded(&store, typed(2, &[&other])).await, Ok(1));
    assert_eq!((read(&store).await.kind.version, read(&store).await.form), (2, other.form.clone()));
    assert_eq!(loaded(&store, typed(3, &[])).await, Ok(1));
    let offered = store.read(|tx| tx.procedure_types(&ProcedureTypeFilter::default())).await;
    assert_eq!(offered.map_err(|error: StoreError| error), Ok(vec![]));
    assert_eq!(read(&store).await.kind.status, ServiceStatus::Retired);
    assert_eq!(loaded(&store, typed(4, &[&other])).await, Ok(1));
    assert_eq!((read(&store).await.kind.version, read(&store).await.kind.status), (2, ServiceStatus::Offered));
}

async fn a_source_is_read_as_it_was_loaded_while_it_is_offered(database: Database) {
    let store = database.open();
    let service = service("acd.tax-cards", &["payslips"]);
    let first = source("acd.cards", &service);
    let mut private = source("acd.persons", &service);
    private.source = AuthenticSource {
        audience: SpaceKind::Private,
        certification: None,
        domain: None,
        fresh_for: TimeDelta::days(1),
        ..private.source
    };
    let sourced = |version, sources: &[&SourceWithForm]| Catalogue {
        sources: sources.iter().copied().cloned().collect(),
        ..catalogue_of(version, vec![service.clone()])
    };
    let read = async |of: &SourceWithForm| {
        let code = of.source.code.clone();
        store.read(move |tx| tx.authentic_source(&code)).await.unwrap()
    };
    assert_eq!(loaded(&store, sourced(1, &[&first, &private])).await, Ok(5));
    assert_eq!((read(&first).await, read(&private).await), (Some(first.clone()), Some(private.clone())));
    assert_eq!(loaded(&store, sourced(1, &[&first, &private])).await, Ok(0), "nothing that is read differs");
    let of_persons = store.read(|tx| tx.authentic_sources(SpaceKind::Private)).await.unwrap();
    assert_eq!(of_persons, [private.source.clone()]);
    let renamed = SourceWithForm {
        source: AuthenticSource { titles: local("Cartes"), ..first.source.clone() },
        form: private.form.clone(),
    };
    assert_eq!(loaded(&store, sourced(2, &[&renamed])).await, Ok(2));
    assert_eq!((read(&renamed).await, read(&private).await), (Some(renamed.clone()), None));
}

async fn of_two_loaders_one_waits_and_finds_it_done(database: Database) {
    let store = database.open();
    let loader = || {
        work(|tx| {
            load(tx, catalogue_of(1, vec![service("acd.files", &["a"])]))?.unwrap();
            Ok(())
        })
    };
    assert_eq!(together(&store, vec![loader(), loader(), loader()]).await, [const { Ok(()) }; 3]);
    assert_eq!(offered(&store, ServiceFilter::default()).await, ["acd.files"]);
    // Of versions that differ the last is what stays, or the older one is refused.
    let newer = |version| work(move |tx| load(tx, catalogue_of(version, vec![])).map(drop).map_err(Into::into));
    assert!(together(&store, vec![newer(2), newer(3)]).await.iter().all(Result::is_ok));
    assert_eq!(
        loaded(&store, catalogue_of(2, vec![])).await,
        Err(vec![LoadingFault::VersionTooLow { version: 2, loaded: 3 }])
    );
}

async fn a_loading_that_fails_leaves_nothing_behind(database: Database) {
    let store = database.open();
    let failed = store.write(|tx| {
        load(tx, catalogue_of(1, vec![service("acd.files", &["a"])]))?.unwrap();
        Err::<(), _>(StoreError::Failed("on the way".into()))
    });
    assert!(failed.await.is_err());
    assert_eq!(offered(&store, ServiceFilter::default()).await, [""; 0]);
    assert_eq!(loaded(&store, catalogue_of(1, vec![])).await, Ok(2));
}
