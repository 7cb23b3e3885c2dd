// Where one request ends in the bytes of a connection: how much of it may be
// taken, and when there is all of it. A value; knows no socket.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace maand {

class RequestFrame {
 public:
  enum class State {
    kHead,          // the blank line has not come yet
    kJudge,         // the head is there: expect() says how long the body is
    kBody,          // some of the body is missing
    kWhole,         // take_body()
    kHeadTooLarge,  // no blank line in max_head_bytes
    kNoHttp,        // the first byte begins no method; for example a TLS greeting
  };

  explicit RequestFrame(std::size_t max_head_bytes) : max_head_bytes_(max_head_bytes) {}

  // How many bytes may be taken in this state; 0: none.
  std::size_t room() const;
  // REQUIRES: at most room() bytes.
  State add(std::string_view bytes);
  State state() const { return state_; }

  // With the blank line. From kJudge on.
  std::string_view head() const { return std::string_view(bytes_).substr(0, head_bytes_); }
  // Only in kJudge. What came behind the body is forgotten: one request per connection.
  State expect(std::size_t body_bytes);
  // Only in kWhole; leaves nothing behind.
  std::string take_body();

  std::size_t buffered_bytes() const { return bytes_.capacity(); }

 private:
  std::size_t max_head_bytes_;
  State state_ = State::kHead;
  std::string bytes_;
  std::size_t searched_ = 0;  // no end of the head begins before
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
};

}  // namespace maand
