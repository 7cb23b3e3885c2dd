#include "reconciler/cli/commands/why.h"

#include <filesystem>
#include <iostream>
#include <vector>

#include "reconciler/cli/allocation_name.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/explanation.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/listing_text.h"
#include "reconciler/cli/status_document.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostLineBytes = 4000;
constexpr std::size_t kMostNotPlaced = 20;

void print(const std::string& text) { std::cout << printable(text, kMostLineBytes) << "\n"; }

// The command that ends a hold; empty where only a commit, a worker or time does.
std::string way_out(Reason reason) {
  switch (reason) {
    case Reason::kTargetFailed:
    case Reason::kMissingTarget:
    case Reason::kGateFailed:
    case Reason::kNotConfirmed:
    case Reason::kProgressTimeout:
    case Reason::kRebootLoop:
    case Reason::kStopFailed:
      return "retry";
    case Reason::kRemovalBudget:
    case Reason::kUnavailable:
    case Reason::kBlocked:
      return "release";
    default:  // of an operator's order the detail says how it ends
      return "";
  }
}

void print_json(const Explanation& answer) {
  std::vector<std::string> allocations;
  for (const auto& one : answer.allocations) {
    allocations.push_back(JsonObject()
                              .text("job", one.key.job.str())
                              .text("worker", one.key.worker.str())
                              .text("action", one.action)
                              .text("reason", one.reason)
                              .text("sentence", one.sentence)
                              .text("waits_for", one.waits)
                              .text("capacity", one.capacity)
                              .str());
  }
  std::cout << JsonObject()
                   .text("job", answer.job.str())
                   .text("commit", answer.commit)
                   .text("state", answer.state)
                   .text("reason", answer.reason)
                   .text("detail", answer.detail)
                   .texts("problems", answer.problems)
                   .raw("allocations", json_array(allocations))
                   .texts("not_placed", answer.not_placed)
                   .raw("ports", json_of(answer.ports))
                   .text("reserves", answer.reserves)
                   .str()
            << "\n";
}

void print_text(const Explanation& answer, const std::string& label, bool color) {
  print("At " + label + ":");
  if (!answer.state.empty()) {
    const char* words = explain(reason_from(answer.reason));
    std::cout << "  "
              << inked(answer.job.str() + (answer.held ? " is held" : " waits"),
                       answer.held ? Ink::kBad : Ink::kWarn, color)
              << "  " << answer.reason << (*words ? ", " : "") << words;
    print(answer.detail.empty() ? "" : ": " + answer.detail);
    const std::string word = way_out(reason_from(answer.reason));
    if (!word.empty()) print("    `maand " + word + " " + answer.job.str() + "` lets it go on");
  }
  for (const std::string& problem : answer.problems) print("  " + problem);
  for (const auto& one : answer.allocations) {
    print("  " + one.sentence + "  " + one.reason);
    if (!one.waits.empty()) print("    " + one.waits);
    if (!one.capacity.empty()) print("    " + one.capacity);
  }
  if (!answer.reserves.empty()) print("  " + answer.reserves);
  for (const std::vector<std::string>& port : answer.ports.rows)
    print("  port " + port[1] + " is " + port[2] + ", from the " + port[3]);
  for (std::size_t i = 0; i < answer.not_placed.size() && i < kMostNotPlaced; ++i)
    print("  " + answer.not_placed[i]);
  if (answer.not_placed.size() > kMostNotPlaced) {
    print("  and " + std::to_string(answer.not_placed.size() - kMostNotPlaced) + " workers more");
  }
}

}  // namespace

int run_why(const Context& context, const WhyOptions& options) {
  const AllocationKey which = parse_allocation(options.subject);
  const Bucket bucket = open_bucket(context);
  const StatusView status = parse_status(status_document(bucket));
  const JudgedHead head = judge_head(bucket, {status.head, ""});
  if (!head.desired) {
    std::string problems = head.label + " is refused, so nothing changes anywhere:";
    for (const Diagnostic& one : head.workspace.commit.all()) problems += "\n  " + to_string(one);
    throw CommandError(kExitHeld, problems);
  }
  const Explanation answer = explain_allocation(head, status, which);
  if (context.json) {
    print_json(answer);
  } else {
    print_text(answer, head.label, context.color);
  }
  return kExitDone;
}

}  // namespace maand
