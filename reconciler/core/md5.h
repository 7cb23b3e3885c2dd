// MD5, for what an original maand has kept: nothing of ours is trusted to it.
#pragma once

#include <string>
#include <string_view>

namespace maand {

// 32 lower-case hex digits.
std::string md5_hex(std::string_view data);

}  // namespace maand
