//! Server. Signing in and out, first start, and what every page's frame needs.

use super::{App, context};
use crate::auth::{password, secret};
use crate::domain::visible::has_visible;
use crate::domain::{Error, Result, Role, Status};
use crate::server_fns::Session;
use crate::store::users::{self, NewUser};
use crate::store::{events, executions, settings};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

pub const COOKIE: &str = "runboard_session";
const SETUP_CODE: &str = "setup_code_hash";

/// What every page's frame needs; answers without a session too.
pub async fn describe() -> Result<Session> {
    let request = context()?;
    let mut db = request.app.store.read();
    let now_ms = request.app.now().millis();
    let Some(caller) = request.caller else {
        let needs_setup = !users::any(&mut db).await?;
        return Ok(Session { me: None, needs_setup, running: 0, waiting: 0, waits_for_me: 0, now_ms, as_of: 0 });
    };
    let waits_for_me = super::interactions::waiting_for(&caller).await?;
    let as_of = events::newest(&mut db).await?;
    let unfinished = executions::unfinished(&mut db, caller.visible()).await?;
    let count = |s: Status| unfinished.iter().filter(|(name, _)| name == s.as_str()).map(|(_, n)| n).sum();
    Ok(Session {
        me: Some(caller.me()),
        needs_setup: false,
        running: count(Status::Running),
        waiting: count(Status::Waiting),
        waits_for_me,
        now_ms,
        as_of,
    })
}

fn email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let well_formed = email.len() <= 254
        && email.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.len() > 1 && !b.contains('@'))
        && !email.contains(char::is_whitespace);
    if well_formed { Ok(email) } else { Err(Error::invalid("email", "is not an e-mail address")) }
}

impl App {
    /// Checks a password and starts a session; answers its secret.
    pub async fn sign_in(&self, address: &str, email: &str, password: String) -> Result<String> {
        let email = email.trim().to_lowercase();
        self.sign_in_address.check(&address.to_owned())?;
        self.sign_in_account.check(&email)?;
        let user = users::by_email(&mut self.store.read(), &email).await?;
        let stored = user.as_ref().and_then(|u| u.password_hash.clone());
        let good = password::verify(password, stored).await?;
        let Some(user) = user.filter(|_| good) else {
            return Err(Error::WrongCredentials);
        };
        self.start_session(user.key).await
    }

    async fn start_session(&self, user_key: i64) -> Result<String> {
        let secret = secret::generate("rbs_");
        let (hash, now) = (secret::hash(&secret), self.now());
        let expires = now.plus_secs(self.config.session_days * 86_400);
        self.store
            .write(move |tx| Box::pin(async move { users::start_session(tx, &hash, user_key, now, expires).await }))
            .await?;
        Ok(secret)
    }

    /// Ends a session for good, sockets included.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        let hash = secret::hash(secret);
        self.store.write(move |tx| Box::pin(async move { users::end_session(tx, &hash).await })).await?;
        self.access_changed();
        Ok(())
    }

    /// On an empty database: a new one-time code for `/setup`; older ones stop working.
    pub async fn setup_code(&self) -> Result<Option<String>> {
        if users::any(&mut self.store.read()).await? {
            return Ok(None);
        }
        let code = secret::generate("");
        let hash = secret::hash(&code);
        self.store.write(move |tx| Box::pin(async move { settings::set(tx, SETUP_CODE, &hash).await })).await?;
        Ok(Some(code))
    }

    /// Makes the first admin and signs them in; answers the session's secret.
    pub async fn set_up(
        &self,
        address: &str,
        code: &str,
        display_name: &str,
        address_of_person: &str,
        password: String,
    ) -> Result<String> {
        self.sign_in_address.check(&address.to_owned())?;
        let stored = settings::get(&mut self.store.read(), SETUP_CODE).await?;
        if stored.is_none_or(|s| s != secret::hash(code.trim())) {
            return Err(Error::invalid("code", "is not the code printed when the server started, or was used already"));
        }
        let user = new_user(address_of_person, display_name, Role::Admin, Some(password)).await?;
        let (mail, now) = (user.email.clone(), self.now());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if users::any(tx).await? {
                        return Err(Error::Conflict("this Runboard is set up already; sign in".to_owned()));
                    }
                    users::add(tx, &user, now).await?;
                    settings::remove(tx, SETUP_CODE).await
                })
            })
            .await?;
        let user = users::by_email(&mut self.store.read(), &mail).await?.ok_or(Error::NotFound)?;
        self.start_session(user.key).await
    }
}

/// A checked new user; the password is hashed.
pub async fn new_user(mail: &str, display_name: &str, role: Role, password: Option<String>) -> Result<NewUser> {
    let email = email(mail)?;
    let name = display_name.trim();
    if name.chars().count() > 100 {
        return Err(Error::invalid("display_name", "is longer than 100 characters"));
    }
    let password_hash = match password {
        None => None,
        Some(p) => {
            password::check_new(&p)?;
            Some(password::hash(p).await?)
        }
    };
    let display_name = if has_visible(name) {
        name.to_owned()
    } else {
        email.split('@').next().map(str::to_owned).ok_or_else(|| Error::invalid("email", "is empty"))?
    };
    Ok(NewUser { id: uuid::Uuid::now_v7().to_string(), email, display_name, role, password_hash })
}

/// The cookie's header value; an empty secret takes the cookie away.
pub fn cookie(secret: &str, days: i64, secure: bool) -> String {
    let age = if secret.is_empty() { 0 } else { days * 86_400 };
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

fn set_cookie(secret: &str, days: i64, secure: bool) -> Result<()> {
    let options = use_context::<ResponseOptions>().ok_or_else(|| Error::Internal("no response".to_owned()))?;
    let value = cookie(secret, days, secure).parse().map_err(|_| Error::Internal("cookie".to_owned()))?;
    options.append_header(axum::http::header::SET_COOKIE, value);
    Ok(())
}

/// A path of this site, never another one.
fn own_path(next: Option<String>) -> String {
    next.filter(|p| p.starts_with('/') && !p.starts_with("//") && !p.contains('\\') && !p.contains(char::is_control))
        .unwrap_or_else(|| "/executions".to_owned())
}

pub async fn sign_in_page(email: String, password: String, next: Option<String>) -> Result<()> {
    let request = context()?;
    let secret = request.app.sign_in(&request.address, &email, password).await?;
    set_cookie(&secret, request.app.config.session_days, request.secure)?;
    leptos_axum::redirect(&own_path(next));
    Ok(())
}

pub async fn sign_out_page() -> Result<()> {
    let request = context()?;
    if let Some(super::access::Credential::Session(hash)) = request.caller.map(|c| c.credential) {
        request.app.store.write(move |tx| Box::pin(async move { users::end_session(tx, &hash).await })).await?;
        request.app.access_changed();
    }
    set_cookie("", 0, request.secure)?;
    leptos_axum::redirect("/login");
    Ok(())
}

pub async fn set_up_page(code: String, display_name: String, email: String, password: String) -> Result<()> {
    let request = context()?;
    let secret = request.app.set_up(&request.address, &code, &display_name, &email, password).await?;
    set_cookie(&secret, request.app.config.session_days, request.secure)?;
    leptos_axum::redirect("/executions");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_this_site_only() {
        for (given, wanted) in [
            (Some("/executions?status=failed"), "/executions?status=failed"),
            (Some("//evil.example"), "/executions"),
            (Some("https://evil.example"), "/executions"),
            (Some("/\\evil.example"), "/executions"),
            (Some("/a\r\nSet-Cookie: x"), "/executions"),
            (None, "/executions"),
        ] {
            assert_eq!(own_path(given.map(str::to_owned)), wanted);
        }
    }

    #[test]
    fn an_email_is_lower_case_and_has_two_sides() {
        assert_eq!(email(" Ann@Example.org "), Ok("ann@example.org".to_owned()));
        for bad in ["", "ann", "@x", "a@b@c", "a b@c.de"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
