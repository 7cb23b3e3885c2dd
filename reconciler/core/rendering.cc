#include "reconciler/core/rendering.h"

#include <set>
#include <string_view>
#include <utility>

#include "reconciler/core/file_rules.h"
#include "reconciler/core/kept_worker_id.h"
#include "reconciler/core/worker_files.h"

namespace maand {
namespace {

bool is_list_of(const AppliedAllocation* applied, const FileSet& list) {
  return applied && applied->files && applied->files->list_id == list.list_id;
}

}  // namespace

struct JobRenderer::Once {
  std::vector<ShippedFile> files;
  std::vector<RenderFailure> failures;
  bool moves = false;  // a template read a value that moves by itself
  Digest values;
};

JobRenderer::JobRenderer(const Job& job, const Variables& variables, const RenderSettings& settings,
                         const ScrapeTexts& scrape)
    : job_(job), variables_(variables), settings_(settings), scrape_(scrape) {}

std::shared_ptr<const std::string> JobRenderer::shared(const Digest& digest, std::string text) {
  std::shared_ptr<const std::string>& known = texts_[digest];
  if (!known) known = std::make_shared<const std::string>(std::move(text));
  return known;
}

JobRenderer::Once JobRenderer::render_all(const Worker& worker, std::uint32_t index,
                                          const std::string& current_version, std::int64_t update_seq,
                                          const MadeFiles& made) {
  const AllocationKey key{job_.name, worker.host};
  const std::string allocation_id = derived_id(job_.name.str() + "|" + worker.host.str());
  std::string id;
  const Variables::Value told =
      variables_.get(worker_namespace(WorkerHost(variables_.address(index))), kWorkerIdKey, id);
  if (told.text && told.text->data() != id.data()) id = *told.text;
  const std::string bucket_path = settings_.worker_root + "/" + settings_.bucket.str();
  const std::string job_path = bucket_path + "/jobs/" + job_.name.str();
  TemplateData data;
  data.allocation_id = allocation_id;
  data.job = job_.name.str();
  data.current_version = current_version;
  data.new_version = job_.version;
  data.bucket_id = settings_.bucket.str();
  data.worker_id = id;
  data.worker_ip = variables_.address(index);
  data.labels = worker.labels;
  data.update_seq = update_seq;
  data.bucket_path = bucket_path;
  data.job_path = job_path;

  Once out;
  out.files.reserve(job_.templates.size() + job_.files->files.size());
  AllocationValues values(variables_, job_, index, scrape_);
  for (const JobTemplate& one : job_.templates) {
    std::variant<Rendered, TemplateProblem> result = maand::render(*one.parsed, data, values);
    if (auto* problem = std::get_if<TemplateProblem>(&result)) {
      if (problem->kind == TemplateProblem::Kind::kMissingValue) {
        for (TemplateProblem& each : missing_.all_of(*one.parsed, data, values, std::move(*problem))) {
          out.failures.push_back({one.path + ".tpl", std::move(each)});
        }
      } else {
        out.failures.push_back({one.path + ".tpl", std::move(*problem)});
      }
      continue;
    }
    Rendered& rendered = std::get<Rendered>(result);
    out.moves = out.moves || rendered.read_current_version || rendered.read_update_seq;
    ShippedFile file;
    file.path = one.path;
    file.mode = one.mode;
    file.content = sha256(rendered.text);
    file.size_bytes = rendered.text.size();
    file.text = shared(file.content, std::move(rendered.text));
    apply_file_rules(job_.file_rules, true, rendered.read_secret, file);
    out.files.push_back(std::move(file));
  }
  // Dot counts whole: a template that does not read a field renders the same, and
  // then nobody asks for this digest.
  std::string read;
  read.reserve(values.read_log().size() + made.inputs.size() + 512);
  read.append(values.read_log()).append(made.inputs);
  for (const std::string_view part : {data.allocation_id, data.new_version, data.worker_ip, data.job_path}) {
    read.append(part).push_back('\n');
  }
  for (const std::string& label : data.labels) read.append(label).push_back('\n');
  out.values = sha256(read);
  return out;
}

std::vector<ShippedFile> JobRenderer::preview(const Worker& worker, std::uint32_t index,
                                              const std::string& current_version, std::int64_t update_seq,
                                              const MadeFiles& made) {
  Once once = render_all(worker, index, current_version, update_seq, made);
  std::set<std::string_view> paths;
  for (const ShippedFile& one : made.files) paths.insert(one.path);
  std::vector<ShippedFile> out = made.files;
  for (ShippedFile& file : once.files) {
    if (paths.count(file.path) == 0) out.push_back(std::move(file));
  }
  return out;
}

std::variant<AllocationContent, std::vector<RenderFailure>> JobRenderer::render(
    const Worker& worker, std::uint32_t index, const AppliedAllocation* applied, const MadeFiles& made) {
  const std::string current_version = applied ? applied->version : "0.0.0";
  Once now = render_all(worker, index, current_version, settings_.update_seq, made);
  if (!now.failures.empty()) return std::move(now.failures);

  const auto list_of = [&](std::vector<ShippedFile> files) {
    files.insert(files.end(), job_.files->files.begin(), job_.files->files.end());
    std::set<std::string_view> paths;
    for (const ShippedFile& one : made.files) paths.insert(one.path);
    std::erase_if(files, [&](const ShippedFile& file) { return paths.count(file.path) > 0; });
    files.insert(files.end(), made.files.begin(), made.files.end());
    return make_file_set(std::move(files));
  };
  AllocationContent out;
  out.with = {now.values, now.moves ? current_version : "", now.moves ? settings_.update_seq : 0};
  out.files = list_of(std::move(now.files));
  out.compared = out.files;
  const RenderedWith* before = applied && applied->files ? &applied->rendered_with : nullptr;
  if (now.moves && before && !before->values.empty() && before->update_seq != 0) {
    Once then = render_all(worker, index, before->current_version, before->update_seq, made);
    if (then.failures.empty()) out.compared = list_of(std::move(then.files));
  }
  // The list that lies there is known already; its like need not be kept twice.
  if (out.compared != out.files && is_list_of(applied, *out.compared)) out.compared = applied->files;
  return out;
}

}  // namespace maand
