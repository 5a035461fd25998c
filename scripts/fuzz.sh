#!/usr/bin/env bash
# Runs each fuzz target for some seconds (default 60), starting from its corpus in
# tests/corpus/<target>. New inputs stay in build/fuzz/corpus; what crashes in
# build/fuzz/crashes, to be added to tests/corpus with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shopt -s nullglob
targets=(build/fuzz/bin/*_fuzz)
[[ ${#targets[@]} -gt 0 ]] || { echo "fuzz: no targets in build/fuzz/bin: make fuzz" >&2; exit 1; }

failed=0
for target in "${targets[@]}"; do
  name=$(basename "$target")
  mkdir -p "build/fuzz/corpus/$name" build/fuzz/crashes
  corpora=("build/fuzz/corpus/$name")
  [[ ! -d tests/corpus/$name ]] || corpora+=("tests/corpus/$name")
  echo "fuzz: $name for $seconds s"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 \
    -verbosity=0 -artifact_prefix="build/fuzz/crashes/$name-" "${corpora[@]}" || failed=1
done
exit "$failed"
