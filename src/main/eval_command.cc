#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/task_group.h"
#include "base/id_generator.h"
#include "base/log.h"
#include "base/read_file.h"
#include "base/write_file.h"
#include "json/json.h"
#include "main/agents_folder.h"
#include "main/commands.h"
#include "main/eval_models.h"
#include "main/eval_view.h"
#include "main/terminal.h"
#include "main/trial.h"
#include "runs/evals/ask_question.h"
#include "runs/evals/eval_file.h"

namespace baton::app {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using async::Task;
using runs::evals::EvalFile;
using runs::evals::EvalReport;
using runs::evals::QuestionResult;

Result<EvalFile> LoadEvalFile(const EvalCommand& command) {
  const auto text = ReadFile(command.file);
  if (!text) return Fail(text.error());
  auto file = runs::evals::ParseEvalFile(*text, command.file.string(), command.file.parent_path());
  if (!file) return file;
  for (fs::path& document : file->documents) document = fs::weakly_canonical(document);
  if (command.agent.empty()) return file;
  for (runs::evals::EvalQuestion& question : file->questions) question.agent = command.agent;
  return file;
}

// Where the documents' paths begin: it is another folder on another machine.
std::vector<std::string> LocalsOf(const EvalFile& file) {
  std::vector<std::string> locals;
  locals.reserve(file.documents.size());
  for (const fs::path& document : file.documents) {
    locals.push_back(document.parent_path().string());
  }
  return locals;
}

// The questions one after the other, so that what they tell of themselves is theirs alone.
class EvalRun {
 public:
  EvalRun(const EvalCommand& command, const EvalFile& file, const EvalModels& models,
          runs::Orchestrator& orchestrator, llm::ChatModel& judge, std::string user)
      : json_(command.json),
        file_(file),
        models_(models),
        examination_{orchestrator, judge, std::move(user), ""} {}

  Task<void> AskAll(EvalReport& report) {
    Terminal out(stdout);
    for (const runs::evals::EvalQuestion& question : file_.questions) {
      if (co_await async::IsCancelled()) co_return;
      examination_.conversation_id = ids_.New("c");
      QuestionResult result = co_await runs::evals::AskQuestion(examination_, question);
      AddMissing(result);
      if (!json_) ShowQuestionResult(out, result);
      report.questions.push_back(std::move(result));
    }
  }

 private:
  // An agent may go on without a call that failed; what it then says is no result.
  void AddMissing(QuestionResult& result) const {
    if (models_.recording == nullptr) return;
    for (const std::string& failure : models_.recording->TakeFailures()) {
      std::string& error = result.observed.error;
      if (!error.contains(failure)) error += (error.empty() ? "" : "; ") + failure;
    }
  }

  const bool json_;
  const EvalFile& file_;
  const EvalModels& models_;
  runs::evals::Examination examination_;
  IdGenerator ids_{SystemClock()};
};

Task<void> CancelEvalOnInterrupt(asio::signal_set& signals, async::TaskGroup& work,
                                 bool& interrupted) {
  if (co_await async::IsCancelled()) co_return;
  const auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return;
  interrupted = true;
  work.Cancel(CancelReason::kUser);
}

Task<Status> AskUntilInterrupted(EvalRun& run, EvalReport& report) {
  const async::Executor executor = co_await async::CurrentExecutor();
  asio::signal_set signals(executor, SIGINT);
  async::TaskGroup work(executor);
  async::TaskGroup watch(executor);
  bool interrupted = false;
  work.Spawn(run.AskAll(report));
  watch.Spawn(CancelEvalOnInterrupt(signals, work, interrupted));
  co_await work.Join();
  watch.Cancel(CancelReason::kSuperseded);
  co_await watch.Join();
  if (interrupted) co_return Status(Code::kCancelled, "interrupted: no results are kept");
  co_return Status();
}

// Asked of an agent that is not there, every question would fail, and the results of the last
// time would be lost.
Status CheckAgentIsThere(const fs::path& folder, std::string_view name) {
  if (name.ends_with("_agent")) name.remove_suffix(std::string_view("_agent").size());
  if (fs::exists(folder / fmt::format("{}.md", name))) return {};
  return Fail(Code::kNotFound, "no agent '{}' in {}: `baton agents list` names them", name,
              folder.string());
}

Result<EvalReport> Examine(const Settings& settings, const EvalCommand& command,
                           const EvalFile& file) {
  auto models = BuildEvalModels(settings, command, LocalsOf(file));
  if (!models) return Fail(std::move(models).error());
  const auto judge = models->models.Get(command.judge);
  if (!judge) return Fail(judge.error());
  const auto agents = FindAgentsFolder(settings);
  if (!agents) return Fail(agents.error());
  ServiceOptions options{.models = models->models};
  if (models->clock != nullptr) options.clock = models->clock.get();
  if (!command.agent.empty()) BATON_TRY(CheckAgentIsThere(*agents, command.agent));
  const auto trial = Trial::Start(settings, *agents, file.documents, std::move(options));
  if (!trial) return Fail(trial.error());
  EvalReport report{.file = command.file.string(),
                    .model = (*trial)->model_name(),
                    .began = FormatTimestamp(SystemClock().Now()),
                    .questions = {}};
  EvalRun run(command, file, *models, (*trial)->orchestrator(), **judge, settings.Text("user"));
  BATON_TRY(async::BlockOn(AskUntilInterrupted(run, report)));
  return report;
}

// The results of the last time; none if there are none that can be read.
std::optional<EvalReport> LastReport(const fs::path& results) {
  const auto text = ReadFile(results);
  const auto value = text ? json::Parse(*text) : Result<json::Value>(Fail(text.error()));
  auto report =
      value ? runs::evals::ParseEvalReport(*value) : Result<EvalReport>(Fail(value.error()));
  if (report) return *std::move(report);
  if (text) ReportError(Status(report.error()).Annotate(results.string()), "it is replaced");
  return std::nullopt;
}

Status Keep(const fs::path& results, const EvalReport& report) {
  std::error_code error;
  if (results.has_parent_path()) fs::create_directories(results.parent_path(), error);
  return ReplaceFile(results, json::SerializePretty(ToJson(report)) + "\n").Annotate("results");
}

fs::path ResultsFile(const Settings& settings, const EvalCommand& command) {
  if (!command.results.empty()) return command.results;
  return fs::path(settings.Text("data")) / "evals" / (command.file.stem().string() + ".json");
}

}  // namespace

int RunEval(const Settings& settings, const EvalCommand& command) {
  umask(0077);  // as RunServe
  const auto file = LoadEvalFile(command);
  if (!file) return ReportError(file.error());
  // The results are what is to be read.
  if (settings.IsDefault("log.level")) SetLogLevel(LogLevel::kError);
  const auto report = Examine(settings, command, *file);
  if (!report) return ReportError(report.error());
  const fs::path results = ResultsFile(settings, command);
  const auto before = LastReport(results);
  Terminal out(stdout);
  if (command.json) {
    out.WriteLine(json::SerializePretty(ToJson(*report)));
  } else {
    ShowSummary(out, *report, before);
  }
  const Status kept = Keep(results, *report);
  if (!kept.ok()) return ReportError(kept);
  return report->passed() == report->questions.size() ? 0 : 1;
}

}  // namespace baton::app
