//! Webhooks: what they are sent, and what happens when they don't take it.

use super::receiver::How;
use super::{Telling, config, failed_now, hook, of, send_all, told};
use crate::engine::until;
use crate::support::{Backend, START, ended, on_both, run_of};
use runboard::app::{Config, notify, record};
use runboard::domain::{DeliveryState, ExecutionPatch, NewsKind, Role, Scope, Status, WebhookFormat, WebhookStanding};
use serde_json::json;

on_both!(
    a_failure_is_told_once_and_signed,
    what_failed_long_ago_is_history,
    one_that_is_broken_for_an_hour_is_told_once,
    one_that_hangs_holds_nobody_up,
    what_is_refused_is_given_up_with_the_reason,
    one_that_is_gone_is_switched_off,
    one_that_is_busy_is_left_alone_as_long_as_it_asks,
    nobody_is_told_of_what_they_may_not_see,
    slack_gets_a_message_it_can_show,
);

async fn a_failure_is_told_once_and_signed(backend: Backend) {
    let t = Telling::new(backend).await;
    let run = t.world.record(run_of("builder", "Build it")).await;
    let failed = || ExecutionPatch {
        status: Some(Status::Failed),
        error: Some("disk full".to_owned()),
        ..ExecutionPatch::default()
    };
    record::patch(&t.world.admin, run.id.as_str(), failed()).await.expect("failed");
    // The same once more is no news, and what was refused is none either.
    record::patch(&t.world.admin, run.id.as_str(), failed()).await.ok();
    t.world.record(ended("builder", Status::Success, 0, 5)).await;
    t.go().await;
    t.go().await;
    let calls = t.receiver.calls("ann");
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = &calls[0];
    assert!(call.is_signed_with(&t.secret) && !call.is_signed_with(&t.secret.replace("whsec_", "whsec_AAAA")));
    assert_eq!(call.header("webhook-timestamp"), (START.millis() / 1_000).to_string());
    assert_eq!(call.header("content-type"), "application/json");
    let expected = json!({
        "id": call.header("webhook-id"), "kind": "failed", "at": START, "title": "builder failed",
        "text": "disk full\n\nIt was asked: Build it", "link": format!("https://board.example/executions/{}", run.id),
        "execution_id": run.id, "agent_name": "builder",
    });
    assert_eq!(call.json(), expected);
    let told = t.told().await;
    assert_eq!(
        (told.len(), told[0].kind, of(&told[0])),
        (1, NewsKind::Failed, (DeliveryState::Sent, 1, String::new()))
    );
    assert_eq!(
        (&told[0].id, told[0].next_at, told[0].ended_at),
        (&call.header("webhook-id").to_owned(), None, Some(START))
    );
}

async fn what_failed_long_ago_is_history(backend: Backend) {
    let t = Telling::new(backend).await;
    t.world.record(ended("old", Status::Failed, -2 * 3_600_000, 10)).await;
    let run = t.world.record(run_of("old", "late")).await;
    let late = ExecutionPatch {
        status: Some(Status::Failed),
        completed_at: Some(START.plus_secs(-3_601)),
        ..ExecutionPatch::default()
    };
    // Its start is now, and so is its end: it can't have ended before.
    record::patch(&t.world.admin, run.id.as_str(), late).await.expect("failed");
    assert_eq!(t.told().await.len(), 1);
    t.world.record(ended("old", Status::Failed, -60_000, 10)).await;
    assert_eq!(t.told().await.len(), 2, "a minute ago is news");
}

async fn one_that_is_broken_for_an_hour_is_told_once(backend: Backend) {
    let t = Telling::new(backend).await;
    t.receiver.does("ann", How::Answers(500));
    t.fails("builder", "disk full").await;
    let mut tried_at = Vec::new();
    while let Some(at) = t.told().await[0].next_at {
        let before = at.millis_since(t.world.now());
        if before > 0 {
            t.world.pass_ms(before - 1);
            t.go().await;
            assert_eq!(t.receiver.calls("ann").len(), tried_at.len(), "not before its time");
            t.world.pass_ms(1);
        }
        tried_at.push(at.millis_since(START) / 1_000);
        if tried_at.last().is_some_and(|s| *s >= 3_600) {
            t.receiver.does("ann", How::Takes);
        }
        t.go().await;
        assert_eq!(t.receiver.calls("ann").len(), tried_at.len());
    }
    t.world.pass_ms(86_400_000);
    t.go().await;
    assert_eq!(tried_at, [0, 30, 150, 750, 2_550, 6_150]);
    let calls = t.receiver.calls("ann");
    assert!(calls.iter().all(|c| c.header("webhook-id") == calls[0].header("webhook-id") && c.body == calls[0].body));
    assert!(calls.iter().all(|c| c.is_signed_with(&t.secret)), "each is signed with its own time");
    let told = t.told().await;
    let expected = "the webhook answered 500 Internal Server Error: not today, …".to_owned();
    assert_eq!(of(&told[0]), (DeliveryState::Sent, 6, expected));
}

async fn one_that_hangs_holds_nobody_up(backend: Backend) {
    let t = Telling::with(backend, Config { notify_timeout_ms: 400, ..config() }).await;
    let (bo, _) = t.world.person("bo@example.com", Role::Admin, Scope::Admin).await;
    hook(&bo, &t.receiver.url("bo"), WebhookFormat::Json).await;
    t.receiver.does("ann", How::Hangs);
    for n in 0..3 {
        t.fails("anns", &format!("{n}")).await;
        record::create(&bo, failed_now("bos", &format!("{n}"))).await.expect("recorded");
    }
    notify::step(&t.world.app).await.expect("a step");
    until("bo is told of all while ann's hangs", async || {
        notify::step(&t.world.app).await.expect("a step");
        t.receiver.calls("bo").len() == 3
    })
    .await;
    notify::idle(&t.world.app).await;
    let anns = t.told().await;
    assert_eq!(of(&anns[0]), (DeliveryState::Waiting, 1, "the webhook gave no answer within 400ms".to_owned()));
    assert!(told(&bo).await.iter().all(|d| d.state == DeliveryState::Sent));
}

async fn what_is_refused_is_given_up_with_the_reason(backend: Backend) {
    let t = Telling::new(backend).await;
    for (how, why) in [
        (How::Answers(404), "the webhook answered 404 Not Found: not today, …"),
        (How::Answers(400), "the webhook answered 400 Bad Request: not today, …"),
        (How::Moved, "the webhook answered 302 Found; redirects are not followed"),
    ] {
        t.receiver.does("ann", how);
        t.fails("builder", "disk full").await;
        t.go().await;
        let told = t.told().await;
        assert_eq!(of(told.last().expect("one")), (DeliveryState::GivenUp, 1, why.to_owned()));
    }
    assert!(t.receiver.calls("elsewhere").is_empty());
}

async fn one_that_is_gone_is_switched_off(backend: Backend) {
    let t = Telling::new(backend).await;
    t.receiver.does("ann", How::Answers(410));
    t.fails("builder", "first").await;
    t.fails("builder", "second").await;
    t.go().await;
    let webhook = notify::get(&t.world.admin).await.expect("settings").webhook.expect("a webhook");
    assert_eq!(webhook.standing, WebhookStanding::Off);
    assert!(webhook.note.as_deref().is_some_and(|n| n.contains("the webhook answered 410 Gone")), "{webhook:?}");
    t.go().await;
    let told = t.told().await;
    assert_eq!(told[1].error.as_deref(), Some("the webhook is switched off, or was taken away"));
    assert_eq!(t.receiver.calls("ann").len(), 1);
    t.fails("builder", "third").await;
    assert_eq!(t.told().await.len(), 2, "nothing more is written for it");
    // Who says so switches it on again, with the same secret.
    t.receiver.does("ann", How::Takes);
    let settings = notify::get(&t.world.admin).await.expect("settings");
    let again = runboard::domain::NewNotifySettings {
        waiting: settings.waiting,
        failed: settings.failed,
        budget: settings.budget,
        webhook: Some(Some(runboard::domain::NewWebhook::default())),
    };
    let saved = notify::save(&t.world.admin, again).await.expect("saved");
    assert_eq!(saved.secret, None);
    t.fails("builder", "fourth").await;
    t.go().await;
    assert!(t.receiver.calls("ann").last().expect("a call").is_signed_with(&t.secret));
}

async fn one_that_is_busy_is_left_alone_as_long_as_it_asks(backend: Backend) {
    let t = Telling::new(backend).await;
    t.receiver.does("ann", How::Busy(300));
    t.fails("builder", "disk full").await;
    t.go().await;
    t.receiver.does("ann", How::Takes);
    t.world.pass_ms(299_999);
    t.go().await;
    assert_eq!(t.receiver.calls("ann").len(), 1);
    t.world.pass_ms(1);
    t.go().await;
    assert_eq!(t.receiver.calls("ann").len(), 2);
    // Longer than a day: that is a no.
    t.receiver.does("ann", How::Busy(90_000));
    t.fails("builder", "disk full").await;
    t.go().await;
    let told = t.told().await;
    assert_eq!(of(&told[1]).0, DeliveryState::GivenUp);
    assert!(told[1].error.as_deref().is_some_and(|e| e.starts_with("given up after a day: ")), "{told:?}");
}

async fn nobody_is_told_of_what_they_may_not_see(backend: Backend) {
    let t = Telling::new(backend).await;
    let (bo, _) = t.world.person("bo@example.com", Role::Admin, Scope::Admin).await;
    hook(&bo, &t.receiver.url("bo"), WebhookFormat::Json).await;
    record::create(&bo, failed_now("bos", "disk full")).await.expect("recorded");
    record::create(&bo, failed_now("bos", "disk still full")).await.expect("recorded");
    assert_eq!(told(&bo).await.len(), 2);
    t.world.sql("update users set role = 'user' where email = 'bo@example.com'").await;
    t.world.sql("update agents set owner_key = (select key from users where email = 'admin@example.com')").await;
    t.world.pass_ms(2_500);
    send_all(&t.world.app).await;
    send_all(&t.world.app).await;
    assert!(t.receiver.calls("bo").is_empty());
    for d in told(&bo.refreshed().await.expect("looked up").expect("bo")).await {
        let why = "the agent is no longer this person's to see".to_owned();
        assert_eq!(of(&d), (DeliveryState::GivenUp, 1, why));
    }
}

async fn slack_gets_a_message_it_can_show(backend: Backend) {
    let t = Telling::new(backend).await;
    hook(&t.world.admin, &t.receiver.url("ann"), WebhookFormat::Slack).await;
    let run = t.fails("builder", "<!channel> & <b>").await;
    t.go().await;
    let body = t.receiver.calls("ann")[0].json();
    assert_eq!(body["text"], "builder failed");
    let texts: Vec<_> = (0..3).map(|n| body["blocks"][n]["text"]["text"].as_str().expect("text").to_owned()).collect();
    assert_eq!(texts[1], "&lt;!channel&gt; &amp; &lt;b&gt;\n\nIt was asked: work");
    assert_eq!(texts[2], format!("<https://board.example/executions/{}|Open in Runboard>", run.id));
}
