#include "reconciler/core/webhook/payload.h"

#include <algorithm>
#include <utility>

#include "reconciler/core/json_document.h"
#include "reconciler/core/text.h"
#include "reconciler/core/webhook/form.h"

namespace maand {
namespace {

using Kind = WebhookPayload::Kind;
constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";

// Keys as they are written, the last of duplicates. nullptr: not there.
const JsonValue* member(const JsonValue* object, std::string_view name) {
  if (!object || object->kind != JsonValue::Kind::kObject) return nullptr;
  const JsonValue* found = nullptr;
  for (const JsonMember& one : object->members) {
    if (one.key == name) found = &one.value;
  }
  return found;
}

// Empty: not there, or no text.
std::string_view text_at(const JsonValue* object, std::string_view name) {
  const JsonValue* value = member(object, name);
  if (!value || value->kind != JsonValue::Kind::kString) return {};
  return value->text;
}

const std::vector<JsonValue>* items_at(const JsonValue* object, std::string_view name) {
  const JsonValue* value = member(object, name);
  return value && value->kind == JsonValue::Kind::kArray ? &value->items : nullptr;
}

WebhookPayload malformed(std::string problem) { return {Kind::kMalformed, {}, std::move(problem)}; }

// A commit's id in full; nullopt: none.
std::optional<CommitId> commit_of(std::string_view text) {
  const std::string id = lower(text);
  if (id.size() != 40 || id.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return CommitId(id);
}

bool is_zero(std::string_view id) {
  return !id.empty() && id.find_first_not_of('0') == std::string_view::npos;
}

// GitHub, GitLab and Gitea agree: `ref`, and `after`, which is all zeros once the ref is gone.
WebhookPayload ref_and_after(const JsonValue& body) {
  const std::string_view ref = text_at(&body, "ref");
  const std::string_view after = text_at(&body, "after");
  if (ref.empty()) return malformed("a push names its ref in \"ref\", and this one does not");
  if (is_zero(after)) return {Kind::kPush, {{std::string(ref), {}, true}}, ""};
  const std::optional<CommitId> commit = commit_of(after);
  if (!commit) return malformed("a push names its commit in \"after\", with 40 hex digits");
  return {Kind::kPush, {{std::string(ref), *commit, false}}, ""};
}

// Bitbucket Cloud: of every ref what it was and what it is; no longer there is null.
void add_cloud_change(const JsonValue& change, std::vector<RefMove>& moves) {
  const JsonValue* now = member(&change, "new");
  const bool deleted = !now || now->is_null();
  const JsonValue* named = deleted ? member(&change, "old") : now;
  const std::string_view type = text_at(named, "type");
  const std::string_view name = text_at(named, "name");
  if (name.empty()) return;
  // A branch of Mercurial times is a "named_branch"; anything else is no branch.
  const bool branch = type == "branch" || type == "named_branch";
  RefMove move{std::string(branch ? kHeads : kTags) + std::string(name), {}, deleted};
  if (!deleted) {
    const auto commit = commit_of(text_at(member(now, "target"), "hash"));
    if (!commit) return;
    move.commit = *commit;
  }
  moves.push_back(std::move(move));
}

// Bitbucket Server and Data Center; older ones have `refId`, all have `ref.id`.
void add_server_change(const JsonValue& change, std::vector<RefMove>& moves) {
  std::string_view ref = text_at(&change, "refId");
  if (ref.empty()) ref = text_at(member(&change, "ref"), "id");
  const std::string_view to = text_at(&change, "toHash");
  if (ref.empty()) return;
  if (text_at(&change, "type") == "DELETE" || is_zero(to)) {
    moves.push_back({std::string(ref), {}, true});
  } else if (const auto commit = commit_of(to)) {
    moves.push_back({std::string(ref), *commit, false});
  }
}

WebhookPayload bitbucket_push(const JsonValue& body, bool cloud) {
  const std::vector<JsonValue>* changes = items_at(cloud ? member(&body, "push") : &body, "changes");
  if (!changes)
    return malformed(std::string("a push lists its refs in \"") + (cloud ? "push.changes" : "changes") +
                     "\"");
  WebhookPayload out{Kind::kPush, {}, ""};
  const std::size_t count = std::min(changes->size(), kMaxRefMoves);
  for (std::size_t i = 0; i < count; ++i)
    (cloud ? add_cloud_change : add_server_change)((*changes)[i], out.moves);
  if (out.moves.empty() && count > 0)
    return malformed("no ref of this push has a name and a commit with 40 hex digits");
  return out;
}

WebhookPayload generic_push(const JsonValue& body) {
  const std::string_view ref = text_at(&body, "ref");
  if (ref.empty()) return malformed("name the ref that moved: {\"ref\": \"refs/heads/main\"}");
  RefMove move{
      ref.starts_with("refs/") ? std::string(ref) : std::string(kHeads) + std::string(ref), {}, false};
  if (const JsonValue* named = member(&body, "commit"); named && !named->is_null()) {
    const auto commit = commit_of(text_at(&body, "commit"));
    if (!commit) return malformed("\"commit\" is a commit's id in full, 40 hex digits; or leave it out");
    move.deleted = is_zero(commit->str());
    if (!move.deleted) move.commit = *commit;
  }
  return {Kind::kPush, {std::move(move)}, ""};
}

// The event by the header that names it; kPush: the body has to be read.
Kind kind_of(WebhookProvider provider, const WebhookHeaders& headers) {
  const auto is = [&headers](const char* name, std::string_view value) {
    return only_header(headers, name) == value;
  };
  switch (provider) {
    case WebhookProvider::kGithub:
      if (is("x-github-event", "ping")) return Kind::kPing;
      return is("x-github-event", "push") ? Kind::kPush : Kind::kOtherEvent;
    case WebhookProvider::kGitlab:
      // System hooks tell of pushes of every project under one header; the body says which event it is.
      return is("x-gitlab-event", "Push Hook") || is("x-gitlab-event", "System Hook") ? Kind::kPush
                                                                                      : Kind::kOtherEvent;
    case WebhookProvider::kGitea:
      for (const char* name : {"x-forgejo-event", "x-gitea-event", "x-gogs-event"}) {
        if (headers.count(name) > 0) return is(name, "push") ? Kind::kPush : Kind::kOtherEvent;
      }
      return Kind::kOtherEvent;
    case WebhookProvider::kBitbucket:
      if (is("x-event-key", "diagnostics:ping")) return Kind::kPing;
      return is("x-event-key", "repo:push") || is("x-event-key", "repo:refs_changed") ? Kind::kPush
                                                                                      : Kind::kOtherEvent;
    case WebhookProvider::kGeneric:
      return Kind::kPush;
  }
  return Kind::kOtherEvent;
}

bool is_form(const WebhookHeaders& headers) {
  const std::string type = lower(only_header(headers, "content-type"));
  return type.starts_with("application/x-www-form-urlencoded");
}

}  // namespace

WebhookPayload read_webhook(WebhookProvider provider, const WebhookHeaders& headers, std::string_view body) {
  // GitHub and Gogs offer to wrap the JSON into a form; what is signed is the form.
  std::optional<std::string> unwrapped;
  if (is_form(headers)) {
    unwrapped = form_field(body, "payload");
    if (!unwrapped) return malformed("the form has no field \"payload\"; choose application/json");
    body = *unwrapped;
  }
  Diagnostics problems;
  const std::optional<JsonValue> document = parse_json(body, "the body", problems);
  if (!document) return malformed(to_string(problems.all().front()));
  if (document->kind != JsonValue::Kind::kObject) return malformed("the body is no JSON object");
  const Kind kind = kind_of(provider, headers);
  if (kind != Kind::kPush) return {kind, {}, ""};
  switch (provider) {
    case WebhookProvider::kGitlab: {
      const std::string_view event = text_at(&*document, "object_kind");
      const std::string_view system_event = text_at(&*document, "event_name");
      if (event != "push" && !(event.empty() && system_event == "push")) return {Kind::kOtherEvent, {}, ""};
      return ref_and_after(*document);
    }
    case WebhookProvider::kGithub:
    case WebhookProvider::kGitea:
      return ref_and_after(*document);
    case WebhookProvider::kBitbucket:
      return bitbucket_push(*document, only_header(headers, "x-event-key") == "repo:push");
    case WebhookProvider::kGeneric:
      return generic_push(*document);
  }
  return {};
}

bool is_unsigned_ping(WebhookProvider provider, const WebhookHeaders& headers) {
  return provider == WebhookProvider::kBitbucket && kind_of(provider, headers) == Kind::kPing &&
         headers.count("x-hub-signature") == 0;
}

bool is_proposal(const WebhookHeaders& headers) {
  for (const auto& [name, beginning] :
       {std::pair<const char*, std::string_view>{"x-github-event", "pull_request"},
        {"x-gitlab-event", "Merge Request"},
        {"x-gitea-event", "pull_request"},
        {"x-gogs-event", "pull_request"},
        {"x-event-key", "pullrequest:"},
        {"x-event-key", "pr:"}}) {
    const auto found = headers.find(name);
    if (found != headers.end() && std::string_view(found->second).starts_with(beginning)) return true;
  }
  return false;
}

std::optional<RefMove> move_of(const WebhookPayload& payload, std::string_view ref) {
  for (auto it = payload.moves.rbegin(); it != payload.moves.rend(); ++it) {
    if (it->ref == ref) return it->deleted ? std::nullopt : std::optional(*it);
  }
  return std::nullopt;
}

}  // namespace maand
