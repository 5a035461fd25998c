#include <gtest/gtest.h>

#include "runs/local_orchestrator.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using runs::testing::OrchestratorWorld;
using runs::testing::Transcript;

constexpr const char* kRename =
    R"({"answer": "Renamed.", "summary": "A new name", "scope": "paragraph", "safety": "low",
        "questions": [], "operations": [
          {"op": "replace", "original_text": "Ann", "text": "Eve", "note": ""}]})";

agents::AgentSpec EditorAgent() {
  agents::AgentSpec spec;
  spec.name = "fiction";
  spec.workflow = "editor";
  spec.prompt = "You write.";
  return spec;
}

TurnRequest Rename() {
  return {.user_id = "u",
          .conversation_id = "c",
          .query = "Call her Eve.",
          .agent_type = "fiction",
          .editor = ActiveEditor{.is_editable = true,
                                 .filename = "novel.md",
                                 .content = "😀 Ann left.",
                                 .document_id = "d1",
                                 .cursor = 3}};
}

TEST(ProposedEdits, AreAChunkAheadOfTheLastAndInItsMetadata) {
  auto model = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world(SystemClock(), model);
  world.agents.AddWorkflow(EditorAgent());
  world.Start();
  model->Add(Says(kRename));
  const Transcript turn = world.Turn(Rename());
  ASSERT_TRUE(turn.status.ok()) << turn.status.ToString();
  ASSERT_GE(turn.chunks.size(), 2U);
  const Chunk& last = turn.chunks.back();
  const Chunk& edits = turn.chunks[turn.chunks.size() - 2];
  EXPECT_EQ(last.type, "complete");
  ASSERT_EQ(edits.type, "editor_operations");
  EXPECT_EQ(edits.agent_name, "fiction_agent");
  const json::Value message = json::Parse(edits.message).value();
  const json::Value& operation = message.at("operations").at(0);
  EXPECT_EQ(json::GetInt(operation, "start"), 3) << "an emoji is two code units";
  EXPECT_EQ(json::GetInt(operation, "end"), 6);
  EXPECT_EQ(json::GetString(operation, "text"), "Eve");
  EXPECT_EQ(json::GetString(message.at("manuscript_edit"), "document_id"), "d1");
  EXPECT_EQ(last.metadata.at("editor_operations"), json::Serialize(message.at("operations")));
  EXPECT_EQ(last.metadata.at("manuscript_edit"), json::Serialize(message.at("manuscript_edit")));
  EXPECT_EQ(json::Parse(last.metadata.at("structured_output")), json::Parse(kRename));
  EXPECT_EQ(world.Answers("u:c"), std::vector<std::string>{"Renamed."});
  const std::string shown = model->requests().at(0).messages.at(0).content;
  EXPECT_TRUE(shown.contains("The cursor stands between «😀 » and «Ann left.».")) << shown;
}

TEST(ProposedEdits, AnAgentLeavesDocumentsOfOtherKindsAlone) {
  auto model = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world(SystemClock(), model);
  agents::AgentSpec agent = EditorAgent();
  agent.edits = {"outline", "fiction"};
  world.agents.AddWorkflow(std::move(agent));
  world.Start();
  TurnRequest request = Rename();
  request.editor->type = "sysml";
  model->Add(Says("I edit fiction."));
  const Transcript refused = world.Turn(request);
  EXPECT_EQ(refused.answer(), "I edit fiction.");
  EXPECT_FALSE(refused.chunks.back().metadata.contains("editor_operations"));
  const std::string told = model->requests().at(0).messages.at(0).content;
  EXPECT_TRUE(told.contains("You edit documents of the kind outline, fiction only.")) << told;
  for (const char* kind : {"fiction", ""}) {
    request.editor->type = kind;
    model->Add(Says(kRename));
    EXPECT_TRUE(world.Turn(request).chunks.back().metadata.contains("editor_operations")) << kind;
  }
}

TEST(ProposedEdits, ATurnWithoutADocumentProposesNone) {
  auto model = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world(SystemClock(), model);
  world.agents.AddWorkflow(EditorAgent());
  world.Start();
  model->Add(Says("Open it first."));
  TurnRequest request = Rename();
  request.editor.reset();
  const Transcript turn = world.Turn(std::move(request));
  for (const Chunk& chunk : turn.chunks) EXPECT_NE(chunk.type, "editor_operations");
  EXPECT_EQ(turn.chunks.back().metadata.count("editor_operations"), 0U);
  EXPECT_FALSE(model->requests().at(0).response_schema);
}

TEST(StoredRequest, KeepsWhereTheUserStands) {
  StoredRequest request{.query = "q", .editor = Rename().editor};
  request.editor->selection_start = 1;
  const auto read = StoredRequest::Decode(request.Encode());
  ASSERT_TRUE(read && read->editor);
  EXPECT_EQ(read->editor->document_id, "d1");
  EXPECT_EQ(read->editor->cursor, 3);
  EXPECT_EQ(read->editor->selection_start, 1);
  EXPECT_EQ(read->editor->selection_end, -1);
}

}  // namespace
}  // namespace baton::runs
