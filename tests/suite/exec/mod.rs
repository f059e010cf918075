//! `runboard exec`, the real binary, against a server that can be away, slow of memory or unwilling.

mod fake;

use fake::Fake;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const LONG: Duration = Duration::from_mins(1);

fn exec(address: SocketAddr, options: &[&str], command: &[&str]) -> Command {
    let mut exec = Command::new(env!("CARGO_BIN_EXE_runboard"));
    exec.args(["exec", "--agent", "build"]).args(options).arg("--").args(command);
    exec.env("RUNBOARD_URL", format!("http://{address}"))
        .env("RUNBOARD_TOKEN", "t")
        .env_remove("RUNBOARD_EXECUTION_ID");
    exec.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    exec
}

async fn finish(child: Child) -> Output {
    timeout(LONG, child.wait_with_output()).await.expect("exec never ended").expect("an output")
}

async fn run(address: SocketAddr, options: &[&str], command: &[&str]) -> Output {
    finish(exec(address, options, command).spawn().expect("exec")).await
}

/// A port where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address")
}

/// Dead, or dead and not yet collected by its parent.
fn is_gone(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.map_or(true, |s| s.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}

async fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.as_mut().expect("stdout"));
    timeout(LONG, out.read_line(&mut line)).await.expect("a line in time").expect("a line");
    line.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_becomes_an_execution_with_its_log_and_its_end() {
    let (fake, address) = Fake::start().await;
    let out = run(address, &[], &["sh", "-c", "echo one; echo two >&2; echo $RUNBOARD_EXECUTION_ID"]).await;
    let record = &fake.look().created[0];
    let id = record["id"].as_str().expect("an id");
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    assert_eq!((out.stdout, out.stderr), (format!("one\n{id}\n").into_bytes(), b"two\n".to_vec()));
    assert_eq!((&record["agent_name"], &record["triggered_by"]), (&json!("build"), &json!("cli")));
    assert_eq!(record["message"], "sh -c 'echo one; echo two >&2; echo $RUNBOARD_EXECUTION_ID'");
    assert_eq!(fake.texts("stdout"), ["one", id]);
    assert_eq!(fake.texts("stderr"), ["two"]);
    assert_eq!(fake.end("status"), "success");
    assert_eq!(fake.end("response"), format!("one\n{id}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_command_keeps_its_exit_code_and_says_why() {
    let (fake, address) = Fake::start().await;
    let out = run(address, &[], &["sh", "-c", "echo boom >&2; exit 7"]).await;
    assert_eq!(out.status.code(), Some(7));
    assert_eq!((fake.end("status"), fake.end("error")), (json!("failed"), json!("exit status 7: boom")));
    let out = run(address, &[], &["sh", "-c", "kill -9 $$"]).await;
    assert_eq!(out.status.code(), Some(137));
    assert_eq!((fake.end("status"), fake.end("error")), (json!("failed"), json!("killed by signal 9 (SIGKILL)")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_does_not_exist_is_a_failed_run() {
    let (fake, address) = Fake::start().await;
    let out = run(address, &[], &["no-such-command-anywhere"]).await;
    assert_eq!(out.status.code(), Some(127));
    assert_eq!(fake.end("error"), "no-such-command-anywhere: command not found");
    let out = run(address, &[], &["/"]).await;
    assert_eq!((out.status.code(), fake.end("status")), (Some(126), json!("failed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn output_without_a_line_end_is_seen_while_the_command_waits() {
    let (fake, address) = Fake::start().await;
    let mut child =
        exec(address, &[], &["sh", "-c", "printf 'Name? '; read n; printf \"Hello $n\""]).spawn().expect("exec");
    fake.until("the prompt", |w| w.lines.iter().any(|(_, text)| text == "Name? ")).await;
    child.stdin.take().expect("stdin").write_all(b"Ann\n").await.expect("written");
    let out = finish(child).await;
    assert_eq!(out.stdout, b"Name? Hello Ann");
    assert_eq!(fake.texts("stdout"), ["Name? ", "Hello Ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_ends_the_command_within_a_second() {
    let (fake, address) = Fake::start().await;
    let mut child = exec(address, &[], &["sh", "-c", "echo $$; exec sleep 1000"]).spawn().expect("exec");
    let pid = first_line(&mut child).await;
    fake.until("the log", |w| !w.lines.is_empty()).await;
    let asked = Instant::now();
    fake.change(|w| w.cancel = true);
    let out = finish(child).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!((out.status.code(), fake.end("status")), (Some(143), json!("cancelled")));
    assert!(is_gone(&pid));
    assert_eq!(fake.texts("system"), ["stop requested: SIGTERM sent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_ignores_sigterm_is_killed_with_its_children() {
    let (fake, address) = Fake::start().await;
    let script = "trap '' TERM; (sleep 1000 & echo $!; sleep 1000); sleep 1000";
    let mut child = exec(address, &["--kill-after", "1"], &["sh", "-c", script]).spawn().expect("exec");
    let grandchild = first_line(&mut child).await;
    fake.until("the log", |w| !w.lines.is_empty()).await;
    fake.change(|w| w.cancel = true);
    let out = finish(child).await;
    assert_eq!((out.status.code(), fake.end("status")), (Some(137), json!("cancelled")));
    assert!(is_gone(&grandchild));
}

#[tokio::test(flavor = "multi_thread")]
async fn children_that_outlive_a_stopped_command_are_ended_too() {
    let (fake, address) = Fake::start().await;
    let script = "(trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000) & wait";
    let mut child = exec(address, &["--kill-after", "1"], &["sh", "-c", script]).spawn().expect("exec");
    let grandchild = first_line(&mut child).await;
    fake.until("the log", |w| !w.lines.is_empty()).await;
    fake.change(|w| w.cancel = true);
    let out = finish(child).await;
    assert_eq!((out.status.code(), fake.end("status")), (Some(143), json!("cancelled")));
    assert!(is_gone(&grandchild));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_to_exec_ends_the_command_and_the_record() {
    let (fake, address) = Fake::start().await;
    let mut child = exec(address, &[], &["sh", "-c", "echo $$; exec sleep 1000"]).spawn().expect("exec");
    let pid = first_line(&mut child).await;
    let exec_pid = i32::try_from(child.id().expect("a pid")).expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(exec_pid), nix::sys::signal::SIGTERM).expect("sent");
    let out = finish(child).await;
    assert_eq!((out.status.code(), fake.end("status")), (Some(143), json!("cancelled")));
    assert!(is_gone(&pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_left_behind_does_not_hold_exec() {
    let (fake, address) = Fake::start().await;
    let out = run(address, &[], &["sh", "-c", "sleep 1000 & echo $!"]).await;
    let left = String::from_utf8(out.stdout).expect("a pid").trim().parse().expect("a pid");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(left), nix::sys::signal::SIGKILL).expect("it was alive");
    assert_eq!((out.status.code(), fake.end("status")), (Some(0), json!("success")));
    assert_eq!(fake.texts("system").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_the_command_as_without_exec() {
    let (fake, address) = Fake::start().await;
    let mut child = exec(address, &[], &["yes"]).spawn().expect("exec");
    first_line(&mut child).await;
    drop(child.stdout.take());
    let out = finish(child).await;
    assert_eq!(out.status.code(), Some(141));
    assert!(fake.end("error").as_str().expect("text").starts_with("killed by signal 13 (SIGPIPE)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_bytes_passes_unchanged_in_bounded_memory() {
    let (fake, address) = Fake::start().await;
    fake.change(|w| w.refuse = Some(503));
    let mut child = exec(address, &[], &["sh", "-c", "head -c 10000000 /dev/zero; seq 100000"]).spawn().expect("exec");
    let status = Path::new("/proc").join(child.id().expect("a pid").to_string()).join("status");
    let stdout = child.stdout.take().expect("stdout");
    // The end of the stream comes with the end of exec, which still waits for the server then.
    let all = 10_000_000 + 588_895;
    let reader = tokio::spawn(async move { tokio::io::copy(&mut stdout.take(all), &mut tokio::io::sink()).await });
    assert_eq!(timeout(LONG, reader).await.expect("in time").expect("joined").expect("read"), all);
    let status = std::fs::read_to_string(status).expect("status");
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).expect("a peak").trim().to_owned();
    let peak: usize = peak.trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < 130_000, "{peak} kB");
    fake.change(|w| w.refuse = None);
    let out = finish(child).await;
    assert_eq!((out.status.code(), fake.end("status")), (Some(0), json!("success")));
    // A NUL is stored as its three-byte picture; 100 000 line ends are not stored.
    assert_eq!(fake.look().bytes, 3 * 10_000_000 + 588_895 - 100_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_late_gets_everything_in_order() {
    let address = nobody().await;
    let mut child = exec(address, &[], &["sh", "-c", "seq 2000; cat"]).spawn().expect("exec");
    assert_eq!(first_line(&mut child).await, "1");
    let fake = Fake::new();
    fake.listen(address).await;
    fake.until("the first lines", |w| w.lines.len() == 2_000).await;
    drop(child.stdin.take());
    assert_eq!(finish(child).await.status.code(), Some(0));
    assert_eq!(fake.texts("stdout"), (1..=2_000).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!((fake.look().created.len(), fake.end("status")), (1, json!("success")));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_double_nothing() {
    let (fake, address) = Fake::start().await;
    fake.change(|w| w.lose_answers = 4);
    let out = run(address, &[], &["sh", "-c", "seq 1500"]).await;
    assert_eq!(out.status.code(), Some(0));
    assert_eq!(fake.texts("stdout"), (1..=1_500).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(fake.look().created.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_in_the_middle_is_bridged() {
    let (fake, address) = Fake::start().await;
    let mut child = exec(address, &[], &["cat"]).spawn().expect("exec");
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(b"before\n").await.expect("written");
    fake.until("the first line", |w| w.lines.len() == 1).await;
    fake.change(|w| w.refuse = Some(503));
    stdin.write_all(b"during\n").await.expect("written");
    drop(stdin);
    let mut out = BufReader::new(child.stdout.as_mut().expect("stdout")).lines();
    for expected in ["before", "during"] {
        assert_eq!(out.next_line().await.expect("a line").as_deref(), Some(expected));
    }
    fake.change(|w| w.refuse = None);
    assert_eq!(finish(child).await.status.code(), Some(0));
    assert_eq!(fake.texts("stdout"), ["before", "during"]);
    assert_eq!(fake.end("status"), "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_leaves_a_record_to_import() {
    let dir = tempfile::tempdir().expect("dir");
    let mut exec = exec(nobody().await, &["--deliver-for", "0"], &["sh", "-c", "echo kept; exit 3"]);
    let out = finish(exec.env("TMPDIR", dir.path()).spawn().expect("exec")).await;
    assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(3), b"kept\n".as_slice()));
    let said = String::from_utf8(out.stderr).expect("text");
    let file = said.trim().rsplit(' ').next().expect("a path");
    assert!(said.contains("runboard import "), "{said}");
    let record: Value = serde_json::from_str(&std::fs::read_to_string(file).expect("the file")).expect("a record");
    assert_eq!((&record["status"], &record["error"]), (&json!("failed"), &json!("exit status 3")));
    assert_eq!(record["log"][0]["text"], "kept");
    assert_eq!(std::fs::read_dir(dir.path()).expect("dir").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_for_good_is_reported_with_what_is_left() {
    let dir = tempfile::tempdir().expect("dir");
    let (fake, address) = Fake::start().await;
    let mut exec = exec(address, &["--deliver-for", "0"], &["sh", "-c", "echo there; read x; echo $x"]);
    let mut child = exec.env("TMPDIR", dir.path()).spawn().expect("exec");
    fake.until("the first line", |w| w.lines.len() == 1).await;
    fake.change(|w| w.refuse = Some(503));
    child.stdin.take().expect("stdin").write_all(b"left\n").await.expect("written");
    let out = finish(child).await;
    let said = String::from_utf8(out.stderr).expect("text");
    assert!(said.contains("it does not know that this run ended (success)"), "{said}");
    let file = said.trim().rsplit(' ').next().expect("a path");
    assert!(std::fs::read_to_string(file).expect("the file").contains("\"text\":\"left\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_said_and_the_command_runs_all_the_same() {
    for status in [401, 403, 422] {
        let (fake, address) = Fake::start().await;
        fake.change(|w| w.refuse = Some(status));
        let out = run(address, &[], &["sh", "-c", "echo fine; exit 5"]).await;
        assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(5), b"fine\n".as_slice()));
        let said = String::from_utf8(out.stderr).expect("text");
        assert_eq!(said, format!("runboard: this run is not recorded: not now ({status})\n"));
    }
}
