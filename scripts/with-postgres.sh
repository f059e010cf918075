#!/usr/bin/env bash
# Runs a command with TEST_POSTGRES_URL set to a private PostgreSQL cluster that exists only as long as the command.
# A TEST_POSTGRES_URL that is already set is used as it is.
set -euo pipefail

if [ $# -eq 0 ]; then
  echo "usage: scripts/with-postgres.sh COMMAND [ARG...]" >&2
  exit 2
fi
if [ -n "${TEST_POSTGRES_URL:-}" ]; then
  exec "$@"
fi

initdb=$(command -v initdb || ls -v /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1)
if [ -z "$initdb" ]; then
  echo "PostgreSQL is not installed. Install the package postgresql, or set TEST_POSTGRES_URL." >&2
  exit 1
fi
bin=$(dirname "$initdb")

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/runboard-postgres.XXXXXX")
cleanup() {
  as_owner "$bin/pg_ctl" --pgdata "$dir/data" --mode immediate --wait stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ "$(id -u)" -eq 0 ]; then chown postgres "$dir"; fi

# A language-aware collation, unlike SQLite's: a query that leans on byte order shows itself.
if ! as_owner "$bin/initdb" --pgdata "$dir/data" --username runboard --auth trust --encoding UTF8 --locale C.UTF-8 \
  --locale-provider icu --icu-locale en-US --no-sync >"$dir/initdb.log" 2>&1; then
  cat "$dir/initdb.log" >&2
  exit 1
fi

# Another program may take the port between choosing and using it, so a few are tried.
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 12000))
  if as_owner "$bin/pg_ctl" --pgdata "$dir/data" --log "$dir/server.log" --wait --silent start --options \
    "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='$dir' -c max_connections=300 \
     -c fsync=off -c synchronous_commit=off -c full_page_writes=off" >/dev/null 2>&1; then
    export TEST_POSTGRES_URL="postgres://runboard@127.0.0.1:$port/postgres"
    break
  fi
done
if [ -z "${TEST_POSTGRES_URL:-}" ]; then
  cat "$dir/server.log" >&2
  exit 1
fi

"$@"
