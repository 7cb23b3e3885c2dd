# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared with quickstart.sh
# The parts quickstart.sh is made of. Sourced, not run; expects $root (the
# source tree) and $maand (the binary), and leaves these behind:
#   world repo checkout bucket   folders of the throw-away world
#   workers ssh_port web_port api   where things listen
#   commit   the newest commit pushed
workers=(127.0.42.1 127.0.42.2)
world=
daemon=
follower=

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '%s[%3d s] %s%s\n' "$bold" "$SECONDS" "$1" "$plain"; }
note() { printf '        %s\n' "$1"; }
fail() {
  printf 'quickstart.sh: %s\n' "$1" >&2
  if [ -n "$world" ] && [ -s "$world/daemon.log" ]; then
    echo "The last lines of the daemon's log:" >&2
    tail -n 40 "$world/daemon.log" | sed 's/^/  | /' >&2
  fi
  exit 1
}

# Ends what was started, by process id, the daemon before the workers.
clean_up() {
  local status=$?
  trap - EXIT
  trap '' INT TERM
  [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
  if [ -n "$daemon" ] && kill -TERM "$daemon" 2>/dev/null; then
    # The daemon promises to leave within its shutdown grace of 10 s.
    local tries=300
    while kill -0 "$daemon" 2>/dev/null && [ $tries -gt 0 ]; do
      tries=$((tries - 1))
      sleep 0.05
    done
    if kill -KILL "$daemon" 2>/dev/null; then
      echo "quickstart.sh: the daemon did not leave within 15 s of SIGTERM and was killed" >&2
      [ "$status" -ne 0 ] || status=1
    fi
  fi
  exec 7>&- # the lifeline of the workers
  wait
  [ -z "$world" ] || rm -rf "$world"
  if [ "$status" -eq 130 ]; then printf '\n'; say "The daemon, the workers and the throw-away world are gone."; fi
  exit "$status"
}

# A newcomer's compiler may warn about more than ours does; that must not stop
# anybody. CI keeps warnings as errors, and so shares test.sh's compiler cache.
build_release() {
  local log werror=OFF
  [ -z "${CI:-}" ] || werror=ON
  export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=1
  log=$(mktemp)
  if ! {
    cmake --preset release -DMAAND_TESTS=OFF -DMAAND_WERROR=$werror && cmake --build --preset release -j "$(nproc)"
  } >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log" >&2
    rm -f "$log"
    fail "the build failed"
  fi
  rm -f "$log"
  [ -x build/release/maand ] || fail "the build made no build/release/maand"
}

listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# free_port FIRST ADDRESS…: the first port from FIRST that none of them uses.
free_port() {
  local port=$1 address
  shift
  for address in "$@"; do
    if listens "$address" "$port"; then
      free_port $((port + 1)) "$@"
      return
    fi
  done
  echo "$port"
}

make_world() {
  local user address
  world=$(mktemp -d "${TMPDIR:-/tmp}/maand-quickstart.XXXXXX")
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  user=$(id -un)
  checkout=$world/checkout
  bucket=$world/demo
  ssh_port=$(free_port 2222 "${workers[@]}")
  web_port=$(free_port 18480 "${workers[@]}")
  api=127.0.0.1:$(free_port 8484 127.0.0.1)

  git init -q --bare -b main "$world/repo.git"
  git init -q -b main "$checkout"
  git -C "$checkout" remote add origin "$world/repo.git"
  git -C "$checkout" config user.name quickstart
  git -C "$checkout" config user.email quickstart@localhost
  cp -r "$root/docs/examples/quickstart" "$checkout/workspace"
  sed -i "s/18480/$web_port/" "$checkout/workspace/jobs/web/manifest.json"

  tests/package/sshd_workers.sh prepare "$world/workers" "${workers[@]}"
  for address in "${workers[@]}"; do
    echo "[$address]:$ssh_port $(cut -d' ' -f1,2 "$world/workers/$address/host_key.pub")"
  done >"$world/workers/known_hosts"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    note "Root (sudo) is needed to start two sshd, each in a mount and process namespace of its own."
    sudo -v
    as_root=(sudo -n)
  fi
  mkfifo "$world/lifeline" "$world/answer"
  ${as_root[@]+"${as_root[@]}"} tests/package/sshd_workers.sh run "$world/workers" "$user" "$ssh_port" "${workers[@]}" \
    <"$world/lifeline" >"$world/answer" &
  exec 7>"$world/lifeline"
  local answer=
  read -r -t 30 answer <"$world/answer" || true
  [ "$answer" = ready ] || fail "the workers did not start"
}

# conf_set SECTION KEY VALUE: puts the line into maand.conf, over a line of the
# same key in that section if there is one, commented out or not.
conf_set() {
  local file=$bucket/maand.conf
  awk -v section="$1" -v key="$2" -v value="$3" '
    function put() { if (!done) { print key " = " value; done = 1 } }
    /^\[/ {
      if (here) put()
      here = ($0 ~ "^\\[" section "\\]")
      if (here) seen = 1
    }
    here && !done && $0 ~ "^#? *" key " *=" { put(); next }
    { print }
    END {
      if (!seen) print "\n[" section "]"
      put()
    }' "$file" >"$file.new"
  cat "$file.new" >"$file"
  rm "$file.new"
}

make_bucket() {
  "$maand" init --repo "file://$world/repo.git" --branch main "$bucket" >"$world/init.out" 2>&1 </dev/null ||
    { cat "$world/init.out" >&2; fail "maand init failed"; }
  install -m 600 "$world/workers/client_key" "$bucket/secrets/worker.key"
  install -m 600 "$world/workers/known_hosts" "$bucket/secrets/known_hosts"
  conf_set ssh user "\"$(id -un)\""
  conf_set ssh key '"worker.key"'
  conf_set ssh port "$ssh_port"
  conf_set ssh use_sudo false
  conf_set git poll_interval '"1s"' # of course a webhook does it at once
  conf_set http listen "\"$api\""
  conf_set http health_listen "\"127.0.0.1:$(free_port $((${api#*:} + 1)) 127.0.0.1)\""
}

# The daemon gets SIGTERM should this script be killed; fd 7 stays ours, or the
# workers would live as long as the daemon.
start_daemon() {
  MAAND_BUCKET=$bucket setpriv --pdeathsig TERM "$maand" serve >"$world/daemon.log" 2>&1 </dev/null 7>&- &
  daemon=$!
  local tries=200
  until listens "${api%:*}" "${api#*:}"; do
    kill -0 "$daemon" 2>/dev/null || fail "maand serve ended at once"
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "maand serve does not listen on $api after 10 s"
    sleep 0.05
  done
}

push_version() {
  sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"$1\"/" "$checkout/workspace/jobs/web/manifest.json"
  git -C "$checkout" add -A
  git -C "$checkout" commit -q -m "Deploy web $1"
  git -C "$checkout" push -q -u origin main >/dev/null
  commit=$(git -C "$checkout" rev-parse HEAD)
}

# The first line of a note is `maand NAME: STATE · …`.
note_state() {
  git -C "$checkout" fetch -q origin '+refs/notes/maand:refs/notes/maand' 2>/dev/null || return 0
  { git -C "$checkout" notes --ref=maand show "$1" 2>/dev/null || true; } | sed -n '1s/^maand [^:]*: \([a-z_]*\).*/\1/p'
}

# Shows the daemon's log while it waits for the note to say `applied`.
wait_for_note() {
  local state='' give_up=$((SECONDS + $2))
  follow_log
  while :; do
    state=$(note_state "$1")
    case $state in
      applied) break ;;
      refused | held | rolled_back | superseded) break ;;
    esac
    kill -0 "$daemon" 2>/dev/null || fail "maand serve ended"
    [ $SECONDS -lt "$give_up" ] || break
    sleep 0.1
  done
  stop_following
  if [ "$state" != applied ]; then
    { git -C "$checkout" notes --ref=maand show "$1" 2>/dev/null || true; } | sed '/^---$/,$d' >&2
    fail "commit ${1:0:8} is ${state:-without a note} after $2 s at most; it should be applied"
  fi
}

follow_log() {
  tail -n +"$(($(wc -l <"$world/daemon.log") + 1))" -f "$world/daemon.log" 7>&- > >(sed -u 's/^/        | /' 7>&-) &
  follower=$!
}

stop_following() {
  kill "$follower" 2>/dev/null || true
  wait "$follower" 2>/dev/null || true
  follower=
}

wait_for_daemon() { wait "$daemon" || fail "maand serve ended by itself"; }

page_of() {
  local line body=''
  exec 3<>"/dev/tcp/$1/$web_port" || return 1
  printf 'GET / HTTP/1.0\r\n\r\n' >&3
  while read -r -t 5 line <&3; do body=$line; done
  exec 3>&-
  printf '%s\n' "$body"
}

# on ADDRESS COMMAND: runs it there over ssh, as anybody could to look.
on() {
  ssh -F none -i "$world/workers/client_key" -o "UserKnownHostsFile=$world/workers/known_hosts" -o BatchMode=yes \
    -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -p "$ssh_port" "$(id -un)@$1" "$2" </dev/null 7>&-
}

clock_pids() {
  local address
  for address in "${workers[@]}"; do on "$address" 'cat /opt/worker/*/jobs/clock/data/pid'; done
}

# The note is what maand says; this is what the workers say.
verify_version() {
  local address page
  for address in "${workers[@]}"; do
    page=$(page_of "$address" 2>/dev/null || true)
    [ "$page" = "web $1 on $address" ] || fail "http://$address:$web_port/ answers '$page', not 'web $1 on $address'"
    on "$address" 'cd /opt/worker/*/jobs/clock && make -s status' || fail "clock does not run on $address"
    on "$address" 'cd /opt/worker/*/jobs/web && make -s status && cat manifest.json' | grep -qF "\"version\": \"$1\"" ||
      fail "the files of web on $address are not those of $1"
    note "http://$address:$web_port/ answers '$page'; clock runs"
  done
}

# show_note NAME COMMIT: the part of the note for people.
show_note() {
  note "git log -1 --notes=maand ${2:0:8}   ($1)"
  git -C "$checkout" log -1 --notes=maand --format='%s%n%N' "$2" | sed '/^---$/,$d' | sed 's/^/        /'
}
