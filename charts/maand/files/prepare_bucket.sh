#!/bin/sh
# Makes the bucket on the volume ready before maand starts in its pod.
#
# usage: prepare_bucket.sh BUCKET CONF GIVEN KEPT
#   BUCKET  the volume: what maand itself writes, data/ and secrets/
#   CONF    maand.conf, as the ConfigMap shows it
#   GIVEN   files for secrets/, as Secrets show them: links, for root and the pod's group
#   KEPT    a directory in memory, for copies of those
#
# maand refuses a key that more than its owner may read, and the kubelet lets the pod's
# group read whatever it shows. Hence copies, and hence in memory: they are on no disk.
# Nothing that lies on the volume is ever replaced or removed.
set -eu
umask 077

fail() {
  echo "prepare_bucket.sh: $1" >&2
  exit 1
}

[ $# -eq 4 ] || fail "usage: prepare_bucket.sh BUCKET CONF GIVEN KEPT"
bucket=$1 conf=$2 given=$3 kept=$4

mkdir -p "$bucket/secrets" "$bucket/data" || fail "user $(id -u) cannot write on the volume; does its driver know fsGroup?"
# Where the kubelet has the group of everything on a volume changed, it gives the group
# the right to read and write with it.
chmod -R go-rwx "$bucket/secrets" || fail "not everything in secrets/ on the volume belongs to user $(id -u); give it to that user"

if [ -e "$bucket/maand.conf" ] && [ ! -L "$bucket/maand.conf" ]; then
  fail "there is a maand.conf on the volume, and the chart's settings would not count; take over what it says into \`config\`, and move it away"
fi
ln -sfn "$conf" "$bucket/maand.conf"

# What was given at an earlier start and is not any more.
for link in "$bucket"/secrets/*; do
  [ -L "$link" ] || continue
  case $(readlink "$link") in "$kept"/*) rm -f "$link" ;; esac
done
for file in "$given"/*; do
  [ -e "$file" ] || continue
  name=${file##*/}
  at=$bucket/secrets/$name
  if [ -e "$at" ] || [ -L "$at" ]; then
    fail "secrets/$name is on the volume already, so the one of \`secretFiles\` or \`knownHosts\` would hide it; take it out of the values, or move the file on the volume away"
  fi
  rm -f "$kept/$name"
  cp -L "$file" "$kept/$name"
  chmod 400 "$kept/$name"
  ln -s "$kept/$name" "$at"
done
