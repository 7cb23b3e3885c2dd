// The seam to whoever opens the secrets of git (core/git_secrets.h): a program with a key, which
// takes its time. Implemented by gitsource/age_opener.
#pragma once

#include <string>

#include "reconciler/core/model.h"
#include "reconciler/core/values.h"

namespace maand {

// Thread-safe; never throws.
class SecretOpener {
 public:
  virtual ~SecretOpener() = default;
  // Opens all secrets of a job, so that open() will not wait. For threads that may wait.
  virtual void open_ahead(const Job& job) = 0;
  // At once where it was opened before and is remembered.
  // What does not open is tried again once the key is another one; what fails alike for all of them (no
  // program, no time) after some seconds.
  virtual RevealedSecret open(const JobName& job, const std::string& key, const std::string& sealed) = 0;
};

}  // namespace maand
