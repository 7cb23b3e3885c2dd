#include "reconciler/cli/commands/token.h"

#include <chrono>
#include <iostream>
#include <optional>
#include <vector>

#include "reconciler/app/config_values.h"
#include "reconciler/cli/bucket.h"
#include "reconciler/cli/json_out.h"
#include "reconciler/cli/table.h"
#include "reconciler/core/text.h"
#include "reconciler/http/token_file.h"

namespace maand {
namespace {

std::filesystem::path file_of(const Context& context) {
  const Bucket bucket = open_bucket(context);
  if (!bucket.tokens().empty()) return bucket.tokens();
  throw CommandError(kExitUsage,
                     "http.tokens_file of maand.conf is \"\", so there are no tokens; take the line out");
}

std::optional<TokenEntry::Time> expiry_after(const std::string& lifetime) {
  if (lifetime.empty()) return std::nullopt;
  ConfigValue value;
  value.kind = ConfigValue::Kind::kWord;
  value.text = lifetime;
  const auto duration = as_duration(value);
  if (!duration) {
    throw CommandError(kExitUsage, "--for " + quote(lifetime) +
                                       " is no duration; write one like 12h or 90d, at most a year");
  }
  return std::chrono::system_clock::now() + *duration;
}

// Before anything is written, in the words of a configuration error.
template <class Work>
auto on_file(const Work& work) {
  try {
    return work();
  } catch (const TokenFileError& error) {
    throw CommandError(kExitUsage, error.what());
  }
}

}  // namespace

int run_token_add(const Context& context, const TokenAddOptions& options) {
  const std::filesystem::path file = file_of(context);
  const auto expires = expiry_after(options.lifetime);
  const Role role = options.role == "operate" ? Role::kOperate : Role::kRead;
  const std::string token = on_file([&] { return add_token(file, options.name, role, expires); });
  if (context.json) {
    JsonObject out;
    out.text("name", options.name).text("role", options.role);
    if (expires) out.text("expires", expiry_text(*expires));
    std::cout << out.text("token", token).str() << "\n";
    return kExitDone;
  }
  std::cout << token << "\n";
  std::cerr << "This is the token of " << options.name << ", role " << options.role
            << (expires ? ", until " + expiry_text(*expires) : std::string())
            << ". Keep it now: only its hash stays here.\nSend it as `Authorization: Bearer TOKEN`.\n";
  return kExitDone;
}

int run_token_list(const Context& context, const TokenListOptions&) {
  const std::filesystem::path file = file_of(context);
  std::vector<std::string> problems;
  const Tokens tokens = on_file([&] { return read_tokens(file, problems); });
  for (const std::string& problem : problems)
    std::cerr << "warning: " << file.string() << ": " << problem << "\n";
  const auto now = std::chrono::system_clock::now();
  if (context.json) {
    std::vector<std::string> all;
    for (const TokenEntry& entry : tokens.entries()) {
      JsonObject out;
      out.text("name", entry.name).text("role", to_string(entry.role));
      if (entry.expires) out.text("expires", expiry_text(*entry.expires));
      all.push_back(out.flag("expired", entry.expired(now)).str());
    }
    std::cout << json_array(all) << "\n";
    return kExitDone;
  }
  if (tokens.entries().empty()) {
    std::cerr << "There are no tokens; `maand token add NAME --role read` makes one.\n";
    return kExitDone;
  }
  Table table({{"name"}, {"role"}, {"expires"}});
  for (const TokenEntry& entry : tokens.entries()) {
    const std::string expires = entry.expires ? expiry_text(*entry.expires) : "never";
    table.row({entry.name, to_string(entry.role),
               entry.expired(now) ? Cell(expires + " (expired)", Ink::kBad) : Cell(expires)});
  }
  std::cout << table.str(terminal_columns(), context.color);
  return kExitDone;
}

int run_token_remove(const Context& context, const TokenRemoveOptions& options) {
  const std::filesystem::path file = file_of(context);
  on_file([&] { return remove_token(file, options.name); });
  if (context.json) {
    std::cout << JsonObject().flag("done", true).text("name", options.name).str() << "\n";
  } else {
    std::cout << "The token " << options.name << " is refused from now on.\n";
  }
  return kExitDone;
}

}  // namespace maand
