#include "tests/fault/fault_story.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace maand::testing {
namespace {

constexpr int kWorkers = 3;
// In calm everything is there; what takes longer than this does not converge.
constexpr std::chrono::seconds kLongest{240};

RemoteKind remote_of(std::uint64_t seed) {
  constexpr RemoteKind kAll[] = {RemoteKind::kPath, RemoteKind::kHttps, RemoteKind::kSsh};
  return kAll[seed % 3];
}

}  // namespace

FaultStory::FaultStory(std::uint64_t seed, FaultKind kind)
    : random_(seed),
      kind_(kind),
      remote_(remote_of(seed)),
      faulty_(kWorkers, remote_, kind == FaultKind::kCut),
      world_(faulty_.world()),
      wish_(kWorkers),
      referee_(faulty_.ledger(), faulty_.bucket_roots()) {
  commit();
  world_.serve();
  come_to_rest();
  for (const auto& proxy : faulty_.proxies()) {
    whole_.push_back(std::max(proxy->relayed(Direction::kUp), proxy->relayed(Direction::kDown)));
  }
  if (!referee_.broken().empty()) throw std::runtime_error("before any fault: " + told());
}

void FaultStory::wait_up_to(int most_ms) {
  const int ms = pick(0, most_ms);
  say("after " + std::to_string(ms) + " ms");
  // lint-allow-sleep: the moment of the fault is what is varied
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

void FaultStory::commit() {
  std::string changes;
  for (int i = head_.empty() ? 0 : pick(1, 3); i > 0; --i) changes += ", " + wish_.change(random_);
  GitChanges files = wish_.files(faulty_.ledger());
  files["workers.json"] = faulty_.workers_json();
  head_ = world_.commit(files);
  referee_.committed(head_, wish_);
  say("commit " + head_.substr(0, 8) + changes);
}

void FaultStory::poke() {
  if (world_.daemon_running()) world_.maand({"reconcile"});
}

void FaultStory::kill() {
  world_.kill_daemon();
  ++kills_;
  say("killed");
}

void FaultStory::strike_with_kills() {
  const bool up = chance(50);
  if (!up && world_.daemon_running()) kill();
  commit();
  if (up) {
    poke();
  } else {
    world_.launch();
  }
  if (chance(40)) {
    wait_up_to(700);
    commit();
    poke();
  }
  wait_up_to(1'500);
  kill();
  while (chance(40)) {
    if (chance(20)) commit();
    world_.launch();
    wait_up_to(500);  // about half of it is the start
    kill();
  }
}

void FaultStory::arm_a_cut() {
  const auto& proxies = faulty_.proxies();
  const auto which = static_cast<std::size_t>(pick(0, static_cast<int>(proxies.size()) - 1));
  const Direction direction = chance(50) ? Direction::kUp : Direction::kDown;
  const auto at = static_cast<std::uint64_t>(pick(0, static_cast<int>(whole_[which] * 5 / 4)));
  const ProxyFault fault{ProxyFault::Kind::kCut, direction, at};
  const bool once = chance(70);
  if (once) {
    proxies[which]->set_fault_once(fault);
  } else {
    proxies[which]->set_fault(fault);
  }
  ++cuts_;
  say("proxy " + std::to_string(which) + (once ? " cuts one " : " cuts every ") +
      (direction == Direction::kUp ? "way up after " : "way down after ") + std::to_string(at) + " bytes");
}

void FaultStory::strike_with_cuts() {
  for (int i = pick(1, 4); i > 0; --i) arm_a_cut();
  commit();
  poke();
  for (int i = pick(0, 3); i > 0; --i) {
    wait_up_to(600);
    const int what = pick(1, 3);
    if (what == 1) arm_a_cut();
    if (what == 2) {
      const auto which = static_cast<std::size_t>(pick(0, static_cast<int>(faulty_.proxies().size()) - 1));
      faulty_.proxies()[which]->cut_all();
      ++cuts_;
      say("proxy " + std::to_string(which) + " cuts all that is open");
    }
    if (what == 3) {
      commit();
      poke();
    }
  }
  wait_up_to(800);
}

void FaultStory::calm() {
  for (const auto& proxy : faulty_.proxies()) proxy->set_fault(std::nullopt);
  say("calm");
  if (!world_.daemon_running()) world_.serve();
}

void FaultStory::come_to_rest() {
  const std::string state = wish_.holds() ? ": held" : ": applied";
  std::string note;
  const bool rests = eventually(
      [&] {
        note = world_.git().note(head_).value_or("");
        return note.substr(0, note.find('\n')).find(state) != std::string::npos;
      },
      kLongest);
  if (!rests) {
    throw std::runtime_error("it does not come to rest as `" + state + "`; the note says\n" + note +
                             "status\n" + world_.maand({"status"}).out);
  }
  // One more pass has nothing to do; it would show in the ledger.
  world_.reconcile();
  referee_.at_rest(note, world_.bucket_id());
  wish_.settled();
}

const std::vector<std::string>& FaultStory::round() {
  said_.clear();
  entries_before_ = referee_.entries().size();
  if (kind_ == FaultKind::kKill) {
    strike_with_kills();
  } else {
    strike_with_cuts();
  }
  calm();
  come_to_rest();
  return referee_.broken();
}

std::string FaultStory::told() {
  std::string out = std::string("the remote is ") + to_string(remote_) + "\n";
  for (const std::string& line : referee_.broken()) out += "BROKEN " + line + "\n";
  for (const std::string& line : said_) out += line + "\n";
  for (std::size_t i = entries_before_; i < referee_.entries().size(); ++i)
    out += "  " + referee_.entries()[i].line + "\n";
  const std::string log = world_.daemon_log();
  return out + "the daemon:\n" + log.substr(log.size() - std::min<std::size_t>(log.size(), 12'000));
}

}  // namespace maand::testing
