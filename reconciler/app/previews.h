// Previews: what merging a proposed commit would do, judged beside the loop.
//
// Decisions are made on the reconcile thread and cost microseconds; fetching and
// judging happen on a lane of their own, so that a preview can neither stop nor delay
// a pass. Nothing here writes to the store, to the mirror or to a worker, and nothing
// that goes wrong here is a condition of the daemon. What is told goes out as notes
// over the git lane, at most one push at a time, and to whoever tells the git host.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "reconciler/app/inbox.h"
#include "reconciler/app/lane.h"
#include "reconciler/app/pass.h"
#include "reconciler/core/preview/preview.h"
#include "reconciler/core/preview/preview_queue.h"

namespace maand {

struct PreviewSettings {
  BucketId bucket;
  NotesMode notes = NotesMode::kAll;
  PreviewLimits limits;
};

class Previews {
 public:
  // All outlive this; `lane` is for previews alone.
  struct Deps {
    Inbox& inbox;
    Lane& lane;
    Lane& git_lane;
    Notes& notes;  // used on the git lane
    PreviewRefs& refs;
    PreviewJudge& judge;
    Clock& clock;
    Observer& observer;
    PreviewReports* reports = nullptr;  // may be null
  };
  Previews(Deps deps, PreviewSettings settings);

  // Reconcile thread.
  void listed(const std::map<std::string, CommitId>& refs);
  // A pass has ended: what it left is what previews are judged against.
  void passed(const Memory& memory, const AppliedState& state, ValueSnapshotPtr values);

  // Reconcile thread. `{"previews": [...], "left_out": 0}`; empty: as at the last call.
  std::optional<std::string> take_json();

  // Any thread.
  std::string prometheus() const;

 private:
  struct Judged;

  void go_on();
  void judged(const std::shared_ptr<Judged>& judged);
  void tell(const PreviewQueue::Entry& entry);
  void publish();

  Deps deps_;
  const PreviewSettings settings_;
  PreviewQueue queue_;
  ValueSnapshotPtr values_;
  CommitId standing_;
  std::vector<AllocationKey> unsettled_;
  std::map<CommitId, NoteSection> notes_;  // not pushed yet, the newest of each commit
  bool publishing_ = false;
  std::optional<Instant> publish_not_before_;
  std::string notes_problem_;
  std::optional<Instant> woken_at_;  // when a timer of ours goes off
  bool changed_ = true;

  std::array<std::atomic<std::uint64_t>, kPreviewResults.size()> judged_{};
  std::atomic<std::uint64_t> took_ms_{0};
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> left_out_{0};
  std::atomic<std::size_t> notes_waiting_{0};
};

}  // namespace maand
