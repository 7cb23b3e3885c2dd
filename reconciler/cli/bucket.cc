#include "reconciler/cli/bucket.h"

#include <cstdio>

#include "reconciler/app/bucket_dir.h"

namespace maand {

std::filesystem::path Bucket::store() const { return directory / config.state_path; }

std::filesystem::path Bucket::tokens() const {
  return config.http.tokens_file.empty() ? std::filesystem::path() : secrets() / config.http.tokens_file;
}

Bucket open_bucket(const Context& context) {
  const Environment environment = process_environment();
  const auto variable = environment.find("MAAND_BUCKET");
  const BucketDir found = find_bucket(context.bucket, variable == environment.end() ? "" : variable->second,
                                      std::filesystem::current_path());
  if (found.path.empty()) throw CommandError(kExitUsage, found.problem);
  LoadedConfig loaded = load_config(found.path, environment);
  std::string errors;
  for (const Diagnostic& diagnostic : loaded.diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) {
      errors += (errors.empty() ? "" : "\n") + to_string(diagnostic);
    } else {
      std::fprintf(stderr, "warning: %s\n", to_string(diagnostic).c_str());
    }
  }
  if (!errors.empty()) throw CommandError(kExitUsage, errors);
  return {found.path, std::move(loaded.config)};
}

}  // namespace maand
