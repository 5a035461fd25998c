#include "llm/openai/client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "async/signal.h"
#include "async/timeout.h"
#include "base/hash.h"
#include "base/log.h"
#include "http/url.h"
#include "llm/openai/stream.h"

namespace baton::llm::openai {
namespace {

// An error page is read no further than this: it is shown, not stored.
constexpr std::size_t kMaxErrorBody = 64 << 10U;

// How long the end of the body may take after the stream's own end mark. It is usually there
// already, and having read it keeps the connection for the next call.
constexpr std::chrono::milliseconds kEndOfBodyGrace{20};

constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1));
}

// "api.openai.com" of "https://api.openai.com/v1".
std::string_view HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of(":/"));
}

bool IsRetryable(const Status& status) {
  return status.code() == Code::kUnavailable || status.code() == Code::kResourceExhausted;
}

// The pause before attempt `next` (2, 3, …): doubling, and spread by a quarter either way with
// the request's own hash, so that a crowd that was refused together does not return together.
std::chrono::milliseconds Backoff(std::chrono::milliseconds first, int next,
                                  std::string_view body) {
  const auto base = first * (1 << std::min(next - 2, 10));
  const auto spread = static_cast<std::int64_t>(Fnv1a(body, static_cast<unsigned>(next)) % 501);
  return base * (750 + spread) / 1000;
}

}  // namespace

// What came of one request.
struct OpenAiChatModel::Attempt {
  Result<ChatResponse> response;
  bool may_retry = false;
  std::optional<std::chrono::milliseconds> retry_after;
};

Result<std::shared_ptr<OpenAiChatModel>> OpenAiChatModel::Create(OpenAiOptions options) {
  options.base_url = Trimmed(options.base_url);
  options.api_key = Trimmed(options.api_key);
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  if (!options.base_url.starts_with("http://") && !options.base_url.starts_with("https://")) {
    return Fail(Code::kInvalidArgument, "OpenAI base URL '{}': must start with http or https",
                http::PrintableUrl(options.base_url));
  }
  if (options.model.empty()) {
    return Fail(Code::kInvalidArgument, "OpenAI model at {}: no model name",
                http::PrintableUrl(options.base_url));
  }
  const auto is_printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::ranges::all_of(options.api_key, is_printable)) {
    return Fail(Code::kInvalidArgument, "OpenAI API key: contains white space or control codes");
  }
  return std::shared_ptr<OpenAiChatModel>(new OpenAiChatModel(std::move(options)));
}

OpenAiChatModel::OpenAiChatModel(OpenAiOptions options)
    : options_(std::move(options)),
      format_{.default_model = options_.model,
              .use_max_completion_tokens = HostOf(options_.base_url) == "api.openai.com"},
      name_("openai:" + options_.model),
      client_(options_.user_agent) {}

http::Request OpenAiChatModel::MakeRequest(std::string method, std::string_view path) const {
  http::Request request;
  request.method = std::move(method);
  request.url = options_.base_url + std::string(path);
  if (!options_.api_key.empty()) {
    request.headers.Add("Authorization", "Bearer " + options_.api_key);
  }
  for (const auto& [name, value] : options_.extra_headers) request.headers.Add(name, value);
  return request;
}

http::RequestOptions OpenAiChatModel::MakeRequestOptions(Deadline deadline) const {
  http::RequestOptions options;
  options.deadline = deadline;
  options.connect_timeout = options_.connect_timeout;
  options.idle_timeout = options_.idle_timeout;
  return options;
}

async::Task<Result<ChatResponse>> OpenAiChatModel::Chat(const ChatRequest& request, TextSink* sink,
                                                        Deadline deadline) {
  const std::string body = BuildRequest(request, format_);
  for (int tried = 1;; ++tried) {
    Attempt attempt = co_await TryOnce(request, body, sink, deadline);
    if (attempt.response) {
      if (attempt.response->model.empty()) attempt.response->model = options_.model;
      co_return std::move(attempt.response);
    }
    Status failure = Redacted(attempt.response.error());
    if (attempt.retry_after) {
      failure.With("retry_after_ms", std::to_string(attempt.retry_after->count()));
    }
    const auto wait =
        attempt.retry_after.value_or(Backoff(options_.first_backoff, tried + 1, body));
    const bool again = attempt.may_retry && IsRetryable(failure) && tried < options_.max_attempts &&
                       wait <= options_.max_retry_wait && wait < deadline.Remaining();
    if (!again) co_return Fail(std::move(failure));
    Log(LogLevel::kWarning, "model call is tried again",
        {{"model", name_},
         {"attempt", tried},
         {"wait_ms", wait.count()},
         {"reason", failure.message()}});
    if (co_await async::SleepUntil(Deadline::In(wait)) == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "{}: cancelled while waiting to try again", name_);
    }
  }
}

async::Task<OpenAiChatModel::Attempt> OpenAiChatModel::TryOnce(const ChatRequest& request,
                                                               const std::string& body,
                                                               TextSink* sink,
                                                               Deadline deadline) const {
  http::Request http_request = MakeRequest("POST", "/chat/completions");
  http_request.headers.Add("Content-Type", "application/json");
  http_request.headers.Add("Accept", "text/event-stream");
  http_request.body = body;
  Result<std::unique_ptr<http::ResponseStream>> sent =
      co_await client_.Send(std::move(http_request), MakeRequestOptions(deadline));
  if (!sent) co_return Attempt{Fail(std::move(sent).error().Annotate(name_)), true, {}};
  http::ResponseStream& response = **sent;
  if (response.status() < 200 || response.status() > 299) {
    Attempt refused = co_await ReadError(response);
    co_return refused;
  }
  bool began = false;
  Result<ChatResponse> answer = co_await ReadAnswer(request, response, sink, began);
  co_return Attempt{std::move(answer), !began, {}};
}

async::Task<OpenAiChatModel::Attempt> OpenAiChatModel::ReadError(
    http::ResponseStream& response) const {
  std::string body;
  while (body.size() < kMaxErrorBody) {
    Result<std::optional<std::string>> piece = co_await response.Read();
    if (!piece && piece.error().code() == Code::kCancelled) {
      co_return Attempt{Fail(std::move(piece).error().Annotate(name_)), false, {}};
    }
    if (!piece || !*piece) break;  // the status alone says enough if the words are cut off
    body += **piece;
  }
  Status status = ParseError(response.status(), body);
  co_return Attempt{Fail(std::move(status).Annotate(name_)), true,
                    ParseRetryAfter(response.headers(), SystemClock().Now())};
}

async::Task<Result<ChatResponse>> OpenAiChatModel::ReadAnswer(const ChatRequest& request,
                                                              http::ResponseStream& response,
                                                              TextSink* sink, bool& began) const {
  ChatStream stream;
  bool at_end = false;
  while (!at_end && !stream.done()) {
    Result<std::optional<std::string>> piece = co_await response.Read();
    if (!piece) {
      // An answer that is complete stays so if only its end mark is lost.
      if (!stream.finished() || piece.error().code() == Code::kCancelled) {
        co_return Fail(std::move(piece).error().Annotate(name_));
      }
      break;
    }
    at_end = !piece->has_value();
    if (!at_end) began = true;
    Status fed = at_end ? stream.End() : stream.Feed(**piece);
    const std::string_view text = stream.TakeText();
    if (sink != nullptr && !text.empty()) BATON_CO_TRY(co_await sink->OnText(text));
    if (!fed.ok()) co_return Fail(std::move(fed).Annotate(name_));
  }
  if (!at_end && stream.done()) {
    std::ignore = co_await async::WithDeadline(response.Read(), Deadline::In(kEndOfBodyGrace),
                                               "end of the model's stream");
  }
  Result<ChatResponse> answer = std::move(stream).Finish(request);
  if (!answer) answer = Fail(std::move(answer).error().Annotate(name_));
  co_return answer;
}

Status OpenAiChatModel::Redacted(const Status& status) const {
  Status clean(status.code(), RedactKey(status.message(), options_.api_key));
  for (const auto& [key, value] : status.details()) clean.With(key, value);
  return clean;
}

async::Task<Status> OpenAiChatModel::CheckHealth(Deadline deadline) {
  Result<http::Response> response =
      co_await client_.Fetch(MakeRequest("GET", "/models"), MakeRequestOptions(deadline));
  if (!response) co_return Redacted(std::move(response).error().Annotate(name_));
  if (response->status >= 200 && response->status <= 299) co_return Status();
  co_return Redacted(ParseError(response->status, response->body).Annotate(name_));
}

}  // namespace baton::llm::openai
