# What `maand doctor` asks a worker, one finding a line; changes nothing. Read by sh as an errand,
# with MAAND_ROOT (worker_root) and BUCKET_ID.
# shellcheck shell=sh
for tool in cat chmod chown cp dd find id ln mkdir mv rm rmdir setsid sha256sum sleep sort sync tail tar uniq wc make; do
  command -v $tool >/dev/null || echo "missing $tool"
done
echo "time $(date +%s)"
user=${SUDO_USER:-$(id -un)}
echo "user $user"
echo "uid $(id -u)"

# The nearest directory of the root's path that is there.
there=$MAAND_ROOT
while [ ! -d "$there" ] && [ "$there" != / ] && [ -n "$there" ]; do there=${there%/*}; done
[ -n "$there" ] || there=/
if [ -w "$there" ]; then echo "writable yes"; else echo "writable no $there"; fi
df -Pk "$there" 2>/dev/null | while read -r _ _ _ free _; do
  case $free in *[!0-9]* | '') ;; *) echo "free_kb $free" ;; esac
done
# A target whose program lies on such a file system does not run.
mount=$(df -P "$there" 2>/dev/null | while read -r _ _ _ _ _ point; do echo "$point"; done)
mount=${mount##*
}
while read -r _ point _ options _; do
  [ "$point" = "$mount" ] || continue
  case ",$options," in *,noexec,*) echo "option noexec $point" ;; esac
  case ",$options," in *,ro,*) echo "option ro $point" ;; esac
done </proc/mounts

for key in /etc/ssh/ssh_host_*_key.pub /etc/dropbear/*.pub; do
  [ -r "$key" ] && read -r type _ <"$key" && echo "host_key $type"
done

# Does logind end what a login leaves running?
property() {
  busctl --timeout=5 get-property org.freedesktop.login1 /org/freedesktop/login1 \
    org.freedesktop.login1.Manager "$1" 2>/dev/null
}
kills=''
if command -v busctl >/dev/null; then
  case $(property KillUserProcesses) in
    'b true') kills=yes ;;
    'b false') kills=no ;;
  esac
  if [ "$kills" = yes ]; then
    case $(property KillExcludeUsers) in *"\"$user\""*) kills=no ;; esac
  fi
fi
if [ -z "$kills" ] && [ -d /run/systemd/system ]; then
  for file in /etc/systemd/logind.conf /etc/systemd/logind.conf.d/*.conf; do
    [ -r "$file" ] || continue
    while IFS='=' read -r key value; do
      [ "$key" != KillUserProcesses ] || kills=$value
    done <"$file"
  done
fi
case $kills in yes | true | 1 | on) echo "kills yes" ;; esac

for marker in "$MAAND_ROOT"/*/.maand/instance; do
  [ -r "$marker" ] || continue
  read -r bucket worker id _ <"$marker"
  other=${marker%/.maand/instance}
  if [ "${other##*/}" = "$BUCKET_ID" ]; then
    echo "marker $bucket $worker $id"
  else
    echo "bucket ${other##*/}"
  fi
done
echo 'done'
