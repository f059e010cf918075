//! `runboard export` and `runboard import`, the real binary: directly on a database and through a server.

use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct Place {
    dir: TempDir,
}

impl Place {
    /// No database yet.
    pub fn bare() -> Self {
        Self { dir: tempfile::tempdir().expect("dir") }
    }

    /// An empty database with an admin.
    pub fn new() -> Self {
        let place = Self::bare();
        place.good(&["user", "add", "ann@example.com", "--role", "admin"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn runboard(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runboard"));
        command.env("RUNBOARD_DATABASE_URL", format!("sqlite://{}", self.path("runboard.db").display()));
        command.env_remove("RUNBOARD_URL").env_remove("RUNBOARD_TOKEN").stdin(Stdio::null());
        command
    }

    pub fn good(&self, args: &[&str]) -> String {
        let out = self.runboard().args(args).output().expect("an output");
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("text")
    }

    fn import(&self, file: &Path) -> Output {
        self.runboard().arg("import").arg(file).output().expect("an output")
    }
}

/// A server on the place's database, ended with the test.
struct Served {
    child: Child,
    url: String,
    token: String,
}

impl Served {
    fn start(place: &Place) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let token = place.good(&["token", "create", "--user", "ann@example.com"]).trim().to_owned();
        let mut serve = place.runboard();
        serve.args(["serve", "--listen", &address.to_string(), "--requests-per-second", "0"]);
        let child = serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("serve");
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the server never listened");
            std::thread::yield_now();
        }
        Self { child, url: format!("http://{address}"), token }
    }

    fn runboard(&self, place: &Place, args: &[&str]) -> Output {
        let mut command = place.runboard();
        // Somewhere else: a client that looked into the database would find nothing.
        command.env("RUNBOARD_DATABASE_URL", "sqlite:///nowhere/at/all.db");
        command.env("RUNBOARD_URL", &self.url).env("RUNBOARD_TOKEN", &self.token);
        command.args(args).output().expect("an output")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn records(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).expect("a record")).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn what_was_exported_can_be_imported_whole() {
    let (from, to) = (Place::new(), Place::new());
    from.good(&["demo", "--runs", "450"]);
    let exported = from.good(&["export"]);
    assert_eq!(records(&exported).len(), 450);
    assert!(records(&exported).iter().any(|r| r["tool_calls"][0]["arguments"].is_object()));
    std::fs::write(to.path("all.ndjson"), &exported).expect("written");
    let out = to.import(&to.path("all.ndjson"));
    assert_eq!(text(&out.stdout), "450 recorded, 0 known already, 0 rejected\n", "{}", text(&out.stderr));
    assert_eq!(to.good(&["export"]), exported);
    let again = to.import(&to.path("all.ndjson"));
    assert_eq!(text(&again.stdout), "0 recorded, 450 known already, 0 rejected\n");
}

#[test]
fn through_a_server_the_same_comes_out_and_goes_in() {
    let (from, to) = (Place::new(), Place::new());
    from.good(&["demo", "--runs", "230"]);
    let exported = from.good(&["export"]);
    let served = Served::start(&from);
    let out = served.runboard(&from, &["export"]);
    assert_eq!(text(&out.stdout), exported, "{}", text(&out.stderr));
    let failed = served.runboard(&from, &["export", "--filter", "status=failed"]);
    assert!(records(&text(&failed.stdout)).iter().all(|r| r["status"] == "failed"));
    drop(served);

    let file = to.path("all.ndjson");
    std::fs::write(&file, &exported).expect("written");
    let served = Served::start(&to);
    let out = served.runboard(&to, &["import", &file.display().to_string()]);
    assert_eq!(text(&out.stdout), "230 recorded, 0 known already, 0 rejected\n", "{}", text(&out.stderr));
    assert_eq!(text(&served.runboard(&to, &["export"]).stdout), exported);
}

#[test]
fn a_bad_line_is_named_and_the_good_ones_are_kept() {
    for through_a_server in [false, true] {
        let place = Place::new();
        let lines = [
            json!({"agent_name": "a", "message": "good", "status": "success"}).to_string(),
            "{not json".to_owned(),
            String::new(),
            json!({"agent_name": "a", "status": "done"}).to_string(),
            json!({"agent_name": "a", "cost": -1.0}).to_string(),
            json!({"agent_name": "a", "message": "x".repeat(9 << 20)}).to_string(),
            json!({"agent_name": "a", "message": "good too", "status": "completed"}).to_string(),
        ];
        std::fs::write(place.path("lines"), lines.join("\n")).expect("written");
        let out = if through_a_server {
            Served::start(&place).runboard(&place, &["import", &place.path("lines").display().to_string()])
        } else {
            place.import(&place.path("lines"))
        };
        assert_eq!(out.status.code(), Some(1));
        assert_eq!(text(&out.stdout), "2 recorded, 0 known already, 4 rejected\n", "{}", text(&out.stderr));
        let said = text(&out.stderr);
        for named in ["line 2: ", "line 4: `done` is not a status", "line 5: cost: ", "line 6: "] {
            assert!(said.contains(named), "{named} is missing in {said}");
        }
    }
}

#[test]
fn a_log_beyond_one_call_arrives_whole_and_in_order() {
    let place = Place::new();
    let log: Vec<Value> = (0..2_500).map(|i| json!({"stream": "stdout", "text": format!("line {i}")})).collect();
    let record = json!({"agent_name": "a", "status": "success", "log": log}).to_string();
    let served = Served::start(&place);
    let mut import = place.runboard();
    import.env("RUNBOARD_URL", &served.url).env("RUNBOARD_TOKEN", &served.token).args(["import", "-"]);
    let mut import = import.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("import");
    import.stdin.take().expect("stdin").write_all(record.as_bytes()).expect("written");
    assert!(import.wait().expect("an end").success());
    let exported = records(&text(&served.runboard(&place, &["export"]).stdout));
    let texts: Vec<String> =
        exported[0]["log"].as_array().expect("a log").iter().map(|l| l["text"].to_string()).collect();
    assert_eq!(texts, (0..2_500).map(|i| format!("\"line {i}\"")).collect::<Vec<_>>());
}

#[test]
fn trouble_is_said_in_one_line() {
    let place = Place::new();
    for (args, said) in [
        (vec!["import", "no-such-file"], "No such file"),
        (vec!["export", "--filter", "colour=red"], "colour"),
        (vec!["export", "--filter", "status=done"], "status"),
    ] {
        let out = place.runboard().args(&args).output().expect("an output");
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        assert!(text(&out.stderr).contains(said), "{}", text(&out.stderr));
        assert_eq!(text(&out.stderr).lines().count(), 1);
    }
}
