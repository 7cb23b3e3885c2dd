// The variables as one running hook may read and write them (workspace.md 6.3, 6.5, 10.4).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/app/hook_world.h"
#include "reconciler/core/hook.h"
#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"

namespace maand {

// What the hooks of one event have written and nobody else sees until all of them have
// succeeded (post_build). Thread-safe.
class HookOverlay {
 public:
  void add(ValueChange change);
  // nullopt: nothing was written there; an empty one: it was deleted.
  std::optional<std::optional<std::string>> find(std::string_view ns, std::string_view key) const;
  // Of a namespace: key → whether it is there.
  std::map<std::string, bool> keys(std::string_view ns) const;
  std::vector<ValueChange> changes() const;  // in the order they were made

 private:
  mutable std::mutex mutex_;
  std::vector<ValueChange> changes_;
};

// Of one command on one allocation. `values` and `clock` outlive it. Without an overlay every
// write is durable when it is answered.
class AllocationHookValues : public HookValues {
 public:
  AllocationHookValues(HookWorldPtr world, AllocationKey allocation, HookEvent event, Values& values,
                       const Clock& clock, std::shared_ptr<HookOverlay> overlay);

  Answer get(std::string_view ns, std::string_view key) override;
  Answer put(std::string_view ns, std::string_view key, std::string_view value) override;
  Answer put_secret(std::string_view ns, std::string_view key, std::string_view value) override;
  Answer erase(std::string_view ns, std::string_view key, bool secret) override;
  Keys keys(std::string_view ns) override;

 private:
  Answer write(ValueChange change);
  Answer read_live(std::string_view ns, std::string_view key) const;
  // From vars.toml or secrets.age.toml, or worked out: as when the world was made.
  Answer read_made(std::string_view ns, std::string_view key) const;
  bool may_read(std::string_view ns) const;
  bool is_given_by_git(std::string_view ns, std::string_view key) const;

  const HookWorldPtr world_;
  const AllocationKey allocation_;
  const HookEvent event_;
  Values& values_;
  const Clock& clock_;
  const std::shared_ptr<HookOverlay> overlay_;
};

}  // namespace maand
