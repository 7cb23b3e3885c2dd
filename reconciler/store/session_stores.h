// What a bucket keeps, over whichever session holds it. Included by the .cc files of this folder only.
#pragma once

#include <filesystem>
#include <memory>

#include "reconciler/core/ports.h"
#include "reconciler/core/values.h"
#include "reconciler/store/healing_session.h"

namespace maand {

// Both open the session at once: a problem is told at start.
std::unique_ptr<Store> store_over(std::unique_ptr<HealingSession> session);
// `key_path`: the key that seals the secrets (secret_key.h).
std::unique_ptr<Values> values_over(std::unique_ptr<HealingSession> session, std::filesystem::path key_path);

}  // namespace maand
