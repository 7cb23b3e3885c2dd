// /metrics of a daemon of several buckets.
#include "reconciler/app/metrics_of_buckets.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"

namespace maand {
namespace {

const char* const kOne =
    "# HELP maand_bucket_info The bucket that is served.\n"
    "# TYPE maand_bucket_info gauge\n"
    "maand_bucket_info{bucket=\"prod\",bucket_id=\"1\"} 1\n"
    "# HELP maand_build_info What runs.\n"
    "# TYPE maand_build_info gauge\n"
    "maand_build_info{version=\"1\"} 1\n"
    "# HELP maand_ready 1 while it is.\n"
    "# TYPE maand_ready gauge\n"
    "maand_ready 1\n"
    "# HELP maand_took_seconds How long.\n"
    "# TYPE maand_took_seconds histogram\n"
    "maand_took_seconds_count{a=\"x\\\"y{z\"} 2\n"
    "maand_took_seconds_sum{a=\"x\\\"y{z\"} 3\n"
    "maand_took_seconds_bucket{a=\"x\\\"y{z\",le=\"1\"} 1\n"
    "maand_took_seconds_bucket{a=\"x\\\"y{z\",le=\"+Inf\"} 2\n"
    "# HELP process_open_fds Open.\n"
    "# TYPE process_open_fds gauge\n"
    "process_open_fds 9\n";
const char* const kTwo =
    "# HELP maand_bucket_info The bucket that is served.\n"
    "# TYPE maand_bucket_info gauge\n"
    "maand_bucket_info{bucket=\"la\\\"b\",bucket_id=\"2\"} 1\n"
    "# HELP maand_build_info What runs.\n"
    "# TYPE maand_build_info gauge\n"
    "maand_build_info{version=\"1\"} 1\n"
    "# HELP maand_only_here 1 where there are webhooks.\n"
    "# TYPE maand_only_here counter\n"
    "maand_only_here{} 4\n"
    "# HELP maand_ready 1 while it is.\n"
    "# TYPE maand_ready gauge\n"
    "maand_ready 0\n"
    "# HELP process_open_fds Open.\n"
    "# TYPE process_open_fds gauge\n"
    "process_open_fds 9";

TEST(MetricsOfBuckets, EverySeriesSaysWhoseItIsAndThoseOfTheProcessAreToldOnce) {
  const std::string text =
      metrics_of_buckets({{"la\"b", true, 0, kTwo}, {"prod", true, 1, kOne}, {"sick", false, 3, ""}});
  const testing::Exposition read(text);
  ASSERT_TRUE(read.problems().empty()) << read.problems().front() << "\n" << text;
  const std::pair<const char*, double> rows[] = {
      {"maand_bucket_up{bucket=\"prod\"}", 1},
      {"maand_bucket_up{bucket=\"la\\\"b\"}", 1},
      {"maand_bucket_up{bucket=\"sick\"}", 0},
      {"maand_bucket_failed_starts_total{bucket=\"sick\"}", 3},
      {"maand_bucket_failed_starts_total{bucket=\"prod\"}", 1},
      {"maand_ready{bucket=\"prod\"}", 1},
      {"maand_ready{bucket=\"la\\\"b\"}", 0},
      {"maand_only_here{bucket=\"la\\\"b\"}", 4},
      {"maand_bucket_info{bucket=\"prod\",bucket_id=\"1\"}", 1},
      {"maand_bucket_info{bucket=\"la\\\"b\",bucket_id=\"2\"}", 1},
      {"maand_took_seconds_bucket{bucket=\"prod\",a=\"x\\\"y{z\",le=\"+Inf\"}", 2},
      {"maand_took_seconds_sum{bucket=\"prod\",a=\"x\\\"y{z\"}", 3},
      {"maand_build_info{version=\"1\"}", 1},
      {"process_open_fds", 9},
  };
  for (const auto& [series, value] : rows) EXPECT_EQ(read.value(series), value) << series << "\n" << text;
}

TEST(MetricsOfBuckets, WithoutAnyThatIsUpThereIsStillWhichAreNot) {
  EXPECT_EQ(
      metrics_of_buckets({{"prod", false, 1, ""}}),
      "# HELP maand_bucket_failed_starts_total Times that a bucket could not be served, or no longer.\n"
      "# TYPE maand_bucket_failed_starts_total counter\n"
      "maand_bucket_failed_starts_total{bucket=\"prod\"} 1\n"
      "# HELP maand_bucket_up 1 while this bucket is served; 0: it is tried again, and the log says why.\n"
      "# TYPE maand_bucket_up gauge\n"
      "maand_bucket_up{bucket=\"prod\"} 0\n");
}

}  // namespace
}  // namespace maand
