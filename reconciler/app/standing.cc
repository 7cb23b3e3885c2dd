#include "reconciler/app/standing.h"

#include <utility>

namespace maand {
namespace {

constexpr const char* kSuspensions = "suspensions";
constexpr const char* kPins = "pins";
constexpr const char* kDrains = "drains";

template <class Orders>
Orders kept(Store& store, const char* key, std::optional<Orders> (*read)(const std::string&)) {
  const std::optional<std::string> text = store.setting(key);
  if (!text) return {};
  std::optional<Orders> orders = read(*text);
  if (!orders) {
    throw StoreError(std::string("the list of ") + key + " is damaged; restore a backup of data/state.db");
  }
  return *std::move(orders);
}

}  // namespace

Suspensions kept_suspensions(Store& store) { return kept(store, kSuspensions, suspensions_from); }
void keep_suspensions(Store& store, const Suspensions& suspensions) {
  store.put_setting(kSuspensions, to_json(suspensions));
}

Pins kept_pins(Store& store) { return kept(store, kPins, pins_from); }
Drains kept_drains(Store& store) { return kept(store, kDrains, drains_from); }
void keep_drains(Store& store, const Drains& drains) { store.put_setting(kDrains, to_json(drains)); }

void keep_pins(Store& store, const Pins& pins) { store.put_setting(kPins, to_json(pins)); }

}  // namespace maand
