// Any package gives a document, or a reason. A ZIP file that is changed at random is refused for
// its checksums before a reader sees it: here the input is what is in the file, which is packed,
// well-formed, before it is read. The input is the package's name, and then for each file in it a
// line with FS (0x1C), the file's name, LF, its bytes:
//
//   a.docx LF FS word/document.xml LF <w:document …
//
// A package whose name ends in ".eml" is read as it stands behind the first LF.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workspace/importer.h"
#include "workspace/testing/checked_document.h"

namespace {

constexpr char kFileSeparator = '\x1C';
constexpr std::size_t kMaxPackedFiles = 64;

void AddEntry(archive* zip, std::string_view file) {
  const std::size_t line = file.find('\n');
  const std::string name(file.substr(0, std::min(line, file.find('\0'))));
  const std::string_view bytes =
      line == std::string_view::npos ? std::string_view() : file.substr(line + 1);
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_pathname(entry, name.empty() ? "x" : name.c_str());
  archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
  archive_entry_set_filetype(entry, AE_IFREG);
  if (archive_write_header(zip, entry) == ARCHIVE_OK) {
    static_cast<void>(archive_write_data(zip, bytes.data(), bytes.size()));
  }
  archive_entry_free(entry);
}

// Stored, not compressed: the input's bytes stay visible to the fuzzer.
std::string Pack(std::string_view files) {
  std::vector<char> out(files.size() + (std::size_t{1} << 20U));
  std::size_t used = 0;
  archive* const zip = archive_write_new();
  archive_write_set_format_zip(zip);
  archive_write_zip_set_compression_store(zip);
  if (archive_write_open_memory(zip, out.data(), out.size(), &used) == ARCHIVE_OK) {
    for (std::size_t i = 0; i < kMaxPackedFiles && !files.empty(); ++i) {
      const std::size_t next = files.find(kFileSeparator);
      AddEntry(zip, files.substr(0, next));
      files = next == std::string_view::npos ? std::string_view() : files.substr(next + 1);
    }
  }
  archive_write_free(zip);
  return {out.data(), used};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const std::string_view name = input.substr(0, line);
  std::string_view rest = input.substr(line + 1);
  if (rest.starts_with(kFileSeparator)) rest.remove_prefix(1);
  baton::workspace::testing::CheckParsed(
      baton::workspace::ParseFile(name, name.ends_with(".eml") ? std::string(rest) : Pack(rest)));
  return 0;
}
