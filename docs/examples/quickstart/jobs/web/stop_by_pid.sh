#!/bin/sh
# Ends the process whose id is in the file $1 and waits until it is gone.
[ -f "$1" ] || exit 0
pid=$(cat "$1")
kill "$pid" 2>/dev/null
tries=50
while kill -0 "$pid" 2>/dev/null; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { kill -9 "$pid"; break; }
  sleep 0.1
done
rm -f "$1"
