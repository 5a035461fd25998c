#include "main/eval_models.h"

#include <utility>

#include "main/models.h"

namespace baton::app {
namespace {

using llm::recorded::Recording;

Result<llm::ModelCatalog> ModelsOf(const Settings& settings) {
  if (settings.Text("model.default") != "offline") return BuildModels(settings);
  return BuildModels(settings.With(
      {{"openai.api_key", ""}, {"openai.base_url", ""}, {"model.default", ""}}, "--model offline"));
}

Result<EvalModels> Replayed(const EvalCommand& command, std::vector<std::string> locals) {
  auto recording = Recording::Open(command.replay, std::move(locals));
  if (!recording) return Fail(std::move(recording).error().Annotate("--replay"));
  EvalModels built{.recording = *std::move(recording)};
  built.clock = std::make_unique<ShiftedClock>(built.recording->began());
  for (const auto& [alias, name] : built.recording->models()) {
    built.models.Set(alias, llm::recorded::ReplayCalls(alias, built.recording));
  }
  return built;
}

}  // namespace

Result<EvalModels> BuildEvalModels(const Settings& settings, const EvalCommand& command,
                                   std::vector<std::string> locals) {
  if (!command.replay.empty()) return Replayed(command, std::move(locals));
  auto models = ModelsOf(settings);
  if (!models) return Fail(std::move(models).error());
  if (command.record.empty()) return EvalModels{.models = *std::move(models)};
  std::map<std::string, std::string> names;
  for (const std::string& alias : models->aliases()) names[alias] = (*models->Get(alias))->name();
  auto recording = Recording::Begin(command.record, SystemClock().Now(), names, std::move(locals));
  if (!recording) return Fail(std::move(recording).error().Annotate("--record"));
  EvalModels built{.recording = *std::move(recording)};
  built.clock = std::make_unique<ShiftedClock>(built.recording->began());
  for (const std::string& alias : models->aliases()) {
    built.models.Set(alias,
                     llm::recorded::RecordCalls(alias, *models->Get(alias), built.recording));
  }
  return built;
}

}  // namespace baton::app
