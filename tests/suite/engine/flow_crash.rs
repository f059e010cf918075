//! The real server, killed at random while it does 200 runs of a flow; and two servers on one PostgreSQL.

use super::crash::follow;
use super::flow::prompt;
use super::{Works, another};
use crate::process::{SERVE, command, integrity, prepare, started};
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

struct Api {
    client: reqwest::Client,
    token: String,
}

impl Api {
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
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/crash.db", folder.path().display());
    prepare(&database);
    let admin = ["token", "create", "--user", "ann@example.com", "--scope", "admin"];
    let token = crate::process::output(command(&database).args(admin));
    let api = Api { client: reqwest::Client::new(), token };
    let serve = || started(command(&database).args(SERVE).arg("--allow-commands"));
    let (mut server, mut url) = serve();
    // A step counts when its answer is out: whether it is known to have been done is up to the server.
    let script = format!(
        "word=$(cat | tail -n 1); echo \"$RUNBOARD_EXECUTION_ID $word\" >> '{}'/done; echo $word",
        folder.path().display()
    );
    let agent = json!({"name": "a", "kind": "command", "max_concurrency": 8, "config": {"argv": ["sh", "-c", script]}});
    api.post(&format!("{url}/api/agents"), &agent).await;
    let steps: Vec<Value> = STEPS.iter().map(|word| prompt(word, word)).collect();
    let flow =
        api.post(&format!("{url}/api/task_flows"), &json!({"name": "f", "agent_name": "a", "steps": steps})).await;
    let run = format!("/api/task_flows/{}/run", flow["id"].as_str().expect("an id"));
    let mut ids = Vec::new();
    for _ in 0..RUNS {
        let made = api.post(&format!("{url}{run}"), &json!({})).await;
        ids.push(made["execution_id"].as_str().expect("an id").to_owned());
    }
    let mut moments = rand::rngs::StdRng::seed_from_u64(11);
    // Driven by progress: a kill comes when one of the runs has ended.
    for kill in 1..=KILLS {
        let run = RUNS * kill / (KILLS + 1) + moments.random_range(0..20);
        follow(&url, &api.token, &ids[run], "event: end").await;
        server.0.kill().expect("killed");
        server.0.wait().expect("gone");
        (server, url) = serve();
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
    let script = format!(
        "word=$(cat | tail -n 1); echo \"$RUNBOARD_EXECUTION_ID $word\" >> '{}'/done; echo $word",
        folder.path().display()
    );
    works.script("a", &script, json!({"max_concurrency": 6})).await;
    let steps: Vec<Value> = STEPS.iter().map(|word| prompt(word, word)).collect();
    let flow = works.flow("a", json!(steps)).await;
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
    rustls::crypto::ring::default_provider().install_default().ok();
    let database = database(Backend::Postgres).await;
    let folder = tempfile::tempdir().expect("a folder");
    prepare(&database.url);
    let admin = ["token", "create", "--user", "ann@example.com", "--scope", "admin"];
    let token = crate::process::output(command(&database.url).args(admin));
    let api = Api { client: reqwest::Client::new(), token };
    let serve = || started(command(&database.url).args(SERVE).arg("--allow-commands"));
    let servers = [serve(), serve()];
    let script = format!(
        "word=$(cat | tail -n 1); echo \"$RUNBOARD_EXECUTION_ID $word\" >> '{}'/done; echo $word",
        folder.path().display()
    );
    let agent = json!({"name": "a", "kind": "command", "max_concurrency": 8, "config": {"argv": ["sh", "-c", script]}});
    api.post(&format!("{}/api/agents", servers[0].1), &agent).await;
    let steps: Vec<Value> = STEPS.iter().map(|word| prompt(word, word)).collect();
    let flow = json!({"name": "f", "agent_name": "a", "steps": steps});
    let flow = api.post(&format!("{}/api/task_flows", servers[0].1), &flow).await;
    let run = format!("/api/task_flows/{}/run", flow["id"].as_str().expect("an id"));
    let mut ids = Vec::new();
    for n in 0..60 {
        let made = api.post(&format!("{}{run}", servers[n % 2].1), &json!({})).await;
        ids.push(made["execution_id"].as_str().expect("an id").to_owned());
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
