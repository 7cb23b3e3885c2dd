#!/bin/bash
# The Debian package on a machine that boots systemd: it is installed as docs/install.md says,
# serves real sshd workers, is killed, stopped in its tracks, upgraded, removed and purged.
# The workers' own record tells that no target ran a second time for any of it.
#
# usage: debian_package_test.sh BUILD_DIRECTORY
#
# Needs root, cpack, dpkg-dev and lintian. The machine has namespaces of its own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
last=
fail() {
  echo "FAILED: $1" >&2
  [ ! -s "${last:-}" ] || { echo "the last command said:" >&2; tail -n 40 "$last" >&2; }
  exit 1
}
say() { printf '[%3d s] %s\n' "$SECONDS" "$1"; }

# ---- the package, and a Debian that has what it depends on -----------------------

# Makes $world/maand_old.deb and $world/maand_new.deb.
make_packages() {
  cpack --config "$1/CPackConfig.cmake" -B "$world/cpack" >"$world/cpack.log" 2>&1 || { last=$world/cpack.log; fail "cpack"; }
  local made=("$world"/cpack/*.deb)
  [ ${#made[@]} -eq 1 ] || fail "cpack should make one package, not: ${made[*]}"
  mv "${made[0]}" "$world/maand_new.deb"
  last=$world/lintian.log
  lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$world/maand_new.deb" >"$last" 2>&1 ||
    fail "lintian has something to say"
  # The one that is upgraded from: the same, called older.
  dpkg-deb -R "$world/maand_new.deb" "$world/old"
  sed -i 's/^Version: .*/&~before/' "$world/old/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$world/old" "$world/maand_old.deb" >/dev/null
  rm -rf "$world/old" "$world/cpack"
}

# What a purge may leave: what other programs wrote down, and backups of /etc/passwd.
files_of() {
  find "$1"/etc "$1"/usr "$1"/opt "$1"/srv "$1"/home "$1"/root "$1"/var/lib -xdev \
    ! -path '*/var/lib/dpkg/*' ! -path '*/var/lib/apt/*' ! -path '*/var/lib/systemd/*' ! -path '*/etc/credstore*' ! -name '*-' \
    ! -name .pwd.lock ! -path '*/__pycache__*' ! -path '*/root/.*' -printf '/%P %y\n' | sort
}

# The tree of systemd_workers.sh, in which apt has installed the package with what it needs and
# purged it again, so that later nothing need be fetched. Kept; $1 is where it shows up.
make_layer() {
  local key made new
  key=$({ declare -f make_layer && dpkg-deb -f "$world/maand_new.deb" Depends && cat "$root"/packaging/debian/*; } | sha256sum | cut -c 1-12)
  made=$base-package-$key
  mkdir -p "$1"
  exec 8>"$base.lock"
  flock 8 # another checkout may be making it
  if [ ! -d "$made" ]; then
    # shellcheck source=tests/package/archive.sh
    . "$here/archive.sh"
    new=$(mktemp -d "$base-package-new.XXXXXX")
    mkdir "$new/up" "$new/work"
    chmod 755 "$new" "$new/up"
    mount -t overlay -o "lowerdir=$base,upperdir=$new/up,workdir=$new/work" overlay "$1"
    last=$world/apt.log
    fetch_for "$1" "$suite" "$world/maand_new.deb" bubblewrap python3 >"$last" || fail "apt cannot install the package on a bare Debian, or purge it"
    umount "$1"
    rm -rf --one-file-system "$base"-package-[0-9a-f]*
    rm -rf "$new/work"
    mv -T "$new/up" "$made"
    rmdir "$new"
    say "a bare $suite installs it with its dependencies, and purges it"
  fi
  exec 8>&-
  mkdir -p "$world/layer.up" "$world/layer.work"
  mount -t overlay -o "lowerdir=$made:$base,upperdir=$world/layer.up,workdir=$world/layer.work" overlay "$1"
}

if [ "${1:-}" != --inside ]; then
  build=$(realpath "${1:?"usage: debian_package_test.sh BUILD_DIRECTORY"}")
  [ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and mounts"
  base=$("$here/systemd_workers.sh" tree)
  suite=$(sed -n 's/^VERSION_CODENAME=//p' "$base/etc/os-release")
  # A package belongs to the release that it was built on.
  grep -qx "VERSION_CODENAME=$suite" /etc/os-release ||
    { echo "SKIPPED: package.debian: the machine's Debian is $suite, this one is not"; exit 77; }
  unshare --mount --net true || fail "the kernel does not let us make namespaces, which this test needs"
  world=$(mktemp -d "${TMPDIR:-/tmp}/maand-package.XXXXXX")
  chmod 755 "$world"
  # The mounts need no end: they go with the namespace. The network is left for what comes after apt.
  setpriv --pdeathsig KILL unshare --mount --propagation private "$0" --inside "$build" "$base" "$suite" "$world" || status=$?
  rm -rf --one-file-system "$world"
  exit "${status:-0}"
fi
build=$2 base=$3 suite=$4 world=$5 layer=$5/layer
if [ "${6:-}" != --machine ]; then
  make_packages "$build"
  say "the package: $(stat -c %s "$world/maand_new.deb" | numfmt --to=iec) bytes, lintian has nothing to say"
  make_layer "$layer"
  exec unshare --net "$0" --inside "$build" "$base" "$suite" "$world" --machine
fi

# ---- the world ------------------------------------------------------------------

# shellcheck source=tests/package/counting_world.sh
. "$here/counting_world.sh"
on_failure() { on "journalctl -u maand@prod -n 40 --no-pager -o cat; systemctl status maand@prod --no-pager"; }
start_machines --no-engine "$layer"
make_repository
show() { on "systemctl show --property $1 --value maand@prod"; }
maand_says() { on "sudo -u maand maand --bucket /var/lib/maand/prod $1"; }
converge() {
  last=$world/reconcile.out
  maand_says "reconcile --wait" >"$last" 2>&1 || fail "$1: maand reconcile --wait exits with $?"
}
# another_process OLD: it serves again, and it is not the one that it was.
another_process() { [ "$(show ActiveState)" = active ] && [ "$(show MainPID)" != "$1" ] && [ "$(show MainPID)" != 0 ]; }

# ---- installed as docs/install.md says ------------------------------------------

# The commands of the page's section that are to be typed, with the names of this world.
page=$(commands_of "Debian package" | sed "s,\./maand_[0-9].*_amd64\.deb,./maand.deb,; s,ssh://git@git.example.org/fleet.git,ssh://root@$one:2222$world/repo.git,")
[ "$(wc -l <<<"$page")" = 6 ] || fail "docs/install.md should have six commands in its section of the package: $page"
as_operator 'cat >maand.deb' <"$world/maand_old.deb"
as_operator 'cat >worker.key' <"$world/workers/client_key"
as_operator 'cat >known_hosts' <"$known_hosts"
before=$(on "$(declare -f files_of); files_of ''")
# How these workers are reached, and a repository behind the same key.
on "mkdir -p /etc/maand && printf 'MAAND__SSH__USER=root\nMAAND__SSH__PORT=2222\nMAAND__SSH__USE_SUDO=false\nMAAND__GIT__POLL_INTERVAL=1h\nMAAND__GIT__SSH_KEY=worker.key\n' >/etc/maand/prod.env"
last=$world/typed.out
for line in 1 2 3 4 5; do
  as_operator "$(typed $line)" >"$last" 2>&1 </dev/null || fail "docs/install.md: $(typed $line)"
done
[ "$(show ActiveState)" = active ] || fail "it is not active although systemctl start has returned"
[ "$(on "stat -c %U:%a /var/lib/maand /var/lib/maand/prod" | tr '\n' ' ')" = "maand:750 maand:700 " ] || fail "owner or mode of the state"
[ -z "$(on "ls /var/lib/maand/prod/secrets | grep -e worker -e known")" ] || fail "the keys should not lie in the bucket"
on "test -s /usr/share/man/man1/maand.1.gz && test -s /usr/share/man/man5/maand.conf.5.gz &&
  test -s /usr/share/bash-completion/completions/maand && test -s /usr/share/zsh/vendor-completions/_maand &&
  test -s /usr/share/fish/vendor_completions.d/maand.fish" || fail "a manual page or a completion is missing"
converge "the first commit"
ran start "the first commit"
as_operator "$(typed 6)" >"$last" 2>&1 </dev/null || [ $? = 1 ] || fail "docs/install.md: $(typed 6)"
grep -q "$one" "$last" || fail "maand doctor does not reach the workers with the service's credentials"
exposure=$(on "systemd-analyze security --no-pager maand@prod.service" | tail -n 1)
[[ $exposure == *" OK"* ]] || fail "systemd-analyze security: $exposure"
say "installed as the page says; ${exposure#*→ }"

# ---- killed, stopped in its tracks, reloaded -------------------------------------

was=$(show MainPID)
on "kill -KILL $was"
soon another_process "$was" || fail "systemd did not start it again"
converge "killed"
ran start "killed"
was=$(show MainPID)
on "systemctl reload maand@prod"
soon on "journalctl -u maand@prod -o cat | grep -q 'maand.conf is valid'" || fail "a reload is not heard"
[ "$(show MainPID)" = "$was" ] || fail "a reload started it anew"

# The watchdog, in the middle of a rollout. Ten seconds, for two minutes would be long.
on "mkdir -p /run/systemd/system/maand@prod.service.d && printf '[Service]\nWatchdogSec=10s\nExecStopPost=/bin/sh -c \"echo ended: \$\$SERVICE_RESULT\"\n' >/run/systemd/system/maand@prod.service.d/test.conf &&
  systemctl daemon-reload && systemctl restart maand@prod"
push_version 1.1.0
maand_says reconcile >/dev/null
soon restarts || fail "the rollout does not begin"
was=$(show MainPID)
on "kill -STOP $was"
soon another_process "$was" || fail "it hangs, and systemd did not notice"
on "journalctl -u maand@prod -o cat | grep -qx 'ended: watchdog'" || fail "it was started anew for another reason than its watchdog"
let_restarts_go_on
converge "hung in the middle of a rollout"
ran "start restart" "hung in the middle of a rollout"
[ -z "$(on "find /var/lib/systemd/coredump /var/lib/maand -name 'core*' -type f 2>/dev/null || true")" ] ||
  fail "a core was left, and keys are in it"
say "killed and hung: systemd started it again, and no target ran twice"

# ---- hooks in bubblewrap ----------------------------------------------------------

# /proc as it is on a machine: of ours a part is covered, and then the kernel lets nobody mount another one.
on "umount -l /proc/sys; ! mountpoint -q /proc/sysrq-trigger || umount -l /proc/sysrq-trigger"
confined="bwrap --unshare-pid --ro-bind / / --proc /proc true"
ran_before="start restart"
if on "sudo -u maand $confined" 2>/dev/null; then
  on "printf '\n[hooks]\nenabled = true\nsandbox = \"bwrap\"\n' >>/var/lib/maand/prod/maand.conf && systemctl restart maand@prod"
  soon maand_says info
  last=$world/doctor.out
  as_operator "$(typed 6)" >"$last" 2>&1 </dev/null || [ $? = 1 ] || fail "docs/install.md: $(typed 6)"
  grep -q "hooks: .*bwrap cannot make its namespaces.*sandboxed-hooks.conf" "$last" || fail "maand doctor does not say that bwrap does not work"
  mkdir "$job/_modules"
  printf 'import maand, os\nmaand.put_job_variable("seen", str([os.path.exists("/var/lib/maand"), len([p for p in os.listdir("/proc") if p.isdigit()]) < 5]))\n' \
    >"$job/_modules/command_look.py"
  echo '{"version": "1.1.0", "selectors": ["all"], "commands": {"command_look": {"executed_on": ["pre_deploy"]}}}' >"$job/manifest.json"
  push_version 1.2.0
  maand_says "reconcile --wait" >"$last" 2>&1 && fail "a hook was run without its sandbox"
  maand_says "why count" >"$last" 2>&1 || true
  grep -q "sandboxed-hooks.conf" "$last" || fail "nobody says what to do about hooks that cannot be run"
  ran "start restart" "a hook that cannot be run"
  hooks_page=$(commands_of "In a sandbox" hooks.md)
  [ "$(wc -l <<<"$hooks_page")" = 3 ] || fail "docs/hooks.md should have three commands in its section of the sandbox: $hooks_page"
  while read -r line; do
    as_operator "$line" >"$last" 2>&1 </dev/null || fail "docs/hooks.md: $line"
  done <<<"$hooks_page"
  soon maand_says info
  last=$world/doctor.out
  as_operator "$(typed 6)" >"$last" 2>&1 </dev/null || [ $? = 1 ] || fail "docs/install.md: $(typed 6)"
  ! grep -q "bwrap" "$last" || fail "maand doctor finds fault with a sandbox that works"
  last=$world/retry.out
  maand_says "retry count" >"$last" 2>&1 || fail "maand retry count"
  converge "hooks in bubblewrap"
  seen=$(maand_says "cat kv get vars/job/count seen")
  [[ $seen == *"[False, True]"* ]] || fail "what a hook in bubblewrap sees: $seen"
  ran_before="start restart restart"
  ran "$ran_before" "hooks in bubblewrap"
  exposure=$(on "systemd-analyze security --no-pager maand@prod.service" | tail -n 1)
  [[ $exposure == *" OK"* ]] || fail "systemd-analyze security, with sandboxed-hooks.conf: $exposure"
  say "hooks in bubblewrap: told what is missing, then as docs/hooks.md says; ${exposure#*→ }"
else
  say "NOT TRIED: hooks in bubblewrap, for the kernel does not let users make namespaces"
fi

# ---- upgraded, removed, installed again, purged ----------------------------------

was=$(show MainPID)
as_operator 'cat >maand.deb' <"$world/maand_new.deb"
on "echo '# mine' >>/etc/maand/default.env"
as_operator "$(typed 1) -y" >"$last" 2>&1 </dev/null || fail "the upgrade"
another_process "$was" || fail "the upgrade did not restart the daemon"
[[ $(on "dpkg-query -W -f '\${Version}' maand") != *before ]] || fail "it was not upgraded"
on "grep -q '# mine' /etc/maand/default.env" || fail "the upgrade overwrote a configuration file"
converge "upgraded"
ran "$ran_before" "upgraded"
say "upgraded: restarted, nothing done on workers"

on "DEBIAN_FRONTEND=noninteractive apt-get -q -y remove maand" >"$last" 2>&1 || fail "apt-get remove"
[ -z "$(on "pgrep -u maand || true")" ] || fail "something of it runs on after its removal"
on "test -s /var/lib/maand/prod/data/state.db && grep -q '# mine' /etc/maand/default.env" || fail "a removal took state or configuration"
as_operator "$(typed 1) -y" >"$last" 2>&1 </dev/null || fail "installed again"
as_operator "$(typed 5)" >"$last" 2>&1 </dev/null || fail "started again"
converge "removed and installed again"
ran "$ran_before" "removed and installed again"

on "rm -rf /etc/maand/prod.env /etc/systemd/system/maand@.service.d && DEBIAN_FRONTEND=noninteractive apt-get -q -y purge maand" >"$last" 2>&1 || fail "apt-get purge"
after=$(on "$(declare -f files_of); files_of ''")
[ "$after" = "$before" ] || fail "the purge left, or took: $(diff <(echo "$before") <(echo "$after"))"
on "! getent passwd maand && ! getent group maand && ! systemctl list-units --all --no-legend 'maand@*' | grep ." >/dev/null ||
  fail "the purge left its user or a unit"
ran "$ran_before" "purged"
say "removed with the state kept, purged with nothing left, and the workers were left alone"
echo "package.debian: ok"
