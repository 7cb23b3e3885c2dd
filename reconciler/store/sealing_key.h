// Which key opens what is sealed in `secrets/kv.db`, also while another process changes the
// key, and after one that died on the way. Included by the .cc files of this folder only.
//
// A rotation (key_rotation.h) leaves, beside `kv.key`:
//   kv.key.next      the coming key, until it is renamed to kv.key
//   kv.key.previous  the key before, sealed with the one after: for whoever still holds a
//                    snapshot, and for a copy of kv.db that is one rotation old
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "reconciler/core/values.h"
#include "reconciler/store/secret_key.h"
#include "reconciler/store/sql_session.h"

namespace maand {

std::filesystem::path next_key_path(const std::filesystem::path& key_path);
std::filesystem::path previous_key_path(const std::filesystem::path& key_path);

// What is sealed into `key_check`; any text would do.
inline constexpr std::string_view kKeyCheckText = "maand";

bool anything_sealed(SqlSession& session);
std::string key_check(SqlSession& session);
void put_key_check(SqlSession& session, const SecretKey& key);

// The key that `check` opens with. Finishes a rotation that was committed and not renamed, and removes
// what one left that was not committed. REQUIRES: a write transaction on kv.db, which keeps others out.
// Without a key, `problem` says why. Throws StoreError when a file cannot be renamed.
SecretKeyFile settled_key(const std::filesystem::path& key_path, std::string_view check);

// Opens a sealed text with whichever of the keys it was sealed with.
RevealedSecret reveal_sealed(const std::filesystem::path& key_path, std::string_view sealed);

// Replaces kv.key.previous, whole or not at all. Throws StoreError.
void write_previous_key(const std::filesystem::path& key_path, const SecretKey& coming,
                        const SecretKey& before);

}  // namespace maand
