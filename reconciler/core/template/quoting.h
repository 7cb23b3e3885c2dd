// Go's quoted strings: how strconv writes them, and how literals are read back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reconciler/core/template/unicode.h"

namespace maand::tpl {

// strconv.Quote, or QuoteToASCII.
std::string go_quote(std::string_view text, bool ascii_only = false);
std::string go_quote_rune(Rune rune, bool ascii_only = false);

// May the text stand between backquotes as it is?
bool can_backquote(std::string_view text);

// `U+0078 'x'`, as Go's %#U.
std::string describe_rune(Rune rune);

// The value of a literal with its quotes, "…" or `…`; nullopt: an escape is wrong.
std::optional<std::string> unquote(std::string_view literal);

// The value of a character constant with its quotes.
std::optional<Rune> unquote_char(std::string_view literal);

}  // namespace maand::tpl
