// The language of `.tpl` files: Go's text/template with maand's functions
// (workspace.md 7). Where it differs from Go on purpose is told in README.md.
//
// Parsing and rendering are pure and total: any bytes give a value or a problem,
// nothing throws, recurses without bound or grows without bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maand {

// Dot, as a template sees it (workspace.md 7.2): `{{.AllocationID}}`, `{{.Job}}`,
// `{{.WorkerData.Labels}}` and so on. Views must stay valid until rendering ends.
struct TemplateData {
  std::string_view allocation_id;
  std::string_view job;
  std::string_view current_version;  // what runs now; `0.0.0` before the first start
  std::string_view new_version;
  // The fields of WorkerData, addressable with and without its name.
  std::string_view bucket_id;
  std::string_view worker_id;
  std::string_view worker_ip;
  std::span<const std::string> labels;  // sorted
  std::int64_t update_seq = 0;
  // And the rest.
  std::string_view bucket_path;
  std::string_view job_path;
  // A scrape.yaml.tpl belongs to no allocation: it has Job, CurrentVersion and
  // NewVersion alone, and every other field is an error (workspace.md 7.3).
  bool job_only = false;
};

// Where `get`, `keys` and the others find values. Called once per use; whoever
// implements it records what was read. Which namespaces may be read is its matter
// (workspace.md 6.5).
class TemplateValues {
 public:
  enum class Answer { kFound, kMissing, kDenied };

  virtual ~TemplateValues() = default;

  // `value` must stay valid until rendering ends.
  virtual Answer get(std::string_view ns, std::string_view key, std::string_view& value) = 0;

  // Sorted. kMissing is an empty list.
  virtual Answer keys(std::string_view ns, std::vector<std::string>& keys) = 0;

  // `getSecret`: the key in `secrets/job/<own job>`, in the clear.
  virtual Answer secret(std::string_view key, std::string_view& value) = 0;

  // `scrapeConfigs`, `ruleFiles` (workspace.md 13.4). nullopt: `problem` says why.
  virtual std::optional<std::string> scrape_configs(std::string& problem) = 0;
  virtual std::optional<std::string> rule_files(std::string& problem) = 0;
};

struct TemplateProblem {
  enum class Kind {
    kSyntax,        // the text is no template
    kExecution,     // it cannot be rendered, whatever the values
    kMissingValue,  // `get` or `getSecret` of a key that is not there (yet): may be waited for
    kDenied,        // a namespace this allocation may not read
    kLimit,         // a bound of TemplateLimits or of the parser was reached
  };
  Kind kind = Kind::kSyntax;
  int line = 0;    // from 1
  int column = 0;  // from 1, in bytes
  // What is wrong and what was expected; names the node as Go does. One line, fit to be
  // printed. Never holds a value that was read from a secret or made from one.
  std::string message;
  // kMissingValue, kDenied. `getSecret` leaves `ns` empty (the caller knows the job).
  // A name that was itself made from a secret is left empty as well.
  std::string ns, key;
};

// What one rendering may use. A template that reaches one of them is refused (kLimit).
struct TemplateLimits {
  // Nodes walked, calls made, rounds of `range`, and one more for every 64 bytes that a
  // function reads or writes. The catalog's largest template takes some thousand.
  std::size_t steps = 2'000'000;
  std::size_t output_bytes = 8u << 20;
  std::size_t value_bytes = 8u << 20;  // all strings and lists that functions make
  std::size_t call_depth = 200;        // of `{{template}}` within `{{template}}`
  // Of bodies, parentheses and `template` calls together; bounds the stack (about 1 KiB each).
  std::size_t depth = 1000;
};

// The parser's own bounds.
inline constexpr std::size_t kTemplateBytesMax = 4u << 20;
inline constexpr std::size_t kTemplateNestingMax = 200;  // bodies and parentheses within one another

struct Rendered {
  std::string text;
  // Which values that move by themselves were evaluated; also set when dot as a whole
  // was printed or compared ("Where we differ on purpose": they are no reason to roll out).
  bool read_current_version = false;
  bool read_update_seq = false;
  // `getSecret`, or `get` or `getOptional` of a namespace that starts with `secrets/`.
  bool read_secret = false;
};

// Parsed and immutable; may be rendered by many threads at once.
class Template;
using TemplatePtr = std::shared_ptr<const Template>;

std::variant<TemplatePtr, TemplateProblem> parse_template(std::string_view text);

// One `get`, `getOptional` or `keys` in the text, whether it is ever evaluated or not.
struct ValueRead {
  std::optional<std::string> ns;   // nullopt: only known while rendering
  std::optional<std::string> key;  // nullopt: as above, or every key (`keys`)
};
std::vector<ValueRead> value_reads(const Template& parsed);

// Nothing is half rendered: either the whole text or a problem.
std::variant<Rendered, TemplateProblem> render(const Template& parsed, const TemplateData& data,
                                               TemplateValues& values, const TemplateLimits& limits = {});

}  // namespace maand
