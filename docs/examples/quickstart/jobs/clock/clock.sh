#!/bin/sh
# usage: clock.sh VERSION
while :; do
  echo "clock $1: $(date +%H:%M:%S)" >data/time
  sleep 1
done
