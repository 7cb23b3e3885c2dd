# One errand: a script that somebody wants run here now, and that is no operation of
# any job. Joined behind worker_script.sh and fed to /bin/sh like the other program.
#
# Four processes: the front (child of sshd) starts the rest and says how it ended; the
# errand itself, in a session of its own, so that its group can be ended alone; the relay,
# which passes its output on; the ticker, which notices that time is over or that nobody
# listens any more. Nothing is written to this machine's disk: an errand may be looking
# why the disk is full. It holds no lock and changes nothing of .maand.
#
# Stdin: `key value` lines (id, dir, limit, shell, set NAME VALUE), an empty line, the
# errand's text, and a last line `maand-end <id>`. Stdout: `maand1 hello`, `.` every second,
# `late`, `cut`, `exit <status>`, `refused <condition> <detail>`, `end <id>`. Stderr: output.
# shellcheck shell=sh disable=SC2154,SC2034,SC2016 # names shared with worker_script.sh

errand_header() {
  complete='' id='' dir='' limit='' errand_shell=$SH
  while IFS= read -r line; do
    [ -n "$line" ] || { complete=1; break; }
    value=${line#* }
    case ${line%% *} in
      id) id=$value ;;
      dir) dir=$value ;;
      limit) limit=$value ;;
      shell) [ "$value" != bash ] || ! command -v bash >/dev/null || errand_shell=bash ;;
      set)
        name=${value%% *}
        case $name in '' | [!A-Z]* | *[!A-Z_]*) return ;; esac
        export "$name=${value#* }"
        ;;
    esac
  done
  case $id in '' | *[!0-9a-f]*) complete='' ;; esac
  case $limit in '' | *[!0-9]*) complete='' ;; esac
}

# What the errand's own shell is given: none of our functions may answer to a name the
# text uses, and no command line may hold the text. Its first line is for the relay.
ERRAND='umask 022
printf "%s\n" "$$"
MAAND_TEXT=$(cat)
case $MAAND_TEXT in
  *"$MAAND_MARK") MAAND_TEXT=${MAAND_TEXT%"$MAAND_MARK"} ;;
  *) echo cut >&4; exit 97 ;;
esac
exec </dev/null 4>&-
# Not in the home of the login: what is meant for the bucket would act there.
[ -z "$MAAND_DIR" ] || cd "$MAAND_DIR" 2>/dev/null || cd / || exit 97
unset MAAND_MARK MAAND_DIR
eval "unset MAAND_TEXT; $MAAND_TEXT"'

carry_out_errand() {
  MAAND_MARK="${NL}maand-end $id" MAAND_DIR=$dir
  export MAAND_MARK MAAND_DIR
  # What a shell says of a child that was killed is not the errand's. In a subshell,
  # because dash redirects a command's stderr in the shell that waits for it.
  exec 2>/dev/null
  (exec setsid "$errand_shell" -c "$ERRAND" maand 2>&1)
  echo "exit $?" >&4
}

errand_alive() {
  [ -n "$begun" ] && start_of "$group" && [ "$START" = "$begun" ]
}

# Ends the errand's whole group; 5 s later without mercy.
end_errand() {
  errand_alive || return 0
  kill -TERM -"$group" 2>/dev/null
  tries=50
  while [ $tries -gt 0 ] && errand_alive; do
    nap 0.1 3<&- 4>&-
    tries=$((tries - 1))
  done
  kill -KILL -"$group" 2>/dev/null
}

up_seconds() {
  read -r up _ </proc/uptime
  up=${up%.*}
}

# passed := bytes the relay has read so far; empty where the kernel does not tell.
count_passed() {
  passed=''
  { IFS= read -r passed <"/proc/$relay/io"; } 2>/dev/null
}

# What an errand left running may hold its output open for ever. After the errand's end,
# three seconds without a byte, or its limit, nobody is listened to any more.
tick() {
  trap '' PIPE
  up_seconds
  end=$((up + limit)) idle=0 before=none
  while :; do
    nap 1 3<&- 4>&-
    up_seconds
    if ! echo . >&4; then
      end_errand
    elif [ "$up" -ge $end ] && errand_alive; then
      echo late >&4
      end_errand
    fi
    if errand_alive; then continue; fi
    count_passed
    if [ "$passed" = "$before" ]; then idle=$((idle + 1)); else idle=0; fi
    before=$passed
    if [ $idle -ge 3 ] || [ "$up" -ge $end ]; then kill -9 $relay; fi
  done
}

relay_output() {
  exec 3<&0 </dev/null
  IFS= read -r group <&3 || group=''
  begun=''
  case $group in
    '' | *[!0-9]*) printf '%s\n' "$group" >&2 ;;
    *) ! start_of "$group" || begun=$START ;;
  esac
  cat <&3 >&2 3<&- 4>&- &
  relay=$!
  tick >/dev/null 2>&1 &
  ticker=$!
  { wait $relay; } 2>/dev/null
  rc=$?
  # 0: the errand has closed its output. 137: the ticker saw that it has ended.
  case $rc in 0 | 137) ;; *) end_errand ;; esac
  while errand_alive; do nap 0.2 3<&- 4>&-; done
  { kill -9 $ticker && wait $ticker; } 2>/dev/null
  # What still runs of it goes on writing, to nobody; without a reader that would end it.
  if [ $rc = 137 ]; then setsid cat <&3 >/dev/null 2>&1 3<&- 4>&- & fi
}

errand() {
  echo "maand1 hello"
  errand_header
  [ -n "$complete" ] || exit 0
  for tool in cat kill setsid sleep; do
    command -v $tool >/dev/null || { echo "refused ToolMissing $tool"; echo "end $id"; exit 0; }
  done
  exec 4>&1
  carry_out_errand | relay_output
  echo "end $id"
  exit 0
}

SH=$1
errand
