//! Server. `runboard exec`: runs a command as an execution. The command comes first: it starts at once,
//! its output and exit code pass through untouched, and no trouble with the server changes that.

/// A word of our own on stderr. A closed stderr is no reason to fall over, as `eprintln!` would.
macro_rules! say {
    ($($what:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "runboard: {}", format_args!($($what)*));
    }};
}

mod command;
mod deliver;
mod leftover;
mod output;
mod queue;
mod terminal;

use crate::cli::client::Client;
use crate::cli::{new_id, now};
use crate::domain::{ExecutionId, ExecutionPatch, LogStream, NewExecution, NewLogLine, Status, Trigger};
use crate::process::group;
use command::{Ended, Signals};
use deliver::{Delivery, Outcome, Patience};
use output::{Output, Seen};
use queue::{Limits, Queue};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

#[derive(Debug, Clone, clap::Args)]
pub struct ExecArgs {
    /// Agent this is a run of; an unknown one is registered.
    #[arg(long, value_name = "NAME")]
    pub agent: String,
    /// What the run is about; the command line when absent.
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// What started it: manual, schedule, api, agent, mcp or cli.
    #[arg(long, default_value = "cli")]
    pub trigger: Trigger,
    /// Execution that started this one; set by itself inside another `runboard exec`.
    #[arg(long, value_name = "ID", env = "RUNBOARD_EXECUTION_ID")]
    pub parent: Option<ExecutionId>,
    /// Address of the server.
    #[arg(long, env = "RUNBOARD_URL", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// API token.
    #[arg(long, env = "RUNBOARD_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Seconds to keep trying, after the command's end, to reach a server that is away.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub deliver_for: u64,
    /// Seconds between SIGTERM and SIGKILL when the run is stopped.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub kill_after: u64,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// The exit code is the command's own; 126 and 127 when it could not be started, as in a shell.
pub async fn run(args: ExecArgs) -> ExitCode {
    // Listening comes before the start, so that no signal falls in between and orphans the command.
    let prepared = Signals::listen().and_then(|signals| Ok((signals, copy_of(io::stdout())?, copy_of(io::stderr())?)));
    let (mut signals, stdout, stderr) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            say!("the command can't be run: {error}");
            return ExitCode::from(126);
        }
    };
    let id = new_id();
    let spool = std::env::temp_dir().join(format!("runboard-{id}.spool"));
    let queue = Arc::new(Queue::new(spool, Limits::default()));
    let (stop, mut stop_seen) = watch::channel(false);

    let record = new_record(&args, id.clone());
    let started = command::start(&args.command, id.as_str());
    let delivery = Sending::start(&args, record.clone(), &queue, stop);
    let (code, end) = match started {
        Err(error) => not_started(&args.command[0], &error),
        Ok(started) => {
            let (waiting, out_pipe, err_pipe) = started.split();
            let (ended, ended_seen) = watch::channel(false);
            let follow = |stream, to| Output { stream, to, queue: Arc::clone(&queue), ended: ended_seen.clone() };
            let out = tokio::spawn(output::follow(out_pipe, follow(LogStream::Stdout, stdout)));
            let err = tokio::spawn(output::follow(err_pipe, follow(LogStream::Stderr, stderr)));
            let say = |text: &str| system_line(&queue, text);
            let kill_after = Duration::from_secs(args.kill_after);
            let waited = waiting.wait(&mut signals, &mut stop_seen, kill_after, say).await;
            let completed_at = now();
            ended.send_replace(true);
            let (out, err) = (read_to_the_end(out.await), read_to_the_end(err.await));
            if out.left_open || err.left_open {
                system_line(&queue, "a process left behind still holds the output; it is no longer followed");
            }
            let (code, end) = end_of(waited, &out, &err);
            (code, ExecutionPatch { completed_at: Some(completed_at), ..end })
        }
    };
    if let Some(delivery) = delivery {
        let outcome = delivery.finish(end.clone(), &mut signals).await;
        leftover::report(&outcome, record, end, &queue);
    }
    queue.remove_file();
    ExitCode::from(code)
}

/// The delivery as it runs beside the command.
struct Sending {
    task: JoinHandle<Outcome>,
    end: watch::Sender<Option<ExecutionPatch>>,
    hurry: watch::Sender<bool>,
}

impl Sending {
    fn start(args: &ExecArgs, record: NewExecution, queue: &Arc<Queue>, stop: watch::Sender<bool>) -> Option<Self> {
        let client = match Client::new(&args.url, args.token.clone()) {
            Ok(client) => client,
            Err(problem) => {
                say!("this run is not recorded: {problem}");
                queue.close();
                return None;
            }
        };
        let (end, end_seen) = watch::channel(None);
        let (hurry, hurry_seen) = watch::channel(false);
        let patience = Patience { end: end_seen, hurry: hurry_seen, limit: Duration::from_secs(args.deliver_for) };
        let task = tokio::spawn(Delivery::new(client, record, Arc::clone(queue), patience).run(stop));
        Some(Self { task, end, hurry })
    }

    async fn finish(mut self, end: ExecutionPatch, signals: &mut Signals) -> Outcome {
        self.end.send_replace(Some(end));
        let outcome = loop {
            tokio::select! {
                outcome = &mut self.task => break outcome,
                // Whoever asks us to end now does not want to wait for the server.
                _ = signals.next() => drop(self.hurry.send_replace(true)),
            }
        };
        outcome.unwrap_or_else(|error| Outcome::Undelivered { created: true, reason: error.to_string() })
    }
}

fn new_record(args: &ExecArgs, id: ExecutionId) -> NewExecution {
    let size: usize = args.command.iter().map(String::len).sum();
    NewExecution {
        id: Some(id),
        agent_name: args.agent.clone(),
        message: args.message.clone().unwrap_or_else(|| command_line(&args.command)),
        triggered_by: Some(args.trigger),
        status: Some(Status::Running),
        started_at: Some(now()),
        parent_id: args.parent.clone(),
        metadata: (size <= 64 * 1024).then(|| serde_json::json!({ "argv": args.command })),
        ..NewExecution::default()
    }
}

fn copy_of(output: impl AsFd) -> io::Result<File> {
    output.as_fd().try_clone_to_owned().map(File::from)
}

fn system_line(queue: &Queue, text: &str) {
    queue.push(&NewLogLine { ts: Some(now()), stream: LogStream::System, text: text.to_owned(), seq: None });
}

fn read_to_the_end(seen: Result<Seen, JoinError>) -> Seen {
    seen.unwrap_or_else(|error| {
        say!("the rest of the output is lost: {error}");
        Seen::default()
    })
}

fn not_started(program: &str, error: &io::Error) -> (u8, ExecutionPatch) {
    let (code, problem) = match error.kind() {
        io::ErrorKind::NotFound => (127, "command not found".to_owned()),
        _ => (126, error.to_string()),
    };
    let problem = format!("{program}: {problem}");
    say!("{problem}");
    (code, ExecutionPatch { completed_at: Some(now()), ..failed(problem) })
}

fn failed(error: String) -> ExecutionPatch {
    ExecutionPatch { status: Some(Status::Failed), error: Some(error), ..ExecutionPatch::default() }
}

fn end_of(waited: io::Result<Ended>, out: &Seen, err: &Seen) -> (u8, ExecutionPatch) {
    let ended = match waited {
        Ok(ended) => ended,
        Err(error) => return (126, failed(format!("how the command ended is unknown: {error}"))),
    };
    let error = group::failure(ended.status, err.last_line.as_deref());
    let (status, error) = match error {
        _ if ended.stopped => (Status::Cancelled, None),
        None => (Status::Success, None),
        Some(error) => (Status::Failed, Some(error)),
    };
    let end = ExecutionPatch { status: Some(status), error, response: out.tail.text(), ..ExecutionPatch::default() };
    (group::exit_code(ended.status), end)
}

/// The command as one would type it, at most 64 KiB.
fn command_line(argv: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    let quoted: Vec<String> =
        argv.iter()
            .map(|a| {
                if !a.is_empty() && a.chars().all(plain) {
                    a.clone()
                } else {
                    format!("'{}'", a.replace('\'', r"'\''"))
                }
            })
            .collect();
    let mut line = quoted.join(" ");
    line.truncate(line.floor_char_boundary(64 * 1024));
    line
}

#[cfg(test)]
mod tests {
    use super::command_line;

    #[test]
    fn a_command_line_is_quoted_where_it_must_be() {
        let argv = ["sh", "-c", "echo it's", ""].map(str::to_owned);
        assert_eq!(command_line(&argv), r"sh -c 'echo it'\''s' ''");
    }
}
