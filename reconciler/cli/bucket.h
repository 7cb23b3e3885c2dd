// The bucket a command works on: its directory, its configuration, its paths.
#pragma once

#include <filesystem>

#include "reconciler/app/config.h"
#include "reconciler/cli/context.h"

namespace maand {

struct Bucket {
  std::filesystem::path directory;  // absolute
  Config config;

  std::filesystem::path data() const { return directory / "data"; }
  std::filesystem::path secrets() const { return directory / "secrets"; }
  std::filesystem::path store() const;  // state.url of maand.conf
  std::filesystem::path lock() const { return data() / "lock"; }
  std::filesystem::path tokens() const;  // http.tokens_file; empty: none
  std::filesystem::path socket() const { return data() / "maand.sock"; }
  std::filesystem::path mirror() const { return data() / "mirror.git"; }
  std::filesystem::path logs() const { return data() / "logs"; }  // output of targets
};

// Throws CommandError(kExitUsage) with every problem of maand.conf at once.
// Warnings go to stderr.
Bucket open_bucket(const Context& context);

}  // namespace maand
