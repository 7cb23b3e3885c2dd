#!/bin/bash
# Proves on a machine where nothing is installed, a fresh minimal tree, what docs/install.md
# says of the quickstart, typed as it stands there with a clone of HEAD, and then the
# README's `./test.sh --quick`.
#
# usage: bare_tree.sh [--suite NAME] [--keep] [--only quickstart|test] [--labels LABELS]
#   --suite   a release of this machine's distribution; default: bookworm on
#             Debian, noble on Ubuntu
#   --labels  instead of the two commands: that the packages are there, that it
#             compiles, and the tests whose label matches (a regular expression)
#   --keep    leaves the tree in place and says where it is
#
# Another suite has other compilers, so it has a compiler cache of its own, in
# ~/.cache/maand-tests. What is compiled stays there: with --labels a build that
# takes too long because the cache was cold is left out, is told, and fails nothing;
# the next one goes on where it ended.
#
# Needs root. The packages come from the mirror that this machine's apt uses.
# The tree has a mount, process and host-name namespace of its own, and shares
# nothing with the machine but the network, the apt settings and the compiler
# cache. Exit 0 only if each command passed. Uncommitted changes are not seen.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
suite=
keep=
only=
labels=
while [ $# -gt 0 ]; do
  case $1 in
    --suite) suite=$2; shift ;;
    --only) only=$2; shift ;;
    --labels) labels=$2; shift ;;
    --keep) keep=yes ;;
    *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || { echo "bare_tree.sh: needs root, for chroot and namespaces" >&2; exit 1; }
"$root/tests/package/install_deps.sh" tree
usual=bookworm
if grep -qx 'ID=ubuntu' /etc/os-release; then usual=noble; fi
suite=${suite:-$usual}

# shellcheck source=tests/package/archive.sh
. "$root/tests/package/archive.sh"
mirror=$(archive_of_machine)

SECONDS=0
say() { printf '== bare tree: %s (%d s)\n' "$1" "$SECONDS"; }
tree=$(mktemp -d "${TMPDIR:-/tmp}/maand-bare-tree.XXXXXX")
chmod 755 "$tree" # it becomes /, also for those who are not root
finish() {
  # All mounts lie in the namespaces of the commands, so nothing is mounted here.
  rm -f "$tree.log"
  if [ -n "$keep" ]; then echo "kept: $tree"; else rm -rf --one-file-system "$tree"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "debootstrap $suite, minbase"
if ! debootstrap --variant=minbase "$suite" "$tree" "$mirror" >"$tree.log" 2>&1; then
  tail -n 30 "$tree.log" >&2
  rm -f "$tree.log"
  exit 1
fi
rm -f "$tree.log"

give_archive "$tree" "$suite" "$mirror"
printf '127.0.0.1 localhost bare\n' >"$tree/etc/hosts"
mkdir -p "$tree/src" "$tree/var/cache/ccache"
if [ "$only" = test ] || [ -n "$labels" ]; then
  mkdir "$tree/src/maand"
  git -C "$root" archive HEAD | tar -x -C "$tree/src/maand"
fi
# What the page says, with the names of this world: root needs no sudo, and the repository is at hand.
git clone -q --bare --depth 1 "file://$root" "$tree/srv/maand.git"
{
  echo 'set -ex; cd /src; apt-get -q update'
  sed -n '/^## Quickstart$/,/^## /p' "$root/docs/install.md" | awk '/^```sh/ {on = 1; next} /^```/ {on = 0} on' |
    sed 's/^sudo //; s,https://git.example.org/maand.git,/srv/maand.git,'
} >"$tree/src/quickstart"
[ "$(wc -l <"$tree/src/quickstart")" = 6 ] || { echo "bare_tree.sh: docs/install.md should have five commands in its section of the quickstart" >&2; exit 1; }

if [ "$suite" = "$usual" ]; then
  cache=${CCACHE_DIR:-$(ccache --get-config cache_dir 2>/dev/null || echo "$HOME/.cache/ccache")}
else
  cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/maand-tests/ccache-$suite
fi
mkdir -p "$cache"

# inside MINUTES COMMAND…: in the tree, with namespaces of its own; everything
# in it ends with it, and also when this script is killed.
inside() {
  local minutes=$1
  shift
  # shellcheck disable=SC2016  # the inner shell expands them
  setpriv --pdeathsig KILL timeout --kill-after=20 $((minutes * 60)) \
    setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --uts \
    sh -c '
      set -e
      tree=$1 cache=$2
      shift 2
      hostname bare
      # The tree becomes a mount and then the root: unshare --mount, which the
      # tests use, does not work where / is no mount.
      mount --bind "$tree" "$tree"
      mount -t proc proc "$tree/proc"
      mount -t sysfs -o ro sysfs "$tree/sys"
      mount -t tmpfs -o mode=755 tmpfs "$tree/dev"
      for node in null zero full random urandom tty; do
        : >"$tree/dev/$node"
        mount --bind "/dev/$node" "$tree/dev/$node"
      done
      mkdir "$tree/dev/pts" "$tree/dev/shm"
      mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$tree/dev/pts"
      ln -s pts/ptmx "$tree/dev/ptmx"
      ln -s /proc/self/fd "$tree/dev/fd"
      for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "$tree/dev/${i#*:}"; done
      mount -t tmpfs -o mode=1777 tmpfs "$tree/dev/shm"
      mount -t tmpfs -o mode=755 tmpfs "$tree/run"
      mount --bind "$cache" "$tree/var/cache/ccache"
      cd "$tree"
      pivot_root . mnt
      exec chroot . /usr/bin/env -i HOME=/root USER=root LOGNAME=root TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" \
        CCACHE_DIR=/var/cache/ccache CCACHE_COMPILERCHECK=content \
        sh -c "umount -l /mnt && cd /src && { [ ! -d maand ] || cd maand; } && exec \"\$@\"" sh "$@"
    ' sh "$tree" "$cache" "$@" </dev/null
}

passed=0
failed=0
prove() {
  local name=$1 minutes=$2 begun=$SECONDS status=0
  shift 2
  say "$*"
  inside "$minutes" "$@" || status=$?
  if [ $status -eq 0 ]; then
    passed=$((passed + 1))
    summary+="  passed  $name, $((SECONDS - begun)) s"$'\n'
  else
    failed=$((failed + 1))
    summary+="  FAILED  $name, exit status $status after $((SECONDS - begun)) s"$'\n'
    [ $status -ne 124 ] || summary+="          (the limit is $minutes minutes)"$'\n'
  fi
}
# Says what the compiler cache was worth since `ccache -z`, and whether it was cold.
told_cache() {
  local hits misses
  inside 1 ccache --print-stats >"$tree/stats" || return 0
  misses=$(awk '$1 == "cache_miss" { print $2 }' "$tree/stats")
  hits=$(awk '$1 ~ /^(direct|preprocessed)_cache_hit$/ { n += $2 } END { print n + 0 }' "$tree/stats")
  printf '  note: %d of %d files compiled anew%s\n' "$misses" $((hits + misses)) \
    "$([ "$misses" -le $((hits / 4)) ] || echo ': the compiler cache was cold')"
}

# The build is given so long; with a warm cache it takes a few minutes.
build_minutes=20
prove_labels() {
  local begun=$SECONDS status=0
  prove "packages of $suite" 15 tests/package/install_deps.sh build demo test
  [ $failed -eq 0 ] || return 0
  inside 1 ccache -z >/dev/null || return 0
  say "./test.sh --no-run -L $labels"
  inside $build_minutes ./test.sh --no-install --no-run -L "$labels" || status=$?
  if [ $status -eq 124 ]; then
    summary+="  note: tests of $suite left out: not built after $build_minutes minutes, the next run goes on from there"$'\n'
    summary+=$(told_cache)$'\n'
    return 0
  elif [ $status -ne 0 ]; then
    failed=$((failed + 1))
    summary+="  FAILED  build, exit status $status after $((SECONDS - begun)) s"$'\n'
    return 0
  fi
  summary+=$(told_cache)$'\n'
  prove "tests of $labels" 20 ./test.sh --no-install --quick -L "$labels"
}

summary=
if [ -n "$labels" ]; then
  prove_labels
  only=neither
fi
[ "$only" = neither ] || [ "$only" = test ] || prove 'the quickstart of docs/install.md' 30 sh /src/quickstart
[ "$only" = neither ] || [ "$only" = quickstart ] || prove './test.sh --quick' 40 ./test.sh --quick
say "done"
printf '%s' "$summary"
echo "bare-tree: $passed passed, $failed failed"
[ $failed -eq 0 ]
