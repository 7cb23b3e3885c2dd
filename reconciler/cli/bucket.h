// The bucket a command works on: its directory, its configuration, its paths.
#pragma once

#include <filesystem>

#include "reconciler/app/config.h"
#include "reconciler/cli/context.h"

namespace maand {

struct Bucket {
  std::filesystem::path directory;  // absolute
  Config config;
  // Empty: data/mirror.git. Where a command is to leave nothing in data/, a directory that it takes away.
  std::filesystem::path other_mirror = {};

  std::filesystem::path data() const { return directory / "data"; }
  std::filesystem::path secrets() const { return directory / "secrets"; }
  std::filesystem::path store() const;  // state.url of maand.conf
  std::filesystem::path lock() const { return data() / "lock"; }
  std::filesystem::path tokens() const;  // http.tokens_file; empty: none
  std::filesystem::path socket() const { return data() / "maand.sock"; }
  std::filesystem::path mirror() const { return other_mirror.empty() ? data() / "mirror.git" : other_mirror; }
  std::filesystem::path logs() const { return data() / "logs"; }  // output of targets
};

// Throws CommandError(kExitUsage) with every problem of maand.conf at once.
// Warnings go to stderr.
Bucket open_bucket(const Context& context);

}  // namespace maand
