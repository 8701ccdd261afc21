//! What is true of every operation: its parameters, answers and headers that follow from what it is.

use utoipa::{
    ToSchema,
    openapi::{
        ContentBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBody,
        schema::Type,
    },
};

use super::{bounds, headers};
use crate::http::{body::EmptyRequest, lines};

/// Whether an operation is for callers with a token.
pub fn wants_token(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|security| !security.is_empty())
}

/// Whether an operation is for persons who are logged in, agents of the Helpdesk or not, or for them too.
pub fn wants_login(operation: &Operation) -> bool {
    serves(operation, "person") || serves(operation, "helpdesk")
}

/// Whether an operation serves those who come in by this security scheme.
fn serves(operation: &Operation, scheme: &str) -> bool {
    let named = serde_json::to_value(&operation.security).unwrap_or_default();
    named.as_array().is_some_and(|schemes| schemes.iter().any(|named| named.get(scheme).is_some()))
}

/// Whether an operation, a POST, takes an `Idempotency-Key`: those of callers whom we know, with a JSON body.
pub fn is_repeatable(operation: &Operation) -> bool {
    let Some(RefOr::T(body)) = &operation.request_body else { return false };
    // Files repeat themselves, and what comes in lines has keys of its own.
    let is_plain = |media_type: &String| media_type.ends_with("json") && media_type != lines::MEDIA_TYPE;
    wants_token(operation) && body.content.keys().any(is_plain)
}

pub fn make_repeatable(operation: &mut Operation) {
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

/// How an operation refuses callers who have a token and are of a kind that it does not serve.
fn refusals_of_strangers(operation: &Operation) -> String {
    let is_for_persons = wants_login(operation);
    let refusals = [
        (serves(operation, "partner") && !is_for_persons, "`partners_only`"),
        (is_for_persons && !serves(operation, "partner"), "`not_for_partners`"),
        (is_for_persons && !serves(operation, "systemUser"), "`not_for_system_users`"),
    ];
    refusals.iter().filter(|(applies, _)| *applies).map(|(_, code)| *code).collect::<Vec<_>>().join(", ")
}

/// Adds the answers that any such operation can give, and the problem that every error is.
pub fn complete(operation: &mut Operation, is_limited: bool, is_low: bool) {
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
    let strangers = refusals_of_strangers(operation);
    let common = [
        (has_body || has_query, "400", "`invalid_input`"),
        (wants_token(operation) && is_low, "401", "`token_invalid`"),
        (wants_token(operation) && !is_low, "401", "`token_invalid`, `insufficient_user_authentication`"),
        (!strangers.is_empty(), "403", strangers.as_str()),
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
                Some(RefOr::T(response)) if ["400", "403"].contains(&status) && !is_oauth => {
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
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5'))
            && response.content.is_empty()
        {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            response.content.insert("application/problem+json".to_owned(), problem.into());
        }
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            headers::add(response, status, is_limited);
        }
    }
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(Parameter { name, schema: Some(schema), .. }) = parameter {
            bounds::complete(schema);
            bounds::of_convention(name, schema);
        }
    }
    // That a token is wanted or not, every operation says.
    operation.security.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::{path::OperationBuilder, security::SecurityRequirement};

    use super::*;

    /// Whether an operation wants a login that serves who comes in by these schemes, and whom it refuses.
    fn told(schemes: &[&str]) -> (bool, String) {
        let security = schemes.iter().map(|scheme| SecurityRequirement::new(*scheme, Vec::<String>::new()));
        let operation = OperationBuilder::new().securities(Some(security)).build();
        (wants_login(&operation), refusals_of_strangers(&operation))
    }

    #[test]
    fn whoever_is_served_beside_them_persons_log_in() {
        for (schemes, expected) in [
            (&[][..], (false, "")),
            (&["partner"], (false, "`partners_only`")),
            (&["person"], (true, "`not_for_partners`, `not_for_system_users`")),
            (&["helpdesk"], (true, "`not_for_partners`, `not_for_system_users`")),
            (&["person", "systemUser"], (true, "`not_for_partners`")),
            (&["person", "partner"], (true, "`not_for_system_users`")),
            (&["person", "systemUser", "partner"], (true, "")),
        ] {
            assert_eq!(told(schemes), (expected.0, expected.1.to_owned()), "{schemes:?}");
        }
    }
}
