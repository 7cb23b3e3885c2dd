#include "reconciler/core/json_document.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/text.h"

namespace maand {
namespace {

// `[json.exception.parse_error.101] parse error at line 2, column 3: syntax
// error while parsing value - unexpected '}'; …` → from `unexpected` on.
std::string cause(const std::string& what) {
  const std::size_t dash = what.find(" - ");
  const std::size_t colon = what.find(": ");
  std::string out = dash != std::string::npos    ? what.substr(dash + 3)
                    : colon != std::string::npos ? what.substr(colon + 2)
                                                 : what;
  return out;
}

// Builds the tree. Open containers are reached through indices from the root,
// since a vector that grows moves its elements: a stack of pointers holds only
// the last element of each level, which does not move while it is open.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(JsonValue& root) : root_(&root) {}

  bool null() override { return place({}); }
  bool boolean(bool value) override {
    JsonValue out;
    out.kind = JsonValue::Kind::kBool;
    out.boolean = value;
    return place(std::move(out));
  }
  bool number_integer(number_integer_t value) override {
    JsonValue out;
    out.kind = JsonValue::Kind::kInteger;
    out.integer = value;
    return place(std::move(out));
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
      return fraction(std::to_string(value));
    }
    return number_integer(static_cast<number_integer_t>(value));
  }
  bool number_float(number_float_t, const string_t& text) override { return fraction(text); }
  bool string(string_t& value) override {
    JsonValue out;
    out.kind = JsonValue::Kind::kString;
    out.text = std::move(value);
    return place(std::move(out));
  }
  bool binary(binary_t&) override { return false; }  // not in JSON text
  bool start_object(std::size_t) override { return open(JsonValue::Kind::kObject); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::kArray); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    position_ = position;
    cause_ = printable(cause(error.what()), 200);  // it quotes what it read last
    return false;
  }

  bool too_deep() const { return too_deep_; }
  std::size_t position() const { return position_; }
  const std::string& problem() const { return cause_; }

 private:
  bool fraction(std::string text) {
    JsonValue out;
    out.kind = JsonValue::Kind::kFraction;
    out.text = std::move(text);
    return place(std::move(out));
  }

  JsonValue* put(JsonValue value) {
    if (open_.empty()) {
      *root_ = std::move(value);
      return root_;
    }
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonValue::Kind::kArray) return &parent.items.emplace_back(std::move(value));
    return &parent.members.emplace_back(JsonMember{std::move(key_), std::move(value)}).value;
  }
  bool place(JsonValue value) {
    put(std::move(value));
    return true;
  }
  bool open(JsonValue::Kind kind) {
    if (open_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) {
      too_deep_ = true;
      return false;
    }
    JsonValue value;
    value.kind = kind;
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  JsonValue* root_;
  std::vector<JsonValue*> open_;
  std::string key_;
  bool too_deep_ = false;
  std::size_t position_ = 0;
  std::string cause_;
};

std::string line_and_column(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, std::min(position > 0 ? position - 1 : 0, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column + 1);
}

}  // namespace

bool JsonValue::is_empty() const {
  switch (kind) {
    case Kind::kNull:
      return true;
    case Kind::kString:
      return text.empty();
    case Kind::kArray:
      return items.empty();
    case Kind::kObject:
      return members.empty();
    case Kind::kBool:
    case Kind::kInteger:
    case Kind::kFraction:
      return false;
  }
  return false;
}

const char* describe(JsonValue::Kind kind) {
  switch (kind) {
    case JsonValue::Kind::kNull:
      return "null";
    case JsonValue::Kind::kBool:
      return "true or false";
    case JsonValue::Kind::kInteger:
      return "a whole number";
    case JsonValue::Kind::kFraction:
      return "a number that is not whole";
    case JsonValue::Kind::kString:
      return "text";
    case JsonValue::Kind::kArray:
      return "a list";
    case JsonValue::Kind::kObject:
      return "an object";
  }
  return "";
}

std::optional<JsonValue> parse_json(std::string_view text, const std::string& path,
                                    Diagnostics& diagnostics) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    diagnostics.error(path, "", "starts with a byte order mark", "save it as UTF-8 without one");
    return std::nullopt;
  }
  // The parser takes a NUL for the end of its input and would believe what precedes it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    diagnostics.error(path, "", line_and_column(text, nul + 1) + ": holds a NUL byte",
                      "save it as UTF-8 text");
    return std::nullopt;
  }
  JsonValue root;
  Builder builder(root);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return root;
  if (builder.too_deep()) {
    diagnostics.error(path, "", "is nested more than " + std::to_string(kMaxJsonDepth) + " levels deep",
                      "no file of a workspace needs that; flatten it");
  } else {
    diagnostics.error(path, "", line_and_column(text, builder.position()) + ": " + builder.problem(),
                      "correct the JSON; comments and trailing commas are not allowed");
  }
  return std::nullopt;
}

}  // namespace maand
