//! Server. Agents that are a command: the message on standard input, standard output is the response, standard error
//! the log. Without a shell, in a group of processes of its own that ends with the run.

mod output;

use super::job::{Failure, Job, Outcome};
use super::log::Log;
use super::outside::{self, Reach};
use super::{Engine, Halt, halt_after};
use crate::domain::{CommandConfig, ExecutionPatch, RetryOn};
use crate::process::group::{self, Ending};
use crate::process::leftover::{self, RUN_VARIABLE};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::Instant;

/// Variables every command is given, if the server has them; others only where its agent names them.
const USUAL_ENV: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/// What a command leaves behind when it ends by itself has this long at most.
const LEFT_BEHIND: Duration = Duration::from_secs(2);

pub async fn run(engine: &Engine, job: &Job, config: &CommandConfig, halted: watch::Receiver<Option<Halt>>) -> Outcome {
    let (log, written) = Log::start(engine, job);
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
    let (read_until, until) = watch::channel(None);
    let feeding = tokio::spawn(feed(stdin, job.context.text(&job.message)));
    let response = tokio::spawn(output::response(stdout, until.clone()));
    let lines = tokio::spawn(output::lines(stderr, until, log.clone()));
    let kill_after = Duration::from_millis(engine.0.app.config.kill_after_ms);
    let mut halts = Halts { engine, job, log, halted, heard: None };
    let mut ending = Ending::new(group, kill_after);
    let waited = halts.wait(&mut child, &mut ending).await;
    let no_longer_than = Instant::now() + LEFT_BEHIND;
    feeding.abort();
    // What left the group is found by its mark. A server that ends can't wait as long.
    let patience = LEFT_BEHIND.min(kill_after);
    let patience_outside = if halts.heard == Some(Halt::Shutdown) { patience / 4 } else { patience };
    ending.ask_within(Signal::SIGTERM, patience);
    let rest = async { tokio::join!(ending.rest_of_group(), leftover::end(&job.id, patience_outside)) };
    halts.meanwhile(rest, || ()).await;
    read_until.send_replace(Some(no_longer_than));
    let reading = async { tokio::join!(response, lines) };
    let hurry = || {
        read_until.send_replace(Some(Instant::now()));
    };
    let (response, last_line) = halts.meanwhile(reading, hurry).await;
    let (Ok(response), Ok(last_line)) = (response, last_line) else {
        return Failure::lasting("the output of the command could not be read").into();
    };
    let patch = ExecutionPatch { response: response.text(), ..ExecutionPatch::default() };
    let failure = match waited {
        Ok(status) => group::failure(status, last_line.as_deref()).map(|error| Failure::of(error, RetryOn::Exit)),
        Err(e) => Some(Failure::lasting(format!("how the command ended is unknown: {e}"))),
    };
    Outcome { failure, patch, ..Outcome::default() }
}

/// A command need not read what it is sent.
async fn feed(mut stdin: ChildStdin, message: String) {
    if stdin.write_all(message.as_bytes()).await.is_ok() {
        drop(stdin.shutdown().await);
    }
}

/// Hears of reasons to end a run, and says that they were heard.
struct Halts<'a> {
    engine: &'a Engine,
    job: &'a Job,
    log: &'a Log,
    halted: watch::Receiver<Option<Halt>>,
    heard: Option<Halt>,
}

impl Halts<'_> {
    async fn next(&mut self) -> Halt {
        halt_after(&mut self.halted, self.heard).await
    }

    async fn told(&mut self, why: Halt, how: &str) {
        self.heard = Some(why);
        self.engine.told(self.job, why, self.log, how).await;
    }

    /// Waits for the end of the command. When it is to end, SIGTERM asks, and SIGKILL makes it.
    async fn wait(&mut self, child: &mut Child, ending: &mut Ending) -> io::Result<ExitStatus> {
        let config = &self.engine.0.app.config;
        let kill_after = Duration::from_millis(config.kill_after_ms);
        let drain = Duration::from_millis(config.drain_ms);
        let mut killed = false;
        loop {
            tokio::select! {
                status = child.wait() => return status,
                why = self.next() => {
                    // A server that ends has no more time than this.
                    let patience = if why == Halt::Shutdown { kill_after.min(drain) } else { kill_after };
                    ending.ask_within(Signal::SIGTERM, patience);
                    self.told(why, "SIGTERM sent").await;
                }
                () = ending.patience(), if !killed => {
                    killed = true;
                    ending.kill();
                    self.log.note("still running: SIGKILL sent").await;
                }
            }
        }
    }

    /// Does what has an end of its own after the command's; `hurry` is called when the run is to end meanwhile.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>, hurry: impl Fn()) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                why = self.next() => {
                    hurry();
                    self.told(why, "the command had ended").await;
                }
            }
        }
    }
}
