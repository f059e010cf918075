//! Several servers on one database, and servers that die.

use super::receiver::How;
use super::{Telling, config, failed_now, hook, of, send_all, told};
use crate::support::{Backend, on_both};
use runboard::app::{Config, housekeeping, notify, record};
use runboard::auth::seal::Seal;
use runboard::domain::{DeliveryState, Role, Scope, WebhookFormat, WebhookStanding};
use runboard::store::{deliveries, notify as store};
use std::collections::HashSet;

on_both!(
    two_servers_send_each_message_once,
    what_a_dead_server_held_is_sent_by_another,
    a_server_that_ends_leaves_the_rest,
    another_key_opens_nothing_and_says_so,
    what_is_told_is_forgotten_after_thirty_days,
    no_query_scans_the_table,
);

async fn two_servers_send_each_message_once(backend: Backend) {
    let t = Telling::new(backend).await;
    let other = t.world.another_server().await;
    let mut people = vec![(t.world.admin.clone(), "ann".to_owned())];
    for n in 0..5 {
        let name = format!("p{n}");
        let (who, _) = t.world.person(&format!("{name}@example.com"), Role::Admin, Scope::Admin).await;
        hook(&who, &t.receiver.url(&name), WebhookFormat::Json).await;
        people.push((who, name));
    }
    for (who, name) in &people {
        for n in 0..5 {
            record::create(who, failed_now(&format!("of-{name}"), &format!("{n}"))).await.expect("recorded");
        }
    }
    // Both at the same moments, until nothing is left.
    for _ in 0..12 {
        let steps = tokio::join!(notify::step(&t.world.app), notify::step(&other));
        steps.0.and(steps.1).expect("steps");
        tokio::join!(notify::idle(&t.world.app), notify::idle(&other));
    }
    let calls = t.receiver.all();
    let ids: HashSet<_> = calls.iter().map(|c| c.header("webhook-id").to_owned()).collect();
    assert_eq!((calls.len(), ids.len()), (30, 30));
    for (who, name) in &people {
        // Oldest first, and one after the other.
        let texts: Vec<_> =
            t.receiver.calls(name).iter().map(|c| c.json()["text"].as_str().expect("text")[..1].to_owned()).collect();
        assert_eq!(texts, ["0", "1", "2", "3", "4"], "{name}");
        assert!(told(who).await.iter().all(|d| of(d) == (DeliveryState::Sent, 1, String::new())));
    }
}

async fn what_a_dead_server_held_is_sent_by_another(backend: Backend) {
    let t = Telling::new(backend).await;
    t.fails("builder", "disk full").await;
    t.fails("builder", "still full").await;
    // It took the first one and was killed before it sent it.
    let until = t.world.now().plus_secs(300).micros();
    t.world
        .sql(&format!(
            "update deliveries set claimed_by = 'gone', claimed_until = {until}, attempts = 1 \
             where key = (select min(key) from deliveries)"
        ))
        .await;
    t.go().await;
    t.world.pass_ms(299_999);
    t.go().await;
    assert!(t.receiver.all().is_empty(), "to one destination it is one at a time");
    t.world.pass_ms(1);
    t.go().await;
    t.go().await;
    assert_eq!(t.receiver.all().len(), 2);
    let attempts: Vec<_> = t.told().await.iter().map(|d| (d.state, d.attempts)).collect();
    assert_eq!(attempts, [(DeliveryState::Sent, 2), (DeliveryState::Sent, 1)]);
}

async fn a_server_that_ends_leaves_the_rest(backend: Backend) {
    let t = Telling::new(backend).await;
    let work = tokio::spawn(notify::work(t.world.app.clone()));
    notify::close(&t.world.app);
    work.await.expect("it ends");
    t.fails("builder", "disk full").await;
    t.go().await;
    assert!(t.receiver.all().is_empty());
    send_all(&t.world.another_server().await).await;
    assert_eq!(t.receiver.all().len(), 1);
}

async fn another_key_opens_nothing_and_says_so(backend: Backend) {
    let t = Telling::new(backend).await;
    t.fails("builder", "disk full").await;
    for seal in [Seal::given(&"ab".repeat(32)).expect("a key"), Seal::default()] {
        let other = t.world.another_server_with(Config { seal, ..config() }).await;
        let ann = runboard::app::Caller::local_admin(&other).await.expect("the admin");
        let settings = notify::get(&ann).await.expect("settings");
        let webhook = settings.webhook.expect("a webhook");
        assert_eq!((webhook.standing, webhook.address.as_str()), (WebhookStanding::EnterAgain, t.receiver.address()));
        assert!(notify::test_webhook(&ann).await.is_err() && notify::renew_secret(&ann).await.is_err());
        send_all(&other).await;
    }
    let told = t.told().await;
    assert_eq!(of(&told[0]).0, DeliveryState::GivenUp);
    assert!(told[0].error.as_deref().is_some_and(|e| e.ends_with("it must be entered again")), "{told:?}");
    // Under the old key it is as it was.
    t.fails("builder", "disk full").await;
    t.go().await;
    assert_eq!(t.receiver.all().len(), 1);
}

async fn what_is_told_is_forgotten_after_thirty_days(backend: Backend) {
    let t = Telling::new(backend).await;
    t.receiver.does("ann", How::Answers(500));
    t.fails("builder", "disk full").await;
    // Nobody is there to send it for more than a day.
    t.world.pass_ms(26 * 3_600_000 + 1);
    housekeeping::tidy(&t.world.app).await.expect("tidied");
    let told = t.told().await;
    assert_eq!(of(&told[0]), (DeliveryState::GivenUp, 0, "no server here sends such messages".to_owned()));
    t.world.pass_ms(30 * 86_400_000);
    housekeeping::tidy(&t.world.app).await.expect("tidied");
    assert!(t.told().await.is_empty());
}

async fn no_query_scans_the_table(backend: Backend) {
    let t = Telling::new(backend).await;
    for n in 0..20 {
        t.fails("builder", &format!("{n}")).await;
        t.world.pass_ms(70_000);
    }
    let mut tx = t.world.app.store.snapshot().await.expect("a snapshot");
    let mut lines = deliveries::explain(&mut tx, t.world.now()).await.expect("a plan");
    lines.extend(store::explain(&mut tx).await.expect("a plan"));
    for line in lines {
        let scans = match backend {
            Backend::Sqlite => {
                ["SCAN deliveries", "SCAN d", "SCAN b", "SCAN agents"].iter().any(|s| line.starts_with(s))
                    && !line.contains("INDEX")
            }
            Backend::Postgres => line.contains("Seq Scan on"),
        };
        assert!(!scans, "{line}");
    }
}
