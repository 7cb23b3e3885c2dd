
# Role `front` (see worker_script.sh): what lies here against what was shipped (R5.9).
# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # names shared with worker_script.sh
#
# Changes nothing, takes no lock, and asks only about shipped paths. Of several jobs
# at once; lines of the request, for each job behind its `job` line:
#   job <name> <list> <seconds for make status, 0: none> <version>
#   l <sha256 of its target> <path>     a symlink
#   x <path>                            an executable
#   =<mode> <owner>:<group>, +<path>…   files with permissions or owners of their own
# and `done` behind the last. Regular files are compared by the digest list that was kept
# when they landed.

# $1 what is wrong, $2 path. Nobody reads thousands of them.
deviate() {
  [ "$told" -lt 1000 ] || { [ "$told" != 1000 ] || echo more; told=1001; return 0; }
  told=$((told + 1))
  printf '%s %s\n' "$1" "$2"
}

# An operation of the job is under way, or one has half landed: no verdict.
in_motion() {
  top_gen
  ! alive "$K/gen.$TOP" || return 0
  [ ! -e "$K/landing" ] || return 0
  for o in "$K"/ops/*; do
    if [ -d "$o" ] && [ ! -e "$o/receipt" ]; then return 0; fi
  done
  return 1
}

kept_list() {
  have=''
  [ ! -e "$K/list" ] || { read -r have _ <"$K/list"; } 2>/dev/null
}

begin_look() {
  seen='' told=0 name=$1 wants=$2 seconds=$3 version=$4
  case $name in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*) return 0 ;; esac
  case $seconds in '' | *[!0-9]*) return 0 ;; esac
  J=$B/jobs/$name K=$M/jobs/$name
  printf 'job %s\n' "$name"
  if in_motion; then echo busy; return 0; fi
  kept_list
  printf 'list %s\n' "$have"
  [ "$have" = "$wants" ] || return 0
  if [ -L "$J" ] || [ ! -d "$J" ]; then deviate gone .; return 0; fi
  cd "$J" 2>/dev/null || { echo busy; return 0; }
  seen=1
  [ ! -s "$K/digests" ] || compare_files
}

# A directory above $1 may not be entered.
hidden() {
  h=. r=$1
  while :; do
    [ ! -d "$h" ] || [ -x "$h" ] || return 0
    case $r in
      */*) h=$h/${r%%/*} r=${r#*/} ;;
      *) return 1 ;;
    esac
  done
}

# The digests of what can be asked: a file, or nothing at all.
askable() {
  while IFS= read -r line; do
    p=${line#*  }
    if [ -f "$p" ] || { [ ! -e "$p" ] && [ ! -L "$p" ]; }; then printf '%s\n' "$line"; fi
  done <"$K/digests"
}

# sha256sum follows symlinks and would wait for a FIFO for ever, so what is there is
# looked at first. What we may not read is nothing we know of.
compare_files() {
  dir='' odd='' unread=''
  while IFS= read -r p; do
    p=${p#*  }
    case $p in
      */*)
        if [ "${p%/*}" != "$dir" ]; then
          dir=${p%/*} through=''
          ! linked "$dir" || through=1
        fi
        [ -z "$through" ] || { deviate intheway "$p"; continue; }
        ;;
    esac
    if [ -L "$p" ]; then
      deviate symlink "$p"
      [ -f "$p" ] || odd=1
    elif [ -d "$p" ]; then
      deviate intheway "$p"
      odd=1
    elif [ -e "$p" ] && [ ! -f "$p" ]; then
      deviate nofile "$p"
      odd=1
    elif [ -f "$p" ] && [ ! -r "$p" ]; then
      unread=1
    fi
  done <"$K/digests"
  [ -n "$odd$unread" ] || ! LC_ALL=C $calmly sha256sum -c "$K/digests" >/dev/null 2>&1 || return 0
  askable | LC_ALL=C $calmly sha256sum -c - 2>/dev/null | while IFS= read -r line; do
    case $line in *': FAILED' | *': FAILED open or read') ;; *) continue ;; esac
    p=${line%: FAILED*}
    if [ ! -e "$p" ] && [ ! -L "$p" ]; then
      hidden "$p" || deviate gone "$p"
    elif [ -r "$p" ]; then
      deviate changed "$p"
    fi
  done
}

compare_link() {
  if [ ! -L "$2" ]; then
    if [ -d "$2" ]; then
      deviate intheway "$2"
    elif [ -e "$2" ]; then
      deviate symlink "$2"
    else
      hidden "$2" || deviate gone "$2"
    fi
    return 0
  fi
  [ -n "$links" ] || return 0
  sum=$(printf '%s' "$(readlink "./$2")" | sha256sum)
  [ "${sum%% *}" = "$1" ] || deviate symlink "$2"
}

# The paths behind its mode and owner, in one find. One that does not know what it is
# asked says nothing.
compare_attributes() {
  [ $# -gt 0 ] && [ -n "$mode_wanted" ] || return 0
  user=${owner_wanted%%:*} group=${owner_wanted#*:}
  [ "$owner_wanted" != - ] || user='' group=''
  find "$@" -prune -type f \( ! -perm "$mode_wanted" ${user:+-o ! -user "$user"} ${group:+-o ! -group "$group"} \) \
    2>/dev/null | while IFS= read -r p; do deviate mode "${p#./}"; done
}

# Runs `make status` in a session of its own, which is ended whole at its time; its own
# words stay here.
ask_status() {
  [ "$seconds" -gt 0 ] || return 0
  has_makefile || { echo "status missing"; return 0; }
  (
    CURRENT_VERSION=$version NEW_VERSION=$version
    export CURRENT_VERSION NEW_VERSION PWD
    unset SELF S GEN OLDPWD
    umask 022
    exec setsid make -s -- status
  ) </dev/null >/dev/null 2>&1 &
  group=$!
  (
    nap_pid='' off=''
    trap 'off=1; [ -z "$nap_pid" ] || kill -9 "$nap_pid" 2>/dev/null' TERM
    sleep "$seconds" &
    nap_pid=$!
    [ -z "$off" ] || kill -9 $nap_pid
    wait $nap_pid
    [ -z "$off" ] || exit 0
    kill -KILL -"$group" || kill -KILL "$group"
    exit 3
  ) </dev/null >/dev/null 2>&1 &
  dog=$!
  { wait $group; } 2>/dev/null
  rc=$?
  kill -TERM $dog 2>/dev/null
  { wait $dog; } 2>/dev/null
  if [ $? = 3 ]; then
    echo "status late"
  elif [ $rc = 0 ]; then
    echo "status runs"
  elif [ $rc = 2 ] && { target='status'; goal_missing; }; then
    echo "status missing"
  else
    printf 'status ended %s\n' $rc
  fi
}

# What began meanwhile makes an answer of two halves: no verdict.
end_look() {
  [ -n "$seen" ] || return 0
  ask_status
  kept_list
  if in_motion || [ "$have" != "$wants" ]; then echo busy; fi
  cd / || return 0
}

look() {
  command -v sha256sum >/dev/null || refuse ToolMissing sha256sum
  m_bucket='' m_worker='' m_id=''
  [ ! -e "$M/instance" ] || { read -r m_bucket m_worker m_id _ <"$M/instance"; } 2>/dev/null
  [ -n "$m_id" ] || refuse WorkerStateMissing "$M/instance is gone although jobs were deployed here"
  [ "$m_bucket $m_worker" = "$bucket $worker" ] || [ "$m_bucket $m_worker" = "$bucket ${was:-$worker}" ] ||
    refuse IdentityMismatch "$M/instance says bucket $m_bucket, worker $m_worker"
  [ -z "$instance" ] || [ "$m_id" = "$instance" ] ||
    refuse WorkerStateMissing "$M/instance is another one than when jobs were deployed here"
  top_epoch
  [ "$EPOCH" -le "$epoch" ] || refuse Fenced "epoch $EPOCH has been seen, this is $epoch"
  echo "reply looked"
  calmly='' links='' seen='' mode_wanted='' owner_wanted='' finished=''
  ! command -v nice >/dev/null || calmly='nice -n 19'
  ! command -v readlink >/dev/null || links=1
  set --
  while IFS= read -r line; do
    case $line in
      +*) [ -z "$seen" ] || set -- "$@" "./${line#+}" ;;
      *)
        [ -z "$seen" ] || compare_attributes "$@"
        set --
        mode_wanted=''
        ;;
    esac
    if [ $# -ge 500 ]; then compare_attributes "$@"; set --; fi
    rest=${line#* }
    case $line in
      job\ *)
        end_look
        set -f
        # shellcheck disable=SC2086 # words without blanks, but for the version at the end
        set -- $rest
        set +f
        begin_look "$1" "$2" "$3" "$4"
        set --
        ;;
      l\ *) [ -z "$seen" ] || compare_link "${rest%% *}" "${rest#* }" ;;
      x\ *) if [ -n "$seen" ] && [ -f "$rest" ] && [ ! -L "$rest" ] && [ ! -x "$rest" ]; then deviate mode "$rest"; fi ;;
      =*) line=${line#=} mode_wanted=${line%% *} owner_wanted=$rest ;;
      done) finished=1; break ;;
    esac
  done
  end_look
  [ -z "$finished" ] || printf '%s\n' "end $op"
  exit 0
}
