//! The HTTP server: its actix application, its listeners, and how it stops.

use std::{
    net::TcpListener,
    sync::{Arc, atomic::Ordering},
    thread::available_parallelism,
    time::Duration,
};

use actix_web::{
    App as Actix, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    get,
    http::header::{ALLOW, CONTENT_TYPE, HeaderValue},
    middleware::from_fn,
    rt::spawn,
    web::{Data, route},
};
use socket2::SockRef;
use tokio::{sync::watch, time::timeout};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    app::App,
    docs::{self, Contract},
    http::{
        answer::Answer,
        connection,
        door::door,
        limits::limits,
        problem::{Code, Problem},
        strength::Strengths,
    },
    openapi, routes, worker,
};

/// For each of actix's workers, to verify assertions, to drop mails, and for the sandbox: the store has threads of its own.
const BLOCKING_THREADS: usize = 12;

/// Time for open requests to end once the server has stopped listening.
const LAST_REQUESTS: Duration = Duration::from_secs(20);

/// How long a scrape waits for the database.
const LOOK: Duration = Duration::from_secs(2);

/// Serves until told to stop through the handle that `started` is given.
///
/// # Errors
/// The contract can't be printed, or the listener is of no use.
pub async fn serve(app: Arc<App>, listener: TcpListener, started: impl FnOnce(Stop)) -> Result<(), String> {
    let (deadlines, bounds) = (app.config.deadlines, app.config.bounds);
    // To listen again is to change the backlog. The standard library's 128 are soon too few: on Linux further connections
    // are then reset, or wait for a second.
    SockRef::from(&listener).listen(bounds.backlog).map_err(|error| error.to_string())?;
    let contract = openapi::contract(app.sandbox.is_some(), &app.config.levels);
    let strengths = Data::new(Strengths::of(&contract, &app.config.levels)?);
    let contract = Data::new(Contract::print(contract)?);
    let data = Data::from(Arc::clone(&app));
    let workers = available_parallelism().map_or(1, usize::from);
    let server = HttpServer::new(move || {
        let utoipa = Actix::new().into_utoipa_app().configure(routes::all);
        let utoipa = if data.sandbox.is_some() { utoipa.configure(routes::of_sandbox) } else { utoipa };
        let (actix, _) = utoipa.split_for_parts();
        actix
            .app_data(data.clone())
            .app_data(contract.clone())
            .app_data(strengths.clone())
            .service(docs::openapi_json)
            .service(docs::openapi_yaml)
            .service(docs::problem)
            .service(docs::swagger)
            .service(SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::from("/v1/openapi.json")))
            .default_service(route().to(nothing_here))
            .wrap(from_fn(limits))
            .wrap(from_fn(door))
    })
    .on_connect(move |stream, data| connection::watch(stream, data, deadlines.idle + deadlines.headers))
    .workers(workers)
    .worker_max_blocking_threads(BLOCKING_THREADS)
    .max_connections(bounds.connections.div_ceil(workers))
    .client_request_timeout(deadlines.headers)
    .client_disconnect_timeout(connection::FAREWELL)
    .keep_alive(deadlines.idle)
    .shutdown_timeout(LAST_REQUESTS.as_secs())
    .disable_signals()
    .listen(listener)
    .map_err(|error| error.to_string())?
    .run();

    let (stop_worker, is_stopped) = watch::channel(false);
    let worker = app.config.worker.then(|| spawn(worker::watched(Arc::clone(&app), is_stopped)));
    started(Stop { app, server: server.handle() });
    let outcome = server.await.map_err(|error| error.to_string());
    if let Some(worker) = worker {
        let _ = stop_worker.send(true);
        let _ = worker.await;
    }
    outcome
}

/// Serves `/metrics` on its own listener, for as long as the runtime lives.
///
/// # Errors
/// The listener is of no use.
pub fn serve_metrics(app: Arc<App>, listener: TcpListener) -> Result<(), String> {
    let data = Data::from(app);
    let server =
        HttpServer::new(move || Actix::new().app_data(data.clone()).service(metrics)).workers(1).disable_signals();
    spawn(server.listen(listener).map_err(|error| error.to_string())?.run());
    Ok(())
}

#[get("/metrics")]
async fn metrics(app: Data<App>) -> HttpResponse {
    let media_type = (CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    // Taken before the look at the outbox, which waits with all others where they wait.
    let database = app.store.figures();
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method itself is not general enough over lifetimes"
    )]
    let outbox = timeout(LOOK, app.store.read(|tx| tx.outbox_figures())).await;
    app.metrics.text(database, outbox.ok().and_then(Result::ok)).map_or_else(
        |_| HttpResponse::InternalServerError().finish(),
        |text| HttpResponse::Ok().insert_header(media_type).body(text),
    )
}

/// Runs a future to its end on a runtime as the server wants it.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(work)
}

/// How a server is stopped.
#[derive(Clone)]
pub struct Stop {
    app: Arc<App>,
    server: ServerHandle,
}

impl Stop {
    /// Lets readiness fail for a while, so that no new request is sent here, then stops listening and ends what is open.
    pub async fn drain(&self) {
        self.app.is_draining.store(true, Ordering::Relaxed);
        tokio::time::sleep(self.app.config.drain).await;
        self.server.stop(true).await;
    }
}

/// 405 with `Allow` where the contract knows the address, else 404.
async fn nothing_here(request: HttpRequest, contract: Data<Contract>) -> Answer {
    // The path as routes match it, without its percent signs.
    let pattern = request.resource_map().match_pattern(request.match_info().as_str());
    let Some(path) = pattern.and_then(|pattern| contract.document.paths.paths.get(&pattern)) else {
        return Err(Code::NotFound.into());
    };
    let methods = [
        ("GET", &path.get),
        ("HEAD", &path.get),
        ("POST", &path.post),
        ("PUT", &path.put),
        ("PATCH", &path.patch),
        ("DELETE", &path.delete),
    ];
    let allowed: Vec<&str> =
        methods.iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| *method).collect();
    let allow = HeaderValue::from_str(&allowed.join(", ")).unwrap_or(HeaderValue::from_static(""));
    Err(Problem::from(Code::MethodNotAllowed).with_header(ALLOW, allow))
}
