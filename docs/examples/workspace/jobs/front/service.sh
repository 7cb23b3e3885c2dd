#!/bin/sh
# Keeps one process of this job running.
# usage: service.sh restart|stop|reload|status
# shellcheck disable=SC1091,SC2154  # front.env is rendered on the way here
set -eu

# The process of the job: what stands after `exec`, which must not fork away.
run() {
  . ./front.env
  echo "front $version begins"
  exec setpriv --reuid=www-data --regid=www-data --clear-groups --no-new-privs \
    busybox httpd -f -p "$listen" -c "$PWD/httpd.conf" -h "$PWD/www"
}

# data/ and logs/ belong to the job: no deployment touches them.
pid_file=data/pid

# Process ids are used again, at the latest after a reboot. So the file also
# says when its process began (field 22 of /proc/PID/stat) and in which boot.
identity() {
  pid_of=$1
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # shellcheck disable=SC2086  # the fields after the name, from the third on
  set -- ${stat##*) }
  [ "$1" = Z ] || echo "$pid_of ${20} $(cat /proc/sys/kernel/random/boot_id)"
}

# Leaves the process id in `pid`. False when there is no file, or the process is
# gone, or has the id of ours and is another.
running() {
  [ -s "$pid_file" ] || return 1
  read -r pid rest <"$pid_file" || return 1
  [ "$(identity "$pid")" = "$pid $rest" ]
}

stop() {
  if running; then kill "$pid" 2>/dev/null || true; fi
  tries=100 # 10 s
  while running; do
    tries=$((tries - 1))
    if [ $tries -eq 0 ]; then kill -KILL "$pid" 2>/dev/null || true; fi
    sleep 0.1
  done
  rm -f "$pid_file"
}

start() {
  mkdir -p data logs
  # A session of its own, and nothing of the SSH connection stays open in it.
  setsid "$0" run </dev/null >>logs/front.log 2>&1 &
  identity $! >"$pid_file"
  # A program that cannot open its port is gone at once. Say so now.
  sleep 0.5
  if ! running; then
    echo "front ended at once. The end of logs/front.log:" >&2
    tail -n 5 logs/front.log >&2
    exit 1
  fi
}

case ${1:-} in
  restart) stop; start ;;
  stop) stop ;;
  reload) if running; then kill -HUP "$pid"; else start; fi ;;
  status) running && echo "process $pid runs" ;;
  run) run ;;
  *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;;
esac
