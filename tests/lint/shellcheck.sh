#!/bin/sh
# Runs shellcheck over every shell script of the project, the dotfiles' too.
# usage: shellcheck.sh ROOT
set -eu
cd "$1"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find . -name build -prune -o -path ./.git -prune -o -type f -name '*.sh' -print >"$list"
[ ! -f .ci/run ] || echo ./.ci/run >>"$list"
count=$(wc -l <"$list")
# An empty list would make this check one that cannot fail.
[ "$count" -gt 0 ] || { echo "no shell script found under $1" >&2; exit 1; }
xargs -d '\n' shellcheck -x <"$list"
echo "$count scripts are shellcheck-clean"
