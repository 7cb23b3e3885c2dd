// What kind of remote a URL names, and its parts.
#pragma once

#include <string>

namespace maand {

struct GitUrl {
  enum class Kind { kFile, kHttps, kSsh };
  Kind kind = Kind::kFile;
  std::string user;  // "" = not given
  std::string host;  // without brackets
  int port = 0;      // 0 = the scheme's own
  std::string path;  // kFile: in the file system; kSsh: as the server gets it
};

// Throws SourceError kOther for a URL we do not speak (git://, http:// beyond
// loopback, a password inside), saying which ones there are.
GitUrl parse_git_url(const std::string& url);

// For messages: the URL without anything secret in it.
std::string display_url(const std::string& url);

}  // namespace maand
