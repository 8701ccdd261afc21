//! Files that are given out: as a whole, or the part that is asked for (RFC 9110 §14), with headers by which no browser shows what it is
//! not.

use std::{ops::Range, str::FromStr};

use actix_web::{
    HttpRequest, HttpResponse,
    body::BodySize,
    http::{
        StatusCode,
        header::{
            self, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ContentDisposition,
            DispositionParam, DispositionType, ETAG, ExtendedValue, HeaderValue, IF_RANGE, RANGE,
        },
    },
    rt::spawn,
};
use domain::{Coded, Refusal, text::FileName};
use persistence::{KeptFile, StoreError};

use super::{
    answer::{self, Answer},
    pieces::Pieces,
    problem::{Code, Problem},
};
use crate::{app::App, store_room::sealing::FileKey};

/// A file that somebody may have, with what it is called.
pub struct Download {
    /// The file.
    pub kept: KeptFile,
    /// What it is called.
    pub name: FileName,
}

/// What of a file is answered.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// Answers with the file, or with the part of it that is asked for; nothing holds the database meanwhile.
///
/// # Errors
/// 409 for a file that is withheld, 416 for a part that it does not have.
pub async fn answer(request: &HttpRequest, app: &App, Download { kept, name }: Download) -> Answer {
    let KeptFile { id, key_sealed, file } = kept;
    if !file.is_given_out() {
        return Err(Refusal::FileWithheld { scan: file.scan }.into());
    }
    let etag = format!("\"{}\"", file.digest);
    if answer::is_known(request, &etag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    let said = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let asked = said(&RANGE).filter(|_| said(&IF_RANGE).is_none_or(|known| known.trim() == etag));
    let wanted = wanted(asked, file.size);
    if wanted == Wanted::Nothing {
        let of = HeaderValue::from_str(&format!("bytes */{}", file.size)).map_err(|_| Code::Internal)?;
        return Err(Problem::from(Code::RangeNotSatisfiable).with_header(CONTENT_RANGE, of));
    }
    let mut response = HttpResponse::Ok();
    let part = match wanted {
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
            response.status(StatusCode::PARTIAL_CONTENT).insert_header((CONTENT_RANGE, range));
            part
        }
        _ => 0..file.size,
    };
    let corrupt = || StoreError::Corrupt(format!("stored_files {id}: no data key opens its key"));
    let key = FileKey::open(&app.data_keys, &key_sealed).ok_or_else(corrupt)?;
    let length = part.end - part.start;
    let mut reader = app.store_room.read(id, &key, file.size, part);
    // What is not there, or not as it was, is found out before anything is answered, as far as the first piece tells.
    let mut next = reader.next().await.map_err(|error| Problem::from(Code::Internal).because(error))?;
    let (sender, body) = Pieces::new(BodySize::Sized(length));
    spawn(async move {
        while let Some(piece) = next {
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
            next = match reader.next().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, file = %id, "a download was broken off");
                    let _ = sender.send(Err(Problem::from(Code::Internal).into())).await;
                    return;
                }
            };
        }
    });
    Ok(response
        .insert_header((ETAG, etag))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CONTENT_TYPE, file.media_type.code()))
        .insert_header((CONTENT_DISPOSITION, disposition(&name)))
        .body(body))
}

/// One part at most: who asks for several gets the whole, and so does who asks in a way that is none.
fn wanted(asked: Option<&str>, size: u64) -> Wanted {
    let Some(Ok(header::Range::Bytes(parts))) = asked.map(header::Range::from_str) else { return Wanted::Whole };
    match &parts[..] {
        [header::ByteRangeSpec::FromTo(first, last)] if last < first => Wanted::Whole,
        [part] => match part.to_satisfiable_range(size) {
            Some((first, last)) => Wanted::Part(first..last + 1),
            None => Wanted::Nothing,
        },
        _ => Wanted::Whole,
    }
}

/// To be saved under its name (RFC 6266), in ASCII for who reads no other.
fn disposition(name: &FileName) -> ContentDisposition {
    let plain: String = name.as_str().chars().map(|letter| if letter.is_ascii() { letter } else { '_' }).collect();
    let mut parameters = vec![DispositionParam::Filename(plain)];
    if !name.as_str().is_ascii() {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: header::Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_str().as_bytes().to_vec(),
        }));
    }
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_given_as_it_is_asked_for() {
        for (asked, expected) in [
            (None, Wanted::Whole),
            (Some("bytes=0-0"), Wanted::Part(0..1)),
            (Some("bytes=5-"), Wanted::Part(5..10)),
            (Some("bytes=5-99"), Wanted::Part(5..10)),
            (Some("bytes=-3"), Wanted::Part(7..10)),
            (Some("bytes=-99"), Wanted::Part(0..10)),
            (Some("bytes=10-"), Wanted::Nothing),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=0-1,3-4"), Wanted::Whole),
            (Some("bytes=5-3"), Wanted::Whole),
            (Some("bytes=x"), Wanted::Whole),
            (Some("lines=0-1"), Wanted::Whole),
        ] {
            assert_eq!(wanted(asked, 10), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_file_is_saved_under_its_name() {
        let named = |name: &str| disposition(&FileName::parse(name).unwrap()).to_string();
        assert_eq!(named("statuts.pdf"), r#"attachment; filename="statuts.pdf""#);
        assert_eq!(named("procès.pdf"), r#"attachment; filename="proc_s.pdf"; filename*=UTF-8''proc%C3%A8s.pdf"#);
    }
}
