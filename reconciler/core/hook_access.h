// Who may write what through the API of hooks, and what of it stays (workspace.md 6.3, 6.5).
// What may be read is told by allocation_values.h. Pure.
#pragma once

#include <string>
#include <string_view>

#include "reconciler/core/hook.h"
#include "reconciler/core/ids.h"

namespace maand {

// The one key of `maand/job/<job>` that a hook may write.
inline constexpr std::string_view kRolloutOrderKey = "rollout_order";

std::string own_vars(const JobName& job);     // `vars/job/api`
std::string own_secrets(const JobName& job);  // `secrets/job/api`
std::string own_facts(const JobName& job);    // `maand/job/api`

enum class HookWrite { kPut, kPutSecret, kErase, kEraseSecret };

// Why a command of `job` may not do it at this event; empty: it may.
std::string refusal_to_write(const JobName& job, HookEvent event, HookWrite what, std::string_view ns,
                             std::string_view key);

// How many allocations a command runs for at once (workspace.md 10.3); 0: all of them.
std::size_t concurrency_of(HookEvent event);

}  // namespace maand
