//! The sandbox: a built-in identity provider with test persons, test partners, and the mails that were dropped. Development only.

pub mod partners;
mod persons;

use std::{
    future::{Ready, ready},
    net::IpAddr,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    get,
    http::{StatusCode, header::HOST, uri::Authority},
    post,
    web::Data,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use chrono::TimeDelta;
use domain::{
    Coded, Fault, Refusal,
    identity::{Assurance, ProductKind},
    text::EmailAddress,
};
use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

pub use persons::SandboxPerson;
use persons::{NewPerson, Persons};

use crate::{
    app::App,
    config::Config,
    http::{
        answer::{self, Answer},
        body::{Body, Faults, Request},
        problem::{Code, Problem},
        query::Query,
        schema::{self, AssuranceChoice, ProductKindChoice, present},
    },
    keys::secret::read_secret,
    mail::DroppedMail,
    tokens::{client_keys::JwksDocument, issuer::IssuerSettings, signing::make_key},
};

const KEY_ID: &str = "sandbox";
/// How long an assertion lives.
const LIFE: TimeDelta = TimeDelta::minutes(5);

/// The built-in issuer.
pub struct Sandbox {
    settings: IssuerSettings,
    key: EncodingKey,
    /// Its public half, as it is kept of a client.
    jwks: String,
    persons: Persons,
}

impl Sandbox {
    /// Makes the issuer ready, with its key and its first test persons.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn open(config: &Config) -> Result<Self, String> {
        let path = config.data_dir.join("keys/sandbox.pem");
        if !path.exists() {
            make_key(&path)?;
        }
        let pem = read_secret(&path)?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|error| error.to_string())?;
        let der = key.to_pkcs8_der().map_err(|error| error.to_string())?;
        let public_key = public(&key);
        let jwks: JwksDocument =
            serde_json::from_value(json!({ "keys": [&public_key] })).map_err(|error| error.to_string())?;
        let settings = settings(config, &public_key)?;
        let persons =
            Persons::open(config.data_dir.join("sandbox/persons")).map_err(|error| format!("sandbox: {error}"))?;
        Ok(Self { settings, key: EncodingKey::from_ed_der(der.as_bytes()), jwks: jwks.to_text()?, persons })
    }

    /// The issuer as it is trusted: by the same rules as any other.
    pub fn issuer(&self) -> IssuerSettings {
        self.settings.clone()
    }

    fn sign(&self, person: &SandboxPerson, login: &SandboxLogin, now: domain::Instant) -> Result<String, Problem> {
        let product = person.products.iter().find(|product| product.serial == login.product);
        let product = product.ok_or(Refusal::NotFound)?;
        let assurance = login.assurance.unwrap_or(product.assurance.0);
        let claims = json!({
            "iss": self.settings.issuer,
            "aud": self.settings.audience,
            "sub": person.id,
            "iat": now.timestamp(),
            "exp": (now + LIFE).timestamp(),
            "auth_time": now.timestamp(),
            // Two assertions of one second are two assertions.
            "jti": BASE64URL.encode(rand::random::<[u8; 16]>()),
            "acr": assurance.code(),
            "serial_number": product.serial,
            "product_kind": product.kind.0.code(),
            "national_number": person.national_number,
            "given_name": person.given_name,
            "family_name": person.family_name,
            "helpdesk": person.helpdesk,
        });
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| Problem::from(Code::Internal).because(error))
    }
}

fn public(key: &SigningKey) -> serde_json::Value {
    let x = BASE64URL.encode(key.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KEY_ID, "x": x })
}

fn settings(config: &Config, public_key: &serde_json::Value) -> Result<IssuerSettings, String> {
    fn same<T: Coded>() -> serde_json::Value {
        T::ALL.iter().map(|value| (value.code().to_owned(), json!(value.code()))).collect()
    }
    let settings = json!({
        "issuer": format!("{}/sandbox", config.public_url),
        "audience": config.public_url,
        "algorithms": ["EdDSA"],
        "keys": { "inline": { "keys": [public_key] } },
        "kinds": same::<ProductKind>(),
        "acr": same::<Assurance>(),
        "assertsNationalNumber": true,
        "staff": true,
    });
    serde_json::from_value(settings).map_err(|error| error.to_string())
}

/// The sandbox, for somebody who asks this machine by a loopback name: no page of the web can use it, whatever name it
/// gives to this address.
pub struct Tester {
    app: Arc<App>,
}

impl FromRequest for Tester {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let app = request.app_data::<Data<App>>().map(|app| Arc::clone(app));
        let found =
            app.filter(|app| app.config.sandbox_exposed || is_for_this_machine(request)).map(|app| Self { app });
        let refused = || Problem::from(Code::NotFound).because("the sandbox was asked for by another machine's name");
        ready(found.ok_or_else(refused))
    }
}

fn is_for_this_machine(request: &HttpRequest) -> bool {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or(request.uri().authority().map(Authority::as_str));
    let Some(host) = host.and_then(|host| host.parse::<Authority>().ok()) else { return false };
    let name = host.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Tester {
    fn sandbox(&self) -> Result<&Sandbox, Problem> {
        self.app.sandbox.as_ref().ok_or_else(|| Code::NotFound.into())
    }

    /// Runs what touches files off the async threads.
    async fn with_files<T: Send + 'static>(
        &self,
        work: impl FnOnce(&App, &Sandbox) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let app = Arc::clone(&self.app);
        let done = spawn_blocking(move || work(&app, app.sandbox.as_ref().ok_or(Code::NotFound)?)).await;
        done.unwrap_or_else(|error| Err(Problem::from(Code::Internal).because(error)))
    }
}

fn broken(error: std::io::Error) -> Problem {
    Problem::from(Code::Internal).because(error)
}

/// Test persons.
#[derive(Debug, Serialize, ToSchema)]
pub struct SandboxPersonList {
    data: Vec<SandboxPerson>,
}

/// Lists the test persons.
#[utoipa::path(
    tag = "Sandbox", operation_id = "listSandboxPersons",
    responses((status = 200, description = "The test persons.", body = SandboxPersonList))
)]
#[get("/sandbox/persons")]
pub async fn list_persons(tester: Tester) -> Answer {
    let data = tester.with_files(|_, sandbox| sandbox.persons.all().map_err(broken)).await?;
    answer::ok(&SandboxPersonList { data })
}

/// A test person to make.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "products": ["luxtrust_professional", "eid"], "helpdesk": false }))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SandboxPersonRequest {
    /// The kinds of his products, one product each.
    #[schema(min_items = 1, max_items = 10, example = json!(["eid"]))]
    products: Vec<ProductKindChoice>,
    /// Whether he is an agent of the Helpdesk.
    #[serde(default)]
    #[schema(example = false)]
    helpdesk: bool,
    /// The level of all his products; without it `high` for `eid` and `substantial` for the others.
    #[serde(default)]
    assurance: Option<AssuranceChoice>,
    /// Whether he has a national number; a citizen of another state may have none.
    #[serde(default = "yes")]
    #[schema(example = true)]
    with_national_number: bool,
}

fn yes() -> bool {
    true
}

impl Request for SandboxPersonRequest {
    type Value = NewPerson;
    fn check(self, faults: &mut Faults) -> Option<NewPerson> {
        let count = self.products.len();
        let products =
            if (1..=10).contains(&count) { Ok(self.products) } else { Err(Fault::OutOfRange { min: 1, max: 10 }) };
        Some(NewPerson {
            products: faults.take("/products", products)?.into_iter().map(|kind| kind.0).collect(),
            helpdesk: self.helpdesk,
            assurance: self.assurance.map(|assurance| assurance.0),
            with_national_number: self.with_national_number,
        })
    }
}

/// Makes one more test person, with a name and valid numbers of his own.
#[utoipa::path(
    tag = "Sandbox", operation_id = "addSandboxPerson", request_body = SandboxPersonRequest,
    responses((status = 201, description = "The person.", body = SandboxPerson))
)]
#[post("/sandbox/persons")]
pub async fn add_person(tester: Tester, body: Body<SandboxPersonRequest>) -> Answer {
    let new = body.open_to_anybody()?;
    let person = tester.with_files(move |_, sandbox| sandbox.persons.add(&new).map_err(broken)).await?;
    answer::json(StatusCode::CREATED, &person)
}

/// A login to assert.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "person": "anna-weber", "product": "10000000000000000011" }))]
#[serde(deny_unknown_fields)]
pub struct AssertionRequest {
    /// The id of a test person.
    #[schema(min_length = 1, max_length = 64, example = "anna-weber")]
    person: String,
    /// The serial number of one of his products.
    #[schema(value_type = schema::SerialNumber)]
    product: String,
    /// How strong the login is; as strong as the product is, if nothing is said.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "present")]
    assurance: Option<AssuranceChoice>,
}

/// A login of a test person, understood.
#[derive(Debug)]
pub struct SandboxLogin {
    person: String,
    product: String,
    assurance: Option<Assurance>,
}

impl Request for AssertionRequest {
    type Value = SandboxLogin;
    fn check(self, _: &mut Faults) -> Option<SandboxLogin> {
        let assurance = self.assurance.map(|assurance| assurance.0);
        Some(SandboxLogin { person: self.person, product: self.product, assurance })
    }
}

/// An identity assertion.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SandboxAssertion {
    /// An ID token, good for five minutes, once for a registration and once for a token.
    id_token: String,
}

/// Logs a test person in at the sandbox's identity provider.
#[utoipa::path(
    tag = "Sandbox", operation_id = "assertSandboxPerson", request_body = AssertionRequest,
    responses(
        (status = 200, description = "The assertion.", body = SandboxAssertion),
        (status = 404, description = "There is no such test person, or he has no such product."),
    )
)]
#[post("/sandbox/assertions")]
pub async fn assert(tester: Tester, body: Body<AssertionRequest>) -> Answer {
    let login = body.open_to_anybody()?;
    let id_token = tester
        .with_files(move |app, sandbox| {
            let person = sandbox.persons.get(&login.person).map_err(broken)?.ok_or(Refusal::NotFound)?;
            sandbox.sign(&person, &login, (app.clock)())
        })
        .await?;
    answer::ok(&SandboxAssertion { id_token })
}

/// Mails.
#[derive(Debug, Serialize, ToSchema)]
pub struct DroppedMailList {
    data: Vec<DroppedMail>,
}

/// Lists the mails that went to an address, newest first.
///
/// Answers once the outbox is empty, or after two seconds: whoever asks after a request finds its mail.
#[utoipa::path(
    tag = "Sandbox", operation_id = "listSandboxMails",
    params(("to" = schema::EmailAddress, Query, description = "The address.", example = "office@example.lu")),
    responses((status = 200, description = "The mails.", body = DroppedMailList))
)]
#[get("/sandbox/mails")]
pub async fn list_mails(tester: Tester, request: HttpRequest) -> Answer {
    let mut query = Query::of(&request);
    let to = query.text("to");
    let to = to.ok_or(Fault::Missing).and_then(|to| EmailAddress::parse(&to));
    let to = to.map_err(|fault| query.fault("to", fault));
    query.end()?;
    for _ in 0..200 {
        if tester.app.store.read(|tx| tx.outbox_is_empty().map_err(Problem::from)).await? {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let data = tester
        .with_files(move |app, _| app.mail_drop.mails_to(to.as_ref().map_or("", EmailAddress::as_str)).map_err(broken))
        .await?;
    answer::ok(&DroppedMailList { data })
}
