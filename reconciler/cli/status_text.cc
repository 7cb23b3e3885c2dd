#include "reconciler/cli/status_text.h"

#include <algorithm>
#include <utility>

#include "reconciler/cli/table.h"
#include "reconciler/core/reason.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::size_t kBarCells = 20;
constexpr std::size_t kMostNames = 8;    // of workers on a line
constexpr std::size_t kNameIndent = 27;  // below the bar
constexpr std::size_t kMostLineBytes = 2000;

std::string short_id(const std::string& id) { return id.empty() ? "none" : id.substr(0, kShortId); }

bool goes_on(const StatusView::Progress& job) {
  return job.state == "pending" || job.state == "running" || job.state == "waiting";
}

std::string because(const std::string& reason, const std::string& detail) {
  const char* sentence = explain(reason_from(reason));
  std::string out = reason;
  if (*sentence) out += ", " + std::string(sentence);
  return out + (detail.empty() ? "" : ": " + detail);
}

void line(std::string& out, const std::string& label, const std::string& text) {
  out += "  " + pad_right(label, 9) + printable(text, kMostLineBytes) + "\n";
}

std::string daemon_words(const StatusView& status) {
  if (!status.daemon) return "not running; this is what was last recorded";
  return (status.phase.empty() ? "running" : status.phase) +
         (status.pending ? ", another pass was asked for" : "");
}

std::string commit_words(const StatusView& status) {
  if (status.head.empty()) return "none judged yet";
  if (status.head == status.applied) return short_id(status.head) + " (applied)";
  return short_id(status.head) + " (last applied: " + short_id(status.applied) + ")";
}

std::string order_words(const StatusView::Standing& order) {
  return "by " + order.actor + (order.until.empty() ? "" : " until " + order.until) + ": " + order.reason;
}

void troubles(std::string& out, const StatusView& status, bool color) {
  std::string list;
  const auto add = [&](Ink ink, const std::string& what, const std::string& why) {
    list += "  " + inked(printable(what), ink, color) + "  " + printable(why, kMostLineBytes) + "\n";
  };
  if (!status.store_problem.empty()) add(Ink::kBad, "store", "cannot be written: " + status.store_problem);
  if (!status.notes_problem.empty()) add(Ink::kWarn, "notes", "cannot be pushed: " + status.notes_problem);
  for (const std::string& warning : status.certificate_warnings) add(Ink::kWarn, "certificates", warning);
  if (status.authority == "recovering" || status.authority == "fenced") {
    const Reason why = status.authority == "fenced" ? Reason::kFenced : Reason::kRecovering;
    add(Ink::kBad, "this controller is " + status.authority,
        std::string(explain(why)) +
            (status.authority_detail.empty() ? "" : " (" + status.authority_detail + ")"));
  }
  for (const auto& one : status.channels) {
    if (one.problem.empty()) continue;
    add(Ink::kWarn, one.name + " does not take messages",
        one.problem + " (since " + one.since + ", " + std::to_string(one.waiting) + " waiting)");
  }
  for (const auto& one : status.suspended) {
    add(Ink::kWarn, one.job.empty() ? "the bucket is suspended" : one.job + " is suspended",
        order_words(one));
  }
  for (const auto& one : status.pinned) {
    add(Ink::kWarn, one.job.empty() ? "the bucket is pinned" : one.job + " is pinned",
        "at " + short_id(one.commit) + " " + order_words(one));
  }
  for (const auto& job : status.jobs) {
    add(job.state == "held" ? Ink::kBad : Ink::kWarn,
        job.job + " " + (job.state == "held" ? "is held" : "waits"), because(job.reason, job.detail));
  }
  for (const auto& one : status.set_aside) {
    add(Ink::kWarn, one.worker + " is set aside",
        one.condition + (one.detail.empty() ? "" : ": " + one.detail));
  }
  for (const std::string& problem : status.problems) add(Ink::kBad, "error", problem);
  if (!list.empty()) out += "\n" + list;
}

}  // namespace

Ink ink_of_state(const std::string& state) {
  for (const char* good : {"applied", "running", "healthy", "succeeded", "done", "Ready"}) {
    if (state == good) return Ink::kGood;
  }
  for (const char* bad : {"held", "refused", "failed", "unhealthy", "rolled_back", "interrupted"}) {
    if (state == bad) return Ink::kBad;
  }
  if (state == "stopped" || state == "unprobed") return Ink::kDim;
  return Ink::kWarn;
}

std::string progress_line(const StatusView::Progress& job, const TextStyle& style) {
  const auto part =
      job.total > 0 ? static_cast<std::size_t>(std::clamp<std::int64_t>(job.done, 0, job.total)) : 0u;
  const std::size_t filled = job.total > 0 ? part * kBarCells / static_cast<std::size_t>(job.total) : 0;
  std::string bar;
  for (std::size_t i = 0; i < kBarCells; ++i) bar += i < filled ? "█" : "░";
  std::string text = "  " + std::to_string(job.done) + "/" + std::to_string(job.total);
  if (job.batches > 0) text += "  batch " + std::to_string(job.batch) + "/" + std::to_string(job.batches);
  text += "  " + job.state;
  if (job.state == "waiting") text += "  " + because(job.reason, job.detail);
  const std::string name = pad_right(fit(printable(job.job), 24), 24);
  const std::size_t used = 2 + 24 + 1 + kBarCells;
  std::string rest = printable(text, kMostLineBytes);
  if (style.columns > used) rest = fit(rest, style.columns - used);
  return "  " + name + " " + inked(bar, ink_of_state(job.state), style.color) + rest;
}

std::vector<std::string> progress_lines(const StatusView::Progress& job, const TextStyle& style) {
  std::vector<std::string> out = {progress_line(job, style)};
  const auto workers = [&](const char* label, const std::vector<std::string>& names, Ink ink) {
    if (names.empty()) return;
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) list += (i > 0 ? ", " : "") + names[i];
    if (names.size() > kMostNames) list += " and " + std::to_string(names.size() - kMostNames) + " more";
    std::string text = printable(label + list, kMostLineBytes);
    if (style.columns > kNameIndent) text = fit(text, style.columns - kNameIndent);
    out.push_back(std::string(kNameIndent, ' ') + inked(text, ink, style.color));
  };
  workers("now on ", job.running, Ink::kDim);
  workers("failed on ", job.failed, Ink::kBad);
  workers("set aside: ", job.set_aside, Ink::kWarn);
  return out;
}

std::vector<std::string> rollout_lines(const StatusView& status, const TextStyle& style) {
  std::size_t through = 0;
  std::vector<std::string> out;
  for (const auto& job : status.rollout) {
    if (job.state == "done") {
      ++through;
      continue;
    }
    for (std::string& line : progress_lines(job, style)) out.push_back(std::move(line));
  }
  std::string head =
      printable(status.state + (status.phase.empty() ? "" : " · " + status.phase), kMostLineBytes);
  if (through > 0)
    head +=
        " · " + std::to_string(through) + " of " + std::to_string(status.rollout.size()) + " jobs through";
  out.insert(out.begin(), style.columns > 0 ? fit(head, style.columns) : head);
  return out;
}

std::string status_line(const StatusView& status) {
  std::string out = status.state + (status.phase.empty() ? "" : " · " + status.phase);
  std::string jobs;
  for (const auto& job : status.rollout) {
    if (!goes_on(job)) continue;
    jobs += (jobs.empty() ? "" : ", ") + job.job + " " + std::to_string(job.done) + "/" +
            std::to_string(job.total);
    if (job.batches > 0) jobs += " batch " + std::to_string(job.batch) + "/" + std::to_string(job.batches);
    if (!job.failed.empty()) jobs += " failed on " + comma_list(job.failed);
    if (!job.set_aside.empty()) jobs += " set aside " + comma_list(job.set_aside);
  }
  return printable(out + (jobs.empty() ? "" : " · " + jobs), kMostLineBytes);
}

std::string status_text(const StatusView& status, const TextStyle& style) {
  const std::string state = status.state.empty() ? "pending" : status.state;
  std::string out = inked("maand " + printable(status.name), Ink::kBold, style.color) + ": " +
                    inked(state, ink_of_state(state), style.color) + "\n";
  line(out, "commit", commit_words(status));
  if (status.daemon && status.source != "Ready") {
    line(out, "source", status.source + (status.source_detail.empty() ? "" : ": " + status.source_detail));
  }
  line(out, "daemon", daemon_words(status));
  if (std::any_of(status.rollout.begin(), status.rollout.end(), goes_on)) {
    out += "\n";
    for (const auto& job : status.rollout) {
      if (!goes_on(job)) continue;
      for (const std::string& one : progress_lines(job, style)) out += one + "\n";
    }
  }
  troubles(out, status, style.color);
  if (status.allocations.empty()) return out + "\nNothing is deployed yet.\n";
  Table table({{"job"}, {"worker"}, {"version"}, {"state"}, {"health"}, {"", Column::Align::kLeft, true}});
  for (const auto& one : status.allocations) {
    table.row({one.job, one.worker, one.version, Cell(one.state, ink_of_state(one.state)),
               Cell(one.health, ink_of_state(one.health)), Cell(one.why, Ink::kDim)});
  }
  return out + "\n" + table.str(style.columns, style.color);
}

}  // namespace maand
