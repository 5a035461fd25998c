// The models that the settings describe.
#pragma once

#include <string_view>

#include "base/status.h"
#include "llm/model_catalog.h"
#include "main/settings.h"

namespace baton::app {

// The aliases that agents may name, whatever stands behind them.
inline constexpr std::string_view kDefaultAlias = "default";
inline constexpr std::string_view kFastAlias = "fast";

// Both aliases: an OpenAI-compatible provider if a key or a base URL is
// set, the offline model otherwise. kInvalidArgument says what is missing.
Result<llm::ModelCatalog> BuildModels(const Settings& settings);

}  // namespace baton::app
