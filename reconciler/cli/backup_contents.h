// Which files a backup holds, and whether they are all what they were when it was made: one that was cut
// short on its way to another disk must not become the state of a bucket.
#pragma once

#include <filesystem>
#include <string>

#include "reconciler/core/json_document.h"

namespace maand {

// Every file below `backup` with its size and digest, as a JSON array for the backup's label. Throws
// std::runtime_error for one that cannot be read.
std::string backup_contents(const std::filesystem::path& backup);

// What is wrong with the files that `label` lists: `state.db has 10 of 20 bytes; secrets/kv.db is gone`.
// Empty: nothing. Of a backup made before there was such a list: whether its state.db holds anything.
std::string damage_of_backup(const std::filesystem::path& backup, const JsonValue& label);

}  // namespace maand
