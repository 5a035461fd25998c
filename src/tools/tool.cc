#include "tools/tool.h"

#include <utility>

#include <fmt/ranges.h>

#include "json/schema.h"

namespace baton::tools {

struct ToolRegistry::Entry {
  std::unique_ptr<Tool> tool;  // null: withdrawn
  json::Schema arguments;
  std::string why;  // it was withdrawn
};

std::string_view EffectName(Effect effect) {
  switch (effect) {
    case Effect::kRead:
      return "read";
    case Effect::kNetwork:
      return "network";
    case Effect::kWrite:
      return "write";
    case Effect::kSend:
      return "send";
    case Effect::kSpend:
      return "spend";
  }
  // What is not known to be harmless is treated as if it were not.
  return "write";
}

bool IsRepeatable(Effect effect) { return effect == Effect::kRead || effect == Effect::kNetwork; }

json::Value ToJson(const Source& source) {
  json::Object out;
  out.reserve(7);  // with the number of who lists it
  out["id"] = source.id;
  out["title"] = source.title;
  out["locator"] = source.locator;
  out["excerpt"] = source.excerpt;
  if (source.begin >= 0) out["begin"] = source.begin;
  if (source.end >= 0) out["end"] = source.end;
  return out;
}

Result<Source> ParseSource(const json::Value& value) {
  Source source;
  Result<std::string> id = json::RequireString(value, "id", "source");
  if (!id) return Fail(std::move(id).error());
  source.id = *std::move(id);
  source.title = json::GetString(value, "title");
  source.locator = json::GetString(value, "locator");
  source.excerpt = json::GetString(value, "excerpt");
  source.begin = json::GetInt(value, "begin", -1);
  source.end = json::GetInt(value, "end", -1);
  return source;
}

Status ToolRegistry::Add(std::unique_ptr<Tool> tool) {
  if (tool == nullptr) return Fail(Code::kInvalidArgument, "tool: null");
  const ToolDefinition& definition = tool->definition();
  if (definition.name.empty()) return Fail(Code::kInvalidArgument, "tool: the name is empty");
  if (tools_.contains(definition.name)) {
    return Fail(Code::kAlreadyExists, "tool '{}': the name is taken", definition.name);
  }
  Result<json::Schema> schema = json::Schema::Compile(*definition.parameters);
  if (!schema) {
    return std::move(schema).error().Annotate(
        fmt::format("tool '{}': parameters", definition.name));
  }
  std::string name = definition.name;
  tools_.emplace(std::move(name),
                 std::make_shared<Entry>(Entry{std::move(tool), *std::move(schema), {}}));
  return {};
}

Status ToolRegistry::Withdraw(std::string_view name, std::string why) {
  const auto found = tools_.find(name);
  if (found == tools_.end()) return Fail(Code::kNotFound, "tool '{}': no such tool", name);
  found->second->tool.reset();
  found->second->why = std::move(why);
  return {};
}

Tool* ToolRegistry::Find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() ? nullptr : found->second->tool.get();
}

std::vector<std::string> ToolRegistry::names() const {
  std::vector<std::string> names;
  names.reserve(tools_.size());
  for (const auto& [name, entry] : tools_) names.push_back(name);
  return names;
}

Result<std::shared_ptr<ToolRegistry::Entry>> ToolRegistry::FindFitting(
    std::string_view name, const json::Object& arguments) const {
  const auto found = tools_.find(name);
  if (found == tools_.end()) {
    return Fail(Code::kNotFound, "tool '{}': no such tool; there are: {}", name,
                tools_.empty() ? "none" : fmt::format("{}", fmt::join(names(), ", ")));
  }
  if (found->second->tool == nullptr) {
    return Fail(Code::kFailedPrecondition, "tool '{}' is not to be had: {}", name,
                found->second->why);
  }
  Status fits = found->second->arguments.Validate(json::Value(arguments));
  if (!fits.ok()) return Fail(std::move(fits).Annotate(fmt::format("tool '{}'", name)));
  return found->second;
}

Status ToolRegistry::Check(std::string_view name, const json::Object& arguments) const {
  const auto fitting = FindFitting(name, arguments);
  return fitting ? Status() : fitting.error();
}

async::Task<Result<ToolResult>> ToolRegistry::Call(std::string_view name,
                                                   const json::Object& arguments,
                                                   const ToolContext& context) const {
  const auto fitting = FindFitting(name, arguments);
  if (!fitting) co_return Fail(fitting.error());
  co_return co_await (*fitting)->tool->Call(arguments, context);
}

}  // namespace baton::tools
