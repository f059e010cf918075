//! Server. The command: started at once in its own process group, ended as a group.

use super::terminal::Terminal;
use crate::process::group::{Ending, spawn};
use crate::process::leftover::RUN_VARIABLE;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::watch;

/// The command and what comes out of it.
pub struct Started {
    child: Child,
    group: Pid,
    terminal: Option<Terminal>,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub status: ExitStatus,
    /// Ended because of a Stop or of a signal to us, not by itself.
    pub stopped: bool,
}

/// The signals that ask us to end.
pub struct Signals([(Signal, SignalStream); 3]);

impl Signals {
    pub fn listen() -> io::Result<Self> {
        Ok(Self([
            (Signal::SIGINT, signal(SignalKind::interrupt())?),
            (Signal::SIGTERM, signal(SignalKind::terminate())?),
            (Signal::SIGHUP, signal(SignalKind::hangup())?),
        ]))
    }

    pub async fn next(&mut self) -> Signal {
        let [a, b, c] = &mut self.0;
        tokio::select! {
            _ = a.1.recv() => a.0,
            _ = b.1.recv() => b.0,
            _ = c.1.recv() => c.0,
        }
    }
}

/// Starts `argv`; standard input is ours. `execution_id` lets a nested `runboard exec` name its parent.
pub fn start(argv: &[String], execution_id: &str) -> io::Result<Started> {
    let [program, args @ ..] = argv else { return Err(io::ErrorKind::NotFound.into()) };
    let mut command = Command::new(program);
    command.args(args).env(RUN_VARIABLE, execution_id).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, group) = spawn(&mut command)?;
    let lost = || io::Error::other("the command has no output");
    let (stdout, stderr) = (child.stdout.take().ok_or_else(lost)?, child.stderr.take().ok_or_else(lost)?);
    Ok(Started { child, group, terminal: Terminal::hand_over(group), stdout, stderr })
}

impl Started {
    /// The parts to wait for and to read from.
    pub fn split(self) -> (Waiting, ChildStdout, ChildStderr) {
        let Self { child, group, terminal, stdout, stderr } = self;
        (Waiting { child, group, terminal }, stdout, stderr)
    }
}

pub struct Waiting {
    child: Child,
    group: Pid,
    terminal: Option<Terminal>,
}

impl Waiting {
    /// Waits for the end. A Stop or a signal to us goes to the whole group: SIGTERM (or that signal),
    /// then SIGKILL after `kill_after`.
    pub async fn wait(
        mut self,
        signals: &mut Signals,
        stop: &mut watch::Receiver<bool>,
        kill_after: Duration,
        say: impl Fn(&str),
    ) -> io::Result<Ended> {
        let mut ending = Ending::new(self.group, kill_after);
        let mut killed = false;
        let mut asked = false;
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status?,
                signal = signals.next() => {
                    say(&format!("{signal} received and passed on"));
                    if ending.asked() && signal == Signal::SIGINT {
                        // Ctrl-C for a second time: no more patience. A closing terminal hangs up twice and means once.
                        ending.kill();
                    } else {
                        ending.ask(signal);
                    }
                }
                // No sender: no server to ask for a stop.
                Ok(_) = stop.wait_for(|stop| *stop), if !asked => {
                    asked = true;
                    if !ending.asked() {
                        say("stop requested: SIGTERM sent");
                        ending.ask(Signal::SIGTERM);
                    }
                }
                () = ending.patience(), if !killed => {
                    killed = true;
                    say(&format!("still running after {} s: SIGKILL sent", kill_after.as_secs()));
                    ending.kill();
                }
            }
        };
        if ending.asked() {
            ending.rest_of_group().await;
        }
        if let Some(terminal) = self.terminal {
            terminal.take_back();
        }
        // With the terminal handed over, Ctrl-C reaches the command and not us.
        let interrupted = self.terminal.is_some()
            && (status.signal() == Some(Signal::SIGINT as i32) || status.code() == Some(128 + Signal::SIGINT as i32));
        Ok(Ended { status, stopped: ending.asked() || interrupted })
    }
}
