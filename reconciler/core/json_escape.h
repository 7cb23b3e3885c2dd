// JSON that is safe to print: DEL and the C1 controls (U+0080 to U+009F) steer some terminals, and JSON lets
// them stand as they are.
#pragma once

#include <string>

namespace maand {

// With those as `\u009b`. `json`: a document or a part of one, in UTF-8. Cost: one look at every byte; a
// document without any of them is not copied.
std::string escape_controls(std::string json);

}  // namespace maand
