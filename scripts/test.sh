#!/usr/bin/env bash
# Every check and every test. All parts run even if one fails; the last line is "N passed, N failed".
# The counts come from what the test programs printed, and a part that should have tests and ran none counts as failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PWD/node_modules/.bin:$PATH"
logs=target/test-logs
rm -rf "$logs"
mkdir -p "$logs"
: >"$logs/rows"

# row PART PASSED FAILED
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$logs/rows"; }

# check PART COMMAND...: counts as one test.
check() {
  local part=$1
  shift
  printf '\n== %s\n' "$part"
  if "$@"; then row "$part" 1 0; else row "$part" 0 1; fi
}

# tests LOG COMMAND...: runs test programs and keeps what they print.
tests() {
  local log=$logs/$1
  shift
  "$@" 2>&1 | tee "$log"
}

# Reads the output of `cargo test`: one row per part, where the suite's parts are its top modules.
rust_rows() {
  awk -v OFS='\t' '
    function note(part, ok) { parts[part]; if (ok) good[part]++; else bad[part]++ }
    /^ +Running unittests/ { part = "unit" }
    /^ +Running tests\// { part = $2; sub(/^tests\//, "", part); sub(/(\/main)?\.rs$/, "", part) }
    /^ +Doc-tests/ { part = "documentation" }
    /^test .* (ok|FAILED)$/ {
      name = part
      if (part == "suite") { name = $2; sub(/::.*/, "", name) }
      if (name == "store") name = $2 ~ /postgres/ ? "store on PostgreSQL" : "store on SQLite"
      note(name, $NF == "ok"); named[$NF == "ok"]++
    }
    /^test result:/ { good_in_all += $4; bad_in_all += $6 }
    END {
      # A line torn by the output of a program under test is counted, if not by name.
      for (; named[1] < good_in_all; named[1]++) note("other", 1)
      for (; named[0] < bad_in_all; named[0]++) note("other", 0)
      for (part in parts) print part, good[part] + 0, bad[part] + 0
    }' "$1" | sort
}

check "format" cargo fmt --check
check "lint server" cargo clippy --quiet --release --features ssr --all-targets -- -D warnings
check "lint browser" cargo clippy --quiet --profile wasm-release --target wasm32-unknown-unknown --features hydrate --lib --test browser -- -D warnings
check "types of the browser tests" npm run --silent check:e2e

# Everything runs in the two release profiles: what they need is compiled once, for what is shipped and for the tests.
check "release build" make --no-print-directory build

printf '\n== unit, store, API and live tests\n'
tests rust.log scripts/with-postgres.sh cargo test --release --features ssr --no-fail-fast || rust_failed=1
rust_rows "$logs/rust.log" >>"$logs/rows"
if [ -n "${rust_failed:-}" ] && ! grep -q '^test result: FAILED' "$logs/rust.log"; then row "tests that did not finish" 0 1; fi

printf '\n== tests in the browser'"'"'s WebAssembly\n'
CHROMEDRIVER=${CHROMEDRIVER:-$(command -v chromedriver)} tests wasm.log \
  cargo test --profile wasm-release --target wasm32-unknown-unknown --features hydrate --test browser || wasm_failed=1
row "wasm in Chromium" $(awk '/^test result:/ { good += $4; bad += $6 } END { print good + 0, bad + 0 }' "$logs/wasm.log")
if [ -n "${wasm_failed:-}" ] && ! grep -q '^test result: FAILED' "$logs/wasm.log"; then row "wasm tests that did not finish" 0 1; fi

printf '\n== end to end\n'
if COUNTS_FILE="$PWD/$logs/e2e.rows" FAILED_FILE="$PWD/$logs/e2e.failed" tests e2e.log playwright test --config end2end; then e2e_failed=; else e2e_failed=1; fi
if [ -e "$logs/e2e.rows" ]; then cat "$logs/e2e.rows" >>"$logs/rows"; fi
if [ -n "$e2e_failed" ] && ! awk -F '\t' '$3 > 0 { found = 1 } END { exit !found }' "$logs/e2e.rows" 2>/dev/null; then
  row "end to end tests that did not finish" 0 1
fi

for part in unit structure "store on SQLite" "store on PostgreSQL" api live "wasm in Chromium" "e2e desktop" "e2e phone" "e2e nojs"; do
  ran=$(awk -F '\t' -v part="$part" '$1 == part { n += $2 + $3 } END { print n + 0 }' "$logs/rows")
  if [ "$ran" -eq 0 ]; then row "$part: no test ran" 0 1; fi
done

printf '\n'
awk -F '\t' 'BEGIN { printf "%-34s %8s %8s\n", "", "passed", "failed" } $2 + $3 > 0 { printf "%-34s %8d %8d\n", $1, $2, $3 }' "$logs/rows"

# What failed is named at the end: nobody should have to look through all of the above.
rust_failures() { awk '/^ *---- .* (stdout|output) ----$/ { left = 6 } left-- > 0 && NF' "$1"; }
{ rust_failures "$logs/rust.log"; rust_failures "$logs/wasm.log"; cat "$logs/e2e.failed"; } 2>/dev/null >"$logs/failed"
if [ -s "$logs/failed" ]; then printf '\nfailed:\n'; head -n 40 "$logs/failed"; fi

awk -F '\t' '{ good += $2; bad += $3 } END { printf "\n%d passed, %d failed\n", good, bad; exit bad > 0 }' "$logs/rows"
