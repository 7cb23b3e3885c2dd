#include "tests/support/fake_issuer.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>

namespace maand::testing {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

time_t seconds(WallTime time) { return std::chrono::system_clock::to_time_t(time); }

}  // namespace

IssuedPair original_pair(const IssuedPair& authority, const std::string& common_name,
                         const std::vector<std::string>& addresses, WallTime from, WallTime to) {
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  const Bio ca_text(BIO_new_mem_buf(authority.certificate.data(), -1), BIO_free);
  const Bio key_text(BIO_new_mem_buf(authority.key.data(), -1), BIO_free);
  const Certificate ca(PEM_read_bio_X509(ca_text.get(), nullptr, nullptr, nullptr), X509_free);
  const Key ca_key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(ca.get()));
  ASN1_TIME_adj(X509_getm_notBefore(made.get()), seconds(from), 0, 0);
  ASN1_TIME_adj(X509_getm_notAfter(made.get()), seconds(to), 0, 0);
  X509_set_pubkey(made.get(), key.get());
  std::string names;
  for (const std::string& address : addresses) names += (names.empty() ? "IP:" : ",IP:") + address;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, ca.get(), made.get(), nullptr, nullptr, 0);
  for (const auto& [id, value] : {std::pair<int, std::string>{NID_basic_constraints, "critical,CA:FALSE"},
                                  {NID_subject_alt_name, names}}) {
    X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, &context, id, value.c_str());
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(made.get(), ca_key.get(), EVP_sha256());
  const Bio out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(out.get(), made.get());
  const Bio out_key(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out_key.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(out.get()), text_of(out_key.get())};
}

}  // namespace maand::testing
