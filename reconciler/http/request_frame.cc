#include "reconciler/http/request_frame.h"

#include <algorithm>

namespace maand {
namespace {

// A line that is empty, behind another one. httplib takes no bare line feeds either.
constexpr std::string_view kEnd = "\n\r\n";

}  // namespace

std::size_t RequestFrame::room() const {
  switch (state_) {
    case State::kHead:
      return max_head_bytes_ - bytes_.size();
    case State::kBody:
      return head_bytes_ + body_bytes_ - bytes_.size();
    default:
      return 0;
  }
}

RequestFrame::State RequestFrame::add(std::string_view bytes) {
  bytes_ += bytes.substr(0, room());
  if (state_ == State::kBody && room() == 0) return state_ = State::kWhole;
  if (state_ != State::kHead || bytes_.empty()) return state_;
  if (bytes_[0] < 'A' || bytes_[0] > 'Z') return state_ = State::kNoHttp;
  const std::size_t end = bytes_.find(kEnd, searched_);
  if (end != std::string::npos) {
    head_bytes_ = end + kEnd.size();
    return state_ = State::kJudge;
  }
  searched_ = bytes_.size() - std::min(bytes_.size(), kEnd.size() - 1);
  return room() > 0 ? state_ : state_ = State::kHeadTooLarge;
}

RequestFrame::State RequestFrame::expect(std::size_t body_bytes) {
  body_bytes_ = body_bytes;
  if (bytes_.size() > head_bytes_ + body_bytes_) bytes_.resize(head_bytes_ + body_bytes_);
  return state_ = bytes_.size() == head_bytes_ + body_bytes_ ? State::kWhole : State::kBody;
}

std::string RequestFrame::take_body() {
  std::string body = bytes_.substr(head_bytes_);
  std::string().swap(bytes_);  // assigning would keep the memory
  head_bytes_ = 0;
  body_bytes_ = 0;
  return body;
}

}  // namespace maand
