#!/bin/sh
# Are the committed vectors what Go makes of the cases? Exit 77: there is no Go to ask.
set -eu
cd "$(dirname "$0")"
command -v go >/dev/null 2>&1 || { echo "skipped: go is not installed"; exit 77; }
# The local toolchain and nothing from the network.
export GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPROXY=off GOWORK=off
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
export GOCACHE="${GOCACHE:-$made/cache}"
version=$(go env GOVERSION | sed 's/^go1\.\([0-9]*\).*/\1/')
case $version in
  ''|*[!0-9]*) echo "skipped: go has no version to read"; exit 77 ;;
esac
[ "$version" -ge 24 ] || { echo "skipped: go 1.$version is older than 1.24"; exit 77; }
go run . cases.txt >"$made/vectors.txt"
if ! diff -u vectors.txt "$made/vectors.txt"; then
  echo "cure: cd tests/golden/template && go run . cases.txt >vectors.txt" >&2
  exit 1
fi
echo "$(wc -l <vectors.txt) lines of vectors are as Go makes them"
