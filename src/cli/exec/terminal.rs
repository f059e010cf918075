//! Server. Job control: a command in its own process group may read from the terminal only while
//! that group is in the foreground, so the terminal is handed to it and taken back at its end.

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use std::io::{IsTerminal, stdin};
use std::thread;

#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    ours: Pid,
    group: Pid,
}

impl Terminal {
    /// Hands the terminal to `group`; `None` when standard input is none or we are not in its foreground.
    pub fn hand_over(group: Pid) -> Option<Self> {
        let terminal = Self { ours: getpgrp(), group };
        terminal.give().then(|| {
            thread::spawn(move || terminal.follow_stops());
            terminal
        })
    }

    fn give(self) -> bool {
        let given =
            stdin().is_terminal() && tcgetpgrp(stdin()) == Ok(self.ours) && tcsetpgrp(stdin(), self.group).is_ok();
        // It may have tried to read too early and been stopped for it.
        let _ = killpg(self.group, Signal::SIGCONT); // it may be gone already
        given
    }

    /// The command's end: the shell expects its terminal with us.
    pub fn take_back(self) {
        // Who is in the background and asks for the foreground is stopped, unless this signal is blocked;
        // the mask is the thread's own, so a fresh thread keeps it from everything else.
        let taken = thread::spawn(move || {
            if SigSet::from(Signal::SIGTTOU).thread_block().is_ok() {
                let _ = tcsetpgrp(stdin(), self.ours);
            }
        });
        drop(taken.join());
    }

    /// Ctrl-Z stops the command's group; we stop too, so that the shell takes over, and both go on together.
    fn follow_stops(self) {
        while let Ok(status) = waitid(Id::Pid(self.group), WaitPidFlag::WSTOPPED) {
            if let WaitStatus::Stopped(_, Signal::SIGTSTP | Signal::SIGSTOP) = status {
                self.take_back();
                let _ = killpg(self.ours, Signal::SIGSTOP);
                self.give();
            }
        }
    }
}
