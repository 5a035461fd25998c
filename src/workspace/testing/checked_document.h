// What must hold of every document that was read, for fuzz targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf16.h"
#include "base/utf8.h"
#include "workspace/document_store.h"

namespace baton::workspace::testing {

// Chunks come in order, are of the content, and their offsets say where.
inline void CheckChunks(const ParsedDocument& document) {
  std::size_t at = 0;  // bytes
  std::int64_t units = 0;
  const auto count = [](std::string_view text) { return Utf16Length(text); };
  for (const Chunk& chunk : document.chunks) {
    const std::string_view rest = std::string_view(document.content).substr(at);
    const std::size_t found = rest.find(chunk.content);
    BATON_CHECK(found != std::string_view::npos, "a chunk is not in the content");
    BATON_CHECK(chunk.begin >= units + count(rest.substr(0, found)), "a chunk begins too early");
    BATON_CHECK(chunk.end - chunk.begin == count(chunk.content), "a chunk's end does not fit");
    at += found + chunk.content.size();
    units = units + count(rest.substr(0, found + chunk.content.size()));
    BATON_CHECK(!chunk.content.empty() && chunk.end - chunk.begin <= 1200, "a chunk's size");
  }
}

// A document that can be stored, or a reason.
inline void CheckParsed(const Result<ParsedDocument>& document) {
  if (!document) {
    BATON_CHECK(!document.error().message().empty(), "no reason");
    return;
  }
  BATON_CHECK(IsValidUtf8(document->content), "content is not UTF-8");
  BATON_CHECK(IsValidUtf8(document->title), "title is not UTF-8");
  CheckChunks(*document);
}

}  // namespace baton::workspace::testing
