// What is in a ZIP file, by libarchive.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace baton::workspace::internal {

struct ZipEntry {
  std::string name;  // UTF-8, as in the archive: "word/document.xml"
  std::string bytes;
};

// Of what is unpacked; a small file may stand for any amount.
struct ZipLimits {
  std::size_t entries = 10'000;
  std::size_t entry_bytes = std::size_t{64} << 20U;
  std::size_t total_bytes = std::size_t{128} << 20U;
};

// The files for which `wanted(name)`, in their order. kInvalidArgument for what is no ZIP file,
// is broken or encrypted; kResourceExhausted beyond a limit. Names lead nowhere: nothing is
// written.
Result<std::vector<ZipEntry>> ReadZip(std::string_view bytes,
                                      const std::function<bool(std::string_view)>& wanted,
                                      const ZipLimits& limits = {});

// The bytes of the entry called so; null if there is none.
const std::string* FindEntry(const std::vector<ZipEntry>& entries, std::string_view name);

}  // namespace baton::workspace::internal
