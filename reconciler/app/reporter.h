// Observer → log lines.
//
// Text: `2026-11-23T10:00:00.123Z info  operation_ended job=api worker=10.0.0.1 … a sentence`;
// JSON: the same fields, one object a line. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <utility>

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

  // Which bucket the lines are of, where a daemon serves several. Before others may tell it something.
  void name(std::string bucket) { bucket_ = std::move(bucket); }
  // A sentence about the bucket as a whole that somebody should look at.
  void warn(const std::string& text);

  void on(const Event& event) override;

 private:
  struct Log;
  void write(const Event& event, int at_level);
  std::unique_ptr<Log> log_;
  std::string bucket_;
  const bool json_;
};

}  // namespace maand
