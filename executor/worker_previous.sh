# Role `run` (see worker_script.sh): what was confirmed is kept, and can be put back (R5.2).
# shellcheck shell=sh disable=SC2154,SC2034 # names shared with worker_script.sh

# Copies the paths of list $1 from $2 to $3 as they are, one cp for each directory.
copy_list() {
  c_list=$1 c_from=$2 c_to=$3 c_dir=''
  set --
  while IFS= read -r p; do
    case $p in */*) d=${p%/*} ;; *) d=. ;; esac
    if [ "$d" != "$c_dir" ] || [ $# -ge 500 ]; then
      if [ $# -gt 0 ]; then LC_ALL=C cp -pP "$@" "$c_to/$c_dir/" || return 1; fi
      set --
      c_dir=$d
      [ -d "$c_to/$d" ] || LC_ALL=C mkdir -p "$c_to/$d" || return 1
    fi
    set -- "$@" "$c_from/$p"
  done <"$c_list"
  [ $# = 0 ] || LC_ALL=C cp -pP "$@" "$c_to/$c_dir/"
}

# Are the files below $1 those of the digest list $2?
intact() {
  [ ! -s "$2" ] || (cd "$1" && sha256sum -c "$2") >/dev/null 2>&1
}

# Before anything lands over it, list $keep is copied: it was confirmed here. What is
# kept stays until another list is, whatever lands meanwhile; copies, since files
# are written in place. Only what has the digests of its list is kept. The copy has
# a name of its own until it is whole, so a crash leaves the old one or both.
keep_previous() {
  P=$M/previous/$job
  if [ "$keep" = none ] || [ -n "$half_landed" ]; then return 0; fi
  have=''
  [ ! -e "$K/list" ] || read -r have _ <"$K/list"
  [ "$have" = "$keep" ] && [ -e "$K/paths" ] || return 0
  if [ -d "$P/$keep" ]; then
    ! intact "$P/$keep/f" "$P/$keep/digests" || return 0
    rm -rf "${P:?}/$keep"
  fi
  N=$P/$keep.$op
  if ! problem=$({ mkdir -p "$N/f" && copy_list "$K/paths" "$J" "$N/f" &&
    cp "$K/paths" "$K/digests" "$N/" && keep_ports && printf '%s\n' "$current" >"$N/version"; } 2>&1); then
    rm -rf "$N"
    # A file that is gone is none of ours to keep; a rollout without a way back is.
    case $problem in *'No space'* | *uota* | *ead-only*) give_up 16 "${problem%%"$NL"*}" ;; esac
    return 0
  fi
  if ! intact "$N/f" "$N/digests"; then rm -rf "$N"; return 0; fi
  if ! { (cd "$N" && find . -type f -exec sync {} +) && mv -T "$N" "$P/$keep" && sync "$P"; }; then
    give_up 16 "cannot write below $P"
  fi
  for d in "$P"/*; do [ "$d" = "$P/$keep" ] || rm -rf "$d"; done
}

keep_ports() {
  [ ! -e "$K/ports" ] || cp "$K/ports" "$N/"
}

# What is to be put back goes into the stage, and lands like what has travelled.
stage_previous() {
  have=''
  [ ! -e "$K/list" ] || read -r have _ <"$K/list"
  # The failed operation never came to landing anything.
  [ "$have" != "$list" ] || [ -n "$half_landed" ] || ! intact "$J" "$S/meta/digests" || return 0
  P=$M/previous/$job/$list
  [ -d "$P" ] || give_up 19 "what was confirmed before is not kept on this worker"
  problem=$({ mkdir -p "$S/f" && copy_list "$S/meta/paths" "$P/f" "$S/f"; } 2>&1) ||
    give_up 16 "${problem%%"$NL"*}"
  intact "$S/f" "$S/meta/digests" || give_up 19 "what was kept of before is damaged"
}

