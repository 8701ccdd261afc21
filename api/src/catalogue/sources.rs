//! Authentic sources in a catalogue's file.

use chrono::TimeDelta;
use domain::{
    catalogue::{SectorCode, ServiceCode, ServiceDomainCode, ServiceStatus},
    source::{AuthenticSource, SourceCode, SourceWithForm},
};

use super::{
    document::{description, given_or, title},
    members::{Members, Place},
    procedure_types::read_form,
};
use crate::http::body::Faults;

/// A source, under its code.
pub(super) fn source(code: &str, place: Place, faults: &mut Faults) -> Option<SourceWithForm> {
    let pointer = place.pointer().to_owned();
    let code = faults.take(&pointer, SourceCode::parse(code));
    let mut members = place.object(faults)?;
    let theme = members.need("theme", faults).and_then(|theme| theme.text(SectorCode::parse, faults));
    let audience = members.need("audience", faults).and_then(|audience| audience.choice(faults));
    let (titles, descriptions) = (title(&mut members, faults), description(&mut members, faults));
    let certification =
        given_or(&mut members, "certification", None, |place| place.text(ServiceCode::parse, faults).map(Some));
    let domain = given_or(&mut members, "domain", None, |place| place.text(ServiceDomainCode::parse, faults).map(Some));
    let days = fresh_days(&mut members, faults);
    let form = members.need("record", faults).and_then(|form| read_form(form, faults));
    members.end(faults);
    let code = code?;
    let source = AuthenticSource {
        administration: code.administration(),
        code,
        theme: theme?,
        audience: audience?,
        titles: titles?,
        descriptions: descriptions?,
        certification: certification?,
        domain: domain?,
        fresh_for: days?,
        status: ServiceStatus::Offered,
    };
    for (field, fault) in source.faults() {
        faults.take::<(), _>(&format!("{pointer}/{field}"), Err(fault));
    }
    Some(SourceWithForm { source, form: form? })
}

fn fresh_days(members: &mut Members, faults: &mut Faults) -> Option<TimeDelta> {
    let days = members.need("freshForDays", faults)?;
    days.number(AuthenticSource::FRESH_DAYS, faults).map(TimeDelta::days)
}
