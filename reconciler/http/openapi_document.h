// openapi.json, embedded at build time (reconciler/embed_text.cmake).
#pragma once

#include <string_view>

namespace maand {

extern const std::string_view kOpenApiDocument;

}  // namespace maand
