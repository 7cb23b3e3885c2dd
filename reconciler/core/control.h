// The seam between the daemon and whoever looks at it or steers it: HTTP, the
// unix socket, the command line. `reconciler/app` implements it, `reconciler/http`
// serves it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace maand {

// R6.1.
struct HealthState {
  bool alive = false;  // the reconcile thread serves its queue
  bool ready = false;  // the store can be written and the remote was tried once
  std::string why;     // one line; empty when alive and ready
};

// Snapshots, rendered. Thread-safe; never waits for a pass.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  virtual HealthState health() const = 0;
  // JSON documents of `GET /api/v1/…`.
  virtual std::string status_json() const = 0;
  virtual std::string commits_json(std::size_t limit) const = 0;  // past passes, newest first
  virtual std::string allocations_json() const = 0;
  virtual std::optional<std::string> job_json(const std::string& name) const = 0;  // nullopt: no such job
  virtual std::string plan_json() const = 0;
  // Prometheus text format 0.0.4.
  virtual std::string metrics_text() const = 0;
};

// What became of an operator's word.
struct ControlReply {
  enum class Kind { kDone, kUnknownSubject, kRefused } kind = Kind::kDone;
  std::string text;  // one sentence
};

// Thread-safe. Each call is answered within a few seconds, also in the middle of
// a pass. `actor` goes into the audit.
class Controls {
 public:
  virtual ~Controls() = default;
  virtual ControlReply reconcile(const std::string& actor) = 0;
  virtual ControlReply retry(const std::string& job, const std::string& actor) = 0;
  virtual ControlReply release(const std::string& subject, const std::string& actor) = 0;  // commit or job
};

}  // namespace maand
