#!/usr/bin/env bash
# Fuzzes the reader of OTLP: each target in fuzz/ for SECONDS_EACH seconds, or those named. Any toolchain will do.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"
seconds=${SECONDS_EACH:-600}
version=0.13.2

if [ "$(cargo fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
  echo "Installing cargo-fuzz $version"
  cargo install cargo-fuzz --version "$version" --root .tools --quiet --locked
fi

# What emitters sent, plain and packed, is where fuzzing starts.
rm -rf fuzz/seeds
mkdir -p fuzz/seeds
for sample in tests/otlp-samples/*/*; do
  name=${sample#tests/otlp-samples/}
  cp "$sample" "fuzz/seeds/${name//\//-}"
  case $sample in
  *.gz)
    name=${name%.gz}
    gzip -dc "$sample" >"fuzz/seeds/${name//\//-}"
    ;;
  esac
done

# Without sanitizers, which need a nightly compiler: there is no unsafe code here for them to look at.
for target in ${*:-decode derive spans}; do
  options=(-max_total_time="$seconds" -timeout=60 -rss_limit_mb=3000 -len_control=0 -print_final_stats=1 -dict=fuzz/otlp.dict)
  mkdir -p "fuzz/corpus/$target"
  folders=("fuzz/corpus/$target")
  # Those of `spans` are no bodies.
  if [ "$target" = spans ]; then options+=(-max_len=4096); else options+=(-max_len=65536) folders+=(fuzz/seeds); fi
  cargo fuzz run --sanitizer none "$target" "${folders[@]}" -- "${options[@]}"
done
