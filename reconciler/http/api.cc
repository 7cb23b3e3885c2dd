#include "reconciler/http/api.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "reconciler/core/ids.h"
#include "reconciler/core/text.h"
#include "reconciler/http/access.h"
#include "reconciler/http/dashboard.h"
#include "reconciler/http/event_stream.h"
#include "reconciler/http/openapi_document.h"
#include "reconciler/http/server.h"
#include "reconciler/http/token_file.h"

namespace maand {
namespace {

constexpr std::string_view kRoot = "/api/v1/";
constexpr std::size_t kMaxCommits = 1000;
constexpr std::size_t kUsualCommits = 20;
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxReasonBytes = 4000;
// Of every order: one that is not known may be a name that was mistyped.
constexpr std::string_view kMembers[] = {
    "actor", "allocations", "command", "concurrency", "event",  "for", "force",    "health_check", "host",
    "job",   "order",       "reason",  "subject",     "target", "to",  "unsigned", "verb"};
constexpr std::size_t kMaxHostsBytes = 64 * 1024;
constexpr std::int64_t kTailBytes = 64 * 1024;

HttpReply json(std::string body) { return {200, std::move(body), "application/json"}; }

// Large, and asked for again and again: whoever has it already gets 304. Cost: a SHA-256
// of the body, 1 ms for 2 MB.
HttpReply tagged(std::string body) {
  HttpReply reply = json(std::move(body));
  reply.headers.emplace_back("ETag", "W/\"" + sha256(reply.body).hex().substr(0, 32) + "\"");
  return reply;
}

HttpReply not_offered(const std::string& what) { return json_error(404, what); }

// A number in the query; `otherwise` where there is none.
template <class Number>
Number number_of(const HttpRequest& request, const char* name, Number otherwise) {
  const auto it = request.query.find(name);
  if (it == request.query.end()) return otherwise;
  std::from_chars(it->second.data(), it->second.data() + it->second.size(), otherwise);
  return otherwise;
}

// `a/b` → {a, b}.
std::vector<std::string> parts_of(std::string_view route) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t slash = route.find('/');
    out.emplace_back(route.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    route.remove_prefix(slash + 1);
  }
}

HttpReply reply_to(DetailReply reply) {
  switch (reply.kind) {
    case DetailReply::Kind::kFound:
      return json(std::move(reply.text));
    case DetailReply::Kind::kUnknown:
      return json_error(404, reply.text);
    case DetailReply::Kind::kUnavailable:
      break;
  }
  return json_error(503, reply.text);
}

HttpReply get(const StatusSource& source, Details& details, const Controls& controls,
              const HttpRequest& request, std::string_view route) {
  if (route == "status") return tagged(source.status_json());
  if (route == "commits")
    return json(source.commits_json(std::min(number_of(request, "limit", kUsualCommits), kMaxCommits)));
  if (route == "allocations") return tagged(source.allocations_json());
  if (route == "plan") return tagged(source.plan_json());
  if (route == "previews") return tagged(source.previews_json());
  if (route == "openapi.json") return json(std::string(kOpenApiDocument));
  const std::vector<std::string> parts = parts_of(route);
  if (parts.size() == 2 && parts[0] == "jobs") {
    auto job = source.job_json(parts[1]);
    return job ? json(*std::move(job)) : not_offered("there is no job " + parts[1]);
  }
  if (parts.size() == 2 && parts[0] == "orders") {
    auto order = controls.job_order_json(parts[1]);
    return order ? json(*std::move(order)) : not_offered("there is no order " + parts[1]);
  }
  if (parts.size() == 3 && parts[0] == "plan") return reply_to(details.plan_files(parts[1], parts[2]));
  if (parts.size() == 3 && parts[0] == "commits" && parts[2] == "note")
    return reply_to(details.note(parts[1]));
  if (parts.size() == 3 && parts[0] == "logs")
    return reply_to(details.output(parts[1], parts[2], number_of(request, "from", -kTailBytes)));
  return not_offered(
      "known here: allocations, commits, commits/{id}/note, events, jobs/{name}, logs/{job}/{worker}, "
      "openapi.json, orders/{id}, plan, plan/{job}/{worker}, previews, status, whoami");
}

// A string member of the body; empty: not there, no string, or too long.
std::string member(const nlohmann::json& body, const char* name, std::size_t most = kMaxNameBytes) {
  const auto it = body.find(name);
  if (it == body.end() || !it->is_string()) return "";
  std::string text = it->get<std::string>();
  return text.size() > most ? "" : text;
}

HttpReply reply_to(const ControlReply& reply) {
  switch (reply.kind) {
    case ControlReply::Kind::kDone:
      break;
    case ControlReply::Kind::kUnknownSubject:
      return json_error(404, reply.text);
    case ControlReply::Kind::kMalformed:
      return json_error(400, reply.text);
    case ControlReply::Kind::kRefused:
      return json_error(409, reply.text);
    case ControlReply::Kind::kBusy:
      return json_error(503, reply.text);
  }
  const nlohmann::json body = {{"message", reply.text}};
  return json(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

// What is given and is no text, or too long, is not the same as what is left out.
bool is_written_wrongly(const nlohmann::json& body, const char* name, std::size_t most = kMaxNameBytes) {
  const auto it = body.find(name);
  return it != body.end() && !it->is_null() && *it != "" && member(body, name, most).empty();
}

// `maand job start|stop|restart`.
HttpReply order(Controls& controls, const nlohmann::json& body, const std::string& job,
                const std::string& actor) {
  JobOrderRequest request;
  request.verb = member(body, "verb");
  request.job = job;
  request.workers = member(body, "allocations", kMaxHostsBytes);
  request.health_check = body.contains("health_check") &&
                         (body["health_check"] == true || member(body, "health_check") == "yes");
  request.reason = member(body, "reason", kMaxReasonBytes);
  request.span = member(body, "for");
  const bool named = !body.contains("allocations") || !request.workers.empty();
  if (is_written_wrongly(body, "for") || is_written_wrongly(body, "reason", kMaxReasonBytes))
    return json_error(400, "`for` and `reason` are texts: {\"for\": \"2h\", \"reason\": \"…\"}");
  if (job.empty() || request.verb.empty() || !named)
    return json_error(400,
                      "say what to do with which job: {\"verb\": \"restart\", \"job\": \"…\"}; "
                      "`allocations`, a list of workers with commas, means some of it");
  return reply_to(controls.job_order(request, actor));
}

// `maand job_command`, the hooks of `maand health_check`, and those of `maand job run`.
HttpReply hook(Controls& controls, const nlohmann::json& body, const std::string& job,
               const std::string& actor) {
  HookOrderRequest request;
  if (const std::string event = member(body, "event"); !event.empty()) request.event = event;
  request.command = member(body, "command");
  request.job = job;
  request.target = member(body, "target");
  request.workers = member(body, "allocations");
  const std::string number = body.contains("concurrency") && body["concurrency"].is_number_integer()
                                 ? body["concurrency"].dump()
                                 : member(body, "concurrency");
  if (body.contains("concurrency")) {
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), request.concurrency);
    if (error != std::errc{} || end != number.data() + number.size() || request.concurrency < 1)
      return json_error(400, "`concurrency` is a whole number from 1");
  }
  for (const char* name : {"event", "command", "job", "target", "allocations"}) {
    if (is_written_wrongly(body, name)) return json_error(400, std::string("`") + name + "` is no name");
  }
  if (request.event == "cli" && request.command.empty())
    return json_error(400, "name the command: {\"command\": \"command_…\"}; `job` means it of one job alone");
  return reply_to(controls.hook_order(request, actor));
}

// R5.4: `job` to the content of a commit; empty: the bucket.
HttpReply bring(Details& details, Controls& controls, const nlohmann::json& body, const std::string& job,
                const std::string& actor) {
  const std::string to = member(body, "to");
  const std::string reason = member(body, "reason", kMaxReasonBytes);
  const bool ends = body.contains("for") && !body["for"].is_null() && body["for"] != "";
  const std::string span = member(body, "for");
  if (to.empty() || reason.empty() || (ends && span.empty()))
    return json_error(400, "say where to and why: {\"to\": \"COMMIT\", \"reason\": \"…\"}");
  const DetailReply content = details.content_at(job, to);
  if (content.kind != DetailReply::Kind::kFound) return reply_to(content);
  return reply_to(controls.rollback(job, content.text, reason, span, actor));
}

HttpReply post(Details& details, Controls& controls, const HttpRequest& request, std::string_view route) {
  const nlohmann::json body =
      request.body.empty() ? nlohmann::json::object() : nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object()) return json_error(400, "the body is no JSON object");
  for (const auto& [name, value] : body.items()) {
    if (std::find(std::begin(kMembers), std::end(kMembers), name) == std::end(kMembers))
      return json_error(400, "no order has a member " + quote(name) + "; known are " +
                                 join_words({std::begin(kMembers), std::end(kMembers)}));
  }
  // Who it is over TCP is said by the token; whoever may use the unix socket is believed.
  std::string actor = request.over_unix_socket ? member(body, "actor") : "";
  if (actor.empty()) actor = request.actor;

  if (route == "reconcile") return reply_to(controls.reconcile(actor));
  const std::string job = member(body, "job");
  if (route == "retry") {
    if (job.empty()) return json_error(400, "name the job: {\"job\": \"…\"}");
    return reply_to(controls.retry(job, actor));
  }
  if (route == "release") {
    const std::string subject = member(body, "subject");
    if (subject.empty()) return json_error(400, "name a job or a commit: {\"subject\": \"…\"}");
    if (!body.contains("unsigned")) return reply_to(controls.release(subject, actor));
    const std::string reason = member(body, "reason", kMaxReasonBytes);
    const bool meant = body["unsigned"] == true || member(body, "unsigned") == "yes";
    if (!meant || reason.empty())
      return json_error(400, "say why: {\"subject\": \"COMMIT\", \"unsigned\": true, \"reason\": \"…\"}");
    return reply_to(controls.release_unsigned(subject, reason, actor));
  }
  // A job that is written wrongly must not be taken for all of them.
  if (route == "suspend" || route == "resume") {
    const bool bucket = !body.contains("job") || body["job"].is_null();
    if (job.empty() && !bucket)
      return json_error(400, "`job` is no name; leave it out to mean the whole bucket");
  }
  if (route == "suspend") {
    const std::string reason = member(body, "reason", kMaxReasonBytes);
    const std::string span = member(body, "for");
    if (reason.empty() || span.empty())
      return json_error(400, "say why and how long: {\"reason\": \"…\", \"for\": \"2h\"}");
    return reply_to(controls.suspend(job, reason, span, actor));
  }
  if (route == "resume" && request.body.empty())
    return json_error(400, "say what: {\"job\": \"…\"}, or {} for the whole bucket");
  if (route == "resume") return reply_to(controls.resume(job, actor));
  if (route == "takeover") return reply_to(controls.takeover(member(body, "reason", kMaxReasonBytes), actor));
  if (route == "forget") {
    const std::string subject = member(body, "subject");
    if (subject.empty()) return json_error(400, "name an allocation: {\"subject\": \"JOB@WORKER\"}");
    return reply_to(controls.forget(subject, actor));
  }
  if (route == "worker") {
    const std::string verb = member(body, "verb");
    const std::string host = member(body, "host");
    if (!host.empty() && verb == "drain") {
      if (is_written_wrongly(body, "for") || is_written_wrongly(body, "reason", kMaxReasonBytes))
        return json_error(400, "`for` and `reason` are texts: {\"for\": \"2h\", \"reason\": \"…\"}");
      const bool force = body.contains("force") && (body["force"] == true || member(body, "force") == "yes");
      return reply_to(
          controls.drain({host, member(body, "reason", kMaxReasonBytes), member(body, "for"), force}, actor));
    }
    if (!host.empty() && verb == "undrain") return reply_to(controls.undrain(host, actor));
    if (host.empty() || (verb != "reset" && verb != "trust" && verb != "forget"))
      return json_error(
          400,
          "say what and where: {\"verb\": \"reset\", \"host\": \"…\"}; verbs are reset, trust, forget, "
          "drain, undrain");
    return reply_to(controls.worker(verb, host, actor));
  }
  if (route == "job") return order(controls, body, job, actor);
  if (route == "hook") return hook(controls, body, job, actor);
  if (route == "cut") {
    const std::string id = member(body, "order");
    if (id.empty()) return json_error(400, "name the order: {\"order\": \"…\"}");
    return reply_to(controls.cut_job_order(id, actor));
  }
  if (route == "rollback") {
    if (job.empty()) return json_error(400, "name the job: {\"job\": \"…\"}; /pin is for the whole bucket");
    return bring(details, controls, body, job, actor);
  }
  if (route == "pin") {
    if (body.contains("job"))
      return json_error(400, "the bucket is pinned as a whole; /rollback is for one job");
    return bring(details, controls, body, "", actor);
  }
  return not_offered(
      "known here: cut, forget, hook, job, pin, reconcile, release, resume, retry, rollback, suspend, "
      "takeover, "
      "worker");
}

HttpReply answer(const StatusSource& source, Details& details, Controls& controls,
                 const HttpRequest& request) {
  if (request.method == "GET") {
    if (auto page = dashboard_page(request.path)) return *std::move(page);
  }
  if (!request.path.starts_with(kRoot)) return not_offered("the API is below /api/v1/");
  const std::string_view route = std::string_view(request.path).substr(kRoot.size());
  return request.method == "POST" ? post(details, controls, request, route)
                                  : get(source, details, controls, request, route);
}

// R6.2: a listener that others can reach is never open.
void require_protection(const ApiOptions& options) {
  const std::string open = "the API would be open to the network on " + options.listen;
  if (!options.tls && !options.allow_plaintext) {
    throw ListenError(
        open +
        " without TLS; set http.tls_cert and http.tls_key, or http.allow_plaintext = true "
        "when a proxy in front of it speaks TLS, or use a loopback address like 127.0.0.1:8484");
  }
  std::error_code ignored;
  if (options.tokens_file.empty() || !std::filesystem::exists(options.tokens_file, ignored)) {
    throw ListenError(open +
                      " and there are no tokens; make one with `maand token add NAME --role operate`, "
                      "or use a loopback address like 127.0.0.1:8484");
  }
  try {
    std::vector<std::string> lines;  // told when they are read again
    read_tokens(options.tokens_file, lines);
  } catch (const TokenFileError& error) {
    throw ListenError(error.what());
  }
}

}  // namespace

ApiServer::ApiServer(const ApiOptions& options, const StatusSource& source, Details& details,
                     Controls& controls)
    : events_(options.events),
      tokens_(std::make_unique<TokenFile>(options.tokens_file, options.say)),
      wake_shared_(options.wake_shared) {
  HttpServer::Handler handler = [&source, &details, &controls](const HttpRequest& r) {
    return answer(source, details, controls, r);
  };
  if (events_) handler = with_events(*events_, std::move(handler));
  HttpLimits limits;
  limits.listener.deadline = kApiDeadline;
  if (!options.listen.empty()) {
    ListeningSocket socket = ListeningSocket::tcp(options.listen);
    if (!socket.is_loopback()) require_protection(options);
    tcp_access_ = std::make_unique<Access>(AccessOptions{socket.is_loopback()}, *tokens_, options.say);
    tcp_ =
        std::make_unique<HttpServer>(std::move(socket), limits, guarded(*tcp_access_, handler), options.tls);
  }
  if (options.shared_loopback) {
    tcp_access_ = std::make_unique<Access>(AccessOptions{*options.shared_loopback}, *tokens_, options.say);
    shared_ = guarded(*tcp_access_, handler);
  }
  if (!options.unix_path.empty()) {
    unix_access_ = std::make_unique<Access>(AccessOptions{}, *tokens_, options.say);
    unix_ = std::make_unique<HttpServer>(ListeningSocket::unix_file(options.unix_path), limits,
                                         guarded(*unix_access_, handler));
  }
  if (events_) news_ = events_->on_news([this] { wake_streams(); });
}

ApiServer::~ApiServer() { stop(); }

void ApiServer::wake_streams() {
  if (tcp_) tcp_->wake_streams();
  if (unix_) unix_->wake_streams();
  if (wake_shared_) wake_shared_();
}

void ApiServer::stop() {
  if (events_ && news_ != 0) events_->forget(std::exchange(news_, 0));
  if (tcp_) tcp_->stop();
  if (unix_) unix_->stop();
}

bool ApiServer::knows(const HttpRequest& request) const {
  return tcp_access_ && tcp_access_->knows(request, now_of_both());
}

int ApiServer::port() const { return tcp_ ? tcp_->port() : 0; }

}  // namespace maand
