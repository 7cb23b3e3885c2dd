#!/bin/sh
# Says which C++ sources differ from what clang-format makes of them.
# usage: format.sh CLANG_FORMAT ROOT
set -eu
tool=$1
cd "$2"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find reconciler gitsource executor tests \( -name '*.cc' -o -name '*.h' \) -type f -print >"$list"
count=$(wc -l <"$list")
[ "$count" -gt 0 ] || { echo "no source found under $2" >&2; exit 1; }
if ! xargs -d '\n' "$tool" --dry-run -Werror <"$list"; then
  echo "cure: $tool -i FILE (the style is .clang-format)" >&2
  exit 1
fi
echo "$count files are formatted"
