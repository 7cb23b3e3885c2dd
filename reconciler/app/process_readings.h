// What the kernel says of this process, for the `process_*` metrics.
#pragma once

#include <cstdint>
#include <string>

namespace maand {

struct ProcessReadings {
  double cpu_seconds = 0;         // user and system
  double start_time_seconds = 0;  // since the epoch
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
};

// Any thread; about 30 µs and one more per open descriptor. What cannot be read is 0.
ProcessReadings read_process();

// The part that is in /proc/<pid>/stat. `boot_seconds`: since the epoch; `ticks`: of
// the kernel's clock in a second; `page_bytes`: of one page. Any text gives a value.
ProcessReadings process_from_stat(const std::string& stat, double boot_seconds, double ticks,
                                  double page_bytes);

}  // namespace maand
