// A file that others write to as well is written anew: whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace maand {

// What a link in the file's place means: in a checkout anybody may have put it there (git can carry one);
// in a bucket it is the operator's.
enum class AtLink { kReplace, kFollow };

// Durable when it returns. Mode and owner stay as they are; a new file's are the process's. What is written
// first has a name that nobody can foresee. Throws CommandError, with the old file as it was.
void replace_file(const std::filesystem::path& path, std::string_view text, AtLink link = AtLink::kReplace);

}  // namespace maand
