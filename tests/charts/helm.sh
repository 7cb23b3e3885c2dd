#!/bin/bash
# Prints where helm is. Where there is none, the Go toolchain makes one, once, in a cache;
# where that cannot be either, it says why and exits with 77: the tests are then skipped.
#
# usage: helm.sh [--have]
#   --have   installs nothing
set -euo pipefail
version=v3.22.0
export HOME=${HOME:-/root} # go asks for it
cache=${XDG_CACHE_HOME:-$HOME/.cache}/maand/helm-$version

if found=$(command -v helm); then
  case $("$found" version --template '{{.Version}}' 2>/dev/null) in
    v3.*) echo "$found"; exit 0 ;;
  esac
fi
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -x "$cache/helm" ]; then
  if [ "${1:-}" = --have ]; then
    echo "skipped: there is no helm here" >&2
    exit 77
  fi
  if ! command -v go >/dev/null; then
    echo "skipped: there is neither helm nor a Go toolchain here" >&2
    exit 77
  fi
  # As helm's own build does it: without, it would take itself to be for Kubernetes 1.20.
  flags=
  for package in pkg/lint/rules pkg/chartutil; do
    flags+=" -X helm.sh/helm/v3/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/$package.k8sVersionMinor=37"
  done
  if ! GOBIN=$cache/fresh timeout 1100 go install -ldflags "$flags" helm.sh/helm/v3/cmd/helm@$version \
    >"$cache/log" 2>&1 9>&- </dev/null; then
    tail -n 5 "$cache/log" >&2
    echo "skipped: go could not install helm $version" >&2
    exit 77
  fi
  mv "$cache/fresh/helm" "$cache/helm"
  rmdir "$cache/fresh"
fi
echo "$cache/helm"
