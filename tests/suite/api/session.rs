//! Signing in and out, first start, and requests from other sites.

use super::server;
use axum::body::Body;
use axum::http::StatusCode;
use runboard::app::users;
use runboard::domain::Role;

const LOGIN: &str = r#"{"email":"Ann@example.com","password":"a long password"}"#;

fn cookie(set: &str) -> String {
    set.split(';').next().expect("a cookie").to_owned()
}

#[tokio::test]
async fn a_session_lasts_from_login_to_logout() {
    let (world, http, _) = server().await;
    users::create_locally(&world.app, "ann@example.com", Role::User, Some("a long password".into()))
        .await
        .expect("a user");
    let login = http.send("POST", "/api/login", &[], LOGIN).await;
    assert_eq!(login.status, StatusCode::NO_CONTENT);
    let set = login.headers["set-cookie"].to_str().expect("text");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Secure"));
    let cookie = cookie(set);
    let headers = [("cookie", cookie.as_str())];
    let me = http.send("GET", "/api/me", &headers, Body::empty()).await.json();
    assert_eq!((me["email"].as_str(), me["role"].as_str()), (Some("ann@example.com"), Some("user")));
    assert_eq!(http.send("POST", "/api/logout", &headers, Body::empty()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(http.send("GET", "/api/me", &headers, Body::empty()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let (world, http, _) = server().await;
    users::create_locally(&world.app, "ann@example.com", Role::User, Some("a long password".into()))
        .await
        .expect("a user");
    let login = http.send("POST", "/api/login", &[("x-forwarded-proto", "https")], LOGIN).await;
    let set = login.headers["set-cookie"].to_str().expect("text");
    assert!(set.contains("; Secure"));
    let cookie = cookie(set);
    world.pass_ms(31 * 86_400_000);
    let answer = http.send("GET", "/api/me", &[("cookie", &cookie)], Body::empty()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_passwords_are_slow_and_few() {
    let (world, http, _) = server().await;
    users::create_locally(&world.app, "ann@example.com", Role::User, Some("a long password".into()))
        .await
        .expect("a user");
    let wrong = r#"{"email":"ann@example.com","password":"not this one"}"#;
    let nobody = r#"{"email":"nobody@example.com","password":"not this one"}"#;
    let first = http.send("POST", "/api/login", &[], wrong).await;
    let other = http.send("POST", "/api/login", &[], nobody).await;
    assert_eq!((first.status, first.text), (StatusCode::UNAUTHORIZED, other.text));
    for _ in 0..10 {
        http.send("POST", "/api/login", &[], wrong).await;
    }
    let even_right = http.send("POST", "/api/login", &[], LOGIN).await;
    assert_eq!(even_right.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_cookie_write_from_another_site_is_refused() {
    let (world, http, _) = server().await;
    users::create_locally(&world.app, "ann@example.com", Role::User, Some("a long password".into()))
        .await
        .expect("a user");
    let login = http.send("POST", "/api/login", &[], LOGIN).await;
    let cookie = cookie(login.headers["set-cookie"].to_str().expect("text"));
    let body = r#"{"agent_name":"a"}"#;
    for (origin, status) in [
        ("http://evil.example", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
        ("http://board.example", StatusCode::CREATED),
    ] {
        let headers = [("cookie", cookie.as_str()), ("origin", origin)];
        assert_eq!(http.send("POST", "/api/executions", &headers, body).await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn the_first_admin_is_made_once_with_the_printed_code() {
    let database = crate::support::database(crate::support::Backend::Sqlite).await;
    let store = runboard::store::Store::open(&database.url).await.expect("opened");
    let app = runboard::app::App::new(store, runboard::app::Config::default(), runboard::app::config::system_clock());
    let old = app.setup_code().await.expect("asked").expect("a code");
    let code = app.setup_code().await.expect("asked").expect("a code");
    let set_up = |code: &str| {
        let (app, code) = (app.clone(), code.to_owned());
        async move { app.set_up("here", &code, "Ann", "ann@example.com", "a long password".into()).await }
    };
    for wrong in ["", "guess", &old] {
        assert!(set_up(wrong).await.is_err(), "{wrong}");
    }
    let secret = set_up(&code).await.expect("set up");
    let ann = app.by_session(&secret).await.expect("looked up").expect("signed in");
    assert_eq!((ann.role, ann.display_name.as_str()), (Role::Admin, "Ann"));
    assert!(set_up(&code).await.is_err());
    assert_eq!(app.setup_code().await, Ok(None));
}

#[tokio::test]
async fn answers_carry_the_headers_that_keep_a_browser_safe() {
    let (_world, http, _) = server().await;
    let page = http.send("GET", "/login", &[], Body::empty()).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'self'") && policy.contains("'nonce-") && !policy.contains("http"));
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["x-frame-options"], "DENY");
}
