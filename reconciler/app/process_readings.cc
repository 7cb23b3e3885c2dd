#include "reconciler/app/process_readings.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace maand {
namespace {

std::string content(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

double boot_time() {
  std::ifstream in("/proc/stat");
  std::string word;
  for (double value = 0; in >> word;) {
    if (word == "btime" && in >> value) return value;
  }
  return 0;
}

}  // namespace

ProcessReadings process_from_stat(const std::string& stat, double boot_seconds, double ticks,
                                  double page_bytes) {
  // The second field is the program's name in brackets, and may hold anything.
  ProcessReadings out;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || ticks <= 0) return out;
  std::istringstream rest(stat.substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
  // proc(5) counts from 1, and the state is its third.
  const auto field = [&](std::size_t number) {
    if (number - 3 >= fields.size()) return 0.0;
    std::istringstream in(fields[number - 3]);
    double value = 0;
    in >> value;
    return value;
  };
  out.cpu_seconds = (field(14) + field(15)) / ticks;
  out.start_time_seconds = boot_seconds + field(22) / ticks;
  out.virtual_bytes = field(23);
  out.resident_bytes = field(24) * page_bytes;
  return out;
}

ProcessReadings read_process() {
  static const double boot = boot_time();
  ProcessReadings out =
      process_from_stat(content("/proc/self/stat"), boot, static_cast<double>(sysconf(_SC_CLK_TCK)),
                        static_cast<double>(sysconf(_SC_PAGESIZE)));
  std::error_code error;
  std::filesystem::directory_iterator fds("/proc/self/fd", error);
  for (; !error && fds != std::filesystem::directory_iterator(); fds.increment(error)) ++out.open_fds;
  if (out.open_fds > 0) --out.open_fds;  // the one that looked
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) out.max_fds = static_cast<double>(limit.rlim_cur);
  return out;
}

}  // namespace maand
