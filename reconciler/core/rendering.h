// The files of one allocation: what its job ships as it is, and its templates
// rendered with what this allocation may read (workspace.md 7).
//
// Pure. Cost per allocation: one evaluation and one SHA-256 for each template, one
// more evaluation for those that read a value that moves by itself, and two
// SHA-256 over the list.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "reconciler/core/allocation_values.h"
#include "reconciler/core/applied.h"
#include "reconciler/core/files.h"
#include "reconciler/core/missing_values.h"
#include "reconciler/core/model.h"
#include "reconciler/core/variables.h"

namespace maand {

// What an allocation shall have.
struct AllocationContent {
  FileSetPtr files;  // what is shipped; never null
  // What decides whether anything differs: `files`, but with those values that
  // move by themselves (RenderedWith) as they were when the list that lies there
  // was rendered. Mostly `files` itself.
  FileSetPtr compared;
  RenderedWith with;  // of `files`
};

// Why a template could not be rendered: one for each value that it lacks, else one.
struct RenderFailure {
  std::string path;  // in the job directory, with `.tpl`
  TemplateProblem problem;
};

struct RenderSettings {
  BucketId bucket;
  std::string worker_root;      // `/opt/worker`
  std::int64_t update_seq = 1;  // of what is shipped now
};

// Files that are made for one allocation otherwise than by a template, and a text
// that tells what they were made from (RenderedWith::values). They go before files
// of the job with the same path.
struct MadeFiles {
  std::vector<ShippedFile> files;
  std::string inputs;
};

// Renders the allocations of one job, one after another.
class JobRenderer {
 public:
  // All must outlive it. `scrape`: for the Prometheus server job.
  JobRenderer(const Job& job, const Variables& variables, const RenderSettings& settings,
              const ScrapeTexts& scrape);

  // `applied`: null when it was never touched.
  std::variant<AllocationContent, std::vector<RenderFailure>> render(const Worker& worker,
                                                                     std::uint32_t index,
                                                                     const AppliedAllocation* applied,
                                                                     const MadeFiles& made = {});

  // For showing: every template by itself, so that one that fails hides no other.
  // With their text, those of `made` as well; what could not be rendered is left out.
  std::vector<ShippedFile> preview(const Worker& worker, std::uint32_t index,
                                   const std::string& current_version, std::int64_t update_seq,
                                   const MadeFiles& made = {});

 private:
  struct Once;  // one rendering of every template

  Once render_all(const Worker& worker, std::uint32_t index, const std::string& current_version,
                  std::int64_t update_seq, const MadeFiles& made);
  std::shared_ptr<const std::string> shared(const Digest& digest, std::string text);

  const Job& job_;
  const Variables& variables_;
  const RenderSettings& settings_;
  const ScrapeTexts& scrape_;
  // Most allocations of a job render most templates to the same text.
  std::map<Digest, std::shared_ptr<const std::string>> texts_;
  MissingValues missing_;
};

}  // namespace maand
