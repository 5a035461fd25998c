// A run that asks before it acts, for tests of permissions.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runs/testing/orchestrator_world.h"
#include "testing/counting_tool.h"
#include "testing/manual_clock.h"
#include "testing/scripted_model.h"

namespace baton::runs::testing {

// The tool is the world; what stands in the registry passes calls on to it.
class SharedTool final : public tools::Tool {
 public:
  explicit SharedTool(std::shared_ptr<baton::testing::CountingTool> tool)
      : tool_(std::move(tool)) {}
  const tools::ToolDefinition& definition() const override { return tool_->definition(); }
  async::Task<Result<tools::ToolResult>> Call(const json::Object& arguments,
                                              const tools::ToolContext& context) override {
    co_return co_await tool_->Call(arguments, context);
  }

 private:
  const std::shared_ptr<baton::testing::CountingTool> tool_;
};

class PermissionTest : public ::testing::Test {
 protected:
  explicit PermissionTest(storage::Dialect dialect = storage::Dialect::kSqlite)
      : world_(clock_, model_, dialect) {
    BATON_CHECK(world_.tools.Add(std::make_unique<SharedTool>(mail_)).ok(), "tool");
    agents::AgentSpec spec;
    spec.name = "post";
    spec.title = "Post";
    spec.workflow = "conversation";
    spec.tools = {{"send_mail", std::nullopt}};
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
  }

  static TurnRequest Turn(std::string query) {
    return {.user_id = "u", .conversation_id = "c", .query = std::move(query)};
  }
  static baton::testing::ScriptedTurn Sends(std::string text) {
    baton::testing::ScriptedTurn turn =
        baton::testing::Calls("send_mail", {{"text", std::move(text)}});
    return turn;
  }
  // A turn that has got as far as its question.
  Transcript AskToSend(std::string answer_after) {
    model_->Add(Sends("hello"));
    model_->Add(baton::testing::Says(std::move(answer_after)));
    Transcript asked = world_.Turn(Turn("write to Bob"));
    EXPECT_EQ(asked.meta("state"), "waiting");
    return asked;
  }
  Permissions& permissions() { return world_.orchestrator->permissions(); }
  std::vector<PendingPermission> Pending(std::string user = "u", std::string conversation = "") {
    return async::BlockOn(permissions().ListPending(std::move(user), std::move(conversation)))
        .value();
  }
  Result<AnswerOutcome> Answer(PermissionAnswer answer) {
    return async::BlockOn(permissions().Answer(std::move(answer)));
  }
  PermissionAnswer WordOn(const PendingPermission& pending, bool approved = true) {
    return {.user_id = "u", .question_id = pending.question_id, .approved = approved};
  }
  std::vector<std::string> Audit() {
    std::vector<std::string> lines;
    for (const auto& event : async::BlockOn(permissions().ListAudit("u", "", 100)).value()) {
      lines.push_back(event.event + " " + event.tool + " by " + event.by);
    }
    return lines;
  }
  std::vector<std::string> Messages(const std::string& thread_id = "u:c") {
    std::vector<std::string> messages;
    const auto rows = async::BlockOn(world_.database->Read(
        {"SELECT role, agent, content FROM messages WHERE thread_id = $1 ORDER BY position",
         {thread_id}}));
    for (std::size_t row = 0; row < rows->rows.size(); ++row) {
      const std::string agent(rows->Text(row, 1));
      messages.push_back(std::string(rows->Text(row, 0)) + (agent.empty() ? "" : " " + agent) +
                         ": " + std::string(rows->Text(row, 2)));
    }
    return messages;
  }
  // The run's stream from its start to its end, wherever it is executed.
  Transcript Replay(const std::string& run_id) {
    return world_.Turn({.user_id = "u", .conversation_id = "c", .resume = true, .run_id = run_id});
  }
  std::string LastSeen() const { return model_->requests().back().messages.back().content; }

  baton::testing::ManualClock clock_;
  std::shared_ptr<baton::testing::CountingTool> mail_ =
      std::make_shared<baton::testing::CountingTool>("send_mail", tools::Effect::kSend);
  std::shared_ptr<baton::testing::ScriptedChatModel> model_ =
      std::make_shared<baton::testing::ScriptedChatModel>();
  OrchestratorWorld world_;
};

}  // namespace baton::runs::testing
