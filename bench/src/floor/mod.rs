//! The floor: a bare server that gives the product's answers with the product's durability, and does nothing else for it.

mod answer;
mod database;
mod statements;

use std::{
    net::SocketAddr,
    path::Path as FilePath,
    sync::atomic::{AtomicU64, Ordering},
    thread::available_parallelism,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    error::{ErrorInternalServerError, ErrorUnauthorized},
    get, post,
    web::{Data, Json, Path, block},
};
use api::{
    clock,
    http::caller::bearer,
    tokens::access::{AccessTokens, Bearer},
};
use chrono::NaiveDateTime;
use domain::{
    audit::EntryHash,
    id::SessionId,
    space::{EntityType, SpaceIdentifier},
};
use persistence::Clock;
use uuid::{Builder, Uuid};

use self::{
    answer::{Landing, OpenSpace, Page, SpaceAnswer, SpacePage},
    database::{CONNECTIONS, Database},
    statements::{Caller, Opened},
};
use crate::rows::{ChainRow, EntryRow, MembershipRow, SpaceRow};

struct Floor {
    tokens: AccessTokens,
    clock: Clock,
    database: Database,
    /// Numbers that no identifier was drawn from yet: nothing else here asks whether one is taken.
    drawn: AtomicU64,
}

/// Serves until it is killed.
///
/// # Errors
/// A sentence for the operator.
pub async fn serve(listen: SocketAddr, database: &str, keys: &FilePath, public_url: &str) -> Result<(), String> {
    let clock = clock::system();
    let tokens = AccessTokens::load(keys, public_url, clock())?;
    // Openings are fewer than microseconds: a floor that is started later begins above.
    let drawn = AtomicU64::new(clock().timestamp_micros().cast_unsigned());
    let floor = Data::new(Floor { tokens, clock, database: Database::open(database)?, drawn });
    let services = move || {
        App::new().app_data(floor.clone()).service(ready).service(landing).service(list).service(get).service(open)
    };
    let server = HttpServer::new(services)
        .workers(available_parallelism().map_or(1, usize::from))
        .worker_max_blocking_threads(CONNECTIONS as usize * 2 + 4)
        .bind(listen)
        .map_err(|error| error.to_string())?;
    server.run().await.map_err(|error| error.to_string())
}

impl Floor {
    fn session(&self, request: &HttpRequest) -> actix_web::Result<String> {
        let token = bearer(request.headers()).ok_or_else(|| ErrorUnauthorized("no token"))?;
        let bearer = self.tokens.verify(token, (self.clock)()).map_err(ErrorUnauthorized)?;
        let Bearer::Person { session: SessionId(session), .. } = bearer else {
            return Err(ErrorUnauthorized("it is no person's"));
        };
        Ok(session.to_string())
    }
}

#[get("/health/ready")]
async fn ready() -> HttpResponse {
    HttpResponse::Ok().finish()
}

#[get("/v1/me/landing")]
async fn landing(request: HttpRequest, floor: Data<Floor>) -> actix_web::Result<Json<Landing>> {
    let session = floor.session(&request)?;
    let (spaces, current_space) =
        block(move || floor.database.spaces(&session)).await?.map_err(ErrorInternalServerError)?;
    let page = match spaces.len() {
        0 => "manage_spaces",
        1 => "space_home",
        _ => "select_space",
    };
    Ok(Json(Landing { page, spaces, has_more: false, current_space }))
}

#[get("/v1/spaces")]
async fn list(request: HttpRequest, floor: Data<Floor>) -> actix_web::Result<Json<SpacePage>> {
    let session = floor.session(&request)?;
    let (data, _) = block(move || floor.database.spaces(&session)).await?.map_err(ErrorInternalServerError)?;
    Ok(Json(SpacePage { data, page: Page { has_more: false } }))
}

#[get("/v1/spaces/{id}")]
async fn get(request: HttpRequest, floor: Data<Floor>, id: Path<String>) -> actix_web::Result<Json<SpaceAnswer>> {
    let session = floor.session(&request)?;
    let found = block(move || floor.database.space(&session, &id)).await?;
    found.map(Json).map_err(ErrorInternalServerError)
}

#[post("/v1/spaces")]
async fn open(request: HttpRequest, floor: Data<Floor>, wish: Json<OpenSpace>) -> actix_web::Result<HttpResponse> {
    let session = floor.session(&request)?;
    let now = (floor.clock)().naive_utc();
    let new_id = || Builder::from_unix_timestamp_millis(millis(now), &rand::random()).into_uuid();
    let (id, membership, wish) = (new_id(), new_id(), wish.into_inner());
    // The seeds' and the product's are of legal persons.
    let drawn = floor.drawn.fetch_add(1, Ordering::Relaxed);
    let identifier = SpaceIdentifier::draw(EntityType::NaturalPerson, drawn).to_string();
    let answer = view(id, identifier.clone(), &wish, now);
    let prepare = move |caller: &Caller, now| opened(caller, (id, membership), (wish, identifier), now);
    let kept = floor.database.open_space(session, Box::new(prepare)).await;
    kept.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Created().json(answer))
}

fn millis(now: NaiveDateTime) -> u64 {
    now.and_utc().timestamp_millis().cast_unsigned()
}

fn view(id: Uuid, identifier: String, wish: &OpenSpace, now: NaiveDateTime) -> SpaceAnswer {
    SpaceAnswer {
        id: id.to_string(),
        identifier,
        kind: "professional".into(),
        entity_type: "legal_person".into(),
        title: Some(wish.title.clone()),
        state: "open".into(),
        role: "administrator".into(),
        language: "fr".into(),
        notification_email: wish.notification_email.clone(),
        notification_email_confirmed: true,
        created_at: now,
        updated_at: now,
    }
}

fn opened(
    caller: &Caller,
    (id, membership): (Uuid, Uuid),
    (wish, identifier): (OpenSpace, String),
    now: NaiveDateTime,
) -> Opened {
    let (id, chain, hash) = (id.to_string(), format!("space:{id}"), EntryHash::NONE.to_string());
    Opened {
        space: SpaceRow {
            id: id.clone(),
            identifier,
            kind: "professional",
            entity_type: "legal_person",
            title: Some(wish.title),
            language: "fr",
            notification_email: wish.notification_email,
            notification_email_confirmed: true,
            state: "open",
            opened_with: caller.product.clone(),
            created_at: now,
            updated_at: now,
            version: 1,
        },
        membership: MembershipRow {
            id: membership.to_string(),
            space_id: id.clone(),
            person_id: caller.person.clone(),
            role: "administrator",
            scope: "all_products",
            product_id: caller.product.clone(),
            status: "active",
            ends_at: None,
            created_at: now,
        },
        chain: ChainRow { chain: chain.clone(), entries: 1, hash: hash.clone(), appended_at: Some(now) },
        entry: EntryRow {
            chain,
            position: 1,
            recorded_at: now,
            act: "space_opened",
            actor_kind: "person",
            actor_id: Some(caller.person.clone()),
            actor_product: Some(caller.product.clone()),
            object: id,
            changed: "",
            reason_code: None,
            reason_text: None,
            previous_hash: hash.clone(),
            hash,
        },
    }
}
