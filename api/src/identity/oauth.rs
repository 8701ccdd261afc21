//! What the endpoints of OAuth have in common: forms, and errors in its own words (RFC 6749).

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HeaderValue, WWW_AUTHENTICATE},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    answer::{self, Answer},
    body::Form,
    door::Refused,
    problem::Problem,
};

/// The error of a client that is not known to be who it says; the only one that is a 401.
pub const INVALID_CLIENT: &str = "invalid_client";

/// The fields of a form.
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Takes a field out, if it is there and not empty (RFC 6749 §3.2).
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    /// The same for one that must be there.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn require(&mut self, name: &str) -> Result<String, Denied> {
        self.take(name).ok_or_else(|| denied("invalid_request", &format!("{name} is missing")))
    }

    /// None of these, which would change what is asked for: they must not be passed over in silence.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn refuse(&self, names: &[&str]) -> Result<(), Denied> {
        match names.iter().find(|name| self.0.contains_key(**name)) {
            Some(name) => Err(denied("invalid_request", &format!("{name} is not supported"))),
            None => Ok(()),
        }
    }
}

/// An error of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenError {
    /// A code of RFC 6749 or RFC 8693.
    #[schema(example = "invalid_grant")]
    error: &'static str,
    /// What is wrong, for developers.
    error_description: String,
}

/// Why no token is given.
pub enum Denied {
    /// What the client is told, and what the log is told besides.
    OAuth(TokenError, String),
    /// What is no matter of OAuth.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Denied {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

/// An error that the log knows no more of.
pub fn denied(error: &'static str, description: &str) -> Denied {
    denied_because(error, description, description.to_owned())
}

/// An error with its cause, which is for the log alone.
pub fn denied_because(error: &'static str, description: &str, cause: String) -> Denied {
    Denied::OAuth(TokenError { error, error_description: description.to_owned() }, cause)
}

/// The answer of either endpoint.
pub fn answer_form(outcome: Result<HttpResponse, Denied>) -> Answer {
    match outcome {
        Ok(response) => Ok(response),
        Err(Denied::OAuth(error, cause)) => {
            let is_unknown = error.error == INVALID_CLIENT;
            let status = if is_unknown { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
            let mut response = answer::json(status, &error)?;
            if is_unknown {
                // RFC 9110 §15.5.2 wants a challenge of every 401.
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response.extensions_mut().insert(Refused { code: error.error, cause });
            Ok(response)
        }
        Err(Denied::Problem(problem)) => Err(problem),
    }
}

/// The fields of a form, each at most once (RFC 6749 §3.2).
pub fn fields_of(form: Form) -> Result<Fields, Denied> {
    let bytes =
        form.0.ok_or_else(|| denied("invalid_request", "the body must be application/x-www-form-urlencoded"))?;
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_bytes(&bytes).map_err(|_| denied("invalid_request", "the form can't be read"))?;
    let mut fields = Fields(BTreeMap::new());
    for (name, value) in pairs {
        if fields.0.insert(name, value).is_some() {
            return Err(denied("invalid_request", "a parameter is given more than once"));
        }
    }
    Ok(fields)
}
