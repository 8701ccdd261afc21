//! Lists that are shown page by page, or exported as a whole: written page by page as fast as the client takes them, so that never
//! more than a few pages are in memory, and no connection to the database is held in between.

use std::{
    fmt::Display,
    pin::Pin,
    str::FromStr,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE},
    rt::spawn,
    web::Bytes,
};
use chrono::SecondsFormat;
use domain::{Coded, Instant};
use persistence::Reading;
use serde::Serialize;
use tokio::sync::mpsc;

use super::{
    accept,
    answer::Answer,
    caller::{Caller, Person},
    page::{Page, PageView, Paging},
    problem::Problem,
    query::Query,
};

/// How many rows of an export are read at once.
const PAGE: u32 = 500;

/// A list, with the filters that it is asked for with.
pub trait List: Clone + Send + 'static {
    /// What it is of.
    type Row: Row;
    /// A page of it.
    type Page: Page;
    /// What the caller's right to read it lets him see.
    type Right;
    /// What the file of an export is called.
    const FILE: &'static str;

    /// The filters as a query, for cursors and links.
    fn filter(&self) -> String;
    /// The caller's right. It is asked anew for each page, so that nobody reads on who may not any more.
    ///
    /// # Errors
    /// He has none.
    fn right(&self, tx: &mut Reading<'_>, caller: &Caller) -> Result<Self::Right, Problem>;
    /// So many rows at most, those after a key, in an order in which what comes meanwhile moves none.
    ///
    /// # Errors
    /// The list can't be read now.
    fn rows(&self, tx: &mut Reading<'_>, right: &Self::Right, after: Option<Key<Self>>, most: u32) -> Rows<Self>;
    /// The rows as a page.
    fn page(data: Vec<Self::Row>, page: PageView) -> Self::Page;
}

type Key<L> = <<L as List>::Row as Row>::Key;
/// What a list reads.
pub type Rows<L> = Result<Vec<<L as List>::Row>, Problem>;

/// What a list is of, as JSON shows it and as a line of CSV.
pub trait Row: Serialize + Send + 'static {
    /// What the list is in the order of.
    type Key: Display + FromStr + Send + 'static;
    /// The names of the columns, which stay what they are.
    const COLUMNS: &'static [&'static str];

    /// Its place in the list.
    fn key(&self) -> Self::Key;
    /// What stands in the columns.
    fn cells(&self) -> Vec<String>;
}

/// Answers with a page of the list, or with all of it, as `format` or `Accept` says; the query's filters were taken before.
pub async fn answer<L: List>(request: &HttpRequest, person: Person, mut query: Query, list: L) -> Answer {
    let format = Format::wanted(request, &mut query);
    let paging = Paging::take(request, &mut query, &list.filter());
    let most = if format == Format::Json { paging.rows() } else { PAGE };
    let (app, first) = (person.app(), list.clone());
    let (caller, paging, rows) = person
        .read(move |tx, caller| {
            let right = first.right(tx, caller)?;
            caller.strong()?;
            query.end()?;
            let after = paging.after(&app.data_keys, caller)?;
            let rows = first.rows(tx, &right, after, most)?;
            Ok((caller.clone(), paging, rows))
        })
        .await?;
    if format == Format::Json {
        let (rows, page) = paging.cut(&person.app().data_keys, &caller, rows, Row::key);
        return paging.answer(&L::page(rows, page));
    }
    Ok(stream(format, L::FILE, rows, async move |after| {
        let list = list.clone();
        let next = person.read(move |tx, caller| {
            let right = list.right(tx, caller)?;
            caller.strong()?;
            list.rows(tx, &right, Some(after), PAGE)
        });
        next.await
    }))
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

/// The answer that holds the first page and all that `next` reads after the last row of each. A failure on the way breaks
/// the answer off, so that nobody takes a part for the whole.
fn stream<R: Row>(
    format: Format,
    file: &'static str,
    first: Vec<R>,
    next: impl AsyncFn(R::Key) -> Result<Vec<R>, Problem> + 'static,
) -> HttpResponse {
    let (sender, receiver) = mpsc::channel(1);
    spawn(async move {
        let mut page = Ok(first);
        let mut is_first = true;
        while let Ok(rows) = &page {
            let text = format.write(rows, is_first);
            // An empty chunk would end the body.
            let is_gone = !text.is_empty() && sender.send(Ok(Bytes::from(text))).await.is_err();
            let last = rows.last().filter(|_| rows.len() == PAGE as usize);
            let Some(last) = last.filter(|_| !is_gone) else { return };
            page = next(last.key()).await;
            is_first = false;
        }
        if let Err(problem) = page {
            tracing::warn!(code = problem.code.code(), file, "an export was broken off");
            let _ = sender.send(Err(problem.into())).await;
        }
    });
    let name = format!("attachment; filename=\"{file}.{}\"", format.code());
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format!("{}; charset=utf-8", format.media_type())))
        .insert_header((CONTENT_DISPOSITION, name))
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
    use std::{cell::Cell, future::poll_fn, rc::Rc, time::Duration};

    use actix_web::{
        body::to_bytes,
        rt::{System, time::sleep},
    };

    use super::*;
    use crate::http::problem::Code;

    #[derive(Serialize)]
    struct Number(u32);

    impl Row for Number {
        type Key = u32;
        const COLUMNS: &'static [&'static str] = &["number", "text"];
        fn key(&self) -> u32 {
            self.0
        }
        fn cells(&self) -> Vec<String> {
            vec![self.0.to_string(), format!("={}", self.0)]
        }
    }

    /// A page of the numbers after this one.
    fn page(after: u32) -> Vec<Number> {
        (after + 1..=after + PAGE).map(Number).collect()
    }

    #[test]
    fn an_export_has_every_page_and_is_broken_off_where_one_fails() {
        System::new().block_on(async {
            let whole = stream(Format::Csv, "numbers", page(0), async |after| {
                assert_eq!(after, PAGE);
                Ok(vec![Number(PAGE + 1)])
            });
            let text = String::from_utf8(to_bytes(whole.into_body()).await.unwrap().to_vec()).unwrap();
            assert!(
                text.starts_with("number,text\r\n1,\"'=1\"\r\n2,") && text.ends_with("501,\"'=501\"\r\n"),
                "{text}"
            );
            assert_eq!(text.matches("\r\n").count(), 1 + PAGE as usize + 1);
            let broken = stream(Format::Ndjson, "numbers", page(0), async |_| Err(Code::Busy.into()));
            assert!(to_bytes(broken.into_body()).await.is_err());
            let empty = stream(Format::Ndjson, "numbers", Vec::<Number>::new(), async |_| Err(Code::Busy.into()));
            assert_eq!(to_bytes(empty.into_body()).await.unwrap().len(), 0);
        });
    }

    #[test]
    fn no_page_is_read_for_a_client_that_takes_none() {
        System::new().block_on(async {
            let read = Rc::new(Cell::new(0));
            let counted = Rc::clone(&read);
            let endless = stream(Format::Ndjson, "numbers", page(0), async move |after| {
                counted.set(counted.get() + 1);
                Ok(page(after))
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
