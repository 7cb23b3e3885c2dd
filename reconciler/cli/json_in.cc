#include "reconciler/cli/json_in.h"

#include "reconciler/core/diagnostics.h"

namespace maand {

std::optional<JsonValue> read_json(std::string_view text) {
  Diagnostics ignored;
  return parse_json(text, "", ignored);
}

const JsonValue* member_of(const JsonValue& object, std::string_view key) {
  for (const JsonMember& member : object.members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string text_at(const JsonValue& object, std::string_view key) {
  const JsonValue* value = member_of(object, key);
  return value && value->kind == JsonValue::Kind::kString ? value->text : "";
}

std::int64_t number_at(const JsonValue& object, std::string_view key) {
  const JsonValue* value = member_of(object, key);
  return value && value->kind == JsonValue::Kind::kInteger ? value->integer : 0;
}

bool flag_at(const JsonValue& object, std::string_view key) {
  const JsonValue* value = member_of(object, key);
  return value && value->kind == JsonValue::Kind::kBool && value->boolean;
}

const std::vector<JsonValue>& list_at(const JsonValue& object, std::string_view key) {
  static const std::vector<JsonValue> kNone;
  const JsonValue* value = member_of(object, key);
  return value && value->kind == JsonValue::Kind::kArray ? value->items : kNone;
}

}  // namespace maand
