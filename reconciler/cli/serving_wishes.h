// What signals ask of a bucket that is served: leave, or take over a changed maand.conf.
//
// A reload is another start in the same process: whatever maand.conf may say is taken over that way, and
// nobody can take the bucket in between. A bad file keeps the old settings and says so (interface.md).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/services.h"

namespace maand {

class ServingWishes {
 public:
  // `check` throws CommandError for settings that are not to be taken over. `context` outlives it.
  ServingWishes(const Context& context, std::function<void(const Bucket&)> check)
      : context_(context), check_(std::move(check)) {}

  // Any thread, at any time.
  void leave();
  void reload();
  bool leaving() const;

  // While it is there, wishes meet `services`.
  class Met {
   public:
    Met(ServingWishes& wishes, Services& services) : wishes_(wishes) { wishes_.meet(services); }
    ~Met() { wishes_.meet_none(); }
    Met(const Met&) = delete;
    Met& operator=(const Met&) = delete;

   private:
    ServingWishes& wishes_;
  };

  // Once `services` have ended: the settings to go on with; nullopt: leave.
  std::optional<Bucket> next();

 private:
  void meet(Services& services);
  void meet_none();

  const Context& context_;
  const std::function<void(const Bucket&)> check_;
  mutable std::mutex mutex_;
  Services* running_ = nullptr;
  bool leaving_ = false;
  std::optional<Bucket> next_;
};

// Serves `bucket`, and what each reload makes of it, until serve() returns nullopt. What cannot be served any
// more brings the settings back that could; the first ones throw. `news`: what serve() has to tell first.
void serve_with_reloads(
    Bucket bucket, const std::function<std::optional<Bucket>(const Bucket&, const std::string& news)>& serve);

}  // namespace maand
