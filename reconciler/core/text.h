// Text that somebody else wrote: how it is tidied, compared and shown.
//
// Everything works on bytes and ASCII, so that the result never depends on a
// locale. Nothing here throws.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maand {

// Without leading and trailing ASCII white space.
std::string_view trim(std::string_view text);

// ASCII letters in lower case, other bytes as they are.
std::string lower(std::string_view text);

// Equal but for the case of ASCII letters.
bool equal_fold(std::string_view a, std::string_view b);

// Well-formed UTF-8: no overlong forms, no surrogates.
bool is_utf8(std::string_view text);

// Safe to print on a terminal and to put into JSON: control characters and bytes
// that are no UTF-8 become `\xHH`; longer than `most_bytes` is cut and ends in `…`.
std::string printable(std::string_view text, std::size_t most_bytes = 120);

// printable() between double quotes.
std::string quote(std::string_view text);

// `a, b and c`
std::string join_words(const std::vector<std::string>& words);

// `a,b,c`, as lists are written in values and tables.
std::string comma_list(const std::vector<std::string>& words);

// The one of `known` that `word` most probably meant; nullopt: none is near.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace maand
