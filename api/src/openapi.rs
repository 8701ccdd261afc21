//! The contract: what the routes say of themselves, and what is true of all of them.

use actix_web::App;
use utoipa::{
    OpenApi, ToSchema,
    openapi::{
        Components, ContentBuilder, Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder,
        path::{Operation, ParameterBuilder, ParameterIn},
        request_body::RequestBody,
        schema::Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt;

use crate::{
    http::{body::EmptyRequest, field::FieldErrorView, limits::is_limited, problem::ProblemView, strength::Levels},
    routes,
};

/// The version of the contract, on every answer as `API-Version`.
pub const VERSION: &str = "1.0.0";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Espace Pro",
        description = "The professional space of a government portal: persons log in with authentication products, open spaces, and deal with the State in them.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
        version = "0"
    ),
    servers((url = "/", description = "The server that serves this document.")),
    tags(
        (name = "Identity", description = "Registration, login, terms of use."),
        (name = "Person", description = "The person who is logged in."),
        (name = "Spaces", description = "Private and professional spaces."),
        (name = "Helpdesk", description = "Staff of the portal; only for agents, each act with a reason, and never on a case of their own."),
        (name = "Operation", description = "Health, for operators and machines."),
        (name = "Sandbox", description = "Test persons and their mails; only in development.")
    ),
    components(schemas(ProblemView, FieldErrorView))
)]
struct Base;

/// The contract of a server with or without a sandbox, whose operations want these levels of login.
pub fn contract(with_sandbox: bool, levels: &Levels) -> utoipa::openapi::OpenApi {
    let app = App::new().into_utoipa_app().openapi(Base::openapi()).configure(routes::all);
    let app = if with_sandbox { app.configure(routes::of_sandbox) } else { app };
    let (_, mut contract) = app.split_for_parts();
    VERSION.clone_into(&mut contract.info.version);
    if !with_sandbox {
        contract.tags.iter_mut().for_each(|tags| tags.retain(|tag| tag.name != "Sandbox"));
    }
    let components = contract.components.get_or_insert_with(Components::new);
    for (name, about) in [
        ("person", "An access token from `POST /v1/token`."),
        ("helpdesk", "The same, of a person of whom an issuer of staff says that he is an agent of the Helpdesk."),
    ] {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(about));
        components.add_security_scheme(name, SecurityScheme::Http(bearer.build()));
    }
    for (template, path) in &mut contract.paths.paths {
        path.post.iter_mut().filter(|operation| is_repeatable(operation)).for_each(take_idempotency_key);
        let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        for operation in operations.into_iter().flatten() {
            complete(operation, is_limited(template), levels.is_low(operation));
            levels.describe(operation);
        }
    }
    contract
}

/// Whether an operation, a POST, takes an `Idempotency-Key`: those of callers whom we know, with a JSON body.
fn is_repeatable(operation: &Operation) -> bool {
    operation.security.is_some() && operation.request_body.is_some()
}

fn take_idempotency_key(operation: &mut Operation) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Sent again with the same key and body within 24 hours, the request is answered again and not done again.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(257)).build()))
        .example(Some("6f1c1f0e-3f0a-4c7e-9d6a-0c5d2b8e4a11".into()))
        .build();
    operation.parameters.get_or_insert_default().push(key.into());
    let reused = ResponseBuilder::new().description("`idempotency_key_reused`").build();
    operation.responses.responses.insert("422".to_owned(), reused.into());
}

/// Whether a body is that of an action: it may as well be left out.
fn is_empty(body: &RequestBody) -> bool {
    let reference = Ref::from_schema_name(EmptyRequest::name());
    body.content
        .values()
        .any(|content| matches!(content, RefOr::T(content) if content.schema == Some(reference.clone().into())))
}

fn seconds_to_wait() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).build();
    HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds after which to try again.")).build()
}

/// Adds the answers that any such operation can give, and the problem that every error is.
fn complete(operation: &mut Operation, is_limited: bool, is_low: bool) {
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    let is_in = |place: ParameterIn| {
        parameters.iter().any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place))
    };
    let (has_path, has_query) = (is_in(ParameterIn::Path), is_in(ParameterIn::Query));
    let has_body = operation.request_body.is_some();
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && is_empty(body)
    {
        body.required = Some(Required::False);
    }
    let common = [
        (has_body || has_query, "400", "`invalid_input`"),
        (operation.security.is_some() && is_low, "401", "`token_invalid`"),
        (operation.security.is_some() && !is_low, "401", "`token_invalid`, `insufficient_user_authentication`"),
        (has_path, "404", "`not_found`"),
        (has_body, "413", "`body_too_large`"),
        (has_body, "415", "`unsupported_media_type`"),
        (is_limited, "429", "`too_many_requests`"),
        (true, "503", "`busy`, `outcome_unknown`"),
    ];
    let is_oauth = matches!(operation.operation_id.as_deref(), Some("getToken" | "revokeToken"));
    let responses = &mut operation.responses.responses;
    for (applies, status, codes) in common {
        if applies && !(is_oauth && status == "415") {
            match responses.get_mut(status) {
                Some(RefOr::T(response)) if status == "400" && !is_oauth => {
                    response.description = format!("{codes}, {}", response.description);
                }
                Some(_) => {}
                None => {
                    let _ =
                        responses.insert(status.to_owned(), ResponseBuilder::new().description(codes).build().into());
                }
            }
        }
    }
    for status in ["429", "503"] {
        if let Some(RefOr::T(response)) = responses.get_mut(status) {
            response.headers.insert("Retry-After".to_owned(), seconds_to_wait().into());
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5'))
            && response.content.is_empty()
        {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            response.content.insert("application/problem+json".to_owned(), problem.into());
        }
    }
}
