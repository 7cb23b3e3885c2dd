#include "reconciler/store/key_match.h"

#include <chrono>
#include <string>

#include "reconciler/core/secret_box.h"
#include "reconciler/store/healing_file.h"
#include "reconciler/store/sealing_key.h"

namespace maand {

bool key_opens(const std::filesystem::path& key_path, const std::filesystem::path& kv_file) {
  constexpr std::chrono::seconds kPatience{10};
  HealingFile kv(kv_file, kv_schema(), kPatience, false);
  return kv.read([&](SqlSession& session) {
    if (!anything_sealed(session)) return true;
    const std::string check = key_check(session);
    for (const std::filesystem::path& path : {key_path, next_key_path(key_path)}) {
      const SecretKeyFile read = read_secret_key(path);
      if (read.key && !unseal(*read.key, check).problem) return true;
    }
    return false;
  });
}

}  // namespace maand
