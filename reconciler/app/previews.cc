#include "reconciler/app/previews.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "reconciler/core/json_escape.h"
#include "reconciler/core/preview/preview_text.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNotesAtOnce = 20;
constexpr std::size_t kMostNotes = 600;  // more than `limits.previews` may be
constexpr std::chrono::seconds kNotesAgain{60};

// Allocations that the last pass left otherwise than the head wants them.
std::vector<AllocationKey> unsettled_in(const Memory& memory) {
  std::set<AllocationKey> out;
  for (const auto& [name, job] : memory.plan.jobs) {
    for (const auto* list : {&job.drains, &job.removals, &job.handovers, &job.starts, &job.upgrades}) {
      for (const PlannedAction& action : *list) out.insert(action.key);
    }
  }
  for (const PlannedAction& action : memory.plan.waiting) out.insert(action.key);
  for (const JobReport& job : memory.jobs) {
    for (const AllocationReport& allocation : job.allocations) {
      if (allocation.state == AllocationReport::State::kDone) out.erase(allocation.action.key);
    }
  }
  return {out.begin(), out.end()};
}

// What workers have, without what moves while a dead one is tried again and again.
std::string applied_in(const AppliedState& state) {
  std::string out;
  for (const auto& [key, one] : state.allocations) {
    out += key.str() + " " + one.version + " " + (one.files ? one.files->list_id.hex() : "-") + " " +
           one.rendered_with.values.hex() + " " + to_string(one.last) + (one.running ? " r" : " s") +
           (one.open ? "o" : "") + (one.stopped_by ? "b" : "") + "\n";
  }
  return sha256(out).hex();
}

// Whatever a verdict depends on beside the commit.
std::string world_of(const Memory& memory, const AppliedState& state, const ValueSnapshotPtr& values) {
  std::string out = memory.judged->info.id.str() + " " + memory.accepted->info.id.str() + " " +
                    std::to_string(values ? values->revision : 0) + " " + applied_in(state) + " " +
                    state.applied.str();
  for (const Pin& pin : memory.pinned.all()) out += " " + pin.job.str() + "=" + pin.commit.str();
  return out;
}

}  // namespace

// Written on the lane, read when it is done.
struct Previews::Judged {
  PreviewTask task;
  std::vector<std::string> keep;  // refs that are still looked at; empty: nothing has gone
  PreviewVerdict verdict;
  Instant begun{};
};

Previews::Previews(Deps deps, PreviewSettings settings)
    : deps_(deps), settings_(std::move(settings)), queue_(settings_.limits) {}

void Previews::listed(const std::map<std::string, CommitId>& refs) {
  queue_.listed(refs);
  open_.store(queue_.entries().size(), std::memory_order_relaxed);
  left_out_.store(queue_.left_out(), std::memory_order_relaxed);
  changed_ = true;
  go_on();
}

void Previews::passed(const Memory& memory, const AppliedState& state, ValueSnapshotPtr values) {
  if (!memory.accepted || !memory.judged) return;
  values_ = std::move(values);
  unsettled_ = unsettled_in(memory);
  standing_ = memory.accepted->info.id;
  queue_.set_world(memory.judged->info.id, world_of(memory, state, values_));
  go_on();
  publish();
}

void Previews::go_on() {
  const Instant now = deps_.clock.now();
  const auto next = queue_.next(now);
  if (!next) {
    const auto due = queue_.next_due(now);
    if (!due || (woken_at_ && *woken_at_ <= *due)) return;
    woken_at_ = *due;
    deps_.inbox.post_at(*due, [this] {
      woken_at_.reset();
      go_on();
    });
    return;
  }
  auto judged = std::make_shared<Judged>();
  judged->task = {next->ref, next->commit, queue_.head(), standing_, values_, unsettled_};
  judged->begun = now;
  if (next->known) {
    if (const auto* entry = queue_.done(next->commit, *next->known, now)) tell(*entry);
    go_on();
    return;
  }
  if (queue_.take_gone()) judged->keep = queue_.refs();
  // Refers to nothing of ours: the lane may outlive us.
  deps_.lane.start(
      [&refs = deps_.refs, &judge = deps_.judge, judged] {
        try {
          if (!judged->keep.empty()) refs.keep_only(judged->keep);
          PreviewTask& task = judged->task;
          task.commit = refs.bring(task.ref, task.commit, task.head);
          judged->verdict = judge.judge(task);
        } catch (const SourceError& error) {
          judged->verdict.summary = printable(error.what(), kMostPreviewSummaryBytes - 4);
        }
      },
      [this, judged](std::exception_ptr error) {
        if (error) {
          judged->verdict = {};
          judged->verdict.summary = "it could not be judged";
        }
        this->judged(judged);
      });
}

void Previews::judged(const std::shared_ptr<Judged>& judged) {
  const Instant now = deps_.clock.now();
  const auto at = static_cast<std::size_t>(judged->verdict.result);
  judged_.at(at).fetch_add(1, std::memory_order_relaxed);
  took_ms_.fetch_add(static_cast<std::uint64_t>(
                         std::chrono::duration_cast<std::chrono::milliseconds>(now - judged->begun).count()),
                     std::memory_order_relaxed);
  if (const auto* entry = queue_.done(judged->task.commit, judged->verdict, now)) tell(*entry);
  go_on();
  publish();
}

void Previews::tell(const PreviewQueue::Entry& entry) {
  changed_ = true;
  const PreviewVerdict& verdict = entry.verdict;
  deps_.observer.on(Event{.kind = EventKind::kNotice,
                          .commit = entry.commit,
                          .text = "preview " + printable(entry.ref) + " at " +
                                  entry.commit.str().substr(0, 12) + ": " + to_string(verdict.result) + ": " +
                                  verdict.summary});
  if (!verdict.note_text.empty() && settings_.notes != NotesMode::kOff &&
      (settings_.notes == NotesMode::kAll || verdict.result != PreviewResult::kNothing))
    keep({entry.commit, verdict.note_text, verdict.note_json});
  notes_waiting_.store(notes_.size(), std::memory_order_relaxed);
  if (deps_.reports && !verdict.markdown.empty())
    deps_.reports->previewed(
        {entry.ref, entry.commit, entry.base, verdict.result, verdict.summary, verdict.markdown});
}

// While nothing can be pushed, only what is still proposed is worth its memory.
void Previews::keep(NoteSection note) {
  if (notes_.size() >= kMostNotes) {
    std::set<CommitId> open;
    for (const PreviewQueue::Entry* entry : queue_.entries()) open.insert(entry->commit);
    std::erase_if(notes_, [&](const auto& one) { return open.count(one.first) == 0; });
  }
  notes_[note.commit] = std::move(note);
}

// What was judged since the last push, in one. A commit that a pass tells of keeps that note.
void Previews::publish() {
  const Instant now = deps_.clock.now();
  if (publishing_ || notes_.empty() || (publish_not_before_ && now < *publish_not_before_)) return;
  publishing_ = true;
  auto sections = std::make_shared<std::vector<NoteSection>>();
  for (const auto& [commit, section] : notes_) {
    if (sections->size() < kNotesAtOnce) sections->push_back(section);
  }
  deps_.git_lane.start(
      [&notes = deps_.notes, sections, bucket = settings_.bucket] {
        std::vector<NoteSection> ours;
        for (const NoteSection& section : *sections) {
          const std::optional<std::string> there = notes.read(section.commit);
          if (!there || !tells_of_a_pass(*there, bucket)) ours.push_back(section);
        }
        if (!ours.empty()) notes.publish(ours);
      },
      [this, sections](std::exception_ptr error) {
        publishing_ = false;
        std::string problem;
        try {
          if (error) std::rethrow_exception(error);
        } catch (const std::exception& thrown) {
          problem = thrown.what();
        }
        if (problem.empty()) {
          for (const NoteSection& section : *sections) {
            const auto it = notes_.find(section.commit);
            if (it != notes_.end() && it->second.text == section.text && it->second.json == section.json)
              notes_.erase(it);
          }
          publish_not_before_.reset();
        } else {
          publish_not_before_ = deps_.clock.now() + kNotesAgain;
          if (problem != notes_problem_)
            deps_.observer.on(
                Event{.kind = EventKind::kNotice, .text = "notes of previews wait: " + problem});
        }
        notes_problem_ = problem;
        notes_waiting_.store(notes_.size(), std::memory_order_relaxed);
        publish();
      });
}

std::optional<std::string> Previews::take_json() {
  if (!std::exchange(changed_, false)) return std::nullopt;
  Json list = Json::array();
  for (const PreviewQueue::Entry* entry : queue_.entries()) {
    Json one = {{"ref", printable(entry->ref, 250)}, {"commit", entry->commit.str()}};
    if (!entry->base.empty()) {
      one["base"] = entry->base.str();
      one["result"] = to_string(entry->verdict.result);
      one["summary"] = entry->verdict.summary;
      if (!entry->verdict.note_json.empty())
        one["plan"] = Json::parse(entry->verdict.note_json, nullptr, false);
    }
    list.push_back(std::move(one));
  }
  const Json out = {{"previews", std::move(list)}, {"left_out", queue_.left_out()}};
  return escape_controls(out.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string Previews::prometheus() const {
  std::string out =
      "# HELP maand_previews_judged_total Previews that were judged, by what came of them.\n"
      "# TYPE maand_previews_judged_total counter\n";
  for (const PreviewResult result : kPreviewResults) {
    out += std::string("maand_previews_judged_total{result=\"") + to_string(result) + "\"} " +
           std::to_string(judged_.at(static_cast<std::size_t>(result)).load(std::memory_order_relaxed)) +
           "\n";
  }
  const std::uint64_t ms = took_ms_.load(std::memory_order_relaxed);
  const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
  const auto gauge = [&](const std::string& name, const std::string& help, std::size_t value) {
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n" + name + " " +
           std::to_string(value) + "\n";
  };
  out +=
      "# HELP maand_previews_seconds_total Time that fetching and judging previews took.\n"
      "# TYPE maand_previews_seconds_total counter\n"
      "maand_previews_seconds_total " +
      std::to_string(ms / 1000) + "." + fraction + "\n";
  gauge("maand_previews_open", "Refs that are previewed.", open_.load(std::memory_order_relaxed));
  gauge("maand_previews_left_out", "Refs that match and are too many to be previewed.",
        left_out_.load(std::memory_order_relaxed));
  gauge("maand_previews_notes_waiting", "Notes of previews that are not pushed yet.",
        notes_waiting_.load(std::memory_order_relaxed));
  return out;
}

}  // namespace maand
