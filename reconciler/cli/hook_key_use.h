// Which hooks of a workspace go to workers with the key of their own accord, as those do that were written
// for the original (workspace.md 10.5)? They need `hooks.expose_key`; what uses run_ssh does not.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace maand {

// Paths of programs below `workspace` (`jobs/api/_modules/lib.py`), by name, that name load_ssh, the file of
// the key, or a library for SSH. Guessed from their text: what hides it is missed. What cannot be read is
// left out.
std::vector<std::string> hooks_with_key(const std::filesystem::path& workspace, const std::string& key);

}  // namespace maand
