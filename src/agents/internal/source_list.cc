#include "agents/internal/source_list.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/utf8.h"

namespace baton::agents {
namespace {

// A search result shows a few hundred bytes; what is longer is no excerpt and would crowd out
// the others.
constexpr std::size_t kMaxExcerptBytes = std::size_t{4} << 10U;

bool IsSameSource(const tools::Source& a, const tools::Source& b) {
  return (!a.id.empty() && a.id == b.id) || (!a.locator.empty() && a.locator == b.locator);
}

json::Value Numbered(int number, const tools::Source& source) {
  json::Value json = tools::ToJson(source);
  json.as_object()["number"] = number;
  return json;
}

std::string Head(std::ptrdiff_t number, std::string_view title) {
  return "[" + std::to_string(number).append("] ").append(title);
}

// The numbers between two brackets; empty if anything else stands there.
std::vector<int> ParseCitation(std::string_view inside) {
  std::vector<int> numbers;
  while (!inside.empty()) {
    int number = 0;
    const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), number);
    if (error != std::errc() || number <= 0) return {};
    numbers.push_back(number);
    inside.remove_prefix(static_cast<std::size_t>(end - inside.data()));
    const std::size_t next = inside.find_first_not_of(",; ");
    if (next == std::string_view::npos) return inside.empty() ? numbers : std::vector<int>();
    if (next == 0) return {};
    inside.remove_prefix(next);
  }
  return numbers;
}

}  // namespace

Result<SourceList> SourceList::Parse(const json::Array& found) {
  SourceList list;
  for (const json::Value& element : found) {
    Result<tools::Source> source = tools::ParseSource(element);
    if (!source) return Fail(std::move(source).error().Annotate("channel 'found'"));
    const int number = static_cast<int>(json::GetInt(element, "number"));
    list.records_.push_back({number, *std::move(source)});
    list.last_number_ = std::max(list.last_number_, number);
  }
  return list;
}

int SourceList::Add(const tools::Source& source) {
  int number = 0;
  for (const Record& record : records_) {
    if (!IsSameSource(record.source, source)) continue;
    number = record.number;
    if (source.excerpt.empty() || record.source.excerpt == source.excerpt) return number;
  }
  if (number == 0) number = ++last_number_;
  records_.push_back({number, source});
  added_.push_back(Numbered(number, source));
  return number;
}

std::string SourceList::Renumber(const tools::ToolResult& result) {
  std::string text;
  text.reserve(result.text.size());
  auto next = result.sources.begin();
  bool at_block_start = true;
  for (std::string_view rest = result.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
    rest.remove_prefix(line.size());
    std::string head;
    if (at_block_start && next != result.sources.end()) {
      head = Head(next - result.sources.begin() + 1, next->title);
    }
    if (!head.empty() && line.starts_with(head)) {
      text += Head(Add(*next), next->title);
      text += line.substr(head.size());
      ++next;
    } else {
      text += line;
    }
    at_block_start = line.find_first_not_of(" \r\n") == std::string_view::npos;
  }
  for (; next != result.sources.end(); ++next) {
    if (!text.empty()) text += "\n\n";
    text += FormatSource(Add(*next), *next);
  }
  return text;
}

const tools::Source* SourceList::Find(std::int64_t number) const {
  const auto record =
      std::ranges::find(records_, number, [](const Record& r) -> std::int64_t { return r.number; });
  return record == records_.end() ? nullptr : &record->source;
}

json::Array SourceList::Cited(std::string_view answer) const {
  json::Array cited;
  for (const int number : CitedNumbers(answer)) {
    if (const tools::Source* source = Find(number)) cited.push_back(Numbered(number, *source));
  }
  return cited;
}

std::string FormatSource(int number, const tools::Source& source) {
  std::string text = Head(number, source.title);
  if (!source.locator.empty()) text += fmt::format(" — {}", source.locator);
  bool after_newline = true;
  for (const char c : Utf8Prefix(source.excerpt, kMaxExcerptBytes)) {
    if (c == '\n' || c == '\r') {
      after_newline = true;
      continue;
    }
    if (std::exchange(after_newline, false)) text += '\n';
    text += c;
  }
  return text;
}

std::string ReplaceCitations(std::string_view text, const std::map<int, int>& numbers) {
  std::string replaced;
  for (std::size_t open = text.find('['); open != std::string_view::npos; open = text.find('[')) {
    const std::size_t close = text.find_first_of("[]", open + 1);
    if (close == std::string_view::npos) break;
    std::vector<int> cited;
    if (text[close] == ']') cited = ParseCitation(text.substr(open + 1, close - open - 1));
    const bool known = !cited.empty() && std::ranges::all_of(cited, [&](int number) {
      return numbers.contains(number);
    });
    replaced += text.substr(0, open);
    if (known) {
      for (int& number : cited) number = numbers.at(number);
      replaced += fmt::format("[{}]", fmt::join(cited, ", "));
      text.remove_prefix(close + 1);
    } else {
      replaced += '[';
      text.remove_prefix(open + 1);
    }
  }
  return replaced.append(text);
}

std::vector<int> CitedNumbers(std::string_view text) {
  std::set<int> numbers;
  for (std::size_t open = text.find('['); open != std::string_view::npos;
       open = text.find('[', open + 1)) {
    const std::size_t close = text.find_first_of("[]", open + 1);
    if (close == std::string_view::npos) break;
    if (text[close] != ']') continue;
    const std::vector<int> cited = ParseCitation(text.substr(open + 1, close - open - 1));
    numbers.insert(cited.begin(), cited.end());
  }
  return {numbers.begin(), numbers.end()};
}

}  // namespace baton::agents
