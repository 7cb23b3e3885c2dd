#include "reconciler/cli/serving_wishes.h"

#include <stdexcept>
#include <utility>

namespace maand {
Running running(Services& services) {
  return {
      [&services] {
        services.observers().note("leaving; what runs on workers goes on and is settled at the next start");
        services.reconciler().stop();
      },
      [&services] { services.reconciler().finish(); },
      [&services](const std::string& text) { services.observers().note(text); }};
}

void ServingWishes::leave() {
  const std::lock_guard lock(mutex_);
  leaving_ = true;
  if (running_) running_->stop();
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
    running_->note("maand.conf was not reloaded, the old settings stay: " + problem);
  } else {
    running_->note("maand.conf is valid and is taken over once the running pass has ended");
    running_->finish();
  }
}

void ServingWishes::meet(Running one) {
  const std::lock_guard lock(mutex_);
  running_ = std::move(one);
  // Wishes that came before there was anything to stop.
  if (leaving_) running_->stop();
  if (next_) running_->finish();
}

void ServingWishes::meet_none() {
  const std::lock_guard lock(mutex_);
  running_.reset();
}

bool ServingWishes::over() const {
  const std::lock_guard lock(mutex_);
  return leaving_ || next_;
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
