// FileSet ⇄ the text that the store and workers keep.
//
// One line per file: `<mode> <size> <sha256> <blob or -> <path>`. A path holds
// no newline (core/files.h) and stands last because it may hold spaces.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/core/files.h"

namespace maand {

std::string file_set_to_text(const FileSet& set);

// Null when `text` is not what file_set_to_text wrote; the caller compares
// `list_id` with the one it looked up.
FileSetPtr file_set_from_text(std::string_view text);

}  // namespace maand
