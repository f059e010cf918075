//! Being told: by webhooks and mail that really arrive, with a clock that only moves when told.

mod budgets;
mod floods;
mod hooks;
mod mails;
mod receiver;
mod servers;
mod settings;
mod smtp;
mod waiting;

use crate::support::{Backend, World, run_of};
use receiver::Receiver;
use runboard::app::notify::{self, MailConfig};
use runboard::app::{App, Caller, Config};
use runboard::auth::seal::Seal;
use runboard::domain::{
    Delivery, DeliveryState, ExecutionSummary, NewExecution, NewNotifySettings, NewWebhook, Status, Told, WebhookFormat,
};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SITE: &str = "https://board.example";
const BOTH: Told = Told { mail: true, webhook: true };

/// As an operator sets it who wants people to be told.
fn config() -> Config {
    Config {
        requests_per_second: 0,
        public_url: Some(SITE.to_owned()),
        seal: Seal::given(KEY).expect("a key"),
        notify_timeout_ms: 2_000,
        ..Config::default()
    }
}

/// A server that tells people, and a webhook of the admin's.
struct Telling {
    world: World,
    receiver: Receiver,
    /// What the messages to the admin's webhook are signed with.
    secret: String,
}

impl Telling {
    async fn new(backend: Backend) -> Self {
        Self::with(backend, config()).await
    }

    async fn with(backend: Backend, config: Config) -> Self {
        let world = World::with(backend, config).await;
        notify::open(&world.app).await.expect("opened");
        let receiver = Receiver::start().await;
        let secret = hook(&world.admin, &receiver.url("ann"), WebhookFormat::Json).await;
        Self { world, receiver, secret }
    }

    /// One that sends mail, too, by this mail server.
    async fn by_mail(backend: Backend, smtp_url: &str) -> Self {
        let mail =
            MailConfig::parse(smtp_url, Some("Runboard <board@example.com>"), Some(SITE)).expect("a mail server");
        Self::with(backend, Config { mail: Some(mail), ..config() }).await
    }

    /// A run of an agent of the admin's fails now.
    async fn fails(&self, agent: &str, error: &str) -> ExecutionSummary {
        self.world.record(failed_now(agent, error)).await
    }

    /// Sends what is due, to the end of it.
    async fn go(&self) {
        send_all(&self.world.app).await;
    }

    /// What the admin was told, oldest first.
    async fn told(&self) -> Vec<Delivery> {
        told(&self.world.admin).await
    }
}

fn failed_now(agent: &str, error: &str) -> NewExecution {
    NewExecution { status: Some(Status::Failed), error: Some(error.to_owned()), ..run_of(agent, "work") }
}

async fn send_all(app: &App) {
    notify::step(app).await.expect("a step");
    notify::idle(app).await;
}

async fn told(caller: &Caller) -> Vec<Delivery> {
    let mut all = notify::list(caller, None, Some(200)).await.expect("a log").deliveries;
    all.reverse();
    all
}

/// Sets a webhook, for all kinds, beside mail; answers its secret.
async fn hook(who: &Caller, url: &str, format: WebhookFormat) -> String {
    let webhook = Some(Some(NewWebhook { url: Some(url.to_owned()), format }));
    let new = NewNotifySettings { waiting: BOTH, failed: BOTH, budget: BOTH, webhook };
    notify::save(who, new).await.expect("saved").secret.expect("a secret")
}

/// (state, attempts, error) of one message.
fn of(d: &Delivery) -> (DeliveryState, i64, String) {
    (d.state, d.attempts, d.error.clone().unwrap_or_default())
}
