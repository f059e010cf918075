//! The real server, killed while people decide: what was answered stands, and its run goes on or has failed.

use crate::engine::follow;
use crate::process::{SERVE, Server, command, integrity, output, prepare, started};
use futures::future::join_all;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

const RUNS: usize = 120;
const KILLS: usize = 3;

struct Api {
    client: reqwest::Client,
    token: String,
}

impl Api {
    async fn post(&self, url: &str, body: &Value) -> Option<Value> {
        let answer = self.client.post(url).bearer_auth(&self.token).json(body).send().await.ok()?;
        let status = answer.status();
        let body: Value = answer.json().await.ok()?;
        (status.is_success() || status.as_u16() == 409).then(|| json!({"status": status.as_u16(), "body": body}))
    }

    async fn made(&self, url: &str, body: &Value) -> Value {
        let made = self.post(url, body).await.expect("an answer");
        assert!(made["status"].as_u64().is_some_and(|s| s < 300), "{made}");
        made["body"].clone()
    }

    async fn get(&self, url: &str) -> Value {
        let answer = self.client.get(url).bearer_auth(&self.token).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// A run, once its stream says that it has ended, or that it waits for a person.
    async fn settled(&self, url: &str, id: &str, waiting: bool) -> Value {
        let wanted = if waiting { r#""status":"waiting""# } else { "event: end" };
        follow(url, &self.token, id, wanted).await;
        self.get(&format!("{url}/api/executions/{id}")).await
    }
}

fn serve(database: &str) -> (Server, String) {
    started(command(database).args(SERVE).arg("--allow-commands"))
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_survive_kills() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}/killed.db", folder.path().display());
    prepare(&database);
    let token = output(command(&database).args(["token", "create", "--user", "ann@example.com", "--scope", "admin"]));
    let api = Api { client: reqwest::Client::new(), token };
    let (mut server, mut url) = serve(&database);
    let agent = json!({"name": "a", "kind": "command", "max_concurrency": 8, "config": {"argv": ["cat"]}});
    api.made(&format!("{url}/api/agents"), &agent).await;
    let gate =
        json!({"kind": "approval", "title": "Go on?", "approvers": ["ann@example.com"], "allow_requester": true});
    let after = json!({"kind": "prompt", "title": "After", "prompt": "after"});
    let flow = json!({"name": "f", "agent_name": "a", "steps": [gate, after]});
    let flow = api.made(&format!("{url}/api/task_flows"), &flow).await;
    let start = format!("/api/task_flows/{}/run", flow["id"].as_str().expect("an id"));
    let mut asked: BTreeMap<String, String> = BTreeMap::new();
    for _ in 0..RUNS {
        let run = api.made(&format!("{url}{start}"), &json!({})).await;
        let run = run["execution_id"].as_str().expect("an id").to_owned();
        let waits = api.settled(&url, &run, true).await;
        asked.insert(run, waits["interactions"][0]["id"].as_str().expect("it asks").to_owned());
    }
    // Answers that were given: decision by run.
    let mut answered: BTreeMap<String, &str> = BTreeMap::new();
    let mut moments = rand::rngs::StdRng::seed_from_u64(23);
    let runs: Vec<String> = asked.keys().cloned().collect();
    for (kill, part) in runs.chunks(RUNS / (KILLS + 1)).enumerate() {
        let (heard, mut answers) = mpsc::unbounded_channel();
        let decide = |run: &String| {
            let decision = if run.as_bytes()[run.len() - 1].is_multiple_of(2) { "approve" } else { "reject" };
            let (url, id, run) = (format!("{url}/api/approvals/{}/respond", asked[run]), decision, run.clone());
            let (api, heard) = (&api, heard.clone());
            async move {
                let answer = api.post(&url, &json!({"decision": id})).await;
                // Nobody listens after the kill.
                heard.send(()).ok();
                (run, decision, answer)
            }
        };
        let decisions = join_all(part.iter().map(decide));
        if kill < KILLS {
            // In the middle of them: some have been answered, some have not.
            let after = moments.random_range(1..10);
            let (results, ()) = tokio::join!(decisions, async {
                for _ in 0..after {
                    answers.recv().await;
                }
                server.0.kill().expect("killed");
            });
            answered.extend(results.into_iter().filter_map(|(run, said, answer)| answer.map(|_| (run, said))));
            server.0.wait().expect("gone");
            (server, url) = serve(&database);
        } else {
            answered.extend(decisions.await.into_iter().filter_map(|(run, said, answer)| answer.map(|_| (run, said))));
        }
    }
    let mut open = 0;
    for (run, id) in &asked {
        let now = api.settled(&url, run, true).await;
        let approval = api.get(&format!("{url}/api/approvals/{id}")).await;
        let expected = match approval["status"].as_str().expect("a status") {
            "pending" => "waiting",
            "approved" => "success",
            "rejected" => "failed",
            other => panic!("{other}"),
        };
        assert_eq!(now["status"], expected, "{now} {approval}");
        match answered.get(run) {
            Some(&"approve") => assert_eq!(expected, "success", "an answer that was taken is lost: {approval}"),
            Some(_) => assert_eq!(expected, "failed", "an answer that was taken is lost: {approval}"),
            None => open += 1,
        }
        if expected == "waiting" {
            // It can still be decided.
            api.made(&format!("{url}/api/approvals/{id}/respond"), &json!({"decision": "approve"})).await;
            assert_eq!(api.settled(&url, run, false).await["status"], "success");
        }
    }
    assert!(answered.len() >= RUNS / 4, "{} answers, {open} without", answered.len());
    assert!(server.terminate().success());
    integrity(&folder.path().join("killed.db")).await;
}
