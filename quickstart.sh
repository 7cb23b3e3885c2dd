#!/bin/bash
# Builds maand and shows it at work in a throw-away world on this machine: a
# bare git repository, two real sshd workers on loopback, a workspace of two
# jobs. Nothing but distribution packages and build/ is left behind.
#
# usage: ./quickstart.sh [--once] [--no-install]
#   (no option)   deploys version 1.0.0 and stays until Ctrl-C
#   --once        deploys 1.0.0 and then 1.1.0, checks both, cleans up; exit 0
#                 only if both converged
set -Eeuo pipefail
trap 'echo "quickstart.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR
root=$(cd "$(dirname "$0")" && pwd)
once=
install=yes
for option in "$@"; do
  case $option in
    --once) once=yes ;;
    --no-install) install= ;;
    -h | --help) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) echo "quickstart.sh: unknown option '$option'; there are --once and --no-install" >&2; exit 2 ;;
  esac
done
cd "$root"
# shellcheck source=tests/package/demo_world.sh
. tests/package/demo_world.sh

SECONDS=0
if [ -n "$install" ]; then
  say "Installing what is missing"
  tests/package/install_deps.sh build demo
fi

say "Building (the first time takes some minutes)"
build_release
maand=$root/build/release/maand

say "Making a throw-away world: a git repository and two sshd workers"
make_world
note "repository   $world/repo.git"
note "workers      ${workers[*]}, ssh port $ssh_port, each with its own /opt/worker"

say "maand init, then maand serve"
make_bucket
start_daemon
note "bucket       $bucket (maand.conf, secrets/, data/)"
note "dashboard    http://$api/ (its status as JSON: /api/v1/status)"

say "Pushing version 1.0.0 of the jobs web and clock"
push_version 1.0.0
wait_for_note "$commit" 120
verify_version 1.0.0

if [ -n "$once" ]; then
  first=$commit
  clocks=$(clock_pids)
  say "Pushing version 1.1.0 of the job web; clock does not change"
  push_version 1.1.0
  wait_for_note "$commit" 120
  verify_version 1.1.0
  [ "$(clock_pids)" = "$clocks" ] || fail "clock was restarted although nothing of it changed"
  note "clock was left alone: same processes as before"
  say "The notes in the remote repository"
  show_note 1.0.0 "$first"
  show_note 1.1.0 "$commit"
  say "Both versions converged."
  exit 0
fi

say "The note in the remote repository"
show_note 1.0.0 "$commit"
say "It runs until Ctrl-C. Try this in another terminal:"
cat <<HELP
    export MAAND_BUCKET=$bucket PATH=$root/build/release:\$PATH
    maand status
    maand why web@${workers[0]}
    cd $checkout
    sed -i s/1.0.0/1.1.0/ workspace/jobs/web/manifest.json
    git commit -qam 'web 1.1.0' && git push -q

When the log below says note_published, the commit has its note (\`maand note\` shows it, too):
    git fetch -q origin refs/notes/maand:refs/notes/maand && git log -1 --notes=maand

The daemon's log:
HELP
follow_log
wait_for_daemon
