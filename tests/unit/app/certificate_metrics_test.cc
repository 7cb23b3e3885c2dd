// What /metrics says of certificates (workspace.md 12.4).
#include "reconciler/app/certificate_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maand {
namespace {

using std::chrono::hours;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(CertificateMetrics, TellWhenEachEndsAndWhichShouldHaveBeenRenewed) {
  const WallTime now{hours(1000)};
  EXPECT_EQ(certificate_metrics({}, now), "");
  CertificateReport report;
  report.authority = CertificateFacts{.common_name = "a \"b\"\n\\", .not_after = now + hours(100)};
  report.authority_due = now + hours(1);
  const JobName job("api");
  report.standing = {{job, WorkerHost("w1"), "tls", "api", now + hours(21), hours(20), false},
                     {job, WorkerHost("w2"), "tls", "api", now + hours(20), hours(20), false},
                     {job, WorkerHost("w3"), "tls", "api", now, hours(20), true}};
  const std::string text = certificate_metrics(report, now);
  const std::string ca = R"({scope="ca",job="",worker="",cert="ca",common_name="a \"b\"\n\\",status="ok"} )";
  const auto of = [](const char* worker, const char* status) {
    return R"({scope="job",job="api",worker=")" + std::string(worker) +
           R"(",cert="tls",common_name="api",status=")" + status + "\"} ";
  };
  EXPECT_THAT(text, AllOf(HasSubstr("# TYPE maand_cert_not_after_seconds gauge\n"),
                          HasSubstr("maand_cert_not_after_seconds" + ca + "3960000\n"),
                          HasSubstr("maand_cert_expiring" + ca + "0\n"),
                          HasSubstr("maand_cert_not_after_seconds" + of("w1", "ok") + "3675600\n"),
                          HasSubstr("maand_cert_expiring" + of("w1", "ok") + "0\n"),
                          HasSubstr("maand_cert_expiring" + of("w2", "expiring") + "1\n"),
                          HasSubstr("maand_cert_expired" + of("w2", "expiring") + "0\n"),
                          HasSubstr("maand_cert_expiring" + of("w3", "expired") + "0\n"),
                          HasSubstr("maand_cert_expired" + of("w3", "expired") + "1\n")));
}

}  // namespace
}  // namespace maand
