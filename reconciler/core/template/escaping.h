// js and urlquery: text made safe for another language (html: core/html_text.h).
#pragma once

#include <string>
#include <string_view>

namespace maand::tpl {

std::string escape_js(std::string_view text);
std::string escape_query(std::string_view text);

}  // namespace maand::tpl
