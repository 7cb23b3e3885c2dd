// maand.conf of an original bucket → one of ours: what it says stays as it stands, and what it
// cannot say is added (interface.md: its flat keys are aliases and keep their meaning).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/ids.h"

namespace maand {

struct AdoptedConfigInputs {
  BucketId bucket;
  std::string name;         // of the bucket, in notes and logs
  std::string repo;         // git.url; empty: the file has to say it
  std::string branch;       // empty: as the file says, else the default
  std::string path;         // of the workspace in the repository; the same
  bool expose_key = false;  // hooks of the bucket go to workers with its key themselves
};

struct AdoptedConfig {
  std::string text;                   // of the whole file; as it was where nothing is to be added
  std::vector<std::string> added;     // lines that are new
  std::vector<std::string> remarks;   // what means something else here, as sentences
  std::vector<std::string> problems;  // set: it cannot be adopted; what is wrong and what to do
};

// Pure. `text`: of the file, or empty where there is none.
AdoptedConfig adopted_config(std::string_view text, const AdoptedConfigInputs& inputs);

}  // namespace maand
