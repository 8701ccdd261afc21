//! Types of procedures in a catalogue's file.

use std::collections::BTreeSet;

use domain::{
    Fault,
    catalogue::{LocalText, SectorCode, ServiceCode, ServiceStatus},
    form::{Form, FormFault},
    identity::Assurance,
    procedure::{AttachmentCode, AttachmentSlot, ProcedureType, ProcedureTypeCode, SignatureKind, TypeWithForm},
    store_room::MediaType,
    text::CatalogueKeywords,
};

use super::{
    document::{description, each, given_or, local, title},
    members::{Members, Place},
};
use crate::http::body::Faults;

/// A type of procedure, under its code.
pub(super) fn procedure_type(code: &str, place: Place, faults: &mut Faults) -> Option<TypeWithForm> {
    let code = faults.take(place.pointer(), ProcedureTypeCode::parse(code));
    let mut members = place.object(faults)?;
    let theme = members.need("theme", faults).and_then(|theme| theme.text(SectorCode::parse, faults));
    let audience = members.need("audience", faults).and_then(|audience| audience.choice(faults));
    let (titles, descriptions) = (title(&mut members, faults), description(&mut members, faults));
    let keywords = if members.has("keywords") { keywords(&mut members, faults).map(Some) } else { Some(None) };
    let certification =
        given_or(&mut members, "certification", None, |place| place.text(ServiceCode::parse, faults).map(Some));
    let least_assurance =
        given_or(&mut members, "leastAssurance", Assurance::Substantial, |place| place.choice(faults));
    let attachments = each(&mut members, "attachments", ProcedureType::MOST_ATTACHMENTS, faults, attachment);
    let signature = given_or(&mut members, "signature", SignatureKind::Single, |place| place.choice(faults));
    let replies_allowed = given_or(&mut members, "repliesAllowed", true, |place| place.flag(faults));
    let form = members.need("form", faults).and_then(|form| read_form(form, faults));
    members.end(faults);
    let code = code?;
    let kind = ProcedureType {
        administration: code.administration(),
        code,
        version: 1,
        theme: theme?,
        audience: audience?,
        titles: titles?,
        descriptions: descriptions?,
        keywords: keywords?,
        certification: certification?,
        least_assurance: least_assurance?,
        attachments,
        signature: signature?,
        replies_allowed: replies_allowed?,
        status: ServiceStatus::Offered,
    };
    Some(TypeWithForm { kind, form: form? })
}

pub(super) fn read_form(place: Place, faults: &mut Faults) -> Option<Form> {
    let pointer = place.pointer().to_owned();
    let form = Form::parse(place.value());
    let told = |wrong: Vec<FormFault>| {
        for FormFault { pointer: within, flaw } in wrong {
            faults.take::<(), _>(&format!("{pointer}{within}"), Err(flaw));
        }
    };
    form.map_err(told).ok()
}

fn attachment(code: &str, place: Place, faults: &mut Faults) -> Option<AttachmentSlot> {
    let pointer = format!("{}/mediaTypes", place.pointer());
    let code = faults.take(place.pointer(), AttachmentCode::parse(code));
    let mut members = place.object(faults)?;
    let titles = title(&mut members, faults);
    let is_required = given_or(&mut members, "isRequired", false, |place| place.flag(faults));
    let media_types = given_or(&mut members, "mediaTypes", [MediaType::Pdf].into(), |place| place.choices(faults));
    let named = media_types.as_ref().is_none_or(|named: &BTreeSet<MediaType>| !named.is_empty());
    faults.take(&pointer, named.then_some(()).ok_or(Fault::Empty));
    let megabytes = given_or(&mut members, "maxMegabytes", ProcedureType::DEFAULT_MEGABYTES, |place| {
        place.number(ProcedureType::MEGABYTES, faults)
    });
    let files = given_or(&mut members, "maxFiles", 1, |place| place.number(AttachmentSlot::FILES, faults));
    members.end(faults);
    let max_megabytes = u32::try_from(megabytes?).ok()?;
    Some(AttachmentSlot {
        code: code?,
        titles: titles?,
        is_required: is_required?,
        media_types: media_types?,
        max_megabytes,
        max_files: u32::try_from(files?).ok()?,
    })
}

fn keywords(members: &mut Members, faults: &mut Faults) -> Option<LocalText> {
    local(members, "keywords", faults, |text| CatalogueKeywords::parse(text).map(|text| text.to_string()))
}
