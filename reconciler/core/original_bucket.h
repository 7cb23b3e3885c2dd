// What a bucket of the original maand knows of itself (workspace.md 0.2), and what lies on
// its workers: what `maand adopt` starts from. Plain values; `store/original_database`
// reads the one, `executor/original_worker` the other.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reconciler/core/files.h"
#include "reconciler/core/ids.h"
#include "reconciler/core/outcome.h"
#include "reconciler/core/port_table.h"

namespace maand {

using Md5ByPath = std::map<std::string, std::string>;  // path in the job's directory → 32 hex digits

// Rows of `allocations` and `hash` of one allocation.
struct OriginalAllocation {
  AllocationKey key;
  std::string id;
  bool disabled = false;
  bool removed = false;                   // it left, and `gc` has not been there
  std::string new_version = "0.0.0";      // of the last build
  std::string current_version = "0.0.0";  // of the last deploy that went through
  bool known = false;                     // a deploy has staged it at least once
  bool promoted = false;                  // a deploy of it went through, and nothing took that back
  bool pending = false;      // the last deploy staged other files than those of the last that went through
  Md5ByPath promoted_files;  // empty: not kept, or not promoted
  Md5ByPath staged_files;
};

// The newest version of a key that is not deleted; a secret as it is sealed (6.6).
struct OriginalValue {
  std::string ns;
  std::string key;
  std::string value;
  bool sealed = false;
};

struct OriginalBucket {
  std::string bucket_id;
  std::int64_t update_seq = 0;
  std::map<WorkerHost, std::string> workers;    // host → its id
  std::vector<OriginalAllocation> allocations;  // by key
  PortTable ports;
  std::vector<OriginalValue> values;
  std::map<JobName, std::vector<std::string>> built_files;  // of the last build, in the job's directory
  std::vector<std::string> problems;  // names that nothing here may have, as sentences: no adoption
};

// One regular file that was asked for and is there.
struct FoundFile {
  std::string path;
  int permissions = 0;  // 0..07777
  std::uint64_t size_bytes = 0;
  Digest content;
  std::string md5;  // 32 hex digits
};

struct FoundWorker {
  WorkerCondition condition = WorkerCondition::kNone;  // set: nothing below says anything
  std::string detail;
  bool deployed = false;                            // the bucket's directory is there
  bool marked = false;                              // a maand of ours was there
  bool operated = false;                            // and has run something
  std::string bucket_id;                            // of worker.json; empty: it cannot be read
  std::string worker_id;                            // of worker.json
  std::int64_t update_seq = -1;                     // of worker.json
  std::map<JobName, bool> listed;                   // of jobs.json: is it disabled there?
  std::string worker_problem;                       // why worker.json does not tell whose it is
  std::string jobs_problem;                         // why jobs.json does not tell what is disabled
  std::map<JobName, std::vector<FoundFile>> files;  // by path, of those asked for
};

}  // namespace maand
