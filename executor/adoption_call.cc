#include "executor/adoption_call.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "executor/sync.h"
#include "executor/worker_call.h"
#include "reconciler/core/ports.h"

namespace maand {
namespace {

constexpr std::chrono::seconds kLimit{120};
constexpr std::size_t kMaxReplyBytes = 64 * 1024;

// No file of a list that differs in nothing travels, so nothing is ever read.
class NoBlobs : public Blobs {
 public:
  std::shared_ptr<const std::string> read(const BlobId& blob) override {
    throw SourceError(SourceProblem::kOther, "no file travels, and " + blob.str() + " was asked for");
  }
};

}  // namespace

Outcome record_as_shipped(Connection& connection, const Operation& given, const std::string& worker_root,
                          const BucketId& bucket) {
  Operation operation = given;
  operation.base = operation.files;  // for the stream; the header says that any list may lie there
  operation.worker_json.clear();
  operation.jobs_json.clear();
  const std::string prologue = call_prologue(worker_root, bucket, operation, CallKind::kRun, true, 0);
  NoBlobs none;
  TarStream tar(members_of(operation, false), &none);
  bool prologue_sent = false;
  std::string answer;
  const CommandResult result = connection.run(
      worker_command(operation.endpoint.use_sudo),
      [&]() -> std::string_view {
        if (!std::exchange(prologue_sent, true)) return prologue;
        return tar.next();
      },
      [&](std::string_view bytes) {
        if (answer.size() < kMaxReplyBytes) answer += bytes;
      },
      [](std::string_view) {}, std::chrono::steady_clock::now() + kLimit);
  if (const auto reply = parse_reply(answer, operation.id)) return outcome_of(*reply);
  Outcome outcome;
  outcome.kind = OutcomeKind::kUnknown;
  outcome.condition =
      result.condition == WorkerCondition::kNone ? WorkerCondition::kUnreachable : result.condition;
  outcome.detail = result.detail.empty() ? "it gave no answer" : result.detail;
  return outcome;
}

}  // namespace maand
