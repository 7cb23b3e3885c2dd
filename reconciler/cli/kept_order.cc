#include "reconciler/cli/kept_order.h"

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "reconciler/cli/actor.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/text.h"
#include "reconciler/store/state_store.h"

namespace maand {

void keep_order(const Bucket& bucket, const std::string& action, const std::string& subject,
                const std::string& detail) {
  constexpr std::chrono::seconds kPatience{10};
  std::error_code error;
  if (!std::filesystem::exists(bucket.store(), error)) return;
  try {
    open_state_store(bucket.store(), {kPatience})
        ->audit({std::chrono::system_clock::now(), current_actor(), action, subject, detail});
  } catch (const StoreError& failed) {
    std::fprintf(stderr, "warning: it is done, but `maand audit` will not show it: %s\n",
                 printable(failed.what(), 400).c_str());
  }
}

}  // namespace maand
