# Roles `run` and `make` (see worker_script.sh): every effect of an operation.
# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # names shared with worker_script.sh

# ---- run: the order of things --------------------------------------------------

# Ends before the commit: nothing has begun. $1 is read by the front.
give_up() {
  [ -z "$2" ] || printf '%s\n' "$2" >"$S/why"
  exit "$1"
}

# R3.2: finishes what an earlier operation has half landed. Fails when that
# cannot be done; only a full list can follow then.
finish_landing() {
  [ -e "$K/landing" ] || return 0
  read -r half <"$K/landing"
  [ -n "$half" ] && [ -d "$K/ops/$half" ] && apply "$K/ops/$half" >/dev/null 2>&1
}

# What no operation without a receipt may be left behind as: a target that
# still runs is waited for, the others are sealed.
settle_others() {
  for d in "$K"/ops/*; do
    if [ ! -d "$d" ] || [ -e "$d/receipt" ]; then continue; fi
    ! alive "$d/pid" || give_up 10
    seal "$d" || give_up 16 "cannot write a receipt"
  done
}

# Are the files here those of $base? After a reboot their bytes are asked.
check_base() {
  [ "$base" != any ] || return 0
  have='' have_boot=''
  [ ! -e "$K/list" ] || read -r have have_boot <"$K/list"
  [ "$base" = "$have" ] || return 1
  [ "$have_boot" != "$BOOT" ] && [ -s "$K/digests" ] || return 0
  (cd "$J" && sha256sum -c "$K/digests") >/dev/null 2>&1
}

# Writes the list of what has to go: what an earlier list put here and the new
# one lacks. $1 is set when a half landed list counts as well.
list_deletions() {
  printf '' >"$S/delete"
  if [ -n "$1$moves" ]; then
    cat "$K/paths" "$K"/ops/*/meta/paths ${moves:+"$KF/paths"} 2>/dev/null | LC_ALL=C sort -u >"$S/old"
  elif [ -s "$K/paths" ]; then
    cat "$K/paths" >"$S/old"
  else
    return 0
  fi
  # A path of the new list stands there twice or thrice, one of the old list alone once.
  LC_ALL=C sort "$S/old" "$S/meta/paths" "$S/meta/paths" | uniq -u >"$S/delete"
}

# No symlink may stand in the way of a target path, unless it leaves now.
check_paths() {
  while IFS= read -r d; do
    ! linked "$d" || listed "$LINK" "$S/delete" || give_up 14 "$LINK is a symlink; remove it, nothing may leave the job directory"
  done <"$S/meta/dirs"
}

# Ends the target's whole group at its time; then, 5 s later, without mercy.
# TERM to this shell calls it off. `kill -9` because a TERM between fork and
# exec of sleep would be lost.
watchdog() {
  nap_pid='' off=''
  trap 'off=1; [ -z "$nap_pid" ] || kill -9 "$nap_pid" 2>/dev/null' TERM
  sleep "$timeout" &
  nap_pid=$!
  [ -z "$off" ] || kill -9 $nap_pid 2>/dev/null
  wait $nap_pid
  [ -z "$off" ] || exit 0
  trap '' TERM
  alive "$O/pid" || exit 0
  printf '' >"$O/expired"
  end_target "$O"
  exit 0
}

# The target of the operation in $1, whose time is over.
end_target() {
  alive "$1/pid" || return 0
  group=$a_pid
  kill -TERM -"$group"
  tries=50
  while [ $tries -gt 0 ] && alive "$1/pid"; do
    sleep 0.1 || sleep 1
    tries=$((tries - 1))
  done
  kill -KILL -"$group"
}

uptime_ms() {
  read -r up _ </proc/uptime
  up=${up%.*}${up#*.}0
}

# Keeps 20 receipts and 64 MiB of logs of the job, and no remains of the dead.
prune() {
  cd "$K" || return
  most=$((GEN - 8))
  set --
  for g in gen.*; do [ "${g##*.}" -ge $most ] || set -- "$@" "$g"; done
  for d in stage/*; do
    if [ -d "$d" ] && [ ! -d "/proc/${d##*.}" ]; then set -- "$@" "$d"; fi
  done
  # The newest says all that an older one did, but for one that was taken back.
  for d in ops/*; do
    if [ "$d" != "ops/${O##*/}" ] && [ "${d}b" != "ops/${O##*/}" ] && [ -e "$d/record" ]; then
      set -- "$@" "$d/record"
    fi
  done
  count=0
  for d in ops/*; do count=$((count + 1)); done
  for d in ops/*; do
    [ $count -gt 20 ] || break
    set -- "$@" "$d"
    count=$((count - 1))
  done
  [ $# = 0 ] || rm -rf "$@"
  # shellcheck disable=SC2046 # sizes and names without blanks
  set -- $(wc -c ops/*/log)
  total=0 sizes=''
  while [ $# -ge 2 ] && [ "$2" != total ]; do
    total=$((total + $1)) sizes="$sizes $1 $2"
    shift 2
  done
  # shellcheck disable=SC2086
  set -- $sizes
  while [ $total -gt 67108864 ]; do
    # Of the newest its end is kept; a reader has the old file open.
    if [ "$2" = "ops/${O##*/}/log" ]; then tail -c 33554432 "$2" >"$2.cut"; else printf '' >"$2.cut"; fi
    mv -f "$2.cut" "$2" || return
    [ $# -gt 2 ] || return
    total=$((total - $1))
    shift 2
  done
}

has_makefile() {
  [ -f "$J/Makefile" ] || [ -f "$J/makefile" ] || [ -f "$J/GNUmakefile" ]
}

# R7.3: something ran here, or moved away from here, that this controller does not know: begun by
# another one, or before its store was put back.
beyond_known() {
  newest_run "$K"
  newest=${newest##*/}
  [ -z "$newest" ] || [ "${newest%%-*}" -le "$known" ] || return 0
  [ -s "$K/moved" ] || return 1
  read -r _ newest <"$K/moved"
  [ -n "$newest" ] && [ "${newest%%-*}" -gt "$known" ]
}

run() {
  keep=none
  read_header
  identify
  why='' ms=0
  lock "$S/me" || give_up 10
  fence || give_up 11
  for d in "$K"/ops/*; do d=${d##*/}; done
  [ "$d" != "$seq-$op" ] || give_up 17
  [ "$d" = '*' ] || [ "${d%%-*}" -lt "$seq" ] || give_up 12
  if [ -n "$known" ] && beyond_known; then give_up 15; fi
  ! waits || give_up 20
  settle_others
  half_landed=''
  finish_landing || half_landed=1
  if [ "$ships" = yes ]; then
    if [ -n "$half_landed" ] && [ "$base" != any ]; then give_up 13; fi
    check_base || give_up 13
  fi
  if [ -n "$moves" ] && [ -d "$JF" ] && [ ! -L "$JF" ]; then
    # It would be left behind, running, and nobody would know of it.
    [ ! -e "$J" ] || give_up 14 "jobs/$job is in the way of jobs/$moves, which goes on under that name: move it away"
    printf '%s\n' "$moves" >"$S/moves" || give_up 16 "cannot write $S/moves"
  else
    moves=''
  fi
  if [ "$ships" != no ]; then
    list_deletions "$half_landed" || give_up 16 "cannot write $S/delete"
    check_paths
    [ "$ships" != previous ] || stage_previous
    [ "$ships" != yes ] || keep_previous
    [ "$confirm" = 0 ] || stage_way_back
    printf '%s %s\n' "$list" "$BOOT" >"$S/meta/list" || give_up 16 "cannot write $S/meta/list"
  fi
  if [ "$current" = 0.0.0 ] && [ -s "$M/last/$job" ]; then read -r current <"$M/last/$job"; fi
  (cd "$S" && find . -type f -exec sync {} +) || give_up 16 "cannot write to disk"
  # The commit: one rename decides between copies of one operation.
  mv -T "$S" "$O" || give_up 17
  cd "$O" || exit 18
  sync begin "$K/ops"
  rm -f "$K/moved"
  carry_out
}

# Everything after the commit.
carry_out() {
  state=succeeded rc=0 armed=''
  if ! stop_before_move; then
    why="make stop of $moves, the name it had, ended so"
  elif ! settle_files 2>>why; then
    state=unlanded rc=1
    read -r why <"$O/why"
  elif [ "$target" != none ]; then
    if [ -z "$RUN_IN" ] && ! has_makefile; then
      state=failed rc=2 why="$J has no Makefile"
    elif [ "$confirm" = 0 ] || arm; then
      run_target
    fi
  fi
  [ "$confirm" = 0 ] || count_from_now
  finish "$O" $state $rc
  prune
  [ -e "$M/reserve" ] || printf '%262144s' '' >"$M/reserve"
  exit 0
}

# Everything between the commit and the target.
settle_files() {
  set --
  for f in meta/worker.json meta/jobs.json; do [ ! -e $f ] || set -- "$@" $f; done
  [ $# = 0 ] || LC_ALL=C mv -f "$@" "$B/" || return 1
  if [ -e meta/claims ]; then mv -f meta/claims "$M/claims" || return 1; fi
  [ "$ships" != no ] || return 0
  printf '%s\n' "${O##*/}" >"$K/landing" || return 1
  apply "$O" || return 1
  [ "$ships" = remove ] || return 0
  # R2.2: a job that comes back starts from the version it left with.
  if [ "$current" != 0.0.0 ]; then
    printf '%s\n' "$current" >"$M/last/$job.new" && sync "$M/last/$job.new" &&
      mv -f "$M/last/$job.new" "$M/last/$job" || return 1
  fi
  rmdir "$J" 2>/dev/null
  rm -rf "$M/previous/$job"
  return 0
}

# A renamed job is stopped where it lies, moved, and started.
stop_before_move() {
  RUN_IN='' RUN_TARGET=''
  [ -s moves ] || return 0
  case $target in
    stop) RUN_IN=$JF ;;
    restart | reload)
      mine=$J J=$JF RUN_IN=$JF RUN_TARGET=stop
      if has_makefile; then run_target; fi
      J=$mine RUN_IN='' RUN_TARGET=start
      [ "$state" = succeeded ] || return 1
      ;;
  esac
}

run_target() {
  watchdog </dev/null >/dev/null 2>&1 &
  dog=$!
  uptime_ms
  begun=$up
  export GEN RUN_IN RUN_TARGET
  CURRENT_VERSION=$current setsid "$SH" -c 'eval "$SELF"' maand "$SH" make <"$O/begin" >>"$O/log" 2>&1
  rc=$?
  uptime_ms
  ms=$((up - begun))
  kill -TERM $dog 2>/dev/null
  [ $rc = 0 ] || state=failed
  [ ! -e "$O/missing" ] || state=missing
  # The exit status of a killed make says anything; the mark says why.
  if [ -e "$O/expired" ]; then state=timeout; wait $dog; fi
}

# ---- make: the target ------------------------------------------------------------

# Make has said 2: does it know the goal at all? Its database is printed for a
# goal of ours that has no recipe, so that nothing runs a second time.
goal_missing() {
  make -rRpq --eval='.maand-none:' .maand-none 2>/dev/null </dev/null | {
    verdict=0 after=''
    while IFS= read -r line; do
      case $line in
        "$target":*) [ "$after" = '# Not a target:' ] || verdict=1 ;;
        .DEFAULT:*) [ "$after" = '# Not a target:' ] || verdict=1 ;;
        '#'* | "$TAB"*) ;;
        *%*:*)
          pattern=${line%%:*}
          # In variables: bash --posix does not match *"${x#y}" inside a case pattern.
          before=${pattern%%[%]*} behind=${pattern#*[%]}
          case $target in "$before"*"$behind") verdict=1 ;; esac
          ;;
      esac
      after=$line
    done
    exit $verdict
  }
}

make_target() {
  read_header
  identify
  printf '%s\n' "$ME" 1<>"$O/pid"
  # Whoever took the lock since the runner died has found no pid: then it is too late.
  top_gen
  [ "$TOP" = "$GEN" ] || exit 99
  NEW_VERSION=$new MAAND_ATTEMPT=$attempt MAAND_PREVIOUS=$previous
  export CURRENT_VERSION NEW_VERSION MAAND_ATTEMPT MAAND_PREVIOUS PWD
  [ -z "$RUN_TARGET" ] || target=$RUN_TARGET
  cd "${RUN_IN:-$J}" || exit 98
  unset SELF S GEN OLDPWD RUN_IN RUN_TARGET
  umask 022
  make -s -- "$target" </dev/null
  rc=$?
  if [ $rc = 2 ] && goal_missing; then printf '' >"$O/missing"; fi
  exit $rc
}

SH=$1
case $2 in
  run) run ;;
  make) make_target ;;
  timer) timer ;;
  *) front ;;
esac
exit 0
