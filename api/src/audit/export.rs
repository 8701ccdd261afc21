//! Exports of the audit log, written page by page as fast as the client takes them: never more than a few pages are in memory.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE},
    rt::spawn,
    web::Bytes,
};
use domain::{Coded, audit::Entry};
use tokio::sync::mpsc;

use super::view::{CSV_HEADER, EventView};
use crate::http::{accept, problem::Problem, query::Query};

/// How many entries are read at once.
pub const PAGE: u32 = 500;

/// In which form the log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page.
    Json,
    /// All of it, for a spreadsheet.
    Csv,
    /// All of it, one JSON object a line.
    Ndjson,
}

impl Coded for Format {
    const NAME: &'static str = "Format";
    const ALL: &'static [Self] = &[Self::Json, Self::Csv, Self::Ndjson];
    fn code(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

impl Format {
    /// What `?format=` says, else what `Accept` prefers, else JSON.
    pub fn wanted(request: &HttpRequest, query: &mut Query) -> Self {
        let header = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        query.choice("format").unwrap_or_else(|| Self::accepted(header))
    }

    fn accepted(header: &str) -> Self {
        let known =
            |range: &str| Self::ALL.iter().copied().find(|format| range.eq_ignore_ascii_case(format.media_type()));
        accept::preferred(header, known).unwrap_or(Self::Json)
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn write(self, entries: &[Entry], is_first: bool) -> String {
        let mut text = if self == Self::Csv && is_first { CSV_HEADER.to_owned() } else { String::new() };
        for view in entries.iter().map(EventView::from) {
            match self {
                Self::Csv => text.push_str(&view.csv()),
                Self::Json | Self::Ndjson => {
                    text.push_str(&serde_json::to_string(&view).unwrap_or_default());
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// The answer that holds the first page and all that `next` reads before the last position of each. A failure on the
/// way breaks the answer off, so that nobody takes a part for the whole.
pub fn stream(
    format: Format,
    first: Vec<Entry>,
    next: impl AsyncFn(u32) -> Result<Vec<Entry>, Problem> + 'static,
) -> HttpResponse {
    let (sender, receiver) = mpsc::channel(1);
    spawn(async move {
        let mut page = Ok(first);
        let mut is_first = true;
        while let Ok(entries) = &page {
            let text = format.write(entries, is_first);
            // An empty chunk would end the body.
            let is_gone = !text.is_empty() && sender.send(Ok(Bytes::from(text))).await.is_err();
            let last = entries.last().filter(|_| entries.len() == PAGE as usize);
            let Some(last) = last.filter(|_| !is_gone) else { return };
            page = next(last.position).await;
            is_first = false;
        }
        if let Err(problem) = page {
            tracing::warn!(code = problem.code.code(), "an export of the audit log was broken off");
            let _ = sender.send(Err(problem.into())).await;
        }
    });
    let file = format!("attachment; filename=\"audit-events.{}\"", format.code());
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format!("{}; charset=utf-8", format.media_type())))
        .insert_header((CONTENT_DISPOSITION, file))
        .body(Pages(receiver))
}

/// A body that comes page by page.
struct Pages(mpsc::Receiver<Result<Bytes, Error>>);

impl MessageBody for Pages {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        self.get_mut().0.poll_recv(context)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{body::to_bytes, rt::System};
    use domain::{
        Instant,
        audit::{Actor, AuditAct, Chain, Event, Head},
        id::SpaceId,
    };
    use uuid::Uuid;

    use super::*;
    use crate::http::problem::Code;

    fn entries(count: u32) -> Vec<Entry> {
        let space = SpaceId(Uuid::nil());
        let event = Event::new(Chain::Space(space), AuditAct::SpaceEdited, Actor::System, space);
        let mut head = Head::new(event.chain);
        let mut entries: Vec<Entry> = (0..count).map(|_| head.append(event.clone(), Instant::default())).collect();
        entries.reverse();
        entries
    }

    #[test]
    fn an_export_has_every_page_and_is_broken_off_where_one_fails() {
        System::new().block_on(async {
            let mut all = entries(PAGE + 1);
            let last = all.split_off(PAGE as usize);
            let whole = stream(Format::Csv, all.clone(), async move |before| {
                assert_eq!(before, 2);
                Ok(last.clone())
            });
            let text = to_bytes(whole.into_body()).await.unwrap();
            assert_eq!(text.split(|byte| *byte == b'\n').count(), 1 + PAGE as usize + 1 + 1);
            let broken = stream(Format::Ndjson, all, async |_| Err(Code::Busy.into()));
            assert!(to_bytes(broken.into_body()).await.is_err());
            let empty = stream(Format::Ndjson, vec![], async |_| Err(Code::Busy.into()));
            assert_eq!(to_bytes(empty.into_body()).await.unwrap().len(), 0);
        });
    }

    #[test]
    fn accept_says_which_form_is_wanted() {
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("text/html", Format::Json),
            ("text/csv", Format::Csv),
            ("Text/CSV; charset=utf-8", Format::Csv),
            ("application/x-ndjson, */*;q=0.1", Format::Ndjson),
            ("text/csv;q=0.5, application/json", Format::Json),
            ("application/json;q=0.5, text/csv;q=0.9", Format::Csv),
            ("text/csv;q=0", Format::Json),
        ] {
            assert_eq!(Format::accepted(accept), format, "{accept}");
        }
    }
}
