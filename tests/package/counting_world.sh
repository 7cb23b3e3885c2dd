# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared with the tests that source it
# A machine that boots systemd, two real sshd workers, and a repository with a job whose targets
# write down that they ran. Sourced, in a network namespace of the caller's own; expects $world
# (a directory), $root and fail(), and leaves:
#   box one two   addresses: the machine, the workers (ssh port 2222, user root)
#   checkout job  a checkout of $world/repo.git, which is ssh://root@$one:2222$world/repo.git
#   known_hosts   a file with the keys of both
box=127.0.45.1
one=127.0.45.2
two=127.0.45.3
checkout=$world/checkout
job=$checkout/workspace/jobs/count
known_hosts=$world/known_hosts
say() { printf '[%3d s] %s\n' "$SECONDS" "$1"; }

# start_machines [--no-engine] TREE: they end with this shell. on_failure, if there is one, is
# called before, should it fail.
start_machines() {
  local address
  busybox ip link set lo up
  "$root/tests/package/sshd_workers.sh" prepare "$world/workers" $one $two
  mkfifo "$world/lifeline" "$world/answer" "$world/lifeline2" "$world/answer2"
  "$root/tests/package/systemd_workers.sh" run "${@:1:$#-1}" "$world/machines" "${!#}" $box <"$world/lifeline" >"$world/answer" &
  machines=$!
  exec 7>"$world/lifeline"
  "$root/tests/package/sshd_workers.sh" run "$world/workers" root 2222 $one $two <"$world/lifeline2" >"$world/answer2" 7>&- &
  sshds=$!
  exec 6>"$world/lifeline2"
  trap end_machines EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  read -r _ <"$world/answer" || fail "the machine did not start: why is said above"
  read -r _ <"$world/answer2" || fail "the workers did not start: why is said above"
  for address in $one $two; do echo "[$address]:2222 $(cut -d' ' -f1,2 "$world/workers/$address/host_key.pub")"; done >"$known_hosts"
  say "a machine whose process 1 is systemd, and two workers"
}
end_machines() {
  local status=$?
  trap - EXIT
  if [ $status -ne 0 ] && declare -F on_failure >/dev/null; then on_failure >&2 || true; fi
  exec 6>&- 7>&-
  wait "$sshds" || status=$?
  wait "$machines" || status=$?
  exit $status
}

# as_operator COMMAND: as somebody who may use sudo; on COMMAND: as root.
as_operator() {
  ssh -F none -i "$world/machines/client_key" -o "UserKnownHostsFile=$world/machines/known_hosts" -o BatchMode=yes \
    -o StrictHostKeyChecking=yes -o ConnectTimeout=10 "agent@$box" "$@" 6>&- 7>&-
}
on() { as_operator "sudo -n sh -c $(printf %q "$1")" </dev/null; }

# commands_of SECTION [PAGE]: what docs/install.md, or another page, tells to type there, a command a line.
commands_of() {
  sed -n "/^## $1\$/,/^## /p" "$root/docs/${2:-install.md}" | awk '/^```sh/ {on = 1; next} /^```/ {on = 0} on'
}
# typed NUMBER: of these commands, as $page has them.
typed() { sed -n "$1p" <<<"$page"; }

# soon COMMAND…: it has to succeed within 60 s.
soon() {
  local deadline=$((SECONDS + 60))
  until ("$@") >/dev/null 2>&1; do
    if [ $SECONDS -ge $deadline ]; then
      "$@"
      return
    fi
    sleep 0.2
  done
}

make_repository() {
  git init -q --bare -b main "$world/repo.git"
  git init -q -b main "$checkout"
  git -C "$checkout" remote add origin "$world/repo.git"
  git -C "$checkout" config user.name test
  git -C "$checkout" config user.email test@localhost
  mkdir -p "$job"
  echo "[{\"host\": \"$one\", \"labels\": [\"all\"]}, {\"host\": \"$two\", \"labels\": [\"all\"]}]" >"$checkout/workspace/workers.json"
  echo '{"version": "1.0.0", "selectors": ["all"]}' >"$job/manifest.json"
  # A restart waits until the test lets it go on.
  printf 'start stop:\n\tmkdir -p data\n\techo $@ >>data/ran\nrestart:\n\techo $@ >>data/ran\n\twhile [ ! -e /opt/worker/go ]; do sleep 0.1; done\n.PHONY: start stop restart\n' \
    >"$job/Makefile"
  push_version 1.0.0
}
push_version() {
  sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"$1\"/" "$job/manifest.json"
  git -C "$checkout" add -A
  git -C "$checkout" commit -q -m "count $1"
  git -C "$checkout" push -q origin main 2>/dev/null
}
let_restarts_go_on() { touch "$world/workers/$one/opt/worker/go" "$world/workers/$two/opt/worker/go"; }

# A worker is in the middle of a restart; the other one waits for its turn.
restarts() { grep -qx restart "$world"/workers/*/opt/worker/*/jobs/count/data/ran; }

# ran TARGETS WHAT: what each worker itself wrote down, a word for each target that ran there.
ran() {
  local address did
  for address in $one $two; do
    did=$(cat "$world/workers/$address"/opt/worker/*/jobs/count/data/ran 2>/dev/null | tr '\n' ' ')
    [ "$did" = "$1 " ] || fail "$2: on $address ran: $did, not: $1"
  done
}
