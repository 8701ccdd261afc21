//! Lists that are shown page by page, or exported as a whole: written page by page as fast as the client takes them, so that never
//! more than a few pages are in memory, and no connection to the database is held in between.

use actix_web::{
    HttpRequest, HttpResponse,
    body::BodySize,
    http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE},
    rt::spawn,
    web::Bytes,
};
use chrono::SecondsFormat;
use domain::{Coded, Instant};
use persistence::Reading;
use serde::Serialize;

use super::{
    accept,
    answer::Answer,
    caller::{Caller, Person},
    page::{Listed, Page, Paging},
    pieces::Pieces,
    problem::Problem,
    query::Query,
};

/// How many rows of an export are read at once.
const PAGE: u32 = 500;

/// What a list is of, as JSON shows it and as a line of CSV.
pub trait Row: Serialize {
    /// What the file of an export is called.
    const FILE: &'static str;
    /// The names of the columns, which stay what they are.
    const COLUMNS: &'static [&'static str];

    /// What stands in the columns.
    fn cells(&self) -> Vec<String>;
}

/// Answers with a page of the list, or with all of it, as `format` or `Accept` says; the query's filters were taken before.
///
/// The caller's right is asked anew for each page, so that nobody reads on who may not any more.
pub async fn answer<P: Page<Row: Row> + 'static>(
    request: &HttpRequest,
    person: Person,
    query: Query,
    read: impl Fn(&mut Reading<'_>, &Caller, Paging) -> Result<Listed<P>, Problem> + Clone + Send + 'static,
) -> Answer {
    let mut paging = Paging::of(request, query, person.app());
    let format = Format::wanted(request, &mut paging.query);
    let listed = async move |paging: Paging| {
        let read = read.clone();
        person.read(move |tx, caller| read(tx, caller, paging)).await
    };
    if format == Format::Json {
        return listed(paging).await?.answer();
    }
    let paging = paging.by(PAGE);
    let first = listed(paging.clone()).await?;
    Ok(stream(format, first, async move |cursor| listed(paging.from(cursor)).await))
}

/// In which form a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
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
    fn wanted(request: &HttpRequest, query: &mut Query) -> Self {
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

    fn write<R: Row>(self, rows: &[R], is_first: bool) -> String {
        let mut text = String::new();
        if self == Self::Csv && is_first {
            text.push_str(&line(R::COLUMNS));
        }
        for row in rows {
            match self {
                Self::Csv => text.push_str(&line(&row.cells())),
                Self::Json | Self::Ndjson => {
                    text.push_str(&serde_json::to_string(row).unwrap_or_default());
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// A moment in a cell, as JSON writes it.
pub fn written(moment: Instant) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A line of CSV (RFC 4180).
fn line(cells: &[impl AsRef<str>]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text.as_ref())).collect();
    cells.join(",") + "\r\n"
}

/// With which of these a spreadsheet takes a cell for a formula; the wide ones it takes for the others.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell that no spreadsheet takes for a formula, nor what follows a semicolon, at which those of many countries part cells.
fn cell(text: &str) -> String {
    let is_formula = |part: &&str| part.trim_start_matches(' ').starts_with(FORMULA);
    let parts: Vec<_> =
        text.split(';').map(|part| if is_formula(&part) { ["'", part] } else { ["", part] }.concat()).collect();
    let guarded = parts.join(";");
    if guarded == text && !text.contains([',', '"', '\r', '\n']) {
        return guarded;
    }
    format!("\"{}\"", guarded.replace('"', "\"\""))
}

/// The answer that holds the first page and all that `next` reads from the cursor of each. A failure on the way breaks the
/// answer off, so that nobody takes a part for the whole.
fn stream<P: Page<Row: Row> + 'static>(
    format: Format,
    first: Listed<P>,
    next: impl AsyncFn(String) -> Result<Listed<P>, Problem> + 'static,
) -> HttpResponse {
    let file = P::Row::FILE;
    let (sender, body) = Pieces::new(BodySize::Stream);
    spawn(async move {
        let mut listed = Ok(first);
        let mut is_first = true;
        while let Ok(Listed { rows, page, .. }) = listed {
            let text = format.write(&rows, is_first);
            // An empty chunk would end the body.
            let is_gone = !text.is_empty() && sender.send(Ok(Bytes::from(text))).await.is_err();
            let Some(cursor) = page.next.filter(|_| !is_gone) else { return };
            listed = next(cursor).await;
            is_first = false;
        }
        if let Err(problem) = listed {
            tracing::warn!(code = problem.code.code(), file, "an export was broken off");
            let _ = sender.send(Err(problem.into())).await;
        }
    });
    let name = format!("attachment; filename=\"{file}.{}\"", format.code());
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format!("{}; charset=utf-8", format.media_type())))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(body)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::poll_fn, rc::Rc, time::Duration};

    use actix_web::{
        body::{MessageBody, to_bytes},
        rt::{System, time::sleep},
    };

    use super::*;
    use crate::http::problem::Code;

    use crate::http::page::{PageView, page};

    #[derive(Serialize)]
    struct Number {
        number: u32,
    }

    impl Row for Number {
        const FILE: &'static str = "numbers";
        const COLUMNS: &'static [&'static str] = &["number", "text"];
        fn cells(&self) -> Vec<String> {
            vec![self.number.to_string(), format!("={}", self.number)]
        }
    }

    #[derive(Serialize)]
    struct Numbers {
        data: Vec<Number>,
        page: PageView,
    }

    page!(Numbers of Number by number: u32);

    /// So many numbers after this one; more follow a page that is full.
    fn numbers(after: u32, most: u32) -> Listed<Numbers> {
        let next = (most == PAGE).then(|| (after + most).to_string());
        Listed::new((after + 1..=after + most).map(|number| Number { number }).collect(), next)
    }

    #[test]
    fn an_export_has_every_page_and_is_broken_off_where_one_fails() {
        System::new().block_on(async {
            let whole = stream(Format::Csv, numbers(0, PAGE), async |cursor| {
                assert_eq!(cursor, PAGE.to_string());
                Ok(numbers(PAGE, 1))
            });
            let text = String::from_utf8(to_bytes(whole.into_body()).await.unwrap().to_vec()).unwrap();
            assert!(
                text.starts_with("number,text\r\n1,\"'=1\"\r\n2,") && text.ends_with("501,\"'=501\"\r\n"),
                "{text}"
            );
            assert_eq!(text.matches("\r\n").count(), 1 + PAGE as usize + 1);
            let broken = stream(Format::Ndjson, numbers(0, PAGE), async |_| Err(Code::Busy.into()));
            assert!(to_bytes(broken.into_body()).await.is_err());
            let empty = stream(Format::Ndjson, numbers(0, 0), async |_| Err(Code::Busy.into()));
            assert_eq!(to_bytes(empty.into_body()).await.unwrap().len(), 0);
        });
    }

    #[test]
    fn no_page_is_read_for_a_client_that_takes_none() {
        System::new().block_on(async {
            let read = Rc::new(Cell::new(0));
            let counted = Rc::clone(&read);
            let endless = stream(Format::Ndjson, numbers(0, PAGE), async move |cursor| {
                counted.set(counted.get() + 1);
                Ok(numbers(cursor.parse().unwrap(), PAGE))
            });
            let mut body = Box::pin(endless.into_body());
            sleep(Duration::from_millis(50)).await;
            assert_eq!(read.get(), 1, "the page that waits for the first to be taken");
            poll_fn(|context| body.as_mut().poll_next(context)).await.unwrap().unwrap();
            sleep(Duration::from_millis(50)).await;
            assert_eq!(read.get(), 2);
            drop(body);
            sleep(Duration::from_millis(50)).await;
            assert_eq!(read.get(), 2, "a client that is gone");
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

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, expected) in [
            ("plain text", "plain text"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-1", "\"'-1\""),
            ("+1", "\"'+1\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("＋1", "\"'＋1\""),
            ("－1", "\"'－1\""),
            ("＠SUM(A1)", "\"'＠SUM(A1)\""),
            ("a=1", "a=1"),
            ("a;b", "a;b"),
            (" =1", "\"' =1\""),
            ("x; =1+1;-2;", "\"x;' =1+1;'-2;\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
