#!/bin/bash
# The container image, built by Debian's docker.io on a machine that boots systemd and run there as
# docs/install.md says: it converges two real sshd workers, is healthy, is killed, and goes on.
# No registry is asked: the base is made by debootstrap, with what apt would fetch in it.
#
# usage: image_test.sh BUILD_DIRECTORY
#
# Needs root, cpack and dpkg-dev.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
last=
fail() {
  echo "FAILED: $1" >&2
  [ ! -s "${last:-}" ] || { echo "the last command said:" >&2; tail -n 40 "$last" >&2; }
  exit 1
}

# The base as `debian:SUITE-slim` is: minbase without manuals and translations. Kept.
make_base() {
  local suite=$1 package=$2 new=$world/base cache made
  cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/maand-tests
  made=$cache/image-base-$suite-$({ declare -f make_base && dpkg-deb -f "$package" Depends; } | sha256sum | cut -c 1-12).tar
  mkdir -p "$cache/debs"
  exec 8>"$cache/image-base.lock"
  flock 8 # another checkout may be making it
  if [ ! -e "$made" ]; then
    # shellcheck source=tests/package/archive.sh
    . "$here/archive.sh"
    mkdir "$new"
    chmod 755 "$new"
    last=$world/debootstrap.log
    debootstrap --variant=minbase --cache-dir="$cache/debs" "$suite" "$new" "$(archive_of_machine)" >"$last" 2>&1 ||
      fail "debootstrap could not make a tree of $suite"
    fetch_for "$new" "$suite" "$package" ca-certificates tini systemd-standalone-sysusers systemd-standalone-tmpfiles >"$last" ||
      fail "apt cannot install the package without systemd"
    rm -rf "$new"/usr/share/{doc,man,info,locale}/* "$new"/var/cache/apt/* "$new"/var/lib/apt/lists/* "$new"/var/log/*
    : >"$new/etc/apt/sources.list" # nothing can be reached
    rm -f "$cache/image-base-$suite"-*
    tar -C "$new" --one-file-system -cf "$made.new" .
    mv "$made.new" "$made"
    rm -rf --one-file-system "$new"
  fi
  exec 8>&-
  base=$made
}

if [ "${1:-}" != --inside ]; then
  build=$(realpath "${1:?"usage: image_test.sh BUILD_DIRECTORY"}")
  [ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and mounts"
  suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  if [ "$suite" = noble ]; then echo "SKIPPED: package.image: Ubuntu has no systemd-standalone-sysusers to make a base of"; exit 77; fi
  tree=$("$here/systemd_workers.sh" tree)
  unshare --mount --net true || fail "the kernel does not let us make namespaces, which this test needs"
  world=$(mktemp -d "${TMPDIR:-/tmp}/maand-image.XXXXXX")
  chmod 755 "$world"
  trap 'rm -rf --one-file-system "$world"' EXIT
  setpriv --pdeathsig KILL unshare --mount --propagation private "$0" --inside "$build" "$tree" "$suite" "$world"
  exit
fi
build=$2 tree=$3 suite=$4 world=$5
if [ "${6:-}" != --machine ]; then
  cpack --config "$build/CPackConfig.cmake" -B "$world/cpack" >"$world/cpack.log" 2>&1 || { last=$world/cpack.log; fail "cpack"; }
  mv "$world"/cpack/*.deb "$world/maand.deb"
  make_base "$suite" "$world/maand.deb"
  exec unshare --net "$0" --inside "$build" "$tree" "$suite" "$world" --machine "$base"
fi
base=$7

# shellcheck source=tests/package/counting_world.sh
. "$here/counting_world.sh"
on_failure() { on "docker logs --tail 40 maand-prod; docker inspect maand-prod --format '{{json .State}}'"; }
start_machines "$tree"
make_repository

# ---- built ----------------------------------------------------------------------

as_operator "sudo -n docker import - maand-base" <"$base" >/dev/null || fail "docker import"
mkdir -p "$world/src/dist"
git -C "$root" ls-files -z packaging .dockerignore | (cd "$root" && xargs -0 tar -c) | tar -x -C "$world/src"
cp "$world/maand.deb" "$world/src/dist/"
tar -C "$world/src" -c . | as_operator "mkdir src && tar -x -C src"
as_operator "cat >src/worker.key" <"$world/workers/client_key"
as_operator "cat >src/known_hosts" <"$known_hosts"

# The page's commands with the names of this world. What is added is the base, and how these
# workers and their repository are reached.
settings="-e MAAND__SSH__USER=root -e MAAND__SSH__PORT=2222 -e MAAND__SSH__USE_SUDO=false -e MAAND__GIT__SSH_KEY=worker.key -e MAAND__GIT__POLL_INTERVAL=1h"
page=$(commands_of "Container image" | sed "s, #.*,,; s,^docker,sudo -n docker,
  s,docker build,& --build-arg BASE=maand-base,; s,docker run -d,& --network host $settings,
  s,ssh://git@git.example.org/fleet.git,ssh://root@$one:2222$world/repo.git,")
[ "$(wc -l <<<"$page")" = 5 ] || fail "docs/install.md should have five commands in its section of the image: $page"
last=$world/typed.out
type_line() { as_operator "cd src && $(typed "$1")" >"$last" 2>&1 </dev/null; }
type_line 1 || fail "docs/install.md: $(typed 1)"
size=$(on "docker image inspect maand --format '{{.Size}}'")
base_size=$(on "docker image inspect maand-base --format '{{.Size}}'")
say "built: $((size / 1000000)) MB, of which the base with the libraries has $((base_size / 1000000)) MB"

# ---- run as docs/install.md says --------------------------------------------------

for line in 2 3 4; do type_line $line || fail "docs/install.md: $(typed $line)"; done
healthy() { [ "$(on "docker inspect maand-prod --format '{{.State.Health.Status}}'")" = healthy ]; }
inside() { on "docker exec maand-prod $1"; }
converge() {
  last=$world/reconcile.out
  inside "maand --bucket /var/lib/maand/bucket reconcile --wait" >"$last" 2>&1 || fail "$1: maand reconcile --wait exits with $?"
}
soon inside "/usr/lib/maand/healthy" || fail "it is not healthy"
converge "the first commit"
ran start "the first commit"
type_line 5 || fail "docs/install.md: $(typed 5)"
[ "$(inside "cat /proc/1/comm")" = tini ] || fail "process 1 is not tini"
[ "$(inside "stat -c %u:%g /proc/1")" = 10001:10001 ] || fail "it does not run as 10001:10001"
[ -z "$(on "docker diff maand-prod" | grep -v -e '/run' || true)" ] || fail "it wrote outside of its volume: $(on "docker diff maand-prod")"
soon healthy || fail "Docker does not find it healthy"
inside "env MAAND__HTTP__HEALTH_LISTEN=127.0.0.1:1 /usr/lib/maand/healthy" 2>/dev/null && fail "the health check cannot fail"
say "two workers converged; healthy, tini, not root, a root that is read-only"

# Killed in the middle of a rollout; then stopped as one stops it.
push_version 1.1.0
inside "maand --bucket /var/lib/maand/bucket reconcile" >/dev/null
soon restarts || fail "the rollout does not begin"
pid=$(on "docker inspect maand-prod --format '{{.State.Pid}}'")
on "kill -KILL \$(cat /proc/$pid/task/$pid/children)"
another() { [ "$(on "docker inspect maand-prod --format '{{.State.Running}} {{.State.Pid}}'")" != "true $pid" ] && inside /usr/lib/maand/healthy; }
soon another || fail "Docker did not start it again"
let_restarts_go_on
converge "killed in the middle of a rollout"
ran "start restart" "killed in the middle of a rollout"
on "docker stop --time 30 maand-prod" >/dev/null
[ "$(on "docker inspect maand-prod --format '{{.State.ExitCode}}'")" = 0 ] || fail "SIGTERM does not end it well"
on "docker start maand-prod" >/dev/null
soon inside /usr/lib/maand/healthy || fail "it does not start again"
converge "stopped and started"
ran "start restart" "stopped and started"
say "killed, stopped, started: no target ran twice"
echo "package.image: ok"
