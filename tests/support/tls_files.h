// Certificates for tests, made by the real openssl.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "tests/support/run_program.h"

namespace maand::testing {

inline void openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/openssl");
  const ProgramResult result = call_program({.argv = arguments});
  if (result.status != 0) throw std::runtime_error("openssl failed: " + result.err);
}

// `name`.pem and `name`.key in `directory`: self-signed for localhost and 127.0.0.1.
inline void make_certificate(const std::filesystem::path& directory, const std::string& name,
                             const std::string& common_name = "localhost") {
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
           "2", "-subj", "/CN=" + common_name, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
           "-keyout", directory / (name + ".key"), "-out", directory / (name + ".pem")});
  std::filesystem::permissions(directory / (name + ".key"),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace maand::testing
