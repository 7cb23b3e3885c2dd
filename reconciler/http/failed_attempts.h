// Who tried which often with credentials that are none: what is answered less
// politely, and what is worth a line in the log.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace maand {

// Thread-safe. Remembers a bounded number of sources; those beyond share one place.
class FailedAttempts {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kWindow{60};
  static constexpr int kPerWindow = 20;
  static constexpr std::size_t kSources = 1024;

  struct Verdict {
    bool too_many = false;  // more than kPerWindow of this source in its window
    bool tell = false;      // the first of its window
  };
  Verdict add(const std::string& source, Time now);

 private:
  struct Window {
    Time begun;
    int count = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Window> windows_;
};

}  // namespace maand
