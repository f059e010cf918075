//! People in the loop: approvals and questions, over the HTTP interface, each test on SQLite and on PostgreSQL.

mod access;
mod asking;
mod deciding;
mod expiry;
mod faults;
mod flow;
mod killed;
mod races;
mod rules;
mod told;

use crate::support::{Answer, Backend, Http, World};
use runboard::domain::{Role, Scope};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A server with people: `owner` owns the agent `worker`, the others have nothing to do with it.
pub struct People {
    pub world: World,
    pub http: Http,
    tokens: HashMap<&'static str, String>,
}

pub const NAMES: [&str; 7] = ["owner", "ann", "bo", "cy", "di", "ed", "root"];

impl People {
    pub async fn new(backend: Backend) -> Self {
        let world = World::new(backend).await;
        let http = world.http();
        let mut tokens = HashMap::new();
        for name in NAMES {
            let role = if name == "root" { Role::Admin } else { Role::User };
            tokens.insert(name, world.person(&mail(name), role, Scope::Admin).await.1);
        }
        Self { world, http, tokens }
    }

    pub fn token(&self, who: &str) -> &str {
        &self.tokens[who]
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.http.get(self.token(who), path).await
    }

    pub async fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.http.post(self.token(who), path, body.to_string()).await
    }

    /// A run that the owner's own process does.
    pub async fn run(&self) -> String {
        let new = json!({"agent_name": "worker", "message": "work", "status": "running"});
        let answer = self.post("owner", "/api/executions", new).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        text(&answer.json()["id"])
    }

    pub async fn ask(&self, run: &str, what: Value) -> Answer {
        self.post("owner", &format!("/api/executions/{run}/interactions"), what).await
    }

    /// An approval that waits: (run, approval).
    pub async fn approval(&self, approvers: &[&str], policy: &str) -> (String, String) {
        let run = self.run().await;
        let answer = self.ask(&run, approval(approvers, policy)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        (run, text(&answer.json()["id"]))
    }

    pub async fn respond(&self, who: &str, id: &str, decision: &str) -> Answer {
        self.post(who, &format!("/api/approvals/{id}/respond"), json!({"decision": decision})).await
    }

    /// As somebody who sees everything finds it.
    pub async fn approval_now(&self, id: &str) -> Value {
        self.get("root", &format!("/api/approvals/{id}")).await.json()
    }

    pub async fn run_now(&self, id: &str) -> Value {
        self.get("root", &format!("/api/executions/{id}")).await.json()
    }
}

pub fn mail(name: &str) -> String {
    format!("{name}@example.com")
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

pub fn approval(approvers: &[&str], policy: &str) -> Value {
    let approvers: Vec<String> = approvers.iter().map(|name| mail(name)).collect();
    json!({"kind": "approval", "title": "Deploy", "message": "Deploys **everything**.", "approvers": approvers,
        "policy": policy, "parameters": {"to": "production", "version": 3}})
}
