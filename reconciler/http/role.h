// What somebody who asks over HTTP may do (R6.2).
#pragma once

namespace maand {

enum class Role { kNone, kRead, kOperate };  // each may do what those before it may

inline const char* to_string(Role role) {
  switch (role) {
    case Role::kNone:
      break;
    case Role::kRead:
      return "read";
    case Role::kOperate:
      return "operate";
  }
  return "none";
}

}  // namespace maand
