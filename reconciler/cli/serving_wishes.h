// What signals ask of a bucket that is served: leave, or take over a changed maand.conf.
//
// A reload is another start in the same process: whatever maand.conf may say is taken over that way, and
// nobody can take the bucket in between. A bad file keeps the old settings and says so (interface.md).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "reconciler/cli/bucket.h"
#include "reconciler/cli/services.h"

namespace maand {

// Whoever serves the bucket, leading or standing by, as wishes steer it. Any thread.
struct Running {
  std::function<void()> stop;
  std::function<void()> finish;  // once what runs has ended
  std::function<void(const std::string&)> note;
};
Running running(Services& services);

class ServingWishes {
 public:
  // `check` throws CommandError for settings that are not to be taken over. `context` outlives it.
  ServingWishes(const Context& context, std::function<void(const Bucket&)> check)
      : context_(context), check_(std::move(check)) {}

  // Any thread, at any time.
  void leave();
  void reload();
  bool leaving() const;

  // While it is there, wishes meet what runs.
  class Met {
   public:
    Met(ServingWishes& wishes, Running one) : wishes_(wishes) { wishes_.meet(std::move(one)); }
    ~Met() { wishes_.meet_none(); }
    Met(const Met&) = delete;
    Met& operator=(const Met&) = delete;

   private:
    ServingWishes& wishes_;
  };

  // Nothing is to run with these settings any more.
  bool over() const;
  // Once what ran has ended: the settings to go on with; nullopt: leave.
  std::optional<Bucket> next();

 private:
  void meet(Running one);
  void meet_none();

  const Context& context_;
  const std::function<void(const Bucket&)> check_;
  mutable std::mutex mutex_;
  std::optional<Running> running_;
  bool leaving_ = false;
  std::optional<Bucket> next_;
};

// Serves `bucket`, and what each reload makes of it, until serve() returns nullopt. What cannot be served any
// more brings the settings back that could; the first ones throw. `news`: what serve() has to tell first.
void serve_with_reloads(
    Bucket bucket, const std::function<std::optional<Bucket>(const Bucket&, const std::string& news)>& serve);

}  // namespace maand
