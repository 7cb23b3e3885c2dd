// A new key for the secrets at rest: every sealed value of `secrets/kv.db` is sealed anew with
// it, and the key before is gone from the disk in the clear.
//
// Also while a daemon uses the store, and killed at any instant: what was sealed is readable at
// every moment and afterwards.
//
// | dies                              | left                        | who goes on            |
// |-----------------------------------|-----------------------------|------------------------|
// | before the transaction is durable | old key, a stray kv.key.next| the next write drops it|
// | after it, before the rename       | kv.key.next is the key      | the next write renames |
// | after the rename                  | done                        |                        |
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "reconciler/store/kv_store.h"

namespace maand {

struct KeyRotation {
  std::size_t sealed_anew = 0;  // versions, old ones as well
  std::size_t left_alone = 0;   // did not open before and do not now
  std::string problem;          // set: nothing was changed, and why
};

// Nothing sealed: nothing to do, and no key is made. Throws StoreError when the disk fails; then it is
// done or not, and nothing is lost either way.
KeyRotation rotate_secret_key(const std::filesystem::path& secrets_directory,
                              const KvStoreOptions& options = {});

}  // namespace maand
