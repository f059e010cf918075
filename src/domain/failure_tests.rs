//! Both sides, tests only. Errors as they are met in the wild.

use super::{PATTERN_CHARS, fingerprint};

fn pattern(error: &str) -> String {
    fingerprint(error).pattern
}

#[track_caller]
fn same(errors: &[&str], wanted: &str) {
    for error in errors {
        assert_eq!(pattern(error), wanted, "{error}");
    }
}

#[test]
fn python_says_it_in_the_last_line() {
    let trace = |line: u32, value: &str| {
        format!(
            "Traceback (most recent call last):\n  File \"/app/jobs/etl.py\", line {line}, in run\n    n = int(cell)\n\
             ValueError: invalid literal for int() with base 10: '{value}'\n"
        )
    };
    same(&[&trace(31, "n/a"), &trace(48, "12,5")], "ValueError: invalid literal for int() with base <n>: '…'");
    let chained = "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'id'\n\nDuring handling of the above exception, \
                   another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3\nRuntimeError: no id in row 17";
    same(&[chained], "RuntimeError: no id in row <n>");
    same(&["KeyError: 'customer_4711'"], "KeyError: '…'");
    same(
        &[
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='db-1', port=8080): Max retries exceeded with url: /v1/jobs/17",
        ],
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='…', port=<n>): Max retries exceeded with url: /v<n>/jobs/<n>",
    );
}

#[test]
fn a_long_error_is_looked_at_from_both_ends() {
    let frames = "  File \"a.py\", line 3, in run\n".repeat(10_000);
    same(&[&format!("Traceback (most recent call last):\n{frames}ValueError: bad row 17")], "ValueError: bad row <n>");
    same(&[&format!("TypeError: no item 3\n{frames}")], "TypeError: no item <n>");
    let one_line = "ü".repeat(9_000);
    assert_eq!(pattern(&one_line), "ü".repeat(PATTERN_CHARS));
}

#[test]
fn javascript_says_it_in_the_first_line() {
    same(
        &["TypeError: Cannot read properties of undefined (reading 'map')\n    at render (/srv/app/index.js:31:14)"],
        "TypeError: Cannot read properties of undefined (reading '…')",
    );
    same(
        &["Error: connect ECONNREFUSED 127.0.0.1:5432", "Error: connect ECONNREFUSED 10.0.4.17:6432"],
        "Error: connect ECONNREFUSED <n>",
    );
    same(
        &["SyntaxError: Unexpected token < in JSON at position 0"],
        "SyntaxError: Unexpected token < in JSON at position <n>",
    );
}

#[test]
fn a_rust_panic_goes_on_in_the_second_line() {
    same(
        &[
            "thread 'main' panicked at src/main.rs:5:10:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1`",
            "thread 'worker-3' panicked at src/main.rs:81:22:\ncalled `Option::unwrap()` on a `None` value",
        ],
        "thread '…' panicked at src/main.rs:<n>: called `Option::unwrap()` on a `None` value",
    );
}

#[test]
fn the_kind_of_an_http_failure_stays() {
    same(
        &[
            "HTTP 502 from https://api.example.com/v2/items/91?page=3",
            "HTTP 502 from https://api.example.com/v2/items/7?page=12",
        ],
        "HTTP 502 from https://api.example.com/v<n>/items/<n>?page=<n>",
    );
    assert_ne!(fingerprint("HTTP 429").id, fingerprint("HTTP 500").id);
    assert_eq!(pattern("503 Service Unavailable"), "503 Service Unavailable");
    assert_eq!(pattern("Request failed with status code 404"), "Request failed with status code 404");
    assert_eq!(pattern("processed 503 rows"), "processed <n> rows");
    assert_eq!(pattern("Error code: 429 - {'error': {'type': 'tokens'}}"), "Error code: 429 - {'…': {'…': '…'}}");
}

#[test]
fn rate_limits_differ_in_numbers_and_names_only() {
    let limit = |org: &str, used: u32, wait: &str| {
        format!(
            "Rate limit reached for gpt-4o in organization org-{org} on tokens per min (TPM): Limit 30000, Used {used}, \
             Requested 1,204. Please try again in {wait}."
        )
    };
    let a = fingerprint(&limit("Ab3dEf9hIj2lMn5p", 29_512, "1.434s"));
    let b = fingerprint(&limit("Zz9yXw8vUt7sRq6q", 30_000, "20s"));
    let c = fingerprint(&limit("Zz9yXw8vUt7sRq6q", 30_000, "850ms"));
    assert_eq!(a, b);
    assert_eq!(b, c);
    assert!(
        a.pattern.starts_with("Rate limit reached for gpt-<n>o in organization org-<id> on tokens per min"),
        "{}",
        a.pattern
    );
}

#[test]
fn ids_times_and_addresses_give_way() {
    same(
        &[
            "Job 0199a3f2-0000-7000-8000-00000000c41e timed out at 2026-11-21T12:03:41.123Z",
            "Job 0199b001-1111-7222-8333-0000deadbeef timed out at 2026-01-01 00:00:01+01:00",
        ],
        "Job <id> timed out at <time>",
    );
    same(&["segfault at 0x7ffd41", "segfault at 0xDEADBEEF"], "segfault at <id>");
    same(&["commit 9fceb02 not found in /tmp/tmpx7f3k2/repo"], "commit <id> not found in /tmp/<id>/repo");
    same(&["can't open it, and won't try 3 times"], "can't open it, and won't try <n> times");
    same(&["  two   words\t here \r\nmore"], "two words here");
}

#[test]
fn there_is_always_a_pattern_and_it_is_short() {
    for silent in ["", "  \n\t\n", "\u{0}"] {
        assert_eq!(pattern(silent), "No error message");
    }
    let long = fingerprint(&"é ".repeat(5_000));
    assert!(long.pattern.chars().count() <= PATTERN_CHARS);
    for odd in
        ["'", "\"unclosed", "'a", "''", "<n>", "日本語のエラー 42", "\u{202e}evil", "9999-99-99T", "2026-01-01T1"]
    {
        let f = fingerprint(odd);
        assert_eq!(f.id.len(), 16);
        assert_eq!(f, fingerprint(odd));
    }
    // Written down in databases: a pattern's id may never change.
    assert_eq!(fingerprint("HTTP 500").id, "d7a83ade1cad21ae");
}
