// Clients that open a request and never finish it: each sends a byte a second, and
// whoever is let go comes back. All of them live on one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace maand::testing {

// As many descriptors as this process may have: a thousand clients need theirs here too.
void allow_many_descriptors();

class Drippers {
 public:
  // Drips on 127.0.0.1:`port` until destroyed. Returns when each has sent its first byte.
  Drippers(int port, std::size_t count);
  ~Drippers();
  Drippers(const Drippers&) = delete;
  Drippers& operator=(const Drippers&) = delete;

  std::size_t come_back() const { return come_back_; }  // how often somebody was let go and returned

 private:
  void run();
  int connect() const;

  const int port_;
  std::vector<int> clients_;
  std::atomic<std::size_t> come_back_{0};
  std::atomic<bool> leaving_{false};
  std::thread thread_;
};

}  // namespace maand::testing
