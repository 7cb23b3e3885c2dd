// What is told of all buckets behind shared listeners together: the page and the JSON of
// `/buckets`, /healthz and /readyz of the process.
#pragma once

#include <string>
#include <vector>

#include "reconciler/http/bucket_doors.h"
#include "reconciler/http/message.h"

namespace maand {

// {"buckets":[{"name","path","up","alive","ready","why"}]}
HttpReply bucket_list_json(const std::vector<BucketLine>& lines);
// The same to people, with links to the dashboards. Needs `/dashboard/*.css` beside it.
HttpReply bucket_list_page(const std::vector<BucketLine>& lines);

// 503 while the loop of a bucket that is up hangs. A bucket that is not up is no reason to end the process,
// which tries it again.
HttpReply process_healthz(const std::vector<BucketLine>& lines);
// 503 until each bucket was tried once (`all_tried`), and while none of them is ready: one that is broken
// must not take the others from behind a load balancer. A line for each tells how it is.
HttpReply process_readyz(const std::vector<BucketLine>& lines, bool all_tried);

}  // namespace maand
