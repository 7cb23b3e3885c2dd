#include "reconciler/core/certificate_facts.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <ctime>
#include <memory>

#include "reconciler/core/text.h"

namespace maand {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    Free(one);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

Bio reader(std::string_view pem) {
  if (pem.size() > INT_MAX) return nullptr;
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate read_certificate(std::string_view pem) {
  const Bio bio = reader(pem);
  return Certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

std::optional<WallTime> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime(std::chrono::seconds(timegm(&parts)));
}

std::string common_name_of(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::optional<CertificateSpec::Key> key_kind(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!key) return std::nullopt;
  if (EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) == 4096)
    return CertificateSpec::Key::kRsa4096;
  char group[64] = "";
  if (EVP_PKEY_base_id(key) == EVP_PKEY_EC &&
      EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
      OBJ_txt2nid(group) == NID_X9_62_prime256v1)
    return CertificateSpec::Key::kEcdsaP256;
  return std::nullopt;
}

void read_names(const X509* certificate, CertificateFacts& out) {
  const Names names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const ASN1_STRING* text = name->d.dNSName;
      out.names.push_back(lower(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                                 static_cast<std::size_t>(ASN1_STRING_length(text)))));
    } else if (name->type == GEN_IPADD) {
      const ASN1_OCTET_STRING* bytes = name->d.iPAddress;
      out.addresses.push_back(
          address_text(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(bytes)),
                                        static_cast<std::size_t>(ASN1_STRING_length(bytes)))));
    }
  }
  std::sort(out.names.begin(), out.names.end());
  std::sort(out.addresses.begin(), out.addresses.end());
}

}  // namespace

std::string address_text(std::string_view bytes) {
  std::string out;
  if (bytes.size() == 4) {
    for (const char byte : bytes) {
      out += (out.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(byte));
    }
    return out;
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {  // written in full: one form for one address
    if (i > 0 && i % 2 == 0) out += ':';
    const unsigned char byte = static_cast<unsigned char>(bytes[i]);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::string> address_of(std::string_view text) {
  using Octets = std::unique_ptr<ASN1_OCTET_STRING, Freed<ASN1_OCTET_STRING_free>>;
  const Octets octets(a2i_IPADDRESS(std::string(text).c_str()));
  if (!octets) return std::nullopt;
  return address_text(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(octets.get())),
                                       static_cast<std::size_t>(ASN1_STRING_length(octets.get()))));
}

std::optional<CertificateFacts> certificate_facts(std::string_view pem) {
  const Certificate certificate = read_certificate(pem);
  if (!certificate) return std::nullopt;
  const auto begin = time_of(X509_get0_notBefore(certificate.get()));
  const auto end = time_of(X509_get0_notAfter(certificate.get()));
  if (!begin || !end) return std::nullopt;
  CertificateFacts out;
  out.not_before = *begin;
  out.not_after = *end;
  out.common_name = common_name_of(certificate.get());
  out.key = key_kind(certificate.get());
  out.authority = X509_check_ca(certificate.get()) != 0;
  out.original = !out.authority && X509_get_ext_by_NID(certificate.get(), NID_ext_key_usage, -1) < 0;
  read_names(certificate.get(), out);
  return out;
}

bool signed_by(std::string_view certificate, std::string_view authority) {
  const Certificate leaf = read_certificate(certificate);
  const Certificate ca = read_certificate(authority);
  return leaf && ca && X509_check_issued(ca.get(), leaf.get()) == X509_V_OK &&
         X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1;
}

bool key_fits(std::string_view certificate, std::string_view key) {
  const Certificate leaf = read_certificate(certificate);
  const Bio bio = reader(key);
  if (!leaf || !bio) return false;
  // A key that asks for a passphrase is none of ours: nobody is there to be asked.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  const Key own(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  return own && X509_check_private_key(leaf.get(), own.get()) == 1;
}

bool is_pkcs8(std::string_view key) {
  return key.find("-----BEGIN PRIVATE KEY-----") != std::string_view::npos;
}

}  // namespace maand
