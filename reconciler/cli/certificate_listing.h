// `maand cat certs` as rows: the bucket's CA first, then what lies in the variables.
#pragma once

#include "reconciler/cli/listing.h"

namespace maand {

// Status: ok; expiring within `renewal_buffer_days`; expired; invalid, which cannot be read.
// Never a private key. The CA is left out where the filter names jobs or workers.
// REQUIRES: head.desired.
Listing list_certificates(const JudgedHead& head, const ListingFilter& filter, int renewal_buffer_days,
                          WallTime now);

}  // namespace maand
