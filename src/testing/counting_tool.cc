#include "testing/counting_tool.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "async/signal.h"

namespace baton::testing {
namespace {

tools::ToolDefinition DefineCounting(std::string name, tools::Effect effect) {
  return {.name = std::move(name),
          .description = "Adds a note.",
          .parameters = json::Parse(R"({"type": "object", "additionalProperties": false,
                                        "required": ["text"],
                                        "properties": {"text": {"type": "string"}}})")
                            .value(),
          .effect = effect};
}

}  // namespace

CountingTool::CountingTool(std::string name, tools::Effect effect, std::filesystem::path file)
    : definition_(DefineCounting(std::move(name), effect)), file_(std::move(file)) {}

std::vector<CountingTool::Change> CountingTool::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

int CountingTool::CountOf(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count(changes_, text, &Change::text));
}

async::Task<Status> CountingTool::Stand(std::shared_ptr<Gate> gate) const {
  if (gate != nullptr) BATON_CO_TRY(co_await gate->Pass());
  if (pause.count() > 0 &&
      co_await async::SleepUntil(Deadline::In(pause)) == async::WaitResult::kCancelled) {
    co_return Fail(Code::kCancelled, "cancelled");
  }
  co_return Status();
}

// One write call of the file system: a kill leaves a whole line or none.
Status CountingTool::Append(const Change& change) const {
  if (file_.empty()) return {};
  std::ofstream out(file_, std::ios::app | std::ios::binary);
  out << fmt::format("{}\t{}\n", change.text, change.key) << std::flush;
  if (out.good()) return {};
  return Fail(Code::kUnavailable, "{}: cannot be written", file_.string());
}

async::Task<Result<tools::ToolResult>> CountingTool::Call(const json::Object& arguments,
                                                          const tools::ToolContext& context) {
  const Change change{std::string(json::GetString(arguments, "text")), context.idempotency_key};
  BATON_CO_TRY(co_await Stand(before));
  BATON_CO_TRY(Append(change));
  {
    const std::lock_guard lock(mutex_);
    changes_.push_back(change);
  }
  BATON_CO_TRY(co_await Stand(after));
  if (!failure.ok()) co_return Fail(failure);
  co_return tools::ToolResult{.text = "Noted: " + change.text};
}

}  // namespace baton::testing
