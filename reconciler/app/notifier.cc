#include "reconciler/app/notifier.h"

#include <algorithm>
#include <utility>

#include "reconciler/app/pass.h"

namespace maand {
namespace {

constexpr const char* kSetting = "notices_told";
constexpr std::chrono::seconds kBesideRollout{5};  // between looks at all allocations

Facts facts_of(const Memory& memory, const AppliedState& state) {
  Facts facts;
  facts.source_state = memory.source.state;
  facts.source_detail = memory.source.detail;
  facts.status = memory.status ? &*memory.status : nullptr;
  facts.set_aside = &memory.set_aside;
  facts.applied = &state;
  facts.store_problem = memory.store_problem;
  facts.notes_problem = memory.notes_problem;
  return facts;
}

bool is_final(PassState state) { return state != PassState::kPending && state != PassState::kApplying; }

}  // namespace

Notifier::Notifier(Deps deps, NotifierSettings settings) : deps_(deps), settings_(std::move(settings)) {
  if (settings_.channels.empty()) return;
  kept_ = deps_.store.setting(kSetting).value_or("");
  told_ = Told::from_json(kept_.substr(0, kept_.find('\n')));
}

void Notifier::begin() {
  const std::size_t end = kept_.find('\n');
  if (end == std::string::npos) return;
  const std::string json = kept_.substr(end + 1);
  if (const std::optional<Bulletin> bulletin = bulletin_from(json)) hand_out(*bulletin, json);
  keep(told_.to_json());
}

void Notifier::moved(const Memory& memory, const AppliedState& state) {
  if (settings_.channels.empty()) return;
  memory_ = &memory;
  state_ = &state;
  const Phase phase = memory.phase.now();
  in_pass_ = in_pass_ || phase != Phase::kIdle;
  if (!in_pass_) return look(std::nullopt);
  if (phase == Phase::kRollOut) look_beside_rollout();
}

void Notifier::pass_ended(const Memory& memory, const AppliedState& state, const PassResult& result,
                          bool leaving) {
  if (settings_.channels.empty()) return;
  memory_ = &memory;
  state_ = &state;
  in_pass_ = false;
  beside_at_.reset();
  if (leaving) return;  // what was cut short the next daemon tells
  std::optional<RolloutNews> rollout;
  if ((result.acted || result.earlier_told) && memory.status && is_final(memory.status->state))
    rollout = news_of(*memory.status);
  look(std::move(rollout));
}

void Notifier::look(std::optional<RolloutNews> rollout) {
  const Facts facts = facts_of(*memory_, *state_);
  send(told_.update(
           troubles(facts), [&](std::string_view key) { return is_known(facts, key); }, deps_.clock.wall()),
       std::move(rollout));
}

// A long rollout is no reason to keep the health of other jobs to ourselves. Of its own
// jobs, and of workers and commits, its end tells.
void Notifier::look_beside_rollout() {
  const Instant now = deps_.clock.now();
  if (beside_at_ && now - *beside_at_ < kBesideRollout) return;
  beside_at_ = now;
  const Facts facts = facts_of(*memory_, *state_);
  const auto is_beside = [&](std::string_view key) {
    if (!key.starts_with("health/")) return false;
    const std::string_view job = key.substr(key.find('/') + 1);
    return std::none_of(memory_->jobs.begin(), memory_->jobs.end(),
                        [&](const JobReport& report) { return report.job.str() == job; });
  };
  std::vector<Trouble> all = troubles(facts);
  std::erase_if(all, [&](const Trouble& trouble) { return !is_beside(trouble.key); });
  send(told_.update(all, is_beside, deps_.clock.wall()), std::nullopt);
}

void Notifier::send(std::vector<Notice> notices, std::optional<RolloutNews> rollout) {
  if (!notices.empty() || rollout) {
    Bulletin bulletin;
    bulletin.at = deps_.clock.wall();
    bulletin.bucket_id = settings_.bucket_id;
    bulletin.bucket_name = settings_.bucket_name;
    bulletin.link = settings_.link;
    bulletin.rollout = std::move(rollout);
    bulletin.notices = std::move(notices);
    bulletin.id = id_of(bulletin);
    if (const std::optional<Bulletin> wanted = for_least(std::move(bulletin), settings_.least)) {
      const std::string json = to_json(*wanted);
      // What was told and what it was told with are one write: whenever we die, it is
      // neither forgotten nor told twice under two ids.
      keep(told_.to_json() + "\n" + json);
      hand_out(*wanted, json);
    }
  }
  keep(told_.to_json());
  wake();
}

void Notifier::hand_out(const Bulletin& bulletin, const std::string& json) {
  for (const std::string& channel : settings_.channels)
    deps_.outbox.put({.channel = channel, .subject = bulletin.id, .json = json, .created_at = bulletin.at});
}

void Notifier::keep(std::string text) {
  if (text == kept_) return;
  try {
    deps_.store.put_setting(kSetting, text);
    kept_ = std::move(text);
  } catch (const StoreError&) {
    // The next look tries again.
  }
}

void Notifier::wake() {
  const std::optional<WallTime> when = told_.wake_at();
  if (!when || (armed_ && *armed_ <= *when)) return;
  armed_ = *when;
  const auto wait = std::max<WallTime::duration>(*when - deps_.clock.wall(), WallTime::duration(0));
  const std::weak_ptr<Notifier*> self = self_;
  deps_.inbox.post_at(deps_.clock.now() + wait, [this, self, at = *when] {
    if (self.expired()) return;
    if (armed_ == at) armed_.reset();
    if (!in_pass_) look(std::nullopt);  // the end of the pass looks in any case
  });
}

}  // namespace maand
