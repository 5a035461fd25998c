#include "agents/internal/output_schemas.h"

#include <fstream>
#include <string>
#include <system_error>

#include "json/schema.h"

namespace baton::agents {
namespace {

namespace fs = std::filesystem;

// It goes to the model with every answer; what is longer is no form that a small one fills in.
constexpr std::size_t kMaxSchemaBytes = std::size_t{64} << 10U;

bool IsSchemaFile(const fs::path& path) {
  return path.extension() == ".json" && !path.filename().string().starts_with('.');
}

Result<json::Value> ReadSchema(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxSchemaBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.is_open()) return Fail(Code::kUnavailable, "the file cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxSchemaBytes) {
    return Fail(Code::kInvalidArgument, "more than {} bytes", kMaxSchemaBytes);
  }
  Result<json::Value> definition = json::Parse(text);
  if (!definition) return definition;
  if (json::GetString(*definition, "type") != "object") {
    return Fail(Code::kInvalidArgument, "not a JSON Schema whose top has \"type\": \"object\"");
  }
  const Result<json::Schema> schema = json::Schema::Compile(*definition);
  if (!schema) return Fail(schema.error());
  return definition;
}

}  // namespace

Result<OutputSchemas> ReadOutputSchemas(const fs::path& folder) {
  OutputSchemas schemas;
  std::error_code error;
  fs::directory_iterator entries(folder / kSchemasFolder, error);
  const bool is_there =
      error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory;
  while (!error && entries != fs::directory_iterator()) {
    std::error_code ignored;
    if (IsSchemaFile(entries->path()) && entries->is_regular_file(ignored)) {
      schemas.emplace(entries->path().stem().string(), ReadSchema(entries->path()));
    }
    entries.increment(error);
  }
  if (error && is_there) {
    return Fail(Code::kUnavailable, "folder '{}' cannot be read: {}",
                (folder / kSchemasFolder).string(), error.message());
  }
  return schemas;
}

}  // namespace baton::agents
