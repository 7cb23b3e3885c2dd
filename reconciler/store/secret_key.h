// The key that seals the secrets of a bucket: `secrets/kv.key`, exactly 32 raw
// bytes, readable by its owner alone (workspace.md 6.6).
//
// It is read anew for every use: it stays in memory no longer than needed, and a
// key that was lost is noticed while somebody may still remember where it went.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "reconciler/core/secret_box.h"

namespace maand {

struct SecretKeyFile {
  std::optional<SecretKey> key;
  bool missing = false;  // there is no such file; anything else is a problem of the file that is there
  std::string problem;   // without a key: what is wrong and what to do
};

// Refuses a file that its group or others may read or write, and one of another size. Never throws.
SecretKeyFile read_secret_key(const std::filesystem::path& path);

// Makes a new key (0600), whole or not at all, and on disk when it returns.
// Never replaces one: whoever was faster made the key that is read then. Whether
// a new key may be made at all is the store's to decide (it knows what was
// sealed). Throws StoreError.
void create_secret_key(const std::filesystem::path& path);

// From the operating system's generator; for one use. Throws StoreError.
SecretNonce fresh_nonce();

}  // namespace maand
