#!/bin/bash
# The workers of the quickstart, on their own: each has its own /opt and host
# key, runs the demo jobs, and is gone, processes and all, when its lifeline is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
one=127.0.43.1
two=127.0.43.2
fail() { echo "FAILED: $1" >&2; exit 1; }
free_port() {
  local port=$((20000 + RANDOM % 10000))
  while (exec 3<>"/dev/tcp/$one/$port") 2>/dev/null || (exec 3<>"/dev/tcp/$two/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}
port=$(free_port)
web_port=$((port + 10000))
"$here/sshd_workers.sh" prepare "$dir" $one $two
for a in $one $two; do echo "[$a]:$port $(cut -d' ' -f1,2 "$dir/$a/host_key.pub")"; done >"$dir/known_hosts"
mkfifo "$dir/lifeline" "$dir/answer"
${as_root[@]+"${as_root[@]}"} "$here/sshd_workers.sh" run "$dir" "$(id -un)" "$port" $one $two <"$dir/lifeline" >"$dir/answer" &
runner=$!
exec 7>"$dir/lifeline"
finish() {
  exec 7>&-
  wait "$runner" || true
  rm -rf "$dir"
}
trap finish EXIT
read -r -t 30 answer <"$dir/answer" || fail "the workers did not start"
[ "$answer" = ready ] || fail "said '$answer' instead of ready"

on() {
  local address=$1
  shift
  ssh -F none -i "$dir/client_key" -o "UserKnownHostsFile=$dir/known_hosts" -o StrictHostKeyChecking=yes \
    -o BatchMode=yes -o ConnectTimeout=10 -p "$port" "$(id -un)@$address" "$@" 7>&- </dev/null
}
on $one 'echo one >/opt/worker/me'
on $two 'echo two >/opt/worker/me'
[ "$(on $one cat /opt/worker/me)" = one ] || fail "worker one sees another's /opt/worker"
[ "$(cat "$dir/$two/opt/worker/me")" = two ] || fail "/opt of worker two is not $dir/$two/opt"

# A wrong host key must be refused, or the checks above prove little.
if ssh -F none -i "$dir/client_key" -o UserKnownHostsFile="$dir/none" -o StrictHostKeyChecking=yes -o BatchMode=yes \
  -p "$port" "$(id -un)@$one" true 2>/dev/null </dev/null; then
  fail "an unknown host key was accepted"
fi

# The demo jobs' own targets, as maand would call them.
for a in $one $two; do
  root=$dir/$a/opt/worker/b
  mkdir -p "$root/jobs"
  cp -r "$here"/../../docs/examples/quickstart/jobs/* "$root/jobs/"
  sed -i "s/18480/$web_port/" "$root/jobs/web/manifest.json"
  printf '{\n   "worker_ip": "%s"\n}' "$a" >"$root/worker.json"
  for job in web clock; do
    on "$a" "cd /opt/worker/b/jobs/$job && NEW_VERSION=1.0.0 make -s start && make -s status" || fail "$job: start"
  done
done
page() {
  local line body='' tries=50
  while ! exec 3<>"/dev/tcp/$1/$web_port"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.1
  done 2>/dev/null
  printf 'GET / HTTP/1.0\r\n\r\n' >&3
  while read -r -t 5 line <&3; do body=$line; done
  exec 3>&-
  printf '%s\n' "$body"
}
[ "$(page $one)" = "web 1.0.0 on $one" ] || fail "web on $one answers '$(page $one)'"
[ "$(page $two)" = "web 1.0.0 on $two" ] || fail "web on $two answers '$(page $two)'"
on $one 'cd /opt/worker/b/jobs/web && NEW_VERSION=1.1.0 make -s restart'
[ "$(page $one)" = "web 1.1.0 on $one" ] || fail "after restart web on $one answers '$(page $one)'"
on $two 'cd /opt/worker/b/jobs/web && make -s stop'
if on $two 'cd /opt/worker/b/jobs/web && make -s status' 2>/dev/null; then fail "web still runs after stop"; fi
if (exec 3<>"/dev/tcp/$two/$web_port") 2>/dev/null; then fail "web still listens after stop"; fi

# The lifeline closes: everything must go.
exec 7>&-
wait "$runner" || fail "the runner ended with $?"
for a in $one $two; do
  if (exec 3<>"/dev/tcp/$a/$port") 2>/dev/null; then fail "sshd still listens on $a:$port"; fi
  if (exec 3<>"/dev/tcp/$a/$web_port") 2>/dev/null; then fail "the web job outlived its worker $a"; fi
done
for file in /proc/[0-9]*/cmdline; do
  if tr '\0' ' ' <"$file" 2>/dev/null | { IFS= read -r line || true; [[ $line == *"$dir/"* ]]; }; then
    fail "a process of a worker is left: $file"
  fi
done
exec 7>/dev/null
echo "the quickstart's workers: ok"
