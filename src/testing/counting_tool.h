// A tool that changes the world, in a way that a test can count.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "testing/scripted_model.h"
#include "tools/tool.h"

namespace baton::testing {

// Takes {"text"}; each call is one change, kept here and, if there is a file, as a line of it.
//
// Threads: safe; set it up before its first call.
class CountingTool final : public tools::Tool {
 public:
  struct Change {
    std::string text;
    std::string key;  // the idempotency key it came with
  };

  explicit CountingTool(std::string name = "add_note", tools::Effect effect = tools::Effect::kWrite,
                        std::filesystem::path file = {});

  // Calls stand at these before and after the change; null: they pass.
  std::shared_ptr<Gate> before;
  std::shared_ptr<Gate> after;
  // And wait this long there: the time in which a kill leaves the call in doubt.
  std::chrono::microseconds pause{0};
  // Not ok: what a call answers once the change is made.
  Status failure;

  std::vector<Change> changes() const;
  int CountOf(std::string_view text) const;

  const tools::ToolDefinition& definition() const override { return definition_; }

  // Answers "Noted: TEXT". A cancelled call fails with kCancelled; the change may be made.
  async::Task<Result<tools::ToolResult>> Call(const json::Object& arguments,
                                              const tools::ToolContext& context) override;

 private:
  async::Task<Status> Stand(std::shared_ptr<Gate> gate) const;
  Status Append(const Change& change) const;

  const tools::ToolDefinition definition_;
  const std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::vector<Change> changes_;  // guarded by mutex_
};

}  // namespace baton::testing
