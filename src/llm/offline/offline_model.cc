#include "llm/offline/offline_model.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "async/signal.h"
#include "base/utf8.h"
#include "llm/offline/evidence.h"
#include "llm/offline/extraction.h"
#include "llm/offline/phrases.h"
#include "llm/offline/schema_filling.h"
#include "llm/offline/small_talk.h"
#include "llm/offline/text.h"
#include "llm/offline/tool_choice.h"

namespace baton::llm::offline {
namespace {

constexpr std::size_t kWordsPerPiece = 3;
constexpr std::size_t kMaxPlainBytes = 2000;
constexpr std::size_t kMaxNearest = 3;  // titles named where nothing matches

// `text` in pieces of a few words, the white space behind a word with it. Joined they are
// `text`.
std::vector<std::string_view> WordGroups(std::string_view text) {
  constexpr std::string_view kBreaks = " \n";
  std::vector<std::string_view> groups;
  std::size_t begin = 0;
  std::size_t words = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(kBreaks, at), text.size());
    at = std::min(text.find_first_not_of(kBreaks, end), text.size());
    if (++words < kWordsPerPiece && at < text.size()) continue;
    groups.push_back(text.substr(begin, at - begin));
    begin = at;
    words = 0;
  }
  return groups;
}

std::int64_t CountWords(std::string_view text) {
  return static_cast<std::int64_t>(SplitWords(text).size());
}

std::int64_t CountInput(const ChatRequest& request) {
  std::int64_t words = 0;
  for (const Message& message : request.messages) words += CountWords(message.content);
  for (const ToolSpec& tool : request.tools) words += CountWords(tool.description);
  return words;
}

// The passages that came nearest, by title: "- Storage design [2]".
std::string NearestTitles(const std::vector<Passage>& passages) {
  std::string out;
  std::vector<int> named;
  for (const Passage& passage : passages) {
    if (passage.number == 0 || named.size() >= kMaxNearest) continue;
    if (std::ranges::find(named, passage.number) != named.end()) continue;
    named.push_back(passage.number);
    out += fmt::format("{}- {} [{}]", out.empty() ? "" : "\n", passage.title, passage.number);
  }
  return out;
}

// What tools said in words of their own, such as "No document matches." or a list, with the numbers
// of the sources that only repeat a part of it; empty where a source says something else, or where
// it is more than can be read as an answer.
std::string PlainResult(const std::vector<Passage>& passages) {
  std::string plain;
  for (const Passage& passage : passages) {
    if (passage.number > 0) continue;
    plain += (plain.empty() ? "" : "\n\n") + std::string(Trimmed(passage.text));
  }
  std::string cited;
  for (const Passage& passage : passages) {
    if (passage.number == 0) continue;
    if (!plain.contains(Trimmed(passage.text))) return {};
    cited += fmt::format("[{}]", passage.number);
  }
  if (plain.empty() || plain.size() > kMaxPlainBytes) return {};
  return cited.empty() ? plain : fmt::format("{} {}", plain, cited);
}

std::string AnswerFromResults(const Evidence& evidence) {
  const Phrases& phrases = PhrasesOf(evidence.language);
  const std::string plain = PlainResult(evidence.passages);
  if (!plain.empty()) {
    return evidence.only_searched
               ? fmt::format("{} {}\n\n{}", phrases.nothing_found, plain, phrases.short_closing)
               : fmt::format("{}\n\n{}", plain, phrases.plain_closing);
  }
  const std::string answer = ComposeAnswer(FindSentences(evidence));
  if (!answer.empty()) return fmt::format("{}\n\n{}", answer, phrases.closing);
  const std::string nearest = NearestTitles(evidence.passages);
  if (!nearest.empty()) {
    return fmt::format("{}\n\n{}", fmt::format(fmt::runtime(phrases.no_match), nearest),
                       phrases.short_closing);
  }
  return fmt::format("{}\n\n{}", phrases.nothing_found, phrases.short_closing);
}

// Input that is not UTF-8 is made so once, here; everything below relies on it.
ChatRequest WithValidText(ChatRequest request) {
  for (Message& message : request.messages) {
    if (!IsValidUtf8(message.content)) message.content = ReplaceInvalidUtf8(message.content);
  }
  return request;
}

// The answer as a whole; giving it out piece by piece is the caller's part.
Result<ChatResponse> Answer(const ChatRequest& request) {
  const Evidence evidence = GatherEvidence(request);
  ChatResponse response;
  response.message.role = Role::kAssistant;
  response.model = "offline";
  response.usage.input_tokens = CountInput(request);
  if (std::optional<ToolCall> call = ChooseNextTool(request)) {
    response.message.tool_calls.push_back(*std::move(call));
    response.finish_reason = FinishReason::kToolCalls;
    return response;
  }
  const bool has_sources = evidence.has_results || !evidence.passages.empty();
  if (!has_sources || request.require_tool) {
    if (std::optional<ToolCall> call = ChooseTool(request, evidence)) {
      response.message.tool_calls.push_back(*std::move(call));
      response.finish_reason = FinishReason::kToolCalls;
      return response;
    }
  }
  // Sentences that are found and arranged would pass for what they are not.
  if (request.response_schema && !request.is_inventive) {
    const Result<json::Value> value = FillSchema(*request.response_schema, evidence);
    if (!value) return Fail(value.error());
    response.message.content = json::Serialize(*value);
  } else if (has_sources) {
    response.message.content = AnswerFromResults(evidence);
    if (request.response_schema) {
      response.message.content.append(" ").append(PhrasesOf(evidence.language).no_writing);
    }
  } else if (request.is_inventive) {
    response.message.content = PhrasesOf(evidence.language).unable;
  } else {
    response.message.content = TalkAnswer(evidence);
  }
  return response;
}

// Cuts a free text at the limit of output tokens, which are words here. JSON stays whole: half
// of it is nothing.
void ApplyLimit(const ChatRequest& request, ChatResponse& response) {
  std::string& text = response.message.content;
  if (request.max_output_tokens && !request.response_schema) {
    std::size_t allowed = static_cast<std::size_t>(std::max(*request.max_output_tokens, 0));
    const std::vector<Word> words = SplitWords(text);
    if (words.size() > allowed) {
      const char* end = allowed == 0
                            ? text.data()
                            : words[allowed - 1].raw.data() + words[allowed - 1].raw.size();
      text.resize(static_cast<std::size_t>(end - text.data()));
      response.finish_reason = FinishReason::kLength;
    }
  }
  response.usage.output_tokens = CountWords(text);
}

}  // namespace

async::Task<Result<ChatResponse>> OfflineChatModel::Chat(const ChatRequest& request, TextSink* sink,
                                                         Deadline deadline) {
  if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "offline: cancelled");
  const ChatRequest valid = WithValidText(request);
  Result<ChatResponse> response = Answer(valid);
  if (!response) co_return Fail(std::move(response).error().Annotate("offline"));
  ApplyLimit(valid, *response);
  for (const std::string_view piece : WordGroups(response->message.content)) {
    if (deadline.Expired()) co_return Fail(Code::kDeadlineExceeded, "offline: timed out");
    if (sink != nullptr) BATON_CO_TRY(co_await sink->OnText(piece));
    // Also without a delay: who shares the executor gets a turn, and may cancel.
    const Deadline pause = Deadline::In(options_.token_delay).Earlier(deadline);
    if (co_await async::SleepUntil(pause) == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "offline: cancelled");
    }
  }
  co_return response;
}

async::Task<Status> OfflineChatModel::CheckHealth(Deadline /*deadline*/) { co_return Status(); }

}  // namespace baton::llm::offline
