//! Server. From options to a listening server, and to a clean end.

use super::grpc;
use super::metrics::Metrics;
use super::router::router;
use super::spans::Exporter;
use crate::app::config::{Clock, system_clock};
use crate::app::{App, Config, bulk, housekeeping, notify, otlp};
use crate::domain::{Error, Result};
use crate::engine::Engine;
use crate::live::Hub;
use crate::store::Store;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// How long requests in flight may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);
const TIDY: Duration = Duration::from_mins(1);

pub struct ServeOptions {
    pub listen: String,
    /// Where OTLP is taken over gRPC too.
    pub otlp_grpc_listen: Option<String>,
    pub database_url: String,
    /// Serve the site from this folder instead of the one inside the binary.
    pub site_root: Option<PathBuf>,
    pub config: Config,
}

/// Logs to stderr; `RUST_LOG` says how much. Traces go where the variables of OpenTelemetry say, until what this returns is
/// ended.
pub fn start_logging() -> Result<Exporter> {
    let exporter = Exporter::from_environment()?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,runboard=info"));
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(filter);
    let log = tracing_subscriber::registry().with(log);
    let started = match exporter.layer() {
        Some(spans) => log.with(spans).try_init(),
        // A layer that is none would have every line of every library looked at.
        None => log.try_init(),
    };
    // Already started: a test did.
    drop(started);
    exporter.announce();
    Ok(exporter)
}

/// The application on its database.
pub async fn open_app(database_url: &str, config: Config, clock: Clock) -> Result<App> {
    Ok(App::new(Store::open(database_url).await?, config, clock))
}

/// Serves until SIGTERM or SIGINT, then lets requests in flight finish.
pub async fn serve(options: ServeOptions) -> Result<()> {
    let app = open_app(&options.database_url, options.config, system_clock()).await?;
    let hub = Hub::start(app.clone());
    let (listener, address) = listen("listen", &options.listen).await?;
    let mut for_grpc = None;
    if let Some(address) = &options.otlp_grpc_listen {
        for_grpc = Some(listen("otlp-grpc-listen", address).await?);
    }
    println!("Runboard listens on http://{address}");
    if let Some((_, address)) = &for_grpc {
        println!("OTLP over gRPC is taken on http://{address}");
    }
    if let Some(code) = app.setup_code().await? {
        println!("First start: make the admin at http://{address}/setup?code={code}");
    }
    let tidy = tokio::spawn(tidy(app.clone()));
    let bulk = tokio::spawn(bulk::work(app.clone()));
    notify::open(&app).await?;
    let messages = tokio::spawn(notify::work(app.clone()));
    let spans = tokio::spawn(otlp::work(app.clone()));
    let engine = Engine::new(app.clone());
    let runs = tokio::spawn(engine.clone().work());
    let router = router(app.clone(), hub.clone(), Metrics::new(hub.clone()), options.site_root);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (stop_grpc, grpc_stopped) = tokio::sync::oneshot::channel::<()>();
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
        stop_grpc.send(()).ok();
        stop.send(()).ok();
    });
    let pages = async { server.await.map_err(|e| Error::Unavailable(e.to_string())) };
    let spans_in = async {
        let Some((listener, _)) = for_grpc else { return Ok(()) };
        // An error of `grpc_stopped` means that the other server is gone.
        grpc::serve(listener, app.clone(), async { drop(grpc_stopped.await) }).await
    };
    tokio::select! {
        ended = async { tokio::try_join!(pages, spans_in) } => {
            ended?;
        }
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
    spans.abort();
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

async fn listen(flag: &str, address: &str) -> Result<(TcpListener, SocketAddr)> {
    let refused = |e| Error::invalid(flag, format!("{address} can't be listened on: {e}"));
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(|e| Error::Unavailable(e.to_string()))?;
    Ok((listener, address))
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
