#include "reconciler/core/forge/channel.h"

#include <utility>

namespace maand {
namespace {

using Kind = ForgeVerdict::Kind;

// Of a status and an error; a page of comments may be larger.
constexpr std::size_t kMostAnswerBytes = 64 * 1024;

Delivery delivery_of(const ForgeVerdict& verdict) {
  Delivery out;
  out.judgement.problem = verdict.sentence;
  if (verdict.wait.count() > 0) out.asked = verdict.wait;
  switch (verdict.kind) {
    case Kind::kTaken:
    case Kind::kAlready:
      out.judgement.verdict = Verdict::kDelivered;
      break;
    // The word is kept until a person has mended what they were told of: a commit must not stay
    // without its end because a token ran out on a Friday.
    case Kind::kDenied:
    case Kind::kLater:
      out.judgement.verdict = Verdict::kLater;
      break;
    case Kind::kRefused:
      out.judgement.verdict = Verdict::kRefused;
      break;
  }
  return out;
}

ForgeAnswer answer_of(const Reply& reply) { return {reply.status, reply.headers, reply.body}; }

}  // namespace

ForgeChannel::ForgeChannel(ForgeRepository repository, std::function<std::string()> token,
                           std::string ca_file)
    : name_(to_string(repository.provider)),
      repository_(std::move(repository)),
      token_(std::move(token)),
      ca_file_(std::move(ca_file)) {}

OutboundRequest ForgeChannel::parcel(const ForgeRequest& request, const std::string& token) const {
  OutboundRequest out;
  out.method = request.method;
  out.url = request.url;
  out.headers = request.headers;
  out.body = request.body;
  out.ca_file = ca_file_;
  out.most_answer_bytes = request.method == "GET" ? CommentTalk::kMostPageBytes : kMostAnswerBytes;
  out.secrets = {token};
  if (const std::size_t colon = token.find(':'); colon != std::string::npos)
    out.secrets.push_back(token.substr(colon + 1));
  return out;
}

std::optional<Parcel> ForgeChannel::make(const Letter& letter, WallTime) const {
  const std::optional<ForgeLetter> what = read_letter(letter.json);
  if (!what) return std::nullopt;
  const std::string token = token_();
  if (const auto* status = std::get_if<ForgeStatus>(&*what))
    return parcel(status_request(repository_, *status, token), token);
  if (!takes_comments(repository_.provider)) return std::nullopt;
  return parcel(CommentTalk(repository_, std::get<ForgeComment>(*what), token).first(), token);
}

Delivery ForgeChannel::deliver(const Letter& letter, WallTime now, const Send& send) const {
  const std::optional<ForgeLetter> what = read_letter(letter.json);
  const auto* comment = what ? std::get_if<ForgeComment>(&*what) : nullptr;
  if (!what || (comment && !takes_comments(repository_.provider)))
    return {.judgement = {Verdict::kRefused, "nothing could be made of it"}, .asked = {}, .unreadable = true};
  const std::string token = token_();
  if (token.empty())
    return delivery_of({Kind::kDenied, "the file of notify.commit_status_token_file holds no token", {}});
  Reply last;
  const auto ask = [&](const ForgeRequest& request) {
    last = send(parcel(request, token));
    return answer_of(last);
  };
  ForgeVerdict verdict;
  if (comment) {
    CommentTalk talk(repository_, *comment, token);
    ForgeRequest request = talk.first();
    while (true) {
      auto next = talk.next(ask(request), now);
      if (auto* end = std::get_if<ForgeVerdict>(&next)) {
        verdict = std::move(*end);
        break;
      }
      request = std::get<ForgeRequest>(std::move(next));
    }
  } else {
    const auto& status = std::get<ForgeStatus>(*what);
    verdict = read_status_answer(repository_.provider, state_word(repository_.provider, status.state),
                                 ask(status_request(repository_, status, token)), now);
  }
  if (last.status == 0 && !last.problem.empty()) verdict.sentence += ": " + last.problem;
  if (last.hopeless) verdict.kind = Kind::kRefused;
  return delivery_of(verdict);
}

}  // namespace maand
