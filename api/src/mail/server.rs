//! The mail server to which mails are handed over: SMTP, with TLS.

use std::{net::IpAddr, time::SystemTime};

use domain::Instant;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::Error,
};
use url::Url;
use uuid::Uuid;

use super::{Undelivered, Written};

/// A mail server, and whom mails are from.
#[derive(Clone)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl MailServer {
    /// Reads `smtps://user:password@host:port`, the same with `smtp://` and `?tls=required` (STARTTLS), or a plain
    /// `smtp://host:port`, which `must_protect` allows on this machine only.
    ///
    /// # Errors
    /// A sentence for the operator, which shows no password.
    pub fn parse(url: &str, from: &str, must_protect: bool) -> Result<Self, String> {
        let form = "ESPACE_PRO_MAIL_URL must be smtps://… or smtp://…?tls=required, or smtp://… without TLS";
        let address = Url::parse(url).map_err(|_| form)?;
        let is_protected = match (address.scheme(), address.query()) {
            ("smtps", None) | ("smtp", Some("tls=required")) => true,
            ("smtp", None) => false,
            _ => return Err(form.into()),
        };
        let host = address.host_str().filter(|host| !host.is_empty()).ok_or(form)?;
        if !is_protected && address.password().is_some() {
            return Err("ESPACE_PRO_MAIL_URL: a password goes only over TLS: smtps://… or ?tls=required".into());
        }
        if address.password().is_none() && !address.username().is_empty() {
            return Err("ESPACE_PRO_MAIL_URL names a user without a password".into());
        }
        if must_protect && !is_protected && !is_this_machine(host) {
            return Err("ESPACE_PRO_MAIL_URL: in production another machine's mail server is reached over TLS: smtps://… or ?tls=required".into());
        }
        let from = from.parse().map_err(|_| "ESPACE_PRO_MAIL_FROM must be an address, or `Name <address>`")?;
        // The library's errors may show the address with its password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| form)?.build();
        Ok(Self { transport, from })
    }

    /// Hands a mail over. A repeat has the same `Message-ID` and is the same to the byte.
    ///
    /// # Errors
    /// The server did not take it.
    pub async fn send(&self, id: Uuid, written_at: Instant, mail: &Written) -> Result<(), Undelivered> {
        let mail = self.compose(id, written_at, mail)?;
        self.transport.send(mail).await.map(|_| ()).map_err(|error| judge(&error))
    }

    fn compose(&self, id: Uuid, written_at: Instant, mail: &Written) -> Result<lettre::Message, Undelivered> {
        let to = mail.to.parse().map_err(|_| Undelivered::ForGood("the address is none for a mail server".into()))?;
        // RFC 3834: whoever answers mails by a program doesn't answer this one.
        let by_a_program = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
        lettre::Message::builder()
            .message_id(Some(format!("<{}@{}>", id, self.from.email.domain())))
            .date(SystemTime::from(written_at))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .raw_header(by_a_program)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| Undelivered::ForGood(format!("the mail can't be composed: {error}")))
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Only what the server says of this mail, or of its receiver, is final: what it says of itself, of us or of our login
/// (RFC 5321 §4.2.2, RFC 4954 §6) may pass. Its words are not kept: they often repeat the address.
fn judge(error: &Error) -> Undelivered {
    let Some(code) = error.status().map(u16::from) else {
        let reason = if error.is_response() { "the mail server's answer is none".into() } else { error.to_string() };
        return Undelivered::ForNow(reason);
    };
    let reason = format!("the mail server answered {code}");
    match code {
        550..=553 | 555 | 556 => Undelivered::ForGood(reason),
        _ => Undelivered::ForNow(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(subject: &str, text: &str) -> String {
        let server = MailServer::parse("smtp://127.0.0.1", "Espace Été <no-reply@example.lu>", true).unwrap();
        let mail = Written { to: "anna@example.lu".into(), subject: subject.into(), text: text.into(), code: None };
        let mail = server.compose(Uuid::nil(), Instant::from_timestamp(1_800_000_000, 0).unwrap(), &mail).unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    #[test]
    fn a_mail_is_plain_text_in_utf_8_and_known_by_its_id() {
        let mail = composed("Äre Confirmatiounscode", "Moien,\n\nÄre Code.\n");
        for line in [
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.lu>",
            "Date: Fri, 15 Jan 2027 08:00:00 +0000",
            "To: anna@example.lu",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(mail.lines().any(|found| found == line), "{line} is not in {mail}");
        }
        assert_eq!(mail, composed("Äre Confirmatiounscode", "Moien,\n\nÄre Code.\n"));
    }

    #[test]
    fn no_value_reaches_into_the_headers() {
        for subject in ["Code\r\nBcc: eve@example.lu", "Code\nBcc: eve@example.lu", "Code\r\n\r\nBcc: eve@example.lu"] {
            let mail = composed(subject, "Text\n");
            let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
            assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{mail}");
            assert!(headers.contains("\r\nContent-Type: text/plain; charset=utf-8"), "{mail}");
        }
    }
}
