//! Server. From options to a listening server, and to a clean end.

use super::metrics::Metrics;
use super::router::router;
use crate::app::config::{Clock, system_clock};
use crate::app::{App, Config, bulk, housekeeping, notify};
use crate::domain::{Error, Result};
use crate::engine::Engine;
use crate::live::Hub;
use crate::store::Store;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How long requests in flight may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);
const TIDY: Duration = Duration::from_mins(1);

pub struct ServeOptions {
    pub listen: String,
    pub database_url: String,
    /// Serve the site from this folder instead of the one inside the binary.
    pub site_root: Option<PathBuf>,
    pub config: Config,
}

/// Logs to stderr; `RUST_LOG` says how much.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,runboard=info"));
    // Already started: a test did.
    drop(tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init());
}

/// The application on its database.
pub async fn open_app(database_url: &str, config: Config, clock: Clock) -> Result<App> {
    Ok(App::new(Store::open(database_url).await?, config, clock))
}

/// Serves until SIGTERM or SIGINT, then lets requests in flight finish.
pub async fn serve(options: ServeOptions) -> Result<()> {
    let app = open_app(&options.database_url, options.config, system_clock()).await?;
    let hub = Hub::start(app.clone());
    let listener = TcpListener::bind(&options.listen)
        .await
        .map_err(|e| Error::invalid("listen", format!("{} can't be listened on: {e}", options.listen)))?;
    let address = listener.local_addr().map_err(|e| Error::Unavailable(e.to_string()))?;
    println!("Runboard listens on http://{address}");
    if let Some(code) = app.setup_code().await? {
        println!("First start: make the admin at http://{address}/setup?code={code}");
    }
    let tidy = tokio::spawn(tidy(app.clone()));
    let bulk = tokio::spawn(bulk::work(app.clone()));
    notify::open(&app).await?;
    let messages = tokio::spawn(notify::work(app.clone()));
    let engine = Engine::new(app.clone());
    let runs = tokio::spawn(engine.clone().work());
    let router = router(app.clone(), hub.clone(), Metrics::new(hub.clone()), options.site_root);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (queue, telling) = (engine.clone(), app.clone());
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        asked_to_stop().await;
        tracing::info!("stopping");
        // Sockets and streams have no end of their own.
        hub.close();
        // What is begun now would be ended in the middle.
        queue.close();
        notify::close(&telling);
        // Nobody waits only when the server has ended already.
        stop.send(()).ok();
    });
    let server = std::future::IntoFuture::into_future(server);
    tokio::select! {
        ended = server => ended.map_err(|e| Error::Unavailable(e.to_string()))?,
        () = async {
            // An error here means that the server has ended by itself.
            if stopped.await.is_ok() {
                tokio::time::sleep(DRAIN).await;
            } else {
                std::future::pending::<()>().await;
            }
        } => tracing::warn!("requests were still in flight after {} s", DRAIN.as_secs()),
    }
    tidy.abort();
    bulk.abort();
    // Also when the server has ended by itself.
    engine.close();
    // What it has just taken, it begins, so that it can be ended well.
    if tokio::time::timeout(DRAIN, runs).await.is_err() {
        tracing::warn!("the engine did not end within {} s", DRAIN.as_secs());
    }
    engine.drain().await;
    notify::close(&app);
    // What is not sent by then is sent by the next server to look.
    let sent = async {
        drop(messages.await);
        notify::idle(&app).await;
    };
    if tokio::time::timeout(DRAIN, sent).await.is_err() {
        tracing::warn!("a message was still being sent; it may be sent once more");
    }
    bulk::leave(&app).await;
    app.store.clone().close().await;
    Ok(())
}

async fn tidy(app: App) {
    let mut every = tokio::time::interval(TIDY);
    loop {
        every.tick().await;
        if let Err(e) = housekeeping::tidy(&app).await {
            tracing::warn!(error = %e, "housekeeping will be tried again");
        }
    }
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut term), Ok(mut int)) => {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}
