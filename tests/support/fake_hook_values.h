// The variables of one hook in memory: its own namespaces, and `maand/bucket` to read.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/hook.h"

namespace maand::testing {

class FakeHookValues : public HookValues {
 public:
  explicit FakeHookValues(const JobName& job)
      : vars_("vars/job/" + job.str()), secrets_("secrets/job/" + job.str()) {}

  // As the build puts it there.
  void give(const std::string& ns, const std::string& key, const std::string& value) {
    const std::lock_guard guard(mutex_);
    values_[ns][key] = value;
  }
  // Every write is denied, as in health_check.
  void deny_writes() {
    const std::lock_guard guard(mutex_);
    denying_ = true;
  }
  // Whatever is asked is answered kUnreadable.
  void break_store() {
    const std::lock_guard guard(mutex_);
    broken_ = true;
  }

  Answer get(std::string_view ns, std::string_view key) override {
    const std::lock_guard guard(mutex_);
    if (broken_) return unreadable();
    if (ns != vars_ && ns != secrets_ && ns != "maand/bucket") return denied(ns);
    const auto values = values_.find(std::string(ns));
    if (values == values_.end()) return no_key(ns, key);
    const auto found = values->second.find(std::string(key));
    if (found == values->second.end()) return no_key(ns, key);
    return {.verdict = Verdict::kDone, .value = found->second};
  }
  Answer put(std::string_view ns, std::string_view key, std::string_view value) override {
    return write(ns, key, value, ns == vars_);
  }
  Answer put_secret(std::string_view ns, std::string_view key, std::string_view value) override {
    return write(ns, key, value, ns == secrets_);
  }
  Answer erase(std::string_view ns, std::string_view key, bool secret) override {
    const std::lock_guard guard(mutex_);
    if (broken_) return unreadable();
    if (denying_ || ns != (secret ? secrets_ : vars_)) return denied(ns);
    const auto values = values_.find(std::string(ns));
    if (values == values_.end())
      return {.verdict = Verdict::kNoNamespace, .problem = "there is no namespace " + std::string(ns)};
    return values->second.erase(std::string(key)) > 0 ? Answer{.verdict = Verdict::kDone} : no_key(ns, key);
  }
  Keys keys(std::string_view ns) override {
    const std::lock_guard guard(mutex_);
    if (broken_) return {.verdict = Verdict::kUnreadable, .problem = "the store cannot be read"};
    if (ns != vars_ && ns != secrets_) return {.verdict = Verdict::kDenied, .problem = denied(ns).problem};
    Keys out{.verdict = Verdict::kDone};
    for (const auto& [key, value] : values_[std::string(ns)]) out.keys.push_back(key);
    return out;
  }

 private:
  static Answer denied(std::string_view ns) {
    return {.verdict = Verdict::kDenied,
            .problem = "the namespace " + std::string(ns) + " is not this hook's"};
  }
  static Answer no_key(std::string_view ns, std::string_view key) {
    return {.verdict = Verdict::kNoKey,
            .problem = "there is no key " + std::string(key) + " in " + std::string(ns)};
  }
  static Answer unreadable() {
    return {.verdict = Verdict::kUnreadable, .problem = "the store cannot be read"};
  }
  Answer write(std::string_view ns, std::string_view key, std::string_view value, bool ours) {
    const std::lock_guard guard(mutex_);
    if (broken_) return unreadable();
    if (denying_ || !ours) return denied(ns);
    values_[std::string(ns)][std::string(key)] = value;
    return {.verdict = Verdict::kDone};
  }

  const std::string vars_;
  const std::string secrets_;
  std::mutex mutex_;  // guards everything below
  std::map<std::string, std::map<std::string, std::string>> values_;
  bool denying_ = false;
  bool broken_ = false;
};

}  // namespace maand::testing
