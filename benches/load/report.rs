//! The figures beside their targets.

use crate::server::Server;
use std::fmt::Write as _;
use std::fs::{File, read_to_string};
use std::io::Write as _;
use std::time::{Duration, Instant};

#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn add(&mut self, latency: Duration) {
        self.0.push(latency);
    }
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn text(&self) -> String {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1_000.0;
        format!("p50 {:.2}, p99 {:.2}", ms(50), ms(99))
    }
    /// Nearest rank.
    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

pub fn per_second(count: usize, spent: Duration) -> String {
    let rate = (count as f64 / spent.as_secs_f64()).round();
    format!("{rate} /s")
}

pub struct Report {
    table: String,
    bare: Option<Duration>,
}

impl Report {
    pub fn new(runs: usize) -> Self {
        let date = chrono::Utc::now().format("%Y-%m-%d");
        let mut table = format!("# {runs} executions in SQLite, {date}\n\n");
        table += "Release build, server and load generator on the same machine. Latencies are those of whole HTTP requests\n";
        table += "over one connection, in milliseconds; the ratio is that of the p50 to a bare `/healthz`. Load: 1 minute.\n\n";
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let _ = writeln!(table, "Cores: {cores}. Load before: {}.\n", load());
        table += "| what | measured | target | × /healthz | load |\n|---|---|---|---|---|\n";
        Self { table, bare: None }
    }

    pub fn row(&mut self, what: &str, measured: String, target: &str, ratio: Option<f64>) {
        let ratio = ratio.map_or_else(String::new, |r| format!("{r:.1}"));
        let row = format!("| {what} | {measured} | {target} | {ratio} | {} |", load());
        eprintln!("{row}");
        self.table += &row;
        self.table.push('\n');
    }

    /// What a request costs that does nothing.
    pub fn baseline(&mut self, bare: &Latencies) {
        self.bare = Some(bare.percentile(50));
        self.latencies("a bare request, /healthz", bare, "");
    }

    pub fn latencies(&mut self, what: &str, latencies: &Latencies, target: &str) {
        let ratio = self.bare.map(|bare| latencies.percentile(50).as_secs_f64() / bare.as_secs_f64());
        self.row(what, latencies.text(), target, ratio);
    }

    /// What the disk allows: appending 4 KiB and waiting until it is durable.
    pub fn disk(&mut self) {
        let mut file = tempfile::tempfile().expect("a file");
        let (begun, mut done) = (Instant::now(), 0);
        while begun.elapsed() < Duration::from_secs(1) {
            file.write_all(&[7; 4096]).and_then(|()| File::sync_data(&file)).expect("written");
            done += 1;
        }
        self.row("disk: durable appends of 4 KiB", per_second(done, begun.elapsed()), "", None);
    }

    /// Of a stopped server.
    pub fn size(&mut self, server: &Server, runs: usize) {
        let database = server.database();
        let size = |path| std::fs::metadata(path).map_or(0, |file| file.len());
        let bytes = size(database.clone()) + size(database.with_extension("db-wal"));
        let each = bytes / u64::try_from(runs).expect("a number");
        self.row("disk for an execution, all included", format!("{each} bytes"), "≤ 1 000 bytes", None);
    }

    pub fn finish(self, keep: bool) {
        println!("{}", self.table);
        if keep {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/results");
            std::fs::create_dir_all(folder).expect("the folder of results");
            let file = format!("{folder}/{}.md", chrono::Utc::now().format("%Y-%m-%d"));
            std::fs::write(&file, self.table).expect("written");
            eprintln!("kept in {file}");
        } else {
            eprintln!("a quick look: not kept");
        }
    }
}

fn load() -> String {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
