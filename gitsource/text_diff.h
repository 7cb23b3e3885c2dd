// Which lines differ between two texts? Answered by libgit2, as `git diff` would.
#pragma once

#include <cstddef>
#include <string_view>

#include "reconciler/core/file_change.h"

namespace maand {

// At most `most_lines` lines, then cut; lines longer than 2,000 bytes are cut as well and
// end in `…`. Control characters become `\xHH`, tabs stay. Thread-safe. Throws
// SourceError when libgit2 fails (no memory).
TextDiff diff_texts(std::string_view before, std::string_view after, std::size_t most_lines = 200);

}  // namespace maand
