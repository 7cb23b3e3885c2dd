#include "reconciler/app/certificate_metrics.h"

#include <vector>

#include "reconciler/core/certificate_series.h"

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

std::string braces(const CertificateSeries& one) {
  std::string out;
  for (const auto& [name, value] : one.labels)
    out += (out.empty() ? "{" : ",") + name + "=\"" + escaped(value) + "\"";
  return out + "}";
}

}  // namespace

std::string certificate_metrics(const CertificateReport& report, WallTime now) {
  const std::vector<CertificateSeries> all =
      certificate_series(report.authority, report.authority_due, report.standing, now);
  std::string out;
  if (all.empty()) return out;
  for (const CertificateFamily& family : certificate_families()) {
    const std::string name = family.name;
    out += "# HELP " + name + " " + family.help + "\n# TYPE " + name + " gauge\n";
    for (const CertificateSeries& one : all)
      out += name + braces(one) + " " + std::to_string(family.value(one)) + "\n";
  }
  return out;
}

}  // namespace maand
