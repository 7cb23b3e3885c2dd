// What is to be said to a git host, as a letter of the outbox keeps it (core/letter.h).
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "reconciler/core/forge/comment.h"
#include "reconciler/core/forge/request.h"
#include "reconciler/core/letter.h"

namespace maand {

using ForgeLetter = std::variant<ForgeStatus, ForgeComment>;

// Subjects are such that a newer state of a commit, in one context, takes the place of an
// unsent older one, and so does a newer text of a comment.
Letter make_letter(const std::string& channel, const ForgeStatus& status, WallTime now);
Letter make_letter(const std::string& channel, const ForgeComment& comment, WallTime now);

// nullopt: neither of them wrote this. Total.
std::optional<ForgeLetter> read_letter(const std::string& json);

}  // namespace maand
