// What the parsers of the product say of documents: one JSON object a line on stdin, with
// `kind` (manifest, workers, conf) and `text`; for each a line with the list of its errors.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "reconciler/app/config.h"
#include "reconciler/app/config_keys.h"
#include "reconciler/core/diagnostics.h"
#include "reconciler/core/manifest.h"
#include "reconciler/core/workers_file.h"

namespace maand {
namespace {

Diagnostics judge(const std::string& kind, const std::string& text) {
  Diagnostics diagnostics;
  if (kind == "manifest") {
    parse_manifest(JobName("web"), text, "manifest.json", diagnostics);
  } else if (kind == "workers") {
    parse_workers(text, "workers.json", diagnostics);
  } else {
    return parse_config(text, "maand.conf", {}).diagnostics;
  }
  return diagnostics;
}

}  // namespace
}  // namespace maand

int main(int argc, char** argv) {
  using namespace maand;
  if (argc > 1 && argv[1] == std::string("--keys")) {
    for (const ConfigKey& key : config_keys()) std::cout << key.name << "\n";
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto document = nlohmann::json::parse(line);
    const Diagnostics told = judge(document.at("kind"), document.at("text"));
    auto errors = nlohmann::json::array();
    for (const Diagnostic& one : told.all()) {
      if (one.severity == Severity::kError)
        errors.push_back({{"field", one.field}, {"message", one.message}});
    }
    std::cout << errors.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }
}
