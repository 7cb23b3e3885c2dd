// One field of an application/x-www-form-urlencoded text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace maand {

// The first field of that name, decoded (`+` is a space, `%41` an A; a `%` that
// begins no such thing stays). nullopt: there is none. Total.
std::optional<std::string> form_field(std::string_view form, std::string_view name);

}  // namespace maand
