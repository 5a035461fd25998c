
#include "agents/agent_catalog.h"
#include "agents/agent_spec.h"
#include "agents/graph_file.h"
#include "async/block_on.h"
#include "async/runtime.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "base/nearest_name.h"
#include "base/read_file.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "graph/draw_mermaid.h"
#include "graph/runner.h"
#include "json/schema.h"
#include "main/commands.h"
#include "main/database_address.h"
#include "main/graph_view.h"
#include "main/local_tools.h"
#include "main/models.h"
#include "main/questions.h"
#include "main/terminal.h"
#include "runs/thread_effects.h"
#include "runs/turn_check.h"
#include "storage/open.h"

namespace baton::app {
namespace {

Result<agents::GraphFile> OpenChecked(const std::filesystem::path& path,
                                      const llm::ModelCatalog& models, const Settings& settings) {
  const Result<tools::ToolRegistry> tools = DescribeTools(settings);
  if (!tools) return Fail(tools.error());
  return agents::OpenGraphFile(path, {.models = &models, .tools = &*tools});
}

int LintGraphs(const Settings& settings, const GraphCommand& command) {
  const auto models = BuildModels(settings);
  if (!models) return ReportError(models.error());
  Terminal out(stdout);
  int wrong = 0;
  for (const std::filesystem::path& file : command.files) {
    if (const auto graph = OpenChecked(file, *models, settings); graph) {
      out.WriteLine("PASS " + file.string(), Style::kGreen);
    } else {
      out.WriteLine("FAIL " + file.string() + "\n" + graph.error().message(), Style::kRed);
      ++wrong;
    }
  }
  return wrong == 0 ? 0 : 1;
}

Result<std::shared_ptr<const graph::CompiledGraph>> GraphIn(const std::filesystem::path& path) {
  if (path.extension() == ".md") {
    const Result<std::string> text = ReadFile(path);
    if (!text) return Fail(text.error());
    const auto spec = agents::ParseAgentFile(*text, path.string());
    if (!spec) return Fail(spec.error());
    return agents::BuildWorkflow(*spec);
  }
  Result<agents::GraphFile> file = agents::OpenGraphFile(path);
  if (!file) return Fail(std::move(file).error());
  return std::move(file->graph);
}

int DrawGraph(const GraphCommand& command) {
  const auto graph = GraphIn(command.files[0]);
  if (!graph) return ReportError(graph.error());
  Terminal(stdout).Write(graph::DrawMermaid(**graph, {.expand_subgraphs = command.expand}));
  return 0;
}

// The engine leaves out what it does not know; a person has mistyped it.
Status CheckChannels(const graph::CompiledGraph& graph, const json::Object& input) {
  std::vector<std::string_view> known;
  for (const graph::ChannelEntry& channel : graph.channels()) known.push_back(channel.name);
  for (const auto& [name, value] : input) {
    const std::string_view channel(name.data(), name.size());
    if (graph.FindChannel(channel) >= 0) continue;
    return Status(Code::kInvalidArgument,
                  fmt::format("--input: no channel '{}': {}", channel,
                              SuggestName(channel, "the channels are", known)));
  }
  return {};
}

// JSON, or the content of a file with JSON.
Result<json::Value> ReadInput(const std::string& given) {
  std::string text = given;
  if (given.starts_with('@')) {
    Result<std::string> content = ReadFile(given.substr(1));
    if (!content) return Fail(std::move(content).error().Annotate("--input"));
    text = std::move(*content);
  }
  Result<json::Value> input = json::Parse(text);
  if (!input) return Fail(std::move(input).error().Annotate("--input"));
  if (!input->is_object()) {
    return Fail(Code::kInvalidArgument, "--input: must be a JSON object: channel → value");
  }
  return input;
}

// Text is for people to type: it counts where the JSON it may be is not what was asked for.
json::Value ReadAnswer(const graph::PendingQuestion& question, const std::string& given) {
  Result<json::Value> value = json::Parse(given);
  const Question typed{.id = question.id, .payload = question.payload};
  if (!value && KindOf(typed) == QuestionKind::kEffectInDoubt) {
    // "retry", "skip", "done it is there"
    if (const Result<std::string> answer = ReadAnswer(typed, given)) value = json::Parse(*answer);
  }
  if (!value) return json::Value(given);
  if (!question.answer_schema) return *std::move(value);
  const Result<json::Schema> schema = json::Schema::Compile(*question.answer_schema);
  // What fits neither way is said of the JSON.
  const bool is_text =
      schema && !schema->Validate(*value).ok() && schema->Validate(json::Value(given)).ok();
  return is_text ? json::Value(given) : *std::move(value);
}

// "q_…=…" of a question that is not open: more likely a slip than an answer.
Status CheckNamesNone(const std::string& given) {
  const std::size_t end =
      given.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  if (!given.starts_with("q_") || end == std::string::npos || given[end] != '=') return {};
  return Fail(Code::kNotFound, "--resume '{}': no question '{}' is open", given,
              given.substr(0, end));
}

Result<std::map<std::string, json::Value>> ReadAnswers(
    const std::vector<graph::PendingQuestion>& questions, const std::vector<std::string>& given) {
  if (questions.empty()) return Fail(Code::kFailedPrecondition, "--resume: nothing is asked");
  std::map<std::string, json::Value> answers;
  for (const std::string& each : given) {
    const graph::PendingQuestion* asked = questions.size() == 1 ? &questions[0] : nullptr;
    std::string answer = each;
    bool is_named = false;
    for (const graph::PendingQuestion& question : questions) {
      if (!each.starts_with(question.id + "=")) continue;
      asked = &question;
      answer = each.substr(question.id.size() + 1);
      is_named = true;
    }
    if (!is_named) BATON_TRY(CheckNamesNone(each));
    if (asked == nullptr) {
      return Fail(Code::kInvalidArgument,
                  "--resume '{}': {} questions are open: write ID=ANSWER, such as {}=…", each,
                  questions.size(), questions[0].id);
    }
    if (!answers.emplace(asked->id, ReadAnswer(*asked, answer)).second) {
      return Fail(Code::kInvalidArgument, "--resume: question '{}' is answered twice", asked->id);
    }
  }
  return answers;
}

// A word of a shell's command line.
std::string Quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./:@%+=") == std::string::npos;
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

// A graph's run with what it stands on.
class GraphRun {
 public:
  GraphRun(const Settings& settings, const GraphCommand& command)
      : settings_(settings), command_(command) {}

  int Run() {
    if (const Status status = Open(); !status.ok()) return ReportError(status);
    const Result<graph::RunResult> result = async::BlockOn(runtime_.Pick(), RunOn(*this));
    if (!result) return ReportError(result.error());
    return view_.ShowOutcome(*result, thread_, file_.output);
  }

 private:
  Status Open() {
    auto models = BuildModels(settings_);
    if (!models) return models.error();
    models_ = std::move(*models);
    auto file = OpenChecked(command_.files[0], models_, settings_);
    if (!file) return file.error();
    file_ = std::move(*file);
    thread_ = command_.thread.empty() ? ids_.New("g") : command_.thread;
    view_.set_go_on(GoOnCommand());
    auto database = storage::OpenDatabase(DatabaseAddress(settings_), metrics_);
    if (!database) return std::move(database).error().Annotate("--data");
    database_ = std::move(*database);
    auto store = async::BlockOn(checkpoint::SqlCheckpointStore::Open(*database_));
    if (!store) return std::move(store).error().Annotate("checkpoint store");
    checkpoints_ = std::move(*store);
    if (file_.tools.empty()) return {};
    auto tools = LocalTools::Start(*database_, runtime_, ids_, metrics_);
    if (!tools) return std::move(tools).error();
    tools_ = std::move(*tools);
    auto effects =
        async::BlockOn(runs::ThreadEffects::Open(*database_, SystemClock(), StoredThread()));
    if (!effects) return std::move(effects).error().Annotate("journal of effects");
    effects_ = std::move(*effects);
    return {};
  }

  static async::Task<Result<graph::RunResult>> RunOn(GraphRun& run) {
    graph::Runner runner(*run.checkpoints_, SystemClock(), run.ids_);
    const std::string stored_thread = run.StoredThread();
    Result<graph::StateSnapshot> state = co_await runner.GetState(*run.file_.graph, stored_thread);
    if (!state && state.error().code() != Code::kNotFound) co_return Fail(state.error());
    Result<graph::RunRequest> request = run.Request(state ? &*state : nullptr);
    if (!request) co_return Fail(std::move(request).error());
    const bool goes_on = !request->input && request->answers.empty();
    if (goes_on && state && state->next.empty()) {
      co_return graph::RunResult{.values = std::move(state->values)};
    }
    request->thread_id = stored_thread;
    const tools::ToolRegistry no_tools;
    agents::GraphScope scope;
    scope.models = &run.models_;
    scope.tools = run.tools_ == nullptr ? &no_tools : &run.tools_->registry();
    scope.effects = run.effects_.get();
    scope.tool_context.user_id = run.settings_.Text("user");
    scope.tool_context.conversation_id = run.thread_;
    scope.tool_context.run_id = run.thread_;
    graph::RunResult result = co_await runner.Run(run.file_.graph, *std::move(request),
                                                  {.listener = &run.view_, .scope = &scope});
    const bool ended = result.status.ok() && result.questions.empty() && result.next.empty();
    if (ended && run.effects_ != nullptr) BATON_CO_TRY(co_await run.effects_->Forget());
    co_return result;
  }

  std::string GoOnCommand() const {
    std::string line = "baton graph run " + Quoted(command_.files[0].string());
    if (settings_.Text("data") != "data") line += " --data " + Quoted(settings_.Text("data"));
    if (settings_.Text("user") != "local") line += " --user " + Quoted(settings_.Text("user"));
    return line + " --thread " + Quoted(thread_);
  }

  // Threads of other graphs, other users and of conversations are others, whatever they are called.
  std::string StoredThread() const {
    return "graph:" + file_.name + ":" + runs::ThreadId(settings_.Text("user"), thread_);
  }

  Result<graph::RunRequest> Request(const graph::StateSnapshot* state) const {
    graph::RunRequest request;
    if (!command_.resume.empty()) {
      if (state == nullptr) {
        return Fail(Code::kNotFound, "--resume: there is no thread '{}' of graph '{}'", thread_,
                    file_.name);
      }
      auto answers = ReadAnswers(state->questions, command_.resume);
      if (!answers) return Fail(std::move(answers).error());
      request.answers = std::move(*answers);
    } else if (command_.input) {
      Result<json::Value> input = ReadInput(*command_.input);
      if (!input) return Fail(std::move(input).error());
      BATON_TRY(CheckChannels(*file_.graph, input->get_object()));
      request.input = std::move(*input);
    } else if (state == nullptr) {
      request.input = json::Object();
    }
    return request;
  }

  const Settings& settings_;
  const GraphCommand& command_;
  MetricsRegistry metrics_;
  IdGenerator ids_{SystemClock()};
  async::Runtime runtime_{1};  // outlives the database, whose threads resume on it
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<graph::CheckpointStore> checkpoints_;
  std::unique_ptr<LocalTools> tools_;
  std::unique_ptr<runs::ThreadEffects> effects_;
  llm::ModelCatalog models_;
  agents::GraphFile file_;
  GraphView view_{command_};
  std::string thread_;
};

}  // namespace

int RunGraph(const Settings& settings, const GraphCommand& command) {
  using Action = GraphCommand::Action;
  switch (command.action) {
    case Action::kLint:
      return LintGraphs(settings, command);
    case Action::kDraw:
      return DrawGraph(command);
    case Action::kRun:
      return GraphRun(settings, command).Run();
  }
  return 2;
}

}  // namespace baton::app
