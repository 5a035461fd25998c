// Server-sent events: the text/event-stream format.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::http {

struct SseEvent {
  std::string event;  // empty means "message"
  std::string data;   // lines joined by '\n'
  std::string id;     // the last id seen, of this event or an earlier one
  bool operator==(const SseEvent&) const = default;
};

// Reads a stream in pieces of any size (WHATWG HTML, section 9.2.6): LF, CR and CRLF, a BOM at
// the start, comments, several data lines, unknown fields.
//
//   parser.Feed(piece);
//   while (auto event = parser.Next()) …
class SseParser {
 public:
  // `max_event_bytes` bounds what one event may hold before it is complete.
  explicit SseParser(std::size_t max_event_bytes = std::size_t{16} << 20U)
      : max_event_bytes_(max_event_bytes) {}

  // kResourceExhausted if an event or a line grows over the limit; the parser is then at its
  // end: Next() yields what was complete before, further pieces fail too.
  Status Feed(std::string_view piece);

  // The next complete event; empty until more is fed. What is incomplete at the end of the
  // stream is dropped, as the standard says.
  std::optional<SseEvent> Next();

 private:
  void EndLine(std::string_view line);
  void Dispatch();

  const std::size_t max_event_bytes_;
  std::deque<SseEvent> ready_;
  std::string line_;  // the beginning of a line whose end is yet to be fed
  SseEvent event_;    // under construction; its id stays from one event to the next
  bool has_data_ = false;
  bool at_start_ = true;  // a BOM may come
  bool skip_lf_ = false;  // the last line ended in CR
  bool failed_ = false;
};

// "event: …\nid: …\ndata: …\n\n"; data with line breaks becomes several data lines.
// Line breaks in `event` and `id`, which the format cannot carry, are left out.
std::string EncodeSse(const SseEvent& event);

}  // namespace baton::http
