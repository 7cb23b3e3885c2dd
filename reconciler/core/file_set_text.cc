#include "reconciler/core/file_set_text.h"

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace maand {
namespace {

constexpr char kModes[] = {'f', 'x', 'l'};  // in the order of FileMode

std::optional<FileMode> mode_from(std::string_view word) {
  if (word == "f") return FileMode::kRegular;
  if (word == "x") return FileMode::kExecutable;
  if (word == "l") return FileMode::kSymlink;
  return std::nullopt;
}

std::string attributes_to_text(const FileAttributes& attributes) {
  if (attributes.usual()) return "";
  return ":" + std::to_string(attributes.permissions) + ":" + attributes.owner + ":" + attributes.group;
}

// What follows the mode: nothing, or `permissions:owner:group`, permissions in decimal.
std::optional<FileAttributes> attributes_from(std::string_view text) {
  FileAttributes out;
  if (text.empty()) return out;
  const std::size_t owner = text.find(':');
  const std::size_t group = owner == std::string_view::npos ? owner : text.find(':', owner + 1);
  if (group == std::string_view::npos) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + owner, out.permissions);
  if (error != std::errc{} || end != text.data() + owner) return std::nullopt;
  out.owner = text.substr(owner + 1, group - owner - 1);
  out.group = text.substr(group + 1);
  return out;
}

// Cuts up to the next `stop` off `rest`; empty at the end, which no column may be.
std::string_view cut(std::string_view& rest, char stop) {
  const std::size_t end = rest.find(stop);
  if (end == std::string_view::npos) return {};
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return word;
}

}  // namespace

std::string file_set_to_text(const FileSet& set) {
  std::string out;
  for (const ShippedFile& file : set.files) {
    out.push_back(kModes[static_cast<int>(file.mode)]);
    out += attributes_to_text(file.attributes);
    out += ' ';
    out += std::to_string(file.size_bytes);
    out += ' ';
    out += file.content.hex();
    out += ' ';
    out += file.blob.empty() ? "-" : file.blob.str();
    out += ' ';
    out += file.path;
    out += '\n';
  }
  return out;
}

FileSetPtr file_set_from_text(std::string_view text) {
  std::vector<ShippedFile> files;
  while (!text.empty()) {
    ShippedFile file;
    const std::string_view kind = cut(text, ' ');
    const auto mode = mode_from(kind.substr(0, kind.find(':')));
    const auto attributes = attributes_from(kind.size() > 1 ? kind.substr(2) : std::string_view());
    const std::string_view size = cut(text, ' ');
    file.content = Digest::from_hex(cut(text, ' '));
    const std::string_view blob = cut(text, ' ');
    file.path = cut(text, '\n');
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), file.size_bytes);
    if (!mode || !attributes || size.empty() || error != std::errc{} || end != size.data() + size.size() ||
        blob.empty() || file.path.empty()) {
      return nullptr;
    }
    file.mode = *mode;
    file.attributes = *attributes;
    if (blob != "-") file.blob = BlobId(blob);
    files.push_back(std::move(file));
  }
  return make_file_set(std::move(files));
}

}  // namespace maand
