// What one hook may spend on the control host. Generous for a program that speaks with an API, and
// little enough that the daemon beside it goes on.
#pragma once

#include <chrono>
#include <cstdint>

namespace maand {

struct HookLimits {
  // Of everything that a hook started, together; looked at several times a second.
  std::uint64_t memory_bytes = 1ull << 30;
  int tasks = 512;  // processes and their threads
  // The kernel's own, of each of its processes.
  std::uint64_t data_bytes =
      2ull << 30;  // mapped to be written; an address space would be too little for node
  std::chrono::seconds cpu{600};
  std::uint64_t file_bytes = 1ull << 30;
  std::uint64_t open_files = 1024;
  // Output: passed on up to the first, read to nowhere up to the second, then it is stopped.
  std::uint64_t output_shown_bytes = 4ull << 20;
  std::uint64_t output_most_bytes = 64ull << 20;
  // From the signal that asks it to end to the one that does not ask.
  std::chrono::milliseconds mercy{2000};
};

}  // namespace maand
