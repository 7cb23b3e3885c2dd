// How a command talks to the daemon of its bucket: one request over the unix socket.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

namespace maand {

// Nobody listens on the socket (exit status 5).
class NoDaemon : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The daemon is there and did not answer in time or not in HTTP.
class ClientError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ClientReply {
  int status = 0;
  std::string body;
};

class ApiClient {
 public:
  // `deadline` is for a whole call; longer than the daemon's own, so that its words arrive.
  explicit ApiClient(std::string unix_path, std::chrono::milliseconds deadline = std::chrono::seconds(20))
      : path_(std::move(unix_path)), deadline_(deadline) {}

  // `target` like `/api/v1/status?limit=5`, percent-encoded. Throw NoDaemon,
  // ClientError, or ListenError for a path that is too long.
  ClientReply get(const std::string& target) const { return call("GET", target, ""); }
  ClientReply post(const std::string& target, const std::string& json) const {
    return call("POST", target, json);
  }

 private:
  ClientReply call(const std::string& method, const std::string& target, const std::string& body) const;

  std::string path_;
  std::chrono::milliseconds deadline_;
};

}  // namespace maand
