// Who gives an order, for the audit (R7.4).
#pragma once

#include <string>

namespace maand {

// `alice@control-host`: the user behind sudo where there is one, else the
// process's. Says who it was, proves nothing: whoever can write the bucket can
// be anybody.
std::string current_actor();

}  // namespace maand
