//! Agents that are a command: what they are given, and what is made of what they write.

use super::Works;
use crate::support::{Backend, on_both};
use runboard::domain::{LogStream, Status};
use serde_json::json;

on_both!(
    a_command_is_given_the_message_and_nothing_it_should_not_have,
    its_errors_are_the_log_and_its_exit_code_the_status,
    endless_output_is_bounded_and_said_so,
    what_can_not_be_run_says_why,
);

async fn a_command_is_given_the_message_and_nothing_it_should_not_have(backend: Backend) {
    let works = Works::new(backend).await;
    let folder = tempfile::tempdir().expect("a folder");
    let cwd = folder.path().canonicalize().expect("a path");
    let config =
        json!({"argv": ["sh", "-c", "cat; echo; pwd; env | sort; echo \"$1\"", "sh", "$(date) ; 'x'"], "cwd": cwd});
    works.agent(json!({"name": "look", "kind": "command", "config": config}), json!({})).await;
    let long = "é".repeat(200_000);
    let id = works.start("look", &long).await;
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!(run.summary.status, Status::Success, "{:?}", run.summary.error);
    let response = run.response.expect("a response");
    let lines: Vec<&str> = response.lines().collect();
    assert_eq!(lines[0], long);
    assert_eq!(lines[1], cwd.to_str().expect("text"));
    let environment = &lines[2..lines.len() - 1];
    assert!(environment.contains(&format!("RUNBOARD_EXECUTION_ID={id}").as_str()), "{environment:?}");
    let known =
        ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_", "RUNBOARD_EXECUTION_ID"];
    let unknown: Vec<_> = environment.iter().filter(|v| !known.contains(&v.split('=').next().unwrap_or(""))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // No shell of ours has read the words.
    assert_eq!(lines[lines.len() - 1], "$(date) ; 'x'");
}

async fn its_errors_are_the_log_and_its_exit_code_the_status(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("fails", "echo partly; echo one >&2; printf 'the reason' >&2; exit 3", json!({})).await;
    let id = works.start("fails", "").await;
    works.until_idle().await;
    let run = works.run(&id).await;
    assert_eq!((run.summary.status, run.response.as_deref()), (Status::Failed, Some("partly")));
    assert_eq!(run.summary.error.as_deref(), Some("exit status 3: the reason"));
    let log: Vec<_> = works.log(&id).await.into_iter().map(|l| (l.stream, l.text)).collect();
    assert_eq!(log, [(LogStream::Stderr, "one".to_owned()), (LogStream::Stderr, "the reason".to_owned())]);
}

async fn endless_output_is_bounded_and_said_so(backend: Backend) {
    let works = Works::new(backend).await;
    works.script("long", "head -c 100000000 /dev/zero | tr '\\0' a", json!({})).await;
    works.script("binary", "head -c 5000 /dev/zero", json!({})).await;
    works.script("chatty", "yes 'a line of forty characters, more or less' | head -c 20000000 >&2", json!({})).await;
    let [long, binary, chatty] =
        [works.start("long", "").await, works.start("binary", "").await, works.start("chatty", "").await];
    works.until_idle().await;
    let response = works.run(&long).await.response.expect("a response");
    assert!(response.len() <= 1 << 20, "{} bytes", response.len());
    assert!(response.starts_with("[The command wrote 100000000 bytes; only the last "), "{}", &response[..80]);
    let response = works.run(&binary).await.response.expect("a response");
    assert_eq!(response, "[The command wrote 5000 bytes that are no text; they are not kept.]");
    let run = works.run(&chatty).await;
    assert_eq!((run.summary.status, run.response), (Status::Success, None));
    let record = runboard::app::executions::find(&works.world.admin, &chatty).await.expect("found");
    assert!(record.log_lines < 110_000, "{} lines", record.log_lines);
    let last = runboard::app::parts::log(&works.world.admin, &chatty, record.log_lines - 1, None).await.expect("a log");
    assert_eq!(last[0].text, "the log is longer than 8 MiB; the rest is not kept");
}

async fn what_can_not_be_run_says_why(backend: Backend) {
    let works = Works::new(backend).await;
    let nowhere = json!({"name": "nowhere", "kind": "command", "config": {"argv": ["true"], "cwd": "/no/such/folder"}});
    let missing = json!({"name": "missing", "kind": "command", "config": {"argv": ["no-such-program"]}});
    for (agent, expected) in
        [(nowhere, "there is no folder /no/such/folder"), (missing, "no-such-program: command not found")]
    {
        let name = agent["name"].as_str().expect("a name").to_owned();
        works.agent(agent, json!({})).await;
        let id = works.start(&name, "").await;
        works.until_idle().await;
        let run = works.run(&id).await.summary;
        assert_eq!((run.status, run.error.as_deref()), (Status::Failed, Some(expected)));
    }
}
