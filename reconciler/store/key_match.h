// Whether a key and a database of stored secrets belong together (`maand restore`).
#pragma once

#include <filesystem>

namespace maand {

// Whether what is sealed in the kv.db at `kv_file` opens with the key at `key_path`, or with the one that an
// unfinished rotation left beside it; true when nothing is sealed there. That a key of one rotation later
// could still read it does not count: nothing could be set with it. Brings an older schema up. The file must
// exist. Throws StoreError. Hold the BucketLock.
bool key_opens(const std::filesystem::path& key_path, const std::filesystem::path& kv_file);

}  // namespace maand
