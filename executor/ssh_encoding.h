// How SSH writes numbers, strings and keys: fields of RFC 4251 section 5, and the
// base64 of key files. Pure; any bytes give a value or nullopt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maand {

// `uint32` and `string`. What does not fit in 32 bits must not be given.
std::string ssh_u32(std::size_t value);
std::string ssh_field(std::string_view bytes);

// Take one from the front of `rest`. nullopt when it is cut off; `rest` is then
// of no more use. A field's view lives as long as what `rest` looks at.
std::optional<std::uint32_t> take_ssh_u32(std::string_view& rest);
std::optional<std::string_view> take_ssh_field(std::string_view& rest);

// Standard alphabet, padded (RFC 4648 section 4).
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

}  // namespace maand
