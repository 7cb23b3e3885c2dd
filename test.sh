#!/bin/bash
# Installs what is missing, builds, runs the tests.
#
# usage: ./test.sh [--quick] [--preset NAME] [--sanitize asan-ubsan|tsan] [-L LABELS] [-R NAMES]
#   --quick      leaves out the tests labelled `slow`
#   --preset     which build is tested; default `release`, what people run
#   --sanitize   the same with that sanitizer's build
#   -L, -R       only tests whose label or name matches (regular expressions)
#   --no-install checks nothing, installs nothing
#   --no-run     builds, and runs no test
#
# Ends with ctest's own summary and its exit status.
set -euo pipefail
cd "$(dirname "$0")"
preset=release
install=yes
run=yes
packages=(build demo test machines browser)
labels=
select=()
targets=()
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; }
while [ $# -gt 0 ]; do
  case $1 in
    --quick)
      select+=(-LE '^slow$')
      packages=(build demo test)
      ;;
    --preset | --sanitize)
      preset=${2:?"$1 needs a name"}
      shift
      ;;
    -L | -R)
      select+=("$1" "${2:?"$1 needs a regular expression"}")
      [ "$1" = -R ] || labels=$2
      shift
      ;;
    --no-install) install= ;;
    --no-run) run= ;;
    -h | --help) usage; exit 0 ;;
    *) echo "test.sh: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

step() { printf '== %s (%d s)\n' "$1" "$SECONDS"; }
SECONDS=0
[ -z "$install" ] || tests/package/install_deps.sh "${packages[@]}"
# With these, a tree in another place finds what this one compiled.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1
jobs=$(nproc)
step "configure preset $preset"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# As quickstart.sh does it, so that neither compiles again what the other has
# compiled: warnings are errors in CI, and may not stop a newcomer's compiler.
werror=OFF
[ -z "${CI:-}" ] || werror=ON
if ! cmake --preset "$preset" -DMAAND_TESTS=ON -DMAAND_WERROR=$werror >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  exit 1
fi
grep -F 'is left out' "$log" || true
# Labels whose tests are programs of ours; the others need everything or nothing.
if [ -n "$labels" ]; then
  for label in core unit contract property fault integration bench; do
    if [[ $label =~ $labels ]]; then targets+=("maand_tests_$label"); fi
  done
fi
step "build ${targets[*]:-everything} with $jobs jobs"
if ! cmake --build --preset "$preset" ${targets[@]+--target "${targets[@]}"} -j "$jobs" >"$log" 2>&1 </dev/null; then
  grep -v '^\[[0-9]*/[0-9]*\] \(Building\|Linking\)' "$log" | tail -n 200 >&2 || true
  echo "test.sh: the build failed" >&2
  exit 1
fi
[ -n "$run" ] || exit 0
step "test"
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
status=0
# Most of what takes long waits for something: twice as many at a time as there are cores.
ctest --test-dir "build/$preset" --no-tests=error --output-on-failure -j $((jobs * 2)) \
  ${select[@]+"${select[@]}"} </dev/null || status=$?
exit $status
