// Opens the secrets of git with the bucket's identity, `secrets/age.key`, and remembers what it
// opened: in memory alone, for as long as the process lives, wiped when it is let go.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "gitsource/age_tool.h"
#include "reconciler/core/secret_opener.h"

namespace maand {

inline constexpr const char* kAgeIdentityFile = "age.key";  // under secrets/

// With `decrypt` another program than age, for tests.
using Decrypt = std::function<AgeResult(const std::filesystem::path& identity, const std::string& armored)>;
std::unique_ptr<SecretOpener> make_age_opener(std::filesystem::path identity, Decrypt decrypt = nullptr);

}  // namespace maand
