// The members of a JSON object as the bytes they were written with.
//
// A note carries other buckets' entries; parsing and printing them again would
// change number formats, escapes and white space that are not ours to change.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maand {

// Length of the JSON object at the front of `text`, found by its brackets.
// nullopt: there is none, or it does not end. Whether it is valid JSON is not
// looked at.
std::optional<std::size_t> json_object_length(std::string_view text);

// (key, value bytes) in order. REQUIRES: `object` is one valid JSON object.
std::vector<std::pair<std::string, std::string>> json_members(std::string_view object);

// `text` as a JSON string literal. Bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);

// Valid JSON and an object. Safe for hostile nesting.
bool is_json_object(std::string_view text);

}  // namespace maand
