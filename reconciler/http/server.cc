#include "reconciler/http/server.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "reconciler/core/text.h"
#include "reconciler/http/stream_handles.h"

namespace maand {
namespace {

constexpr std::size_t kMaxPathBytes = 512;
// Set by us alone; what a client sends is erased.
constexpr char kPeerUidHeader[] = "X-Maand-Peer-Uid";
constexpr char kPeerAddressHeader[] = "X-Maand-Peer-Address";

void fill(httplib::Response& out, const HttpReply& reply) {
  out.status = reply.status;
  out.set_content(reply.body, reply.content_type);
  for (const auto& [name, value] : reply.headers) out.set_header(name, value);
}

// What httplib refuses by itself.
const char* explain(int status) {
  switch (status) {
    case 400:
      return "this is no valid HTTP request";
    case 413:
      return "the body is too large";
    case 414:
      return "the path is too long";
    case 416:
      return "the Range header cannot be understood";
    default:
      return "the request was refused";
  }
}

unsigned peer_uid(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.uid : ~0u;
}

std::string peer_address(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  char text[NI_MAXHOST] = "";
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.ss_family == AF_UNIX ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&peer), size, text, sizeof text, nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "";
  }
  return text;
}

// Says that nothing more comes and takes what the client still sends, for a
// moment: closing with unread bytes resets the connection, and the client would
// lose the answer that tells it why.
void close_gently(int fd, Listener::Deadline deadline) {
  ::shutdown(fd, SHUT_WR);
  const auto until = std::min(deadline, std::chrono::steady_clock::now() + std::chrono::milliseconds(500));
  char discarded[4096];
  std::size_t total = 0;
  while (total < 1024 * 1024) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd one{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&one, 1, static_cast<int>(left.count())) <= 0) return;
    const ssize_t got = ::recv(fd, discarded, sizeof discarded, 0);
    if (got <= 0) return;
    total += static_cast<std::size_t>(got);
  }
}

}  // namespace

HttpReply json_error(int status, const std::string& message) {
  const nlohmann::json body = {{"error", message}};
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          "application/json"};
}

class HttpServer::Parser : public httplib::Server {
 public:
  Parser(bool over_unix, HttpLimits limits, HttpServer::Handler handler)
      : over_unix_(over_unix), limits_(limits), handler_(std::move(handler)) {
    set_payload_max_length(limits_.max_body_bytes);
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const HttpReply refused = refuse(request);
      if (refused.status == 200) return HandlerResponse::Unhandled;
      fill(response, refused);
      return HandlerResponse::Handled;
    });
    // One pattern that matches every path: std::regex recurses per character, so
    // routes are compared as text by the handler.
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      fill(response, handle(request));
    };
    Get(R"([\s\S]*)", answer);
    Post(R"([\s\S]*)", answer);
    // What httplib refuses by itself (413, 400, …) has no body.
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty()) fill(response, json_error(response.status, explain(response.status)));
    });
  }

  void serve(int fd, Listener::Deadline deadline) {
    DeadlineStream stream(fd, deadline, limits_.max_header_bytes + limits_.max_body_bytes);
    const std::string uid = std::to_string(over_unix_ ? peer_uid(fd) : 0);
    const std::string address = over_unix_ ? "" : peer_address(fd);
    const std::function<void(httplib::Request&)> setup = [&](httplib::Request& request) {
      request.headers.erase(kPeerUidHeader);
      request.headers.erase(kPeerAddressHeader);
      request.set_header(kPeerUidHeader, uid);
      request.set_header(kPeerAddressHeader, address);
      // Answers are small and local: no ranges, no compression.
      request.ranges.clear();
      request.headers.erase("Range");
      request.headers.erase("Accept-Encoding");
    };
    process(*this, stream, setup);
    close_gently(fd, deadline);
  }

 private:
  // 0.11 (Debian 12) and 0.18 (Debian 13) differ in the parameters of process_request.
  template <class Self>
  static void process(Self& self, httplib::Stream& stream,
                      const std::function<void(httplib::Request&)>& setup) {
    bool closed = false;
    if constexpr (requires { self.process_request(stream, true, closed, setup); }) {
      self.process_request(stream, true, closed, setup);
    } else {
      self.process_request(stream, std::string(), 0, std::string(), 0, true, closed, setup);
    }
  }

  // Status 200: not refused. Runs before the body is read.
  HttpReply refuse(const httplib::Request& request) const {
    if (request.path.size() > kMaxPathBytes) return json_error(414, "the path is too long");
    if (limits_.loopback_host_only && !over_unix_ &&
        (request.get_header_value_count("Host") != 1 || !names_loopback(request.get_header_value("Host")))) {
      return json_error(
          403, "this listener answers only to a Host header that names loopback; use http://127.0.0.1");
    }
    if (request.method != "GET" && request.method != "HEAD" && request.method != "POST") {
      return json_error(405, "only GET and POST are known here");
    }
    if (request.has_header("Transfer-Encoding"))
      return json_error(411, "send the body with a Content-Length");
    if (request.has_header("Content-Encoding"))
      return json_error(415, "send the body as it is, not compressed");
    if (request.method == "POST") {
      // httplib reads a body that is too large to its end, and one without a
      // length until the client closes; so both end here.
      const std::size_t lengths = request.get_header_value_count("Content-Length");
      if (lengths == 0) return json_error(411, "send the body with a Content-Length");
      const std::string text = request.get_header_value("Content-Length");
      std::size_t length = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
      if (error == std::errc::result_out_of_range ||
          (error == std::errc{} && length > limits_.max_body_bytes)) {
        return json_error(413,
                          "the body is larger than " + std::to_string(limits_.max_body_bytes) + " bytes");
      }
      if (lengths > 1 || error != std::errc{} || end != text.data() + text.size()) {
        return json_error(400, "the Content-Length is no number");
      }
    }
    if (!limits_.json_only) return {};
    const std::string type = request.get_header_value("Content-Type");
    if (type.empty() && request.method == "POST" && !over_unix_) {
      return json_error(415, "say what the body is: Content-Type: application/json");
    }
    if (!type.empty() && type != "application/json" && !type.starts_with("application/json;")) {
      return json_error(415, "send a body of type application/json");
    }
    return {};
  }

  HttpReply handle(const httplib::Request& request) const {
    HttpRequest out;
    out.method = request.method == "HEAD" ? "GET" : request.method;
    out.path = request.path;
    out.query = request.params;
    out.body = request.body;
    out.over_unix_socket = over_unix_;
    for (const auto& [name, value] : request.headers) out.headers.emplace(lower(name), value);
    out.peer_uid = static_cast<unsigned>(std::stoul(request.get_header_value(kPeerUidHeader)));
    out.peer_address = request.get_header_value(kPeerAddressHeader);
    try {
      return handler_(out);
    } catch (const std::exception&) {
      return json_error(500, "the request could not be answered; the daemon's log says why");
    }
  }

  const bool over_unix_;
  const HttpLimits limits_;
  const HttpServer::Handler handler_;
};

HttpServer::HttpServer(ListeningSocket socket, HttpLimits limits, Handler handler)
    : parser_(std::make_unique<Parser>(socket.is_unix(), limits, std::move(handler))),
      listener_(
          std::move(socket), limits.listener,
          [parser = parser_.get()](int fd, Listener::Deadline deadline) { parser->serve(fd, deadline); }) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::stop() { listener_.stop(); }

int HttpServer::port() const { return listener_.socket().port(); }

}  // namespace maand
