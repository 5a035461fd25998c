#include "agents/internal/mistakes.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace baton::agents {
namespace {

// Nobody reads more at once, and a hostile file could have one at every byte.
constexpr std::size_t kMaxMistakes = 100;

// Columns count characters, as editors do, not bytes.
bool IsFirstByteOfCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

// A quoted name may hold line ends and what steers a terminal.
std::string OneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

}  // namespace

void Mistakes::Add(std::size_t offset, std::string message) {
  if (errors_.size() == kMaxMistakes) return;
  const std::string_view before = text_.substr(0, std::min(offset, text_.size()));
  const std::size_t newline = before.rfind('\n');
  const std::string_view line = newline == before.npos ? before : before.substr(newline + 1);
  AgentFileError error{
      .line = 1 + static_cast<int>(std::ranges::count(before, '\n')),
      .column = 1 + static_cast<int>(std::ranges::count_if(line, IsFirstByteOfCharacter)),
      .message = OneLine(std::move(message))};
  const auto place = [](const AgentFileError& e) { return std::tuple(e.line, e.column); };
  const auto same = [&](const AgentFileError& e) {
    return place(e) == place(error) && e.message == error.message;
  };
  if (std::ranges::any_of(errors_, same)) return;
  const auto behind = std::ranges::upper_bound(errors_, place(error), {}, place);
  errors_.insert(behind, std::move(error));
}

Status Mistakes::ToStatus(std::string_view file_name) const {
  if (errors_.empty()) return {};
  std::string message;
  for (const AgentFileError& error : errors_) {
    if (!message.empty()) message += '\n';
    message += fmt::format("{}:{}:{}: {}", OneLine(std::string(file_name)), error.line,
                           error.column, error.message);
  }
  return {Code::kInvalidArgument, std::move(message)};
}

}  // namespace baton::agents
