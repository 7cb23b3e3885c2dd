#include "reconciler/cli/accepted_head.h"

#include <iostream>

namespace maand {

JudgedHead accepted_head(const Bucket& bucket, const std::string& doing) {
  JudgedHead head = judge_head(bucket, {});
  if (!head.desired && !head.applied.applied.empty()) {
    std::cerr << "warning: " << head.label << " is refused; " << doing
              << " what the last applied commit says\n";
    head = judge_head(bucket, {head.applied.applied.str(), ""});
  }
  if (!head.desired) {
    std::string problems = head.label + " is refused, and no commit was applied yet:";
    for (const Diagnostic& one : head.workspace.commit.all()) problems += "\n  " + to_string(one);
    throw CommandError(kExitHeld, problems);
  }
  return head;
}

}  // namespace maand
