// schemas/*.json, embedded at build time (reconciler/embed_text.cmake). What they may say:
// schemas/README.md.
#pragma once

#include <string_view>

namespace maand {

extern const std::string_view kManifestSchema;
extern const std::string_view kWorkersSchema;
extern const std::string_view kConfSchema;

}  // namespace maand
