// One request to the runtime API, and what its bytes must look like.
//
// Ours, because cpp-httplib reads no body of a GET, and every published hook sends one (workspace.md 10.4).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace maand {

inline constexpr std::size_t kMostHookHeadBytes = 16 * 1024;
// A value of core/values.h, every byte of it written as `\u00XX`, and some more.
inline constexpr std::size_t kMostHookBodyBytes = 8u << 20;

struct HookRequest {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // names in lower case; a repeated one is refused
  std::string body;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
  std::shared_ptr<std::atomic<bool>> gone;  // set when nobody waits for the reply any more

  // "" when there is none.
  const std::string& header(const std::string& lower_case_name) const;
};

struct HookReply {
  int status = 200;
  std::string body;  // text of one line, or JSON
  bool json = false;
  std::string bytes() const;  // as it is sent; the connection is closed behind it
};

// Collects the bytes of one request. Total.
class HookRequestReader {
 public:
  enum class State { kMore, kWhole, kRefused };
  State take(std::string_view bytes);
  bool wants_continue();  // `Expect: 100-continue`, told once
  HookRequest& request() { return request_; }
  const HookReply& refusal() const { return refusal_; }

 private:
  State refuse(int status, std::string why);
  State read_head(std::string_view head);

  std::string bytes_;
  bool head_read_ = false;
  bool continue_wanted_ = false;
  std::size_t body_bytes_ = 0;
  HookRequest request_;
  HookReply refusal_;
};

}  // namespace maand
