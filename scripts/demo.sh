#!/usr/bin/env bash
# Fills demo.db once, then serves it while the fleet goes on working.
set -euo pipefail
runboard=$1
export RUNBOARD_DATABASE_URL=sqlite://demo.db

[ -e demo.db ] || "$runboard" demo
"$runboard" demo --runs 0 --live &
fleet=$!
trap 'kill -TERM $fleet 2>/dev/null; wait $fleet' EXIT
"$runboard" serve
