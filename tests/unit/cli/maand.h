// Runs the real binary, as a person would.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run_program.h"

namespace maand::testing {

inline ProgramResult maand(std::vector<std::string> arguments, const std::filesystem::path& cwd = "/") {
  arguments.insert(arguments.begin(), MAAND_BINARY);
  return call_program({.argv = std::move(arguments), .cwd = cwd});
}

}  // namespace maand::testing
