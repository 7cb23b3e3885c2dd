// Observer → log lines.
//
// Text: `2026-11-23T10:00:00.123Z info  operation_ended job=api worker=10.0.0.1 … a sentence`;
// JSON: the same fields, one object a line. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "reconciler/core/ports.h"

namespace maand {

struct LogOptions {
  std::string level = "info";  // trace, debug, info, warn, error, off
  bool json = false;           // --log-format json
};

class Reporter : public Observer {
 public:
  // Writes to stderr.
  explicit Reporter(const LogOptions& options);
  ~Reporter() override;

  void on(const Event& event) override;

 private:
  struct Log;
  std::unique_ptr<Log> log_;
  const bool json_;
};

}  // namespace maand
