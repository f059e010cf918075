//! The release binary on a database of its own.

use crate::wire::Wire;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const EMAIL: &str = "bench@example.com";
pub const PASSWORD: &str = "correct horse battery staple";

pub struct Server {
    dir: TempDir,
    child: Option<Child>,
    pub address: SocketAddr,
    pub token: String,
}

impl Server {
    pub fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = free.local_addr().expect("an address");
        // BENCH_DIR: a disk of one's choice, where the temporary folder is too small.
        let dir = std::env::var_os("BENCH_DIR").map_or_else(TempDir::new, TempDir::new_in).expect("a folder");
        let mut server = Self { dir, child: None, address, token: String::new() };
        server.run(&["user", "add", EMAIL, "--role", "admin", "--password-stdin"], PASSWORD);
        let token = server.run(&["token", "create", "--user", EMAIL], "");
        token.trim().clone_into(&mut server.token);
        server
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runboard"));
        command.env("RUNBOARD_DATABASE_URL", format!("sqlite://{}", self.database().display()));
        command
    }

    fn run(&self, args: &[&str], input: &str) -> String {
        let mut child =
            self.command().args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary");
        child.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("written");
        let out = child.wait_with_output().expect("an output");
        assert!(out.status.success(), "{args:?}");
        String::from_utf8(out.stdout).expect("text")
    }

    pub fn database(&self) -> PathBuf {
        self.dir.path().join("bench.db")
    }

    /// Time from the start of the process to its first answer.
    pub async fn start(&mut self) -> Duration {
        self.start_with(&[]).await
    }

    /// The same with further options.
    pub async fn start_with(&mut self, options: &[&str]) -> Duration {
        let begun = Instant::now();
        let mut serve = self.command();
        serve.args(["serve", "--listen", &self.address.to_string(), "--requests-per-second", "0"]).args(options);
        serve.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null());
        self.child = Some(serve.spawn().expect("serve"));
        loop {
            if tokio::net::TcpStream::connect(self.address).await.is_ok() {
                assert_eq!(self.wire().await.get("/healthz").await.status, 200);
                return begun.elapsed();
            }
            assert!(begun.elapsed() < Duration::from_mins(2), "the server never answered");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
            nix::sys::signal::kill(pid, nix::sys::signal::SIGTERM).expect("it runs");
            child.wait().expect("an end");
        }
    }

    pub async fn wire(&self) -> Wire {
        Wire::open(self.address, &self.token).await
    }

    /// Time all its threads have computed so far.
    pub fn cpu(&self) -> Duration {
        let pid = self.child.as_ref().map_or(0, Child::id);
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running server");
        // After the name, which may hold anything: state is the first, user and system time the 12th and 13th, in ticks
        // of which a second has 100.
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks");
        Duration::from_millis(ticks * 10)
    }

    pub fn memory_mib(&self) -> u64 {
        let pid = self.child.as_ref().map_or(0, Child::id);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running server");
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
