#include "agents/internal/model_call.h"

#include <fmt/format.h>

#include "agents/internal/turn_state.h"
#include "base/log.h"
#include "llm/tool_call_repair.h"
#include "llm/usage.h"

namespace baton::agents {
namespace {

// Two repetitions outlast a provider's hiccup; an outage is the user's to hear of.
constexpr int kModelAttempts = 3;

constexpr std::string_view kBlank = " \t\r\n";

std::string_view WithoutLeadingBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

bool IsWorthAnotherTry(const Status& failure) {
  // A listener or a store that is unavailable is not mended by asking the model again.
  return failure.details().contains("model") &&
         (failure.code() == Code::kUnavailable || failure.code() == Code::kResourceExhausted);
}

Status ModelFailure(Status failure, std::string_view model) {
  return std::move(failure)
      .Annotate(fmt::format("model {}", model))
      .With("model", std::string(model));
}

Status EmptyAnswer(const llm::ChatResponse& response) {
  if (response.finish_reason == llm::FinishReason::kContentFilter) {
    return {Code::kFailedPrecondition, "the provider's content filter withheld the answer"};
  }
  if (response.finish_reason == llm::FinishReason::kLength) {
    return {Code::kFailedPrecondition, "max_output_tokens was used up before the first word"};
  }
  return {Code::kUnavailable, "the answer was empty"};
}

// The request with tool calls and results that match, if they do not.
std::optional<llm::ChatRequest> Repaired(const llm::ChatRequest& request, std::string_view model) {
  std::optional<std::vector<llm::Message>> messages = llm::RepairToolCalls(request.messages);
  if (!messages) return std::nullopt;
  Log(LogLevel::kWarning, "tool calls and results of a conversation did not match",
      {{"model", model}, {"messages", request.messages.size()}, {"repaired", messages->size()}});
  llm::ChatRequest repaired = request;
  repaired.messages = *std::move(messages);
  return repaired;
}

// Says why an answer stops short. The text itself stays the model's own.
async::Task<Status> ReportCut(TurnListener& listener, llm::FinishReason reason) {
  if (reason == llm::FinishReason::kLength) {
    co_return co_await listener.OnStatus("The answer reached its length limit and stops short");
  }
  if (reason == llm::FinishReason::kContentFilter) {
    co_return co_await listener.OnStatus("The provider's content filter cut the answer short");
  }
  co_return Status();
}

}  // namespace

async::Task<Status> AnswerStream::OnText(std::string_view text) {
  if (text_.empty()) text = WithoutLeadingBlanks(text);
  if (text.empty()) co_return Status();
  std::string piece;
  if (text_.empty() && !before_.empty()) piece = kAnswerSeparator;
  piece += text;
  text_ += text;
  failure_ = co_await listener_.OnContent(context_.task_id(), context_.attempt(), piece);
  co_return failure_;
}

async::Task<Status> AnswerStream::Complete(const llm::Message& message) {
  const std::string_view whole = WithoutLeadingBlanks(message.content);
  if (!whole.starts_with(text_)) co_return Status();  // the user has what was streamed
  co_return co_await OnText(whole.substr(text_.size()));
}

async::Task<Result<llm::ChatResponse>> CallModel(const llm::ModelCatalog& models,
                                                 std::string_view alias,
                                                 const llm::ChatRequest& request,
                                                 llm::TextSink* sink, Deadline deadline) {
  const Result<std::shared_ptr<llm::ChatModel>> model = models.Get(alias);
  if (!model) co_return Fail(model.error());
  const std::optional<llm::ChatRequest> repaired = Repaired(request, (*model)->name());
  Result<llm::ChatResponse> response =
      co_await (*model)->Chat(repaired ? *repaired : request, sink, deadline);
  if (!response) {
    co_return Fail(ModelFailure(std::move(response).error(), (*model)->name()));
  }
  // Of tools that were not offered there is nothing to call.
  if (request.tools.empty()) response->message.tool_calls.clear();
  if (WithoutLeadingBlanks(response->message.content).empty() &&
      response->message.tool_calls.empty()) {
    co_return Fail(ModelFailure(EmptyAnswer(*response), (*model)->name()));
  }
  co_return response;
}

async::Task<Result<llm::ChatResponse>> CallModel(graph::NodeContext& context,
                                                 std::string_view alias,
                                                 const llm::ChatRequest& request,
                                                 llm::TextSink* sink, Deadline deadline) {
  const TurnScope& scope = ScopeOf(context);
  if (scope.meter != nullptr) BATON_CO_TRY(scope.meter->Admit());
  Result<llm::ChatResponse> response =
      co_await CallModel(*scope.models, alias, request, sink, context.deadline().Earlier(deadline));
  if (response && scope.meter != nullptr) {
    scope.meter->Count(response->model.empty() ? alias : response->model,
                       llm::UsageOf(request, *response));
  }
  co_return response;
}

async::Task<Result<llm::ChatResponse>> StreamModel(graph::NodeContext& context,
                                                   std::string_view alias,
                                                   const llm::ChatRequest& request,
                                                   std::string_view before) {
  TurnListener& listener = *ScopeOf(context).listener;
  AnswerStream stream(context, listener, before);
  Result<llm::ChatResponse> response = co_await CallModel(context, alias, request, &stream);
  if (!stream.failure().ok()) co_return Fail(stream.failure());
  if (!response) co_return response;
  BATON_CO_TRY(co_await stream.Complete(response->message));
  response->message.content = stream.text();
  BATON_CO_TRY(co_await ReportCut(listener, response->finish_reason));
  co_return response;
}

std::string_view SmallModel(const TurnScope& scope, const AgentSpec& spec) {
  constexpr std::string_view kFast = "fast";
  return scope.models->Get(kFast) ? kFast : std::string_view(spec.model);
}

bool IsOffline(const TurnScope& scope, std::string_view alias) {
  const auto model = scope.models->Get(alias);
  return model && (*model)->name() == "offline";
}

graph::NodeOptions ModelNodeOptions() {
  graph::NodeOptions options;
  options.retry.max_attempts = kModelAttempts;
  options.retry.retry_on = IsWorthAnotherTry;
  return options;
}

}  // namespace baton::agents
