//! Server. The REST interface: extract → app → JSON. All routes are listed here.

mod agents;
mod approvals;
mod bulk;
mod executions;
mod export;
pub mod extract;
mod flows;
mod memories;
mod notify;
mod ops;
pub mod otlp;
mod people;
mod prices;
pub mod problem;
mod record;
mod schedules;
mod seen;
mod stream;
mod views;

use crate::live::Hub;
use crate::server::metrics::Metrics;
use axum::Router;
use axum::extract::FromRef;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

/// What handlers share beside the request's own context.
#[derive(Clone, FromRef)]
pub struct ApiState {
    pub hub: Hub,
    pub metrics: Metrics,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Runboard",
        description = "Shows and controls every run of every AI agent a team operates. Send `Authorization: Bearer TOKEN`. \
            Times are RFC 3339 UTC, money is USD as a decimal number, unknown is `null`. Every POST honours `Idempotency-Key`."
    ),
    components(schemas(problem::Problem))
)]
struct Document;

fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(executions::list_executions, record::create_execution))
        .routes(routes!(record::batch_executions))
        .routes(routes!(executions::execution_stats))
        .routes(routes!(executions::execution_facets))
        .routes(routes!(executions::execution_timeline))
        .routes(routes!(export::export_executions))
        .routes(routes!(seen::failure_groups))
        .routes(routes!(seen::get_mark, seen::put_mark))
        .routes(routes!(executions::active_executions))
        .routes(routes!(executions::recent_executions))
        .routes(routes!(executions::get_execution, record::patch_execution))
        .routes(routes!(executions::get_run))
        .routes(routes!(otlp::http::take_traces))
        .routes(routes!(otlp::http::take_logs))
        .routes(routes!(otlp::http::take_metrics))
        .routes(routes!(otlp::spans::list_spans))
        .routes(routes!(otlp::spans::get_span))
        .routes(routes!(prices::list_prices, prices::put_price, prices::delete_price))
        .routes(routes!(record::heartbeat))
        .routes(routes!(executions::list_steps, record::upsert_steps))
        .routes(routes!(executions::list_tool_calls, record::upsert_tool_calls))
        .routes(routes!(executions::read_log, record::append_log))
        .routes(routes!(executions::terminate_execution))
        .routes(routes!(executions::retry_execution))
        .routes(routes!(approvals::create_interaction))
        .routes(routes!(approvals::get_interaction, approvals::withdraw_interaction))
        .routes(routes!(approvals::answer_interaction))
        .routes(routes!(approvals::list_approvals))
        .routes(routes!(approvals::list_rules, approvals::create_rule))
        .routes(routes!(approvals::revoke_rule))
        .routes(routes!(approvals::respond_to_many))
        .routes(routes!(approvals::get_approval))
        .routes(routes!(approvals::respond))
        .routes(routes!(approvals::remove_approver))
        .routes(routes!(flows::pause_execution))
        .routes(routes!(flows::resume_execution))
        .routes(routes!(flows::list_flows, flows::create_flow))
        .routes(routes!(flows::get_flow, flows::patch_flow, flows::delete_flow))
        .routes(routes!(flows::run_flow))
        .routes(routes!(bulk::create_bulk))
        .routes(routes!(bulk::list_bulk))
        .routes(routes!(bulk::get_bulk))
        .routes(routes!(bulk::abort_bulk))
        .routes(routes!(stream::stream_execution))
        .routes(routes!(stream::open_socket))
        .routes(routes!(agents::list_agents, agents::create_agent))
        .routes(routes!(agents::agents_execution_stats))
        .routes(routes!(agents::get_agent, agents::patch_agent, agents::delete_agent))
        .routes(routes!(agents::list_agent_runs))
        .routes(routes!(agents::list_agent_executions))
        .routes(routes!(agents::get_agent_execution))
        .routes(routes!(agents::read_agent_execution_log))
        .routes(routes!(agents::stream_agent_execution))
        .routes(routes!(agents::terminate_agent_execution))
        .routes(routes!(agents::retry_agent_execution))
        .routes(routes!(agents::run_agent))
        .routes(routes!(schedules::get_schedule, schedules::put_schedule, schedules::delete_schedule))
        .routes(routes!(memories::list_memories))
        .routes(routes!(memories::put_memory, memories::delete_memory))
        .routes(routes!(agents::test_agent))
        .routes(routes!(agents::list_shares, agents::create_share))
        .routes(routes!(agents::delete_share))
        .routes(routes!(people::login))
        .routes(routes!(people::logout))
        .routes(routes!(people::me))
        .routes(routes!(people::list_tokens, people::create_token))
        .routes(routes!(people::delete_token))
        .routes(routes!(people::list_users, people::create_user))
        .routes(routes!(people::delete_user))
        .routes(routes!(notify::get_notifications, notify::put_notifications))
        .routes(routes!(notify::test_notification_webhook))
        .routes(routes!(notify::test_notification_mail))
        .routes(routes!(notify::renew_webhook_secret))
        .routes(routes!(notify::list_deliveries))
        .routes(routes!(views::list_views, views::create_view))
        .routes(routes!(views::patch_view, views::delete_view))
        .routes(routes!(ops::healthz))
        .routes(routes!(ops::readyz))
        .routes(routes!(ops::metrics))
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().split_for_parts().1
}

/// All routes, with the document and a page to browse it.
pub fn router(state: ApiState) -> Router {
    let (router, document) = routes().split_for_parts();
    let docs: Router = SwaggerUi::new("/api/docs").url("/api/openapi.json", document).into();
    router.with_state(state).merge(docs)
}
