//! The real server, killed at random while it does 200 runs of a flow; and two servers on one PostgreSQL.

use super::crash::follow;
use super::flow::prompt;
use super::{Works, another};
use crate::process::{SERVE, Server, command, integrity, prepare, started};
use crate::support::{Backend, database};
use rand::{RngExt as _, SeedableRng as _};
use runboard::domain::{PartStatus, Status};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

const RUNS: usize = 200;
const KILLS: usize = 3;
const STEPS: [&str; 3] = ["one", "two", "three"];

/// Runs that had an answer: `RUN STEP`, one line each time a step is done.
fn done(folder: &Path) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for line in std::fs::read_to_string(folder.join("done")).unwrap_or_default().lines() {
        *times.entry(line.to_owned()).or_insert(0) += 1;
    }
    times
}

/// Answers with the last word it reads, and writes down that it did.
fn script(folder: &Path) -> String {
    let done = folder.join("done");
    format!("word=$(cat | tail -n 1); echo \"$RUNBOARD_EXECUTION_ID $word\" >> '{}'; echo $word", done.display())
}

fn steps() -> Value {
    STEPS.iter().map(|word| prompt(word, word)).collect()
}

fn serve(database: &str) -> (Server, String) {
    started(command(database).args(SERVE).arg("--allow-commands"))
}

struct Api {
    client: reqwest::Client,
    token: String,
}

impl Api {
    /// On a new database.
    fn of(database: &str) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        prepare(database);
        let admin = ["token", "create", "--user", "ann@example.com", "--scope", "admin"];
        let token = crate::process::output(command(database).args(admin));
        Self { client: reqwest::Client::new(), token }
    }

    /// An agent with a flow; where its runs are started.
    async fn flow(&self, url: &str, folder: &Path) -> String {
        let config = json!({"argv": ["sh", "-c", script(folder)]});
        let agent = json!({"name": "a", "kind": "command", "max_concurrency": 8, "config": config});
        self.post(&format!("{url}/api/agents"), &agent).await;
        let flow = json!({"name": "f", "agent_name": "a", "steps": steps()});
        let flow = self.post(&format!("{url}/api/task_flows"), &flow).await;
        format!("/api/task_flows/{}/run", flow["id"].as_str().expect("an id"))
    }

    async fn start(&self, url: &str, run: &str) -> String {
        let made = self.post(&format!("{url}{run}"), &json!({})).await;
        made["execution_id"].as_str().expect("an id").to_owned()
    }

    async fn post(&self, url: &str, body: &Value) -> Value {
        let answer = self.client.post(url).bearer_auth(&self.token).json(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.text().await.expect("a text"));
        answer.json().await.expect("JSON")
    }

    async fn get(&self, url: &str) -> Value {
        let answer = self.client.get(url).bearer_auth(&self.token).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_runs_of_a_flow_survive_kills() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/crash.db", folder.path().display());
    let api = Api::of(&database);
    let (mut server, mut url) = serve(&database);
    // A step counts when its answer is out: whether it is known to have been done is up to the server.
    let run = api.flow(&url, folder.path()).await;
    let mut ids = Vec::new();
    for _ in 0..RUNS {
        ids.push(api.start(&url, &run).await);
    }
    let mut moments = rand::rngs::StdRng::seed_from_u64(11);
    // Driven by progress: a kill comes when one of the runs has ended.
    for kill in 1..=KILLS {
        let run = RUNS * kill / (KILLS + 1) + moments.random_range(0..20);
        follow(&url, &api.token, &ids[run], "event: end").await;
        server.0.kill().expect("killed");
        server.0.wait().expect("gone");
        (server, url) = serve(&database);
    }
    for id in &ids {
        let told = follow(&url, &api.token, id, "event: end").await;
        assert!(told.contains("event: end"), "{id}: {told}");
    }
    let times = done(folder.path());
    let mut twice = 0;
    for id in &ids {
        let run = api.get(&format!("{url}/api/executions/{id}")).await;
        assert_eq!((&run["status"], &run["steps_done"]), (&json!("success"), &json!(3)), "{run}");
        let steps = api.get(&format!("{url}/api/executions/{id}/steps")).await;
        let outputs: Vec<&str> = steps["steps"]
            .as_array()
            .expect("steps")
            .iter()
            .map(|s| s["output"].as_str().expect("an output").trim())
            .collect();
        assert_eq!(outputs, STEPS, "{id}");
        for word in STEPS {
            let n = times.get(&format!("{id} {word}")).copied().unwrap_or(0);
            assert!(n >= 1, "{id}: {word} has an answer that nobody gave");
            twice += n - 1;
        }
    }
    // Only a step whose answer was lost with the server is done anew: at most those it was at, at each kill.
    assert!(twice <= KILLS * 8, "{twice} steps were done twice");
    assert!(server.terminate().success());
    integrity(&folder.path().join("crash.db")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_postgres_do_each_step_once() {
    let works = Works::new(Backend::Postgres).await;
    let (_, second) = another(&works).await;
    let folder = tempfile::tempdir().expect("a folder");
    works.script("a", &script(folder.path()), json!({"max_concurrency": 6})).await;
    let flow = works.flow("a", steps()).await;
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(works.start_flow(&flow, None).await);
    }
    let deadline = Instant::now() + Duration::from_mins(2);
    while done(folder.path()).len() < ids.len() * STEPS.len() {
        assert!(Instant::now() < deadline, "some runs do not end");
        let (a, b) = tokio::join!(works.engine.step(), second.step());
        a.and(b).expect("a step");
    }
    works.until_idle().await;
    second.idle().await;
    for id in &ids {
        assert_eq!(works.status(id).await, Status::Success);
        assert!(works.steps(id).await.iter().all(|s| s.1 == PartStatus::Success));
    }
    assert!(done(folder.path()).values().all(|times| *times == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_postgres_do_each_step_once() {
    let database = database(Backend::Postgres).await;
    let folder = tempfile::tempdir().expect("a folder");
    let api = Api::of(&database.url);
    let servers = [serve(&database.url), serve(&database.url)];
    let run = api.flow(&servers[0].1, folder.path()).await;
    let mut ids = Vec::new();
    for n in 0..60 {
        ids.push(api.start(&servers[n % 2].1, &run).await);
    }
    for (n, id) in ids.iter().enumerate() {
        // Each is followed at the server that was not asked to start it.
        let url = &servers[(n + 1) % 2].1;
        follow(url, &api.token, id, "event: end").await;
        let run = api.get(&format!("{url}/api/executions/{id}")).await;
        assert_eq!((&run["status"], &run["steps_done"]), (&json!("success"), &json!(3)), "{run}");
    }
    let times = done(folder.path());
    assert_eq!((times.len(), times.values().max()), (ids.len() * STEPS.len(), Some(&1)));
}
