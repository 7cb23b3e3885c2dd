# Role `front` (see worker_script.sh): checks, stages, watches and answers.
# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # names shared with worker_script.sh

# R3.5. The first operation makes the marker; `ln` lets one of several win. What is
# gone, or another one than we were shown, is no place to go on at: a person decides
# (adopt). A machine that was listed under another name keeps its id (R3.6).
check_marker() {
  m_bucket='' m_worker='' m_id=''
  if [ -e "$M/instance" ]; then
    { read -r m_bucket m_worker m_id _ <"$M/instance"; } 2>/dev/null
    [ -n "$m_id" ] || [ "$adopt" = 1 ] || refuse WorkerStateMissing "$M/instance is empty"
  fi
  if [ -n "$m_id" ] && [ "$m_bucket $m_worker" = "$bucket $worker" ]; then
    [ "$expect$adopt" != 10 ] || [ -z "$instance" ] || [ "$m_id" = "$instance" ] ||
      refuse WorkerStateMissing "$M/instance is another one than when jobs were deployed here"
    return
  fi
  if [ -n "$m_id" ]; then
    [ "$adopt" = 1 ] || [ "$m_bucket $m_worker" = "$bucket $was" ] ||
      refuse IdentityMismatch "$M/instance says bucket $m_bucket, worker $m_worker"
  else
    [ "$expect$adopt" != 10 ] || refuse WorkerStateMissing "$M/instance is gone although jobs were deployed here"
    read -r m_id </proc/sys/kernel/random/uuid
  fi
  problem=$( (umask 022 && mkdir -p "$B/jobs") 2>&1 && mkdir -p "$M/epoch" "$M/last" "$M/jobs" 2>&1) ||
    refuse_write "$problem"
  problem=$({ printf '%s %s %s\n' "$bucket" "$worker" "$m_id" >"$M/instance.$$" && sync "$M/instance.$$"; } 2>&1) ||
    refuse_write "$problem"
  if [ -e "$M/instance" ]; then
    problem=$(mv -f "$M/instance.$$" "$M/instance" 2>&1) || refuse_write "$problem"
  else
    ln "$M/instance.$$" "$M/instance" 2>/dev/null
    rm -f "$M/instance.$$"
  fi
  { read -r m_bucket m_worker m_id _ <"$M/instance"; } 2>/dev/null
}

# EPOCH := the highest that was ever seen here (R3.12), however its digits are padded.
top_epoch() {
  EPOCH=0
  for e in "$M"/epoch/*; do
    e=${e##*/}
    case $e in *[!0-9]*) continue ;; esac
    [ "$e" -le "$EPOCH" ] || EPOCH=$e
  done
}

# Ours joins; fails when there is a newer one.
fence() {
  top_epoch
  [ "$EPOCH" -le "$epoch" ] || return 1
  [ "$EPOCH" -eq "$epoch" ] || printf '' >"$M/epoch/$epoch"
}

# Places that a full disk must not take away later are filled now.
prepare() {
  mkdir -p "$K/ops" "$S" && printf '%8192s' '' >"$S/receipt.tmp" && printf '%80s' '' >"$S/pid" &&
    printf '' >"$S/log" && printf '' >"$S/why" && printf '%s\n' "$hdr" >"$S/begin"
}

# Follows $O to its receipt. Nobody left to write one: sealed as interrupted.
attach() {
  if [ -e "$O/log" ]; then exec 5<"$O/log"; else exec 5</dev/null; fi
  [ "$offset" = 0 ] || dd bs="$offset" skip=1 count=0 <&5 >/dev/null 2>&1
  await_receipt
  answer
}

# Until $O has a receipt; passes on what fd 5 has to say meanwhile.
await_receipt() {
  tick=0.05 left=$((timeout + 120))
  while [ ! -e "$O/receipt" ]; do
    [ "$left" -gt 0 ] || refuse Unfinished "still runs after its time"
    cat <&5 >&2
    if ! alive "$O/me" && ! alive "$O/pid" && lock "$O/me.$$.${ME##* }"; then
      [ -e "$O/receipt" ] || seal "$O" || refuse_write "cannot write a receipt"
      unlock
      continue
    fi
    nap $tick
    case $tick in 0.05) tick=0.1 ;; 0.1) tick=0.2 ;; 0.2) tick=0.5 ;; *) tick=1 left=$((left - 1)) ;; esac
  done
  cat <&5 >&2
}

# An operation that never came is sealed, so that a late copy cannot begin.
ask() {
  [ ! -d "$O" ] || attach
  for d in "$K"/ops/*; do d=${d##*/}; done
  [ "$d" = '*' ] || [ "${d%%-*}" -lt "$seq" ] || refuse Superseded "operation $d is newer"
  problem=$(prepare 2>&1) || refuse_write "$problem"
  why='it never began' ms=0
  finish "$S" never 255 || refuse_write "cannot write a receipt"
  # shellcheck disable=SC2015 # a rival that was faster has the answer
  mv -T "$S" "$O" 2>/dev/null && sync "$K/ops" || rm -rf "$S"
  S=''
  attach
}

# Passes the log on while the runner works; ends on TERM, or with the front. The
# two share the offset of fd 5. A nap is waited for, so that TERM can end it.
follow() {
  nap_pid='' off='' tick=0.1
  trap 'off=1; [ -z "$nap_pid" ] || kill -9 "$nap_pid" 2>/dev/null' TERM
  while [ -z "$off" ] && start_of $$; do
    sleep $tick >/dev/null 2>&1 &
    nap_pid=$!
    [ -z "$off" ] || kill -9 $nap_pid 2>/dev/null
    { wait $nap_pid; } 2>/dev/null || [ -n "$off" ] || nap 1
    nap_pid=''
    [ -n "$off" ] || cat <&5 >&2
    case $tick in 0.1) tick=0.3 ;; *) tick=1 ;; esac
  done
}

# What is kept here, for a controller that lost its state (R7.3): the marker, the
# newest epoch, and of each job its ports and its newest operation: what it was asked
# for (h), its receipt (r), and the record that came with it. Changes nothing.
recall() {
  echo "reply recalled"
  m_bucket='' m_worker='' m_id=''
  [ ! -e "$M/instance" ] || { read -r m_bucket m_worker m_id _ <"$M/instance"; } 2>/dev/null
  top_epoch
  printf '%s\n' "marker $m_bucket $m_worker $m_id" "epoch $EPOCH"
  for k in "$M"/jobs/*; do
    [ -d "$k" ] || continue
    name=${k##*/}
    if [ -s "$k/moved" ]; then
      read -r _ by <"$k/moved"
      printf '%s\n' "moved $name ${by%%-*}"
      continue
    fi
    if [ -e "$k/ports" ]; then
      while read -r port number _; do
        [ -z "$number" ] || printf '%s\n' "port $name $port $number"
      done <"$k/ports"
    fi
    newest_run "$k"
    [ -n "$newest" ] || continue
    printf '%s\n' "job $name"
    while IFS= read -r line; do [ -z "$line" ] || printf '%s\n' "h $line"; done <"$newest/begin"
    if [ -e "$newest/receipt" ]; then
      tell_confirmation "$newest" | while IFS= read -r line; do printf '%s\n' "r $line"; done
      while IFS= read -r line; do
        printf '%s\n' "r $line"
        case $line in end\ *) break ;; esac
      done <"$newest/receipt"
    fi
    if [ -s "$newest/record" ]; then printf 'record ' && cat "$newest/record"; fi
  done
  other_claims
  printf '%s\n' "end $op"
  exit 0
}

# R3.11: ports that other buckets of this machine say are theirs.
other_claims() {
  for c in "$root"/*/.maand/claims; do
    if [ "$c" = "$M/claims" ] || [ ! -r "$c" ]; then continue; fi
    other=${c%/.maand/claims}
    while read -r what number _; do
      case $what$number in port*[!0-9]* | port) continue ;; esac
      [ "$what" != port ] || printf '%s\n' "claimed $number ${other##*/}"
    done <"$c"
  done
}

# R3.11: a port of this operation that another bucket has.
foreign_port() {
  [ -s "$S/meta/ports" ] || return 1
  claimed=$(other_claims)
  [ -n "$claimed" ] || return 1
  while read -r port number _; do
    case "$claimed$NL" in
      *"claimed $number "*) detail="port $number ($port) belongs to bucket ${claimed##*"claimed $number "}" ;;
      *) continue ;;
    esac
    detail=${detail%%"$NL"*}
    return 0
  done <"$S/meta/ports"
  return 1
}

front() {
  echo "maand1 hello"
  S='' op='' seq='' offset=0 expect=0 keep=none
  read_header
  [ -n "$complete" ] || exit 0
  valid || refuse BadRequest "a name that is not allowed"
  case $mode in recall | look) identify; wake_timers; $mode ;; esac
  for tool in cat chmod chown cp dd find id ln mkdir mv rm rmdir setsid sha256sum sleep sort sync tail tar uniq wc make; do
    [ "$tool $target" != "make none" ] || continue
    command -v $tool >/dev/null || refuse ToolMissing "$tool"
  done
  identify
  check_marker
  fence || refuse Fenced "epoch $EPOCH has been seen, this is $epoch"
  wake_timers
  S=$K/stage/$op.$$
  [ "$mode" != ask ] || ask
  [ "$mode" != confirm ] || confirm_operation
  if [ -d "$O" ]; then S=''; attach; fi
  if ! problem=$(prepare 2>&1); then
    # A stop must be possible on a full disk: the reserve makes room.
    [ "$target" = stop ] || [ "$ships" = remove ] || refuse_write "$problem"
    rm -f "$M/reserve"
    problem=$(prepare 2>&1) || refuse_write "$problem"
  fi
  problem=$(umask 022 && cd "$S" && LC_ALL=C tar -xomf - 2>&1)
  rc=$? mark=''
  # GNU tar takes a stream cut between two members for a whole one: hence `end`.
  [ ! -e "$S/end" ] || read -r mark <"$S/end"
  if [ "$rc" != 0 ] || [ "$mark" != "$op" ]; then
    case $problem in *'No space'* | *uota* | *ead-only* | *denied*) refuse_write "$problem" ;; esac
    refuse Cut "the stream ended early: ${problem%%"$NL"*}"
  fi
  case $target in
    start | restart | reload) ! foreign_port || refuse PortClaimed "$detail" ;;
  esac
  exec 5<"$S/log"
  follow >/dev/null &
  follower=$!
  export S SELF
  setsid "$SH" -c 'eval "$SELF"' maand "$SH" run <"$S/begin" >/dev/null 2>&1 5<&-
  rc=$?
  # Its cat must have ended before ours begins, or the last pieces change places.
  { kill -TERM $follower && wait $follower; } 2>/dev/null
  [ ! -e "$O/receipt" ] || { cat <&5 >&2; answer; }
  detail=''
  [ ! -e "$S/why" ] || read -r detail <"$S/why"
  case $rc in
    10) refuse Busy "another operation of this job runs" ;;
    20) refuse Busy "an operation of this job waits to be confirmed, or is taken back" ;;
    11) refuse Fenced "a newer epoch has been seen" ;;
    12) refuse Superseded "a newer operation is known" ;;
    13) refuse BaseDiffers "the files here are not those of the base" ;;
    14) refuse Path "$detail" ;;
    15) refuse Fenced "an operation of this job is newer than the newest this controller knows" ;;
    16) refuse_write "$detail" ;;
    19) refuse Previous "$detail" ;;
  esac
  # The runner was killed, or a twin was faster.
  [ -d "$O" ] || rm -rf "$S"
  offset=0
  ask
}

