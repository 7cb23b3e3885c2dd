#include "reconciler/core/notice/bulletin.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/reason.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr std::size_t kMostLineBytes = 300;
constexpr std::size_t kMostTitleBytes = 180;

std::string short_id(const CommitId& commit) { return commit.str().substr(0, 12); }

std::string workers(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " worker" : " workers");
}

std::string line_of(const std::string& text) { return printable(text, kMostLineBytes); }

bool went_wrong(const AllocationStatus& line) {
  return line.outcome == "failed" || line.outcome == "interrupted";
}

}  // namespace

RolloutNews news_of(const PassStatus& status) {
  RolloutNews news;
  news.commit = status.commit;
  news.state = to_string(status.state);
  news.cause = status.cause;
  news.summary = summary(status);
  // job, action, versions → how often; in the order of the jobs.
  std::vector<std::pair<std::string, std::size_t>> done;
  std::size_t set_aside = 0;
  for (const AllocationStatus& line : status.allocations) {
    if (line.outcome == "set-aside") ++set_aside;
    if (went_wrong(line)) {
      news.failed.push_back(line_of(line.key.str() + ": " +
                                    (line.detail.empty() ? std::string(explain(line.reason)) : line.detail)));
    }
    if (line.outcome != "succeeded" || line.action == Action::kNone) continue;
    std::string what = line.key.job.str() + " ";
    what += line.current_version == line.new_version || line.current_version.empty()
                ? line.new_version
                : line.current_version + " → " + line.new_version;
    what += ": " + std::string(to_string(line.action)) + " on ";
    const auto known =
        std::find_if(done.begin(), done.end(), [&](const auto& one) { return one.first == what; });
    if (known == done.end()) {
      done.emplace_back(what, 1);
    } else {
      ++known->second;
    }
  }
  for (const auto& [what, count] : done) news.done.push_back(line_of(what + workers(count)));
  for (const JobStatus& job : status.jobs) {
    news.held.push_back(line_of(job.job.str() + " " + to_string(job.reason) + ": " +
                                (job.detail.empty() ? std::string(explain(job.reason)) : job.detail)));
  }
  if (set_aside > 0) news.held.push_back(workers(set_aside) + " set aside; they follow when they are back");
  return news;
}

Urgency urgency_of(const RolloutNews& news) {
  if (!news.failed.empty() || news.state == to_string(PassState::kRolledBack)) return Urgency::kError;
  if (news.state == to_string(PassState::kHeld)) return Urgency::kError;
  return news.state == to_string(PassState::kDegraded) ? Urgency::kWarning : Urgency::kInfo;
}

std::string id_of(const Bulletin& bulletin) {
  std::string all = bulletin.bucket_id + "\n" + std::to_string(bulletin.at.time_since_epoch().count());
  if (bulletin.rollout) all += "\n" + bulletin.rollout->commit.str() + " " + bulletin.rollout->state;
  for (const Notice& notice : bulletin.notices)
    all += "\n" + notice.key + " " + notice.state + (notice.recovered ? " over" : "");
  return sha256(all).hex().substr(0, 32);
}

std::string severity_of(const Bulletin& bulletin) {
  Urgency most = bulletin.rollout ? urgency_of(*bulletin.rollout) : Urgency::kInfo;
  bool recovered = false;
  bool raised = false;
  for (const Notice& notice : bulletin.notices) {
    recovered = recovered || notice.recovered;
    raised = raised || !notice.recovered;
    if (!notice.recovered) most = std::max(most, notice.urgency);
  }
  if (recovered && !raised && most == Urgency::kInfo) return "recovered";
  return to_string(most);
}

std::string title_of(const Bulletin& bulletin) {
  std::string title = "maand " + bulletin.bucket_name + ": ";
  if (bulletin.test) return title + "a test of the notifications";
  if (bulletin.rollout) {
    const RolloutNews& rollout = *bulletin.rollout;
    title += short_id(rollout.commit) + " " + rollout.state + " · " + rollout.summary;
  } else if (!bulletin.notices.empty()) {
    title += bulletin.notices.front().title;
    if (const std::size_t more = bulletin.notices.size() - 1; more > 0)
      title += ", and " + std::to_string(more) + " more";
  }
  return printable(title, kMostTitleBytes);
}

std::optional<Bulletin> for_least(Bulletin bulletin, Urgency least) {
  std::erase_if(bulletin.notices, [&](const Notice& notice) { return notice.urgency < least; });
  const bool rollout = bulletin.rollout && urgency_of(*bulletin.rollout) >= least;
  if (bulletin.notices.empty() && !rollout && !bulletin.test) return std::nullopt;
  return bulletin;
}

std::vector<Paragraph> paragraphs(const Bulletin& bulletin) {
  using Mark = Paragraph::Mark;
  std::vector<Paragraph> out;
  if (bulletin.test) {
    out.push_back({Mark::kPlain, "This is a test.", {"Whoever reads it gets what this bucket has to tell."}});
  }
  if (bulletin.rollout) {
    const RolloutNews& rollout = *bulletin.rollout;
    if (!rollout.failed.empty()) out.push_back({Mark::kBad, "Failed", rollout.failed});
    if (!rollout.held.empty()) out.push_back({Mark::kBad, "Held or waiting", rollout.held});
    if (!rollout.done.empty()) out.push_back({Mark::kGood, "Done", rollout.done});
  }
  for (const Notice& notice : bulletin.notices) {
    Paragraph paragraph;
    paragraph.mark = notice.recovered ? Mark::kGood : Mark::kBad;
    if (!notice.recovered && notice.urgency == Urgency::kInfo) paragraph.mark = Mark::kPlain;
    paragraph.heading = notice.title;
    paragraph.lines = notice.sentences;
    if (!notice.allocations.empty()) {
      constexpr std::size_t kShown = 10;
      const std::size_t shown = std::min(notice.allocations.size(), kShown);
      std::vector<std::string> names(notice.allocations.begin(),
                                     notice.allocations.begin() + static_cast<std::ptrdiff_t>(shown));
      if (notice.allocations.size() > shown)
        names.push_back(std::to_string(notice.allocations.size() - shown) + " more");
      paragraph.lines.push_back(join_words(names));
    }
    out.push_back(std::move(paragraph));
  }
  return out;
}

}  // namespace maand
