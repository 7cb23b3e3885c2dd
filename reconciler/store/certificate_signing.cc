#include "reconciler/store/certificate_signing.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "reconciler/core/certificate_facts.h"

namespace maand {
namespace {

constexpr std::chrono::minutes kBackdated{5};  // clocks of workers differ
constexpr std::chrono::hours kAuthorityLifetime{24 * 3650};
constexpr int kSerialBits = 127;
constexpr int kRsaBits = 4096;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using SecretBio = std::unique_ptr<BIO, Freed<BIO_free>>;  // its memory is wiped when it goes
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

// OpenSSL's words tell of formats and algorithms, never of a key.
[[noreturn]] void fail(const std::string& what) {
  char words[160] = "";
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) ERR_error_string_n(code, words, sizeof words);
  ERR_clear_error();
  throw CertificateError(what + (words[0] ? std::string(" (") + words + ")" : ""));
}

void require(bool done, const char* what) {
  if (!done) fail(std::string("a certificate could not be made: ") + what);
}

Key new_key(CertificateSpec::Key kind) {
  Key key(kind == CertificateSpec::Key::kRsa4096 ? EVP_RSA_gen(kRsaBits) : EVP_EC_gen("P-256"));
  require(key != nullptr, "no key pair");
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string certificate_text(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(bio && PEM_write_bio_X509(bio.get(), certificate) == 1, "its text");
  return text_of(bio.get());
}

std::string key_text(EVP_PKEY* key, bool pkcs8) {
  const SecretBio bio(BIO_new(BIO_s_secmem()));
  require(bio != nullptr, "room for its key");
  const int done =
      pkcs8 ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
            : PEM_write_bio_PrivateKey_traditional(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  require(done == 1, "the text of its key");
  return text_of(bio.get());
}

Bio reader(const std::string& pem) {
  return Bio(pem.size() > INT_MAX ? nullptr : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

void set_time(ASN1_TIME* time, WallTime when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch());
  require(ASN1_TIME_adj(time, static_cast<time_t>(seconds.count()), 0, 0) != nullptr, "its time");
}

void set_serial(X509* certificate) {
  const Number number(BN_new());
  require(number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "its number");
}

void set_common_name(X509* certificate, const std::string& name) {
  if (name.empty()) return;
  X509_NAME* subject = X509_get_subject_name(certificate);
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()),
                                     static_cast<int>(name.size()), -1, 0) == 1,
          "its common name");
}

// `value` is made here alone: nothing of a workspace is in it.
void add_extension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_nconf_nid(nullptr, &context, id, value));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, OBJ_nid2sn(id));
}

// Built, not parsed: a name is never read as the syntax of a configuration.
void add_names(X509* certificate, const CertificateWish& wish) {
  using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
  const Names names(GENERAL_NAMES_new());
  require(names != nullptr, "its names");
  const auto add = [&](int type, ASN1_STRING* value) {
    GENERAL_NAME* name = value ? GENERAL_NAME_new() : nullptr;
    require(name != nullptr, "one of its names");
    GENERAL_NAME_set0_value(name, type, value);
    require(sk_GENERAL_NAME_push(names.get(), name) > 0, "one of its names");
  };
  for (const std::string& one : wish.names) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    require(text && ASN1_STRING_set(text, one.data(), static_cast<int>(one.size())) == 1, "a DNS name");
    add(GEN_DNS, text);
  }
  for (const std::string& one : wish.addresses) add(GEN_IPADD, a2i_IPADDRESS(one.c_str()));
  // RFC 5280 4.2.1.6: critical where there is no subject.
  const int critical = wish.spec.common_name.empty() ? 1 : 0;
  require(
      X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), critical, X509V3_ADD_DEFAULT) == 1,
      "its names");
}

Certificate begin(const std::string& common_name, EVP_PKEY* key, WallTime from, WallTime to) {
  Certificate certificate(X509_new());
  require(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1, "its form");
  set_serial(certificate.get());
  set_common_name(certificate.get(), common_name);
  set_time(X509_getm_notBefore(certificate.get()), from);
  set_time(X509_getm_notAfter(certificate.get()), to);
  require(X509_set_pubkey(certificate.get(), key) == 1, "its public key");
  return certificate;
}

}  // namespace

IssuedPair make_authority(const std::string& common_name, CertificateSpec::Key kind, WallTime now) {
  const Key key = new_key(kind);
  const Certificate certificate = begin(common_name, key.get(), now - kBackdated, now + kAuthorityLifetime);
  X509* const own = certificate.get();
  require(X509_set_issuer_name(own, X509_get_subject_name(own)) == 1, "its issuer");
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign");
  add_extension(own, own, NID_subject_key_identifier, "hash");
  require(X509_sign(own, key.get(), EVP_sha256()) > 0, "its signature");
  return {certificate_text(own), key_text(key.get(), false)};
}

IssuedPair sign_certificate(const IssuedPair& authority, const CertificateWish& wish) {
  const Bio certificate_text_of_ca = reader(authority.certificate);
  const Bio key_text_of_ca = reader(authority.key);
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  const Certificate ca(certificate_text_of_ca
                           ? PEM_read_bio_X509(certificate_text_of_ca.get(), nullptr, nullptr, nullptr)
                           : nullptr);
  const Key ca_key(key_text_of_ca
                       ? PEM_read_bio_PrivateKey(key_text_of_ca.get(), nullptr, no_passphrase, nullptr)
                       : nullptr);
  const auto facts = certificate_facts(authority.certificate);
  if (!ca || !ca_key || !facts) fail("the bucket's CA cannot be read");
  const WallTime from = std::max(wish.now - kBackdated, facts->not_before);
  const WallTime to = std::min(wish.now + wish.lifetime, facts->not_after);
  if (to <= wish.now)
    throw CertificateError("the bucket's CA has ended, and what it signs is good for nobody");
  const Key key = new_key(wish.spec.key);
  const Certificate certificate = begin(wish.spec.common_name, key.get(), from, to);
  X509* const own = certificate.get();
  require(X509_set_issuer_name(own, X509_get_subject_name(ca.get())) == 1, "its issuer");
  add_extension(own, ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(own, ca.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment");
  add_extension(own, ca.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(own, ca.get(), NID_authority_key_identifier, "keyid,issuer");
  add_names(own, wish);
  const int kind = EVP_PKEY_base_id(ca_key.get());
  const bool own_digest = kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448;
  require(X509_sign(own, ca_key.get(), own_digest ? nullptr : EVP_sha256()) > 0, "its signature");
  return {certificate_text(own), key_text(key.get(), wish.spec.pkcs8)};
}

}  // namespace maand
