// Bytes as text for a header: standard base64 (RFC 4648), padded.
#pragma once

#include <string>
#include <string_view>

namespace maand {

std::string base64(std::string_view bytes);

}  // namespace maand
