#include "http/sse.h"

#include <utility>

namespace baton::http {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).push_back('\n');
}

void AppendSingleLine(std::string& out, std::string_view name, std::string value) {
  std::erase_if(value, [](char c) { return c == '\n' || c == '\r'; });
  if (!value.empty()) AppendField(out, name, value);
}

}  // namespace

Status SseParser::Feed(std::string_view piece) {
  while (!failed_ && !piece.empty()) {
    if (std::exchange(skip_lf_, false) && piece.front() == '\n') {
      piece.remove_prefix(1);
      continue;
    }
    const std::size_t end = piece.find_first_of("\r\n");
    const std::string_view part = piece.substr(0, end);
    const std::size_t held = event_.event.size() + event_.data.size() + line_.size();
    if (held + part.size() > max_event_bytes_) {
      failed_ = true;
    } else if (end == std::string_view::npos) {
      line_.append(part);
      piece = {};
    } else {
      // A line that came in one piece, as most do, needs no copy.
      EndLine(line_.empty() ? part : std::string_view(line_.append(part)));
      line_.clear();
      skip_lf_ = piece[end] == '\r';
      piece.remove_prefix(end + 1);
    }
  }
  if (!failed_) return {};
  return Fail(Code::kResourceExhausted, "event stream: an event exceeds {} bytes",
              max_event_bytes_);
}

void SseParser::EndLine(std::string_view line) {
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) return Dispatch();
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (std::exchange(has_data_, true)) event_.data.push_back('\n');
    event_.data.append(value);
  } else if (field == "event") {
    event_.event = value;
  } else if (field == "id" && !value.contains('\0')) {
    event_.id = value;
  }
}

void SseParser::Dispatch() {
  if (has_data_) ready_.push_back(event_);
  has_data_ = false;
  event_.event.clear();
  event_.data.clear();
}

std::optional<SseEvent> SseParser::Next() {
  if (ready_.empty()) return std::nullopt;
  std::optional<SseEvent> event(std::move(ready_.front()));
  ready_.pop_front();
  return event;
}

std::string EncodeSse(const SseEvent& event) {
  std::string out;
  AppendSingleLine(out, "event", event.event);
  AppendSingleLine(out, "id", event.id);
  std::string_view rest = event.data;
  while (true) {
    const std::size_t end = rest.find_first_of("\r\n");
    AppendField(out, "data", rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(rest.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  out.push_back('\n');
  return out;
}

}  // namespace baton::http
