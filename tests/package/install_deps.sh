#!/bin/bash
# Installs what a task needs on Debian 12, Debian 13 or Ubuntu 24.04.
#
# usage: install_deps.sh [--list] build|demo|test|tree|machines|package|browser …
#
# Asks dpkg first, so it takes some milliseconds when everything is there. Says
# what is missing before it touches anything. --list only prints the names.
set -euo pipefail

build_packages=(
  g++ cmake ninja-build pkgconf ccache
  libgit2-dev libssh2-1-dev nlohmann-json3-dev libcpp-httplib-dev libspdlog-dev libcli11-dev
  libsqlite3-dev libsqlitecpp-dev libarchive-dev libtomlplusplus-dev libssl-dev
  libcurl4-openssl-dev libyaml-cpp-dev libmd4c-dev libmd4c-html0-dev prometheus-cpp-dev libpqxx-dev libpq-dev
  libsnappy-dev libprotozero-dev
)
# The throw-away world of quickstart.sh: a repository, sshd workers, and what
# the two demo jobs need on a worker.
demo_packages=(git openssh-server openssh-client make tar util-linux busybox-static)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-jsonschema python3-yaml shellcheck clang-format clang libclang-rt-dev procps sudo
  git openssl curl openssh-server openssh-client dropbear-bin busybox-static make tar util-linux prometheus
  python3-aiosmtpd gnupg gpgv tzdata age zsh fish mandoc bubblewrap postgresql nodejs esbuild
)
tree_packages=(debootstrap git util-linux)
# Machines that boot systemd, for the tests labelled `slow`: what is on them comes
# from debootstrap, nothing of it is installed here.
machines_packages=(debootstrap git util-linux openssh-client curl busybox-static dpkg-dev file lintian)
# cpack asks dpkg-shlibdeps which libraries a package needs.
package_packages=(dpkg-dev file gzip)
# For the tests of the dashboard's page. A page without fonts has no text to look at.
browser_packages=(chromium fonts-inter fonts-liberation)

only_list=
if [ "${1:-}" = --list ]; then
  only_list=yes
  shift
fi
wanted=()
for group in "$@"; do
  case $group in
    build) wanted+=("${build_packages[@]}") ;;
    demo) wanted+=("${demo_packages[@]}") ;;
    test) wanted+=("${test_packages[@]}") ;;
    tree) wanted+=("${tree_packages[@]}") ;;
    machines) wanted+=("${machines_packages[@]}") ;;
    package) wanted+=("${package_packages[@]}") ;;
    browser)
      # Ubuntu has Chromium as a snap only, which the tests cannot drive.
      if [ -z "$only_list" ] && grep -qsx 'ID=ubuntu' /etc/os-release; then
        echo "Ubuntu has no package chromium: the tests of the dashboard's page are left out here." >&2
      else
        wanted+=("${browser_packages[@]}")
      fi
      ;;
    *) echo "install_deps.sh: unknown group '$group'; there are: build demo test tree machines package browser" >&2; exit 2 ;;
  esac
done
if [ $# -eq 0 ]; then
  echo "usage: install_deps.sh [--list] build|demo|test|tree|machines|package|browser …" >&2
  exit 2
fi
[ ${#wanted[@]} -gt 0 ] || exit 0
mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)
if [ -n "$only_list" ]; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi
if ! command -v dpkg-query >/dev/null; then
  echo "install_deps.sh: this is not Debian or Ubuntu. Install the likes of these yourself: ${wanted[*]}" >&2
  exit 1
fi

missing=()
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
for package in "${wanted[@]}"; do
  grep -qxF "installed $package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_deps.sh: as root, please: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
  echo "Root (sudo) is needed now to install ${#missing[@]} distribution packages:"
else
  echo "Installing ${#missing[@]} distribution packages:"
fi
printf '%s\n' "${missing[*]}" | fold -s -w 100 | sed 's/^/  /'

# openssh-server, prometheus and postgresql are wanted for their programs only. A
# package may not start a service while policy-rc.d says 101, so nobody's port 22,
# 9090 or 5432 is opened by us.
policy=/usr/sbin/policy-rc.d
placed_policy=
new_services=()
case " ${missing[*]} " in *" openssh-server "*) new_services+=(ssh.service ssh.socket) ;; esac
case " ${missing[*]} " in *" prometheus "*) new_services+=(prometheus.service) ;; esac
case " ${missing[*]} " in *" postgresql "*) new_services+=(postgresql.service) ;; esac
if [ ${#new_services[@]} -gt 0 ] && [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  placed_policy=yes
  "${as_root[@]}" chmod 755 $policy
fi
remove_policy() { [ -z "$placed_policy" ] || "${as_root[@]}" rm -f $policy; }
trap remove_policy EXIT

log=$(mktemp)
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >>"$log" 2>&1 </dev/null
}
# A fresh machine has no package lists, an old one has stale ones.
if ! { apt update && apt install --no-install-recommends "${missing[@]}"; }; then
  tail -n 30 "$log" >&2
  echo "install_deps.sh: apt-get failed; all of its output is in $log" >&2
  exit 1
fi
rm -f "$log"
if [ ${#new_services[@]} -gt 0 ] && [ -d /run/systemd/system ]; then
  "${as_root[@]}" systemctl disable "${new_services[@]}" >/dev/null 2>&1 || true
  echo "Their system services are off (systemctl enable --now turns one on): ${new_services[*]}"
fi
