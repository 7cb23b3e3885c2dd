#include "reconciler/store/postgres_address.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "reconciler/core/ports.h"
#include "reconciler/core/text.h"

namespace maand {
namespace {

namespace fs = std::filesystem;

// Given ones win. A peer that is gone is noticed within 15 seconds; libpq takes seconds and,
// for tcp_user_timeout, milliseconds.
constexpr std::array<std::pair<const char*, const char*>, 6> kDefaults = {{{"connect_timeout", "5"},
                                                                           {"keepalives", "1"},
                                                                           {"keepalives_idle", "6"},
                                                                           {"keepalives_interval", "3"},
                                                                           {"keepalives_count", "3"},
                                                                           {"tcp_user_timeout", "15000"}}};

std::string value_of(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// Who holds a lock is told by this name: at most 63 bytes of it are kept.
std::string our_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return "maand " + std::string(host.data()).substr(0, 40) + " pid " + std::to_string(::getpid());
}

using Values = std::map<std::string, std::string>;

Values parsed(const std::string& url) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(url.c_str(), &problem), &PQconninfoFree);
  if (problem) PQfreemem(problem);  // holds the URL
  if (!options) {
    throw StoreError(
        "[state] url is no URL that PostgreSQL understands; write it like "
        "postgresql://user@host:5432/database, and %XX for special characters");
  }
  Values values;
  for (const PQconninfoOption* option = options.get(); option->keyword; ++option) {
    if (option->val) values[option->keyword] = option->val;
  }
  return values;
}

// libpq looks at it when it connects, and then names the whole of it. One for each host, with commas between.
void check_ports(const Values& values) {
  const auto given = values.find("port");
  if (given == values.end()) return;
  const std::string& ports = given->second;
  const bool numbers = ports.find_first_not_of("0123456789,") == std::string::npos;
  if (!numbers) throw StoreError("[state] url: the port is no number");
}

void complete_password_file(Values& values, const fs::path& bucket) {
  const auto named = values.find("passfile");
  if (named != values.end()) {
    named->second = (bucket / named->second).string();  // an absolute path stays
    return;
  }
  const fs::path ours = bucket / "secrets" / kPasswordFile;
  std::error_code ignored;
  if (!values.contains("password") && !std::getenv("PGPASSFILE") && fs::exists(ours, ignored))
    values["passfile"] = ours.string();
}

std::string shown(const Values& values) {
  const auto get = [&](const char* key) {
    const auto it = values.find(key);
    return it == values.end() ? std::string() : it->second;
  };
  std::string out = "postgresql://";
  if (const std::string user = get("user"); !user.empty()) out += user + "@";
  out += get("host").empty() ? get("hostaddr") : get("host");
  if (const std::string port = get("port"); !port.empty()) out += ":" + port;
  return printable(out + "/" + get("dbname"), 400);
}

}  // namespace

PostgresAddress postgres_address(std::string_view url, const fs::path& bucket) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    throw StoreError("[state] url begins neither with sqlite: nor with postgresql://");
  if (url.find('\0') != std::string_view::npos) throw StoreError("[state] url holds a zero byte");
  Values values = parsed(std::string(url));
  check_ports(values);
  PostgresAddress address;
  address.shown = shown(values);
  complete_password_file(values, bucket);
  for (const auto& [key, value] : kDefaults) values.try_emplace(key, value);
  values.try_emplace("application_name", our_name());
  values["client_encoding"] = "UTF8";
  for (const auto& [key, value] : values) address.conninfo += key + "=" + value_of(value) + " ";
  return address;
}

}  // namespace maand
