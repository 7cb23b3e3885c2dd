// A Listing as a table and as JSON: how `cat` and `plan -v` look.
#pragma once

#include <string>

#include "reconciler/cli/context.h"
#include "reconciler/cli/listing.h"

namespace maand {

// A JSON array of objects.
std::string json_of(const Listing& listing);

// As wide as the terminal, or as needed. Values are cut to their first line.
std::string table_of(const Listing& listing, const Context& context);

}  // namespace maand
