// Any name and bytes give a document whose chunks fit its content, or a reason. The input is
// the file's name, LF, its bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf16.h"
#include "base/utf8.h"
#include "workspace/importer.h"
#include "workspace/internal/text_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = input.find('\n');
  if (line == std::string_view::npos) return 0;
  const baton::Result<baton::workspace::ParsedDocument> document =
      baton::workspace::ParseFile(input.substr(0, line), input.substr(line + 1));
  if (!document) {
    BATON_CHECK(!document.error().message().empty(), "no reason");
    return 0;
  }
  BATON_CHECK(baton::IsValidUtf8(document->content), "content is not UTF-8");
  BATON_CHECK(baton::IsValidUtf8(document->title), "title is not UTF-8");
  std::size_t at = 0;  // bytes; chunks come in order
  std::int64_t units = 0;
  for (const baton::workspace::Chunk& chunk : document->chunks) {
    const std::string_view rest = std::string_view(document->content).substr(at);
    const std::size_t found = rest.find(chunk.content);
    BATON_CHECK(found != std::string_view::npos, "a chunk is not in the content");
    const auto count = [](std::string_view text) { return baton::Utf16Length(text); };
    BATON_CHECK(chunk.begin >= units + count(rest.substr(0, found)), "a chunk begins too early");
    BATON_CHECK(chunk.end - chunk.begin == count(chunk.content), "a chunk's end does not fit");
    at += found + chunk.content.size();
    units = units + count(rest.substr(0, found + chunk.content.size()));
    BATON_CHECK(!chunk.content.empty() && chunk.end - chunk.begin <= 1200, "a chunk's size");
  }
  return 0;
}
