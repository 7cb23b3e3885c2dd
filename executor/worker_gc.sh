# What jobs that left have kept here, and taking it away. Joined behind worker_script.sh and
# read by sh as an errand, with MAAND_ROOT (worker_root), BUCKET_ID, MAAND_WORKER, MAAND_WAS,
# MAAND_INSTANCE, and MAAND_JOBS: the jobs whose directories are to go; none: tell which could.
#
# Says `left <job> <KiB> <removed at>` of each that could go; `gone <job>`, `kept <job> <why>`
# of each that was to; `other <bucket> <worker>` where this is another worker; last `done`.
# shellcheck shell=sh disable=SC2154,SC2034 # names shared with worker_script.sh

# The newest that ran of job $1 here took it away, and came to its end. A job that goes on
# under another name, or lands just now, is not left over, nor what maand never deployed.
left_over() {
  J=$B/jobs/$1 K=$M/jobs/$1
  if [ ! -d "$J" ] || [ -L "$J" ] || [ -e "$K/moved" ] || [ -e "$K/landing" ]; then return 1; fi
  newest_run "$K"
  if [ -z "$newest" ] || [ ! -e "$newest/receipt" ]; then return 1; fi
  ships=''
  while read -r key value; do
    [ "$key" != ships ] || ships=$value
  done <"$newest/begin"
  read -r _ state <"$newest/receipt"
  [ "$ships $state" = 'remove succeeded' ]
}

# Is anything mounted at or below $1? What lies there may be somebody else's. The kernel tells
# physical paths, blanks in them as \040; so that is how it is asked for.
mounted() {
  place=$(cd -P "$1" 2>/dev/null && pwd -P | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') || return 0
  [ -n "$place" ] || return 0
  while read -r _ point _; do
    case $point in "$place" | "$place"/*) return 0 ;; esac
  done </proc/mounts
  return 1
}

take_away() {
  left_over "$1" || { echo "kept $1 it is not left over any more"; return; }
  ! mounted "$J" || { echo "kept $1 something is mounted below $J"; return; }
  # Under the job's lock, so that nothing of it lands meanwhile.
  mine=$K/me.$$.${ME##* } problem=''
  if ! mkdir -p "$M/gc" 2>/dev/null || ! lock "$mine" 2>/dev/null; then
    echo "kept $1 an operation of it runs, or $M cannot be written"
    return
  fi
  if left_over "$1"; then
    problem=$(mv -T "$J" "$M/gc/$1" 2>&1) && rm -f "$M/last/$1"
  fi
  unlock
  rm -f "$mine"
  [ -z "$problem" ] || { echo "kept $1 ${problem%%"$NL"*}"; return; }
  ! mounted "$M/gc/$1" || { echo "kept $1 something is mounted below $M/gc/$1"; return; }
  problem=$(rm -rf "$M/gc/$1" 2>&1)
  if [ -e "$M/gc/$1" ]; then echo "kept $1 ${problem%%"$NL"*}"; else echo "gone $1"; fi
}

gc() {
  B=$MAAND_ROOT/$BUCKET_ID M=$B/.maand m_id=''
  { read -r m_bucket m_worker m_id _ <"$M/instance"; } 2>/dev/null
  [ -n "$m_id" ] || { echo 'done'; return; }
  case "$m_bucket $m_worker" in
    "$BUCKET_ID $MAAND_WORKER" | "$BUCKET_ID $MAAND_WAS") ;;
    *) echo "other $m_bucket $m_worker"; return ;;
  esac
  if [ -n "$MAAND_INSTANCE" ] && [ "$m_id" != "$MAAND_INSTANCE" ]; then
    echo "other $m_bucket $m_worker"
    return
  fi
  identify
  if [ -n "$MAAND_JOBS" ]; then
    for name in $MAAND_JOBS; do
      # The controller checked it; a slip there must not become a path here.
      case $name in [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) continue ;; esac
      take_away "$name"
    done
    # What an earlier one could not take away whole.
    [ ! -d "$M/gc" ] || mounted "$M/gc" || rm -rf "$M/gc"
  else
    for directory in "$B"/jobs/*; do
      left_over "${directory##*/}" || continue
      size=$(du -sk "$directory" 2>/dev/null)
      echo "left ${directory##*/} ${size%%[!0-9]*} $(date -r "$newest/receipt" +%s)"
    done
  fi
  echo 'done'
}
gc
