// A file of the operator's is written anew: whole or not at all.
#pragma once

#include <filesystem>
#include <string>

namespace maand {

// Durable when it returns. Mode and owner stay, and a link goes on naming the file, which is what is
// replaced; a new file is 0644. Throws CommandError, with the old file as it was.
void replace_file(const std::filesystem::path& path, const std::string& text);

}  // namespace maand
