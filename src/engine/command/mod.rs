//! Server. Agents that are a command: the message on standard input, standard output is the response, standard error
//! the log. Without a shell, in a group of processes of its own that ends with the run.

mod output;

use super::job::{Failure, Job, Outcome};
use super::log::Log;
use super::outside::{self, Reach};
use super::{Engine, Halt, halt_after};
use crate::domain::{CommandConfig, ExecutionPatch, RetryOn};
use crate::process::group::{self, Ending};
use crate::process::leftover::RUN_VARIABLE;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;

/// Variables every command is given, if the server has them; others only where its agent names them.
const USUAL_ENV: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/// What a command leaves behind when it ends by itself has this long at most.
const LEFT_BEHIND: Duration = Duration::from_secs(2);

pub async fn run(engine: &Engine, job: &Job, config: &CommandConfig, halted: watch::Receiver<Option<Halt>>) -> Outcome {
    let (log, written) = Log::start(engine, job.key);
    let outcome = match started(engine, job, config, &log).await {
        Ok((child, group)) => follow(engine, job, child, group, halted, &log).await,
        Err(failure) => failure.into(),
    };
    drop(log);
    if written.await.is_err() {
        tracing::error!(id = %job.id, "the writing of a log panicked");
    }
    outcome
}

async fn started(engine: &Engine, job: &Job, config: &CommandConfig, log: &Log) -> Result<(Child, Pid), Failure> {
    let [program, arguments @ ..] = config.argv.as_slice() else {
        return Err(Failure::lasting("the agent names no program"));
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env(RUN_VARIABLE, &job.id);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.envs(USUAL_ENV.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let reach = Reach::of(&engine.0.app, &job.agent).await.map_err(|e| Failure::lasting(e.to_string()))?;
    for name in &config.env {
        match outside::secret(&engine.0.app.config, reach, Some(name)) {
            Ok(value) => drop(command.envs(value.map(|value| (name, value)))),
            Err(problem) => log.note(problem).await,
        }
    }
    if let Some(folder) = &config.cwd {
        if !std::path::Path::new(folder).is_dir() {
            return Err(Failure::lasting(format!("there is no folder {folder}")));
        }
        command.current_dir(folder);
    }
    group::spawn(&mut command).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Failure::lasting(format!("{program}: command not found")),
        _ => Failure::of(format!("{program}: {e}"), RetryOn::Unavailable),
    })
}

async fn follow(
    engine: &Engine,
    job: &Job,
    mut child: Child,
    group: Pid,
    halted: watch::Receiver<Option<Halt>>,
    log: &Log,
) -> Outcome {
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Failure::lasting("the command has no input or output").into();
    };
    let (ended, seen_ended) = watch::channel(false);
    let feeding = tokio::spawn(feed(stdin, job.message.clone()));
    let response = tokio::spawn(output::response(stdout, seen_ended.clone()));
    let lines = tokio::spawn(output::lines(stderr, seen_ended, log.clone()));
    let waited = wait(engine, job, &mut child, group, halted, log).await;
    ended.send_replace(true);
    feeding.abort();
    let (response, last_line) = (response.await, lines.await);
    let (Ok(response), Ok(last_line)) = (response, last_line) else {
        return Failure::lasting("the output of the command could not be read").into();
    };
    let patch = ExecutionPatch { response: response.text(), ..ExecutionPatch::default() };
    let failure = match waited {
        Ok(status) => group::failure(status, last_line.as_deref()).map(|error| Failure::of(error, RetryOn::Exit)),
        Err(e) => Some(Failure::lasting(format!("how the command ended is unknown: {e}"))),
    };
    Outcome { failure, patch, reports_later: false }
}

/// A command need not read what it is sent.
async fn feed(mut stdin: ChildStdin, message: String) {
    if stdin.write_all(message.as_bytes()).await.is_ok() {
        drop(stdin.shutdown().await);
    }
}

/// Waits for the end of the command and of its group. When it is to end, SIGTERM asks, and SIGKILL makes it.
async fn wait(
    engine: &Engine,
    job: &Job,
    child: &mut Child,
    group: Pid,
    mut halted: watch::Receiver<Option<Halt>>,
    log: &Log,
) -> io::Result<ExitStatus> {
    let config = &engine.0.app.config;
    let kill_after = Duration::from_millis(config.kill_after_ms);
    let mut ending = Ending::new(group, kill_after);
    let mut killed = false;
    let mut heard = None;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            why = halt_after(&mut halted, heard) => {
                heard = Some(why);
                // A server that ends has no more time than this.
                let patience = if why == Halt::Shutdown { kill_after.min(Duration::from_millis(config.drain_ms)) } else { kill_after };
                ending.ask_within(Signal::SIGTERM, patience);
                engine.told(job, why, log, "SIGTERM sent").await;
            }
            () = ending.patience(), if !killed => {
                killed = true;
                ending.kill();
                log.note("still running: SIGKILL sent").await;
            }
        }
    };
    ending.ask_within(Signal::SIGTERM, LEFT_BEHIND.min(kill_after));
    ending.rest_of_group().await;
    Ok(status)
}
