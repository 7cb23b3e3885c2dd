#include "reconciler/core/notice/channels.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/notice/mail_message.h"
#include "reconciler/core/outbound_rules.h"
#include "reconciler/core/text.h"
#include "reconciler/core/webhook/signature.h"

namespace maand {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostAttachments = 12;
constexpr std::size_t kMostAttachmentBytes = 2500;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// What would be a link, a mention or an entity there is text. `api@w1` stays as it is;
// `@channel` at the beginning of a word gets a space of no width.
std::string chat(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '@':
        out += i > 0 && is_word(text[i - 1]) ? "@" : "@\u200B";
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

std::string cut(std::string text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  std::size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  // No half of `&amp;` at the end.
  if (const std::size_t entity = text.rfind('&', end); entity != std::string::npos && end - entity < 5)
    end = entity;
  return text.substr(0, end) + "…";
}

const char* colour(Paragraph::Mark mark) {
  switch (mark) {
    case Paragraph::Mark::kBad:
      return "danger";
    case Paragraph::Mark::kGood:
      return "good";
    case Paragraph::Mark::kPlain:
      return "#8a8a8a";
  }
  return "#8a8a8a";
}

const char* sign(const std::string& severity) {
  if (severity == "error") return ":red_circle: ";
  if (severity == "warning") return ":large_orange_circle: ";
  return severity == "recovered" ? ":large_green_circle: " : "";
}

class SlackChannel : public Channel {
 public:
  SlackChannel(std::string url, std::string ca_file) : url_(std::move(url)), ca_file_(std::move(ca_file)) {
    const std::size_t scheme = url_.find("://");
    const std::size_t path = scheme == std::string::npos ? scheme : url_.find('/', scheme + 3);
    secrets_ = {url_};
    if (path != std::string::npos) secrets_.push_back(url_.substr(path));
  }
  const std::string& name() const override { return name_; }
  std::optional<Parcel> make(const Letter& letter, WallTime) const override {
    const std::optional<Bulletin> bulletin = bulletin_from(letter.json);
    if (!bulletin) return std::nullopt;
    OutboundRequest request;
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = slack_text(*bulletin);
    request.ca_file = ca_file_;
    request.secrets = secrets_;
    return request;
  }

 private:
  const std::string name_ = kSlackChannel;
  const std::string url_;
  const std::string ca_file_;
  std::vector<std::string> secrets_;
};

class WebhookChannel : public Channel {
 public:
  WebhookChannel(std::string url, std::string secret, std::string ca_file)
      : url_(std::move(url)), secret_(std::move(secret)), ca_file_(std::move(ca_file)) {}
  const std::string& name() const override { return name_; }
  std::optional<Parcel> make(const Letter& letter, WallTime now) const override {
    const std::optional<Bulletin> bulletin = bulletin_from(letter.json);
    if (!bulletin) return std::nullopt;
    const std::string stamp =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    OutboundRequest request;
    request.url = url_;
    request.body = letter.json;
    request.headers = {
        {"Content-Type", "application/json"},
        {"X-Maand-Delivery", bulletin->id},
        {"X-Maand-Timestamp", stamp},
        {"X-Maand-Signature", "sha256=" + hmac_sha256(secret_, stamp + "." + request.body).hex()}};
    request.ca_file = ca_file_;
    request.secrets = {secret_};
    return request;
  }

 private:
  const std::string name_ = kWebhookChannel;
  const std::string url_;
  const std::string secret_;
  const std::string ca_file_;
};

class MailChannel : public Channel {
 public:
  explicit MailChannel(OutboundMail server) : server_(std::move(server)) {}
  const std::string& name() const override { return name_; }
  std::optional<Parcel> make(const Letter& letter, WallTime) const override {
    const std::optional<Bulletin> bulletin = bulletin_from(letter.json);
    if (!bulletin) return std::nullopt;
    OutboundMail mail = server_;
    mail.message = rfc5322({.from = mail.from,
                            .to = mail.to,
                            .subject = title_of(*bulletin),
                            .body = mail_text(*bulletin),
                            .id = bulletin->id,
                            .date = bulletin->at});
    return mail;
  }

 private:
  const std::string name_ = kMailChannel;
  const OutboundMail server_;
};

}  // namespace

std::string slack_text(const Bulletin& bulletin) {
  Json attachments = Json::array();
  const std::vector<Paragraph> all = paragraphs(bulletin);
  for (const Paragraph& paragraph : all) {
    if (attachments.size() == kMostAttachments) {
      attachments.push_back({{"color", colour(Paragraph::Mark::kPlain)},
                             {"text", "and " + std::to_string(all.size() - kMostAttachments) + " more"}});
      break;
    }
    std::string text = "*" + chat(paragraph.heading) + "*";
    for (const std::string& line : paragraph.lines) text += "\n" + chat(line);
    attachments.push_back({{"color", colour(paragraph.mark)},
                           {"mrkdwn_in", {"text"}},
                           {"fallback", cut(chat(paragraph.heading), 300)},
                           {"text", cut(std::move(text), kMostAttachmentBytes)}});
  }
  std::string text = sign(severity_of(bulletin)) + chat(title_of(bulletin));
  if (is_http_url(bulletin.link)) text += " <" + bulletin.link + "|dashboard>";
  const Json out = {{"text", std::move(text)}, {"attachments", std::move(attachments)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string mail_text(const Bulletin& bulletin) {
  std::string text = title_of(bulletin) + "\n";
  for (const Paragraph& paragraph : paragraphs(bulletin)) {
    text += "\n" + printable(paragraph.heading, 500) + "\n";
    for (const std::string& line : paragraph.lines) text += "  " + printable(line, 500) + "\n";
  }
  text += "\nseverity: " + severity_of(bulletin) + "\nat: " + rfc3339(bulletin.at) +
          "\nbucket: " + bulletin.bucket_id + "\n";
  if (!bulletin.link.empty()) text += "dashboard: " + bulletin.link + "\n";
  return text;
}

std::shared_ptr<const Channel> slack_channel(std::string url, std::string ca_file) {
  return std::make_shared<SlackChannel>(std::move(url), std::move(ca_file));
}
std::shared_ptr<const Channel> webhook_channel(std::string url, std::string secret, std::string ca_file) {
  return std::make_shared<WebhookChannel>(std::move(url), std::move(secret), std::move(ca_file));
}
std::shared_ptr<const Channel> mail_channel(OutboundMail server) {
  return std::make_shared<MailChannel>(std::move(server));
}

}  // namespace maand
