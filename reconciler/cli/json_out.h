// What `--json` prints: objects put together member by member, in the order given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value);
  JsonObject& number(std::string_view key, std::int64_t value);
  JsonObject& flag(std::string_view key, bool value);
  // `json` is a JSON value already.
  JsonObject& raw(std::string_view key, std::string_view json);
  JsonObject& texts(std::string_view key, const std::vector<std::string>& values);
  std::string str() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// `values` are JSON already.
std::string json_array(const std::vector<std::string>& values);

}  // namespace maand
