#include "main/models.h"

#include "llm/offline/offline_model.h"
#include "llm/openai/client.h"

namespace baton::app {
namespace {

Result<std::shared_ptr<llm::ChatModel>> OpenAiModel(const Settings& settings, std::string model) {
  llm::openai::OpenAiOptions options;
  options.api_key = settings.Text("openai.api_key");
  if (const std::string& url = settings.Text("openai.base_url"); !url.empty()) {
    options.base_url = url;
  }
  options.model = std::move(model);
  return llm::openai::OpenAiChatModel::Create(std::move(options));
}

Result<llm::ModelCatalog> ProviderModels(const Settings& settings) {
  std::string name = settings.Text("model.default");
  const bool openai = settings.Text("openai.base_url").empty();
  if (name.empty() && openai) name = "gpt-4o-mini";
  if (name.empty()) {
    return Fail(Code::kInvalidArgument,
                "OPENAI_BASE_URL is set but no model: set BATON_MODEL to one that it serves");
  }
  const std::string& fast_name = settings.Text("model.fast");
  auto model = OpenAiModel(settings, name);
  if (!model) return Fail(std::move(model).error());
  auto fast = fast_name.empty() ? model : OpenAiModel(settings, fast_name);
  if (!fast) return Fail(std::move(fast).error());
  llm::ModelCatalog models;
  models.Set(std::string(kDefaultAlias), *model);
  models.Set(std::string(kFastAlias), *fast);
  return models;
}

}  // namespace

Result<llm::ModelCatalog> BuildModels(const Settings& settings) {
  if (!settings.Text("openai.api_key").empty() || !settings.Text("openai.base_url").empty()) {
    return ProviderModels(settings);
  }
  if (!settings.Text("model.default").empty()) {
    return Fail(Code::kInvalidArgument,
                "a model '{}' is set but no provider: set OPENAI_API_KEY or OPENAI_BASE_URL",
                settings.Text("model.default"));
  }
  llm::offline::OfflineOptions options;
  options.token_delay = std::chrono::milliseconds(settings.Number("offline.token_delay_ms"));
  const auto model = std::make_shared<llm::offline::OfflineChatModel>(options);
  llm::ModelCatalog models;
  models.Set(std::string(kDefaultAlias), model);
  models.Set(std::string(kFastAlias), model);
  return models;
}

}  // namespace baton::app
