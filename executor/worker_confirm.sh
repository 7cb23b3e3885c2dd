# An operation that counts only once it was confirmed over a new connection (see
# worker_script.sh): role `timer` goes back by itself when nobody does so in time (R2.9).
# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # names shared with worker_script.sh
#
#   $O/back       the way back, whole and synced before the operation begins
#   $O/armed      its target may have begun: boot, uptime in ms, seconds that it may wait from
#                 then on, limit of the way back; once the target ended, from its end, and how
#   $O/timer      who waits
#   $O/confirmed  what `back` becomes when it is confirmed
#   $O/dropped    what it becomes when no target ran
#   ${O}b         what `back` becomes when the time is over: an operation like others
# One rename of `back` decides between the last three; nothing else does.

# ---- before the operation ------------------------------------------------------

# Directories of the paths on stdin, parents first; an empty line is the top.
directories() {
  {
    printf '\n'
    c_dir=''
    while IFS= read -r p; do
      case $p in */*) d=${p%/*} ;; *) continue ;; esac
      [ "$d" != "$c_dir" ] || continue
      c_dir=$d
      while :; do
        printf '%s\n' "$d"
        case $d in */*) d=${d%/*} ;; *) break ;; esac
      done
    done
  } | LC_ALL=C sort -u
}

# ` (changed: a b)`: the first files that are not what their digests say.
changed_here() {
  odd=$(cd "$J" 2>/dev/null && LC_ALL=C sha256sum -c "$K/digests" 2>/dev/null |
    sed -n 's/: FAILED.*$//p' | head -n 3 | tr '\n' ' ')
  [ -z "$odd" ] || printf ' (changed: %s)' "${odd% }"
}

# Without a way back nothing begins. What was confirmed before comes back by `restart`;
# where nothing was, what was started is stopped, and its files stay.
stage_way_back() {
  W=$S/back
  P=$M/previous/$job/$keep
  b_target=stop b_ships=no b_list=none b_new=$new
  if [ "$keep" != none ]; then
    { [ -d "$P" ] && intact "$P/f" "$P/digests" && read -r b_new <"$P/version"; } ||
      give_up 19 "there is no way back: what was confirmed before is not here as it was$(changed_here); put it right, or deploy once without confirm_seconds"
    b_target=restart b_ships=previous b_list=$keep
  fi
  problem=$({ mkdir -p "$W/meta" "$W/f" && stage_way "$P"; } 2>&1) || give_up 16 "${problem%%"$NL"*}"
  [ "$keep" = none ] || intact "$W/f" "$W/meta/digests" || give_up 19 "what was kept of before is damaged"
}

# Whatever going back needs of the disk is taken now, a full one must not keep from it.
stage_way() {
  if [ "$keep" != none ]; then
    copy_list "$1/paths" "$1/f" "$W/f" && cp "$1/paths" "$1/digests" "$W/meta/" &&
      directories <"$1/paths" >"$W/meta/dirs" && printf '%s %s\n' "$keep" "$BOOT" >"$W/meta/list" &&
      LC_ALL=C sort "$S/meta/paths" "$1/paths" "$1/paths" | uniq -u >"$W/delete" &&
      printf '' >"$W/as_kept" || return 1
    if [ -e "$1/ports" ]; then cp "$1/ports" "$W/meta/ports" || return 1; fi
  fi
  printf '%s\n' "do back" "op ${op}b" "seq $seq" "root $root" "bucket $bucket" "worker $worker" "job $job" \
    "target $b_target" "ships $b_ships" "base any" "list $b_list" "keep none" "epoch $epoch" "expect 0" \
    "timeout ${back_timeout:-$timeout}" "current $new" "new $b_new" "attempt 1" "previous failed" "offset 0" '' \
    >"$W/begin" &&
    printf '%8192s' '' >"$W/receipt.tmp" && printf '%80s' '' >"$W/pid" && printf '' >"$W/log" &&
    printf '' >"$W/why" && printf '%200s' '' >"$S/armed.begun" && printf '%200s' '' >"$S/armed.ended" &&
    printf '%80s' '' >"$S/timer"
}

# ---- while it waits --------------------------------------------------------------

# Is the operation in $1 on its way back, or was it until somebody was killed?
going_back() {
  [ -d "${1}b" ] && [ ! -e "${1}b/receipt" ]
}

# Does an operation of this job wait to be confirmed? Nothing begins meanwhile.
waits() {
  for d in "$K"/ops/*/armed; do
    d=${d%/armed}
    if [ -d "$d/back" ] || going_back "$d"; then return 0; fi
  done
  return 1
}

# Is the time of $O over? Uptime runs on while the machine sleeps and whatever becomes of
# its clock. After a reboot nobody knows how long it took: then it is. An uptime that falls
# is a container's that began anew.
over_time() {
  { read -r w_boot w_up w_for w_limit _ <"$O/armed"; } 2>/dev/null || return 1
  [ "$w_boot" = "$BOOT" ] || return 0
  uptime_ms
  [ "$up" -lt "$w_up" ] || [ $((up - w_up)) -ge $((w_for * 1000)) ]
}

# In a session of its own, so that it outlives sshd, this connection and the runner.
start_timer() {
  S=$1 SELF=$SELF setsid "$SH" -c 'eval "$SELF"' maand "$SH" timer <"$1/begin" >/dev/null 2>&1 &
}

# What `armed` says from now on: $1 the file that was set aside for it, $2 seconds, $3 how
# its target ended.
mark() {
  uptime_ms
  printf '%s\n' "$BOOT $up $2 ${back_timeout:-$timeout} $3" 1<>"$O/$1" && sync "$O/$1" &&
    mv -f "$O/$1" "$O/armed" && sync "$O"
}

# Before its target begins, since that may cut off whoever would tell how it ended. Until
# then its time is as long as it may run.
arm() {
  if mark armed.begun $((timeout + 10 + confirm)) ''; then
    start_timer "$O"
    tries=600
    while [ $tries -gt 0 ] && ! alive "$O/timer"; do
      nap 0.05
      tries=$((tries - 1))
    done
    ! alive "$O/timer" || armed=1
  fi
  [ -z "$armed" ] || return 0
  state=failed rc=2 why='cannot count the time in which it is to be confirmed, so its target did not run'
  return 1
}

# However its target ended, it ran. What did not is the controller's to judge.
count_from_now() {
  if [ -z "$armed" ] || [ "$state" = missing ]; then
    mv -T "$O/back" "$O/dropped" && rm -rf "$O/dropped"
  else
    mark armed.ended "$confirm" "$state $rc"
  fi
}

# A timer that was killed, or that a reboot ended, is followed by another: of any job, so
# that none waits for a contact of its own.
wake_timers() {
  for d in "$M"/jobs/*/ops/*/armed; do
    d=${d%/armed}
    if [ -d "$d/back" ] || going_back "$d"; then
      alive "$d/timer" || start_timer "$d"
    fi
  done
}

# ---- the decision ------------------------------------------------------------------

# Role of the front: somebody says over this connection that it is well, or of one whose
# target did not end well, that it can be reached all the same.
confirm_operation() {
  [ -d "$O" ] || refuse Superseded "nothing is known here of this operation"
  exec 5</dev/null
  await_receipt
  if [ -d "$O/back" ] && [ -e "$O/armed" ] && ! over_time && mv -T "$O/back" "$O/confirmed" 2>/dev/null; then
    sync "$O" || refuse_write "cannot write below $O"
    rm -rf "$O/confirmed/f"
  fi
  answer
}

# An operation whose time is over is on its way back: that has an end, which is waited for.
await_confirmation() {
  [ -e "$O/armed" ] || return 0
  over_time
  left=$((timeout + ${w_limit:-0} + 120))
  while { [ -d "$O/back" ] && over_time; } || going_back "$O"; do
    [ "$left" -gt 0 ] || refuse Unfinished "is not taken back though its time is over"
    left=$((left - 1))
    nap 1
    wake_timers
  done
}

# What became of the operation in $1, if it had to be confirmed.
tell_confirmation() {
  if [ -d "$1/back" ] && [ -e "$1/armed" ]; then
    echo "confirm pending"
  elif [ -d "$1/confirmed" ]; then
    echo "confirm confirmed"
  elif [ -d "${1}b" ]; then
    echo "confirm reverted"
    while IFS= read -r line; do
      case $line in target\ *) printf 'back_%s\n' "$line" ;; esac
    done <"${1}b/begin"
    [ -e "${1}b/receipt" ] || return 0
    while IFS= read -r line; do
      case $line in
        state\ * | detail\ *) printf 'back_%s\n' "$line" ;;
        end\ *) return 0 ;;
      esac
    done <"${1}b/receipt"
  fi
}

# ---- timer ---------------------------------------------------------------------------

timer() {
  read_header
  identify
  # One that cannot say who it is would be followed by another, and that by another.
  printf '%s\n' "$ME" 2>/dev/null 1<>"$O/timer" || exit 18
  while [ -d "$O/back" ] || going_back "$O"; do
    if [ ! -d "$O/back" ] || over_time; then
      ! lock "$O/me.$$.${ME##* }" || put_back
      rm -f "$M/reserve" # the lock needs a little space
    fi
    nap 1
  done
  exit 0
}

# With the job's lock, like a runner; from wherever another timer came to before.
put_back() {
  # Nobody is left to end it, or to say how it ended.
  end_target "$O"
  [ -e "$O/receipt" ] || seal "$O"
  if [ -d "$O/back" ]; then
    mv -T "$O/back" "${O}b" 2>/dev/null || { unlock; return 0; }
  fi
  going_back "$O" || exit 0
  O=${O}b
  sync "$O" "$K/ops"
  cd "$O" || exit 18
  read_header <"$O/begin"
  why='' ms=0 first=''
  read -r first <"$O/pid"
  # R3.4: a target that may have begun is not run again unasked.
  if [ -n "$first" ]; then
    while [ "$timeout" -gt 0 ] && alive "$O/pid"; do
      nap 1
      timeout=$((timeout - 1))
    done
    end_target "$O"
    seal "$O"
    exit 0
  fi
  # Nobody else may be able to come here and try again.
  tries=60
  until settle_files 2>>"$O/why" || [ $tries = 0 ]; do
    tries=$((tries - 1))
    rm -f "$M/reserve"
    nap 5
  done
  cd "$O" || exit 18
  carry_out
}
