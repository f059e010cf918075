//! Runs that Runboard does itself, each test on SQLite and on PostgreSQL, with real commands and a clock that only moves
//! when told.

mod budget;
mod command;
mod crash;
mod endpoint;
mod flow;
mod flow_crash;
mod flow_pause;
mod limits;
mod lost;
mod openai;
mod retry;
mod schedule;
mod start;
mod stop;
mod unwritten;
mod webhook;

pub use crash::follow;
pub use flow::prompt;

use crate::support::{Backend, World};
use runboard::app::{App, Config, agents, control, executions, flows, parts};
use runboard::domain::{ExecutionDetail, LogLine, NewFlowRun, NewRun, PartStatus, Status};
use runboard::engine::Engine;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// A server with an engine that works when told to.
pub struct Works {
    pub world: World,
    pub engine: Engine,
}

impl Works {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    pub async fn with(backend: Backend, change: fn(&mut Config)) -> Self {
        let mut config = Config {
            requests_per_second: 0,
            allow_commands: true,
            kill_after_ms: 300,
            drain_ms: 100,
            ..Config::default()
        };
        change(&mut config);
        let world = World::with(backend, config).await;
        let engine = Engine::new(world.app.clone());
        Self { world, engine }
    }

    /// An agent that is a shell script; `more` are its limits.
    pub async fn script(&self, name: &str, script: &str, more: Value) {
        self.agent(json!({"name": name, "kind": "command", "config": {"argv": ["sh", "-c", script]}}), more).await;
    }

    pub async fn agent(&self, mut agent: Value, more: Value) {
        for (field, value) in more.as_object().expect("limits") {
            agent[field] = value.clone();
        }
        let new = serde_json::from_value(agent).expect("an agent");
        agents::create(&self.world.admin, new).await.expect("made");
    }

    pub async fn start(&self, agent: &str, message: &str) -> String {
        let run = NewRun { message: message.to_owned(), ..NewRun::default() };
        control::start(&self.world.admin, agent, run).await.expect("started").to_string()
    }

    /// A flow of an agent; its id.
    pub async fn flow(&self, agent: &str, steps: Value) -> String {
        let new = json!({"name": format!("{agent}'s flow"), "agent_name": agent, "steps": steps});
        let flow = flows::create(&self.world.admin, serde_json::from_value(new).expect("a flow")).await;
        flow.expect("made").id
    }

    pub async fn start_flow(&self, flow: &str, message: Option<&str>) -> String {
        let run = NewFlowRun { message: message.map(str::to_owned), ..NewFlowRun::default() };
        control::start_flow(&self.world.admin, flow, run).await.expect("started").to_string()
    }

    /// (title, status, input, output) of each step.
    pub async fn steps(&self, id: &str) -> Vec<(String, PartStatus, String, String)> {
        let steps = parts::steps(&self.world.admin, id, None, None).await.expect("steps").0;
        let text = |t: Option<String>| t.unwrap_or_else(|| "-".to_owned());
        steps.into_iter().map(|s| (s.title, s.status, text(s.input), text(s.output))).collect()
    }

    pub async fn run(&self, id: &str) -> ExecutionDetail {
        executions::get(&self.world.admin, id).await.expect("found")
    }

    pub async fn status(&self, id: &str) -> Status {
        self.run(id).await.summary.status
    }

    pub async fn log(&self, id: &str) -> Vec<LogLine> {
        parts::log(&self.world.admin, id, 0, None).await.expect("a log")
    }

    pub async fn step(&self) {
        self.engine.step().await.expect("a step");
    }

    /// Lets the engine go on until it is at no run and takes none.
    pub async fn until_idle(&self) {
        self.step().await;
        self.engine.idle().await;
        self.step().await;
        self.engine.idle().await;
    }

    /// Waits for a line of a run's log.
    pub async fn until_logged(&self, id: &str, text: &str) {
        until(&format!("a line {text}"), async || self.log(id).await.iter().any(|line| line.text == text)).await;
    }
}

/// Asks again and again, until it is so.
pub async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !so().await {
        assert!(Instant::now() < deadline, "still not: {what}");
        tokio::task::yield_now().await;
    }
}

/// Time passes, and a server looks on.
pub async fn looks_on(works: &Works, other: &Engine, seconds: i64) {
    for _ in 0..seconds {
        works.world.pass_ms(1_000);
        other.step().await.expect("a step");
    }
}

/// A second server on the same database.
pub async fn another(works: &Works) -> (App, Engine) {
    let app = works.world.another_server().await;
    (app.clone(), Engine::new(app))
}
