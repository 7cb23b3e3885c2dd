// What taking over a bucket of the original maand would mean, worked out without changing
// anything: behind `maand adopt`, which stores it (adoption_commit.h).
#pragma once

#include <string>
#include <vector>

#include "reconciler/app/adopted_config.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/judged_head.h"
#include "reconciler/core/adoption.h"
#include "reconciler/core/values.h"

namespace maand {

struct AdoptionWish {
  std::string repo, branch, path;    // for maand.conf, where it names no repository
  bool without_unreachable = false;  // of workers that cannot be read the database is believed
  bool with_held = false;            // jobs held at the head are taken over as they lie there
};

struct Adopting {
  Bucket bucket;  // with the configuration as it will be
  AdoptedConfig config;
  OriginalBucket original;
  FoundWorkers found;
  std::vector<ValueChange> values;  // plain text of secrets
  JudgedHead head;                  // with the values of the original
  DesiredState desired;             // of the head, with what was taken over
  AppliedState state;
  std::vector<Taken> taken;
  Plan plan;  // of the next pass
  std::vector<std::string> remarks;
};

// Reads database, head and every worker. Throws CommandError, which tells all that keeps it
// from being adopted.
Adopting read_adoption(const Bucket& bucket, AdoptedConfig config, const AdoptionWish& wish);

// The bucket in `directory` and its maand.conf as it would be. Throws CommandError.
std::pair<Bucket, AdoptedConfig> original_bucket(const std::filesystem::path& directory,
                                                 const AdoptionWish& wish);

}  // namespace maand
