#include "reconciler/app/hook_values.h"

#include <set>

#include "reconciler/core/allocation_values.h"
#include "reconciler/core/hook_access.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Verdict = HookValues::Verdict;

constexpr std::size_t kMostName = 200;

std::string named(std::string_view ns, std::string_view key) {
  return printable(std::string(ns) + "/" + std::string(key), kMostName);
}

// The job whose stored values a namespace holds; empty: it holds none.
JobName owner_of(std::string_view ns) {
  for (const std::string_view prefix : {"vars/job/", "secrets/job/"}) {
    if (ns.starts_with(prefix)) return JobName(ns.substr(prefix.size()));
  }
  return {};
}

HookValues::Answer no_key(std::string_view ns, std::string_view key) {
  return {Verdict::kNoKey, "", "there is no key " + named(ns, key)};
}

}  // namespace

void HookOverlay::add(ValueChange change) {
  const std::lock_guard lock(mutex_);
  changes_.push_back(std::move(change));
}

std::optional<std::optional<std::string>> HookOverlay::find(std::string_view ns, std::string_view key) const {
  const std::lock_guard lock(mutex_);
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->ns != ns || change->key != key) continue;
    if (change->kind == ValueChange::Kind::kDelete) return std::optional<std::string>();
    return std::optional<std::string>(
        change->kind == ValueChange::Kind::kPut ? std::string(trim(change->value)) : change->value);
  }
  return std::nullopt;
}

std::map<std::string, bool> HookOverlay::keys(std::string_view ns) const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, bool> out;
  for (const ValueChange& change : changes_) {
    if (change.ns == ns) out[change.key] = change.kind != ValueChange::Kind::kDelete;
  }
  return out;
}

std::vector<ValueChange> HookOverlay::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

AllocationHookValues::AllocationHookValues(HookWorldPtr world, AllocationKey allocation, HookEvent event,
                                           Values& values, const Clock& clock,
                                           std::shared_ptr<HookOverlay> overlay)
    : world_(std::move(world)),
      allocation_(std::move(allocation)),
      event_(event),
      values_(values),
      clock_(clock),
      overlay_(std::move(overlay)) {}

bool AllocationHookValues::may_read(std::string_view ns) const {
  const Job* job = world_->job(allocation_.job);
  if (!job) return false;
  const std::lock_guard lock(world_->mutex());
  const DesiredVariables& variables = world_->variables();
  return AllocationValues(variables.all(), *job, world_->worker(allocation_.worker), variables.scrape())
      .may_read(ns);
}

// What git says wins over what is stored (variables.h).
bool AllocationHookValues::is_given_by_git(std::string_view ns, std::string_view key) const {
  const Job* job = world_->job(owner_of(ns));
  if (!job) return false;
  const auto& given = ns.starts_with("secrets/") ? job->sealed_secrets : job->vars;
  return given.count(std::string(key)) > 0;
}

HookValues::Answer AllocationHookValues::read_made(std::string_view ns, std::string_view key) const {
  const std::lock_guard lock(world_->mutex());
  std::string made;
  const Variables& all = world_->variables().all();
  const Variables::Value found = all.get(ns, key, made);
  if (found.text) return {Verdict::kDone, std::string(*found.text), ""};
  if (!found.problem.empty()) return {Verdict::kUnreadable, "", named(ns, key) + ": " + found.problem};
  return no_key(ns, key);
}

HookValues::Answer AllocationHookValues::read_live(std::string_view ns, std::string_view key) const {
  if (overlay_) {
    if (const auto written = overlay_->find(ns, key)) {
      return *written ? Answer{Verdict::kDone, **written, ""} : no_key(ns, key);
    }
  }
  const ValueSnapshotPtr now = values_.snapshot();
  const ValueLookup found = now->find(ns, key);
  if (!found.value) return no_key(ns, key);
  if (!found.value->secret) return {Verdict::kDone, found.value->value, ""};
  RevealedSecret revealed = values_.reveal(*found.value);
  if (revealed.state == RevealedSecret::State::kOpened) return {Verdict::kDone, std::move(revealed.text), ""};
  return {Verdict::kUnreadable, "", named(ns, key) + ": " + revealed.problem};
}

HookValues::Answer AllocationHookValues::get(std::string_view ns, std::string_view key) {
  try {
    if (!may_read(ns)) {
      return {Verdict::kDenied, "",
              "a command of " + allocation_.job.str() + " may not read " + printable(ns, kMostName)};
    }
    if (!owner_of(ns).empty() && !is_given_by_git(ns, key)) return read_live(ns, key);
    if (ns == own_facts(allocation_.job) && key == kRolloutOrderKey) {
      Answer written = read_live(ns, key);
      if (written.verdict == Verdict::kDone) return written;
    }
    return read_made(ns, key);
  } catch (const std::exception& error) {
    return {Verdict::kUnreadable, "", std::string("the variables cannot be read: ") + error.what()};
  }
}

HookValues::Answer AllocationHookValues::write(ValueChange change) {
  try {
    if (overlay_) {
      if (auto refused = refusal_of({change})) return {Verdict::kDenied, "", refused->problem};
      overlay_->add(std::move(change));
      return {Verdict::kDone, "", ""};
    }
    const std::string ns = change.ns, key = change.key;
    const ValueWrite written = values_.write({std::move(change)}, clock_.wall());
    if (written.refusal == ValueRefusal::kNoKey) return {Verdict::kUnreadable, "", written.problem};
    if (written.refusal != ValueRefusal::kNone) return {Verdict::kDenied, "", written.problem};
    const ValueEffect effect = written.effects.empty() ? ValueEffect::kWritten : written.effects.front();
    if (effect == ValueEffect::kNoKey) return no_key(ns, key);
    if (effect == ValueEffect::kNoNamespace)
      return {Verdict::kNoNamespace, "", "there is nothing in " + printable(ns, kMostName)};
    return {Verdict::kDone, "", ""};
  } catch (const std::exception& error) {
    return {Verdict::kUnreadable, "", std::string("nothing was written: ") + error.what()};
  }
}

HookValues::Answer AllocationHookValues::put(std::string_view ns, std::string_view key,
                                             std::string_view value) {
  if (std::string no = refusal_to_write(allocation_.job, event_, HookWrite::kPut, ns, key); !no.empty())
    return {Verdict::kDenied, "", std::move(no)};
  return write({ValueChange::Kind::kPut, std::string(ns), std::string(key), std::string(value)});
}

HookValues::Answer AllocationHookValues::put_secret(std::string_view ns, std::string_view key,
                                                    std::string_view value) {
  if (std::string no = refusal_to_write(allocation_.job, event_, HookWrite::kPutSecret, ns, key); !no.empty())
    return {Verdict::kDenied, "", std::move(no)};
  return write({ValueChange::Kind::kPutSecret, std::string(ns), std::string(key), std::string(value)});
}

HookValues::Answer AllocationHookValues::erase(std::string_view ns, std::string_view key, bool secret) {
  const HookWrite what = secret ? HookWrite::kEraseSecret : HookWrite::kErase;
  if (std::string no = refusal_to_write(allocation_.job, event_, what, ns, key); !no.empty())
    return {Verdict::kDenied, "", std::move(no)};
  if (overlay_) {  // what is not there is told at once, as without one
    try {
      if (Answer there = read_live(ns, key); there.verdict == Verdict::kNoKey) return there;
    } catch (const std::exception& error) {
      return {Verdict::kUnreadable, "", std::string("nothing was deleted: ") + error.what()};
    }
  }
  return write({ValueChange::Kind::kDelete, std::string(ns), std::string(key), ""});
}

HookValues::Keys AllocationHookValues::keys(std::string_view ns) {
  try {
    if (ns != own_vars(allocation_.job) && ns != own_secrets(allocation_.job)) {
      return {Verdict::kDenied,
              {},
              "the keys of " + own_vars(allocation_.job) + " and " + own_secrets(allocation_.job) +
                  " are listed, not those of " + printable(ns, kMostName)};
    }
    std::map<std::string, bool> there;
    const ValueSnapshotPtr now = values_.snapshot();
    if (const auto stored = now->namespaces.find(ns); stored != now->namespaces.end()) {
      for (const auto& [key, value] : *stored->second) there[key] = !value.deleted;
    }
    if (overlay_) {
      for (const auto& [key, is] : overlay_->keys(ns)) there[key] = is;
    }
    if (const Job* job = world_->job(allocation_.job)) {
      const auto& given = ns.starts_with("secrets/") ? job->sealed_secrets : job->vars;
      for (const auto& [key, value] : given) there[key] = true;
    }
    Keys out{Verdict::kDone, {}, ""};
    for (const auto& [key, is] : there) {
      if (is) out.keys.push_back(key);
    }
    return out;
  } catch (const std::exception& error) {
    return {Verdict::kUnreadable, {}, std::string("the variables cannot be read: ") + error.what()};
  }
}

}  // namespace maand
