#include "reconciler/cli/leading.h"

#include <chrono>
#include <utility>

#include "reconciler/cli/replica_words.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::chrono::milliseconds kLookAnyway{500};

}  // namespace

Leading::Leading(std::unique_ptr<ReplicaLink> link, std::shared_ptr<const Leadership> leadership, Deps deps)
    : link_(std::move(link)), leadership_(std::move(leadership)), deps_(std::move(deps)) {
  thread_ = std::thread([this] { listen(); });
}

Leading::~Leading() {
  ending_ = true;
  thread_.join();
}

void Leading::listen() {
  std::string told;
  while (!ending_ && !leadership_->lost()) {
    try {
      for (const HandedWord& word : link_->take(leadership_->term())) {
        if (ending_) return;  // whoever waits for it is told that it was not answered
        link_->answer(word.id, carry_out(word, deps_.controls, deps_.announcements, deps_.status));
      }
      told.clear();
    } catch (const StoreError& error) {
      // The loop has the same trouble and tells of it; this is told once, since it may be another one.
      if (told != error.what())
        deps_.say(std::string("what standbys hand on cannot be read: ") + error.what());
      told = error.what();
    } catch (const std::exception& error) {  // of one word; whoever waits for it is told by the clock
      deps_.say(std::string("a word that a standby handed on was not carried out: ") + error.what());
    }
    link_->wait(kLookAnyway);
  }
}

}  // namespace maand
