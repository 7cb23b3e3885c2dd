#include "reconciler/http/api.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "reconciler/http/dashboard.h"
#include "reconciler/http/server.h"

namespace maand {
namespace {

constexpr std::string_view kRoot = "/api/v1/";
constexpr std::size_t kMaxCommits = 1000;
constexpr std::size_t kMaxNameBytes = 256;

HttpReply json(std::string body) { return {200, std::move(body), "application/json"}; }

HttpReply not_offered(const std::string& what) { return json_error(404, what); }

std::size_t limit_of(const HttpRequest& request) {
  const auto it = request.query.find("limit");
  std::size_t limit = 20;
  if (it != request.query.end()) {
    const std::string& text = it->second;
    std::from_chars(text.data(), text.data() + text.size(), limit);
  }
  return std::min(limit, kMaxCommits);
}

HttpReply get(const StatusSource& source, const HttpRequest& request, std::string_view route) {
  if (route == "status") return json(source.status_json());
  if (route == "commits") return json(source.commits_json(limit_of(request)));
  if (route == "allocations") return json(source.allocations_json());
  if (route == "plan") return json(source.plan_json());
  if (route.starts_with("jobs/")) {
    const std::string name(route.substr(5));
    auto job = source.job_json(name);
    return job ? json(*std::move(job)) : not_offered("there is no job " + name);
  }
  return not_offered("known here: status, commits, allocations, jobs/{name}, plan");
}

// A string member of the body; empty: not there, no string, or too long.
std::string member(const nlohmann::json& body, const char* name) {
  const auto it = body.find(name);
  if (it == body.end() || !it->is_string()) return "";
  std::string text = it->get<std::string>();
  return text.size() > kMaxNameBytes ? "" : text;
}

HttpReply reply_to(const ControlReply& reply) {
  switch (reply.kind) {
    case ControlReply::Kind::kDone:
      break;
    case ControlReply::Kind::kUnknownSubject:
      return json_error(404, reply.text);
    case ControlReply::Kind::kRefused:
      return json_error(409, reply.text);
  }
  const nlohmann::json body = {{"message", reply.text}};
  return json(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

HttpReply post(Controls& controls, const HttpRequest& request, std::string_view route) {
  if (!request.over_unix_socket) {
    return json_error(
        403,
        "orders over TCP need a token of role `operate`, and tokens are not built yet; use the maand "
        "command on this host as the owner of the bucket");
  }
  const nlohmann::json body =
      request.body.empty() ? nlohmann::json::object() : nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object()) return json_error(400, "the body is no JSON object");
  std::string actor = member(body, "actor");
  if (actor.empty()) actor = "uid " + std::to_string(request.peer_uid);

  if (route == "reconcile") return reply_to(controls.reconcile(actor));
  if (route == "retry") {
    const std::string job = member(body, "job");
    if (job.empty()) return json_error(400, "name the job: {\"job\": \"…\"}");
    return reply_to(controls.retry(job, actor));
  }
  if (route == "release") {
    const std::string subject = member(body, "subject");
    if (subject.empty()) return json_error(400, "name a job or a commit: {\"subject\": \"…\"}");
    return reply_to(controls.release(subject, actor));
  }
  return not_offered("known here: reconcile, retry, release");
}

HttpReply answer(const StatusSource& source, Controls& controls, const HttpRequest& request) {
  if (request.method == "GET") {
    const auto known = request.headers.find("if-none-match");
    auto page = dashboard_page(request.path, known == request.headers.end() ? "" : known->second);
    if (page) return *std::move(page);
  }
  if (!request.path.starts_with(kRoot)) return not_offered("the API is below /api/v1/");
  const std::string_view route = std::string_view(request.path).substr(kRoot.size());
  return request.method == "POST" ? post(controls, request, route) : get(source, request, route);
}

}  // namespace

ApiServer::ApiServer(const ApiOptions& options, const StatusSource& source, Controls& controls) {
  const auto handler = [&source, &controls](const HttpRequest& r) { return answer(source, controls, r); };
  HttpLimits limits;
  limits.loopback_host_only = true;
  // Longer than Controls takes to answer, so that its sentence arrives.
  limits.listener.deadline = std::chrono::seconds(15);
  if (!options.unix_path.empty()) {
    unix_ = std::make_unique<HttpServer>(ListeningSocket::unix_file(options.unix_path), limits, handler);
  }
  if (!options.listen.empty()) {
    ListeningSocket socket = ListeningSocket::tcp(options.listen);
    if (!socket.is_loopback()) {
      throw ListenError("the API would be open to the network on " + options.listen +
                        ", and tokens are not built yet; use a loopback address like 127.0.0.1:8484");
    }
    tcp_ = std::make_unique<HttpServer>(std::move(socket), limits, handler);
  }
}

ApiServer::~ApiServer() = default;

void ApiServer::stop() {
  if (tcp_) tcp_->stop();
  if (unix_) unix_->stop();
}

int ApiServer::port() const { return tcp_ ? tcp_->port() : 0; }

}  // namespace maand
