// The files of dashboard/, embedded at build time (reconciler/embed_text.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace maand {

struct EmbeddedFile {
  std::string_view name;  // `index.html`
  std::string_view text;
  std::string_view sha256;  // of the text, hexadecimal
};

extern const std::vector<EmbeddedFile> kDashboardFiles;

}  // namespace maand
