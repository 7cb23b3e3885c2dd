// A git host's interface over real HTTP, as each of them documents it: it checks method, path,
// token and fields of every request as strictly as the host would, and keeps what it was told.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/core/forge/provider.h"

namespace maand::testing {

// Thread-safe. Listens on loopback.
class ForgeServer {
 public:
  explicit ForgeServer(std::string token);
  ~ForgeServer();

  // From here on it is this host, and nothing was told yet. GitLab's repository is
  // acme/ops/fleet, everybody else's acme/fleet.
  void become(ForgeProvider provider);
  std::string url() const;
  std::string repository() const;

  struct Status {
    std::string commit, state, context, description, url;
  };
  std::vector<Status> statuses() const;
  // `pending success`: what a commit was told in a context, in order.
  std::string told(const std::string& commit, const std::string& context) const;

  struct Answer {
    int status = 500;
    std::string body;
    std::map<std::string, std::string> headers;
  };
  // Instead of taking what comes: for the next requests; and, after those, for ever.
  void answer(Answer answer);
  void always(Answer answer);
  void work_again();  // takes both back

  std::size_t requests() const;
  // Requests that no host would have understood, in words; there are none in a good test.
  std::vector<std::string> faults() const;
  // Comments of a pull or merge request, in order.
  std::vector<std::string> comments(std::uint64_t change) const;

 private:
  struct Http;
  Answer serve(const std::string& method, const std::string& target, const std::string& body,
               const std::map<std::string, std::string>& headers);
  Answer take_status(const std::string& commit, const std::string& json);
  Answer take_comment(const std::string& method, std::uint64_t change, std::uint64_t id,
                      const std::string& json);
  Answer fault(int status, const std::string& what);

  const std::string token_;
  mutable std::mutex mutex_;
  ForgeProvider provider_ = ForgeProvider::kGithub;
  std::vector<Status> statuses_;
  std::deque<Answer> answers_;
  std::unique_ptr<Answer> always_;
  std::size_t requests_ = 0;
  std::vector<std::string> faults_;
  struct Comment {
    std::uint64_t id, change;
    std::string text;
  };
  std::vector<Comment> comments_;
  std::unique_ptr<Http> http_;  // last: its threads end first
};

}  // namespace maand::testing
