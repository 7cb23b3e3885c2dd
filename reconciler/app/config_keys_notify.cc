// The keys of [notify].
#include <algorithm>

#include "reconciler/app/config_keys.h"
#include "reconciler/app/config_puts.h"
#include "reconciler/core/outbound_rules.h"

namespace maand {
namespace {

using V = ConfigValue;

bool put_checked(std::string& target, const V& v, bool (*fits)(std::string_view)) {
  const auto text = as_text(v);
  return text && (text->empty() || fits(*text)) && put_text(target, v);
}

constexpr const char* kHttpUrl = "an http:// or https:// URL without user or password in it";

const ConfigKey kKeys[] = {
    {"notify.severity", "\"info\", \"warning\" or \"error\"",
     [](Config& c, const V& v) {
       return put_word(
           c.notify.severity, v,
           {{"info", Urgency::kInfo}, {"warning", Urgency::kWarning}, {"error", Urgency::kError}});
     }},
    {"notify.slack_url_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.notify.slack_url_file, v, true); }},
    {"notify.webhook_url", kHttpUrl,
     [](Config& c, const V& v) { return put_checked(c.notify.webhook_url, v, is_http_url); }},
    {"notify.webhook_secret_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.notify.webhook_secret_file, v, true); }},
    {"notify.mail_to", "a list of addresses like [\"ops@example.com\"]",
     [](Config& c, const V& v) {
       auto list = as_list(v);
       return list && std::all_of(list->begin(), list->end(), is_mail_address) && put(c.notify.mail_to, list);
     }},
    {"notify.mail_from", "an address like \"maand@example.com\"",
     [](Config& c, const V& v) { return put_checked(c.notify.mail_from, v, is_mail_address); }},
    {"notify.smtp_url", "\"smtp://HOST:PORT\" or \"smtps://HOST:PORT\"",
     [](Config& c, const V& v) { return put_checked(c.notify.smtp_url, v, is_smtp_url); }},
    {"notify.smtp_user", kText, [](Config& c, const V& v) { return put_text(c.notify.smtp_user, v); }},
    {"notify.smtp_password_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.notify.smtp_password_file, v, true); }},
    {"notify.smtp_starttls", kBool,
     [](Config& c, const V& v) { return put(c.notify.smtp_starttls, as_bool(v)); }},
    {"notify.link", kHttpUrl,
     [](Config& c, const V& v) { return put_checked(c.notify.link, v, is_http_url); }},
    {"notify.ca_file", "the path of a file with certificates, or \"\" for the system's",
     [](Config& c, const V& v) { return put_text(c.notify.ca_file, v); }},

    {"notify.commit_status",
     "\"github\", \"gitlab\", \"gitea\", \"bitbucket\", \"bitbucket-server\" or \"off\"",
     [](Config& c, const V& v) {
       const auto word = as_text(v);
       if (!word) return false;
       c.commit_status.provider = forge_provider(*word);
       return c.commit_status.provider || *word == "off" || word->empty();
     }},
    {"notify.commit_status_url", kHttpUrl,
     [](Config& c, const V& v) { return put_checked(c.commit_status.url, v, is_http_url); }},
    {"notify.commit_status_repository", kText,
     [](Config& c, const V& v) { return put_text(c.commit_status.repository, v); }},
    {"notify.commit_status_token_file", kSecret,
     [](Config& c, const V& v) { return put_secret_name(c.commit_status.token_file, v, true); }},
    {"notify.preview_comments", kBool,
     [](Config& c, const V& v) { return put(c.commit_status.preview_comments, as_bool(v)); }},
    {"notify.commit_status_context", "a text of at most 100 bytes on one line",
     [](Config& c, const V& v) {
       const auto text = as_text(v);
       return text && text->size() <= 100 && put_text(c.commit_status.context, v);
     }},
};

}  // namespace

std::span<const ConfigKey> notify_config_keys() { return kKeys; }

}  // namespace maand
