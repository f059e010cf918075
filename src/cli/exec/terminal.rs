//! Server. Job control: a command in its own process group may read from the terminal only while
//! that group is in the foreground, so the terminal is handed to it and taken back at its end.

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use std::io::{IsTerminal, stdin};
use std::thread;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    ours: Pid,
    group: Pid,
}

impl Terminal {
    /// Hands the terminal to `group`; `None` when standard input is none.
    pub fn hand_over(group: Pid) -> Option<Self> {
        stdin().is_terminal().then(|| {
            let terminal = Self { ours: getpgrp(), group };
            terminal.give();
            let runtime = Handle::current();
            thread::spawn(move || terminal.follow_stops(&runtime));
            terminal
        })
    }

    /// Only when it is ours: a shell may have put us in the background.
    fn give(self) {
        if tcgetpgrp(stdin()) == Ok(self.ours) {
            let _ = tcsetpgrp(stdin(), self.group); // a failure leaves it with us: the command can't read
        }
        // It may have tried to read too early and been stopped for it.
        let _ = killpg(self.group, Signal::SIGCONT); // a failure: it is gone already
    }

    /// The command's end, or its stop: the shell expects its terminal with us.
    pub fn take_back(self) {
        // Who is in the background and asks for the foreground is stopped, unless this signal is blocked;
        // the mask is the thread's own, so a fresh thread keeps it from everything else.
        let taken = thread::spawn(move || {
            if tcgetpgrp(stdin()) == Ok(self.group) && SigSet::from(Signal::SIGTTOU).thread_block().is_ok() {
                let _ = tcsetpgrp(stdin(), self.ours); // a failure: the shell takes it by itself
            }
        });
        drop(taken.join());
    }

    /// Ctrl-Z stops the command's group; we stop too, so that the shell takes over, and both go on together.
    fn follow_stops(self, runtime: &Handle) {
        let _context = runtime.enter();
        while let Ok(WaitStatus::Stopped(..)) = waitid(Id::Pid(self.group), WaitPidFlag::WSTOPPED) {
            // Sending the signal may return before it stops us: going on is known by its own signal.
            let Ok(mut goes_on) = signal(SignalKind::from_raw(Signal::SIGCONT as i32)) else { return };
            self.take_back();
            if killpg(self.ours, Signal::SIGSTOP).is_ok() {
                runtime.block_on(goes_on.recv());
            }
            self.give();
        }
    }
}
