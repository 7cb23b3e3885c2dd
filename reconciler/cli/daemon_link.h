// The daemon of a bucket, over data/maand.sock: does one run, and what does it say.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace maand {

struct DaemonAnswer {
  enum class Kind {
    kNoDaemon,  // nobody listens; the command may work on the files itself
    kBroken,    // somebody listens and did not answer properly; the files are not ours to touch
    kAnswered,
  } kind = Kind::kNoDaemon;
  int status = 0;    // kAnswered: of HTTP
  std::string body;  // kAnswered: JSON
  std::string text;  // what to tell a person: the problem, or the message in the answer

  bool no_daemon() const { return kind == Kind::kNoDaemon; }
  bool done() const { return kind == Kind::kAnswered && status / 100 == 2; }
};

// Each call is one connection with a deadline of its own. Never throws for what
// the daemon does.
class DaemonLink {
 public:
  explicit DaemonLink(std::filesystem::path socket) : socket_(std::move(socket)) {}

  DaemonAnswer get(const std::string& target) const;  // `/api/v1/status`
  // `members` become the JSON object of the body.
  DaemonAnswer post(const std::string& target,
                    const std::vector<std::pair<std::string, std::string>>& members) const;

 private:
  std::filesystem::path socket_;
};

}  // namespace maand
