//! Query parameters: known ones once, unknown ones not at all.

use actix_web::HttpRequest;
use chrono::{DateTime, Datelike};
use domain::{Coded, Fault, Instant};
use uuid::Uuid;

use super::{
    field::{FieldError, Flaw},
    problem::Problem,
};

/// The most characters of a moment: more would be fractions of a microsecond.
pub const LONGEST_INSTANT: usize = 40;

/// Reads a moment as RFC 3339 writes it; what is finer than a microsecond is cut off.
pub fn parse_instant(value: &str) -> Option<Instant> {
    let value = Some(value).filter(|value| value.len() <= LONGEST_INSTANT)?;
    let moment = DateTime::parse_from_rfc3339(value).ok()?;
    // Beyond these years the two databases order instants in their own ways.
    Instant::from_timestamp_micros(moment.timestamp_micros()).filter(|instant| (1..=9999).contains(&instant.year()))
}

/// The parameters of a request; each is taken out by the one who reads it.
#[derive(Debug, Clone)]
pub struct Query {
    left: Vec<(String, String)>,
    taken: Vec<(String, String)>,
    faults: Vec<FieldError>,
}

impl Query {
    /// Reads the query string.
    pub fn of(request: &HttpRequest) -> Self {
        let left = serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
        Self { left, taken: vec![], faults: vec![] }
    }

    /// Takes a parameter out.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let place = self.left.iter().position(|(known, _)| known == name)?;
        let (_, value) = self.left.swap_remove(place);
        if self.left.iter().any(|(known, _)| known == name) {
            self.left.retain(|(known, _)| known != name);
            self.faults.push(FieldError::of_parameter(name, Flaw::Duplicate));
        }
        self.taken.push((name.to_owned(), value.clone()));
        Some(value)
    }

    /// Takes a number out that must lie in a range.
    pub fn number(&mut self, name: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.text(name)?;
        let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse::<u32>().ok()).flatten();
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.fault(name, Fault::OutOfRange { min: min.into(), max: max.into() });
        }
        number
    }

    /// Takes a value of a closed list out.
    pub fn choice<T: Coded>(&mut self, name: &str) -> Option<T> {
        self.choice_of(name, T::ALL)
    }

    /// Takes a value out that must be one of these.
    pub fn choice_of<T: Coded>(&mut self, name: &str, some: &[T]) -> Option<T> {
        let value = T::from_code(&self.text(name)?).filter(|value| some.contains(value));
        if value.is_none() {
            self.faults.push(FieldError::of_parameter(name, Flaw::WrongValue));
        }
        value
    }

    /// Takes `true` or `false` out.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.text(name)?.parse().ok();
        if value.is_none() {
            self.faults.push(FieldError::of_parameter(name, Flaw::WrongValue));
        }
        value
    }

    /// Takes a value of the domain out, parsed.
    pub fn value<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        let parsed = parse(&self.text(name)?);
        parsed.map_err(|fault| self.fault(name, fault)).ok()
    }

    /// The same for one that must be there.
    pub fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Fault>) -> Option<T> {
        if !self.left.iter().any(|(known, _)| known == name) {
            self.faults.push(FieldError::of_parameter(name, Flaw::Missing));
        }
        self.value(name, parse)
    }

    /// Takes an id out.
    pub fn id<I: From<Uuid>>(&mut self, name: &str) -> Option<I> {
        self.parsed(name, |value| value.parse::<Uuid>().ok()).map(I::from)
    }

    /// Takes a moment out, written as RFC 3339 has it; what is finer than a microsecond is cut off.
    pub fn instant(&mut self, name: &str) -> Option<Instant> {
        self.parsed(name, parse_instant)
    }

    /// Takes what can be read in this way out.
    pub fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = parse(&self.text(name)?);
        if value.is_none() {
            self.fault(name, Fault::Malformed);
        }
        value
    }

    /// Notes what is wrong with a parameter.
    pub fn fault(&mut self, name: &str, fault: Fault) {
        self.faults.push(FieldError::of_parameter(name, fault.into()));
    }

    /// What was taken until now, as a query in the order in which it was taken.
    pub fn taken(&self) -> String {
        serde_urlencoded::to_string(&self.taken).unwrap_or_default()
    }

    /// All that should be there was taken.
    ///
    /// # Errors
    /// 400 that names every parameter that is wrong or unknown.
    pub fn end(&self) -> Result<(), Problem> {
        let unknown = self.left.iter().map(|(name, _)| FieldError::of_parameter(name, Flaw::Unknown));
        let faults: Vec<_> = self.faults.iter().cloned().chain(unknown).collect();
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
    }
}
