#include "reconciler/cli/daemon_link.h"

#include <chrono>
#include <functional>

#include "reconciler/cli/json_in.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/http/client.h"

namespace maand {
namespace {

// An order is answered within 10 s, also in the middle of a pass (control.h).
constexpr std::chrono::seconds kDeadline{15};

std::string message_in(const std::string& body) {
  const auto json = read_json(body);
  for (const char* key : {"message", "text", "error"}) {
    const std::string text = json ? text_at(*json, key) : "";
    if (!text.empty()) return text;
  }
  return "";
}

DaemonAnswer ask(const std::filesystem::path& socket,
                 const std::function<ClientReply(const ApiClient&)>& call) {
  DaemonAnswer answer;
  try {
    const ClientReply reply = call(ApiClient(socket.string(), kDeadline));
    answer.kind = DaemonAnswer::Kind::kAnswered;
    answer.status = reply.status;
    answer.body = reply.body;
    answer.text = message_in(reply.body);
    if (answer.text.empty()) answer.text = "the daemon answered " + std::to_string(reply.status);
  } catch (const NoDaemon& none) {
    answer.kind = DaemonAnswer::Kind::kNoDaemon;
    answer.text = none.what();
  } catch (const std::exception& error) {
    answer.kind = DaemonAnswer::Kind::kBroken;
    answer.text = error.what();
  }
  return answer;
}

}  // namespace

DaemonAnswer DaemonLink::get(const std::string& target) const {
  return ask(socket_, [&](const ApiClient& client) { return client.get(target); });
}

DaemonAnswer DaemonLink::post(const std::string& target,
                              const std::vector<std::pair<std::string, std::string>>& members) const {
  JsonObject body;
  for (const auto& [key, value] : members) body.text(key, value);
  return ask(socket_, [&](const ApiClient& client) { return client.post(target, body.str()); });
}

}  // namespace maand
