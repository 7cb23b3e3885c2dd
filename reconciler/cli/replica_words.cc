#include "reconciler/cli/replica_words.h"

#include <cstdlib>
#include <functional>
#include <map>
#include <optional>

#include "reconciler/cli/json_in.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

using Kind = ControlReply::Kind;
using Arguments = std::vector<std::string>;

constexpr Kind kKinds[] = {Kind::kDone, Kind::kUnknownSubject, Kind::kMalformed, Kind::kRefused, Kind::kBusy};

struct Verb {
  std::size_t arguments;
  std::function<ControlReply(Controls&, const Arguments&, const std::string& actor)> call;
};

int number_in(const std::string& text) { return std::atoi(text.c_str()); }

const std::map<std::string, Verb>& verbs() {
  static const std::map<std::string, Verb> all = {
      {"reconcile", {0, [](auto& c, auto&, auto& actor) { return c.reconcile(actor); }}},
      {"retry", {1, [](auto& c, auto& a, auto& actor) { return c.retry(a[0], actor); }}},
      {"release", {1, [](auto& c, auto& a, auto& actor) { return c.release(a[0], actor); }}},
      {"release_unsigned",
       {2, [](auto& c, auto& a, auto& actor) { return c.release_unsigned(a[0], a[1], actor); }}},
      {"suspend", {3, [](auto& c, auto& a, auto& actor) { return c.suspend(a[0], a[1], a[2], actor); }}},
      {"resume", {1, [](auto& c, auto& a, auto& actor) { return c.resume(a[0], actor); }}},
      {"rollback",
       {4, [](auto& c, auto& a, auto& actor) { return c.rollback(a[0], a[1], a[2], a[3], actor); }}},
      {"takeover", {1, [](auto& c, auto& a, auto& actor) { return c.takeover(a[0], actor); }}},
      {"forget", {1, [](auto& c, auto& a, auto& actor) { return c.forget(a[0], actor); }}},
      {"job_order",
       {6,
        [](auto& c, auto& a, auto& actor) {
          return c.job_order({a[0], a[1], a[2], !a[3].empty(), a[4], a[5]}, actor);
        }}},
      {"job_order_json",
       {1,
        [](auto& c, auto& a, auto&) -> ControlReply {
          const std::optional<std::string> json = c.job_order_json(a[0]);
          if (!json) return {Kind::kUnknownSubject, ""};
          return {Kind::kDone, *json};
        }}},
      {"hook_order",
       {4,
        [](auto& c, auto& a, auto& actor) {
          return c.hook_order({a[0], a[1], a[2], number_in(a[3])}, actor);
        }}},
      {"cut_job_order", {1, [](auto& c, auto& a, auto& actor) { return c.cut_job_order(a[0], actor); }}},
      {"drain",
       {4,
        [](auto& c, auto& a, auto& actor) {
          return c.drain({a[0], a[1], a[2], !a[3].empty()}, actor);
        }}},
      {"undrain", {1, [](auto& c, auto& a, auto& actor) { return c.undrain(a[0], actor); }}},
      {"worker", {2, [](auto& c, auto& a, auto& actor) { return c.worker(a[0], a[1], actor); }}},
  };
  return all;
}

ControlReply not_known(const std::string& what) {
  return {Kind::kRefused,
          "the leader does not know " + quote(what) + "; it may run an older maand: say it there"};
}

ControlReply obey(const JsonValue& order, Controls& controls, const StatusSource& status) {
  const std::string name = text_at(order, "verb");
  if (name == kServedVerb) {
    const auto now = read_json(status.status_json());
    return {Kind::kDone, std::to_string(now ? number_at(*now, "served") : 0)};
  }
  const auto verb = verbs().find(name);
  Arguments arguments;
  for (const JsonValue& one : list_at(order, "arguments")) arguments.push_back(one.text);
  if (verb == verbs().end() || verb->second.arguments != arguments.size()) return not_known(name);
  return verb->second.call(controls, arguments, text_at(order, "actor"));
}

}  // namespace

std::string order_body(const std::string& verb, const std::vector<std::string>& arguments,
                       const std::string& actor) {
  return JsonObject().text("verb", verb).texts("arguments", arguments).text("actor", actor).str();
}

std::string push_body(const Announcement& announcement) {
  return JsonObject()
      .text("provider", to_string(announcement.provider))
      .text("commit", announcement.commit.str())
      .str();
}

std::string text_of(const ControlReply& reply) {
  return JsonObject().number("kind", static_cast<std::int64_t>(reply.kind)).text("text", reply.text).str();
}

ControlReply reply_from(const std::string& text) {
  const auto json = read_json(text);
  for (const Kind kind : kKinds) {
    if (json && member_of(*json, "kind") && number_at(*json, "kind") == static_cast<std::int64_t>(kind))
      return {kind, text_at(*json, "text")};
  }
  return {Kind::kRefused, "what the leader answered cannot be read; see what it says itself"};
}

std::string carry_out(const HandedWord& word, Controls& controls, Announcements& announcements,
                      const StatusSource& status) {
  const auto json = read_json(word.body);
  if (!json) return text_of(not_known(word.kind));
  if (word.kind == kOrderWord) return text_of(obey(*json, controls, status));
  const auto provider = webhook_provider(text_at(*json, "provider"));
  if (!provider) return text_of(not_known(word.kind));
  if (word.kind == kPushWord) {
    announcements.announced({*provider, CommitId(text_at(*json, "commit"))});
  } else if (word.kind == kPreviewWord) {
    announcements.preview_announced(*provider);
  } else {
    return text_of(not_known(word.kind));
  }
  return text_of({Kind::kDone, ""});
}

}  // namespace maand
