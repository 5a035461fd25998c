#include "workspace/internal/zip_entries.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/utf8.h"

namespace baton::workspace::internal {
namespace {

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using ArchivePtr = std::unique_ptr<archive, FreeArchive>;

std::string ReasonOf(archive* reader) {
  const char* reason = archive_error_string(reader);
  return ReplaceInvalidUtf8(reason == nullptr ? "not readable" : reason);
}

std::string NameOf(archive_entry* entry) {
  const char* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  return ReplaceInvalidUtf8(name == nullptr ? "" : name);
}

// The whole entry, at most `most` bytes.
Result<std::string> ReadEntry(archive* reader, const std::string& name, std::size_t most) {
  constexpr std::size_t kPiece = std::size_t{64} << 10U;
  std::string bytes;
  std::vector<char> piece(kPiece);
  while (true) {
    const la_ssize_t count = archive_read_data(reader, piece.data(), piece.size());
    if (count == 0) return bytes;
    if (count < 0) {
      return Fail(Code::kInvalidArgument, "a broken ZIP file: '{}': {}", name, ReasonOf(reader));
    }
    if (bytes.size() + static_cast<std::size_t>(count) > most) {
      return Fail(Code::kResourceExhausted, "a ZIP file that unpacks to too much: '{}'", name);
    }
    bytes.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Result<std::vector<ZipEntry>> ReadZip(std::string_view bytes,
                                      const std::function<bool(std::string_view)>& wanted,
                                      const ZipLimits& limits) {
  const ArchivePtr reader(archive_read_new());
  archive_read_support_format_zip_seekable(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return Fail(Code::kInvalidArgument, "no ZIP file: {}", ReasonOf(reader.get()));
  }
  std::vector<ZipEntry> entries;
  std::size_t seen = 0;
  std::size_t left = limits.total_bytes;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK ||
         status == ARCHIVE_WARN) {
    if (++seen > limits.entries) {
      return Fail(Code::kResourceExhausted, "a ZIP file of more than {} files", limits.entries);
    }
    std::string name = NameOf(entry);
    if (archive_entry_filetype(entry) != AE_IFREG || !wanted(name)) continue;
    if (archive_entry_is_encrypted(entry) != 0) {
      return Fail(Code::kInvalidArgument, "a ZIP file that needs a password");
    }
    auto content = ReadEntry(reader.get(), name, std::min(left, limits.entry_bytes));
    if (!content) return Fail(std::move(content).error());
    left -= content->size();
    entries.push_back({std::move(name), *std::move(content)});
  }
  if (status != ARCHIVE_EOF) {
    return Fail(Code::kInvalidArgument, "a broken ZIP file: {}", ReasonOf(reader.get()));
  }
  return entries;
}

const std::string* FindEntry(const std::vector<ZipEntry>& entries, std::string_view name) {
  const auto found = std::ranges::find(entries, name, &ZipEntry::name);
  return found == entries.end() ? nullptr : &found->bytes;
}

}  // namespace baton::workspace::internal
