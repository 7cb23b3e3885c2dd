// `data/maand.db` of a bucket of the original maand, read and never written (workspace.md
// 0.2, 9.2): what it deployed, and every value it keeps.
#pragma once

#include <filesystem>

#include "reconciler/core/original_bucket.h"

namespace maand {

inline constexpr const char* kOriginalDatabase = "maand.db";
inline constexpr int kOriginalSchema = 1;

// All of it as of one moment. Throws StoreError, which says what is wrong and what to do:
// no such file, another program's, a schema that is not kOriginalSchema, a table or column that is missing.
OriginalBucket read_original_database(const std::filesystem::path& path);

// Another process writes to it: a build or a deploy of the original holds a transaction from
// its beginning to its end. Asks the kernel for SQLite's own locks and takes none.
bool original_is_at_work(const std::filesystem::path& path);

}  // namespace maand
