//! Mail, over a real connection to a mail server.

use super::smtp::MailServer;
use super::{Telling, config, failed_now, of};
use crate::support::{Backend, World, on_both};
use runboard::app::{Config, agents, notify, record};
use runboard::domain::{Channel, Delivery, DeliveryState, NewNotifySettings, Role, Scope, Told};
use serde_json::json;

on_both!(
    a_message_arrives_with_a_link_that_leads_there,
    an_agents_text_stays_text,
    a_mail_server_that_asks_who_we_are_is_told,
    what_a_mail_server_refuses_for_good_is_given_up,
    without_a_mail_server_nothing_is_written,
);

const MAIL: Told = Told { mail: true, webhook: false };

/// Failures by mail alone.
async fn by_mail(server: &MailServer, backend: Backend, account: Option<(&str, &str)>) -> Telling {
    let t = Telling::by_mail(backend, &server.url(account)).await;
    let new = NewNotifySettings { waiting: MAIL, failed: MAIL, budget: MAIL, webhook: None };
    notify::save(&t.world.admin, new).await.expect("saved");
    t
}

async fn a_message_arrives_with_a_link_that_leads_there(backend: Backend) {
    let server = MailServer::start(None).await;
    let t = by_mail(&server, backend, None).await;
    let run = t.fails("builder", "disk full").await;
    t.go().await;
    t.go().await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let (mail, told) = (&mails[0], t.told().await);
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("board@example.com", "admin@example.com"));
    let header = |name: &str| mail.header(name).unwrap_or_default();
    assert_eq!(header("From"), "Runboard <board@example.com>");
    assert_eq!((header("To").as_str(), header("Subject").as_str()), ("admin@example.com", "builder failed"));
    assert_eq!(header("Message-ID"), format!("<{}@example.com>", told[0].id));
    assert_eq!(
        (header("Auto-Submitted").as_str(), header("Date").as_str()),
        ("auto-generated", "Mon, 21 Sep 2026 14:13:20 +0000")
    );
    assert!(header("Content-Type").starts_with("multipart/alternative"));
    let (text, link) = (mail.text(), format!("https://board.example/executions/{}", run.id));
    assert!(text.contains(&format!("disk full\n\nIt was asked: work\n\n{link}\n")), "{text}");
    assert!(text.contains(&format!("<a href=\"{link}\">Open in Runboard</a>")), "{text}");
    assert!(text.contains("https://board.example/settings/notifications"), "{text}");
    assert_eq!((told[0].channel, of(&told[0])), (Channel::Mail, (DeliveryState::Sent, 1, String::new())));
    assert!(t.receiver.all().is_empty(), "by mail alone");
}

async fn an_agents_text_stays_text(backend: Backend) {
    let server = MailServer::start(None).await;
    let t = by_mail(&server, backend, None).await;
    let name = "Evil\u{2028}Bcc: victim@example.com <b>\u{202e}x";
    let new = json!({"name": "evil", "display_name": name, "kind": "external"});
    agents::create(&t.world.admin, serde_json::from_value(new).expect("an agent")).await.expect("made");
    let error = "line\r\n.\r\nMAIL FROM:<x@example.com>\r\n\r\n<script>alert(1)</script> \"&'";
    let long = format!("{error} {}", "é".repeat(20_000));
    record::create(&t.world.admin, failed_now("evil", &long)).await.expect("recorded");
    t.go().await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1, "nothing in it is a command");
    let mail = &mails[0];
    assert!(mail.raw.len() < 20_000, "{} bytes", mail.raw.len());
    assert_eq!(mail.header("Subject").as_deref(), Some("Evil Bcc: victim@example.com <b> x failed"));
    let expected = [
        "From",
        "To",
        "Subject",
        "Message-ID",
        "Date",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "MIME-Version",
        "Content-Type",
    ];
    let mut headers = mail.headers();
    headers.retain(|h| !expected.contains(&h.as_str()));
    assert!(headers.is_empty(), "{headers:?}");
    let text = mail.text();
    let html = text.split("text/html").nth(1).expect("HTML");
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;") && !html.contains("<script>"),
        "{html}"
    );
}

async fn a_mail_server_that_asks_who_we_are_is_told(backend: Backend) {
    let server = MailServer::start(Some(("board", "geheim"))).await;
    let t = by_mail(&server, backend, Some(("board", "geheim"))).await;
    t.fails("builder", "disk full").await;
    t.go().await;
    assert_eq!(server.mails().len(), 1);
    // A wrong password is the operator's to mend: the message waits.
    let t = by_mail(&server, backend, Some(("board", "falsch"))).await;
    t.fails("builder", "disk full").await;
    t.go().await;
    let (state, attempts, why) = of(&t.told().await[0]);
    assert_eq!((state, attempts), (DeliveryState::Waiting, 1));
    assert!(why.contains("535") && why.contains("wrong name or password") && !why.contains("falsch"), "{why}");
}

async fn what_a_mail_server_refuses_for_good_is_given_up(backend: Backend) {
    let server = MailServer::start(None).await;
    let t = by_mail(&server, backend, None).await;
    server.refuses("451 4.7.1 greylisted");
    t.fails("builder", "disk full").await;
    t.go().await;
    let (state, _, why) = of(&t.told().await[0]);
    assert!(state == DeliveryState::Waiting && why.contains("greylisted"), "{why}");
    server.refuses("");
    t.world.pass_ms(30_000);
    t.go().await;
    let told = t.told().await;
    assert_eq!((told[0].state, told[0].attempts), (DeliveryState::Sent, 2));
    let id = server.mails()[0].header("Message-ID");
    assert_eq!(id, Some(format!("<{}@example.com>", told[0].id)));
    server.refuses("550 5.1.1 no such person");
    t.fails("builder", "disk full").await;
    t.go().await;
    let (state, attempts, why) = of(&t.told().await[1]);
    assert_eq!((state, attempts), (DeliveryState::GivenUp, 1));
    assert!(why.contains("no such person"), "{why}");
    assert_eq!(server.recipients().len(), 3);
    let trial = notify::test_mail(&t.world.admin).await.expect("an answer");
    assert!(!trial.ok && trial.detail.contains("no such person"), "{trial:?}");
    server.refuses("");
    let trial = notify::test_mail(&t.world.admin).await.expect("an answer");
    assert!(trial.ok && trial.detail == "the mail server took it, for admin@example.com", "{trial:?}");
    assert_eq!(server.mails()[1].header("Subject").as_deref(), Some("A test of Runboard"));
}

async fn without_a_mail_server_nothing_is_written(backend: Backend) {
    let world = World::with(backend, config()).await;
    notify::open(&world.app).await.expect("opened");
    let new = NewNotifySettings { waiting: MAIL, failed: MAIL, budget: MAIL, webhook: None };
    let saved = notify::save(&world.admin, new).await.expect("saved");
    assert!(saved.settings.mail_problem.is_some_and(|p| p.contains("RUNBOARD_SMTP_URL")));
    world.record(failed_now("builder", "disk full")).await;
    let told = async || -> Vec<Delivery> { super::told(&world.admin).await };
    assert!(told().await.is_empty());
    assert!(notify::test_mail(&world.admin).await.is_err());
    // Another server of the database sends mail: then it is written, and this one leaves it to the other.
    let server = MailServer::start(None).await;
    let mail =
        notify::MailConfig::parse(&server.url(None), Some("a@example.com"), Some(super::SITE)).expect("a server");
    let sends = world.another_server_with(Config { mail: Some(mail), ..config() }).await;
    notify::open(&sends).await.expect("opened");
    world.record(failed_now("builder", "disk full")).await;
    super::send_all(&world.app).await;
    assert_eq!(of(&told().await[0]), (DeliveryState::Waiting, 0, String::new()));
    super::send_all(&sends).await;
    assert_eq!(of(&told().await[0]).0, DeliveryState::Sent);
    // Whoever has set nothing is told of what waits and of budgets, not of each failure.
    let (bo, _) = world.person("bo@example.com", Role::User, Scope::Admin).await;
    record::create(&bo, failed_now("bos", "disk full")).await.expect("recorded");
    assert!(super::told(&bo).await.is_empty());
}
