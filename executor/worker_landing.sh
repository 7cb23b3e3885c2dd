# How staged files become those of the job (see worker_script.sh). Part of role `run`.
# shellcheck shell=sh disable=SC2154,SC2034 # names shared with worker_script.sh

# LINK := the component of jobs/<job>/$1 that is a symlink; fails when none is.
linked() {
  LINK=$J rest=$1
  [ ! -L "$J" ] || return 0
  while [ -n "$rest" ]; do
    LINK=$LINK/${rest%%/*}
    [ ! -L "$LINK" ] || return 0
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
  done
  return 1
}

# Is $1 about to be deleted (list of paths in $2)?
listed() {
  while IFS= read -r p; do [ "$J/$p" != "$1" ] || return 0; done <"$2"
  return 1
}

# R3.2: written in place. What cannot be written to is replaced like the rest.
in_place() {
  [ -f "$1" ] && [ ! -L "$1" ] && [ ! -x "$1" ] && [ -f "$2" ] && [ ! -L "$2" ] && [ ! -x "$2" ] && [ -w "$2" ]
}

# Lands the collected names of one directory, by cp (in place) or by mv.
land() {
  how=$1
  shift
  [ $# -gt 0 ] || return 0
  # Renamed files were synced while they lay in the stage, these were not.
  cd "$from/f/$d" || return 1
  if [ "$how" = cp ]; then
    LC_ALL=C cp ${as_kept:+"$as_kept"} "$@" "$to/" && cd "$to" && sync "$@" || return 1
  else
    LC_ALL=C mv -f "$@" "$to/" || return 1
  fi
  cd "$from" || return 1
}

# Lands what lies in operation directory $1. May be repeated at any point: the
# copies for files written in place stay until the end, the others are gone
# from the stage once they have landed. Runs in the runner itself: a subshell
# would outlive a killed runner and land old files over those of the next one.
apply() {
  from=$1
  umask 022
  # A job that was renamed brings its directory along, data and all. What was shipped
  # to it is in our list of deletions, and lands anew or goes.
  if [ -s "$from/moves" ]; then
    read -r a_moves <"$from/moves"
    a_moves=$B/jobs/$a_moves
    if [ -d "$a_moves" ] && [ ! -L "$a_moves" ] && [ ! -e "$J" ]; then
      mv -T "$a_moves" "$J" && sync "$B/jobs" || return 1
    fi
  fi
  cd "$from" || return 1
  # Deletions first: a file may make room for a directory.
  if [ -s delete ]; then
    set --
    while IFS= read -r p; do
      # The second time a file may stand where its directory was: not every rm takes that for gone.
      case $p in */*) if linked "${p%/*}" || [ ! -d "$J/${p%/*}" ]; then continue; fi ;; esac
      if [ ! -d "$J/$p" ] || [ -L "$J/$p" ]; then set -- "$@" "./$p"; fi
      if [ $# -ge 500 ]; then sweep "$@" || return 1; set --; fi
    done <delete
    sweep "$@" || return 1
  fi
  if [ -s meta/dirs ]; then
    set --
    while IFS= read -r d; do
      ! linked "$d" || { echo "$LINK is a symlink" >&2; return 1; }
      [ -d "$J/$d" ] || set -- "$@" "$J/$d"
    done <meta/dirs
    [ $# = 0 ] || LC_ALL=C mkdir -p "$@" || return 1
    if [ -s meta/attributes ]; then give_attributes || return 1; fi
    # The worker's own way back knows permissions and owners by the copy alone.
    as_kept=''
    [ ! -e as_kept ] || as_kept=-p
    while IFS= read -r d; do
      to=$J/$d
      [ -d "f/$d" ] || continue
      for how in cp mv; do
        set --
        for f in "f/$d"/* "f/$d"/.[!.]* "f/$d"/..?*; do
          if [ ! -L "$f" ] && [ ! -f "$f" ]; then continue; fi
          name=${f##*/}
          if in_place "$f" "$to/$name"; then kind='cp'; else kind='mv'; fi
          [ "$kind" != "$how" ] || set -- "$@" "./$name"
          if [ $# -ge 500 ]; then land "$how" "$@" || return 1; set --; fi
        done
        land "$how" "$@" || return 1
      done
    done <meta/dirs
  fi
  umask 077
  set --
  for f in meta/paths meta/digests meta/ports meta/list; do [ ! -e $f ] || set -- "$@" $f; done
  [ $# = 0 ] || mv -f "$@" "$K/" || return 1
  # Of the old name nothing is kept that would land, or be deleted, a second time.
  if [ -s moves ]; then
    read -r a_moves <moves
    a_moves=$M/jobs/$a_moves
    mkdir -p "$a_moves" && printf '%s\n' "$job ${from##*/}" >"$a_moves/moved" || return 1
    rm -f "$a_moves/list" "$a_moves/paths" "$a_moves/digests" "$a_moves/ports" || return 1
  fi
  printf '' >applied
  rm -rf "$K/landing" f meta delete end
}

# Permissions and owners of what is about to land: of the copy in the stage, and of
# the file it is written into, before any byte of a secret is in it.
give_attributes() {
  set --
  while IFS= read -r line; do
    case $line in
      =*)
        attribute "$@" || return 1
        set --
        line=${line#=} a_mode=${line%% *} a_owner=${line#* }
        [ "$a_owner" != . ] || a_owner=$(id -u):$(id -g)
        ;;
      *)
        line=${line#+}
        if [ -f "f/$line" ] && [ ! -L "f/$line" ]; then set -- "$@" "./f/$line"; fi
        if [ -f "$J/$line" ] && [ ! -L "$J/$line" ]; then set -- "$@" "$J/$line"; fi
        if [ $# -ge 500 ]; then attribute "$@" || return 1; set --; fi
        ;;
    esac
  done <meta/attributes
  attribute "$@"
}

# The owner first: chown takes the set-id bits, and a new owner must not see more.
attribute() {
  [ $# -gt 0 ] || return 0
  if [ "$a_owner" != - ]; then LC_ALL=C chown "$a_owner" "$@" || return 1; fi
  LC_ALL=C chmod "$a_mode" "$@" && sync "$@"
}

# Deletes paths below the job, and directories that became empty.
sweep() {
  [ $# -gt 0 ] && [ -d "$J" ] || return 0
  cd "$J" || return 1
  rm -f "$@" || return 1
  for p; do
    shift
    p=${p%/*}
    [ "$p" = . ] || [ ! -d "$p" ] || set -- "$@" "${p#./}"
  done
  [ $# = 0 ] || rmdir -p "$@" 2>/dev/null
  cd "$from" || return 1
}

