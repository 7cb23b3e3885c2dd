#include "reconciler/outbound/courier.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "reconciler/core/outbound_rules.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

struct EasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;
using List = std::unique_ptr<curl_slist, ListCleanup>;

constexpr std::size_t kMostAnswerRead = 1u << 20;  // then the rest is not waited for
constexpr long kMostConnectMs = 10'000;

void append(List& list, const std::string& line) {
  if (curl_slist* grown = curl_slist_append(list.get(), line.c_str())) {
    [[maybe_unused]] curl_slist* old = list.release();  // the same list, or its old head
    list.reset(grown);
  }
}

// One delivery: what libcurl's callbacks read and write.
struct Talk {
  const std::atomic<bool>* interrupted = nullptr;
  std::string_view upload;  // SMTP: what is left to send
  std::string answer;
  std::size_t most_answer_bytes = 0;
  std::size_t read = 0;
  std::string last_line;  // SMTP: of the server
  std::map<std::string, std::string> headers;
  std::array<char, CURL_ERROR_SIZE> error{};
};

std::size_t take_answer(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& talk = *static_cast<Talk*>(user);
  const std::size_t room = talk.most_answer_bytes - std::min(talk.answer.size(), talk.most_answer_bytes);
  talk.answer.append(bytes, std::min(size, room));
  talk.read += size;
  return talk.read > std::max(kMostAnswerRead, talk.most_answer_bytes) ? 0 : size;
}

// Only what somebody asks for; a server may send any number of others.
std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* user) {
  const std::string_view line(bytes, std::min<std::size_t>(size, 4096));
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  const std::string name = lower(line.substr(0, colon));
  if (name.find("ratelimit-") != std::string::npos || name == "location" || name == "retry-after")
    static_cast<Talk*>(user)->headers[name] = std::string(trim(line.substr(colon + 1)));
  return size;
}

std::size_t take_smtp_line(char* bytes, std::size_t, std::size_t size, void* user) {
  static_cast<Talk*>(user)->last_line.assign(bytes, std::min<std::size_t>(size, 1000));
  return size;
}

std::size_t give_message(char* buffer, std::size_t, std::size_t room, void* user) {
  auto& talk = *static_cast<Talk*>(user);
  const std::size_t size = std::min(room, talk.upload.size());
  std::memcpy(buffer, talk.upload.data(), size);
  talk.upload.remove_prefix(size);
  return size;
}

int watch(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<Talk*>(user)->interrupted ? 1 : 0;
}

// Not inherited by the processes the daemon starts.
curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string reason(CURLcode code, const Talk& talk) {
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return "given up, because the daemon is leaving";
    case CURLE_OPERATION_TIMEDOUT:
      return "no answer in time";
    default:
      break;
  }
  const std::string_view said = trim(talk.error.data());
  return printable(said.empty() ? std::string_view(curl_easy_strerror(code)) : said, 200);
}

bool is_hopeless(CURLcode code) {
  return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
         code == CURLE_SSL_CACERT_BADFILE || code == CURLE_NOT_BUILT_IN;
}

void configure(CURL* curl, Talk& talk, const std::string& url, const char* protocols,
               const std::string& ca_file, std::chrono::milliseconds deadline) {
  const auto total = static_cast<long>(std::max<std::chrono::milliseconds::rep>(deadline.count(), 1));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, talk.error.data());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, total);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::min(total, kMostConnectMs));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &talk);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &talk);
}

Reply hopeless(std::string problem) { return {.problem = std::move(problem), .hopeless = true}; }

Reply out_of_memory() { return {.problem = "there is no memory for it"}; }

}  // namespace

CurlCourier::CurlCourier() {
  // Never undone: other libraries of the process may use what it sets up.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}
CurlCourier::~CurlCourier() = default;

Reply CurlCourier::send(const OutboundRequest& request) {
  if (std::string problem = problem_with(request); !problem.empty()) return hopeless(std::move(problem));
  Talk talk;
  talk.interrupted = &interrupted_;
  talk.most_answer_bytes = request.most_answer_bytes;
  const Easy easy(curl_easy_init());
  if (!easy) return out_of_memory();
  CURL* curl = easy.get();
  configure(curl, talk, request.url, "http,https", request.ca_file, request.deadline);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &talk);

  List headers;
  bool has_agent = false;
  for (const auto& [name, value] : request.headers) {
    append(headers, value.empty() ? name + ";" : name + ": " + value);
    has_agent = has_agent || equal_fold(name, "user-agent");
  }
  append(headers, "Expect:");  // not to wait a second for a `100 Continue`
  if (!has_agent) append(headers, "User-Agent: maand");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (request.method == "GET") {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  const CURLcode code = curl_easy_perform(curl);
  Reply reply;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  // Its status is known and the rest of it of no interest.
  const bool read_enough =
      code == CURLE_WRITE_ERROR && talk.read > std::max(kMostAnswerRead, talk.most_answer_bytes);
  if (code == CURLE_OK || read_enough) {
    reply.status = static_cast<int>(status);
    reply.body = without_secrets(std::move(talk.answer), request.secrets);
    for (const auto& [name, value] : talk.headers)
      reply.headers[name] = without_secrets(value, request.secrets);
    curl_off_t wait = 0;
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
      reply.retry_after = std::chrono::seconds(std::min<curl_off_t>(wait, 365 * 86'400));
  } else {
    reply.problem = without_secrets(reason(code, talk), request.secrets);
    reply.hopeless = is_hopeless(code);
  }
  return reply;
}

Reply CurlCourier::send(const OutboundMail& mail) {
  if (std::string problem = problem_with(mail); !problem.empty()) return hopeless(std::move(problem));
  Talk talk;
  talk.interrupted = &interrupted_;
  talk.upload = mail.message;
  const Easy easy(curl_easy_init());
  if (!easy) return out_of_memory();
  CURL* curl = easy.get();
  configure(curl, talk, mail.url, "smtp,smtps", mail.ca_file, mail.deadline);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  const bool start_tls = mail.start_tls == OutboundMail::StartTls::kRequired;
  curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(start_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!mail.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, mail.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, mail.password.c_str());
  }
  const std::string from = "<" + mail.from + ">";
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
  List recipients;
  for (const std::string& to : mail.to) append(recipients, "<" + to + ">");
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_message);
  curl_easy_setopt(curl, CURLOPT_READDATA, &talk);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_smtp_line);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &talk);

  const CURLcode code = curl_easy_perform(curl);
  const std::vector<std::string> secrets = {mail.password};
  const std::string line = without_secrets(std::move(talk.last_line), secrets);
  const std::string_view said = trim(std::string_view(line).substr(std::min<std::size_t>(line.size(), 4)));
  Reply reply;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (code != CURLE_OK) {
    reply.problem = without_secrets(reason(code, talk), secrets);
    reply.hopeless = is_hopeless(code);
    // 4xx and 5xx are the server's word; anything below means that the talk broke off.
    if (status < 400) return reply;
    if (!said.empty()) reply.problem.clear();  // it is what libcurl makes of the server's word
  }
  reply.status = static_cast<int>(status);
  reply.body = std::string(said);
  return reply;
}

}  // namespace maand
