#include "executor/http_probe.h"

#include <httplib.h>
#include <openssl/x509_vfy.h>
#include <signal.h>

#include <exception>
#include <optional>
#include <thread>

#include "executor/ssh_error.h"
#include "executor/wire_relay.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

constexpr int kMostRedirects = 5;
constexpr std::size_t kMostBytes = 64 * 1024;  // of TLS, headers and what was sent of a body

struct Reply {
  int status = 0;  // 0: there was none
  std::string location;
  httplib::Error error = httplib::Error::Success;
  long certificate = X509_V_OK;
  std::string failure;  // of ours
};

// As cpp-httplib has it when it closes what is still open.
struct StoreFree {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

std::unique_ptr<X509_STORE, StoreFree> trusted(const std::filesystem::path& ca_file) {
  std::unique_ptr<X509_STORE, StoreFree> store(X509_STORE_new());
  if (!store) throw std::bad_alloc();
  X509_STORE_set_default_paths(store.get());
  std::error_code ignored;
  if (!ca_file.empty() && std::filesystem::exists(ca_file, ignored) &&
      X509_STORE_load_file(store.get(), ca_file.c_str()) != 1) {
    throw std::runtime_error("the bucket's CA " + ca_file.filename().string() + " cannot be read");
  }
  return store;
}

void ask(httplib::ClientImpl& client, const HttpTarget& target, WireRelay& relay, Deadline deadline,
         Reply& reply) {
  // Later than ours: the relay is what ends it.
  const auto patience = deadline - std::chrono::steady_clock::now() + std::chrono::seconds(60);
  client.set_connection_timeout(patience);
  client.set_read_timeout(patience);
  client.set_write_timeout(patience);
  client.set_hostname_addr_map({{target.host, "127.0.0.1"}});
  client.set_socket_options([&relay](int fd) { relay.admit(fd); });
  client.set_follow_location(false);
  client.set_url_encode(false);
  const auto take = [&reply](const httplib::Response& response) {
    reply.status = response.status;
    reply.location = response.get_header_value("Location");
  };
  const httplib::Headers headers = {{"Host", target.authority()}, {"User-Agent", "maand-health-check"}};
  const httplib::Result result = client.Get(
      target.path, headers,
      [&](const httplib::Response& response) {
        take(response);
        return false;  // the body does not interest
      },
      [](const char*, std::size_t) { return false; });
  if (result) take(*result);
  reply.error = result.error();
}

// On the library's thread.
Reply ask_over(WireRelay& relay, const HttpTarget& target, const std::filesystem::path& ca_file,
               Deadline deadline) {
  Reply reply;
  try {
    if (target.https) {
      httplib::SSLClient client(target.host, relay.port());
      client.set_ca_cert_store(trusted(ca_file).release());
      client.enable_server_certificate_verification(true);
      ask(client, target, relay, deadline, reply);
      reply.certificate = client.get_openssl_verify_result();
    } else {
      httplib::ClientImpl client(target.host, relay.port());
      ask(client, target, relay, deadline, reply);
    }
  } catch (const std::exception& error) {
    reply.failure = error.what();
  }
  return reply;
}

// The thread takes no signal of the daemon's, and a peer that hangs up while it
// writes is an error, not a SIGPIPE.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

std::string no_reply(const HttpTarget& target, const Reply& reply) {
  if (!reply.failure.empty()) return reply.failure;
  if (reply.error == httplib::Error::SSLServerVerification) {
    if (reply.certificate == X509_V_OK) return "its certificate is not for " + target.host;
    return std::string("its certificate is not trusted: ") +
           X509_verify_cert_error_string(reply.certificate) +
           "; it must be signed by the bucket's CA or by one that this machine trusts";
  }
  if (reply.error == httplib::Error::SSLConnection) return "no TLS handshake; does it speak https there?";
  return "it hung up without an HTTP answer";
}

std::string seconds_of(Deadline::duration duration) {
  const auto tenths = (std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() + 50) / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " s";
}

// One request. A failure is told in `reply.failure` and has no status.
Reply exchange(const HttpQuestion& question, const HttpTarget& target, const DialTarget& dial,
               Deadline deadline, const std::string& patience, const Interrupter& interrupter) {
  Reply reply;
  std::unique_ptr<Wire> wire;
  try {
    wire = dial(target, deadline);
  } catch (const SshError& error) {
    reply.failure = error.what();
    return reply;
  }
  WireRelay relay;
  std::thread library([&] {
    block_signals();
    reply = ask_over(relay, target, question.ca_file, deadline);
    relay.ended();
  });
  const WireRelay::End end = relay.pump(*wire, deadline, interrupter, kMostBytes);
  library.join();
  if (reply.status != 0) return reply;
  switch (end) {
    case WireRelay::End::kDeadline:
      reply.failure = "no answer within " + patience;
      break;
    case WireRelay::End::kInterrupted:
      reply.failure = "given up because the daemon is stopping";
      break;
    case WireRelay::End::kTooMuch:
      reply.failure = "it sent more than 64 KiB and no whole answer";
      break;
    case WireRelay::End::kLibraryEnded:
      reply.failure = no_reply(target, reply);
      break;
  }
  return reply;
}

bool redirects(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

std::string probe_http(const HttpQuestion& question, const DialTarget& dial, Deadline deadline,
                       const Interrupter& interrupter) {
  const std::string patience = seconds_of(deadline - std::chrono::steady_clock::now());
  HttpTarget target = question.target;
  target.path = request_path(target.path);
  for (int redirect = 0;; ++redirect) {
    const std::string asked = "GET " + printable(target.url(), 200);
    const Reply reply = exchange(question, target, dial, deadline, patience, interrupter);
    if (reply.status == 0) return asked + ": " + reply.failure;
    if (reply.status == question.expect_status) return "";
    const std::string answered = asked + " answered " + std::to_string(reply.status);
    if (!redirects(reply.status) || reply.location.empty()) {
      return answered + ", not " + std::to_string(question.expect_status);
    }
    const std::optional<HttpTarget> next = redirected(target, reply.location);
    if (!next) return answered + " and redirects to " + quote(reply.location) + ", which is no http URL";
    if (redirect == kMostRedirects) {
      return answered + " after " + std::to_string(kMostRedirects) + " redirects, and redirects again";
    }
    target = *next;
  }
}

}  // namespace maand
