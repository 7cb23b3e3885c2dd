#include "reconciler/app/metered_source.h"

namespace maand {
namespace {

// Makes the call and tells how it ended, also when it throws.
template <class Function>
auto metered(Meter& meter, GitCall call, const Function& function) {
  class Told {
   public:
    Told(Meter& meter, GitCall call) : meter_(meter), call_(call) {}
    ~Told() { meter_.git_called(call_, problem, std::chrono::steady_clock::now() - begun_); }
    std::optional<SourceProblem> problem = SourceProblem::kOther;

   private:
    Meter& meter_;
    const GitCall call_;
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  } told(meter, call);
  try {
    if constexpr (std::is_void_v<decltype(function())>) {
      function();
      told.problem.reset();
    } else {
      auto result = function();
      told.problem.reset();
      return result;
    }
  } catch (const SourceError& error) {
    told.problem = error.problem();
    throw;
  }
}

}  // namespace

RemoteHead MeteredSource::ls_remote() {
  return metered(meter_, GitCall::kLsRemote, [&] { return source_.ls_remote(); });
}

CommitId MeteredSource::fetch() {
  return metered(meter_, GitCall::kFetch, [&] { return source_.fetch(); });
}

CommitInfo MeteredSource::describe(const CommitId& commit) {
  return metered(meter_, GitCall::kDescribe, [&] { return source_.describe(commit); });
}

HistoryVerdict MeteredSource::history(const CommitId& applied, const CommitId& head) {
  return metered(meter_, GitCall::kHistory, [&] { return source_.history(applied, head); });
}

std::unique_ptr<FileView> MeteredSource::open_view(const CommitId& commit) {
  return metered(meter_, GitCall::kOpenView, [&] { return source_.open_view(commit); });
}

std::vector<std::string> MeteredSource::messages(const CommitId& applied, const CommitId& head) {
  return metered(meter_, GitCall::kMessages, [&] { return source_.messages(applied, head); });
}

std::optional<CommitId> MeteredSource::resolve(const std::string& rev) {
  return metered(meter_, GitCall::kResolve, [&] { return source_.resolve(rev); });
}

void MeteredSource::keep(const std::string& name, const CommitId& commit) {
  metered(meter_, GitCall::kKeep, [&] { source_.keep(name, commit); });
}

void MeteredNotes::publish(const std::vector<NoteSection>& sections) {
  metered(meter_, GitCall::kPublishNotes, [&] { notes_.publish(sections); });
}

std::optional<std::string> MeteredNotes::read(const CommitId& commit) {
  return metered(meter_, GitCall::kReadNote, [&] { return notes_.read(commit); });
}

}  // namespace maand
