// However a stream is cut, its events are the same.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "http/sse.h"

namespace {

struct Outcome {
  std::vector<baton::http::SseEvent> events;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome ParseInPieces(std::string_view stream, std::size_t piece_bytes, std::size_t limit) {
  Outcome outcome;
  baton::http::SseParser parser(limit);
  while (!stream.empty()) {
    const std::size_t size = std::min(piece_bytes, stream.size());
    if (!parser.Feed(stream.substr(0, size)).ok()) outcome.failed = true;
    while (auto event = parser.Next()) outcome.events.push_back(*std::move(event));
    stream.remove_prefix(size);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  for (const std::size_t limit : {std::size_t{24}, std::size_t{1} << 20U}) {
    const Outcome whole = ParseInPieces(stream, std::max<std::size_t>(size, 1), limit);
    for (const std::size_t piece_bytes : {1, 2, 3, 7}) {
      BATON_CHECK(ParseInPieces(stream, piece_bytes, limit) == whole,
                  "a split stream gave other events");
    }
    for (const auto& event : whole.events) {
      const std::string encoded = baton::http::EncodeSse(event);
      const Outcome again = ParseInPieces(encoded, encoded.size(), std::size_t{2} << 20U);
      // Data and type survive; the id of an event without one is that of an earlier event.
      BATON_CHECK(again.events.size() == 1 && again.events[0] == event, "encoding lost something");
    }
  }
  return 0;
}
