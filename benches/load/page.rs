//! What a browser with an empty cache loads for `/executions`.

use crate::browser::session;
use crate::report::Report;
use crate::server::Server;
use std::collections::BTreeSet;
use std::time::Instant;

pub async fn bytes(server: &Server, report: &mut Report) {
    let cookie = session(server).await;
    let mut plain = server.wire().await.with_headers(&format!("cookie: {cookie}\r\n"));
    let mut wire = server.wire().await.with_headers(&format!("cookie: {cookie}\r\naccept-encoding: br\r\n"));

    let html = plain.get("/executions").await;
    assert_eq!(html.status, 200);
    let html = String::from_utf8_lossy(&html.body).into_owned();
    let begun = Instant::now();
    let mut sum = wire.get("/executions").await.body.len();
    let took = begun.elapsed();
    report.row(
        "/executions, HTML with the first rows",
        format!("{} ms, {} KB", took.as_millis(), sum / 1_000),
        "≤ 400 ms",
        None,
    );
    for path in assets(&html) {
        let answer = wire.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        sum += answer.body.len();
        report.row(&path, format!("{} KB", answer.body.len() / 1_000), "", None);
    }
    report.row("/executions, cold, everything, brotli", format!("{} KB", sum / 1_000), "≤ 250 KB", None);
}

/// Scripts, styles, WASM and pictures the page names.
fn assets(html: &str) -> BTreeSet<String> {
    let kinds = [".css", ".js", ".wasm", ".svg", ".png", ".woff2", ".webmanifest"];
    html.split(['"', '\''])
        .filter(|text| text.starts_with('/') && !text.starts_with("//"))
        .filter(|text| kinds.iter().any(|kind| text.split('?').next().is_some_and(|path| path.ends_with(kind))))
        .map(str::to_owned)
        .collect()
}
