#include "reconciler/core/template/fields.h"

#include <array>
#include <utility>

namespace maand::tpl {
namespace {

constexpr std::array<std::pair<Field, std::string_view>, 12> kNames = {{
    {Field::kAllocationId, "AllocationID"},
    {Field::kJob, "Job"},
    {Field::kCurrentVersion, "CurrentVersion"},
    {Field::kNewVersion, "NewVersion"},
    {Field::kWorkerData, "WorkerData"},
    {Field::kBucketPath, "BucketPath"},
    {Field::kJobPath, "JobPath"},
    {Field::kBucketId, "BucketID"},
    {Field::kWorkerId, "WorkerID"},
    {Field::kWorkerIp, "WorkerIP"},
    {Field::kLabels, "Labels"},
    {Field::kUpdateSeq, "UpdateSeq"},
}};

constexpr std::array kOfDot = {Field::kAllocationId, Field::kJob,        Field::kCurrentVersion,
                               Field::kNewVersion,   Field::kWorkerData, Field::kBucketPath,
                               Field::kJobPath};
constexpr std::array kOfWorker = {Field::kBucketId, Field::kWorkerId, Field::kWorkerIp, Field::kLabels,
                                  Field::kUpdateSeq};

}  // namespace

Field field_named(std::string_view name) {
  for (const auto& [field, known] : kNames) {
    if (known == name) return field;
  }
  return Field::kUnknown;
}

std::string_view field_name(Field field) {
  return field == Field::kUnknown ? "" : kNames[static_cast<std::size_t>(field)].second;
}

std::span<const Field> fields_in_order(Kind kind) {
  if (kind == Kind::kWorkerData) return kOfWorker;
  return kOfDot;
}

bool has_field(Kind kind, Field field) {
  if (field == Field::kUnknown) return false;
  if (kind == Kind::kTemplateData) return true;
  return kind == Kind::kWorkerData && field >= Field::kBucketId;
}

bool is_of_job(Field field) {
  return field == Field::kJob || field == Field::kCurrentVersion || field == Field::kNewVersion;
}

Value field_of(const TemplateData& data, Field field) {
  switch (field) {
    case Field::kAllocationId:
      return Value::of_string(data.allocation_id);
    case Field::kJob:
      return Value::of_string(data.job);
    case Field::kCurrentVersion:
      return Value::of_string(data.current_version);
    case Field::kNewVersion:
      return Value::of_string(data.new_version);
    case Field::kWorkerData:
      return Value::of_data(&data, Kind::kWorkerData);
    case Field::kBucketPath:
      return Value::of_string(data.bucket_path);
    case Field::kJobPath:
      return Value::of_string(data.job_path);
    case Field::kBucketId:
      return Value::of_string(data.bucket_id);
    case Field::kWorkerId:
      return Value::of_string(data.worker_id);
    case Field::kWorkerIp:
      return Value::of_string(data.worker_ip);
    case Field::kUpdateSeq:
      return Value::of_int(data.update_seq);
    case Field::kLabels:
    case Field::kUnknown:
      break;
  }
  return {};
}

}  // namespace maand::tpl
