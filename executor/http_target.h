// Where one request of an http probe goes, and where a redirect sends it.
#pragma once

#include <optional>
#include <string>

namespace maand {

struct HttpTarget {
  bool https = false;
  std::string host;        // IP literal (IPv6 without brackets) or DNS name
  int port = 0;            // 1..65535
  std::string path = "/";  // with its query; nothing that does not belong into a request line

  std::string url() const;        // `https://10.0.0.1:8443/healthz`, for people
  std::string authority() const;  // for the Host header: without the scheme's own port
  friend bool operator==(const HttpTarget&, const HttpTarget&) = default;
};

// `path` with everything but printable ASCII as %XX.
std::string request_path(const std::string& path);

// What a Location header means seen from `from`: an absolute URL, `//host/path`,
// `/path`, `?query` or a path beside ours. nullopt: no http or https URL, or one
// that names a user.
std::optional<HttpTarget> redirected(const HttpTarget& from, const std::string& location);

}  // namespace maand
