//! Server. Messages by mail: plain text and the same as simple HTML, handed to one mail server.

use super::concern::Parcel;
use super::send::Outcome;
use super::site;
use super::words::one_line;
use crate::app::outside::redacted;
use crate::app::{App, Caller};
use crate::domain::{Error, Result};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// The variable that names the mail server, which may carry a password.
const VARIABLE: &str = "RUNBOARD_SMTP_URL";
/// Mail servers may take their time: so many times what a webhook has.
const PATIENCE: u32 = 3;
const SUBJECT_CHARS: usize = 180;
const ERROR_CHARS: usize = 300;
/// Answers that say the server's own credentials are wrong: its operator may mend that.
const AUTH_CODES: [&str; 4] = ["530", "534", "535", "538"];

/// The mail server, and who messages are from.
#[derive(Clone)]
pub struct MailConfig {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    password: Option<String>,
    /// Host and port.
    server: String,
}

/// Never the password.
impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.to_string();
        f.debug_struct("MailConfig").field("server", &self.server).field("from", &from).finish_non_exhaustive()
    }
}

impl MailConfig {
    /// From what an operator sets. `smtp://` means STARTTLS, unless the server is on this machine or `?tls=none` is said;
    /// `smtps://` is TLS from the first byte. `public_url`: where links lead.
    pub fn parse(smtp_url: &str, from: Option<&str>, public_url: Option<&str>) -> Result<Self> {
        // What is wrong with it is said without repeating it.
        let wrong = |what: &str| {
            let example = "smtp://user:password@mail.example:587";
            Error::invalid(VARIABLE, format!("{what}; it is written as {example}, or smtps://…"))
        };
        let mut url = reqwest::Url::parse(smtp_url).map_err(|_| wrong("is not an address of a mail server"))?;
        let host = url.host_str().map(str::to_owned).filter(|h| !h.is_empty()).ok_or_else(|| wrong("names no host"))?;
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        let here = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => {}
            ("smtp", Some("none")) => url.set_query(None),
            ("smtp", None) if here => url.set_query(None),
            ("smtp", None | Some("required")) => url.set_query(Some("tls=required")),
            ("smtp" | "smtps", Some(_)) => return Err(wrong("has an unknown `tls`, which is required or none")),
            _ => return Err(wrong("begins neither with smtp:// nor with smtps://")),
        }
        let Some(base) = public_url else {
            return Err(Error::invalid("public_url", format!("is needed to send mail: {}", site::UNKNOWN)));
        };
        let Some(from) = from.filter(|text| !text.trim().is_empty()) else {
            return Err(Error::invalid("mail_from", "is needed to send mail: set RUNBOARD_MAIL_FROM (--mail-from)"));
        };
        let from: Mailbox = from.trim().parse().map_err(|_| {
            Error::invalid("mail_from", format!("`{from}` is no sender such as Runboard <runboard@example.com>"))
        })?;
        // Installed already: that is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|e| wrong(&format!("can't be used ({})", one_line(&hide(&e.to_string(), &url), ERROR_CHARS))))?;
        let name = reqwest::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned));
        // As lettre has it: a path is the name to say hello with.
        if let Some(name) = name.filter(|_| url.path().len() <= 1) {
            builder = builder.hello_name(match name.trim_matches(['[', ']']).parse() {
                Ok(IpAddr::V4(a)) => ClientId::Ipv4(a),
                Ok(IpAddr::V6(a)) => ClientId::Ipv6(a),
                Err(_) => ClientId::Domain(name),
            });
        }
        let server = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let password = url.password().map(str::to_owned);
        Ok(Self { transport: builder.build(), from, password, server })
    }

    /// Whom it goes through, for the log.
    pub fn server(&self) -> &str {
        &self.server
    }
}

fn hide(text: &str, url: &reqwest::Url) -> String {
    redacted(text, url.password())
}

pub(super) async fn send(app: &App, who: &Caller, parcel: &Parcel) -> Result<Outcome> {
    let Some(config) = &app.config.mail else {
        return Ok(Outcome::later("this server sends no mail"));
    };
    let message = match message(app, config, &who.email, parcel) {
        Ok(message) => message,
        Err(why) => return Ok(Outcome::Never(why)),
    };
    let limit = Duration::from_millis(app.config.notify_timeout_ms) * PATIENCE;
    Ok(match tokio::time::timeout(limit, config.transport.send(message)).await {
        Err(_) => Outcome::later(format!("the mail server did not take it within {limit:?}")),
        Ok(Ok(_)) => Outcome::Sent,
        Ok(Err(e)) => {
            let why = redacted(&format!("the mail server: {e}"), config.password.as_deref());
            let why = one_line(&why, ERROR_CHARS);
            if lasting(&e) { Outcome::Never(why) } else { Outcome::later(why) }
        }
    })
}

/// Whether the mail server will say the same again.
fn lasting(e: &SmtpError) -> bool {
    let ours = e.status().is_some_and(|code| AUTH_CODES.contains(&code.to_string().as_str()));
    e.is_permanent() && !ours
}

fn message(app: &App, config: &MailConfig, to: &str, p: &Parcel) -> Result<Message, String> {
    let address = to.parse().map_err(|e| format!("mail can't be sent to {to}: {e}"))?;
    let domain = config.from.email.domain();
    let settings = site::link(&app.config, "/settings/notifications").map_err(|e| e.to_string())?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(p.at.millis()).unwrap_or(0));
    let mut builder = Message::builder()
        .from(config.from.clone())
        .to(Mailbox::new(None, address))
        .subject(one_line(&p.title, SUBJECT_CHARS))
        // The same at each attempt, so that one that comes twice can be recognised.
        .message_id(Some(format!("<{}@{domain}>", p.id)))
        .date(at);
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|e| e.to_string())?;
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(plain(p, &settings), html(p, &settings)))
        .map_err(|e| e.to_string())
}

fn plain(p: &Parcel, settings: &str) -> String {
    let (title, text, link) = (one_line(&p.title, SUBJECT_CHARS), &p.payload.text, &p.link);
    format!("{title}\n\n{text}\n\n{link}\n\n-- \nWhat you are told of, and how: {settings}\n")
}

/// No styles of anybody's, no pictures, nothing that is loaded.
fn html(p: &Parcel, settings: &str) -> String {
    let title = escaped(&one_line(&p.title, SUBJECT_CHARS));
    let text = escaped(&p.payload.text).replace('\n', "<br>\n");
    let (link, settings) = (escaped(&p.link), escaped(settings));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"font-family:sans-serif;line-height:1.5\">\n<h1 style=\"font-size:18px\">{title}</h1>\n\
         <p>{text}</p>\n<p><a href=\"{link}\">Open in Runboard</a></p>\n\
         <p style=\"color:#666;font-size:12px\"><a href=\"{settings}\">What you are told of, and how</a></p>\n\
         </body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Option<&str> = Some("https://board.example");
    const FROM: Option<&str> = Some("Runboard <board@example.com>");

    #[test]
    fn a_mail_server_is_set_in_full_or_not_at_all() {
        let field = |url: &str, from, site| match MailConfig::parse(url, from, site) {
            Err(Error::Invalid(errors)) => errors[0].field.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(field("smtp://mail.example", FROM, None), "public_url");
        assert_eq!(field("smtp://mail.example", None, SITE), "mail_from");
        assert_eq!(field("smtp://mail.example", Some("nobody"), SITE), "mail_from");
        for wrong in ["mail.example:25", "http://mail.example", "smtp://mail.example?tls=maybe", "smtp:"] {
            assert_eq!(field(wrong, FROM, SITE), VARIABLE, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_password_is_shown_nowhere() {
        for url in ["smtp://u:geheim@mail.example:587", "smtps://u:geheim@mail.example", "smtp://u:geheim@localhost"] {
            let config = MailConfig::parse(url, FROM, SITE).expect("a mail server");
            let shown = format!("{config:?}");
            assert!(shown.contains("board@example.com") && !shown.contains("geheim"), "{shown}");
        }
        let error = MailConfig::parse("smtp://u:geheim@mail.example?tls=x", FROM, SITE).expect_err("wrong").to_string();
        assert!(!error.contains("geheim"), "{error}");
    }
}
