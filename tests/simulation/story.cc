#include "tests/simulation/story.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/life.h"

namespace maand::simulation {

using namespace std::chrono_literals;

Story::Story(std::uint64_t seed, Trouble trouble)
    : random_(seed),
      trouble_(trouble),
      begin_(timeline_.now()),
      fleet_(timeline_, seed + 1),
      programs_(timeline_, seed + 2),
      notes_(std::make_unique<Notes>(*this)),
      observer_(std::make_unique<Observer>(*this)),
      most_workers_(pick(1, kMostWorkers)),
      bad_percent_(trouble.bad_versions) {
  fleet_.on_begin = [this](const Operation& operation, const Place& place) {
    referee_.on_begin(operation, place);
    write("runs " + std::string(to_string(operation.action)) + " " + operation.allocation.str() + " " +
          operation.current_version + "→" + operation.new_version + " as " + operation.id.str());
  };
  fleet_.on_end = [this](const Operation& operation, const Place& place, const Outcome& outcome) {
    referee_.on_end(operation, place, outcome);
    write("ended " + operation.id.str() + " " + to_string(outcome.kind));
  };
  fleet_.on_unhealthy = [this](const AllocationKey& key, const Place& place) {
    referee_.on_unhealthy(key, place);
  };
  fleet_.on_not_kept = [this](const Operation& operation) {
    referee_.broken("what " + operation.allocation.str() + " goes back to was not kept");
  };
  fleet_.weather = trouble.weather;
  wish_.hooks = trouble.hooks;
  programs_.fail = trouble.hook_fails;
  programs_.on_begin = [this](const HookCall& call) {
    hook_referee_.on_begin(call, fleet_.places());
    write("hook " + std::string(to_string(call.event)) + " " + call.allocation.str() + " " +
          call.new_version);
  };
  programs_.on_end = [this](const HookCall& call, bool done) {
    hook_referee_.on_end(call, done);
    if (!done)
      referee_.hook_failed(call.allocation.job, call.new_version, call.event == HookEvent::kHealthCheck);
    write("hook " + std::string(to_string(call.event)) + " " + call.allocation.str() +
          (done ? " done" : " failed"));
  };
  store_.before_write = [this](const std::string&) {
    if (daemon_ && writes_until_kill_ > 0 && --writes_until_kill_ == 0 && !kill_after_write_) kill();
  };
  store_.after_write = [this](const std::string&) {
    if (daemon_ && writes_until_kill_ == 0 && std::exchange(kill_after_write_, false)) kill();
  };
  wish_.workers.insert(1);
  for (int worker = 2; worker <= most_workers_; ++worker) {
    if (chance(80)) wish_.workers.insert(worker);
  }
  plan_commits();
  plan_trouble(trouble);
}

Story::~Story() = default;

void Story::write(std::string line) {
  trace_.push_back(std::to_string(std::chrono::duration_cast<Duration>(timeline_.now() - begin_).count()) +
                   " " + std::move(line));
}

void Story::plan_commits() {
  const int count = pick(2, 8);
  for (int i = 0; i < count; ++i) timeline_.at(sometime(), [this] { commit(); });
}

void Story::plan_trouble(const Trouble& trouble) {
  const auto often = [this](int times, const std::function<void()>& event) {
    for (int i = pick(0, times); i > 0; --i) timeline_.at(sometime(), event);
  };
  often(trouble.kills, [this] {
    if (daemon_) kill();
  });
  often(trouble.write_kills, [this] {
    writes_until_kill_ = pick(1, 8);
    kill_after_write_ = chance(50);
  });
  often(trouble.cuts, [this] {
    const WorkerHost worker = host(pick(1, most_workers_));
    write(worker.str() + " is out of reach");
    fleet_.set_up(worker, false);
    timeline_.after(Duration(pick(500, 300'000)), [this, worker] { fleet_.set_up(worker, true); });
  });
  often(trouble.reboots, [this] {
    const WorkerHost worker = host(pick(1, most_workers_));
    write(worker.str() + " reboots");
    fleet_.reboot(worker);
  });
  often(trouble.remote,
        [this] { source_.fail_remote(SourceProblem::kUnreachable, "no route to the remote", pick(1, 4)); });
  often(trouble.store, [this] {
    constexpr FakeStore::Fail kWays[] = {FakeStore::Fail::kBeforeWrite, FakeStore::Fail::kBeforeSync,
                                         FakeStore::Fail::kAfterSync};
    const FakeStore::Fail way = kWays[pick(0, 2)];
    write("the store fails, way " + std::to_string(static_cast<int>(way)));
    if (chance(50)) {
      store_.fail_next(way);
    } else {
      store_.fail_all(way);
      timeline_.after(Duration(pick(100, 60'000)), [this] { store_.heal(); });
    }
  });
  often(trouble.jumps, [this] { timeline_.jump_wall(Duration(pick(-7'200'000, 7'200'000))); });
  often(trouble.replaced, [this] { replace_worker(); });
  often(trouble.lost_stores, [this] { lose_store([this] { store_.lose(); }); });
  if (trouble.old_stores > 0) timeline_.at(sometime(), [this] { backup_ = store_.backup(); });
  often(trouble.old_stores, [this] {
    if (!backup_) return;
    // As `maand restore` does it, or as a snapshot of the machine; on a disk that works.
    lose_store([this, copy = backup_, told = chance(50)] {
      store_.heal();
      copy();
      if (told) keep_authority(store_, {Authority::Kind::kFenced, "it was restored", timeline_.wall()});
    });
  });
  often(trouble.operators, [this] { operator_speaks(); });
  often(trouble.resets, [this] { reset_by_mistake(); });
  timeline_.at(begin_ + 16min, [this] { calm(); });
}

void Story::commit() {
  ++commits_;
  // Several changes at once are commoner than one.
  for (int i = pick(1, commits_ == 1 ? 6 : 3); i > 0; --i) {
    const Wish before = wish_;
    wish_.change(random_, most_workers_);
    for (const auto& [name, job] : wish_.jobs) {
      const auto old = before.jobs.find(name);
      if ((old != before.jobs.end() && old->second.version == job.version) || !chance(bad_percent_)) continue;
      (chance(50) ? fleet_.bad_versions : fleet_.sick_versions).insert(name + " " + wish_.version(name));
    }
  }
  head_ = source_.commit(wish_.files(), "commit " + std::to_string(commits_));
  referee_.committed(head_, wish_);
  hook_referee_.committed(head_, wish_);
  write("commit " + head_.str().substr(0, 8));
  if (daemon_ && chance(70)) daemon_->reconciler.poke("commit");  // a webhook
}

// As the desk does it: a store that fails is the answer.
void Story::say(std::function<void()> word) {
  daemon_->inbox.post([this, word = std::move(word)] {
    try {
      word();
    } catch (const StoreError& error) {
      write(std::string("operator: ") + error.what());
    }
  });
}

void Story::operator_speaks() {
  if (!daemon_) return;
  const std::string job =
      wish_.name_of(kJobs[static_cast<std::size_t>(pick(0, static_cast<int>(kJobs.size()) - 1))]);
  const int word = pick(1, 5);
  say([this, job, word] {
    OperatorDesk& desk = daemon_->desk;
    ControlReply reply;
    if (word == 1) reply = desk.retry_here(job, "ann");
    if (word == 2) reply = desk.release_here(job, "ann");
    if (word == 3) reply = desk.suspend_here(chance(30) ? "" : job, "a look", "3m", "ann");
    if (word == 4) reply = desk.resume_here(chance(30) ? "" : job, "ann");
    if (word == 5) daemon_->reconciler.poke("operator");
    write("operator " + std::to_string(word) + " " + job + ": " + reply.text);
  });
}

// An operator sees it after a while.
void Story::replace_worker() {
  const WorkerHost worker = host(pick(1, most_workers_));
  write(worker.str() + " is replaced");
  fleet_.replace(worker);
  referee_.replaced(worker);
  empty_.insert(worker);
  timeline_.after(Duration(pick(1'000, 300'000)), [this] { reset_workers(); });
}

void Story::reset_workers() {
  if (!daemon_ || empty_.empty()) return;
  say([this] {
    std::erase_if(empty_, [this](const WorkerHost& worker) {
      if (!fleet_.is_blank(worker)) return true;  // it was nobody's before, and is in use again
      const ControlReply reply = daemon_->desk.recovery().worker("reset", worker.str(), "ann");
      write("operator: " + reply.text);
      return reply.kind != ControlReply::Kind::kRefused;
    });
  });
}

void Story::reset_by_mistake() {
  const WorkerHost worker = host(pick(1, most_workers_));
  if (!daemon_ || empty_.count(worker) > 0) return;
  say([this, worker] {
    write("operator, by mistake: " + daemon_->desk.recovery().worker("reset", worker.str(), "ann").text);
  });
}

void Story::lose_store(std::function<void()> replace) {
  write("the store is lost");
  referee_.store_lost();
  for (int worker = 1; worker <= most_workers_; ++worker) {  // what was said of them is lost as well
    if (fleet_.was_replaced(host(worker))) empty_.insert(host(worker));
  }
  replace_store_ = std::move(replace);
  timeline_.after(Duration(pick(1'000, 300'000)), [this] { take_over(); });
  if (daemon_) kill();
}

void Story::take_over() {
  if (!daemon_) return;
  say([this] { write("operator: " + daemon_->desk.recovery().takeover("the disk is new", "ann").text); });
}

void Story::kill() {
  write("killed");
  throw Killed{};
}

void Story::live() {
  ++lives_;
  write("begins life " + std::to_string(lives_));
  if (replace_store_) std::exchange(replace_store_, {})();
  try {
    daemon_ = std::make_unique<Daemon>(*this);
    daemon_->reconciler.run();
    if (!over_) referee_.broken("the daemon left although nobody asked it to");
  } catch (const Killed&) {
  } catch (const StoreError&) {
    // A store that cannot be read at the start: the service manager starts it again.
  }
  daemon_.reset();
  store_.forget_unsynced();
}

std::vector<std::string> Story::tell() {
  while (!over_) {
    live();
    const Instant again = timeline_.now() + Duration(pick(10, 40'000));
    while (!over_ && timeline_.now() < again) timeline_.step(again);
  }
  if (referee_.broken().empty()) {
    referee_.at_rest(head_, fleet_.places());
    if (trouble_.hooks)
      hook_referee_.at_rest(head_, fleet_.places(), trouble_.lost_stores + trouble_.old_stores > 0);
  }
  std::vector<std::string> broken = referee_.broken();
  broken.insert(broken.end(), hook_referee_.broken().begin(), hook_referee_.broken().end());
  return broken;
}

}  // namespace maand::simulation
