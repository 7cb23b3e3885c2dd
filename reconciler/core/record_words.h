// Words of the store and of workers' records → values; `to_string` gives them.
#pragma once

#include <string_view>

#include "reconciler/core/operation.h"
#include "reconciler/core/outcome.h"

namespace maand {

Health health_from(std::string_view word);      // unknown words give kUnprobed
Previous previous_from(std::string_view word);  // unknown words give kNone

}  // namespace maand
