//! Bodies: read at once, understood at once, opened only when the caller's right was found.

use std::{fmt, marker::PhantomData, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    body::{BodyStream, to_bytes_limited},
    dev::Payload,
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap},
    web::{Bytes, Data},
};
use serde::{
    Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{
    caller::Strong,
    field::{FieldError, Flaw},
    problem::{Code, Problem},
};
use crate::app::App;

/// The most bytes of a JSON or form body.
pub const LIMIT: usize = 256 * 1024;

/// The media types of an edit: a merge patch (RFC 7396), and plain JSON for clients that know no other.
pub const MERGE_PATCH: &[&str] = &["application/merge-patch+json", "application/json"];

/// A body as it is written, which becomes a value of the domain.
pub trait Request: DeserializeOwned {
    /// The media types that it comes in; the first is the one of the contract.
    const MEDIA_TYPES: &'static [&'static str] = &["application/json"];
    /// Whether no body at all, of no media type, is as good as an empty object.
    const MAY_BE_ABSENT: bool = false;
    /// What it becomes.
    type Value: Send + 'static;
    /// Checks every field; what is wrong goes into `faults`, and `None` comes out.
    fn check(self, faults: &mut Faults) -> Option<Self::Value>;
}

/// The faults of a request's fields, gathered so that all are answered at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// The parsed value of a field, or `None` and a fault at its pointer.
    pub fn take<T, F: Into<Flaw>>(&mut self, pointer: &str, parsed: Result<T, F>) -> Option<T> {
        parsed.map_err(|fault| self.0.push(FieldError::at(pointer, fault.into()))).ok()
    }
    /// The same for a field that may be absent.
    pub fn take_optional<T, F: Into<Flaw>>(
        &mut self,
        pointer: &str,
        parsed: Option<Result<T, F>>,
    ) -> Option<Option<T>> {
        parsed.map_or(Some(None), |parsed| self.take(pointer, parsed).map(Some))
    }
    /// The same for a text as it came.
    pub fn take_text<T, F: Into<Flaw>>(
        &mut self,
        pointer: &str,
        text: Option<String>,
        parse: impl Fn(&str) -> Result<T, F>,
    ) -> Option<Option<T>> {
        self.take_optional(pointer, text.map(|text| parse(&text)))
    }
    /// All that were gathered.
    pub fn into_errors(self) -> Vec<FieldError> {
        self.0
    }
}

/// An object within a body, or within a list of one; serde alone would take a list of its values for it.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

/// A request's body. Its faults stay in it until [`Body::open`], so that nothing of them shows to a stranger.
#[derive(Debug)]
pub struct Body<R: Request> {
    opened: Result<R::Value, Problem>,
    digest: [u8; 32],
}

impl<R: Request> Body<R> {
    /// The value, for a caller whose right and login were found to be enough.
    ///
    /// # Errors
    /// The content type (415) or the body (400) is wrong.
    pub fn open(self, _: Strong) -> Result<R::Value, Problem> {
        self.opened
    }

    /// The value, where anybody may ask.
    ///
    /// # Errors
    /// Those of [`Body::open`].
    pub fn open_to_anybody(self) -> Result<R::Value, Problem> {
        self.opened
    }

    /// Whether it asks for something, so that more may be wanted before it opens; what is wrong with it asks for nothing.
    pub fn wants(&self, something: impl FnOnce(&R::Value) -> bool) -> bool {
        self.opened.as_ref().is_ok_and(something)
    }

    /// What it says of something, so that what is slow is done before it opens; what is wrong with it says nothing.
    pub fn says<T>(&self, of: impl FnOnce(&R::Value) -> T) -> Option<T> {
        self.opened.as_ref().ok().map(of)
    }

    /// SHA-256 of the body as it came.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<R::Value, Problem> {
        let is_absent = R::MAY_BE_ABSENT && bytes.is_empty();
        let bytes = if is_absent { b"{}" } else { bytes };
        if !is_absent && !is_plain(headers, R::MEDIA_TYPES) {
            return Err(Problem::from(Code::UnsupportedMediaType).with("mediaType", R::MEDIA_TYPES[0]));
        }
        understand::<R>(bytes).map_err(Problem::invalid)
    }
}

/// Reads JSON, and checks every field.
///
/// # Errors
/// What is wrong with its form, or with all its values.
pub fn understand<R: Request>(bytes: &[u8]) -> Result<R::Value, Vec<FieldError>> {
    // serde would take an array for an object whose fields are in this order.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first == b'[') {
        return Err(vec![FieldError::at("", Flaw::WrongType)]);
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let request: R = serde_path_to_error::deserialize(&mut json).map_err(|error| vec![shape_error(&error)])?;
    json.end().map_err(|_| vec![FieldError::at("", Flaw::Syntax)])?;
    let mut faults = Faults::default();
    match request.check(&mut faults) {
        Some(value) if faults.0.is_empty() => Ok(value),
        _ => Err(faults.0),
    }
}

impl<R: Request + 'static> FromRequest for Body<R> {
    type Error = Problem;
    type Future = Receiving<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        receive(request, payload, |headers, bytes| Self {
            opened: Self::read(headers, &bytes),
            digest: Sha256::digest(&bytes).into(),
        })
    }
}

/// The body of an action: empty, or `{}`.
pub type NoBody = Body<EmptyRequest>;

/// An action's body: nothing.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[schema(example = json!({}))]
#[serde(deny_unknown_fields)]
pub struct EmptyRequest {}

impl Request for EmptyRequest {
    const MAY_BE_ABSENT: bool = true;
    type Value = ();
    fn check(self, _: &mut Faults) -> Option<()> {
        Some(())
    }
}

/// A whole number, also where it is written with a point and nothing behind it, as JSON Schema has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Whole(pub i64);

impl<'de> serde::Deserialize<'de> for Whole {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Whole;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(i64::try_from(number).unwrap_or(i64::MAX)))
            }
            #[expect(clippy::cast_possible_truncation, reason = "no range reaches as far as whole numbers get inexact")]
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Whole, E> {
                let is_whole = number.fract() == 0.0;
                is_whole
                    .then_some(Whole(number as i64))
                    .ok_or_else(|| E::invalid_type(serde::de::Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The bytes of an OAuth form, which has errors of its own.
#[derive(Debug)]
pub struct Form(pub Option<Bytes>);

impl FromRequest for Form {
    type Error = Problem;
    type Future = Receiving<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        receive(request, payload, |headers, bytes| {
            Self(is_plain(headers, &["application/x-www-form-urlencoded"]).then_some(bytes))
        })
    }
}

/// A body on its way in.
type Receiving<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// Reads a body to its end and hands it on, with its headers, to be understood.
fn receive<T: 'static>(
    request: &HttpRequest,
    payload: &mut Payload,
    understand: fn(&HeaderMap, Bytes) -> T,
) -> Receiving<T> {
    let (request, payload) = (request.clone(), payload.take());
    Box::pin(async move {
        let bytes = read_all(&request, payload).await?;
        Ok(understand(request.headers(), bytes))
    })
}

/// Whether the body is what its headers must say: one of these media types, in UTF-8, as it is.
pub(super) fn is_plain(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let is_known =
        parts.next().is_some_and(|media_type| media_types.iter().any(|known| known.eq_ignore_ascii_case(media_type)));
    let is_utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let is_compressed = headers.get_all(CONTENT_ENCODING).any(|encoding| encoding != "identity");
    is_known && is_utf8 && !is_compressed
}

/// The whole body, if it is not too large and comes in time.
async fn read_all(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let deadline = request.app_data::<Data<App>>().map_or(Duration::ZERO, |app| app.config.deadlines.body);
    let too_large = || Problem::from(Code::BodyTooLarge).with("limit", LIMIT);
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > LIMIT as u64) {
        return Err(too_large());
    }
    match timeout(deadline, to_bytes_limited(BodyStream::new(payload), LIMIT)).await {
        Err(_) => Err(Code::RequestTimeout.into()),
        Ok(Err(_)) => Err(too_large()),
        Ok(Ok(Err(error))) => Err(Problem::from(Code::BadRequest).because(error)),
        Ok(Ok(Ok(bytes))) => Ok(bytes),
    }
}

/// Serde tells the kind of an error only in words; a test holds the words fast.
fn shape_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let words = error.inner().to_string();
    let place = pointer(error.path());
    // Of a field that is missing or there twice the path names the parent; its own name is one of ours.
    let child = || format!("{place}/{}", words.split('`').nth(1).unwrap_or_default());
    if error.inner().is_syntax() || error.inner().is_eof() {
        FieldError::at(&place, Flaw::Syntax)
    } else if words.starts_with("unknown field") {
        FieldError::at(&place, Flaw::Unknown)
    } else if words.starts_with("missing field") {
        FieldError::at(&child(), Flaw::Missing)
    } else if words.starts_with("duplicate field") {
        FieldError::at(&child(), Flaw::Duplicate)
    } else if words.starts_with("invalid type") || words.starts_with("invalid length") {
        FieldError::at(&place, Flaw::WrongType)
    } else {
        FieldError::at(&place, Flaw::WrongValue)
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// A name as it stands in a JSON Pointer (RFC 6901 §3).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "read by nobody")]
        count: u8,
    }

    impl Request for Order {
        type Value = ();
        fn check(self, _: &mut Faults) -> Option<()> {
            Some(())
        }
    }

    fn flaw(body: &str) -> (String, Flaw) {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let problem = Body::<Order>::read(&headers, body.as_bytes()).expect_err(body);
        match &problem.errors[..] {
            [FieldError { place: super::super::field::Place::Pointer(pointer), flaw }] => {
                (pointer.clone(), flaw.clone())
            }
            errors => panic!("{errors:?}"),
        }
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        for (text, expected) in
            [("12", Some(12)), ("12.0", Some(12)), ("-1", Some(-1)), ("1.2e1", Some(12)), ("1.5", None)]
        {
            assert_eq!(serde_json::from_str::<Whole>(text).ok(), expected.map(Whole), "{text}");
        }
        assert_eq!(serde_json::from_str::<Whole>("18446744073709551615").ok(), Some(Whole(i64::MAX)));
        assert!(serde_json::from_str::<Whole>(r#""1""#).is_err());
    }

    #[test]
    fn every_kind_of_wrong_shape_is_known_by_serdes_words() {
        for (body, pointer, expected) in [
            ("", "", Flaw::Syntax),
            ("{", "", Flaw::Syntax),
            (r#"{"count":1}x"#, "", Flaw::Syntax),
            ("[1]", "", Flaw::WrongType),
            (" \n[]", "", Flaw::WrongType),
            ("1", "", Flaw::WrongType),
            ("null", "", Flaw::WrongType),
            ("{}", "/count", Flaw::Missing),
            (r#"{"count":1,"count":2}"#, "/count", Flaw::Duplicate),
            (r#"{"count":1,"a`b":2}"#, "/a`b", Flaw::Unknown),
            (r#"{"count":1,"a/b~c":2}"#, "/a~1b~0c", Flaw::Unknown),
            (r#"{"count":"1"}"#, "/count", Flaw::WrongType),
            (r#"{"count":null}"#, "/count", Flaw::WrongType),
            (r#"{"count":1.5}"#, "/count", Flaw::WrongType),
            (r#"{"count":256}"#, "/count", Flaw::WrongValue),
            (r#"{"count":-1}"#, "/count", Flaw::WrongValue),
        ] {
            assert_eq!(flaw(body), (pointer.to_owned(), expected), "{body}");
        }
    }
}
