#!/bin/sh
# The program that runs on a worker for one operation, and ends with it.
#
# worker_script.sh, worker_front.sh, worker_landing.sh, worker_previous.sh, worker_confirm.sh,
# worker_look.sh and worker_run.sh are joined at build time and fed to /bin/sh through stdin
# (worker_call.cc). The program has four roles:
#   front  child of sshd: checks, stages, watches. May die anywhere.
#   run    in a session of its own: every effect of the operation.
#   make   a second session: the target, so that its group can be ended alone.
#   timer  a session of its own: goes back when nobody confirms in time.
# Wire, states, invariants and the crash-point table: executor/README.md.
#
# POSIX sh only (dash, bash --posix, busybox ash). Traps that shaped it:
# - a redirection that fails ends the shell when the command is a special
#   builtin (`:`, exec): files are made with printf, and tested before exec;
# - $(...) and pipes wait for whoever keeps them open: targets write to a file;
# - `pkill -f <job>` in a Makefile must not hit us: no job name in any argv,
#   so roles get their parameters by environment and by stdin (`begin`).
# shellcheck shell=sh disable=SC2034 # the other two files use what is read here
umask 077
NL='
'
TAB='	'
m_id=''

# ---- names -------------------------------------------------------------------

# Reads `key value` lines up to an empty one; $complete tells whether it came.
read_header() {
  hdr='' complete='' instance='' adopt=0 was='' known='' moves='' confirm=0 back_timeout=''
  while IFS= read -r line; do
    [ -n "$line" ] || { complete=1; break; }
    hdr=$hdr$line$NL value=${line#* }
    case ${line%% *} in
      do) mode=$value ;;
      op) op=$value ;;
      seq) seq=$value ;;
      root) root=$value ;;
      bucket) bucket=$value ;;
      worker) worker=$value ;;
      job) job=$value ;;
      target) target=$value ;;
      ships) ships=$value ;;
      base) base=$value ;;
      list) list=$value ;;
      keep) keep=$value ;;
      epoch) epoch=$value ;;
      expect) expect=$value ;;
      instance) instance=$value ;;
      adopt) adopt=$value ;;
      was) was=$value ;;
      known) known=$value ;;
      moves) moves=$value ;;
      confirm) confirm=$value ;;
      back_timeout) back_timeout=$value ;;
      timeout) timeout=$value ;;
      current) current=$value ;;
      new) new=$value ;;
      attempt) attempt=$value ;;
      previous) previous=$value ;;
      offset) offset=$value ;;
    esac
  done
  B=$root/$bucket M=$B/.maand J=$B/jobs/$job
  K=$M/jobs/$job O=$K/ops/$seq-$op
  # "renamed_from": the directory that becomes ours, and what is kept of it.
  JF=$B/jobs/$moves KF=$M/jobs/$moves
}

# The controller checked all of it (remote_layout.cc); a slip there must not
# become a path here.
valid() {
  case $op in '' | *[!0-9a-f]*) return 1 ;; esac
  case $seq$epoch$timeout$offset$confirm in '' | *[!0-9]*) return 1 ;; esac
  case $root in /*) ;; *) return 1 ;; esac
  case $job in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) return 1 ;; esac
  case $bucket in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) return 1 ;; esac
  case $moves in [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) return 1 ;; esac
  case $seq$known$back_timeout in *[!0-9]*) return 1 ;; esac
  case $target in none | start | stop | restart | reload) ;; *) return 1 ;; esac
  case $ships in yes | no | remove | previous) ;; *) return 1 ;; esac
  case $list$keep in '' | *[!0-9a-z]*) return 1 ;; esac
  # What is confirmed, or taken back, is a target that ran on files that came with it.
  case $confirm:$ships:$target in 0:* | *:yes:start | *:yes:restart | *:yes:reload) ;; *) return 1 ;; esac
}

# ---- who lives ---------------------------------------------------------------

# START := start time of process $1; fails when it is gone or a zombie.
start_of() {
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # split into fields; the name ends at the last `) `
  set -- ${stat##*) }
  case $1 in Z | X) return 1 ;; esac
  START=${20}
}

# ME := what names this process among all of all boots.
identify() {
  read -r BOOT </proc/sys/kernel/random/boot_id
  start_of $$
  ME="$BOOT $$ $START"
}

# Does the process that file $1 names still run?
alive() {
  { read -r a_boot a_pid a_start _ <"$1"; } 2>/dev/null || return 1
  [ "$a_boot" = "$BOOT" ] && start_of "$a_pid" && [ "$START" = "$a_start" ]
}

# TOP := number of the newest lock generation. Numbers have one width.
top_gen() {
  TOP=1000000000
  for g in "$K"/gen.*; do [ ! -e "$g" ] || TOP=${g##*.}; done
}

# The job's lock is the highest gen.N and belongs to the process named in it.
# A dead owner is followed by gen.N+1; `ln` lets one contender win. Whoever was
# overtaken between looking and linking sees a higher one afterwards.
lock() {
  top_gen
  ! alive "$K/gen.$TOP" || return 1
  GEN=$((TOP + 1))
  printf '%s\n' "$ME" >"$1" && ln "$1" "$K/gen.$GEN" 2>/dev/null || return 1
  top_gen
  [ "$TOP" = "$GEN" ]
}

# Ours is nobody's from here on, for those that need it while we go on. In place: it
# must not need space.
unlock() {
  printf '%s\n' '- 0 0' 2>/dev/null 1<>"$K/gen.$GEN"
}

# ---- what is answered ----------------------------------------------------------

# Nothing has begun and nothing will.
refuse() {
  [ -z "$S" ] || rm -rf "$S"
  printf '%s\n' "reply refused" "condition $1" "detail $2" "end $op"
  exit 0
}

# Staging failed with message $1: a full or read-only disk, or something else.
refuse_write() {
  one=${1%%"$NL"*}
  refuse DiskFull "${one:-cannot write below $M}"
}

# The receipt of the operation in $1: state $2, exit status $3. Written into the
# space that was set aside, so that a full disk cannot lose it; durable on return.
finish() {
  id=${1##*/} id=${id##*-}
  printf '%s\n' "state $2" "exit $3" "boot $BOOT" "ms ${ms:-0}" "current $current" "detail $why" \
    "end ${id%%.*}" 1<>"$1/receipt.tmp" &&
    sync "$1/receipt.tmp" && mv -f "$1/receipt.tmp" "$1/receipt" && sync "$1"
}

# A process that ended without a receipt. `printf` makes the space where there
# is none, after a crash of the machine.
seal() {
  ms=0 why='its process is gone without a receipt'
  [ -e "$1/receipt.tmp" ] || printf '%8192s' '' >"$1/receipt.tmp"
  # Of one that is to be confirmed it may be known how its target ended.
  s_state='' s_exit=''
  [ ! -e "$1/armed" ] || { read -r _ _ _ _ s_state s_exit _ <"$1/armed"; } 2>/dev/null
  [ -z "$s_exit" ] || why=''
  finish "$1" "${s_state:-interrupted}" "${s_exit:-255}"
}

answer() {
  await_confirmation
  printf '%s\n' "reply receipt" "instance $m_id"
  tell_confirmation "$O"
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in end\ *) exit 0 ;; esac
  done <"$O/receipt"
  exit 0
}

# newest := the directory of the newest operation that ran below $1. Those that were only
# asked for, and so sealed, say nothing.
newest_run() {
  newest=''
  for d in "$1"/ops/*; do
    first=''
    { read -r first <"$d/begin"; } 2>/dev/null
    [ "$first" != "do run" ] || newest=$d
  done
}

nap() {
  sleep "$1" >/dev/null 2>&1 || sleep 1 >/dev/null 2>&1
}

