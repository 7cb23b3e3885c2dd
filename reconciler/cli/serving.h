// How a daemon of one bucket serves it: reconciled at once where the state is in files, and as one of
// several replicas where it is in PostgreSQL, which stands by until nobody leads.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/service_manager.h"
#include "reconciler/cli/serving_wishes.h"
#include "reconciler/store/bucket_lock.h"

namespace maand {

// What every attempt to serve has in common; all outlive it.
struct Serving {
  const Context& context;
  const std::shared_ptr<BucketLock>& lock;
  ServingWishes& wishes;
  const ServiceManager& manager;
};

// Until a wish asks for something else: the settings to go on with; nullopt: leave. `news` is the first thing
// that is said. Throws CommandError when these settings cannot be served, StoreError for their store.
std::optional<Bucket> serve(const Bucket& bucket, const Serving& serving, const std::string& news);

}  // namespace maand
