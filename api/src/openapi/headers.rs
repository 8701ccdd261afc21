//! The headers of answers, described once and referred to.

use std::collections::BTreeMap;

use utoipa::openapi::{
    Header, HeaderBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Response, SchemaFormat, schema::Type,
};

const ORIGIN: &str = "Access-Control-Allow-Origin";
const LIMITS: [&str; 2] = ["RateLimit", "RateLimit-Policy"];
const RETRY_AFTER: &str = "Retry-After";

/// All that are described.
pub fn all() -> BTreeMap<String, RefOr<Header>> {
    let text = || ObjectBuilder::new().schema_type(Type::String).max_length(Some(1024));
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1))
        .maximum(Some(86_400));
    [
        (ORIGIN, text(), "The origin of the page that asks, if it may use the API."),
        (LIMITS[0], text(), "How much is left, and for how long (draft-ietf-httpapi-ratelimit-headers-10)."),
        (LIMITS[1], text(), "How much may be asked, and in which time."),
        (RETRY_AFTER, seconds, "Seconds after which to try again."),
    ]
    .map(|(name, schema, about)| {
        let header = HeaderBuilder::new().schema(Some(schema.build())).description(Some(about)).build();
        (name.to_owned(), header.into())
    })
    .into()
}

/// Adds to an answer the headers that its status and its operation bring.
pub fn add(response: &mut Response, status: &str, is_limited: bool) {
    let mut named = vec![ORIGIN];
    if is_limited {
        named.extend(LIMITS);
    }
    if matches!(status, "429" | "503") {
        named.push(RETRY_AFTER);
    }
    for name in named {
        let reference = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert(name.to_owned(), RefOr::Ref(reference));
    }
}
