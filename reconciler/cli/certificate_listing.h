// `maand cat certs` as rows: the bucket's CA first, then what lies in the variables.
#pragma once

#include "reconciler/cli/listing.h"
#include "reconciler/core/certificate_plan.h"

namespace maand {

// Status: ok; expiring, when it should have been renewed by now; expired; invalid, which cannot be read.
// Never a private key. The CA is left out where the filter names jobs or workers.
// REQUIRES: head.desired.
Listing list_certificates(const JudgedHead& head, const ListingFilter& filter, const CertificateRules& rules,
                          WallTime now);

}  // namespace maand
