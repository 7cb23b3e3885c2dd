#include "executor/hook_routes.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "reconciler/core/text.h"

namespace maand {
namespace {

using Json = nlohmann::json;
using Verdict = HookValues::Verdict;

struct Refused {
  HookReply reply;
};

[[noreturn]] void refuse(int status, const std::string& why) {
  throw Refused{{.status = status, .body = why + "\n"}};
}

HookReply in_json(const Json& document) {
  return {.body = document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", .json = true};
}

// The body as Go's decoder takes it: fields by their name in any case, null as absent, others left aside.
class Body {
 public:
  explicit Body(const std::string& text) {
    if (trim(text).empty()) refuse(400, "the request has no body; send a JSON object");
    // What lies deeper than any field of ours is left out: no text may cost us more than its own size many
    // times over.
    const auto keep = [](int depth, Json::parse_event_t, Json&) { return depth <= kMostDepth; };
    document_ = Json::parse(text, keep, false);
    if (!document_.is_object()) refuse(400, "the body is no JSON object");
  }
  std::string text(const std::string& name) const {
    const Json* found = find(name);
    if (!found) return "";
    if (!found->is_string()) refuse(400, "the field " + name + " of the body is no text");
    return found->get<std::string>();
  }
  std::string needed(const std::string& name) const {
    std::string out = text(name);
    if (trim(out).empty()) refuse(400, "the field " + name + " of the body is missing");
    return out;
  }
  int number(const std::string& name, int otherwise) const {
    const Json* found = find(name);
    if (!found) return otherwise;
    if (!found->is_number()) refuse(400, "the field " + name + " of the body is no number");
    const double value = found->get<double>();
    return static_cast<int>(std::min(std::max(value, -1e6), 1e6));
  }

 private:
  const Json* find(const std::string& name) const {
    const Json* out = nullptr;
    for (auto member = document_.begin(); member != document_.end(); ++member) {
      if (equal_fold(member.key(), name) && !member.value().is_null()) out = &member.value();
    }
    return out;
  }
  static constexpr int kMostDepth = 4;
  Json document_;
};

int status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDone:
      return 200;
    case Verdict::kDenied:
      return 400;
    case Verdict::kNoKey:
      return 404;
    case Verdict::kNoNamespace:
    case Verdict::kUnreadable:
      return 500;
  }
  return 500;
}

void check(Verdict verdict, const std::string& problem) {
  if (verdict != Verdict::kDone) refuse(status_of(verdict), printable(problem, 1000));
}

HookReply get_value(HookValues& values, const Body& body) {
  const std::string ns = body.needed("namespace");
  const std::string key = body.needed("key");
  const HookValues::Answer answer = values.get(ns, key);
  // What nobody has written yet is a missing key to whoever reads it.
  if (answer.verdict == Verdict::kNoNamespace) refuse(404, printable(answer.problem, 1000));
  check(answer.verdict, answer.problem);
  Json out = {{"namespace", ns}, {"key", key}};
  if (!answer.value.empty()) out["value"] = answer.value;
  return in_json(out);
}

HookReply put_value(HookValues& values, const Body& body, bool secret) {
  const std::string ns = body.needed("namespace");
  const std::string key = body.needed("key");
  const std::string text = body.text("value");
  const std::string value = secret ? text : std::string(trim(text));
  if (value.empty()) refuse(400, "the field value of the body is missing or empty");
  const HookValues::Answer answer = secret ? values.put_secret(ns, key, value) : values.put(ns, key, value);
  check(answer.verdict, answer.problem);
  return {};
}

HookReply erase_value(HookValues& values, const Body& body, bool secret) {
  const HookValues::Answer answer = values.erase(body.needed("namespace"), body.needed("key"), secret);
  check(answer.verdict, answer.problem);
  return {};
}

HookReply list_keys(const RunningHook& hook, const Body& body) {
  const std::string job = hook.call.allocation.job.str();
  const std::string asked = body.text("namespace");
  std::vector<std::string> namespaces = {"secrets/job/" + job, "vars/job/" + job};
  if (!asked.empty()) namespaces = {asked};
  Json out = Json::object();
  for (const std::string& ns : namespaces) {
    const HookValues::Keys keys = hook.call.values->keys(ns);
    if (keys.verdict != Verdict::kNoNamespace) check(keys.verdict, keys.problem);
    out[ns] = keys.keys;
  }
  return in_json({{"namespaces", out}});
}

HookReply list_demands(const RunningHook& hook) {
  Json out = Json::array();
  for (const HookDemand& demand : hook.call.demands) {
    Json config = Json::parse(demand.config, nullptr, false);
    if (!config.is_object()) refuse(500, "the config of a demand of " + demand.job.str() + " cannot be read");
    out.push_back({{"job", demand.job.str()}, {"command", demand.command}, {"demand_config", config}});
  }
  return in_json(out);
}

HookSemaphores::Scope scope_of(const RunningHook& hook, const std::string& name) {
  if (trim(name).empty()) refuse(400, "the semaphore has no name");
  return {hook.call.allocation.job, hook.call.event, name};
}

HookReply semaphore_status(const HookSemaphores& semaphores, const RunningHook& hook,
                           const HookRequest& request) {
  const auto found = request.query.find("name");
  const std::string name = found == request.query.end() ? "" : found->second;
  const HookSemaphores::Status status = semaphores.status(scope_of(hook, name));
  Json out = {{"name", name},
              {"capacity", status.capacity},
              {"waiting", status.waiting},
              {"available", status.available}};
  out["holders"] = status.holders.empty() ? Json() : Json(status.holders);
  return in_json(out);
}

// Headers may repeat what is known of the hook, and nothing else.
void check_claims(RunningHook& hook, const HookRequest& request) {
  const std::pair<const char*, std::string> known[] = {{"X-ALLOCATION-ID", hook.call.allocation_id},
                                                       {"EVENT", to_string(hook.call.event)},
                                                       {"COMMAND", hook.call.command}};
  for (const auto& [name, value] : known) {
    const std::string& claimed = request.header(lower(name));
    if (claimed.empty() || claimed == value) continue;
    const std::string why = "the header " + std::string(name) + " claims " + quote(claimed) +
                            ", and this is " + hook.call.command + " of " + hook.call.allocation.str() +
                            " in " + to_string(hook.call.event) + "; send " + quote(value) +
                            ", or leave it out";
    if (const RunningHook::Use use(hook); use)
      hook.output("maand: a request to the runtime API was refused: " + why + "\n");
    refuse(403, why);
  }
}

RunningHookPtr who_asks(const HookRegister& hooks, const HookRequest& request) {
  static constexpr std::string_view kBearer = "Bearer";
  std::string_view shown = request.header("authorization");
  RunningHookPtr hook;
  if (!shown.empty()) {  // whoever shows something is whom it names, or nobody
    if (shown.starts_with(kBearer)) shown.remove_prefix(kBearer.size());
    hook = hooks.of_token(trim(shown));
    if (!hook) refuse(403, "the token is that of no hook that is running");
  } else {
    hook = hooks.of_connection(request.client_port, request.server_port);
    if (!hook)
      refuse(
          403,
          "this connection belongs to no hook that is running; only hooks may use the runtime API, with the "
          "token of MAAND_HOOK_TOKEN or over a connection of their own");
  }
  check_claims(*hook, request);
  return hook;
}

// The methods of each path.
const std::map<std::string, std::vector<std::string>>& routes() {
  static const std::map<std::string, std::vector<std::string>> kRoutes = {
      {"/kv", {"GET", "PUT", "DELETE"}}, {"/kv/keys", {"GET"}},
      {"/kv/secret", {"PUT", "DELETE"}}, {"/demands", {"GET"}},
      {"/semaphore/acquire", {"POST"}},  {"/semaphore/release", {"POST"}},
      {"/semaphore/status", {"GET"}},    {"/ssh", {"POST"}},
  };
  return kRoutes;
}

void check_route(const HookRequest& request) {
  const auto found = routes().find(request.path);
  if (found == routes().end()) refuse(404, "there is no " + quote(request.path) + " in the runtime API");
  for (const std::string& method : found->second) {
    if (request.method == method) return;
  }
  refuse(405, request.path + " takes " + join_words(found->second));
}

HookReply answer_now(const HookSemaphores& semaphores, RunningHook& hook, const HookRequest& request) {
  const RunningHook::Use use(hook);
  if (!use) refuse(403, "the hook that asks has ended");
  HookValues& values = *hook.call.values;
  const std::string& path = request.path;
  if (path == "/demands") return list_demands(hook);
  if (path == "/semaphore/status") return semaphore_status(semaphores, hook, request);
  const Body body(request.body);
  if (path == "/kv/keys") return list_keys(hook, body);
  const bool secret = path == "/kv/secret";
  if (request.method == "PUT") return put_value(values, body, secret);
  if (request.method == "DELETE") return erase_value(values, body, secret);
  return get_value(values, body);
}

}  // namespace

void HookRoutes::answer(HookRequest request, HookServer::Sink sink) {
  try {
    const RunningHookPtr hook = who_asks(hooks_, request);
    check_route(request);
    if (request.path == "/ssh") return run_ssh(hook, request, sink);
    if (request.path == "/semaphore/acquire") return acquire(hook, request, sink);
    if (request.path == "/semaphore/release") {
      const std::string name = Body(request.body).text("name");
      if (!semaphores_.release(scope_of(*hook, name), hook->ticket))
        refuse(409, "the semaphore " + quote(name) + " is not held by this hook");
      return sink(in_json({{"name", name}, {"allocation_id", hook->call.allocation_id}, {"released", true}}));
    }
    sink(answer_now(semaphores_, *hook, request));
  } catch (const Refused& refused) {
    sink(refused.reply);
  } catch (const std::exception&) {
    sink({.status = 500, .body = "the runtime API failed; the daemon's log may say why\n"});
  }
}

void HookRoutes::acquire(const RunningHookPtr& hook, const HookRequest& request, HookServer::Sink sink) {
  const Body body(request.body);
  const std::string name = body.text("name");
  HookSemaphores::Asked asked;
  asked.scope = scope_of(*hook, name);
  asked.holder = hook->ticket;
  asked.allocation_id = hook->call.allocation_id;
  asked.capacity = body.number("capacity", 1);
  asked.wait = std::chrono::seconds(body.number("timeout_seconds", 0));
  asked.gone = request.gone;
  // While it is used, the hook cannot end, and so cannot keep what it is given afterwards.
  const RunningHook::Use use(*hook);
  if (!use) refuse(403, "the hook that asks has ended");
  semaphores_.acquire(
      asked, std::chrono::steady_clock::now(),
      [sink = std::move(sink), name, id = hook->call.allocation_id](HookSemaphores::Acquired verdict,
                                                                    int capacity) {
        using Acquired = HookSemaphores::Acquired;
        const std::string which = "the semaphore " + quote(name);
        switch (verdict) {
          case Acquired::kYes:
            return sink(
                in_json({{"name", name}, {"allocation_id", id}, {"capacity", capacity}, {"acquired", true}}));
          case Acquired::kTimedOut:
            return sink({.status = 408, .body = which + " did not become free in time\n"});
          case Acquired::kTooLarge:
            return sink({.status = 409,
                         .body = "a semaphore has a capacity of at most " +
                                 std::to_string(HookSemaphores::kMostCapacity) + "\n"});
          case Acquired::kOtherCapacity:
            return sink({.status = 409,
                         .body = which + " has a capacity of " + std::to_string(capacity) +
                                 " already; ask for the same everywhere\n"});
        }
      });
}

void HookRoutes::run_ssh(const RunningHookPtr& hook, const HookRequest& request, HookServer::Sink sink) {
  const Body body(request.body);
  const std::string worker = body.needed("worker_ip");
  const std::string command = body.needed("command");
  const int limit = body.number("timeout", 300);
  if (const std::string problem = script_problem(command); !problem.empty())
    refuse(400, "the command " + problem);
  const auto found = hook->call.workers.find(worker);
  if (found == hook->call.workers.end())
    refuse(403,
           quote(worker) + " is no worker of this bucket; use its host or address as workers.json has it");
  if (!ssh_) refuse(500, "there is no SSH here");
  const Seconds seconds(std::clamp(limit, 1, 24 * 3600));
  over_ssh_.run([ssh = ssh_, hook, endpoint = found->second, command, seconds, sink = std::move(sink)] {
    const HookSshAnswer answer = ssh->run(endpoint, command, seconds, hook->ended.get_token());
    sink(in_json({{"returncode", answer.returncode}, {"stdout", answer.out}, {"stderr", answer.err}}));
  });
}

}  // namespace maand
