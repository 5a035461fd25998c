// The forms in agents/schemas, and what is wrong with other files.
#include "agents/internal/output_schemas.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agent_catalog.h"
#include "agents/internal/edit_plan.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "json/schema.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

namespace fs = std::filesystem;
using baton::testing::ScriptedChatModel;
using ::testing::HasSubstr;

constexpr const char* kObjectSchema = R"({"type": "object", "properties": {}})";

// An agents folder with schemas that goes away with the test.
class SchemasFolder {
 public:
  SchemasFolder() {
    std::string path = (fs::temp_directory_path() / "schemas-XXXXXX").string();
    folder_ = mkdtemp(path.data());
    fs::create_directory(folder_ / "schemas");
  }
  ~SchemasFolder() { fs::remove_all(folder_); }
  SchemasFolder(const SchemasFolder&) = delete;
  SchemasFolder& operator=(const SchemasFolder&) = delete;

  const fs::path& path() const { return folder_; }
  void Write(const std::string& file, std::string_view text) const {
    std::ofstream(folder_ / file) << text;
  }

 private:
  fs::path folder_;
};

std::string ProblemWith(std::string_view text) {
  const SchemasFolder folder;
  folder.Write("schemas/a.json", text);
  const OutputSchemas schemas = ReadOutputSchemas(folder.path()).value();
  const Result<json::Value>& read = schemas.at("a");
  return read ? "none" : read.error().message();
}

TEST(OutputSchemas, AreTheJsonFilesOfTheFolder) {
  const SchemasFolder folder;
  EXPECT_TRUE(ReadOutputSchemas(folder.path())->empty());
  EXPECT_TRUE(ReadOutputSchemas(folder.path() / "nowhere")->empty());
  folder.Write("schemas/a.json", kObjectSchema);
  folder.Write("schemas/.a.json.swp.json", "an editor's");
  folder.Write("schemas/README.md", "no schema");
  const OutputSchemas schemas = ReadOutputSchemas(folder.path()).value();
  ASSERT_EQ(schemas.size(), 1U);
  EXPECT_EQ(schemas.at("a").value(), json::Parse(kObjectSchema).value());
}

TEST(OutputSchemas, AFolderThatCannotBeReadIsNotTakenForNone) {
  const SchemasFolder folder;
  fs::remove(folder.path() / "schemas");
  fs::create_directory_symlink("schemas", folder.path() / "schemas");
  const Status failure = ReadOutputSchemas(folder.path()).error();
  EXPECT_EQ(failure.code(), Code::kUnavailable);
  EXPECT_THAT(failure.message(), HasSubstr("schemas' cannot be read: Too many levels"));
}

TEST(OutputSchemas, SayWhatIsWrongWithAFile) {
  EXPECT_EQ(ProblemWith(kObjectSchema), "none");
  EXPECT_THAT(ProblemWith("{\"type\": "), HasSubstr("JSON"));
  EXPECT_THAT(ProblemWith(R"({"type": "array"})"), HasSubstr(R"("type": "object")"));
  EXPECT_THAT(ProblemWith("[]"), HasSubstr(R"("type": "object")"));
  EXPECT_THAT(ProblemWith(R"({"type": "object", "properties": 3})"), HasSubstr("JSON Schema"));
  EXPECT_EQ(ProblemWith(std::string(65537, ' ')), "more than 65536 bytes");
}

// What an agent gives its answer in has to be filled in by a small model: everything is explained,
// nothing is left open, and OpenAI holds a model to it ("strict").
void ExpectExplained(const json::Value& schema, const std::string& place) {
  SCOPED_TRACE(place);
  if (const json::Value* properties = json::Find(schema, "properties")) {
    EXPECT_EQ(schema.at("additionalProperties"), json::Value(false));
    const json::Array& required = schema.at("required").as_array();
    EXPECT_EQ(required.size(), properties->as_object().size());
    for (const auto& [name, property] : properties->as_object()) {
      EXPECT_NE(std::ranges::find(required, json::Value(name)), required.end()) << name;
      EXPECT_FALSE(json::GetString(property, "description").empty()) << name;
      ExpectExplained(property, place + "." + std::string(json::ToStringView(name)));
    }
  }
  if (const json::Value* items = json::Find(schema, "items")) ExpectExplained(*items, place + "[]");
}

TEST(BuiltInSchemas, ExplainEverythingAndLeaveNothingOpen) {
  const OutputSchemas schemas = ReadOutputSchemas("agents").value();
  EXPECT_GE(schemas.size(), 17U);
  for (const auto& [name, schema] : schemas) {
    ASSERT_TRUE(schema.has_value()) << name << ": " << schema.error().message();
    EXPECT_FALSE(json::GetString(*schema, "description").empty()) << name;
    ExpectExplained(*schema, name);
  }
}

TEST(BuiltInSchemas, BelongToTheAgentsThatAnswerInProse) {
  const auto catalog = AgentCatalog::Open("agents", nullptr, nullptr);
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message();
  std::size_t with_output = 0;
  for (const auto& agent : (*catalog)->List()) {
    if (!agent->spec.output) continue;
    ++with_output;
    EXPECT_FALSE(agent->spec.output->definition.is_null()) << agent->spec.name;
  }
  EXPECT_EQ(with_output, 14U);
}

// Without what is for people.
json::Value WithoutDescriptions(json::Value schema) {
  if (json::Object* members = schema.if_object()) {
    if (members->contains("description") && members->at("description").is_string()) {
      members->erase("description");
    }
    for (auto& member : *members) member.value() = WithoutDescriptions(std::move(member.value()));
  }
  if (json::Array* elements = schema.if_array()) {
    for (json::Value& element : *elements) element = WithoutDescriptions(std::move(element));
  }
  return schema;
}

json::Value ShippedForm(const std::string& name) {
  const OutputSchemas schemas = ReadOutputSchemas("agents").value();
  return WithoutDescriptions(schemas.at(name).value());
}

TEST(BuiltInSchemas, EditPlanIsWhatEditorsAskFor) {
  EXPECT_EQ(ShippedForm("edit_plan"), EditPlanSchema());
}

// A turn of a workflow whose model gives `says`.
graph::RunResult TurnOf(const std::string& workflow, std::string says, ScriptedChatModel& model) {
  checkpoint::MemoryCheckpointStore store;
  TestedAgent agent(AgentSpec{.name = "a", .workflow = workflow, .prompt = "p"}, store);
  model.Add(baton::testing::Says(std::move(says)));
  agent.models.Set("default", std::shared_ptr<llm::ChatModel>(std::shared_ptr<void>(), &model));
  TurnRecorder user;
  return async::BlockOn(agent.Run(user, "t", {{.role = llm::Role::kUser, .content = "Advance."}}));
}

TEST(BuiltInSchemas, ShapedTextIsWhatTransformAsksFor) {
  ScriptedChatModel model;
  const graph::RunResult result =
      TurnOf("transform", R"({"form":"text","output":"One.","note":""})", model);
  EXPECT_EQ(ShippedForm("shaped_text"), model.requests().at(0).response_schema);
  EXPECT_EQ(json::GetString(result.values.at("structured_output"), "output"), "One.");
}

TEST(BuiltInSchemas, GameIsWhatSimulationKeeps) {
  ScriptedChatModel model;
  const graph::RunResult result =
      TurnOf("simulation",
             R"({"report":"They advance.","advance_turn":true,"outcome":"One mile.","ended":false,
          "situation":{"title":"Border","player_side":"Blue","opponent_side":"Red","escalation":3,
          "forces":[{"side":"Blue","name":"1st","strength":90,"place":"Ford"}]},"options":[]})",
             model);
  const json::Value& game = result.values.at("structured_output");
  EXPECT_EQ(json::GetInt(game, "turn"), 2);
  const auto schema = json::Schema::Compile(ReadOutputSchemas("agents")->at("game").value());
  const Status fits = schema->Validate(game);
  EXPECT_TRUE(fits.ok()) << fits.message();
}

}  // namespace
}  // namespace baton::agents
