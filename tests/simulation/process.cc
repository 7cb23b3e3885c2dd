#include "tests/simulation/process.h"

#include <algorithm>
#include <utility>

namespace maand::simulation {

void SimInbox::post_at(Instant when, std::function<void()> message) {
  timeline_.at(when, [this, life = life_, message = std::move(message)] {
    if (*life) post(message);
  });
}

bool SimInbox::serve(Instant deadline) {
  while (messages_.empty() && timeline_.now() < deadline) timeline_.step(deadline);
  std::deque<std::function<void()>> batch = std::exchange(messages_, {});
  for (const std::function<void()>& message : batch) message();
  return !batch.empty();
}

void SimLane::start(std::function<void()> call, std::function<void(std::exception_ptr)> done) {
  free_ = std::max(free_, timeline_.now()) + Duration(1 + random_() % 400);
  timeline_.at(free_, [this, life = life_, call = std::move(call), done = std::move(done)] {
    if (!*life) return;
    std::exception_ptr error;
    try {
      call();
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    inbox().post([done, error] { done(error); });
  });
}

}  // namespace maand::simulation
