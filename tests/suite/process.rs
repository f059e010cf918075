//! The real program, as an operator runs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_runboard");

pub fn command(database: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.env("RUNBOARD_DATABASE_URL", database).env("RUST_LOG", "error");
    command
}

pub fn output(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A token of a new admin.
pub fn prepare(database: &str) -> String {
    output(command(database).args(["user", "add", "ann@example.com", "--role", "admin"]));
    output(command(database).args(["token", "create", "--user", "ann@example.com", "--scope", "write"]))
}

/// The server and where it listens.
pub fn serve(database: &str) -> (Server, String) {
    started(command(database).args(SERVE))
}

pub const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0"];

/// A server that does not outlive its test.
pub struct Server(pub Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, as a rule.
        self.0.kill().and_then(|()| self.0.wait()).ok();
    }
}

impl Server {
    /// Ends it as a supervisor does.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        self.0.wait().expect("gone")
    }
}

/// Waits until the server says where it listens.
pub fn started(command: &mut Command) -> (Server, String) {
    let mut child = Server(command.stdout(Stdio::piped()).spawn().expect("it starts"));
    let mut line = String::new();
    let mut stdout = BufReader::new(child.0.stdout.take().expect("its output"));
    stdout.read_line(&mut line).expect("a line");
    let url = line.trim().rsplit(' ').next().expect("a URL").to_owned();
    assert!(url.starts_with("http://"), "{line}");
    (child, url)
}

/// The file of a database is sound.
pub async fn integrity(file: &Path) {
    use sqlx::Connection as _;
    let url = format!("sqlite://{}", file.display());
    let mut c = sqlx::SqliteConnection::connect(&url).await.expect("opened");
    let (verdict,): (String,) = sqlx::query_as("pragma integrity_check").fetch_one(&mut c).await.expect("checked");
    assert_eq!(verdict, "ok");
}
