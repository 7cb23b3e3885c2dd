#include "reconciler/cli/serving_wishes.h"

#include <stdexcept>
#include <utility>

namespace maand {
namespace {

void let_leave(Services& services) {
  services.observers().note("leaving; what runs on workers goes on and is settled at the next start");
  services.reconciler().stop();
}

}  // namespace

void ServingWishes::leave() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
  if (running_) let_leave(*running_);
}

bool ServingWishes::leaving() const {
  const std::lock_guard lock(mutex_);
  return leaving_;
}

void ServingWishes::reload() {
  std::optional<Bucket> fresh;
  std::string problem;
  try {
    fresh = open_bucket(context_);
    check_(*fresh);
  } catch (const CommandError& error) {
    problem = error.what();
    fresh.reset();
  }
  const std::lock_guard lock(mutex_);
  if (fresh) next_ = std::move(fresh);
  if (!running_) return;
  if (!problem.empty()) {
    running_->observers().note("maand.conf was not reloaded, the old settings stay: " + problem);
  } else {
    running_->observers().note("maand.conf is valid and is taken over once the running pass has ended");
    running_->reconciler().finish();
  }
}

void ServingWishes::meet(Services& services) {
  const std::lock_guard lock(mutex_);
  running_ = &services;
  // Signals that came before there was anything to stop.
  if (leaving_) let_leave(services);
  if (next_) services.reconciler().finish();
}

void ServingWishes::meet_none() {
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
}

std::optional<Bucket> ServingWishes::next() {
  const std::lock_guard lock(mutex_);
  return leaving_ ? std::nullopt : std::exchange(next_, std::nullopt);
}

void serve_with_reloads(
    Bucket first, const std::function<std::optional<Bucket>(const Bucket&, const std::string& news)>& serve) {
  std::string news;
  std::optional<Bucket> bucket = std::move(first);
  std::optional<Bucket> good;  // settings that were served
  while (bucket) {
    try {
      std::optional<Bucket> next = serve(*bucket, std::exchange(news, ""));
      good = std::exchange(bucket, std::move(next));
    } catch (const std::runtime_error& error) {  // of the settings, or of the store they name
      if (!good) throw;
      news = std::string("maand.conf cannot be served, the old settings are back: ") + error.what();
      bucket = std::exchange(good, std::nullopt);
    }
  }
}

}  // namespace maand
