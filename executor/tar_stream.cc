#include "executor/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>

#include <stdexcept>
#include <utility>

namespace maand {
namespace {

la_ssize_t append(archive*, void* buffer, const void* bytes, std::size_t size) {
  static_cast<std::string*>(buffer)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

struct TarStream::Writer {
  explicit Writer(std::string& out) : handle(archive_write_new()) {
    archive_write_set_format_gnutar(handle);
    archive_write_add_filter_none(handle);
    archive_write_set_bytes_per_block(handle, 0);  // what is written is handed on at once
    archive_write_open(handle, &out, nullptr, append, nullptr);
  }
  ~Writer() { archive_write_free(handle); }
  archive* handle;
};

TarStream::TarStream(std::vector<TarMember> members, Blobs* blobs)
    : members_(std::move(members)), blobs_(blobs), writer_(std::make_unique<Writer>(piece_)) {}

TarStream::~TarStream() = default;

void TarStream::write(const TarMember& member) {
  std::shared_ptr<const std::string> shared = member.bytes;
  if (!member.blob.empty()) shared = blobs_->read(member.blob);
  const std::string& bytes = shared ? *shared : member.content;
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, member.path.c_str());
  if (member.mode == FileMode::kSymlink) {
    archive_entry_set_filetype(entry, AE_IFLNK);
    archive_entry_set_perm(entry, 0777);
    archive_entry_set_symlink(entry, bytes.c_str());
  } else {
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, member.mode == FileMode::kExecutable ? 0755 : 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
  }
  const int header = archive_write_header(writer_->handle, entry);
  archive_entry_free(entry);
  bool written = header == ARCHIVE_OK;
  if (written && member.mode != FileMode::kSymlink && !bytes.empty()) {
    written = archive_write_data(writer_->handle, bytes.data(), bytes.size()) ==
              static_cast<la_ssize_t>(bytes.size());
  }
  if (!written || archive_write_finish_entry(writer_->handle) != ARCHIVE_OK) {
    const char* why = archive_error_string(writer_->handle);
    throw std::runtime_error("tar: " + member.path + ": " + (why ? why : "cannot be written"));
  }
}

std::string_view TarStream::next() {
  // Small files share a piece, so that a thousand of them are not a thousand writes.
  constexpr std::size_t kPieceBytes = 64 * 1024;
  piece_.clear();
  while (piece_.size() < kPieceBytes && at_ < members_.size()) write(members_[at_++]);
  if (at_ == members_.size() && !closed_ && piece_.size() < kPieceBytes) {
    closed_ = true;
    archive_write_close(writer_->handle);
  }
  return piece_;
}

}  // namespace maand
