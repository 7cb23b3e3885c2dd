// `maand init --repo URL [DIR]`: makes a bucket.
#pragma once

#include <filesystem>
#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct InitOptions {
  std::string repo;
  std::string branch = "main";
  std::string path = "workspace";  // of the workspace in the repository; "" = its root
  std::string bucket_id;           // empty: a random UUID
  std::string directory = ".";     // made when it is not there
};

// Makes maand.conf, secrets/ (0700) and data/ (0700) and prints the next steps.
// Never overwrites: whatever of these exists ends it with kExitUsage before
// anything is made.
int run_init(const Context& context, const InitOptions& options);

// The text of a new maand.conf. REQUIRES: no value holds a control character.
std::string bucket_config_text(const InitOptions& options, const std::string& name);

// What notes and logs call a bucket: from its directory's name, as far as that is plain.
std::string bucket_name_from(const std::filesystem::path& directory);

}  // namespace maand
