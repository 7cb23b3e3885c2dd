#include "reconciler/http/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "reconciler/core/private_file.h"

namespace maand {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

// ECDSA and RSA alike; TLS 1.3 has none without forward secrecy.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string read(const std::filesystem::path& path, const char* what) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (in.is_open() && !in.bad() && !text.empty()) return text;
  const int error = errno;
  throw TlsError(std::string(what) + " " + path.string() + " cannot be read" +
                 (error ? std::string(": ") + std::strerror(error) : std::string(": it is empty")) +
                 "; put it there, or take http.tls_cert and http.tls_key out");
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<Certificate> chain_of(const std::string& pem) {
  std::vector<Certificate> out;
  const Bio bio = bio_of(pem);
  while (bio) {
    Certificate one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    out.push_back(std::move(one));
  }
  ERR_clear_error();
  return out;
}

// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Key key_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 &&
      !is_private_file(info.st_mode, info.st_uid, info.st_gid, ::getegid())) {
    throw TlsError("the key " + path.string() + " may be used by others than its owner; run `chmod 600 " +
                   path.string() + "`");
  }
  std::string pem = read(path, "the key");
  bool encrypted = false;
  Key key;
  {
    const Bio bio = bio_of(pem);
    if (bio) key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, &encrypted));
  }
  OPENSSL_cleanse(pem.data(), pem.size());
  ERR_clear_error();
  if (encrypted) {
    throw TlsError(
        "the key " + path.string() +
        " is encrypted, and nobody types a passphrase for a daemon; store it without one (`openssl "
        "pkey -in OLD -out NEW`)");
  }
  if (!key) throw TlsError(path.string() + " holds no private key in PEM form");
  return key;
}

}  // namespace

TlsContext::TlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  std::vector<Certificate> chain = chain_of(read(certificate, "the certificate"));
  if (chain.empty()) throw TlsError(certificate.string() + " holds no certificate in PEM form");
  const Key secret = key_of(key);
  if (X509_check_private_key(chain[0].get(), secret.get()) != 1) {
    ERR_clear_error();
    throw TlsError("the key " + key.string() + " does not belong to the first certificate of " +
                   certificate.string() + "; the server's own certificate comes first, then those above it");
  }
  const Context context(SSL_CTX_new(TLS_server_method()));
  bool good = context && SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
              SSL_CTX_set_cipher_list(context.get(), kCiphers) == 1 &&
              SSL_CTX_use_certificate(context.get(), chain[0].get()) == 1 &&
              SSL_CTX_use_PrivateKey(context.get(), secret.get()) == 1;
  for (std::size_t i = 1; good && i < chain.size(); ++i) {
    good = SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) == 1;
  }
  if (!good) {
    char reason[256] = "no memory";
    if (const unsigned long error = ERR_get_error(); error != 0)
      ERR_error_string_n(error, reason, sizeof reason);
    ERR_clear_error();
    throw TlsError("OpenSSL does not take " + certificate.string() + " for TLS: " + reason);
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Our loop sends what fits, from a buffer that may have moved; idle connections hold no buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  // One request per connection: sessions are not worth keeping here; tickets cost us nothing.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_up_ref(context.get());
  context_ = context.get();
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

ssl_st* TlsContext::accept(int fd) const {
  SSL* tls = SSL_new(context_);
  if (!tls) return nullptr;
  if (SSL_set_fd(tls, fd) != 1) {
    SSL_free(tls);
    return nullptr;
  }
  SSL_set_accept_state(tls);
  return tls;
}

}  // namespace maand
