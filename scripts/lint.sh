#!/usr/bin/env bash
# Formatting of every source, clang-tidy on the sources that changed, scripts/check_all.
#
#   scripts/lint.sh                 check; BASE=<commit> sets what "changed" is measured from,
#                                   TIDY_MAX=<n> how many files clang-tidy looks at (0: all)
#   scripts/lint.sh --fix-format    format the sources in place and stop
# shellcheck disable=SC2317  # the steps are called by name
set -euo pipefail
cd "$(dirname "$0")/.."

JOBS=${JOBS:-$(nproc)}
# clang-tidy takes 5-20 s per coroutine-heavy file: more than this is a nightly job.
TIDY_MAX=${TIDY_MAX:-24}
# The dev tree has no unity batches, so that each source has its own compile command.
TIDY_TREE=build/dev

# Tracked and new sources that exist, one a line.
sources() {
  git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' |
    sort -u | while read -r file; do [[ ! -f $file ]] || echo "$file"; done
}

# What "changed" is measured from: the merge base with origin/main, the commit before, or
# nothing when the history starts here.
base_commit() {
  local head base
  head=$(git rev-parse -q --verify HEAD) || return 0
  if [[ -n ${BASE-} ]]; then
    git rev-parse --verify "$BASE^{commit}"
    return
  fi
  base=$(git merge-base HEAD origin/main 2>/dev/null) || base=
  if [[ -n $base && $base != "$head" ]]; then
    echo "$base"
  else
    git rev-parse -q --verify HEAD~1 || true
  fi
}

# Sources changed since the commit $1, or all if it is empty.
changed() {
  if [[ -n $1 ]]; then
    git diff --name-only --diff-filter=d "$1" -- '*.h' '*.cc'
  else
    git ls-files -- '*.h' '*.cc'
  fi
  git ls-files --others --exclude-standard -- '*.h' '*.cc'
}

# A changed header is looked at through its own source or its test.
to_compile() {
  local file stem
  while read -r file; do
    stem=${file%.*}
    for file in "$file" "$stem.cc" "${stem}_test.cc"; do
      if [[ $file == *.cc && -f $file ]]; then
        echo "$file"
        break
      fi
    done
  done | sort -u
}

check_format() {
  local -a files
  mapfile -t files < <(sources)
  [[ ${#files[@]} -gt 0 ]] || return 0
  clang-format-19 --dry-run -Werror "${files[@]}" ||
    { echo "lint: run 'make format'" >&2; return 1; }
}

# Leaves stdout to the findings; the count of suppressed warnings is noise.
tidy_one() {
  clang-tidy-19 --quiet -p "$1" "$2" 2> >(grep -vE 'warnings? .*generated|^Suppressed|^Use -' >&2)
}

# The generated protobuf headers that sources include.
generate_headers() {
  local -a headers
  mapfile -t headers < <(ninja -C "$TIDY_TREE" -t targets all | sed -n 's/^\(.*\.pb\.h\): .*/\1/p')
  [[ ${#headers[@]} -eq 0 ]] || ninja -C "$TIDY_TREE" "${headers[@]}" >/dev/null
}

check_tidy() {
  local base
  local -a files
  base=$(base_commit) || return 1
  mapfile -t files < <(changed "$base" | to_compile)
  [[ ${#files[@]} -gt 0 ]] || return 0
  cmake --preset dev >/dev/null && generate_headers || return 1
  mapfile -t files < <(printf '%s\n' "${files[@]}" | while read -r file; do
    ! grep -qF "$PWD/$file\"" "$TIDY_TREE/compile_commands.json" || echo "$file"
  done)
  local total=${#files[@]}
  if ((TIDY_MAX > 0 && total > TIDY_MAX)); then
    files=("${files[@]:0:TIDY_MAX}")
    echo "lint: clang-tidy on the first $TIDY_MAX of $total changed sources (TIDY_MAX=0: all)"
  fi
  [[ ${#files[@]} -gt 0 ]] || return 0
  export -f tidy_one
  printf '%s\n' "${files[@]}" | xargs -P "$JOBS" -I{} bash -c 'tidy_one "$@"' _ "$TIDY_TREE" {}
}

if [[ ${1-} == --fix-format ]]; then
  sources | xargs -r -d '\n' clang-format-19 -i
  exit
fi

failed=0
step() {
  local name=$1 started=$SECONDS
  shift
  if "$@"; then
    echo "PASS $name ($((SECONDS - started)) s)"
  else
    echo "FAIL $name ($((SECONDS - started)) s)"
    failed=1
  fi
}
step clang-format check_format
step clang-tidy check_tidy
step checks_test python3 -B scripts/checks/checks_test.py
scripts/check_all || failed=1
exit "$failed"
