#include "reconciler/cli/plan_text.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "reconciler/cli/json_out.h"
#include "reconciler/cli/terminal.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostDetailBytes = 4000;

// `+`, `~` or `-`, in its colour.
struct Mark {
  const char* text;
  Ink ink;
};

Mark mark_of(Action action) {
  switch (action) {
    case Action::kStart:
      return {"+", Ink::kGood};
    case Action::kStop:
    case Action::kRemove:
    case Action::kForget:
      return {"-", Ink::kBad};
    default:
      return {"~", Ink::kWarn};
  }
}

std::vector<const PlannedAction*> actions_of(const JobPlan& job) {
  std::vector<const PlannedAction*> out;
  for (const auto* list : {&job.drains, &job.removals, &job.handovers, &job.starts, &job.upgrades}) {
    for (const PlannedAction& action : *list) out.push_back(&action);
  }
  return out;
}

// In the order they are carried out: those that leave against the waves, before them.
std::vector<const JobPlan*> in_order(const Plan& plan) {
  std::vector<const JobPlan*> jobs;
  for (const auto& [name, job] : plan.jobs) {
    if (job.has_actions() || job.held) jobs.push_back(&job);
  }
  std::stable_sort(jobs.begin(), jobs.end(), [](const JobPlan* a, const JobPlan* b) {
    return std::pair(!a->leaving, a->leaving ? -a->wave : a->wave) <
           std::pair(!b->leaving, b->leaving ? -b->wave : b->wave);
  });
  return jobs;
}

std::string heading(const JobPlan& job) {
  return job.leaving ? "Before the waves, jobs that leave" : "Wave " + std::to_string(job.wave);
}

// What sentence() says behind `because`.
std::string because(const PlannedAction& action) {
  constexpr std::string_view kBecause = ", because ";
  const std::string whole = sentence(action);
  const std::size_t at = whole.find(kBecause, action.key.str().size());
  return printable(at == std::string::npos ? whole : whole.substr(at + kBecause.size()), kMostDetailBytes);
}

// `1.0.0 → 1.1.0`, where all of its allocations agree on either side.
std::string versions_of(const std::vector<const PlannedAction*>& actions) {
  std::set<std::string> from, to;
  for (const PlannedAction* one : actions) {
    const bool brings = mark_of(one->action).text[0] != '-';
    if (one->action != Action::kStart && !one->current_version.empty()) from.insert(one->current_version);
    if (brings && !one->new_version.empty()) to.insert(one->new_version);
  }
  const std::string before = from.size() == 1 ? printable(*from.begin())
                             : from.empty()   ? ""
                                              : "several versions";
  const std::string after = to.size() == 1 ? printable(*to.begin()) : "";
  if (after.empty() || before == after) return before;
  return before.empty() ? after : before + " → " + after;
}

std::string pace_of(const JobPlan& job) {
  std::string out;
  if (job.upgrades.size() > 1) out += ", " + std::to_string(job.max_concurrent_upgrades) + " at a time";
  if (job.starts.size() > 1 && job.max_concurrent_starts > 0)
    out += ", starts " + std::to_string(job.max_concurrent_starts) + " at a time";
  return out;
}

class Writer {
 public:
  Writer(const ChangedFiles& files, bool color) : files_(files), color_(color) {}

  std::string body(const Plan& plan) {
    std::string under;
    for (const JobPlan* job : in_order(plan)) {
      if (heading(*job) != under) {
        under = heading(*job);
        out_ += "\n" + inked(under + ":", Ink::kBold, color_) + "\n";
      }
      add(*job);
    }
    if (!plan.waiting.empty()) out_ += "\n" + inked("Left alone:", Ink::kBold, color_) + "\n";
    for (const PlannedAction& action : plan.waiting) {
      out_ += "  = " + printable(action.key.str()) + "  " + to_string(action.reason) + ", " +
              because(action) + "\n";
    }
    return std::move(out_);
  }

 private:
  void add(const JobPlan& job) {
    const auto actions = actions_of(job);
    const std::string versions = versions_of(actions);
    out_ += "  " + inked(printable(job.job.str()), Ink::kBold, color_) +
            (versions.empty() ? "" : "  " + versions) + inked(pace_of(job), Ink::kDim, color_) + "\n";
    if (job.held) {
      const std::string detail = printable(job.held_detail, kMostDetailBytes);
      out_ += "    = " + std::string(job.held_reason == Reason::kWindowClosed ? "waits" : "held") +
              ", because " + explain(job.held_reason) + (detail.empty() ? "" : ": " + detail) + "  " +
              to_string(job.held_reason) + "\n";
    }
    std::size_t worker = 0, word = 0;
    for (const PlannedAction* one : actions) {
      worker = std::max(worker, display_width(one->key.worker.str()));
      word = std::max(word, display_width(to_string(one->action)));
    }
    for (const PlannedAction* one : actions) {
      const Mark mark = mark_of(one->action);
      const std::string what = std::string(mark.text) + " " +
                               pad_right(printable(one->key.worker.str()), worker) + "  " +
                               pad_right(to_string(one->action), word);
      out_ += "    " + inked(what, mark.ink, color_) + "  " + to_string(one->reason) + ", " + because(*one) +
              "\n";
      if (files_) add_files(*one);
    }
  }

  // Once: what is the same on the next worker is told in a line.
  void add_files(const PlannedAction& action) {
    std::vector<FileChange> files = files_(action);
    if (files.empty()) return;
    if (action.key.job == like_.job && files == shown_) {
      out_ += "        files as for " + printable(like_.str()) + "\n";
      return;
    }
    for (const FileChange& change : files) add(change);
    like_ = action.key;
    shown_ = std::move(files);
  }

  void add(const FileChange& change) {
    out_ += "        " + title_of(change) + "\n";
    for (const std::string& line : change.diff) {
      const Ink ink = line[0] == '+'   ? Ink::kGood
                      : line[0] == '-' ? Ink::kBad
                      : line[0] == '@' ? Ink::kDim
                                       : Ink::kPlain;
      out_ += "          " + inked(line, ink, color_) + "\n";
    }
    if (change.cut) out_ += "          … the rest is left out\n";
  }

  const ChangedFiles& files_;
  const bool color_;
  std::string out_;
  AllocationKey like_;
  std::vector<FileChange> shown_;
};

std::map<Action, std::size_t> counts_of(const Plan& plan) {
  std::map<Action, std::size_t> out;
  for (const auto& [name, job] : plan.jobs) {
    for (const PlannedAction* one : actions_of(job)) ++out[one->action];
  }
  return out;
}

std::string summary(const Plan& plan, bool color) {
  std::string out;
  for (const auto& [action, count] : counts_of(plan)) {
    out += (out.empty() ? "" : ", ") +
           inked(std::to_string(count) + " to " + to_string(action), mark_of(action).ink, color);
  }
  if (out.empty()) out = "nothing to do";
  out += "; " + std::to_string(plan.unchanged) + " unchanged";
  const auto held =
      std::count_if(plan.jobs.begin(), plan.jobs.end(), [](const auto& job) { return job.second.held; });
  if (held > 0)
    out += "; " + inked(std::to_string(held) + (held == 1 ? " job held" : " jobs held"), Ink::kBad, color);
  return inked("Plan:", Ink::kBold, color) + " " + out + "\n";
}

}  // namespace

PlanText plan_text(const Plan& plan, const ChangedFiles& files, bool color) {
  return {Writer(files, color).body(plan), summary(plan, color)};
}

std::string plan_counts_json(const Plan& plan) {
  JsonObject out;
  for (const auto& [action, count] : counts_of(plan))
    out.number(to_string(action), static_cast<std::int64_t>(count));
  return out.str();
}

}  // namespace maand
