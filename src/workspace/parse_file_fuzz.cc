// Any name and bytes give a document whose chunks fit its content, or a reason. The input is
// the file's name, LF, its bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "workspace/importer.h"
#include "workspace/testing/checked_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  baton::workspace::testing::CheckParsed(
      baton::workspace::ParseFile(input.substr(0, line), input.substr(line + 1)));
  return 0;
}
