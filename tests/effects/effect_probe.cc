// effect_probe DATABASE NOTES CONVERSATION: begins the conversation's only run, or goes on with
// it, until it has ended. The agent makes notes in the file NOTES; the user, asked whether a
// note in doubt is to be made again, looks into it. For being killed at any moment.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "llm/model_catalog.h"
#include "runs/local_orchestrator.h"
#include "runs/testing/test_agents.h"
#include "storage/open.h"
#include "testing/counting_tool.h"

namespace baton::probe {
namespace {

// What each change takes before and after: long beside the writes, so that kills fall into it.
constexpr auto kPause = std::chrono::milliseconds(10);

// Has the notes made, two at once first, then one by one. Asked again, it gives its calls other
// ids, as models do.
class NotingModel final : public llm::ChatModel {
 public:
  std::string_view name() const override { return "noting"; }

  async::Task<Result<llm::ChatResponse>> Chat(const llm::ChatRequest& request, llm::TextSink* sink,
                                              Deadline) override {
    const auto made = std::ranges::count(request.messages, llm::Role::kTool, &llm::Message::role);
    llm::ChatResponse response;
    response.message.role = llm::Role::kAssistant;
    std::vector<std::string_view> notes;
    if (made == 0) notes = {"milk", "eggs"};
    if (made == 2) notes = {"salt"};
    if (made == 3) notes = {"tea", "rice"};
    for (const std::string_view note : notes) {
      response.message.tool_calls.push_back(
          {fmt::format("call_{}_{}", getpid(), ++calls_), "add_note", {{"text", note}}});
    }
    if (notes.empty()) {
      response.message.content = "All noted.";
      BATON_CO_TRY(co_await sink->OnText(response.message.content));
    }
    co_return response;
  }
  async::Task<Status> CheckHealth(Deadline) override { co_return Status(); }

 private:
  int calls_ = 0;
};

bool IsNoted(const std::string& file, std::string_view note) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.substr(0, line.find('\t')) == note) return true;
  }
  return false;
}

// The user's answers to what the run asks.
std::map<std::string, std::string> LookAndAnswer(const std::string& file,
                                                 const std::string& questions) {
  std::map<std::string, std::string> answers;
  const json::Value list = json::Parse(questions).value();
  for (const json::Value& question : list.as_array()) {
    const json::Value& arguments = question.at("payload").at("arguments");
    const std::string note(json::GetString(arguments, "text"));
    const std::string action = IsNoted(file, note) ? "done" : "retry";
    std::cout << "answer " << action << ' ' << note << std::endl;
    answers[std::string(json::GetString(question, "id"))] =
        json::Serialize(json::Object{{"action", action}});
  }
  return answers;
}

// The last chunk of a turn.
async::Task<Result<runs::Chunk>> ReadTurn(runs::Orchestrator& orchestrator,
                                          runs::TurnRequest request) {
  auto stream = co_await orchestrator.StreamChat(std::move(request));
  if (!stream) co_return Fail(std::move(stream).error());
  runs::Chunk last;
  for (;;) {
    Result<std::optional<runs::Chunk>> chunk = co_await (*stream)->Next();
    if (!chunk) co_return Fail(std::move(chunk).error());
    if (!*chunk) co_return last;
    last = std::move(**chunk);
  }
}

async::Task<Status> RunToTheEnd(runs::Orchestrator& orchestrator, std::string conversation,
                                std::string file) {
  const runs::TurnRequest resume{.user_id = "u", .conversation_id = conversation, .resume = true};
  // What a killed process has sent to PostgreSQL may be committed later than this one looks.
  Result<runs::Chunk> last = co_await ReadTurn(orchestrator, {.user_id = "u",
                                                              .conversation_id = conversation,
                                                              .query = "Note.",
                                                              .agent_type = "notes",
                                                              .idempotency_key = "the only one"});
  while (last && last->metadata["state"] == "waiting") {
    runs::TurnRequest answer = resume;
    answer.answers = LookAndAnswer(file, last->metadata["questions"]);
    last = co_await ReadTurn(orchestrator, std::move(answer));
  }
  if (!last) co_return std::move(last).error();
  if (last->metadata["state"] == "completed") co_return Status();
  co_return Fail(Code::kUnknown, "{}: {}", last->type, last->message);
}

Status Run(const std::string& address, const std::string& file, const std::string& conversation) {
  MetricsRegistry metrics;
  IdGenerator ids(SystemClock());
  async::Runtime runtime(1);
  auto database = storage::OpenDatabase(address, metrics);
  if (!database) return std::move(database).error();
  auto checkpoints = async::BlockOn(checkpoint::SqlCheckpointStore::Open(**database));
  if (!checkpoints) return std::move(checkpoints).error();
  llm::ModelCatalog models;
  models.Set("default", std::make_shared<NotingModel>());
  tools::ToolRegistry tools;
  auto tool =
      std::make_unique<baton::testing::CountingTool>("add_note", tools::Effect::kWrite, file);
  tool->pause = kPause;
  BATON_TRY(tools.Add(std::move(tool)));
  runs::testing::TestAgents agents;
  agents.AddWorkflow({.name = "notes",
                      .title = "Notes",
                      .workflow = "conversation",
                      .tools = {{"add_note"}},
                      .prompt = "Note what you are told."});
  runs::LocalOrchestrator orchestrator({.runtime = runtime,
                                        .database = **database,
                                        .checkpoints = **checkpoints,
                                        .agents = agents,
                                        .models = models,
                                        .tools = tools,
                                        .clock = SystemClock(),
                                        .ids = ids,
                                        .metrics = metrics});
  BATON_TRY(async::BlockOn(orchestrator.Start()));
  Status ended = async::BlockOn(RunToTheEnd(orchestrator, conversation, file));
  async::BlockOn(orchestrator.Shutdown());
  return ended;
}

}  // namespace
}  // namespace baton::probe

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: effect_probe DATABASE NOTES CONVERSATION\n";
    return 2;
  }
  const baton::Status ended = baton::probe::Run(argv[1], argv[2], argv[3]);
  if (!ended.ok()) std::cerr << ended.ToString() << '\n';
  return ended.ok() ? 0 : 1;
}
