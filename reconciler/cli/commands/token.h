// `maand token add|list|remove`: who may ask the API over the network (R6.2).
#pragma once

#include <string>

#include "reconciler/cli/context.h"

namespace maand {

struct TokenAddOptions {
  std::string name;
  std::string role;      // read, operate
  std::string lifetime;  // `90d`; empty: does not expire
};
struct TokenListOptions {};
struct TokenRemoveOptions {
  std::string name;
};

// They work on the bucket's file alone; a running daemon sees what they did.
int run_token_add(const Context& context, const TokenAddOptions& options);
int run_token_list(const Context& context, const TokenListOptions& options);
int run_token_remove(const Context& context, const TokenRemoveOptions& options);

}  // namespace maand
