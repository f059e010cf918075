//! Server. The filtered set as a file.

use super::executions::ListFilters;
use super::extract::{Auth, Pairs};
use super::problem::{ApiError, Problem};
use crate::app::export::{self, Format};
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

/// Every execution the filters match, however many, as a file: NDJSON (a summary a line) or CSV.
///
/// Which runs it holds is settled at its start (`X-Total-Count` says how many); each is shown as it is when its turn
/// comes. A failure midway, or a minute in which nothing is read, breaks the connection off, so that a file that ends properly is whole. In CSV, text that
/// a spreadsheet would take for a formula (it begins with `=`, `+`, `-` or `@`, also in full width or after blanks, or with
/// a tab or a carriage return) gets a `'` in front.
#[utoipa::path(get, path = "/api/executions/export", tag = "executions",
    params(("format" = Option<String>, Query, description = "`ndjson` (default) or `csv`"),
        ("sort" = Option<String>, Query, description = "as in lists; default `-started_at`"), ListFilters),
    responses((status = 200, content_type = "application/x-ndjson", headers(("X-Total-Count" = i64, description = "Runs in the file"))),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem, description = "Too many exports are under way")))]
pub async fn export_executions(Auth(caller): Auth, mut pairs: Pairs) -> Result<Response, ApiError> {
    let format = pairs.take::<String>("format", "text")?.map(|s| s.parse::<Format>()).transpose()?.unwrap_or_default();
    let sort = pairs.take::<String>("sort", "text")?.map(|s| s.parse()).transpose()?.unwrap_or_default();
    let filter = pairs.filter()?;
    let export = export::start(&caller, &filter, sort, format).await?;
    let date: String = caller.now().to_string().chars().take(10).collect();
    let name = format!("attachment; filename=\"runboard-executions-{date}.{}\"", format.ending());
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::HeaderName::from_static("x-total-count"), export.total().to_string()),
    ];
    Ok((headers, Body::from_stream(export.pieces())).into_response())
}
