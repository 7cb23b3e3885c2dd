# shellcheck shell=bash disable=SC2016  # apt expands these, not the shell
# Which archive this machine's packages come from, and how another tree gets packages of it. Sourced.

# Prints the first archive of this machine's own apt configuration that has `main`.
archive_of_machine() {
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE) $(COMPONENT)' 'Created-By: Packages' |
    awk '$2 == "main" && $1 !~ /security/ { print $1; exit }')
  if [ -z "$mirror" ]; then
    echo "${0##*/}: found no archive with 'main' in apt's configuration" >&2
    return 1
  fi
  echo "$mirror"
}

# give_archive TREE SUITE MIRROR: the same archive, its update suites, and this machine's
# way of reaching it (proxies, keys, date checks), or apt in the tree would not get there.
give_archive() {
  local tree=$1 suite=$2 mirror=$3
  {
    echo "deb $mirror $suite main"
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
      awk -v suite="$suite" '$3 == "main" && index($2, suite "-") == 1 { print "deb", $1, $2, "main" }'
  } | sort -u >"$tree/etc/apt/sources.list"
  if grep -qx 'ID=ubuntu' /etc/os-release; then sed -i 's/ main$/ main universe/' "$tree/etc/apt/sources.list"; fi
  apt-config dump | grep '^Acquire::' | grep -v '::Languages\|^Acquire::IndexTargets' >"$tree/etc/apt/apt.conf.d/90machine" || true
  if [ -d /etc/apt/auth.conf.d ]; then cp -a /etc/apt/auth.conf.d/. "$tree/etc/apt/auth.conf.d/"; fi
  cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
}

# fetch_for TREE SUITE PACKAGE [NAME…]: apt in TREE installs that file with all it depends on, and
# those packages, and purges it again. Nothing is started. Belongs into a mount namespace of the
# caller's own. What apt says goes to stdout.
fetch_for() {
  local tree=$1 suite=$2 package=$3 mirror status=0
  shift 3
  mirror=$(archive_of_machine) || return 1
  give_archive "$tree" "$suite" "$mirror"
  cp "$package" "$tree/root/fetched.deb"
  mount -t proc proc "$tree/proc"
  mount --bind /dev "$tree/dev"
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
  chmod 755 "$tree/usr/sbin/policy-rc.d"
  chroot "$tree" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -exc '
    apt-get -q update
    apt-get -q -y --no-install-recommends install "$@" /root/fetched.deb
    maand version
    apt-get -q -y purge maand
    apt-get clean' sh "$@" </dev/null 2>&1 || status=$?
  rm "$tree/root/fetched.deb" "$tree/usr/sbin/policy-rc.d"
  umount "$tree/dev" "$tree/proc"
  return $status
}
