// A whole copy of one of our database files as of one moment, also while a daemon
// writes it (`maand backup`).
#pragma once

#include <filesystem>

namespace maand {

// `to` must not exist; it is on disk when this returns. Throws StoreError.
void copy_database(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace maand
