//! `espace-pro partner`: how operators let back ends of administrations in, change their keys, and lock them out.

use std::{
    fmt::Write,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use domain::{
    Coded,
    catalogue::AdministrationCode,
    id::PartnerId,
    partner::{Partner, PartnerEdit, PartnerScope, PartnerScopes, PartnerStatus},
    text::{Language, PartnerName},
};
use persistence::{DatabaseUrl, Store, StoreError};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    command::{beside, told},
    http::{
        body::{self, Faults, Request},
        field::FieldError,
    },
    tokens::client_keys::JwksDocument,
};

/// A command about partners.
#[derive(Debug, Clone, Subcommand)]
pub enum PartnerCommand {
    /// Lets a back end in, and prints its client id.
    Add {
        /// The code of the administration for which it acts.
        #[arg(long, value_name = "CODE", value_parser = administration)]
        administration: AdministrationCode,
        /// What operators call it.
        #[arg(long, value_parser = name)]
        name: PartnerName,
        /// The file with its public keys, a JWK Set.
        #[arg(long, value_name = "FILE")]
        jwks: PathBuf,
        /// What it may do, with commas.
        #[arg(long, value_parser = scopes)]
        scopes: PartnerScopes,
    },
    /// Lists all.
    List,
    /// Gives one other keys in the place of those that it has.
    Keys {
        /// Its client id.
        id: Uuid,
        /// The file with its public keys, a JWK Set.
        #[arg(long, value_name = "FILE")]
        jwks: PathBuf,
    },
    /// Changes one's name or scopes.
    Edit {
        /// Its client id.
        id: Uuid,
        /// What operators call it.
        #[arg(long, value_parser = name, required_unless_present = "scopes")]
        name: Option<PartnerName>,
        /// What it may do, with commas.
        #[arg(long, value_parser = scopes)]
        scopes: Option<PartnerScopes>,
    },
    /// Locks one out: its tokens open nothing from now on.
    Suspend {
        /// Its client id.
        id: Uuid,
    },
    /// Lets one in again.
    Resume {
        /// Its client id.
        id: Uuid,
    },
}

/// How many are read at once.
const AT_ONCE: i64 = 100;

fn administration(text: &str) -> Result<AdministrationCode, String> {
    AdministrationCode::parse(text).map_err(|fault| format!("the code {fault}"))
}

fn name(text: &str) -> Result<PartnerName, String> {
    PartnerName::parse(text).map_err(|fault| format!("the name {fault}"))
}

fn scopes(text: &str) -> Result<PartnerScopes, String> {
    let all: Vec<&str> = PartnerScope::ALL.iter().copied().map(Coded::code).collect();
    PartnerScopes::parse(&text.replace(',', " "))
        .map_err(|fault| format!("the list {fault}; the scopes are {}", all.join(", ")))
}

/// Does what the operator says, beside a server that may be running, and gives what is to be printed.
///
/// # Errors
/// Sentences for the operator.
pub async fn run(database: DatabaseUrl, command: PartnerCommand) -> Result<String, String> {
    let store = beside(database)?;
    match command {
        PartnerCommand::Add { administration, name, jwks, scopes } => {
            add(&store, (administration, name, scopes), of_file(&jwks)?).await
        }
        PartnerCommand::List => list(&store).await.map_err(told),
        PartnerCommand::Keys { id, jwks } => replace_keys(&store, id.into(), of_file(&jwks)?).await,
        PartnerCommand::Edit { id, name, scopes } => {
            edit(&store, id.into(), PartnerEdit { name, scopes, status: None }, "partner_edited").await
        }
        PartnerCommand::Suspend { id } => {
            edit(&store, id.into(), standing(PartnerStatus::Suspended), "partner_suspended").await
        }
        PartnerCommand::Resume { id } => {
            edit(&store, id.into(), standing(PartnerStatus::Active), "partner_resumed").await
        }
    }
}

/// Logs an act that was kept: chains of the audit log are of persons and spaces, and a partner is neither.
fn log(act: &str, partner: &Partner) {
    let Partner { id, administration, scopes, status, .. } = partner;
    tracing::info!(act, partner_id = %id, %administration, %scopes, status = status.code(), "an operator acted on a partner");
}

fn standing(status: PartnerStatus) -> PartnerEdit {
    PartnerEdit { status: Some(status), ..PartnerEdit::default() }
}

fn unknown(id: PartnerId) -> String {
    format!("no partner has the id {id}")
}

async fn add(
    store: &Store,
    (administration, name, scopes): (AdministrationCode, PartnerName, PartnerScopes),
    jwks: String,
) -> Result<String, String> {
    let code = administration.clone();
    let kept = store.write(move |tx| {
        if tx.administration(&administration)?.is_none_or(|administration| administration.is_retired) {
            return Ok(None);
        }
        let (id, created_at) = (tx.new_id(), tx.now());
        let partner = Partner { id, administration, name, scopes, status: PartnerStatus::Active, created_at };
        tx.insert_partner(&partner, &jwks)?;
        Ok::<_, StoreError>(Some(partner))
    });
    let partner = kept.await.map_err(told)?.ok_or_else(|| format!("no catalogue has an administration {code}"))?;
    log("partner_added", &partner);
    Ok(format!("{}\n", partner.id))
}

async fn list(store: &Store) -> Result<String, StoreError> {
    let mut text = "id\tadministration\tname\tscopes\tstatus\tcreated\n".to_owned();
    let mut after = None;
    loop {
        let page = store.read(move |tx| tx.partners(after, AT_ONCE)).await?;
        text.extend(page.iter().map(line));
        after = page.last().map(|partner| partner.id);
        if after.is_none() {
            return Ok(text);
        }
    }
}

fn line(partner: &Partner) -> String {
    let Partner { id, administration, name, scopes, status, created_at } = partner;
    let scopes: Vec<&str> = scopes.iter().map(Coded::code).collect();
    let (scopes, status, created) = (scopes.join(","), status.code(), created_at.format("%FT%TZ"));
    format!("{id}\t{administration}\t{name}\t{scopes}\t{status}\t{created}\n")
}

async fn replace_keys(store: &Store, id: PartnerId, jwks: String) -> Result<String, String> {
    let replaced = store.write(move |tx| {
        let partner = tx.partner(id)?;
        if partner.is_some() {
            tx.save_client_keys(id.into(), &jwks)?;
        }
        Ok::<_, StoreError>(partner)
    });
    let partner = replaced.await.map_err(told)?.ok_or_else(|| unknown(id))?;
    log("partner_keys_replaced", &partner);
    Ok(format!("{id} has these keys from now on\n"))
}

async fn edit(store: &Store, id: PartnerId, edit: PartnerEdit, act: &str) -> Result<String, String> {
    let edited = store.write(move |tx| tx.edit_partner(id, &edit)).await.map_err(told)?;
    let partner = edited.ok_or_else(|| unknown(id))?;
    log(act, &partner);
    Ok(line(&partner))
}

/// A JWK Set in a file.
#[derive(Deserialize)]
#[serde(transparent)]
struct JwksFile(JwksDocument);

impl Request for JwksFile {
    type Value = JwksDocument;
    fn check(self, faults: &mut Faults) -> Option<JwksDocument> {
        self.0.check("", faults)
    }
}

/// The keys of a file, as they are kept.
fn of_file(path: &Path) -> Result<String, String> {
    let name = path.display();
    let in_file = |error: std::io::Error| format!("{name}: {error}");
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(in_file)?;
    file.take(body::LIMIT as u64).read_to_end(&mut bytes).map_err(in_file)?;
    let keys =
        body::understand::<JwksFile>(&bytes).map_err(|errors| in_words(&format!("{name} is no JWK Set"), &errors))?;
    keys.to_text()
}

fn in_words(title: &str, errors: &[FieldError]) -> String {
    errors.iter().fold(format!("{title}:"), |mut words, error| {
        let _ = write!(words, "\n  {}", error.in_words(Language::En));
        words
    })
}
