//! Server. Processes that outlived their command, or the server that started them. They carry their run's id in their
//! environment, which is how they are told from all others, whatever group they are in.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The variable that tells a command which run it is.
pub const RUN_VARIABLE: &str = "RUNBOARD_EXECUTION_ID";

/// Processes of this machine that belong to a run. Without `/proc` there are none to be found.
pub fn of_run(execution_id: &str) -> Vec<Pid> {
    let mark = format!("{RUN_VARIABLE}={execution_id}");
    let Ok(all) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = all.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    pids.filter(|pid| carries(&Path::new("/proc").join(pid.to_string()), mark.as_bytes())).map(Pid::from_raw).collect()
}

/// Other people's processes can't be read, and one that has ended has no environment.
fn carries(process: &Path, mark: &[u8]) -> bool {
    std::fs::read(process.join("environ")).is_ok_and(|all| all.split(|b| *b == 0).any(|variable| variable == mark))
}

fn send(to: &[Pid], signal: Signal) {
    for pid in to {
        // The only failure is that one has gone by itself.
        let _ = kill(*pid, signal);
    }
}

/// Ends what is left of a run: SIGTERM, then SIGKILL. Answers how many processes there were.
pub async fn end(execution_id: &str, kill_after: Duration) -> usize {
    let found = of_run(execution_id);
    let count = found.len();
    send(&found, Signal::SIGTERM);
    let kill_at = Instant::now() + kill_after;
    loop {
        let left = of_run(execution_id);
        if left.is_empty() {
            return count;
        }
        if Instant::now() >= kill_at {
            send(&left, Signal::SIGKILL);
            return count;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
