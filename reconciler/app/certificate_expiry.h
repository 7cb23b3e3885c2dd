// When does a certificate end?
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

namespace maand {

// Of the first certificate in the PEM file `path`, the one that a server shows.
// nullopt: there is none that can be read.
std::optional<std::chrono::system_clock::time_point> certificate_expiry(const std::filesystem::path& path);

}  // namespace maand
