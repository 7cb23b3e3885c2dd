// What the loop is like at the moment of a scrape: plain values, filled by the
// status board, rendered by metrics_gauges.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "reconciler/app/loop_meter.h"
#include "reconciler/app/process_readings.h"
#include "reconciler/core/applied.h"
#include "reconciler/core/authority.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/status.h"

namespace maand {

struct Readings {
  std::string bucket_id;
  std::string bucket_name;

  bool alive = false;
  bool ready = false;
  bool store_writable = true;
  std::chrono::nanoseconds heartbeat_age{0};

  Phase phase = Phase::kIdle;
  PassState state = PassState::kPending;  // of the newest judged commit
  std::string source_state;               // R1.3
  bool head_applied = true;               // also when there is no head
  WallTime head_committed{};              // unset: not known
  WallTime applied_committed{};

  std::map<std::string, std::size_t> allocations;  // by state
  std::map<Health, std::size_t> running;           // running ones by health
  std::map<DriftKind, std::size_t> drifted;        // allocations (R5.9)
  std::map<Reason, std::size_t> held;              // jobs
  std::map<Reason, std::size_t> waiting;           // jobs
  std::map<JobReport::State, std::size_t> rollout_jobs;
  std::map<AllocationReport::State, std::size_t> rollout_allocations;
  std::map<WorkerCondition, std::size_t> set_aside;  // workers
  std::size_t workers = 0;                           // of the commit that is converged to
  std::size_t jobs = 0;
  std::size_t notes_waiting = 0;
  bool bucket_suspended = false;  // R5.5
  std::size_t jobs_suspended = 0;
  Authority::Kind authority = Authority::Kind::kOurs;  // R3.12, R7.3
  std::uint64_t epoch = 1;
  std::size_t abandoned = 0;  // R3.9

  std::map<std::string, std::optional<WallTime>> certificates;  // by name; nullopt: cannot be read
  ProcessReadings process;
};

}  // namespace maand
