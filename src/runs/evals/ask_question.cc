#include "runs/evals/ask_question.h"

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "runs/evals/judge.h"

namespace baton::runs::evals {
namespace {

using async::Task;

constexpr std::string_view kSuffix = "_agent";
// A judge reads an answer and says a sentence.
constexpr auto kJudgePatience = std::chrono::minutes(2);
// Of permissions asked for in one turn, one after the other.
constexpr int kMaxRequests = 50;

// What a stream has told so far, also over the stops for permission.
struct Heard {
  std::map<std::int64_t, std::string> content;
  Observed observed;
  std::int64_t last_seq = 0;
  json::Array open;  // questions that the run waits for
};

json::Array ArrayOf(const Chunk& chunk, const std::string& key) {
  const auto found = chunk.metadata.find(key);
  if (found == chunk.metadata.end()) return {};
  auto value = json::Parse(found->second);
  return value && value->is_array() ? std::move(value->get_array()) : json::Array();
}

void Hear(const Chunk& chunk, Heard& heard) {
  heard.last_seq = chunk.seq;
  heard.open = ArrayOf(chunk, "questions");
  if (chunk.supersedes_seq != 0) {
    heard.content.erase(heard.content.lower_bound(chunk.supersedes_seq), heard.content.end());
  }
  if (chunk.type == "content") {
    heard.content[chunk.seq] = chunk.message;
  } else if (chunk.type == "tool_call") {
    const auto event = json::Parse(chunk.message);
    if (event && json::GetString(*event, "phase") == "start") {
      heard.observed.tools.emplace_back(json::GetString(*event, "tool"));
    }
  } else if (chunk.type == "agent_update") {
    const auto agent = chunk.metadata.find("agent");
    if (agent == chunk.metadata.end()) return;
    std::string_view name = agent->second;
    if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
    heard.observed.agent = name;
  } else if (chunk.type == "complete") {
    heard.observed.sources = ArrayOf(chunk, "sources");
  } else if (chunk.type == "error") {
    heard.observed.error = chunk.message;
  }
}

Task<Status> ListenTo(Orchestrator& orchestrator, TurnRequest request, Heard& heard) {
  auto stream = co_await orchestrator.StreamChat(std::move(request));
  if (!stream) co_return std::move(stream).error();
  for (;;) {
    const Result<std::optional<Chunk>> chunk = co_await (*stream)->Next();
    if (!chunk) co_return chunk.error();
    if (!chunk->has_value()) co_return Status();
    Hear(**chunk, heard);
  }
}

// Whether a tool may be called is asked with its name; what else an agent asks has no answer here.
std::optional<std::map<std::string, std::string>> AnswersTo(const json::Array& open, bool allow) {
  std::map<std::string, std::string> answers;
  for (const json::Value& question : open) {
    const json::Value* payload = json::Find(question, "payload");
    if (payload == nullptr || json::GetString(*payload, "kind") != "permission") {
      return std::nullopt;
    }
    answers[std::string(json::GetString(question, "id"))] =
        json::Serialize(json::Object{{"approved", allow}});
  }
  return answers;
}

Task<Observed> RunTurn(Examination examination, std::string query, const EvalQuestion& question) {
  const auto begin = [&examination, &question] {
    TurnRequest request;
    request.user_id = examination.user_id;
    request.conversation_id = examination.conversation_id;
    request.session_id = "eval";
    request.agent_type = question.agent;
    return request;
  };
  Heard heard;
  TurnRequest request = begin();
  request.query = std::move(query);
  for (int stops = 0;; ++stops) {
    const Status status = co_await ListenTo(examination.orchestrator, std::move(request), heard);
    if (!status.ok()) heard.observed.error = status.message();
    if (!heard.observed.error.empty() || heard.open.empty()) break;
    auto answers = AnswersTo(heard.open, question.allow);
    if (!answers || stops == kMaxRequests) {
      heard.observed.error = "waits for an answer: " + json::Serialize(heard.open);
      break;
    }
    request = begin();
    request.resume = true;
    request.from_seq = heard.last_seq;
    request.answers = *std::move(answers);
  }
  for (const auto& [seq, text] : heard.content) heard.observed.answer += text;
  co_return std::move(heard.observed);
}

Task<JudgedExpectation> JudgeExpectation(const Examination& examination,
                                         const QuestionResult& result,
                                         const Expectation& expectation) {
  JudgedExpectation judged{.kind = std::string(KindName(expectation.kind)),
                           .wanted = expectation.kind == Expectation::Kind::kSchema
                                         ? json::Serialize(expectation.schema)
                                         : expectation.wanted};
  if (expectation.kind != Expectation::Kind::kJudge) {
    judged.verdict = Meets(result.observed, expectation);
    co_return judged;
  }
  judged.verdict = co_await Judge(examination.judge, result.ask, result.observed.answer,
                                  expectation.wanted, Deadline::In(kJudgePatience));
  co_return judged;
}

}  // namespace

Task<QuestionResult> AskQuestion(Examination examination, EvalQuestion question) {
  QuestionResult result{.id = question.id, .ask = question.asks.back()};
  const auto began = std::chrono::steady_clock::now();
  for (const std::string& ask : question.asks) {
    result.observed = co_await RunTurn(examination, ask, question);
    if (!result.observed.error.empty()) break;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  // Of a turn that failed nothing can be said.
  if (!result.observed.error.empty()) co_return result;
  for (const Expectation& expectation : question.expectations) {
    JudgedExpectation judged = co_await JudgeExpectation(examination, result, expectation);
    result.expectations.push_back(std::move(judged));
  }
  co_return result;
}

}  // namespace baton::runs::evals
