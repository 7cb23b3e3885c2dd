// One round of health probes of an allocation: tcp, http and ssh checks, from here
// or through the worker's SSH session (R2.4, workspace.md 2.6).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "executor/interrupter.h"
#include "executor/session_cache.h"
#include "reconciler/core/model.h"
#include "reconciler/core/outcome.h"

namespace maand {

struct ProbeSettings {
  std::filesystem::path ca_file;  // of the bucket, PEM; may be absent
};

struct RoundAnswer {
  Health health = Health::kUnprobed;
  std::string detail;  // which check failed first and how, or why none could be asked; one line
};

// The checks one after another, until one fails. Each has `spec.timeout`, all of it:
// resolving, connecting, redirects, waiting. Checks that go over SSH share a
// connection of the cache, for which up to `spec.timeout` is waited (none was free:
// kUnprobed, since targets that run there say nothing of this job's health); making
// a new one is bound by the transport's connect timeout. Blocks; ends soon once
// `interrupter` fires, with kUnprobed.
RoundAnswer probe_round(const Endpoint& endpoint, const HealthSpec& spec, const ProbeSettings& settings,
                        SessionCache& sessions, const std::shared_ptr<const Interrupter>& interrupter);

}  // namespace maand
