#!/bin/bash
# Fuzzes for a while, from the committed seeds.
#
# usage: run.sh [--no-install] SECONDS [NAME…]
#   SECONDS      for each fuzzer; as many run at a time as there are cores
#   NAME         as in `<name>_fuzz.cc`; default: all
#   --no-install checks nothing, installs nothing
#
# Builds only the fuzzers and what they link. A fuzzer fails when an input crashes
# it, leaks, takes 10 s or 1 GB: that input stays in build/fuzz/found/<name> and is
# printed. New inputs that found nothing are thrown away. The last line is
# `fuzz: N passed, N failed`; exit 0 only if none failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; }
install=yes
case ${1:-} in
  -h | --help) usage; exit 0 ;;
  --no-install) install=; shift ;;
esac
if ! [[ ${1:-} =~ ^[1-9][0-9]*$ ]]; then
  usage >&2
  exit 2
fi
seconds=$1
shift
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for source in tests/fuzz/*_fuzz.cc; do names+=("$(basename "$source" _fuzz.cc)"); done
fi
for name in "${names[@]}"; do
  if [ ! -f "tests/fuzz/${name}_fuzz.cc" ]; then
    echo "run.sh: there is no fuzzer '$name'; see tests/fuzz/*_fuzz.cc" >&2
    exit 2
  fi
done

say() { printf '== %s (%d s)\n' "$1" "$SECONDS"; }
SECONDS=0
[ -z "$install" ] || tests/package/install_deps.sh build test
# As test.sh has it: a tree in another place finds what this one compiled.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1
jobs=$(nproc)
scratch=$(mktemp -d)
declare -A running=() # process: name
finish() {
  for process in "${!running[@]}"; do kill -KILL "$process" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "build ${#names[@]} fuzzers with $jobs jobs"
werror=OFF
[ -z "${CI:-}" ] || werror=ON
if ! cmake --preset fuzz -DMAAND_TESTS=ON -DMAAND_WERROR=$werror >"$scratch/log" 2>&1 </dev/null ||
  ! cmake --build --preset fuzz --target "${names[@]/%/_fuzz}" -j "$jobs" >"$scratch/log" 2>&1 </dev/null; then
  grep -v '^\[[0-9]*/[0-9]*\] \(Building\|Linking\)' "$scratch/log" | tail -n 200 >&2 || true
  echo "run.sh: the build failed" >&2
  exit 1
fi

# addr2line comes with the linker; llvm-symbolizer would be one more package.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:allow_addr2line=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1:allow_addr2line=1}
found=build/fuzz/found
passed=0
failed=0

start() {
  local name=$1
  mkdir -p "$scratch/$name" "$found/$name"
  "build/fuzz/tests/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 -artifact_prefix="$found/$name/" \
    "$scratch/$name" "tests/fuzz/seeds/$name" >"$scratch/$name.log" 2>&1 </dev/null &
  running[$!]=$name
}

# last EXPRESSION FILE: what the group of the last line that matches stands for.
last() { sed -nE "s/.*$1.*/\1/p" "$2" | tail -n 1; }

# A fuzzer has ended: one line, and all there is to know if it failed.
report() {
  local name=$1 status=$2 log=$scratch/$1.log verdict=ok executions coverage input
  executions=$(last '^stat::number_of_executed_units: *([0-9]+)' "$log")
  coverage=$(last '\scov: ([0-9]+)' "$log")
  if [ "$status" -ne 0 ] || [ "${executions:-0}" -eq 0 ]; then verdict=FAILED; fi
  printf '%-6s %-12s %9d executions %6d/s  coverage %5d  %5d new inputs  %4d MB\n' $verdict "$name" \
    "${executions:-0}" $((${executions:-0} / seconds)) "${coverage:-0}" "$(find "$scratch/$name" -type f | wc -l)" \
    "$(last '^stat::peak_rss_mb: *([0-9]+)' "$log")"
  if [ $verdict = ok ]; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  # What it tells while nothing is wrong begins with a number.
  grep -vE '^#[0-9]+\s+[A-Za-z]+ +cov:|^INFO:' "$log" | tail -n 60 | sed 's/^/  /' || true
  input=$(last "Test unit written to (.*)$" "$log")
  if [ -f "$input" ]; then
    echo "  exit $status; the input is kept in $input; once more: build/fuzz/tests/fuzz/${name}_fuzz $input"
    echo "  in base64, its first 8 KB: $(head -c 8192 "$input" | base64 -w 0)"
  else
    echo "  exit $status; no input was kept"
  fi
}

collect() {
  local process status=0 name
  wait -n -p process "${!running[@]}" || status=$?
  name=${running[$process]}
  unset "running[$process]"
  report "$name" "$status"
}

say "fuzz, $seconds s each"
for name in "${names[@]}"; do
  while [ ${#running[@]} -ge "$jobs" ]; do collect; done
  start "$name"
done
while [ ${#running[@]} -gt 0 ]; do collect; done

say "done"
echo "fuzz: $passed passed, $failed failed"
[ $failed -eq 0 ]
