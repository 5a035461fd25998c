#include "runs/run_listener.h"

#include <utility>

#include "base/utf8.h"

namespace baton::runs {
namespace {

// A status line and a tool's summary are read at a glance.
constexpr std::size_t kMaxSummaryBytes = 200;

// Arguments are shown, not stored, by the stream; a whole file among them is not for reading.
constexpr std::size_t kMaxShownArgumentsBytes = std::size_t{32} << 10U;

std::string_view FirstLine(std::string_view text) {
  return Utf8Prefix(text.substr(0, text.find('\n')), kMaxSummaryBytes);
}

std::string SummaryOf(const tools::ToolResult& result) {
  const std::string text = ReplaceInvalidUtf8(result.text);
  if (result.sources.empty()) return std::string(FirstLine(text));
  return fmt::format("{} {}", result.sources.size(),
                     result.sources.size() == 1 ? "source" : "sources");
}

json::Value ShownArguments(json::Object arguments) {
  const std::size_t bytes = json::Serialize(arguments).size();
  if (bytes > kMaxShownArgumentsBytes) return json::Object{{"omitted_bytes", bytes}};
  return arguments;
}

}  // namespace

// What another agent of the turn does, under its name.
class RunListener::Named final : public agents::TurnListener {
 public:
  Named(RunListener& listener, const std::string& agent)
      : listener_(listener), agent_name_(agent + "_agent") {}

  async::Task<Status> OnStatus(std::string message) override {
    co_return co_await listener_.writer_.Push(
        {.type = "status", .message = std::move(message), .agent_name = agent_name_});
  }
  async::Task<Status> OnContent(std::string_view task_id, int attempt,
                                std::string_view text) override {
    return listener_.Say(agent_name_, task_id, attempt, text);
  }
  async::Task<Status> OnToolCall(ToolEvent event) override {
    return listener_.TellCall(agent_name_, std::move(event));
  }
  std::unique_ptr<agents::TurnListener> Of(std::string agent) override {
    return listener_.Of(std::move(agent));
  }

 private:
  RunListener& listener_;
  const std::string agent_name_;
};

std::unique_ptr<agents::TurnListener> RunListener::Of(std::string agent) {
  return std::make_unique<Named>(*this, agent);
}

async::Task<Status> RunListener::OnStatus(std::string message) {
  co_return co_await writer_.Push({.type = "status", .message = std::move(message)});
}

async::Task<Status> RunListener::OnContent(std::string_view task_id, int attempt,
                                           std::string_view text) {
  return Say({}, task_id, attempt, text);
}

async::Task<Status> RunListener::OnToolCall(ToolEvent event) {
  return TellCall({}, std::move(event));
}

async::Task<Status> RunListener::Say(std::string agent_name, std::string_view task_id, int attempt,
                                     std::string_view text) {
  if (text.empty()) co_return Status();
  if (tasks_with_content_.empty()) {
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - requested_;
    first_token_seconds_.Observe(waited.count());
  }
  if (!tasks_with_content_.contains(task_id)) tasks_with_content_.emplace(task_id);
  co_return co_await writer_.Push({.type = "content",
                                   .message = std::string(text),
                                   .agent_name = std::move(agent_name),
                                   .task_id = std::string(task_id),
                                   .attempt = attempt});
}

async::Task<Status> RunListener::TellCall(std::string agent_name, ToolEvent event) {
  json::Object message{{"tool", event.tool}, {"call_id", event.call_id}};
  message["arguments"] = ShownArguments(std::move(event.arguments));
  if (event.result == nullptr) {
    message["phase"] = "start";
  } else if (event.result->has_value()) {
    message["phase"] = "end";
    message["summary"] = SummaryOf(**event.result);
  } else {
    message["phase"] = "error";
    message["summary"] = FirstLine(ReplaceInvalidUtf8(event.result->error().message()));
  }
  co_return co_await writer_.Push({.type = "tool_call",
                                   .message = json::Serialize(message),
                                   .agent_name = std::move(agent_name),
                                   .tool_used = std::move(event.tool)});
}

bool RunListener::Wants(graph::StreamEvent::Kind kind) const {
  return kind == graph::StreamEvent::Kind::kTaskStarted ||
         kind == graph::StreamEvent::Kind::kCheckpoint;
}

async::Task<Status> RunListener::OnEvent(graph::StreamEvent event) {
  if (event.kind == graph::StreamEvent::Kind::kCheckpoint) {
    // A super-step has been completed.
    if (json::GetString(event.data, "source") == "loop") writer_.ForgetCrashes();
    co_return Status();
  }
  // Text the task gave before, in this activation or one that crashed, is void now, whether
  // the task will give any again or not.
  const bool spoke_before = tasks_with_content_.contains(event.task_id) ||
                            writer_.sequencer().HasContentOf(event.task_id);
  if (!spoke_before) co_return Status();
  co_return co_await writer_.Push({.task_id = std::move(event.task_id)});
}

}  // namespace baton::runs
