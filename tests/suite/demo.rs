//! `runboard demo`, the real binary on a database of its own.

use super::import_export::{Place, records};
use nix::sys::signal::{SIGTERM, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

const UNFINISHED: &str = "status=queued,running,waiting,paused";

#[test]
fn a_demo_without_live_leaves_nothing_running_and_somebody_who_can_sign_in() {
    let place = Place::bare();
    let said = place.good(&["demo", "--runs", "600"]);
    assert!(said.contains("sign in as demo@example.com with the password "), "{said}");
    assert!(said.ends_with("600 runs\n"), "{said}");
    let runs = records(&place.good(&["export"]));
    let agents: BTreeSet<&str> = runs.iter().filter_map(|r| r["agent_name"].as_str()).collect();
    assert_eq!(runs.len(), 600);
    assert!(agents.len() >= 15 && agents.contains("Invoice Clerk"), "{agents:?}");
    assert_eq!(place.good(&["export", "--filter", UNFINISHED]), "");
    assert_eq!(place.good(&["demo", "--runs", "10"]), "10 runs\n");
}

#[test]
fn a_live_fleet_ends_its_runs_when_it_is_ended() {
    let place = Place::new();
    let live = place.runboard().args(["demo", "--runs", "0", "--live"]).stdout(Stdio::null()).spawn().expect("demo");
    let deadline = Instant::now() + Duration::from_mins(1);
    while !place.good(&["export", "--filter", "status=running"]).contains("started\"") {
        assert!(Instant::now() < deadline, "no run ever wrote to its log");
    }
    kill(Pid::from_raw(i32::try_from(live.id()).expect("a pid")), SIGTERM).expect("it runs");
    assert!(live.wait_with_output().expect("an end").status.success());
    assert_eq!(place.good(&["export", "--filter", UNFINISHED]), "");
    assert!(!records(&place.good(&["export", "--filter", "status=cancelled"])).is_empty());
}
