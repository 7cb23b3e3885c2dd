#!/bin/bash
# Real workers on one machine: an sshd for each address, each in a mount and
# process namespace of its own with a private /opt (so /opt/worker is its own).
#
#   sshd_workers.sh prepare DIR ADDRESS…   as anyone: keys and folders
#   sshd_workers.sh run DIR USER PORT ADDRESS…   as root: serves until stdin closes
#
# `prepare` leaves the client's key in DIR/client_key. DIR/ADDRESS/opt is what
# the worker sees as /opt. `run` prints `ready` when all of them accept
# connections. When it ends, however it ends, every process on the workers ends
# with it: that is why stdin is its lifeline and not a pid file.
set -euo pipefail

prepare() {
  local dir=$1 address
  shift
  mkdir -p "$dir"
  ssh-keygen -q -t ed25519 -N '' -C maand-quickstart -f "$dir/client_key" </dev/null
  for address in "$@"; do
    mkdir -p "$dir/$address/opt/worker"
    ssh-keygen -q -t ed25519 -N '' -C "$address" -f "$dir/$address/host_key" </dev/null
  done
}

write_config() {
  local dir=$1 user=$2 port=$3 address=$4 pam=no
  # Without PAM, sshd refuses accounts whose password is locked ("!"), which is
  # usual for cloud images; with PAM, small containers refuse the session.
  if getent shadow "$user" | cut -d: -f2 | grep -q '^!'; then pam=yes; fi
  cat <<CONFIG
ListenAddress $address
Port $port
HostKey $dir/$address/host_key
AuthorizedKeysFile $dir/client_key.pub
AllowUsers $user
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM $pam
# The folder lies under /tmp, which others may write to.
StrictModes no
PidFile none
PrintMotd no
UseDNS no
CONFIG
}

# Ends the first process of each namespace, which ends all the others; `wait`
# returns when unshare has seen it gone. Should the kernel not tell the child,
# killing unshare does the same through --kill-child, only not synchronously.
end_workers() {
  local pid child
  for pid in ${pids[@]+"${pids[@]}"}; do
    child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
    # shellcheck disable=SC2086  # a list of ids
    kill -KILL ${child:-$pid} 2>/dev/null || true
  done
  wait
}

accepts() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

run() {
  local dir=$1 user=$2 port=$3 address deadline
  shift 3
  mkdir -p /run/sshd
  pids=()
  trap end_workers EXIT
  trap 'exit 0' INT TERM HUP
  for address in "$@"; do
    if accepts "$address" "$port"; then
      echo "sshd_workers.sh: something listens on $address:$port already" >&2
      return 1
    fi
    write_config "$dir" "$user" "$port" "$address" >"$dir/$address/sshd_config"
    # shellcheck disable=SC2016  # the inner shell expands them
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
      sh -c 'mount --bind "$1/opt" /opt && exec /usr/sbin/sshd -D -e -f "$1/sshd_config"' sh "$dir/$address" \
      </dev/null >"$dir/$address/sshd.log" 2>&1 &
    pids+=($!)
  done
  deadline=$((SECONDS + 20))
  for address in "$@"; do
    until accepts "$address" "$port"; do
      if [ $SECONDS -ge $deadline ]; then
        echo "sshd_workers.sh: no sshd on $address:$port after 20 s. Its log says:" >&2
        cat "$dir/$address/sshd.log" >&2
        return 1
      fi
      sleep 0.05
    done
  done
  echo ready
  cat >/dev/null || true
}

command=${1:-}
case $command in
  prepare | run) shift; "$command" "$@" ;;
  *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
