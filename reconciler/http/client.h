// How a command talks to the daemon of its bucket: one request over the unix socket.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

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

// It answered, and what was asked for is not what came.
class ClientRefused : public ClientError {
 public:
  using ClientError::ClientError;
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
  // Gives the body to `sink` in pieces as they come, until the daemon ends it (then
  // true) or `sink` returns false (then false). The daemon says something at least every
  // 15 s; after three times that without a byte: ClientError. Throws as get(), and
  // ClientRefused with the daemon's words when it answers anything but 200.
  bool follow(const std::string& target, const std::function<bool(std::string_view)>& sink) const;

 private:
  ClientReply call(const std::string& method, const std::string& target, const std::string& body) const;

  std::string path_;
  std::chrono::milliseconds deadline_;
};

}  // namespace maand
