#include "reconciler/cli/log_settings.h"

namespace maand {

LogOptions log_options(const Bucket& bucket, const Context& context) {
  LogOptions options;
  options.level = context.log_level;
  options.json = context.log_format.empty() ? bucket.config.log_format == Config::LogFormat::kJson
                                            : context.log_format == "json";
  return options;
}

}  // namespace maand
