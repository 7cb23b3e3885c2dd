# An operation that counts only once it was confirmed over a new connection (see
# worker_script.sh): role `timer` goes back by itself when nobody does so in time (R2.9).
# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # names shared with worker_script.sh
#
#   $O/back       the way back, whole and synced before the operation begins
#   $O/armed      its target ended well: boot, uptime in ms then, seconds that it may wait
#   $O/timer      who waits
#   $O/confirmed  what `back` becomes when it is confirmed
#   ${O}b         what `back` becomes when the time is over: an operation like others
# One rename of `back` decides between the last two; nothing else does.

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

# Without a way back nothing begins. What was confirmed before comes back by `restart`;
# where nothing was, what was started is stopped, and its files stay.
stage_way_back() {
  W=$S/back
  P=$M/previous/$job/$keep
  b_target=stop b_ships=no b_list=none b_new=$new
  if [ "$keep" != none ]; then
    { [ -d "$P" ] && intact "$P/f" "$P/digests" && read -r b_new <"$P/version"; } ||
      give_up 19 "there is no way back: what was confirmed before is not here as it was"
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
    "timeout $timeout" "current $new" "new $b_new" "attempt 1" "previous failed" "offset 0" '' >"$W/begin" &&
    printf '%8192s' '' >"$W/receipt.tmp" && printf '%80s' '' >"$W/pid" && printf '' >"$W/log" &&
    printf '' >"$W/why" && printf '%80s' '' >"$S/unarmed" && printf '%80s' '' >"$S/timer"
}

# ---- while it waits --------------------------------------------------------------

# Does an operation of this job wait to be confirmed? Nothing begins meanwhile.
waits() {
  for d in "$K"/ops/*/armed; do
    [ ! -d "${d%/armed}/back" ] || return 0
  done
  return 1
}

# Is the time of $O over? Uptime runs on while the machine sleeps and whatever becomes of
# its clock. After a reboot nobody knows how long it took: then it is.
over_time() {
  { read -r w_boot w_up w_for <"$O/armed"; } 2>/dev/null || return 1
  [ "$w_boot" = "$BOOT" ] || return 0
  uptime_ms
  [ $((up - w_up)) -ge $((w_for * 1000)) ]
}

# In a session of its own, so that it outlives sshd, this connection and the runner.
start_timer() {
  S=$1 SELF=$SELF setsid "$SH" -c 'eval "$SELF"' maand "$SH" timer <"$1/begin" >/dev/null 2>&1 &
}

# Its target ended well: from here on time runs. What did not is the controller's to judge.
arm() {
  if [ "$state" != succeeded ]; then
    rm -rf "$O/back"
    return
  fi
  uptime_ms
  if ! { printf '%s %s %s\n' "$BOOT" "$up" "$confirm" 1<>"$O/unarmed" && sync "$O/unarmed" &&
    mv -f "$O/unarmed" "$O/armed" && sync "$O"; }; then
    state=failed rc=2 why='cannot write below its operation, so it cannot be taken back'
    rm -rf "$O/back"
    return
  fi
  start_timer "$O"
  tries=100
  while [ $tries -gt 0 ] && ! alive "$O/timer"; do
    nap 0.05
    tries=$((tries - 1))
  done
}

# A timer that was killed, or that a reboot ended, is followed by another.
wake_timers() {
  for d in "$K"/ops/*/armed; do
    d=${d%/armed}
    if [ -d "$d/back" ] && ! alive "$d/timer"; then start_timer "$d"; fi
  done
}

# ---- the decision ------------------------------------------------------------------

# Role of the front: somebody says over this connection that it is well.
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
  left=$((timeout + 120))
  while [ -d "$O/back" ] && over_time; do
    [ "$left" -gt 0 ] || refuse Unfinished "is not taken back though its time is over"
    left=$((left - 1))
    nap 1
    wake_timers
  done
  [ -d "${O}b" ] || return 0
  O=${O}b
  exec 5</dev/null
  await_receipt
  O=${O%b}
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
  printf '%s\n' "$ME" 1<>"$O/timer"
  while [ -d "$O/back" ]; do
    if over_time && lock "$O/me.$$.${ME##* }"; then put_back; fi
    nap 1
  done
  exit 0
}

# With the job's lock, like a runner.
put_back() {
  mv -T "$O/back" "${O}b" 2>/dev/null || exit 0
  O=${O}b
  sync "$O" "$K/ops"
  cd "$O" || exit 18
  read_header <"$O/begin"
  why='' ms=0
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
