// Runner over a Transport: one exec carries files, target and receipt (R3.2 to R3.7).
//
// A lost connection never repeats a target and never forgets one: once the call
// may have begun, the worker is asked for the operation by its id until it
// answers or cannot be reached any more (kUnknown; the operation stays open and
// is settled by a later pass). That ends at the latest when the target's limit,
// `grace` and `lost_for` are over, whatever the worker does; where a worker goes back by
// itself (Operation::confirm) and the target failed, once it could have.
//
// Cost per operation on an open session: one exec; per worker and pass one
// connection, kept between operations until release_connections().
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "executor/transport.h"
#include "reconciler/core/ports.h"

namespace maand {

struct RemoteRunnerOptions {
  std::string worker_root = "/opt/worker";
  BucketId bucket_id;
  int sessions_per_worker = 4;
  int max_threads = 64;                // operations and contacts under way at once, and as many probes
  int max_looks = 8;                   // at drift under way at once
  std::filesystem::path ca_file = {};  // of the bucket, for https probes; may be absent
  // A worker that was lost in the middle of an operation is tried for so long.
  std::chrono::milliseconds lost_for{30'000};
  // Beyond the target's own limit: landing files, ending its group, the receipt.
  std::chrono::milliseconds grace{180'000};
  std::uint64_t max_output_bytes = 64u << 20;  // of one operation; the rest is dropped
};

class RemoteRunner : public Runner {
 public:
  // All must outlive the runner.
  RemoteRunner(RemoteRunnerOptions options, Transport& transport, Blobs& blobs, OutputSink& output);
  ~RemoteRunner() override;  // answers everything, then ends

  void submit(const Operation& operation, OutcomeSink sink) override;
  void ask(const Operation& operation, OutcomeSink sink) override;
  void confirm(const Operation& operation, OutcomeSink sink) override;
  void contact(const Endpoint& endpoint, ContactSink sink) override;
  void recall(const Endpoint& endpoint, const WorkerHost& was, RecallSink sink) override;
  void probe(const Endpoint& endpoint, const HealthSpec& spec, HealthSink sink) override;
  void look(const LookCall& call, LookSink sink) override;
  void release_connections() override;
  void stop() override;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace maand
