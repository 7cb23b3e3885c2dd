#include "reconciler/cli/kept_order.h"

#include <chrono>
#include <cstdio>

#include "reconciler/cli/actor.h"
#include "reconciler/cli/bucket_store.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/text.h"

namespace maand {

void keep_order(const Bucket& bucket, const std::string& action, const std::string& subject,
                const std::string& detail) {
  try {
    if (const auto store = open_audit_if_any(bucket))
      store->audit({std::chrono::system_clock::now(), current_actor(), action, subject, detail});
  } catch (const StoreError& failed) {
    std::fprintf(stderr, "warning: it is done, but `maand audit` will not show it: %s\n",
                 printable(failed.what(), 400).c_str());
  }
}

}  // namespace maand
