#include "reconciler/app/suspending.h"

#include <utility>

namespace maand {
namespace {

constexpr const char* kKey = "suspensions";

}  // namespace

Suspensions kept_suspensions(Store& store) {
  const std::optional<std::string> text = store.setting(kKey);
  if (!text) return {};
  std::optional<Suspensions> kept = suspensions_from(*text);
  if (!kept) throw StoreError("the list of what is suspended is damaged; restore a backup of data/state.db");
  return std::move(*kept);
}

void keep_suspensions(Store& store, const Suspensions& suspensions) {
  store.put_setting(kKey, to_json(suspensions));
}

}  // namespace maand
