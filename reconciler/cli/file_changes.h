// Which files a planned action would change on its worker, and how.
//
// What lies there is known by digests. Its text is rendered again from the commit it
// came from, and shown only where it comes to the digest that was recorded. Secrets
// are `<secret>` on both sides before anything is rendered.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "reconciler/cli/judged_head.h"
#include "reconciler/cli/rendered_world.h"
#include "reconciler/core/file_change.h"
#include "reconciler/core/plan.h"

namespace maand {

class FileChanges {
 public:
  // `head` must outlive it. REQUIRES: head.desired, and head.sources that open secrets.
  FileChanges(const JudgedHead& head, DiffTexts diff);

  // Sorted by path. Empty for an action that ships and removes nothing.
  std::vector<FileChange> of(const PlannedAction& action);

 private:
  class Before;  // what lies on one allocation

  FileSide new_side(const PlannedAction& action, const ShippedFile& file, const RenderedFiles& files) const;
  RenderedWorld* world_at(const CommitId& commit);

  const JudgedHead& head_;
  const DiffTexts diff_;
  RenderedWorld now_;
  std::map<CommitId, std::unique_ptr<RenderedWorld>> older_;  // null: that commit is of no use
  std::size_t told_bytes_ = 0;                                // of diffs, over all actions
};

}  // namespace maand
