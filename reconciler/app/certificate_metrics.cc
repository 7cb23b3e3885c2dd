#include "reconciler/app/certificate_metrics.h"

#include <chrono>
#include <vector>

namespace maand {
namespace {

// The exposition format escapes these three.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

struct Series {
  std::string labels;  // without the braces
  WallTime not_after;
  bool expiring = false;
  bool expired = false;
};

Series series(const std::string& whose, const std::string& common_name, WallTime not_after, WallTime due,
              WallTime now) {
  Series out;
  out.not_after = not_after;
  out.expired = not_after <= now;
  out.expiring = !out.expired && due <= now;
  out.labels = whose + ",common_name=\"" + escaped(common_name) + "\",status=\"" +
               (out.expired    ? "expired"
                : out.expiring ? "expiring"
                               : "ok") +
               "\"";
  return out;
}

template <class Value>
void family(std::string& out, const char* name, const char* help, const std::vector<Series>& all,
            Value value) {
  out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " gauge\n";
  for (const Series& one : all) {
    out += std::string(name) + "{" + one.labels + "} " + std::to_string(value(one)) + "\n";
  }
}

}  // namespace

std::string certificate_metrics(const CertificateReport& report, WallTime now) {
  std::vector<Series> all;
  if (report.authority) {
    all.push_back(series(R"(scope="ca",job="",worker="",cert="ca")", report.authority->common_name,
                         report.authority->not_after, report.authority_due, now));
  }
  for (const StandingCertificate& one : report.standing) {
    all.push_back(series("scope=\"job\",job=\"" + escaped(one.job.str()) + "\",worker=\"" +
                             escaped(one.worker.str()) + "\",cert=\"" + escaped(one.name) + "\"",
                         one.common_name, one.not_after, one.not_after - one.buffer, now));
  }
  std::string out;
  if (all.empty()) return out;
  family(out, "maand_cert_not_after_seconds", "When a certificate of a job, or of the CA, ends; since 1970.",
         all, [](const Series& one) {
           return std::chrono::duration_cast<std::chrono::seconds>(one.not_after.time_since_epoch()).count();
         });
  family(out, "maand_cert_expiring", "1: it should have been renewed by now, or the CA replaced.", all,
         [](const Series& one) { return one.expiring ? 1 : 0; });
  family(out, "maand_cert_expired", "1: it has ended.", all,
         [](const Series& one) { return one.expired ? 1 : 0; });
  return out;
}

}  // namespace maand
