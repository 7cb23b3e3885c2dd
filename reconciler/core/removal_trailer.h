// R5.1: what do the commits that are to be applied allow to be stopped?
#pragma once

#include <set>
#include <string>
#include <vector>

#include "reconciler/core/ids.h"

namespace maand {

inline constexpr const char* kAllowRemovalsTrailer = "Maand-Allow-Removals";

struct AllowedRemovals {
  bool all = false;
  std::set<JobName> jobs;
  std::vector<std::string> wrong;  // sentences: values that are neither `yes` nor names of jobs

  bool covers(const JobName& job) const { return all || jobs.count(job) > 0; }
  friend bool operator==(const AllowedRemovals&, const AllowedRemovals&) = default;
};

// From the messages of last-applied..head: `Maand-Allow-Removals: yes` or a list of jobs.
AllowedRemovals allowed_removals(const std::vector<std::string>& messages);

}  // namespace maand
