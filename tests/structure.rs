//! What must hold about the repository itself: which folder may use what, and how it is laid out.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with this ending, as paths from the repository's root, sorted.
fn files(folder: &str, ending: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        // What npm installs there is not ours.
        let paths = entries.map(|entry| entry.expect("a readable folder").path());
        for path in paths.filter(|path| !path.ends_with("node_modules")) {
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root()).expect("a path below the root").display().to_string())
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort();
    names
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The lines of a source file that are code, with their numbers.
fn code(file: &str) -> Vec<(usize, String)> {
    read(file)
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(i, line)| (i + 1, line.split(" // ").next().unwrap_or(line).to_owned()))
        .collect()
}

/// Every place in `src` outside the allowed files where a line of code is `wrong`.
fn places(allowed: impl Fn(&str) -> bool, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    for file in files("src", ".rs").into_iter().filter(|file| !allowed(file)) {
        for (number, line) in code(&file) {
            if wrong(&line) {
                places.push(format!("{file}:{number}: {}", line.trim()));
            }
        }
    }
    places
}

/// Does `line` name the crate or module `name`, as a path or an import?
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
            && (after.starts_with("::") || after.starts_with(';') || after.starts_with(" as "))
    })
}

#[track_caller]
fn none(places: &[String], rule: &str) {
    assert!(places.is_empty(), "{rule}:\n{}", places.join("\n"));
}

#[test]
fn the_side_is_decided_only_at_the_top_and_in_the_browser_facade() {
    let allowed = |file: &str| matches!(file, "src/lib.rs" | "src/main.rs") || file.starts_with("src/browser/");
    let derives = |file: &str, line: &str| file.starts_with("src/domain/") && line.contains("cfg_attr(");
    let mut wrong = Vec::new();
    for file in files("src", ".rs").into_iter().filter(|file| !allowed(file)) {
        for (number, line) in code(&file) {
            let asks = line.contains("feature = \"") && line.contains("cfg");
            if asks && !derives(&file, &line) {
                wrong.push(format!("{file}:{number}: {}", line.trim()));
            }
        }
    }
    none(&wrong, "cfg(feature) belongs in lib.rs, main.rs and browser/");
}

#[test]
fn only_the_browser_facade_touches_the_web() {
    let web = ["web_sys", "js_sys", "gloo_net", "gloo_timers", "wasm_bindgen", "wasm_bindgen_futures"];
    let allowed = |file: &str| file.starts_with("src/browser/") || file == "src/lib.rs";
    let wrong = places(allowed, |line| web.iter().any(|name| names(line, name)));
    none(&wrong, "web_sys, js_sys, gloo and wasm_bindgen belong in browser/");
}

#[test]
fn only_the_store_speaks_sql() {
    let wrong = places(|file| file.starts_with("src/store/"), |line| names(line, "sqlx"));
    none(&wrong, "sqlx belongs in store/");
}

/// Folder, and what it may not use.
const DIRECTION: [(&str, &[&str]); 10] = [
    ("domain", &["api", "app", "auth", "browser", "cli", "live", "server", "server_fns", "store", "ui"]),
    (
        "otlp",
        &["api", "app", "auth", "browser", "cli", "engine", "live", "process", "server", "server_fns", "store", "ui"],
    ),
    (
        "telemetry",
        &[
            "api",
            "app",
            "auth",
            "browser",
            "cli",
            "engine",
            "live",
            "otlp",
            "process",
            "server",
            "server_fns",
            "store",
            "ui",
        ],
    ),
    ("store", &["api", "app", "browser", "cli", "live", "server", "server_fns", "ui"]),
    ("app", &["api", "browser", "cli", "server", "ui"]),
    ("api", &["browser", "cli", "server_fns", "store", "ui"]),
    ("live", &["api", "browser", "cli", "server", "server_fns", "ui"]),
    ("server_fns", &["api", "auth", "browser", "cli", "live", "server", "store", "ui"]),
    ("browser", &["api", "app", "auth", "cli", "live", "server", "store", "ui"]),
    ("ui", &["api", "app", "auth", "cli", "live", "server", "store"]),
];

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    for (folder, forbidden) in DIRECTION {
        for file in files(&format!("src/{folder}"), ".rs") {
            for (number, line) in code(&file) {
                if forbidden.iter().any(|other| uses(&line, other)) {
                    wrong.push(format!("{file}:{number}: {}", line.trim()));
                }
            }
        }
    }
    none(&wrong, "these folders reach where they may not");
}

/// `crate::store::…`, `use crate::{app, store}` and the like, on one line.
fn uses(line: &str, module: &str) -> bool {
    line.split("crate::").skip(1).any(|path| match path.strip_prefix('{') {
        None => path.split(|c: char| !(c.is_alphanumeric() || c == '_')).next() == Some(module),
        Some(group) => {
            let mut depth = 0;
            let top: String = group
                .chars()
                .map(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    if depth == 0 { c } else { ' ' }
                })
                .collect();
            top.split(',').any(|item| item.trim().split([':', ' ', '}', ';']).next() == Some(module))
        }
    })
}

#[test]
fn the_import_reader_sees_paths_and_groups() {
    assert!(uses("use crate::store::Store;", "store"));
    assert!(uses("    crate::app::caller().await?", "app"));
    assert!(uses("use crate::{app, store::Store};", "store"));
    assert!(!uses("use crate::{domain::{store, Id}, app};", "store"));
    assert!(!uses("use crate::server_fns::load;", "server"));
    assert!(names("use sqlx::Row;", "sqlx") && !names("let asqlx = 1;", "sqlx"));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let of = |backend: &str| {
        let folder = format!("migrations/{backend}/");
        files(&folder, "").iter().map(|file| file.trim_start_matches(&folder).to_owned()).collect::<Vec<_>>()
    };
    let sqlite = of("sqlite");
    assert!(!sqlite.is_empty(), "no migrations found");
    assert_eq!(sqlite, of("postgres"));
}

#[test]
fn every_folder_says_which_side_it_runs_on() {
    let mut wrong = Vec::new();
    for file in files("src", "/mod.rs").into_iter().filter(|file| file.matches('/').count() == 2) {
        let first = read(&file).lines().next().unwrap_or_default().to_owned();
        if !["//! Both sides.", "//! Server.", "//! Browser."].iter().any(|side| first.starts_with(side)) {
            wrong.push(format!("{file}: {first}"));
        }
    }
    none(&wrong, "the first line of a folder names its side");
}

#[test]
fn no_source_file_outgrows_400_lines() {
    let mut wrong = Vec::new();
    for file in files("src", ".rs").into_iter().chain(files("style", ".scss")).chain(files("end2end", ".ts")) {
        let lines = read(&file).lines().count();
        if lines > 400 {
            wrong.push(format!("{file}: {lines} lines"));
        }
    }
    none(&wrong, "these files want to be a folder");
}

#[test]
fn tests_wait_for_states_not_for_time() {
    let mut wrong = Vec::new();
    for file in files("tests", ".rs").into_iter().chain(files("end2end", ".ts")) {
        if file == "tests/structure.rs" {
            continue;
        }
        for (number, line) in code(&file) {
            if ["thread::sleep(", "time::sleep(", "waitForTimeout(", ".only(", "#[ignore"]
                .iter()
                .any(|s| line.contains(s))
            {
                wrong.push(format!("{file}:{number}: {}", line.trim()));
            }
        }
    }
    none(&wrong, "no test sleeps or is switched off");
}
