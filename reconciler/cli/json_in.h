// Reads JSON that our own daemon or store wrote. Lenient: what is missing or of
// another type is empty, so that a newer daemon can be asked by an older command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/core/json_document.h"

namespace maand {

std::optional<JsonValue> read_json(std::string_view text);

// nullptr: not there.
const JsonValue* member_of(const JsonValue& object, std::string_view key);
std::string text_at(const JsonValue& object, std::string_view key);
std::int64_t number_at(const JsonValue& object, std::string_view key);
bool flag_at(const JsonValue& object, std::string_view key);
// Refers to `object`.
const std::vector<JsonValue>& list_at(const JsonValue& object, std::string_view key);

}  // namespace maand
