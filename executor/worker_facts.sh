# What a worker has: `memory_kb N`, `cpus N`, `mhz N` (workspace.md 11.3). Read by sh as an errand.
# shellcheck shell=sh
while read -r key value _; do
  [ "$key" != MemTotal: ] || echo "memory_kb $value"
done </proc/meminfo
cpus=0 mhz=''
while IFS=: read -r key value; do
  case $key in
    processor*) cpus=$((cpus + 1)) ;;
    'cpu MHz'*) [ -n "$mhz" ] || mhz=${value# } ;;
  esac
done </proc/cpuinfo
# Other architectures count otherwise, or not at all.
[ $cpus -gt 0 ] || cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null)
echo "cpus $cpus"
if [ -z "$mhz" ] && read -r khz 2>/dev/null </sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq; then
  mhz=$((khz / 1000))
fi
if [ -z "$mhz" ] && command -v lscpu >/dev/null; then
  mhz=$(LC_ALL=C lscpu | while IFS=: read -r key value; do
    case $key in 'CPU max MHz') echo "${value##* }" ;; esac
  done)
fi
echo "mhz $mhz"
