// What a proposed commit would be once it is merged: in memory, nothing is written.
//
// For the process that judges previews (README.md of reconciler/core/preview): it may
// be killed at any moment, and what it opens it only reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reconciler/core/ports.h"

namespace maand {

struct MergedTree {
  bool contained = false;              // it is the head, or a part of it
  std::vector<std::string> conflicts;  // paths; not empty: there is no `view`
  std::unique_ptr<FileView> view;
};

class PreviewRepository {
 public:
  // As GitPreviews made it.
  explicit PreviewRepository(std::string directory);
  ~PreviewRepository();

  // All throw SourceError. Views not beyond the life of this.
  std::unique_ptr<FileView> open_view(const CommitId& commit);
  MergedTree merge(const CommitId& head, const CommitId& commit);

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace maand
