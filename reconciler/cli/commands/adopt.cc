#include "reconciler/cli/commands/adopt.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "reconciler/app/bucket_dir.h"
#include "reconciler/app/config.h"
#include "reconciler/cli/adopting.h"
#include "reconciler/cli/adoption_commit.h"
#include "reconciler/cli/adoption_verdict.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/services.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostPaths = 5;  // named of one allocation

std::filesystem::path find_directory(const Context& context) {
  const Environment environment = process_environment();
  const auto variable = environment.find("MAAND_BUCKET");
  const BucketDir found = find_bucket(context.bucket, variable == environment.end() ? "" : variable->second,
                                      std::filesystem::current_path());
  if (found.path.empty()) throw CommandError(kExitUsage, found.problem);
  return found.path;
}

std::vector<const PlannedAction*> actions_of(const Plan& plan) {
  std::vector<const PlannedAction*> out;
  for (const auto& [name, job] : plan.jobs) {
    for (const auto* list : {&job.drains, &job.removals, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) out.push_back(&action);
    }
  }
  return out;
}

std::vector<std::string> held_jobs(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& [name, job] : plan.jobs) {
    if (job.held) out.push_back(name.str() + " is held: " + to_string(job.held_reason));
  }
  return out;
}

std::string some_of(const std::vector<std::string>& paths) {
  std::string out;
  for (std::size_t i = 0; i < paths.size() && i < kMostPaths; ++i)
    out += (i ? ", " : "") + printable(paths[i], 200);
  if (paths.size() > kMostPaths) out += " and " + std::to_string(paths.size() - kMostPaths) + " more";
  return out;
}

std::size_t secrets_of(const Adopting& a) {
  std::size_t out = 0;
  for (const ValueChange& one : a.values) out += one.kind == ValueChange::Kind::kPutSecret ? 1 : 0;
  return out;
}

std::size_t ports_of(const Adopting& a) {
  std::size_t out = 0;
  for (const auto& [job, numbers] : a.state.ports) out += numbers.size();
  return out;
}

std::string text_of(const Adopting& a, bool dry_run) {
  std::set<WorkerHost> workers;
  for (const Taken& one : a.taken) workers.insert(one.key.worker);
  std::string out = (dry_run ? "Would be taken over" : "Taken over") + std::string(" of bucket ") +
                    a.original.bucket_id + ": " + std::to_string(a.taken.size()) + " allocations on " +
                    std::to_string(workers.size()) + " workers, " + std::to_string(ports_of(a)) + " ports, " +
                    std::to_string(a.values.size() - secrets_of(a)) + " values, " +
                    std::to_string(secrets_of(a)) + " secrets and private keys\n";
  for (const Taken& one : a.taken) {
    out += "  " + one.key.str() + "  " + printable(one.version) + "  " + to_string(one.standing) + "  " +
           std::to_string(one.files) + " files" + (one.read ? "" : " (from the database)") + "\n";
    if (!one.by_hand.empty()) out += "    not as deployed: " + some_of(one.by_hand) + "\n";
    if (!one.changed.empty()) out += "    changed in git since: " + some_of(one.changed) + "\n";
    if (one.without_cause > 0)
      out += "    " + std::to_string(one.without_cause) +
             " files differ in mode or rendering alone: sent with its next change, no reason for one\n";
  }
  if (!a.config.added.empty()) {
    out += std::string(dry_run ? "Would be added" : "Added") + " to maand.conf:\n";
    for (const std::string& line : a.config.added) out += "  " + printable(line, 500) + "\n";
  }
  for (const std::string& remark : a.remarks) out += "Note: " + printable(remark, 1000) + "\n";
  const std::vector<const PlannedAction*> actions = actions_of(a.plan);
  const std::vector<std::string> held = held_jobs(a.plan);
  if (actions.empty() && held.empty()) {
    out += "The next pass runs nothing: what runs is what " + a.head.label + " says\n";
  } else {
    out += "The next pass, of " + a.head.label + ":\n";
    for (const PlannedAction* action : actions)
      out += "  " + printable(sentence(*action), 1000) + "  " + to_string(action->reason) + "\n";
    for (const std::string& one : held) out += "  " + one + "\n";
  }
  return out;
}

std::string json_of(const Adopting& a, bool dry_run, std::size_t kept) {
  std::vector<std::string> allocations;
  for (const Taken& one : a.taken) {
    allocations.push_back(JsonObject()
                              .text("job", one.key.job.str())
                              .text("worker", one.key.worker.str())
                              .text("version", one.version)
                              .text("standing", to_string(one.standing))
                              .flag("read", one.read)
                              .number("files", static_cast<std::int64_t>(one.files))
                              .texts("changed", one.changed)
                              .texts("by_hand", one.by_hand)
                              .number("without_cause", static_cast<std::int64_t>(one.without_cause))
                              .str());
  }
  std::vector<std::string> next;
  for (const PlannedAction* action : actions_of(a.plan)) {
    next.push_back(JsonObject()
                       .text("job", action->key.job.str())
                       .text("worker", action->key.worker.str())
                       .text("action", to_string(action->action))
                       .text("reason", to_string(action->reason))
                       .text("sentence", sentence(*action))
                       .str());
  }
  return JsonObject()
      .flag("dry_run", dry_run)
      .text("bucket_id", a.original.bucket_id)
      .text("commit", a.head.commit.str())
      .raw("allocations", json_array(allocations))
      .number("kept_on_workers", static_cast<std::int64_t>(kept))
      .number("ports", static_cast<std::int64_t>(ports_of(a)))
      .number("values", static_cast<std::int64_t>(a.values.size() - secrets_of(a)))
      .number("secrets", static_cast<std::int64_t>(secrets_of(a)))
      .texts("config_added", a.config.added)
      .texts("remarks", a.remarks)
      .raw("next", json_array(next))
      .texts("held", held_jobs(a.plan))
      .str();
}

// For a mirror that nobody keeps.
class Passing {
 public:
  Passing() {
    std::string name = (std::filesystem::temp_directory_path() / "maand-adopt-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw CommandError(kExitFailed, "cannot make a directory for the repository below " +
                                          std::filesystem::temp_directory_path().string() + ": " +
                                          std::strerror(errno) + "; TMPDIR names another place");
    path_ = name;
  }
  ~Passing() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

int run_adopt(const Context& context, const AdoptOptions& options) {
  const AdoptionWish wish{options.repo, options.branch, options.path, options.without_unreachable,
                          options.with_held};
  auto [bucket, config] = original_bucket(find_directory(context), wish);
  // A dry run changes nothing, not even whose data/ is.
  const std::shared_ptr<BucketLock> lock = options.dry_run ? nullptr : Services::take_lock(bucket);
  std::optional<Passing> passing;
  if (options.dry_run) bucket.other_mirror = passing.emplace().path() / "mirror.git";
  Adopting adopting = read_adoption(bucket, std::move(config), wish);
  std::size_t kept = 0;
  if (!options.dry_run) {
    ask_health(adopting);
    store_adoption(adopting);
    kept = tell_workers(adopting);
  }
  std::cout << (context.json ? json_of(adopting, options.dry_run, kept) + "\n"
                             : text_of(adopting, options.dry_run));
  return kExitDone;
}

}  // namespace maand
