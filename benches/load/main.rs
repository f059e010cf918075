//! `make bench`: the release binary under load, against the targets of the project. Prints a Markdown table;
//! a full run also keeps it in benches/results/. RUNS=20000 for a quick look.

mod browser;
mod data;
mod engine;
mod live;
mod page;
mod reads;
mod report;
mod server;
mod spans;
mod wire;
mod writes;

use report::Report;
use server::Server;

const FULL: usize = 1_000_000;

fn main() {
    // `cargo test --benches` builds and starts this too, without `--bench`.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let runs = std::env::var("RUNS").map_or(FULL, |n| n.parse().expect("RUNS is a number"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(runs));
}

async fn measure(runs: usize) {
    let mut report = Report::new(runs);
    // ONLY=engine: the runs Runboard does itself; ONLY=spans: those told of in spans; ONLY=storm: a browser among changes; and nothing else.
    match std::env::var("ONLY").as_deref() {
        Ok("engine") => {
            engine::all(&mut report).await;
            return report.finish(false);
        }
        Ok("spans") => {
            spans::all(&mut report).await;
            return report.finish(false);
        }
        Ok("storm") => {
            let mut server = Server::new();
            server.start().await;
            writes::batches(&server, runs, &mut report).await;
            live::storm(&server, runs.min(100_000), &mut report).await;
            server.stop();
            return report.finish(false);
        }
        _ => {}
    }
    report.disk();
    writes::bare(&mut report).await;
    let mut server = Server::new();
    server.start().await;
    writes::batches(&server, runs, &mut report).await;
    let more = writes::one_by_one(&server, runs, &mut report).await;
    server.stop();
    report.size(&server, runs + more);

    let started = server.start().await;
    report.row("server start to first answer", format!("{} ms", started.as_millis()), "≤ 500 ms", None);
    report.row("idle memory after the start", format!("{} MiB", server.memory_mib()), "≤ 60 MiB", None);
    reads::all(&server, &mut report).await;
    live::latency(&server, &mut report).await;
    browser::scrolling(&server, &mut report).await;
    live::storm(&server, runs.min(100_000), &mut report).await;
    page::bytes(&server, &mut report).await;
    report.row("memory after all of it", format!("{} MiB", server.memory_mib()), "", None);
    server.stop();
    engine::all(&mut report).await;
    spans::all(&mut report).await;
    report.finish(runs == FULL);
}
