//! Server. The command: started at once in its own process group, ended as a group.

use super::terminal::Terminal;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

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
    let mut child = Command::new(program)
        .args(args)
        .env("RUNBOARD_EXECUTION_ID", execution_id)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let lost = || io::Error::other("the command has no process or no output");
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(lost)?;
    let (stdout, stderr) = (child.stdout.take().ok_or_else(lost)?, child.stderr.take().ok_or_else(lost)?);
    let group = Pid::from_raw(pid);
    Ok(Started { child, group, terminal: Terminal::hand_over(group), stdout, stderr })
}

/// Asks a group to end, and after a while makes it.
struct Ending {
    group: Pid,
    kill_after: Duration,
    kill_at: Option<Instant>,
}

impl Ending {
    fn ask(&mut self, signal: Signal) {
        if self.kill_at.is_some() && signal == Signal::SIGINT {
            // Ctrl-C for a second time: no more patience. A closing terminal hangs up twice and means once.
            self.kill();
            return;
        }
        self.kill_at.get_or_insert(Instant::now() + self.kill_after);
        self.send(signal);
        // A stopped process takes a signal only when it goes on.
        self.send(Signal::SIGCONT);
    }

    fn kill(&self) {
        self.send(Signal::SIGKILL);
    }

    fn send(&self, signal: Signal) {
        // The only failure is that nobody is left, which is what is wanted.
        let _ = killpg(self.group, signal);
    }

    async fn patience(&self) {
        match self.kill_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// The command is gone; the rest of its group has until the same moment.
    async fn rest_of_group(&self) {
        while killpg(self.group, None) != Err(Errno::ESRCH) {
            if self.kill_at.is_none_or(|at| Instant::now() >= at) {
                self.kill();
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
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
        let mut ending = Ending { group: self.group, kill_after, kill_at: None };
        let mut killed = false;
        let mut asked = false;
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status?,
                signal = signals.next() => {
                    say(&format!("{signal} received and passed on"));
                    ending.ask(signal);
                }
                // No sender: no server to ask for a stop.
                Ok(_) = stop.wait_for(|stop| *stop), if !asked => {
                    asked = true;
                    if ending.kill_at.is_none() {
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
        if ending.kill_at.is_some() {
            ending.rest_of_group().await;
        }
        if let Some(terminal) = self.terminal {
            terminal.take_back();
        }
        // With the terminal handed over, Ctrl-C reaches the command and not us.
        let interrupted = self.terminal.is_some()
            && (status.signal() == Some(Signal::SIGINT as i32) || status.code() == Some(128 + Signal::SIGINT as i32));
        Ok(Ended { status, stopped: ending.kill_at.is_some() || interrupted })
    }
}

/// What a shell would report: the exit code, or 128 + the signal's number.
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code & 0xFF).unwrap_or(u8::MAX)
}

/// Why it failed, in words; `None` for success.
pub fn failure(status: ExitStatus, last_line: Option<&str>) -> Option<String> {
    if status.success() {
        return None;
    }
    let what = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(n)) => {
            let name = Signal::try_from(n).map_or_else(|_| String::new(), |s| format!(" ({})", s.as_str()));
            format!("killed by signal {n}{name}")
        }
        (None, None) => "ended without a status".to_owned(),
    };
    let last_line: Option<String> = last_line.map(|l| l.trim().chars().take(2_000).collect());
    Some(last_line.map_or_else(|| what.clone(), |line| format!("{what}: {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_told_apart_from_an_exit_status() {
        let (three, term) = (ExitStatus::from_raw(3 << 8), ExitStatus::from_raw(15));
        assert_eq!((exit_code(three), exit_code(term)), (3, 143));
        assert_eq!(failure(three, Some(" no such file \n")).as_deref(), Some("exit status 3: no such file"));
        assert_eq!(failure(term, None).as_deref(), Some("killed by signal 15 (SIGTERM)"));
        assert_eq!(failure(ExitStatus::from_raw(0), Some("a warning")), None);
    }
}
