#include "reconciler/core/json_fields.h"

#include <algorithm>
#include <map>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

using Kind = JsonValue::Kind;

std::string shown(const JsonValue& value) {
  switch (value.kind) {
    case Kind::kString:
      return quote(value.text);
    case Kind::kInteger:
      return std::to_string(value.integer);
    case Kind::kFraction:
      return printable(value.text);
    case Kind::kBool:
      return value.boolean ? "true" : "false";
    case Kind::kNull:
    case Kind::kArray:
    case Kind::kObject:
      return describe(value.kind);
  }
  return "";
}

}  // namespace

void wrong_type(const Site& site, Kind wanted, const JsonValue& value) {
  const std::string need = describe(wanted);
  if (wanted == Kind::kString && (value.kind == Kind::kInteger || value.kind == Kind::kFraction)) {
    site.error("must be text, not " + shown(value), "put it in quotes");
  } else {
    site.error("must be " + need + ", not " + shown(value), "write " + need);
  }
}

JsonFields::JsonFields(const JsonValue& object, Site site, std::initializer_list<std::string_view> known,
                       UnknownKeys unknown)
    : site_(std::move(site)), known_(known) {
  if (object.is_null()) return;
  if (object.kind != Kind::kObject) {
    wrong_type(site_, Kind::kObject, object);
    return;
  }
  for (const JsonMember& member : object.members) {
    const auto name = std::find_if(known_.begin(), known_.end(), [&](std::string_view candidate) {
      return equal_fold(candidate, member.key);
    });
    if (name != known_.end()) {
      take(*name, member.value);
      continue;
    }
    const Site place = site_.member(member.key);
    const auto near = nearest(member.key, known_);
    const std::string hint = near ? "did you mean `" + *near + "`?" : "remove it";
    if (unknown == UnknownKeys::kRefuse) {
      place.error("is no known field", hint);
    } else {
      place.warning("is no known field and is ignored", hint);
    }
  }
}

void JsonFields::take(std::string_view name, const JsonValue& value) {
  if (value.is_null()) return;
  const auto field =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == name; });
  if (field == fields_.end()) {
    fields_.push_back({name, &value});
  } else if (value.kind == Kind::kObject && field->value->kind == Kind::kObject) {
    JsonValue& both = merged_.emplace_back(*field->value);
    both.members.insert(both.members.end(), value.members.begin(), value.members.end());
    field->value = &both;
  } else {
    field->value = &value;
  }
}

const JsonValue* JsonFields::get(std::string_view name) const {
  const auto field =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == name; });
  return field == fields_.end() ? nullptr : field->value;
}

bool JsonFields::read(std::string_view name, std::string& out) const {
  const JsonValue* value = get(name);
  if (!value) return false;
  if (value->kind != Kind::kString) {
    wrong_type(at(name), Kind::kString, *value);
    return false;
  }
  out = value->text;
  return true;
}

bool JsonFields::read(std::string_view name, std::int64_t& out) const {
  const JsonValue* value = get(name);
  if (!value) return false;
  if (value->kind != Kind::kInteger) {
    wrong_type(at(name), Kind::kInteger, *value);
    return false;
  }
  out = value->integer;
  return true;
}

bool JsonFields::read(std::string_view name, bool& out) const {
  const JsonValue* value = get(name);
  if (!value) return false;
  if (value->kind != Kind::kBool) {
    wrong_type(at(name), Kind::kBool, *value);
    return false;
  }
  out = value->boolean;
  return true;
}

bool JsonFields::read(std::string_view name, std::vector<std::string>& out) const {
  const JsonValue* value = get(name);
  if (!value) return false;
  if (value->kind != Kind::kArray) {
    wrong_type(at(name), Kind::kArray, *value);
    return false;
  }
  std::vector<std::string> items;
  bool good = true;
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    const JsonValue& item = value->items[i];
    if (item.kind == Kind::kString || item.is_null()) {
      items.push_back(item.text);
    } else {
      wrong_type(at(name).item(i), Kind::kString, item);
      good = false;
    }
  }
  if (good) out = std::move(items);
  return good;
}

const JsonValue* JsonFields::object(std::string_view name) const {
  const JsonValue* value = get(name);
  if (value && value->kind != Kind::kObject) {
    wrong_type(at(name), Kind::kObject, *value);
    return nullptr;
  }
  return value;
}

std::vector<const JsonMember*> map_members(const JsonValue& object) {
  std::map<std::string_view, const JsonMember*> last;
  for (const JsonMember& member : object.members) last[member.key] = &member;
  std::vector<const JsonMember*> out;
  out.reserve(last.size());
  for (const auto& [key, member] : last) out.push_back(member);
  return out;
}

}  // namespace maand
