//! Server. A command and whatever it starts, as one group that is asked to end and, after a while, made to.

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, sleep_until};

/// Starts a command in a group of its own, which has the command's number.
pub fn spawn(command: &mut Command) -> io::Result<(Child, Pid)> {
    let child = command.process_group(0).spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let pid = pid.ok_or_else(|| io::Error::other("the command has no process"))?;
    Ok((child, Pid::from_raw(pid)))
}

/// Asks a group to end, and after a while makes it.
pub struct Ending {
    group: Pid,
    kill_after: Duration,
    kill_at: Option<Instant>,
}

impl Ending {
    pub const fn new(group: Pid, kill_after: Duration) -> Self {
        Self { group, kill_after, kill_at: None }
    }

    /// Somebody asked it to end.
    pub const fn asked(&self) -> bool {
        self.kill_at.is_some()
    }

    /// What has not ended after the usual time, counted from when it was first asked, is to be killed.
    pub fn ask(&mut self, signal: Signal) {
        self.ask_within(signal, self.kill_after);
    }

    /// The same, in less time than it may have had before.
    pub fn ask_within(&mut self, signal: Signal, patience: Duration) {
        let kill_at = Instant::now() + patience;
        self.kill_at = Some(self.kill_at.map_or(kill_at, |before| before.min(kill_at)));
        self.send(signal);
        // A stopped process takes a signal only when it goes on.
        self.send(Signal::SIGCONT);
    }

    pub fn kill(&self) {
        self.send(Signal::SIGKILL);
    }

    fn send(&self, signal: Signal) {
        // The only failure is that nobody is left, which is what is wanted.
        let _ = killpg(self.group, signal);
    }

    /// Over when the group has had its time; never, unless it was asked.
    pub async fn patience(&self) {
        match self.kill_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// The command is gone; the rest of its group has until the same moment.
    pub async fn rest_of_group(&self) {
        while killpg(self.group, None) != Err(Errno::ESRCH) {
            if self.kill_at.is_none_or(|at| Instant::now() >= at) {
                self.kill();
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
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
