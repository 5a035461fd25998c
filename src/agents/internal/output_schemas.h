// The forms that a folder's agents give their answers in: the files schemas/NAME.json.
#pragma once

#include <filesystem>
#include <string_view>

#include "agents/agent_spec.h"

namespace baton::agents {

// The subfolder of an agents folder in which they lie.
inline constexpr std::string_view kSchemasFolder = "schemas";

// All of `folder`/schemas/*.json, without hidden files; empty if there is no such folder, and
// kUnavailable if it cannot be read. A file is wrong that cannot be read, is longer than 64 KiB, is
// no JSON, or is no JSON Schema whose top says "type": "object".
Result<OutputSchemas> ReadOutputSchemas(const std::filesystem::path& folder);

}  // namespace baton::agents
