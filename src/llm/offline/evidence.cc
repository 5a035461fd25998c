#include "llm/offline/evidence.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "llm/offline/small_talk.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

// A question with more words than this says itself what it is about.
constexpr std::size_t kMaxReferringWords = 6;

// The number of a line "[2] Title — path"; nothing for other lines.
std::optional<int> HeaderNumber(std::string_view line) {
  if (!line.starts_with('[')) return std::nullopt;
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos || close < 2 || close > 5) return std::nullopt;
  int number = 0;
  for (const char c : line.substr(1, close - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number > 0 ? std::optional(number) : std::nullopt;
}

bool IsEmptyPassage(const Passage& passage) {
  return passage.number == 0 && Trimmed(passage.text).empty();
}

// The first message of the turn that is under way: what follows the last answer in text.
std::size_t TurnBegin(const std::vector<Message>& messages) {
  for (std::size_t i = messages.size(); i > 0; --i) {
    const Message& message = messages[i - 1];
    if (message.role == Role::kAssistant && message.tool_calls.empty()) return i;
  }
  return 0;
}

// The last user message before `end`; messages.size() if there is none.
std::size_t LastUser(const std::vector<Message>& messages, std::size_t end) {
  for (std::size_t i = end; i > 0; --i) {
    if (messages[i - 1].role == Role::kUser) return i - 1;
  }
  return messages.size();
}

bool HasResults(const std::vector<Message>& messages, std::size_t begin, std::size_t end) {
  return std::any_of(messages.begin() + static_cast<std::ptrdiff_t>(begin),
                     messages.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Message& m) { return m.role == Role::kTool; });
}

// Which message asks the question of this turn.
std::size_t QuestionIndex(const std::vector<Message>& messages) {
  const std::size_t last = LastUser(messages, messages.size());
  if (last == messages.size() || HasResults(messages, last, messages.size())) return last;
  const std::size_t begin = TurnBegin(messages);
  if (begin > last || !HasResults(messages, begin, last)) return last;
  std::size_t result = begin;
  while (messages[result].role != Role::kTool) ++result;
  const std::size_t asked = LastUser(messages, result);
  return asked == messages.size() ? last : asked;
}

// A prompt may carry its sources itself. Takes those that are numbered; returns the rest.
std::string TakeNumberedPassages(std::string_view prompt, Evidence& evidence) {
  std::string rest;
  for (Passage& passage : ParsePassages(prompt)) {
    if (passage.number > 0) {
      evidence.passages.push_back(std::move(passage));
    } else {
      rest += passage.text;
    }
  }
  return rest;
}

bool OnlySearches(const std::vector<ToolCall>& calls) {
  return std::ranges::all_of(calls, [](const ToolCall& call) {
    return call.name.starts_with("search") || call.name.starts_with("find");
  });
}

// What to search for. "And on Thursday?" is about what was asked before.
std::string QueryOf(const Evidence& evidence) {
  std::string phrase = KeyPhrase(evidence.question);
  const std::vector<std::string> topics = TopicStems(evidence.question);
  const std::vector<Word> words = SplitWords(evidence.question);
  if (topics.size() > 1 || evidence.earlier.empty() || words.size() > kMaxReferringWords) {
    return phrase;
  }
  const std::string& previous = evidence.earlier.back();
  static constexpr std::string_view kReferring[] = {
      "it",  "that", "this", "they", "them", "its", "and", "about", "more", "then",
      "und", "das",  "dazu", "mehr", "dann", "y",   "eso", "más",   "et",   "plus"};
  const bool refers = std::ranges::any_of(words, [](const Word& word) {
    return std::ranges::find(kReferring, word.folded) != std::end(kReferring);
  });
  if (!refers || ClassifyTalk(evidence.question).talk != Talk::kNone ||
      ClassifyTalk(previous).talk != Talk::kNone) {
    return phrase;
  }
  return (topics.empty() ? "" : phrase + " ") + KeyPhrase(previous);
}

void CompareTopics(Evidence& evidence) {
  std::set<std::string> found;
  for (const Passage& passage : evidence.passages) {
    for (std::string& stem : AllStems(passage.title)) found.insert(std::move(stem));
    for (std::string& stem : AllStems(passage.text)) found.insert(std::move(stem));
  }
  for (std::string& stem : TopicStems(evidence.query)) {
    (found.contains(stem) ? evidence.covered : evidence.missing).push_back(std::move(stem));
  }
}

}  // namespace

std::vector<Passage> ParsePassages(std::string_view tool_result) {
  std::vector<Passage> passages(1);
  bool at_block_start = true;
  while (!tool_result.empty()) {
    const std::size_t end = std::min(tool_result.find('\n'), tool_result.size());
    const std::string_view line = Trimmed(tool_result.substr(0, end));
    tool_result.remove_prefix(std::min(end + 1, tool_result.size()));
    const std::optional<int> number = HeaderNumber(line);
    if (number && at_block_start) {
      const std::string_view title = Trimmed(line.substr(line.find(']') + 1));
      passages.push_back({*number, std::string(title), {}});
    } else {
      passages.back().text += line;
      passages.back().text += '\n';
    }
    at_block_start = line.empty();
  }
  std::erase_if(passages, IsEmptyPassage);
  return passages;
}

double Evidence::coverage() const {
  if (passages.empty()) return 0;
  const std::size_t topics = covered.size() + missing.size();
  return topics == 0 ? 1 : static_cast<double>(covered.size()) / static_cast<double>(topics);
}

Evidence GatherEvidence(const ChatRequest& request) {
  const std::vector<Message>& messages = request.messages;
  Evidence evidence;
  const std::size_t question = QuestionIndex(messages);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (i == question) {
      evidence.question = Trimmed(TakeNumberedPassages(message.content, evidence));
    } else if (message.role == Role::kUser && i < question) {
      evidence.earlier.push_back(message.content);
    } else if (message.role == Role::kUser) {
      evidence.instructions += TakeNumberedPassages(message.content, evidence) + "\n";
    } else if (message.role == Role::kSystem) {
      evidence.instructions += message.content + "\n";
    } else if (message.role == Role::kAssistant && i > question) {
      evidence.only_searched = evidence.only_searched && OnlySearches(message.tool_calls);
    } else if (message.role == Role::kTool && i > question) {
      evidence.has_results = true;
      for (Passage& passage : ParsePassages(message.content)) {
        evidence.passages.push_back(std::move(passage));
      }
    }
  }
  evidence.query = QueryOf(evidence);
  evidence.language = GuessLanguage(evidence.question);
  CompareTopics(evidence);
  return evidence;
}

}  // namespace baton::llm::offline
