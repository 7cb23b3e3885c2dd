// The fields of dot: names, order and values (workspace.md 7.2).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "reconciler/core/template/value.h"

namespace maand::tpl {

// In the order in which the struct is printed.
enum class Field : std::uint8_t {
  kAllocationId,
  kJob,
  kCurrentVersion,
  kNewVersion,
  kWorkerData,
  kBucketPath,
  kJobPath,
  // of WorkerData
  kBucketId,
  kWorkerId,
  kWorkerIp,
  kLabels,
  kUpdateSeq,
  kUnknown,
};

Field field_named(std::string_view name);  // kUnknown: there is none
std::string_view field_name(Field field);

// Those that `{{.}}` prints for kTemplateData or kWorkerData.
std::span<const Field> fields_in_order(Kind kind);

// May `field` be read from a value of `kind`? WorkerData's are those of dot as well.
bool has_field(Kind kind, Field field);

// Is it one of those that data of a job alone has (TemplateData::job_only)?
bool is_of_job(Field field);

// REQUIRES any field but kLabels (whose list needs memory) and kUnknown.
Value field_of(const TemplateData& data, Field field);

}  // namespace maand::tpl
