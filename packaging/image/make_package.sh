#!/bin/bash
# Makes DIRECTORY/maand.deb of the sources around this script, in a Debian where nothing is
# installed; or takes the one package that lies in dist/.
#
# usage: make_package.sh REVISION DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "$2"
shopt -s nullglob
ready=(dist/*.deb)
if [ ${#ready[@]} -gt 1 ]; then
  echo "make_package.sh: there should be one package in dist/, not ${ready[*]}" >&2
  exit 1
fi
if [ ${#ready[@]} -eq 0 ]; then
  tests/package/install_deps.sh build package
  cmake --preset release -DMAAND_TESTS=OFF -DMAAND_WERROR=OFF -DMAAND_REVISION="$1"
  cmake --build --preset release
  cpack --config build/release/CPackConfig.cmake -B dist
  ready=(dist/*.deb)
fi
cp "${ready[0]}" "$2/maand.deb"
