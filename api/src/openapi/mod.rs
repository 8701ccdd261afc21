//! The contract: what the routes say of themselves, and what is true of all of them.

mod bounds;
mod headers;
mod links;
mod operation;

use std::collections::BTreeSet;

use actix_web::App;
use utoipa::{
    OpenApi,
    openapi::{
        Components,
        extensions::ExtensionsBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_actix_web::AppExt;

pub use operation::wants_login;

use crate::{
    http::{field::FieldErrorView, limits::is_limited, problem::ProblemView, schema, strength::Levels},
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
    servers((url = "/", description = "The server that serves this document, be it production, test or local.")),
    tags(
        (name = "Identity", description = "Registration, login, terms of use."),
        (name = "Person", description = "The person who is logged in."),
        (name = "Spaces", description = "Private and professional spaces."),
        (name = "Members", description = "Who is in a professional space, and what each may do there."),
        (name = "Invitations", description = "Administrators name a product; whoever logs in with it accepts or refuses."),
        (name = "System users", description = "A company's own software: administrators let it into a space, with rights out of a closed list."),
        (name = "Certification", description = "Services that open only to a space whose rights an administration, or a principal, has confirmed."),
        (name = "Procedures", description = "What a space settles with an administration: types of procedures, and which of them it can begin."),
        (name = "Authentic sources", description = "Data that administrations hold on a company or person, to be viewed and verified."),
        (name = "Helpdesk", description = "Staff of the portal; only for agents, each act with a reason, and never on a case of their own."),
        (name = "Partner", description = "Back ends of administrations: each sees and touches only what is its administration's."),
        (name = "Operation", description = "Health, for operators and machines."),
        (name = "Sandbox", description = "Test persons, their mails, and test partners; only in development.")
    ),
    // The generator finds no schema that parameters alone refer to.
    components(schemas(
        ProblemView,
        FieldErrorView,
        schema::AdministrationCode,
        schema::ProcedureTypeCode,
        schema::SearchText,
        schema::SectorCode,
        schema::ServiceCode,
        schema::SourceCode
    ))
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
    // A relative address is the one that the document came from.
    let is_public = ExtensionsBuilder::new().add("x-internal", false).build();
    contract.servers.iter_mut().flatten().for_each(|server| server.extensions = Some(is_public.clone()));
    let components = contract.components.get_or_insert_with(Components::new);
    for (name, about) in [
        ("person", "An access token from `POST /v1/token`: a JWT after RFC 9068, verified as RFC8725 wants it."),
        (
            "helpdesk",
            "The same (RFC8725), of a person of whom an issuer of staff says that he is an agent of the Helpdesk.",
        ),
        (
            "systemUser",
            "The same (RFC8725), of a company's own software, which gets it by `client_credentials` and `private_key_jwt`.",
        ),
        (
            "partner",
            "The same (RFC8725), of an administration's back end, which gets it by `client_credentials` and `private_key_jwt`.",
        ),
    ] {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(about));
        components.add_security_scheme(name, SecurityScheme::Http(bearer.build()));
    }
    components.headers = headers::all();
    components.schemas.values_mut().for_each(bounds::complete);
    let all =
        contract.paths.paths.values().flat_map(|path| [&path.get, &path.post, &path.put, &path.patch, &path.delete]);
    let ids: BTreeSet<String> = all.flatten().filter_map(|operation| operation.operation_id.clone()).collect();
    for (template, path) in &mut contract.paths.paths {
        path.post
            .iter_mut()
            .filter(|operation| operation::is_repeatable(operation))
            .for_each(operation::make_repeatable);
        let operations = [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        for operation in operations.into_iter().flatten() {
            operation::complete(operation, is_limited(template), levels.is_low(operation));
            levels.describe(operation);
            links::add(operation, |id| ids.contains(id));
        }
    }
    contract
}
