#!/bin/bash
# Real Debian machines for tests, on one machine: each boots systemd as process 1
# in namespaces of its own over its own copy of a small Debian 12, and has sshd, sudo,
# make and busybox; the first one also has a Docker engine and Compose.
#
#   systemd_workers.sh tree   the Debian they share: makes it when it is not in the
#       cache yet (needs a mirror), and prints where it is
#   systemd_workers.sh run [--no-engine] DIR TREE ADDRESS…   serves until stdin closes
#
# Both need root. `run` belongs into a network namespace of the caller's own, whose
# loopback is up: the machines share that network, each with an address of 127.0.0.0/8,
# and what Docker does to bridges and packet filters stays in it. The user `agent`, whose
# key is DIR/client_key, may do everything with sudo; DIR/known_hosts has the host keys.
# `run` prints `ready` when sshd and Docker serve. However it ends, every process
# on the machines ends with it: that is why stdin is its lifeline and not a pid file.
set -euo pipefail

packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,make,busybox,procps,iproute2,iptables,docker.io,docker-compose
# What would reach out of the namespaces (kernel settings, modules, the clock), or waits for
# hardware that there is not.
masked=(systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-random-seed.service
  systemd-timesyncd.service proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount
  sys-kernel-config.mount sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount console-getty.service
  getty.target apt-daily.timer apt-daily-upgrade.timer)

fail() {
  echo "systemd_workers.sh: $1" >&2
  exit 1
}

tree() {
  local cache suite=bookworm components=main mirror made unit
  if grep -qx 'ID=ubuntu' /etc/os-release; then # its mirrors have no Debian
    suite=noble components=main,universe packages=${packages/docker-compose/docker-compose-v2}
  fi
  cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/maand-tests
  # One for each recipe.
  made=$cache/$suite-$({ declare -f tree && echo "$packages ${masked[*]}"; } | sha256sum | cut -c 1-12)
  mkdir -p "$cache/debs"
  exec 9>"$cache/lock"
  flock 9 # another checkout may be making it
  if [ ! -d "$made" ]; then
    # shellcheck disable=SC2016  # apt expands these, not the shell
    mirror=$(apt-get indextargets --format '$(SITE) $(COMPONENT)' 'Created-By: Packages' |
      awk '$2 == "main" && $1 !~ /security/ { print $1; exit }')
    [ -n "$mirror" ] || fail "found no archive with 'main' in apt's configuration"
    new=$(mktemp -d "$cache/new.XXXXXX")
    trap 'rm -rf --one-file-system "$new" "$new.log"' EXIT
    chmod 755 "$new"
    if ! debootstrap --variant=minbase --cache-dir="$cache/debs" --components="$components" --include="$packages" "$suite" "$new" "$mirror" \
      >"$new.log" 2>&1; then
      tail -n 30 "$new.log" >&2
      fail "debootstrap could not make a tree of $suite"
    fi
    rm -f "$new.log"
    # Each machine gets these for itself.
    rm -f "$new"/etc/ssh/ssh_host_* "$new/var/lib/dbus/machine-id"
    : >"$new/etc/machine-id"
    for unit in "${masked[@]}"; do ln -sf /dev/null "$new/etc/systemd/system/$unit"; done
    chroot "$new" useradd --create-home --shell /bin/bash --password '*' agent
    echo 'agent ALL=(ALL) NOPASSWD: ALL' >"$new/etc/sudoers.d/agent"
    chmod 440 "$new/etc/sudoers.d/agent"
    # Trees of older versions of this file are of no use any more.
    rm -rf --one-file-system "$cache/$suite"-*
    mv -T "$new" "$made"
    trap - EXIT
  fi
  echo "$made"
}

# ---- one machine ------------------------------------------------------------

# The machine's own part of /etc and /home, laid over the tree.
prepare() {
  local dir=$1 address=$2 engine=$3 unit
  mkdir -p "$dir"/{root,work,docker} "$dir"/up/etc/{ssh/sshd_config.d,systemd/system} "$dir"/up/home/agent/.ssh
  ssh-keygen -q -t ed25519 -N '' -C "$address" -f "$dir/up/etc/ssh/ssh_host_ed25519_key" </dev/null
  echo "$address $(cut -d' ' -f1,2 "$dir/up/etc/ssh/ssh_host_ed25519_key.pub")" >>"$all/known_hosts"
  printf 'ListenAddress %s\nPasswordAuthentication no\nUseDNS no\n' "$address" >"$dir/up/etc/ssh/sshd_config.d/worker.conf"
  printf '127.0.0.1 localhost\n%s machine%s\n' "$address" "${address##*.}" >"$dir/up/etc/hosts"
  echo "machine${address##*.}" >"$dir/up/etc/hostname"
  cp "$all/client_key.pub" "$dir/up/home/agent/.ssh/authorized_keys"
  chroot "$tree" chown -R agent: /home/agent
  chown -R --reference="$tree/home/agent" "$dir/up/home/agent"
  chmod 755 "$dir/up"
  [ -n "$engine" ] && return
  for unit in docker.service docker.socket containerd.service; do
    ln -s /dev/null "$dir/up/etc/systemd/system/$unit"
  done
}

# A control group for it in every hierarchy that this machine has: version 2, version 1 or both.
make_cgroups() {
  local name=$1 point file
  cgroups=()
  for point in "${hierarchies[@]}"; do
    mkdir "$point/$name" 2>/dev/null ||
      fail "this machine's kernel or container does not let us make a control group in $point, which systemd needs"
    cgroups+=("$point/$name")
    for file in cpuset.cpus cpuset.mems; do
      if [ -e "$point/tasks" ] && [ -e "$point/$file" ]; then cat "$point/$file" >"$point/$name/$file"; fi
    done
  done
}

# Runs as the first process of new namespaces, and becomes systemd.
# shellcheck disable=SC2016  # the inner shell expands them
boot='
  set -e
  dir=$1 tree=$2
  root=$dir/root
  mount -t overlay -o "lowerdir=$tree,upperdir=$dir/up,workdir=$dir/work" overlay "$root"
  mount -t proc proc "$root/proc"
  # The settings of the kernel are not ours, those of our network are.
  mount --bind "$root/proc/sys/net" "$root/mnt"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount --move "$root/mnt" "$root/proc/sys/net"
  [ ! -e "$root/proc/sysrq-trigger" ] || mount --bind -o ro "$root/proc/sysrq-trigger" "$root/proc/sysrq-trigger"
  mount -t sysfs sysfs "$root/sys"
  # What the machine has at /sys/fs/cgroup, each seen from our own control group on.
  grep " /sys/fs/cgroup[ /]" /proc/mounts | while read -r _ point type options _; do
    mkdir -p "$root$point"
    case $type in
      tmpfs) mount -t tmpfs -o mode=755 tmpfs "$root$point" ;;
      cgroup2) mount -t cgroup2 cgroup2 "$root$point" ;;
      cgroup) mount -t cgroup -o "$options" cgroup "$root$point" ;;
    esac
  done
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "$root/dev/${i#*:}"; done
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  # Docker keeps layers in overlays, and those do not lie on an overlay.
  mkdir -p "$root/var/lib/docker"
  mount --bind "$dir/docker" "$root/var/lib/docker"
  hostname "$(cat "$root/etc/hostname")"
  cd "$root"
  pivot_root . mnt
  exec setpriv --bounding-set=-sys_time,-sys_module chroot . /usr/bin/env -i container=maand LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -c "umount -l /mnt && mount --make-rshared / && exec /lib/systemd/systemd --log-target=console --show-status=no"
'

boot_machine() {
  local dir=$1 address=$2
  make_cgroups "maand-test-$$-$address"
  made_cgroups+=("${cgroups[@]}")
  (
    for cgroup in "${cgroups[@]}"; do echo "$BASHPID" >"$cgroup/cgroup.procs"; done
    exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --uts --ipc --cgroup \
      sh -c "$boot" sh "$dir" "$tree"
  ) </dev/null >"$dir/boot.log" 2>&1 &
  pids+=($!)
}

# ---- all of them ------------------------------------------------------------

# Ends the first process of each machine, which ends all the others; `wait`
# returns when unshare has seen it gone.
end_machines() {
  local pid child cgroup tries
  for pid in ${pids[@]+"${pids[@]}"}; do
    child=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true)
    # shellcheck disable=SC2086  # a list of ids
    kill -KILL ${child:-$pid} 2>/dev/null || true
  done
  wait
  for cgroup in ${made_cgroups[@]+"${made_cgroups[@]}"}; do
    tries=100 # the kernel takes a moment to let go of the last process
    until find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || [ $tries -eq 0 ]; do
      tries=$((tries - 1))
      sleep 0.05
    done
  done
}

on() {
  ssh -F none -i "$all/client_key" -o "UserKnownHostsFile=$all/known_hosts" -o StrictHostKeyChecking=yes -o BatchMode=yes \
    -o ConnectTimeout=5 "agent@$1" "$2" </dev/null
}

# await SECONDS WHAT PID COMMAND…: until the command succeeds; fails when the machine is gone.
await() {
  local deadline=$((SECONDS + $1)) what=$2 pid=$3
  shift 3
  until "$@" >"$all/last" 2>&1; do
    if ! kill -0 "$pid" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
      echo "systemd_workers.sh: $what. The last answer, and the end of its console:" >&2
      tail -n 15 "$all/last" >&2
      tail -n 25 "$dir/boot.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

run() {
  local address dir first=yes engine index=0
  if [ "$1" = --no-engine ]; then first='' && shift; fi
  all=$1 tree=$2 engine=$first
  shift 2
  [ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and mounts"
  mkdir -p "$all"
  [ -e "$all/client_key" ] || ssh-keygen -q -t ed25519 -N '' -C maand-test -f "$all/client_key" </dev/null
  mapfile -t hierarchies < <(awk '$2 ~ "^/sys/fs/cgroup" && $3 ~ "^cgroup" { print $2 }' /proc/mounts)
  [ ${#hierarchies[@]} -gt 0 ] || fail "no control groups are mounted on /sys/fs/cgroup, and systemd needs them"
  pids=() made_cgroups=()
  trap end_machines EXIT
  trap 'exit 0' INT TERM HUP
  for address in "$@"; do
    prepare "$all/$address" "$address" "$engine"
    boot_machine "$all/$address" "$address"
    engine=
  done
  engine=$first
  for address in "$@"; do
    dir=$all/$address
    await 60 "systemd did not boot on $address: no sshd answers" "${pids[$index]}" on "$address" true
    # shellcheck disable=SC2016  # the machine's shell expands it
    await 30 "process 1 on $address is not systemd" "${pids[$index]}" on "$address" '[ "$(cat /proc/1/comm)" = systemd ]'
    [ -z "$engine" ] || await 60 "the Docker engine did not start on $address" "${pids[$index]}" on "$address" \
      'sudo docker info || { sudo journalctl --unit docker --lines 12 --no-pager --output cat; exit 1; }'
    engine=
    index=$((index + 1))
  done
  echo ready
  cat >/dev/null || true
}

command=${1:-}
case $command in
  tree | run) shift; "$command" "$@" ;;
  *) sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
