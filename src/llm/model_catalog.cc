#include "llm/model_catalog.h"

#include <utility>

#include <fmt/ranges.h>

#include "base/check.h"

namespace baton::llm {

void ModelCatalog::Set(std::string alias, std::shared_ptr<ChatModel> model) {
  BATON_CHECK(model != nullptr, "a model alias needs a model");
  models_.insert_or_assign(std::move(alias), std::move(model));
}

Result<std::shared_ptr<ChatModel>> ModelCatalog::Get(std::string_view alias) const {
  const auto found = models_.find(alias);
  if (found == models_.end()) {
    return Fail(Code::kNotFound, "model '{}': no such alias; there are: {}", alias,
                models_.empty() ? "none" : fmt::format("{}", fmt::join(aliases(), ", ")));
  }
  return found->second;
}

std::vector<std::string> ModelCatalog::aliases() const {
  std::vector<std::string> names;
  names.reserve(models_.size());
  for (const auto& [alias, model] : models_) names.push_back(alias);
  return names;
}

}  // namespace baton::llm
