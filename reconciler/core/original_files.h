// Which files an original maand put on a worker, and what of them was found there.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/original_bucket.h"

namespace maand {

// Those that answered. Who is not in it could not be read, or has a `condition`.
using FoundWorkers = std::map<WorkerHost, FoundWorker>;

// nullptr: it could not be read.
const FoundWorker* reading_of(const FoundWorkers& found, const WorkerHost& host);

const std::vector<FoundFile>& files_of(const FoundWorker& worker, const JobName& job);

// A path of a job's directory that the original sends (workspace.md 8.3).
bool is_sent(std::string_view path);

// Paths that the original put there, of `allocation` or, where it kept no list, of the last
// build; without what it never sends.
std::set<std::string> sent_paths(const OriginalBucket& original, const OriginalAllocation& allocation);

// Empty: there is no such path.
std::string md5_at(const Md5ByPath& files, const std::string& path);

}  // namespace maand
