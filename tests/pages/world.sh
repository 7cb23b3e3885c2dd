#!/bin/bash
# The machines that the commands of docs/ are typed on, as its reader has them: a control
# host (this shell), two workers `box1` and `box2`, and `git.example.com` with an empty
# repository `fleet.git`. All are real sshd; each has its own /etc, /home, /opt, /root, /run
# and /tmp, and they share a network that nobody else has.
#
#   unshare --net --mount --pid --fork --kill-child --mount-proc world.sh DIR MAAND TREE IN OUT
#
# Needs root. Reads the name of a step from file descriptor IN, sources DIR/NAME.sh in the
# shell that all steps share, with its output in DIR/NAME.out, and writes its exit status to
# OUT. The first line there is `ready`. This is process 1 of its namespace and the machines'
# disks are in memory, so nothing outlives it.
set -euo pipefail

fail() {
  echo "world.sh: $1" >&2
  exit 1
}

declare -A address=([box1]=10.0.0.1 [box2]=10.0.0.2 [git.example.com]=10.0.0.9)
host_names=(box1 box2 git.example.com)
# Where DIR is seen once /tmp is another one.
world=/mnt
disks=$world/disks

# Files that a machine of its own would have. The key is the operator's, who could log in
# there before maand came; maand's own keys have to be let in as the page says.
prepare_host() { # NAME
  local at=$disks/$1 folder service
  for folder in etc home opt root run/sshd tmp; do mkdir -p "$at/$folder"; done
  chmod 1777 "$at/tmp"
  cp -a /etc/. "$at/etc"
  rm -f "$at"/etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$at/etc/ssh/ssh_host_ed25519_key" </dev/null
  install -d -m 700 "$at/root/.ssh"
  cp "$disks/control/root/.ssh/id_ed25519.pub" "$at/root/.ssh/authorized_keys"
  # PAM lets in accounts without a password, as useradd makes them; containers lack what its
  # usual session modules want.
  for service in sshd sudo; do
    printf '%s required pam_permit.so\n' auth account session >"$at/etc/pam.d/$service"
  done
  cat >"$at/etc/ssh/sshd_config" <<CONFIG
ListenAddress ${address[$1]}
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM yes
PidFile none
PrintMotd no
UseDNS no
CONFIG
}

# Becomes sshd of that machine.
run_host() { # NAME
  local folder
  for folder in etc home opt root run tmp; do mount --bind "$disks/$1/$folder" "/$folder"; done
  if [ "$1" = git.example.com ]; then
    useradd --create-home --shell /bin/sh git
    install -d -m 700 -o git -g git /home/git/.ssh
    install -m 600 -o git -g git /root/.ssh/authorized_keys /home/git/.ssh/authorized_keys
    git init -q --bare -b main /home/git/fleet.git
    chown -R git:git /home/git/fleet.git
  fi
  exec /usr/sbin/sshd -D -e
}

prepare_control() { # MAAND TREE
  local at=$disks/control name
  mkdir -p "$at/bin" "$at/etc" "$at/root/maand/docs"
  cp "$1" "$at/bin/maand"
  cp -r "$2/docs/examples" "$at/root/maand/docs/examples"
  cp -a /etc/. "$at/etc"
  install -d -m 700 "$at/root/.ssh"
  ssh-keygen -q -t ed25519 -N '' -C operator -f "$at/root/.ssh/id_ed25519" </dev/null
  printf '[user]\n\tname = Ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n' >"$at/root/.gitconfig"
  printf '127.0.0.1 localhost control\n' >"$at/etc/hosts"
  for name in "${host_names[@]}"; do echo "${address[$name]} $name" >>"$at/etc/hosts"; done
}

listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

if [ "${1:-}" = --host ]; then run_host "$2"; fi

maand_in=$4 maand_out=$5
mount --bind "$1" $world
mkdir $disks
mount -t tmpfs -o mode=755 none $disks
busybox ip link set lo up
for name in "${host_names[@]}"; do busybox ip addr add "${address[$name]}/32" dev lo; done
prepare_control "$2" "$3"
for name in "${host_names[@]}"; do
  prepare_host "$name"
  cp "$disks/control/etc/hosts" "$disks/$name/etc/hosts"
  echo "$name,${address[$name]} $(cut -d' ' -f1,2 "$disks/$name/etc/ssh/ssh_host_ed25519_key.pub")" \
    >>"$disks/control/root/.ssh/known_hosts"
  unshare --mount --pid --fork --kill-child --mount-proc "$0" --host "$name" </dev/null >"$world/$name.log" 2>&1 &
done
for name in "${host_names[@]}"; do
  tries=400
  until listens "${address[$name]}" 22; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat "$world/$name.log" >&2; fail "no sshd on $name after 20 s"; }
    sleep 0.05
  done
done
mount --bind "$disks/control/etc" /etc
mount --bind "$disks/control/root" /root
mount -t tmpfs -o mode=1777 none /tmp

# A poll in the middle of a page would do what its next command is about.
export MAAND__GIT__POLL_INTERVAL=1h
export HOME=/root PATH=$disks/control/bin:$PATH LC_ALL=C.UTF-8
unset MAAND_BUCKET SSH_AUTH_SOCK GIT_DIR name tries address host_names
cd /root
set +eu
echo ready >&"$maand_out"
while IFS= read -r -u "$maand_in" maand_step; do
  # shellcheck source=/dev/null
  . "$world/$maand_step.sh" </dev/null >"$world/$maand_step.out" 2>&1
  echo $? >&"$maand_out"
done
