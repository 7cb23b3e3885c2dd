#include "reconciler/app/judge.h"

#include <utility>

#include "reconciler/app/known_digests.h"

namespace maand {

Judge::Judge(Lane& lane, Source& source, Values& values, JudgeSettings settings)
    : lane_(lane),
      source_(source),
      values_(values),
      settings_(std::move(settings)),
      digests_(std::make_shared<KnownDigests>()) {
  sources_.bucket = settings_.bucket;
  sources_.ca_pem = settings_.ca_pem;
  await_certificates("it is issued with the next pass", true);
  sources_.reveal = [this](const StoredValue& value) { return values_.reveal(value); };
  if (SecretOpener* const opener = settings_.opener) {
    sources_.open = [opener](const JobName& job, const std::string& key, const std::string& sealed) {
      return opener->open(job, key, sealed);
    };
  }
}

void Judge::start(const CommitId& commit, const AppliedState& applied, const AdmissionRules& rules,
                  std::function<void(JudgedPtr, std::exception_ptr)> done) {
  auto judged = std::make_shared<Judged>();
  const auto load = [this, judged, commit, rules, base = applied.applied] {
    judged->info = source_.describe(commit);
    judged->history = source_.history(base, commit);
    judged->admission = admit(source_, settings_.signatures, rules, base, commit, judged->history);
    if (!judged->admission.admitted()) return;
    judged->allowed_removals = allowed_removals(source_.messages(base, commit));
    judged->workspace =
        load_workspace(*source_.open_view(commit), settings_.root, settings_.limits, digests_.get());
    if (!settings_.opener) return;
    for (const auto& [name, job] : judged->workspace.jobs) settings_.opener->open_ahead(job);
  };
  lane_.start(load, [this, judged, &applied, done = std::move(done)](std::exception_ptr error) {
    if (error || !judged->acceptable()) {
      done(error ? nullptr : judged, error);
    } else {
      finish(judged, applied, done);
    }
  });
}

// Until nothing more of older commits is wanted.
void Judge::finish(std::shared_ptr<Judged> judged, const AppliedState& applied,
                   std::function<void(JudgedPtr, std::exception_ptr)> done) {
  WantedJobs wanted;
  try {
    wanted = desired_now(*judged, applied, 1).wants;
  } catch (const std::exception&) {
    done(nullptr, std::current_exception());
    return;
  }
  if (wanted.empty()) {
    done(judged, nullptr);
    return;
  }
  auto loaded = std::make_shared<KeptJobs>();
  lane_.start([this, loaded, wanted] { *loaded = read_kept(wanted); },
              [this, loaded, judged, &applied, done](std::exception_ptr failure) {
                if (failure) {
                  done(nullptr, failure);
                  return;
                }
                for (auto& [name, kept] : *loaded) kept_[name] = std::move(kept);
                finish(judged, applied, done);
              });
}

DesiredState Judge::desired_now(const Judged& judged, const AppliedState& applied, std::int64_t update_seq) {
  sources_.stored = values_.snapshot();
  return make_desired({.commit = judged.info.id,
                       .workspace = judged.workspace,
                       .applied = applied,
                       .kept = kept_,
                       .sources = sources_,
                       .pins = pins_,
                       .worker_root = settings_.worker_root,
                       .update_seq = update_seq});
}

DesiredState Judge::desired(const Judged& judged, const AppliedState& applied, std::int64_t update_seq) {
  return complete_desired(
      kept_, [&] { return desired_now(judged, applied, update_seq); },
      [&](const WantedJobs& wanted) { return lane_.await([&] { return read_kept(wanted); }); });
}

void Judge::read_ahead(const WantedJobs& jobs) {
  WantedJobs missing;
  for (const auto& [name, commit] : jobs) {
    const auto known = kept_.find(name);
    if (known == kept_.end() || known->second.commit != commit) missing.emplace(name, commit);
  }
  if (missing.empty()) return;
  KeptJobs loaded = lane_.await([&] { return read_kept(missing); });
  for (auto& [name, kept] : loaded) kept_[name] = std::move(kept);
}

KeptJobs Judge::read_kept(const WantedJobs& wanted) {
  const auto open = [this](const CommitId& commit) { return source_.open_view(commit); };
  KeptJobs kept = load_kept(wanted, open, settings_.root, settings_.limits, digests_.get());
  for (const auto& [name, one] : kept) {
    if (settings_.opener && one.job) settings_.opener->open_ahead(*one.job);
  }
  return kept;
}

}  // namespace maand
