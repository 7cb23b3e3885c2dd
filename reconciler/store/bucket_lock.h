// One daemon (or one command that writes) per bucket: an flock on `data/lock`.
//
// The kernel drops the lock with the process, however it ends, so a lock file
// that lies there means nothing by itself and is never removed. The pid in it is
// for people.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace maand {

// Another process has the bucket (exit status 5).
class BucketBusy : public std::runtime_error {
 public:
  BucketBusy(const std::string& message, pid_t pid) : std::runtime_error(message), pid_(pid) {}
  pid_t pid() const { return pid_; }  // 0: not known

 private:
  pid_t pid_;
};

class BucketLock {
 public:
  // Takes the lock or throws at once: BucketBusy, or StoreError when the file
  // cannot be made. `data_directory` must exist.
  explicit BucketLock(const std::filesystem::path& data_directory);
  ~BucketLock();
  BucketLock(const BucketLock&) = delete;
  BucketLock& operator=(const BucketLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace maand
