#!/bin/bash
# docs/examples/workspace on real machines: two that boot systemd, one of them with a
# Docker engine. Its three jobs are started, upgraded, reloaded, stopped, started
# again and removed by commits; each time the services themselves are asked, and the
# note has to say what was done.
#
# usage: example_workspace_test.sh MAAND
#
# Needs root. Everything happens in a network namespace of its own, so nothing of
# this machine is listened on and its packet filters stay as they are.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
box1=127.0.44.1
box2=127.0.44.2
fail() {
  echo "FAILED: $1" >&2
  [ ! -s "${last:-}" ] || { echo "maand said:" >&2; cat "$last" >&2; }
  exit 1
}

if [ "${1:-}" != --inside ]; then
  maand=$(realpath "${1:?"usage: example_workspace_test.sh MAAND"}")
  [ "$(id -u)" -eq 0 ] || fail "needs root, for namespaces and mounts"
  tree=$("$here/systemd_workers.sh" tree)
  unshare --net true || fail "the kernel does not let us make a network namespace, which this test needs"
  exec unshare --net "$0" --inside "$maand" "$tree"
fi
maand=$2
tree=$3
last=
daemon=
world=$(mktemp -d "${TMPDIR:-/tmp}/maand-example.XXXXXX")
chmod 755 "$world"
say() { printf '[%3d s] %s\n' "$SECONDS" "$1"; }

# ---- the world --------------------------------------------------------------

busybox ip link set lo up
mkfifo "$world/lifeline" "$world/answer"
"$here/systemd_workers.sh" run "$world/machines" "$tree" $box1 $box2 <"$world/lifeline" >"$world/answer" &
machines=$!
exec 7>"$world/lifeline"
finish() {
  local status=$?
  trap - EXIT
  if [ -n "$daemon" ]; then
    if [ $status -ne 0 ]; then tail -n 30 "$world/daemon.log" >&2; fi
    kill -TERM "$daemon" 2>/dev/null || true
    wait "$daemon" || status=$?
  fi
  exec 7>&-
  wait "$machines" || status=$?
  rm -rf --one-file-system "$world"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
read -r _ <"$world/answer" || fail "the machines did not start: why is said above"
say "two machines: process 1 is systemd, on one of them a Docker engine serves"

# on ADDRESS COMMAND: as root on that machine; on_input gives it our stdin.
on() { on_input "$@" </dev/null; }
on_input() {
  ssh -F none -i "$world/machines/client_key" -o "UserKnownHostsFile=$world/machines/known_hosts" -o BatchMode=yes \
    -o StrictHostKeyChecking=yes -o ConnectTimeout=10 "agent@$1" "sudo -n sh -c '$2'" 7>&-
}

# No registry is asked: the image is made here, under the name that the job uses.
mkdir -p "$world/image"/{bin,etc,tmp}
cp "$(command -v busybox)" "$world/image/bin/busybox"
for applet in sh httpd; do ln -s busybox "$world/image/bin/$applet"; done
tar -C "$world/image" -c . | on_input $box1 "docker import - busybox:1.36" >/dev/null

checkout=$world/checkout
bucket=$world/bucket
workspace=$checkout/workspace
git init -q --bare -b main "$world/repo.git"
git init -q -b main "$checkout"
git -C "$checkout" remote add origin "$world/repo.git"
git -C "$checkout" config user.name test
git -C "$checkout" config user.email test@localhost
cp -r "$here/../../docs/examples/workspace" "$workspace"
sed -i "s/192\.0\.2\.11/$box1/; s/192\.0\.2\.12/$box2/" "$workspace/workers.json"
"$maand" init --repo "file://$world/repo.git" "$bucket" >/dev/null 2>&1 </dev/null
install -m 600 "$world/machines/client_key" "$bucket/secrets/worker.key"
install -m 600 "$world/machines/known_hosts" "$bucket/secrets/known_hosts"

# ---- what the steps are made of ---------------------------------------------

# deploy SUBJECT: commits the workspace, pushes, waits for the pass; leaves `note`.
deploy() {
  git -C "$checkout" add -A
  git -C "$checkout" commit -q -m "$1"
  git -C "$checkout" push -q -u origin main >/dev/null 2>&1
  last=$world/reconcile.out
  "$maand" --bucket "$bucket" reconcile --wait >"$last" 2>&1 </dev/null || fail "$1: maand reconcile exits with $?"
  git -C "$checkout" fetch -q origin '+refs/notes/maand:refs/notes/maand'
  note=$(git -C "$checkout" notes --ref=maand show HEAD | sed '/^---$/,$d')
  [[ $note == "maand bucket: applied · "* ]] || fail "$1: the note does not say applied: $note"
  say "$1: ${note%%$'\n'*}"
}

# told JOB@WORKER 'VERSIONS ACTION HEALTH REASON': a line of the note; spaces stand for any number.
told() {
  local pattern="^ *$1 +${2// / +}$"
  grep -qE "$pattern" <<<"$note" || fail "the note has no line '$1 $2': $note"
}
told_lines() {
  [ "$(grep -c '@box' <<<"$note")" = "$1" ] || fail "the note should list $1 allocations: $note"
}

port() { sed -n "s/.*\"name\":\"$1\",\"port\":\([0-9]*\).*/\1/p" <<<"$ports"; }
url() { echo "http://$1:$(port "$2_http")/${3:-}"; }
get() { curl -fsS --noproxy '*' --max-time 5 "$1" 2>/dev/null; }
# answers ADDRESS JOB TEXT: the first paragraph of its front page.
answers() {
  local page
  page=$(get "$(url "$1" "$2")" | sed -n 's,^<p>\(.*\)</p>$,\1,p') || true
  [ "$page" = "$3" ] || fail "$2 on $1 answers '$page', not '$3'"
}
listens() { (exec 3<>"/dev/tcp/$1/$2"); }
silent() {
  if get "$(url "$1" "$2")" >/dev/null; then fail "$2 on $1 still answers"; fi
}
# soon COMMAND…: it has to succeed within 20 s.
soon() {
  local deadline=$((SECONDS + 20))
  until ("$@") 2>/dev/null; do
    if [ $SECONDS -ge $deadline ]; then
      "$@"
      return
    fi
    sleep 0.1
  done
}

job() { echo "/opt/worker/*/jobs/$1"; }
# One word a service: it changes exactly when the service was started anew.
container() { on $box1 "docker ps --no-trunc --quiet --filter label=com.docker.compose.project=maand-pages"; }
main_pid() { on "$1" "systemctl show --property MainPID --value maand-greeter"; }
front_pid() { on "$1" "cut -d\" \" -f1 $(job front)/data/pid"; }
all_started() { echo "$(container) $(main_pid $box1) $(main_pid $box2) $(front_pid $box1) $(front_pid $box2)"; }

all_answer() { # VERSION
  answers $box1 pages "pages $1 on $box1"
  for address in $box1 $box2; do
    answers "$address" greeter "greeter $1 on $address"
    answers "$address" front "front $1 on $address"
  done
}

# ---- start ------------------------------------------------------------------

MAAND_BUCKET=$bucket setpriv --pdeathsig TERM "$maand" serve >"$world/daemon.log" 2>&1 </dev/null 7>&- &
daemon=$!
soon get http://127.0.0.1:8485/readyz >/dev/null || fail "maand serve is not ready after 20 s"
deploy "Deploy the example"
ports=$("$maand" --bucket "$bucket" cat job_ports --json | tr '{' '\n')
told_lines 5
for allocation in pages@box1 greeter@box1 greeter@box2; do told $allocation '0.0.0 → 1.0.0 start healthy New'; done
for allocation in front@box1 front@box2; do told $allocation '0.0.0 → 1.0.0 start healthy New'; done
all_answer 1.0.0
links=$(get "$(url $box2 front)" | sed -n 's/^<li><a href="\([^"]*\)".*/\1/p')
[ "$(wc -w <<<"$links")" = 3 ] || fail "the page of front should link to three services, and has: $links"
for link in $links; do get "$link" >/dev/null || fail "the page of front links to $link, which does not answer"; done
# What the manifests and templates promise besides.
on $box1 "grep -qx \" *mem_limit: 96m\" $(job pages)/docker-compose.yml" || fail "pages is not limited to what bucket.jobs.conf says"
[ "$(on $box2 "stat -c %a:%U:%G $(job greeter)/httpd.conf")" = 640:root:www-data ] || fail "greeter: mode or owner of httpd.conf"
for address in $box1 $box2; do
  for pid in "$(main_pid "$address")" "$(front_pid "$address")"; do
    [ "$(on "$address" "ps -o user= -p $pid")" = www-data ] || fail "process $pid on $address does not run as www-data"
  done
  [ "$(on "$address" "systemctl is-enabled maand-greeter")" = enabled ] || fail "greeter on $address would not come back after a reboot"
done
"$maand" --bucket "$bucket" plan >"$world/plan.out" 2>&1 || fail "a second plan should be empty: $(cat "$world/plan.out")"

# ---- the Makefiles, whatever state they find --------------------------------

make_on() { on "$1" "cd $(job "$2") && NEW_VERSION=1.0.0 make -s $3" >"$world/make.out" 2>&1 ||
  fail "make $3 in $2 on $1: $(cat "$world/make.out")"; }
for name in pages greeter front; do
  for target in status stop stop start start reload; do make_on $box1 $name $target; done
done
# What is not running is started by a reload as well.
on $box1 "docker stop -t 1 $(container)" >/dev/null
on $box1 "systemctl stop maand-greeter"
on $box1 "kill $(front_pid $box1)"
"$maand" --bucket "$bucket" health_check >"$world/health.out" 2>&1 && fail "maand health_check finds everything healthy"
[ "$(grep -c '@box1: .*cannot connect' "$world/health.out")" = 3 ] || fail "three are unhealthy on box1: $(cat "$world/health.out")"
for name in pages greeter front; do make_on $box1 $name reload; done
soon all_answer 1.0.0

# The process is gone and its id belongs to another one, as after a reboot.
was=$(front_pid $box2)
on $box2 "kill -KILL $was"
on $box2 "systemd-run --quiet --unit bystander sleep 1000"
bystander=$(on $box2 "systemctl show --property MainPID --value bystander")
on $box2 "sed -i s/^$was/$bystander/ $(job front)/data/pid"
make_on $box2 front reload
make_on $box2 front stop
make_on $box2 front start
[ "$(on $box2 "systemctl is-active bystander")" = active ] || fail "front took another process for its own"
soon answers $box2 front "front 1.0.0 on $box2"
# A port that is taken: the target itself says so.
make_on $box2 front stop
on $box2 "systemd-run --quiet --unit thief busybox httpd -f -p $box2:$(port front_http)"
soon listens $box2 "$(port front_http)"
if (make_on $box2 front start) 2>"$world/refused"; then fail "front starts although its port is taken"; fi
grep -q 'Address already in use' "$world/refused" || fail "front does not say why it ended: $(cat "$world/refused")"
on $box2 "systemctl stop thief"
make_on $box2 front start
say "the Makefiles: twice the same target, a process that is gone, a foreign process id, a port that is taken"

# Docker and systemd start again what crashed.
on $box1 "kill -KILL $(main_pid $box1)"
on $box1 "kill -KILL \$(docker inspect --format {{.State.Pid}} $(container))"
soon all_answer 1.0.0
# So it is when Docker itself begins anew: a reload was no wish to stop.
on $box1 "systemctl restart docker"
soon all_answer 1.0.0

# ---- upgrade ----------------------------------------------------------------

before=$(all_started)
sed -i 's/"version": "1.0.0"/"version": "1.1.0"/' "$workspace"/jobs/*/manifest.json
deploy "Upgrade all three"
told_lines 5
for allocation in pages@box1 greeter@box1 greeter@box2 front@box1 front@box2; do
  told $allocation '1.0.0 → 1.1.0 restart healthy GlobMatched'
done
all_answer 1.1.0
after=$(all_started)
for index in 1 2 3 4 5; do
  [ "$(cut -d' ' -f$index <<<"$before")" != "$(cut -d' ' -f$index <<<"$after")" ] || fail "not all were started anew: $before, $after"
done

# ---- reload -----------------------------------------------------------------

sed -i 's/front_page = .*/front_page = "about.html"/' "$workspace"/jobs/*/vars.toml
deploy "Show another page"
told_lines 5
for allocation in pages@box1 greeter@box1 greeter@box2 front@box1 front@box2; do
  told $allocation '1.1.0 reload healthy FilesChanged'
done
[ "$(all_started)" = "$after" ] || fail "a reload started something anew: $after, $(all_started)"
answers $box1 pages "pages belongs to the example"
for address in $box1 $box2; do
  for name in greeter front; do answers "$address" $name "$name belongs to the example"; done
done

sed -i 's/owner = .*/owner = "somebody else"/' "$workspace/bucket.conf"
deploy "Change a value of all jobs"
told_lines 5
for allocation in pages@box1 greeter@box1 greeter@box2 front@box1 front@box2; do
  told $allocation '1.1.0 reload healthy ValueChanged'
done
[ "$(all_started)" = "$after" ] || fail "a reload started something anew: $after, $(all_started)"
answers $box2 front "front belongs to somebody else"

# ---- stop and start again ---------------------------------------------------

echo '{"jobs": {"pages": {}, "greeter": {"allocations": ["box2"]}}}' >"$workspace/disabled.json"
deploy "Disable pages, and greeter on box2"
told pages@box1 '1.1.0 stop unprobed Disabled'
told greeter@box2 '1.1.0 stop unprobed Disabled'
silent $box1 pages
silent $box2 greeter
[ -z "$(on $box1 "docker ps --all --quiet")" ] || fail "a container of pages is left"
[ -z "$(on $box2 "ls /etc/systemd/system | grep maand || true")" ] || fail "the unit of greeter is left"
answers $box1 greeter "greeter belongs to somebody else"
[ "$(main_pid $box1)" = "$(cut -d' ' -f2 <<<"$after")" ] || fail "greeter on box1 was started anew"
[ "$(get "$(url $box2 front index.html)" | grep -c '<li>')" = 1 ] || fail "front still links to what is disabled"

rm "$workspace/disabled.json"
deploy "Enable them again"
told pages@box1 '1.1.0 start healthy ReEnabled'
told greeter@box2 '1.1.0 start healthy ReEnabled'
answers $box1 pages "pages belongs to somebody else"
answers $box2 greeter "greeter belongs to somebody else"

# ---- removal ----------------------------------------------------------------

git -C "$checkout" rm -rq workspace/jobs/front
deploy "Remove front"
told_lines 2
for address in $box1 $box2; do
  told "front@box${address##*.}" '1.1.0 stop unprobed Left'
  silent "$address" front
  [ "$(on "$address" "ls $(job front)")" = "$(printf 'data\nlogs')" ] || fail "front on $address: only data/ and logs/ should be left"
  if on "$address" "pgrep --full jobs/[f]ront/"; then fail "a process of front is left on $address"; fi
done

git -C "$checkout" rm -rq workspace/jobs/pages workspace/bucket.jobs.conf
deploy "Remove pages"
told_lines 1
told pages@box1 '1.1.0 stop unprobed Left'
silent $box1 pages
[ -z "$(on $box1 "docker ps --all --quiet; docker network ls --quiet --filter label=com.docker.compose.project")" ] ||
  fail "a container or a network of pages is left"
[ -z "$(on $box1 "ls -A $(job pages) 2>/dev/null || true")" ] || fail "files of pages are left on box1"
for address in $box1 $box2; do answers "$address" greeter "greeter belongs to somebody else"; done
say "ok"
